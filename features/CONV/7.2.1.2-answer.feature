# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.1.2, items 1 to 5 on the 200 response.
@CONV-7.2.1.2 @sut-cpm-client @ics-largemsg
Feature: 7.2.1.2 What a client does with the answer to its INVITE

  It acknowledges the 200 response, keeps the session timer that was granted
  and opens the MSRP connection to the first URI of the answer's path. Ruling
  R-7.2.1.2-6: the other side never opens it. Ruling R-0-19: without
  Session-Expires in the response there is no timer. Ruling H-9: the time of a
  refresh, and a missing BYE of the other side, are warned about.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/large-message"
    And Alice is registered

  Rule: The acknowledgement

    Scenario: Every 200 response is acknowledged
      When Alice sends "{text 5000}" to Bob
      Then the SUT sends an INVITE request to the IMS core
      And [on200-2] the SUT sends an ACK request to the IMS core
      And [on200-2] it is sent within the session
      And [on200-2] it obeys RFC 3261 section 13.2.2.4
      And [on200-2] it has no body

    Scenario: The acknowledgement is lost
      Given Bob behaves as "losing the acknowledgement"
      When Alice sends "{text 5000}" to Bob
      Then the SUT sends an INVITE request to the IMS core
      And [on200-2] the SUT sends an ACK request to the IMS core
      When 2 seconds pass
      Then [on200-2] it obeys RFC 3261 section 13.2.2.4

  Rule: The session timer

    Scenario: The client has to refresh
      Given Bob behaves as "granting the client 90 seconds, reading slowly"
      When Alice sends "{text 800000}" to Bob
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends an MSRP SEND request to Bob
      When 90 seconds pass
      Then [on200-1] the SUT sends an UPDATE or INVITE request to the IMS core
      And [on200-1] it is sent within the session
      And [on200-1] it comes 0 to 90 seconds after the received 200 response to the first sent INVITE request
      And [on200-1] it obeys RFC 4028 section 7.4

    Scenario: Bob has to refresh, and does not
      Given Bob behaves as "granting himself 90 seconds, reading slowly"
      When Alice sends "{text 800000}" to Bob
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends an MSRP SEND request to Bob
      When 95 seconds pass
      Then [on200-1] the SUT may send a BYE request to the IMS core
      And [on200-1] it obeys RFC 4028 section 10

  Rule: The connection

    Scenario: The client opens it
      When Alice sends "{text 5000}" to Bob
      Then the SUT sends an INVITE request to the IMS core
      And [on200-4] the SUT connects to the SDP path of the received 200 response to the sent INVITE request

    Scenario: It goes by way of a relay
      Given Bob behaves as "behind a relay"
      When Alice sends "{text 5000}" to Bob
      Then the SUT sends an INVITE request to the IMS core
      And [on200-5] the SUT connects to the SDP path of the received 200 response to the sent INVITE request

    @ics-msrps
    Scenario: It is secured by TLS
      Given the SUT is provisioned with
        | media-transport | tls |
      When Alice sends "{text 5000}" to Bob
      Then the SUT sends an INVITE request to the IMS core
      And [on200-5] the SUT connects to the SDP path of the received 200 response to the sent INVITE request

    Scenario Outline: The answer <says>
      Given Bob behaves as "<conduct>"
      When Alice sends "{text 5000}" to Bob
      Then the SUT sends an INVITE request to the IMS core
      And [on200-3] the SUT connects to the SDP path of the received 200 response to the sent INVITE request

      Examples: the client opens the connection all the same
        | says                    | conduct            |
        | says nothing of setup   | silent about setup |
        | wants to hold the setup | holding the setup  |
