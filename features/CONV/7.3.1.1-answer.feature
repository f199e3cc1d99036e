# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.3.1.1, items 1 to 3 on the 200 response.
@CONV-7.3.1.1 @sut-cpm-client @ics-session
Feature: 7.3.1.1 A client takes the answer to its invitation

  It confirms the dialog, keeps the session timer that was granted and sets the
  media plane up. Ruling R-0-19: without Session-Expires in the response there
  is no timer. Ruling H-9: only a refresh that comes too late, or none at all, fails.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/sessions"
    And Alice is registered

  Rule: The dialog

    Scenario: The acknowledgement
      When Alice invites Bob to a CPM 1-1 Session
      Then the SUT sends an INVITE request to the IMS core
      And [on200-2] the SUT sends an ACK request to the IMS core
      And [on200-2] it is sent within the session
      And [on200-2] it obeys RFC 3261 section 13.2.2.4
      And [on200-2] it has no body

    Scenario: The acknowledgement is lost
      Given Bob behaves as "losing the acknowledgement"
      When Alice invites Bob to a CPM 1-1 Session
      Then the SUT sends an INVITE request to the IMS core
      And [on200-2] the SUT sends an ACK request to the IMS core
      When 2 seconds pass
      Then [on200-2] it obeys RFC 3261 section 13.2.2.4

    Scenario Outline: What follows goes where the response says<how>
      Given the IMS core behaves as "<conduct>"
      When Alice invites Bob to a CPM 1-1 Session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends an ACK request to the IMS core
      When Alice ends the session
      Then [on200] the SUT sends a BYE request to the IMS core
      And [on200] it is sent within the session

      Examples:
        | how                | conduct            |
        | , by way of others | staying on the way |

    Scenario: What follows goes straight to Bob
      When Alice invites Bob to a CPM 1-1 Session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends an ACK request to the IMS core
      When Alice ends the session
      Then [on200] the SUT sends a BYE request to the IMS core
      And [on200] it is sent within the session

  @ics-session-timer
  Rule: The session timer

    Scenario: The client has to refresh
      Given Bob behaves as "granting the client 90 seconds"
      When Alice invites Bob to a CPM 1-1 Session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends an ACK request to the IMS core
      When 90 seconds pass
      Then [on200-1] the SUT sends an UPDATE or INVITE request to the IMS core
      And [on200-1] it is sent within the session
      And [on200-1] it comes 0 to 90 seconds after the received 200 response to the first sent INVITE request
      And [on200-1] it obeys RFC 4028 section 7.4

    Scenario: Bob has to refresh, and does not
      Given Bob behaves as "granting himself 90 seconds"
      When Alice invites Bob to a CPM 1-1 Session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends an ACK request to the IMS core
      When 95 seconds pass
      Then [on200-1] the SUT may send a BYE request to the IMS core
      And [on200-1] it obeys RFC 4028 section 10

    Scenario: Nobody has to refresh
      Given Bob behaves as "granting no session timer"
      When Alice invites Bob to a CPM 1-1 Session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends an ACK request to the IMS core
      When 100 seconds pass
      Then [on200-1] the SUT sends no BYE request to the IMS core

  Rule: The media plane

    Scenario: The client opens the connection
      When Alice invites Bob to a CPM 1-1 Session
      Then the SUT sends an INVITE request to the IMS core
      And [on200-3] the SUT connects to the SDP path of the received 200 response to the sent INVITE request
      Then [on200-3] the SUT sends an MSRP SEND request to Bob
      And [on200-3] its MSRP To-Path is the SDP path of the received 200 response
      And [on200-3] its MSRP From-Path is the SDP path of the sent INVITE request

    Scenario: The answer says nothing of setup
      Given Bob behaves as "silent about setup"
      When Alice invites Bob to a CPM 1-1 Session
      Then the SUT sends an INVITE request to the IMS core
      And [on200-3] the SUT connects to the SDP path of the received 200 response to the sent INVITE request

    Scenario: The stream is refused
      Given Bob behaves as "refusing the stream"
      When Alice invites Bob to a CPM 1-1 Session
      Then the SUT sends an INVITE request to the IMS core
      And [on200-2] the SUT sends an ACK request to the IMS core
      And [on200-3] the media plane stays down

    @ics-msrp-passive
    Scenario: Bob opens the connection
      When Alice invites Dave to a CPM 1-1 Session
      Then the SUT sends an INVITE request to the IMS core
      And [on200-3] the SUT answers MSRP 200 to the received MSRP SEND request
