# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.3.10.2 (printed 5.2.1.4).
@CONV-7.3.10.2 @sut-cpm-client @ics-session @ics-adhoc-groups @ics-participants
Feature: 7.3.10.2 A client is told who is in a group session

  Whole documents replace, partial ones change what is known, a gap asks for the
  whole again. What is shown is an option (R-7.3.10.2-1), but nothing false.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/participants"
    And Alice is registered
    And a CPM Group Session is established between Alice and the Controlling Function

  Rule: What is told

    Scenario: Everybody
      When the Controlling Function sends "everybody"
      Then [1] the SUT answers 200 to the received NOTIFY request
      And [1] it obeys RFC 6665 section 4.1.3
      And [2] Alice may be shown the participants with
        | participants | {alice}, {bob}, {carol}, {dave} |

    Scenario: Dave comes
      When the Controlling Function sends "Dave comes"
      Then [1] the SUT answers 200 to the received NOTIFY request
      And [1] Alice is shown the participants with
        | participants | {alice}, {bob}, {carol}, {dave} |

    Scenario: Carol goes
      When the Controlling Function sends "Dave comes"
      Then the SUT answers 200 to the received NOTIFY request
      When the Controlling Function sends "Carol goes"
      Then [1] the SUT answers 200 to the received NOTIFY request
      And [1] Alice is shown the participants with
        | participants | {alice}, {bob}, {dave} |
      And [2] Alice may be shown the participants with
        | participants | {alice}, {bob}, {dave} |

    Scenario: Something is missing in between
      When the Controlling Function sends "Erin comes after a gap"
      Then [1] the SUT answers 200 to the received NOTIFY request
      And [1] the SUT sends a SUBSCRIBE request to the IMS core
      And [1] it is sent within the subscription

    Scenario: An old document changes nothing
      When the Controlling Function sends "everybody"
      Then the SUT answers 200 to the received NOTIFY request
      When the Controlling Function sends "an old document"
      Then [1] the SUT answers 200 to the received NOTIFY request
      And [1] Alice is not shown the participants with
        | participants | {alice} |

    Scenario: The subscription ends
      When the Controlling Function sends "the end of the subscription"
      Then [1] the SUT answers 200 to the received NOTIFY request
      And [1] it obeys RFC 6665 section 4.1.3
      When Alice ends the session
      Then the SUT sends a BYE request to the IMS core
      And [1] the SUT sends no SUBSCRIBE request to the IMS core

    Scenario: Somebody without a name
      When the Controlling Function sends "somebody without a name"
      Then [1] the SUT answers 200 to the received NOTIFY request

  Rule: What does not belong here

    Scenario Outline: <what>
      When the Controlling Function sends "<what>"
      Then [1-nomatch] the SUT answers <status> to the received NOTIFY request
      And [1-nomatch] Alice is not shown the participants

      Examples:
        | what                    | status |
        | participants of nothing | 481    |
        | another event package   | 489    |
