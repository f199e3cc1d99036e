# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.3.1.3, items 1 to 3 on the 200 response, and the subscription.
@CONV-7.3.1.3 @sut-cpm-client @ics-session @ics-predefined-groups
Feature: 7.3.1.3 A client enters the session of a group that the network keeps

  The Contact of the response, not the address of the group, is the identity of
  the session from then on. Rulings: when the subscription ends is judged by
  7.3.10.1 (R-0-21); one inside the dialog of the INVITE warns there (H-8).

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/sessions"
    And Alice is registered

  Rule: The dialog

    Scenario: The acknowledgement
      When Alice invites the Lunch Group to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And [on200-1] the SUT sends an ACK request to the IMS core
      And [on200-1] it is sent within the session
      And [on200-1] it obeys RFC 3261 section 13.2.2.4
      And [on200-1] it has no body

    Scenario: The acknowledgement is lost
      Given the Lunch Group behaves as "losing the acknowledgement"
      When Alice invites the Lunch Group to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And [on200-1] the SUT sends an ACK request to the IMS core
      When 2 seconds pass
      Then [on200-1] it obeys RFC 3261 section 13.2.2.4

    Scenario: What follows goes by way of others
      Given the IMS core behaves as "staying on the way"
      When Alice invites the Lunch Group to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends an ACK request to the IMS core
      When Alice ends the session
      Then [on200] the SUT sends a BYE request to the IMS core
      And [on200] it is sent within the session

    Scenario: What follows goes to the focus
      When Alice invites the Lunch Group to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends an ACK request to the IMS core
      When Alice ends the session
      Then [on200] the SUT sends a BYE request to the IMS core
      And [on200] it is sent within the session
      And [on200-2] it obeys RFC 4579

  Rule: The media plane

    Scenario: The client opens the connection
      When Alice invites the Lunch Group to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And [on200-3] the SUT connects to the SDP path of the received 200 response to the sent INVITE request
      Then [on200-3] the SUT sends an MSRP SEND request to the Lunch Group
      And [on200-3] its MSRP To-Path is the SDP path of the received 200 response to the sent INVITE request
      And [on200-3] its MSRP From-Path is the SDP path of the sent INVITE request

    Scenario: The answer says nothing of setup
      Given the Lunch Group behaves as "silent about setup"
      When Alice invites the Lunch Group to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And [on200-3] the SUT connects to the SDP path of the received 200 response to the sent INVITE request

    Scenario: The stream is refused
      Given the Lunch Group behaves as "refusing the stream"
      When Alice invites the Lunch Group to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And [on200-1] the SUT sends an ACK request to the IMS core
      And [on200-3] the media plane stays down

  @ics-participants
  Rule: The participants

    Scenario Outline: The focus <answers>
      Given the Lunch Group behaves as "<conduct>"
      When Alice invites the Lunch Group to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And [subscribe] the SUT sends a SUBSCRIBE request to the IMS core with
        | Event | conference |
      And [subscribe] it comes after the received 200 response to the sent INVITE request
      And [on200-2] it obeys RFC 4579
      And [subscribe] it obeys RFC 4575
      And [subscribe] the SUT answers 200 to the received NOTIFY request

      Examples:
        | answers                 | conduct                        |
        | grants one minute       | granting a minute              |
        | takes it for the moment | taking subscriptions under 202 |

    Scenario: The subscription is kept
      Given the Lunch Group behaves as "granting a minute"
      When Alice invites the Lunch Group to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends a SUBSCRIBE request to the IMS core
      When 61 seconds pass
      Then [maintain] the SUT sends a SUBSCRIBE request to the IMS core
      And [maintain] it obeys RFC 6665 section 4.1.2.2

    Scenario: The subscription is forgotten
      Given the Lunch Group behaves as "forgetting subscriptions"
      When Alice invites the Lunch Group to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends a SUBSCRIBE request to the IMS core
      When 61 seconds pass
      Then the SUT sends a SUBSCRIBE request to the IMS core
      And [maintain] the SUT sends a SUBSCRIBE request to the IMS core
      And [maintain] it is sent outside any dialog

    Scenario Outline: The focus ends the subscription: <reason>
      When Alice invites the Lunch Group to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends a SUBSCRIBE request to the IMS core
      When the Lunch Group sends "the end of the subscription: <reason>"
      Then the SUT answers 200 to the received NOTIFY request
      And [maintain] the SUT sends a SUBSCRIBE request to the IMS core
      And [maintain] it is sent outside any dialog
      And [maintain] its Expires is at least 1

      Examples:
        | reason      |
        | deactivated |
        | timeout     |

    Scenario: The focus ends the subscription for 20 seconds
      When Alice invites the Lunch Group to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends a SUBSCRIBE request to the IMS core
      When the Lunch Group sends "the end of the subscription: probation"
      Then the SUT answers 200 to the received NOTIFY request
      And [maintain] the SUT sends no SUBSCRIBE request to the IMS core
      When 30 seconds pass
      Then [maintain] the SUT sends a SUBSCRIBE request to the IMS core
      And [maintain] it is sent outside any dialog
