# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.3.3.
@CONV-7.2.3.3 @sut-cpm-client @ics-deferred
Feature: 7.2.3.3 A client learns that deferred messages have expired

  A CPM Client may tell its user, and stores the UIDs of the messages that were
  put into the Message Storage Server. The notification is a fixture of ours
  (R-7.2.3.1-4).

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/deferred"
    And Alice is registered

  Scenario Outline: Messages were <outcome>
    When the Participating Function sends "a notification that messages were <outcome>"
    Then the SUT answers 200 to the received MESSAGE request
    And [1] Alice may be shown a notice with
      | code    | expired   |
      | outcome | <outcome> |

    Examples:
      | outcome   |
      | discarded |
      | stored    |

  @ics-storage
  Scenario: The UIDs are stored
    Given Alice has received "a notification that messages were stored"
    Then [2] Alice is shown the stored UIDs with
      | uids | 4711, 4712 |

  @ics-storage
  Scenario: What was discarded has no UIDs
    Given Alice has received "a notification that messages were discarded"
    Then [2] Alice is shown the stored UIDs with
      | uids | |

  @ics-storage @ics-restart
  Scenario: The UIDs are stored over a restart
    Given Alice has received "a notification that messages were stored"
    When Alice restarts
    Then [2] Alice is shown the stored UIDs with
      | uids | 4711, 4712 |
