# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.3.2.2.
@CONV-7.2.3.2.2 @sut-cpm-client @ics-deferred
Feature: 7.2.3.2.2 A client is asked for messages that have expired

  A CPM Client that was told that deferred messages expired tells its user that
  they are gone, or fetches them from the Message Storage Server, or tells that
  they are there; one of the last two will do (R-7.2.3.2.2-1). The notification
  is a fixture of ours (R-7.2.3.1-4).

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/deferred"
    And Alice is registered

  Scenario: They were discarded
    Given Alice has received "a notification that messages were discarded"
    When Alice handles the deferred messages
    Then [1] Alice is shown a notice with
      | code | expired-discarded |
    And [1] the SUT sends no INVITE request to the IMS core

  @ics-storage
  Scenario: They were stored
    Given Alice has received "a notification that messages were stored"
    When Alice handles the deferred messages
    Then [2a] the SUT sends an IMAP FETCH command to the Message Store
    And [2a] it obeys RFC 3501 section 6.4.8
    And [2a-uid] its IMAP uids is "4711,4712"
    And [2a] Alice is shown "The first that expired"
    And [2a] Alice is not shown "Not among those that expired"

  @ics-storage
  Scenario: One was stored
    Given Alice has received "a notification that one message was stored"
    When Alice handles the deferred messages
    Then the SUT sends an IMAP FETCH command to the Message Store
    And [2a-uid] its IMAP uids is "4711"

  @ics-storage @ics-restart
  Scenario: The client starts again in between
    Given Alice has received "a notification that messages were stored"
    When Alice restarts
    And Alice registers
    And Alice handles the deferred messages
    Then the SUT sends an IMAP FETCH command to the Message Store
    And [2a-uid] its IMAP uids is "4711,4712"

  Scenario: One of the two
    Given Alice has received "a notification that messages were stored"
    When Alice handles the deferred messages
    Then [2b] Alice may be shown a notice with
      | code | expired-stored |
    And [2a] the SUT sends an IMAP FETCH command to the Message Store
    And [2] [2a] or [2b] was met
