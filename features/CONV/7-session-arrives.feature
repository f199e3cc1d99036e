# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.
@CONV-7 @sut-cpm-client @ics-session
Feature: 7 Which procedure a CPM Client takes: an invitation to a session arrives

  The feature tag tells sessions from large messages; an offer that only sends is
  the delivery of deferred messages, which has no participants to subscribe to
  (R-7-6).

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/invitations"
    And Alice is registered

  Scenario: An ordinary invitation
    When Bob sends "an invitation"
    Then [rx-session] Alice is shown an invitation with
      | kind | session |

  Scenario Outline: The delivery of what was deferred: <message>
    When <who> sends "<message>"
    Then [rx-session] the SUT sends no SUBSCRIBE request to the IMS core

    Examples:
      | who                      | message                  |
      | Bob                      | a deferred 1-1 session   |
      | the Controlling Function | a deferred group session |
