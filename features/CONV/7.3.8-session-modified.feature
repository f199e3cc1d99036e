# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.3.8, items 1 to 8.
@CONV-7.3.8 @sut-cpm-client @ics-session
Feature: 7.3.8 A client is offered other media in a session

  Rulings: 123 is a text code inside a warning of code 399 (R-7.3.8-1); 488 only
  where nothing fits (R-7.3.8-2); refresher=uas where the request leaves it open
  (R-7.3.8-3, R-7.3.8-4); timer stands in Supported (R-7.3.8-5); identifiers as in
  the INVITE that opened the session (R-7.3.8-6).

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/modification"
    And Alice is registered

  Rule: The session

    Scenario: One of two is modified
      Given a CPM 1-1 Session is established between Alice and Carol
      And a CPM 1-1 Session is established between Alice and Bob
      When Bob sends "an offer for plain text alone"
      Then [1] the SUT answers 200 to the received INVITE request
      When Carol sends "an offer for plain text alone"
      Then [1] the SUT answers 200 to the received INVITE request
      And [1] it obeys RFC 3261 section 14.2

    Scenario Outline: There is none: <message>
      Given a CPM 1-1 Session is established between Alice and Bob
      When Bob sends "<message>"
      Then [1-481] the SUT answers 481 to the received INVITE request
      And [1-warning] it obeys RFC 3261 section 20.43
      And [1-481] Alice is not shown an invitation
      And [1-481] Alice has 1 session open

      Examples:
        | message                    |
        | an offer to nothing        |
        | an offer under another tag |

    Scenario: It has ended
      Given a CPM 1-1 Session is established between Alice and Bob
      When Bob sends "a goodbye"
      Then the SUT answers 200 to the received BYE request
      When Bob sends "a new offer"
      Then [1-481] the SUT answers 481 to the received INVITE request
      And [1-warning] it obeys RFC 3261 section 20.43

  Rule: What is offered

    Background:
      Given a CPM 1-1 Session is established between Alice and Bob

    Scenario Outline: <message>
      When Bob sends "<message>"
      Then [2] the SUT answers 200 to the received INVITE request
      And [2-subset] its body is an SDP answer to the received INVITE request
      And [6] it obeys RFC 3264
      And [6] it obeys RFC 4975 section 8
      And [6] it obeys RFC 4975 section 8.4

      Examples:
        | message                                      |
        | a new offer                                  |
        | the same offer again                         |
        | an offer with one known and one unknown type |
        | an offer for everything                      |
        | an offer with sound beside it                |
        | an offer to listen                           |
        | an offer on hold                             |
        | an offer without the stream                  |
        | an offer at another path                     |

    Scenario Outline: Nothing fits: <message>
      When Bob sends "<message>"
      Then [2-488] the SUT answers 488 to the received INVITE request
      And [2] it obeys RFC 3261 section 14.2
      When Alice writes "Still here" in the session
      Then [2-488] the SUT sends 1 MSRP message to Bob

      Examples:
        | message                            |
        | an offer of an unknown type        |
        | an offer over an unknown transport |

    Scenario: Only plain text is wanted from now on
      When Bob sends "an offer for plain text alone"
      Then the SUT answers 200 to the received INVITE request
      When Alice writes "{file photo.jpg}" in the session with
        | content type | image/jpeg |
      Then [2-subset] the SUT sends no MSRP message to Bob

  Rule: The response

    Scenario Outline: In a session that <who> had opened
      Given a CPM 1-1 Session is established between <first> and <second>
      When Bob sends "a new offer"
      Then [3] the SUT answers 200 to the received INVITE request
      And [3] it obeys RFC 3261 section 14.2
      And [4] its Session-Expires;refresher is "uas"
      And [4] it obeys RFC 4028 section 9
      And [5] its Supported contains "timer"
      And [6] its body is an SDP answer to the received INVITE request
      And [6] it obeys RFC 3264
      And [6] it obeys RFC 4975 section 8.4
      And [6] it obeys RFC 6135
      And [7-conv] its Conversation-ID equals that of the received INVITE request
      And [7-contrib] its Contribution-ID equals that of the received INVITE request
      And [8] it obeys TS 24.229

      Examples:
        | who   | first | second |
        | Alice | Alice | Bob    |
        | Bob   | Bob   | Alice  |

    @ics-adhoc-groups
    Scenario: In a group session
      Given a CPM Group Session is established between Alice and the Controlling Function
      When the Controlling Function sends "a new offer"
      Then [3] the SUT answers 200 to the received INVITE request
      And [3] it obeys RFC 3261 section 14.2
      And [4] its Session-Expires;refresher is "uas"
      And [5] its Supported contains "timer"
      And [6] its body is an SDP answer to the received INVITE request
      And [6] it obeys RFC 3264
      And [6] it obeys RFC 6135
      And [8] it obeys TS 24.229
      And [7-conv] its Conversation-ID equals that of the received INVITE request
      And [7-contrib] its Contribution-ID equals that of the received INVITE request

    Scenario: The identifier of a reply
      Given a CPM 1-1 Session is established between Alice and Bob
      When Bob sends "a new offer in reply to something"
      Then [3] the SUT answers 200 to the received INVITE request
      And [7-irt] its InReplyTo-Contribution-ID equals that of the received INVITE request
      And [8] it obeys TS 24.229

    Scenario Outline: <message>
      Given a CPM 1-1 Session is established between Alice and Bob
      When Bob sends "<message>"
      Then [3] the SUT answers 200 to the received INVITE request
      And [4] its Session-Expires;refresher is "uas"
      And [4] it obeys RFC 4028 section 9
      And [5] its Supported contains "timer"

      Examples:
        | message                                       |
        | an offer with a timer                         |
        | an offer with a timer of Alice                |
        | an offer with a timer of at least 600 seconds |
        | an offer that knows no timer                  |

    Scenario: An offer with a timer of Bob
      Given a CPM 1-1 Session is established between Alice and Bob
      When Bob sends "an offer with a timer of Bob"
      Then [3] the SUT answers 200 to the received INVITE request
      And [4] it has header field Session-Expires
      And [4] it obeys RFC 4028 section 9
      And [5] its Supported contains "timer"

  @ics-session-timer
  Rule: The session timer

    Scenario: Alice refreshes
      Given a CPM 1-1 Session is established between Alice and Bob
      When Bob sends "an offer with a timer of 90 seconds"
      Then the SUT answers 200 to the received INVITE request
      When 90 seconds pass
      Then [4-timer] the SUT sends an UPDATE or INVITE request to the IMS core
      And [4-timer] it is sent within the session
      And [4-timer] it obeys RFC 4028 section 7.4

    Scenario: Bob does not refresh
      Given a CPM 1-1 Session is established between Alice and Bob
      When Bob sends "an offer with a timer of 90 seconds of Bob"
      Then the SUT answers 200 to the received INVITE request
      When 30 seconds pass
      And Bob sends "an offer with a timer of 90 seconds of Bob"
      Then the SUT answers 200 to the received INVITE request
      When 40 seconds pass
      Then [4-timer] the SUT sends no BYE request to the IMS core
