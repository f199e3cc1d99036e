# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.3.4.1.
@CONV-7.3.4.1 @sut-cpm-client @ics-session
Feature: 7.3.4.1 A client closes a 1-1 session

  BYE inside the dialog with the next number and a Reason, then nothing of the
  session is left. The Reason is that of protocol SIP with cause 200
  (R-7.3.4.1-1). Whether BYE or the media go first is free.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/chat"
    And Alice is registered

  Rule: The BYE

    Scenario Outline: Of a session that <who> had opened
      Given a CPM 1-1 Session is established between <first> and <second>
      When Alice ends the session
      Then [2] the SUT sends 1 BYE request to the IMS core
      And [2] it obeys TS 24.229
      And [1] it is sent within the session
      And [1] it obeys RFC 3261 section 15.1.1
      And [1-reason] its Reason;cause is "200"
      And [1-reason] it obeys RFC 3326

      Examples:
        | who   | first | second |
        | Alice | Alice | Bob    |
        | Bob   | Bob   | Alice  |

    Scenario: Of a session by way of others
      Given the IMS core behaves as "staying on the way"
      And a CPM 1-1 Session is established between Alice and Bob
      When Alice ends the session
      Then [2] the SUT sends 1 BYE request to the IMS core
      And [1] it is sent within the session
      And [1] its CSeq is one more than that of the sent INVITE request

    @ics-digest
    Scenario: The core wants to know who it is
      Given the IMS core behaves as "asking who ends a session"
      And a CPM 1-1 Session is established between Alice and Bob
      When Alice ends the session
      Then the SUT sends a BYE request to the IMS core
      And [2] the SUT sends a BYE request to the IMS core
      And [2] it obeys RFC 3261 section 22
      And [1-reason] its Reason;cause is "200"

    Scenario Outline: Bob is <how>
      Given Bob behaves as "<conduct>"
      And a CPM 1-1 Session is established between Alice and Bob
      When Alice ends the session
      Then [2] the SUT sends 1 BYE request to the IMS core
      When 33 seconds pass
      Then [2] it obeys RFC 3261 section 17.1
      And [2] Alice has 0 sessions open
      And [2] the SUT sends no INVITE request to the IMS core

      Examples:
        | how       | conduct                       |
        | confused  | answering a goodbye by 481    |
        | silent    | leaving goodbyes unanswered   |

  Rule: The media

    Scenario Outline: Of a session with <peer>
      Given a CPM 1-1 Session is established between Alice and <peer>
      When Alice ends the session
      Then the SUT sends a BYE request to the IMS core
      And [3] the media plane stops

      Examples:
        | peer |
        | Bob  |

      @ics-msrp-passive
      Examples:
        | peer |
        | Dave |

    Scenario: While a long text is under way
      Given Bob behaves as "slow to answer chunks"
      And a CPM 1-1 Session is established between Alice and Bob
      When Alice writes "{text 20000}" in the session
      Then the SUT sends an MSRP SEND request to Bob
      When Alice ends the session
      Then the SUT sends a BYE request to the IMS core
      And [3] the media plane stops

    Scenario: Another session goes on
      Given a CPM 1-1 Session is established between Alice and Bob
      And a CPM 1-1 Session is established between Alice and Carol
      When Alice ends the session
      Then the SUT sends a BYE request to the IMS core
      And [1] it is sent within the session with Carol
      And [3] Alice has 1 session open
      When Alice writes "Still here" in the session
      Then [3] the SUT sends 1 MSRP message to Bob
