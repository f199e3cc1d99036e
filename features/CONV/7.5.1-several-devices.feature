# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.5.1.
@CONV-7.5.1 @sut-cpm-participating-function @ics-pf-devices
Feature: 7.5.1 A notification is for the device that asked for it

  The phone of Alice asks for a notification; her tablet is there, too. The
  notification names the phone by its GRUU: the source leaves open how the device
  is told (R-7.5.1-1).

  Background:
    Given the SUT is a CPM Participating Function serving Alice
    And the network of "participating-function/devices"
    And the SUT has taken "a message of the phone"

  # Who serves the phone answers it, too; what only sends back what it gets does not.
  Scenario: D15 Both devices are there
    When Alice's phone sends "asks for all"
    Then the SUT answers 200 or 488 to the received INVITE request
    When Bob sends "a notification for the phone"
    Then the SUT answers 200 or 202 to the received MESSAGE request
    And [target-device] the SUT sends 1 MESSAGE request to the IMS core
    And [target-device] its Request-URI;gr is "phone"
    And [target-device] its body equals that of the received MESSAGE request
    And [target-device] it copies from the received MESSAGE request
      | Conversation-ID |
      | Contribution-ID |

  Scenario Outline: D15 The phone is <how>
    Given <state>
    When Bob sends "a notification for the phone"
    Then [defer] the SUT answers 200 or 202 to the received MESSAGE request
    And [defer] the SUT sends no MESSAGE request to the IMS core with
      | Request-URI;gr | tablet |
    When the IMS core sends "the phone comes back"
    And Alice's phone sends "asks for all"
    Then [defer] the SUT sends an MSRP message to Alice's phone
    And [defer] its body contains "of-the-phone"

    Examples:
      | how              | state                                      |
      | not registered   | the SUT has taken "the phone leaves"       |
      | as away as Alice | the SUT has taken "Alice leaves"           |
      | out of reach     | Alice's phone behaves as "out of reach"    |

  @ics-pf-notify
  Scenario: D15 It is listed and delivered like a message
    Given the SUT has taken "the phone leaves"
    And the SUT has taken "a notification for the phone"
    And the SUT has taken "the phone comes back"
    When Alice's phone sends "asks what there is"
    Then [defer-proc] the SUT sends a NOTIFY request to the IMS core
    And [defer-proc] it has header field LIST uri
    When Alice's phone sends "asks for all"
    Then [defer-proc] the SUT sends 1 MSRP message to Alice's phone
    And [defer-proc] it encapsulates the received MESSAGE request
    And [defer-proc] its body contains "of-the-phone"

  @ics-pf-notify
  Scenario: D15 It expires like a message
    Given the SUT has taken "the phone leaves"
    And the SUT has taken "a notification that expires"
    And the SUT has taken "the phone comes back"
    When 40 seconds pass
    And Alice's phone sends "asks what there is"
    Then the SUT sends a NOTIFY request to the IMS core
    And [defer-proc] it has no header field LIST uri
