# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.3.2, items 1 and 2.
@CONV-7.3.2 @sut-cpm-client @ics-session
Feature: 7.3.2 A client does not take the session that it is invited to

  Each reason has its status; nothing follows. Rulings: one reason at a time
  (R-7.3.2-1); 487 will do instead of 408 where the INVITE has Expires
  (R-7.3.2-2); for want of will 480 binds groups alone (R-7.3.2-3);
  Session-Replaces without a session is 481 (R-7.3.2-4); the status alone counts
  (R-0-22).

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/invitations"
    And Alice is registered

  Rule: The user decides

    Scenario Outline: Alice <decision> <what>
      When <who> sends "<what>"
      Then Alice is shown an invitation
      When Alice <decision> the invitation
      Then [<item>] the SUT answers <status> to the received INVITE request
      And [1] it obeys RFC 3261 section 13.3.1
      And [1] the SUT sends no SUBSCRIBE request to the IMS core
      And [1] the media plane stays down

      Examples:
        | item       | decision             | who                      | what               | status                   |
        | 1e         | rejects              | Bob                      | an invitation      | 603                      |
        | 1e         | rejects              | the Controlling Function | a group invitation | 603                      |
        | 1a-decline | temporarily declines | the Controlling Function | a group invitation | 480                      |
        | 1          | temporarily declines | Bob                      | an invitation      | 480 or 486 or 600 or 603 |

    Scenario Outline: Nobody reacts to <what>
      Given the SUT is provisioned with
        | invitation-timeout | <patience> |
      When <who> sends "<what>"
      Then Alice is shown an invitation
      When Alice ignores the invitation
      Then [1c] the SUT answers <status> to the received INVITE request
      And [1] it obeys RFC 3261 section 13.3.1
      And [1] the SUT sends no SUBSCRIBE request to the IMS core
      And [1] the media plane stays down

      Examples:
        | who                      | what                               | status     | patience |
        | Bob                      | an invitation                      | 408        | 3        |
        | the Controlling Function | a group invitation                 | 408        | 3        |
        | Bob                      | an invitation that lasts 5 seconds | 408 or 487 | 10       |

    @ics-redirect
    Scenario: Alice is elsewhere
      When Bob sends "an invitation"
      Then Alice is shown an invitation
      When Alice redirects the invitation with
        | to | {alice.other} |
      Then [1d] the SUT answers 302 to the received INVITE request
      And [1d] its Contact is "{alice.other}"
      And [1] it obeys RFC 3261 section 13.3.1
      And [1] the media plane stays down

    Scenario Outline: Alice has a session already when <what> comes
      Given a CPM 1-1 Session is established between Alice and Bob
      When <who> sends "<what>"
      Then Alice is shown an invitation
      When Alice is too busy for the invitation
      Then [1b] the SUT answers 486 to the received INVITE request
      And [1] it obeys RFC 3261 section 13.3.1
      And [1b] Alice has 1 session open
      When Alice writes "Still here" in the session
      Then [1b] the SUT sends 1 MSRP message to Bob

      Examples:
        | who                      | what               |
        | Carol                    | an invitation      |
        | the Controlling Function | a group invitation |

  Rule: The device decides

    @ics-resource-shortage
    Scenario Outline: It is short of resources when <what> comes
      Given the SUT is short of resources
      When <who> sends "<what>"
      Then [1a-resources] the SUT answers 480 to the received INVITE request
      And [1] it obeys RFC 3261 section 13.3.1
      And [1] the SUT sends no SUBSCRIBE request to the IMS core
      And [1] the media plane stays down

      Examples:
        | who                      | what               |
        | Bob                      | an invitation      |
        | the Controlling Function | a group invitation |

    Scenario: It is unavailable for the time being
      Given the SUT is provisioned with
        | unavailable | yes |
      When the Controlling Function sends "a group invitation"
      Then [1a-decline] the SUT answers 480 to the received INVITE request
      And [1] the SUT sends no SUBSCRIBE request to the IMS core

    Scenario: It takes one session at a time
      Given the SUT is provisioned with
        | additional-sessions | no |
      And a CPM 1-1 Session is established between Alice and Bob
      When the Controlling Function sends "a group invitation"
      Then [1b] the SUT answers 486 to the received INVITE request
      And [1b] Alice has 1 session open
      When Alice writes "Still here" in the session
      Then [1b] the SUT sends 1 MSRP message to Bob

    @ics-redirect
    Scenario: It redirects everything
      Given the SUT is provisioned with
        | redirect-to | {alice.other} |
      When Bob sends "an invitation"
      Then [1d] the SUT answers 302 to the received INVITE request
      And [1d] its Contact is "{alice.other}"

  @ics-adhoc-groups
  Rule: A session is to be replaced that there is not

    Scenario: There never was one
      When the Controlling Function sends "a group invitation that replaces nothing"
      Then [2-no-match] the SUT answers 481 to the received INVITE request
      And [2-no-match] Alice is not shown an invitation
      And [2-no-match] the media plane stays down

    Scenario Outline: There is one, but <what>
      Given a CPM 1-1 Session is established between <first> and <second>
      When the Controlling Function sends "<message>"
      Then [2-no-match] the SUT answers 481 to the received INVITE request
      And [2-no-match] Alice has 1 session open

      Examples:
        | what                             | first | second | message                                                 |
        | its conversation is named        | Alice | Bob    | a group invitation that names the conversation with Bob |
        | its identifier has other letters | Bob   | Alice  | a group invitation in other letters                     |

    Scenario: There is a group, which is not to be replaced
      Given a CPM Group Session is established between Alice and the Controlling Function
      When the Controlling Function sends "a group invitation that replaces another group"
      Then [2-no-match] the SUT answers 481 to the received INVITE request
      And [2-no-match] Alice is not shown an invitation
      And [2-no-match] Alice has 1 session open

    Scenario: It has ended
      Given a CPM 1-1 Session is established between Alice and Bob
      When Bob sends "a goodbye"
      Then the SUT answers 200 to the received BYE request
      When the Controlling Function sends "a group invitation that replaces the session with Bob"
      Then [2-no-match] the SUT answers 481 to the received INVITE request
