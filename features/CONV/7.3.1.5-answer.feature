# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.3.1.5, items 1 to 4 on the 200 response, and the subscription.
@CONV-7.3.1.5 @sut-cpm-client @ics-session @ics-adhoc-groups @ics-rejoin
Feature: 7.3.1.5 A client is back in a group session

  Identity and identifiers of the new 200 response replace the stored ones.
  Rulings: when the subscription ends is judged by 7.3.10.1 (R-0-21); one inside
  the dialog of the INVITE warns there (H-8).

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/rejoining"
    And Alice is registered
    And a CPM Group Session is established between Alice and the Controlling Function
    When the Controlling Function sends "the end of the subscription: noresource"
    Then the SUT answers 200 to the received NOTIFY request
    When the Controlling Function sends "a goodbye"
    Then the SUT answers 200 to the received BYE request

  Rule: The dialog

    Scenario: The acknowledgement
      When Alice rejoins the session
      Then the SUT sends an INVITE request to the IMS core
      And [on200-1] the SUT sends an ACK request to the IMS core
      And [on200-1] it is sent within the session
      And [on200-1] it obeys RFC 3261 section 13.2.2.4
      And [on200-1] it has no body

    Scenario: The acknowledgement is lost
      Given the Controlling Function behaves as "losing the acknowledgement"
      When Alice rejoins the session
      Then the SUT sends an INVITE request to the IMS core
      And [on200-1] the SUT sends an ACK request to the IMS core
      When 2 seconds pass
      Then [on200-1] it obeys RFC 3261 section 13.2.2.4

    Scenario: What follows goes by way of others
      Given the IMS core behaves as "staying on the way"
      When Alice rejoins the session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends an ACK request to the IMS core
      When Alice ends the session
      Then [on200] the SUT sends a BYE request to the IMS core
      And [on200] it is sent within the session

    Scenario: What follows goes to the focus
      When Alice rejoins the session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends an ACK request to the IMS core
      When Alice ends the session
      Then [on200] the SUT sends a BYE request to the IMS core
      And [on200] it is sent within the session
      And [on200-2] it obeys RFC 4579

  Rule: The media plane

    Scenario: The client opens the connection
      When Alice rejoins the session
      Then the SUT sends an INVITE request to the IMS core
      And [on200-4] the SUT connects to the SDP path of the received 200 response to the sent INVITE request
      Then [on200-4] the SUT sends an MSRP SEND request to the Controlling Function
      And [on200-4] its MSRP To-Path is the SDP path of the received 200 response to the sent INVITE request
      And [on200-4] its MSRP From-Path is the SDP path of the sent INVITE request

    Scenario: The answer says nothing of setup
      Given the Controlling Function behaves as "silent about setup"
      When Alice rejoins the session
      Then the SUT sends an INVITE request to the IMS core
      And [on200-4] the SUT connects to the SDP path of the received 200 response to the sent INVITE request

    Scenario: The stream is refused
      Given the Controlling Function behaves as "refusing the stream"
      When Alice rejoins the session
      Then the SUT sends an INVITE request to the IMS core
      And [on200-1] the SUT sends an ACK request to the IMS core
      And [on200-4] the media plane stays down

  @ics-participants
  Rule: The participants

    Scenario Outline: The focus <answers>
      Given the Controlling Function behaves as "<conduct>"
      When Alice rejoins the session
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
      Given the Controlling Function behaves as "granting a minute"
      When Alice rejoins the session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends a SUBSCRIBE request to the IMS core
      When 61 seconds pass
      Then [maintain] the SUT sends a SUBSCRIBE request to the IMS core
      And [maintain] it obeys RFC 6665 section 4.1.2.2

    Scenario: The subscription is forgotten
      Given the Controlling Function behaves as "forgetting subscriptions"
      When Alice rejoins the session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends a SUBSCRIBE request to the IMS core
      When 61 seconds pass
      Then the SUT sends a SUBSCRIBE request to the IMS core
      And [maintain] the SUT sends a SUBSCRIBE request to the IMS core
      And [maintain] it is sent outside any dialog

    Scenario Outline: The focus ends the subscription: <reason>
      When Alice rejoins the session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends a SUBSCRIBE request to the IMS core
      When the Controlling Function sends "the end of the subscription: <reason>"
      Then the SUT answers 200 to the received NOTIFY request
      And [maintain] the SUT sends a SUBSCRIBE request to the IMS core
      And [maintain] it is sent outside any dialog
      And [maintain] its Expires is at least 1

      Examples:
        | reason      |
        | deactivated |
        | timeout     |

    Scenario: The focus ends the subscription for 20 seconds
      When Alice rejoins the session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends a SUBSCRIBE request to the IMS core
      When the Controlling Function sends "the end of the subscription: probation"
      Then the SUT answers 200 to the received NOTIFY request
      And [maintain] the SUT sends no SUBSCRIBE request to the IMS core
      When 30 seconds pass
      Then [maintain] the SUT sends a SUBSCRIBE request to the IMS core
      And [maintain] it is sent outside any dialog

  Rule: The identifiers

    Scenario Outline: The response has <what>
      Given the Controlling Function behaves as "<conduct>"
      When Alice rejoins the session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends an ACK request to the IMS core
      When Alice ends the session
      Then the SUT sends a BYE request to the IMS core
      When Alice rejoins the session
      Then the SUT sends an INVITE request to the IMS core
      And [on200-2] it obeys RFC 4579
      And [on200-3-conv] its Conversation-ID equals that of <whose>
      And [on200-3-contrib] its Contribution-ID equals that of <whose>

      Examples:
        | what   | conduct                  | whose                                              |
        | others | giving other identifiers | the received 200 response to the sent INVITE request |
        | none   | giving no identifiers    | the first sent INVITE request                      |
