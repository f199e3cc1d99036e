# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.3.1.5, the responses 403 and 404, and the crossing INVITE.
@CONV-7.3.1.5 @sut-cpm-client @ics-session @ics-adhoc-groups @ics-rejoin
Feature: 7.3.1.5 A client cannot return, or is called back

  After 403 or 404 it may start the session anew by 7.3.1.2, with those who were
  there (R-7.3.1.5-4) and a Contribution-ID of its own (R-7.3.1.5-2). Where an
  INVITE of the same session crosses its own, that one counts (R-7.3.1.5-5); of
  another session, both do.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/rejoining"
    And Alice is registered
    And a CPM Group Session is established between Alice and the Controlling Function

  Rule: The session is gone

    Scenario: Others were there in the end
      When the Controlling Function sends "the participants now"
      Then the SUT answers 200 to the received NOTIFY request
      When Alice ends the session
      Then the SUT sends a BYE request to the IMS core
      Given the Controlling Function behaves as "having lost the session"
      When Alice rejoins the session
      Then the SUT sends an INVITE request to the IMS core
      And [on404] the SUT may send an INVITE request to the IMS core
      And [on404-1] its body lists
        | Bob   |
        | Carol |
        | Dave  |

    Scenario Outline: <status>
      When the Controlling Function sends "the end of the subscription: noresource"
      Then the SUT answers 200 to the received NOTIFY request
      When the Controlling Function sends "a goodbye"
      Then the SUT answers 200 to the received BYE request
      Given the Controlling Function behaves as "<conduct>"
      When Alice rejoins the session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends an ACK request to the IMS core
      And [on404] the SUT may send an INVITE request to the IMS core
      And [on404] its Request-URI is the address of the Controlling Function
      And [on404] it is sent outside any dialog
      And [on404-1] its body lists
        | Bob   |
        | Carol |
      And [on404-1] it obeys RFC 5366
      And [on404-2] its Conversation-ID equals that of the first sent INVITE request
      And [on404-2] its Contribution-ID is newly generated

      Examples:
        | status | conduct                 |
        | 403    | forbidding the session  |
        | 404    | having lost the session |

  Rule: The Controlling Function calls back

    Background:
      When the Controlling Function sends "the end of the subscription: noresource"
      Then the SUT answers 200 to the received NOTIFY request
      When the Controlling Function sends "a goodbye"
      Then the SUT answers 200 to the received BYE request
      Given the Controlling Function behaves as "slow to answer"
      When Alice rejoins the session
      Then the SUT sends an INVITE request to the IMS core

    Scenario: Its INVITE crosses
      When the Controlling Function sends "a call back"
      Then [glare] the SUT answers 200 to the received INVITE request
      And [glare] its body is an SDP answer to the received INVITE request
      And [glare] the SUT sends a CANCEL or BYE request to the IMS core
      And [glare] Alice has 1 session open

    @ics-predefined-groups
    Scenario: The INVITE of another group crosses
      When the Lunch Group sends "an invitation to the Lunch Group"
      Then [glare] Alice is shown an invitation
      When Alice accepts the invitation
      Then [glare] the SUT answers 200 to the received INVITE request
      When 4 seconds pass
      Then [glare] the SUT sends no CANCEL or BYE request to the IMS core
      And [glare] Alice has 2 sessions open
