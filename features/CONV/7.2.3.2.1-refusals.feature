# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.3.2.1.
@CONV-7.2.3.2.1 @sut-cpm-client @ics-deferred
Feature: 7.2.3.2.1 A client is refused its deferred messages

  After 488 with the warning "125 No messages" a CPM Client gives these messages
  up; every refusal is acknowledged as RFC 3261 wants it. The warning comes under
  code 399 (R-7.2.3.2.1-5).

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/deferred"
    And Alice is registered
    And Alice has received "the list of three"

  Rule: There are no messages

    Background:
      Given the Participating Function will answer 488 with
        | Warning | 399 pf.example.com "125 No messages" |

    Scenario: All messages
      When Alice handles the deferred messages
      Then the SUT sends an INVITE request to the IMS core
      And [488-process] the SUT sends 1 ACK request to the IMS core
      And [488-process] it obeys RFC 3261 section 17.1.1.3
      And [488-process] the SUT sends no BYE request to the IMS core
      And [488-stop] the SUT sends no INVITE request to the IMS core

    Scenario: One of them
      When Alice handles the deferred messages with
        | {deferred.1} | deliver |
      Then the SUT sends an INVITE request to the IMS core
      And [488-process] the SUT sends 1 ACK request to the IMS core
      And [488-process] it obeys RFC 3261 section 17.1.1.3
      And [488-stop] the SUT sends no INVITE request to the IMS core

  Rule: Another refusal

    Scenario Outline: <status>
      Given the Participating Function will answer <status>
      When Alice handles the deferred messages
      Then the SUT sends an INVITE request to the IMS core
      And [othererror] the SUT sends 1 ACK request to the IMS core
      And [othererror] it obeys RFC 3261 section 17.1.1.3
      And [othererror] the media plane stays down
      And [othererror] the SUT sends no BYE request to the IMS core

      Examples:
        | status |
        | 302    |
        | 404    |
        | 480    |
        | 488    |
        | 603    |

    Scenario: Not before a while
      Given the Participating Function will answer 503 with
        | Retry-After | 120 |
      When Alice handles the deferred messages
      Then the SUT sends an INVITE request to the IMS core
      And [othererror] the SUT sends 1 ACK request to the IMS core
      And [othererror] it obeys RFC 3261 section 17.1.1.3
      And [othererror] the SUT sends no INVITE request to the IMS core
      When 110 seconds pass
      Then [othererror] the SUT sends no INVITE request to the IMS core

    @ics-digest
    Scenario: A challenge
      Given the Participating Function will answer 407
      When Alice handles the deferred messages
      Then the SUT sends an INVITE request to the IMS core
      And [othererror] the SUT sends an ACK request to the IMS core
      And [othererror] it obeys RFC 3261 section 17.1.1.3
      And [othererror] the SUT sends an INVITE request to the IMS core
      And [othererror] it obeys RFC 3261 section 22
