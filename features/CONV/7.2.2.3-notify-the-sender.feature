# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.2.3.
@CONV-7.2.2.3 @sut-cpm-client @ics-msg
Feature: 7.2.2.3 A client tells the sender what became of the message

  A CPM Client notifies of delivery, and of reading once the user has read, if
  the sender asked for it, and else keeps silent. Ruling R-7.2.2.3-3: a
  notification is due when it was asked for and the sender can be reached.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/reception"
    And Alice is registered

  @ics-imdn
  Rule: The sender asked for delivery

    Scenario Outline: <what>
      When Bob sends "<what>"
      Then [3] the SUT sends 1 MESSAGE request to the IMS core with
        | CPIM Content-Type | message/imdn+xml |
      And [3] its IMDN message-id is the CPIM imdn.Message-ID of the received MESSAGE request
      And [3] it obeys RFC 5438 section 7.2.1
      And [3] its IMDN kind is "delivery"
      And [3] its IMDN status is "delivered"
      And [3] its Request-URI is the address of Bob

      Examples:
        | what                                     |
        | a message that asks for delivery         |
        | a message that asks for both deliveries  |
        | a message that asks under another prefix |

    Scenario: The notification goes by way of a relay
      When Bob sends "a message by way of a relay"
      Then [3] the SUT sends 1 MESSAGE request to the IMS core with
        | CPIM Content-Type | message/imdn+xml |
      And [3] its Request-URI is the CPIM imdn.IMDN-Record-Route of the received MESSAGE request

    Scenario Outline: <what> does not ask for it
      When Bob sends "a message that asks for delivery"
      Then the SUT sends a MESSAGE request to the IMS core with
        | CPIM Content-Type | message/imdn+xml |
      When Bob sends "<what>"
      Then the SUT answers 200 to the received MESSAGE request
      And [3-check] the SUT sends no MESSAGE request to the IMS core with
        | IMDN kind | delivery |

      Examples: the first message is the control
        | what                                      |
        | a message                                 |
        | a message that asks for display           |
        | a message with an empty request           |
        | a message that asks in another name space |
        | a message that asks for failures only     |

  @ics-imdn
  Rule: The sender asked for a read report

    Scenario Outline: <what>
      Given Alice has received "<what>"
      When Alice reads the message
      Then [4] the SUT sends 1 MESSAGE request to the IMS core with
        | IMDN kind | display |
      And [4] its Request-URI is the address of Bob
      And [4] its IMDN message-id is the CPIM imdn.Message-ID of the received MESSAGE request
      And [4] it obeys RFC 5438 section 7.2.1
      And [4] its IMDN status is "displayed"

      Examples:
        | what                                         |
        | a message that asks for display              |
        | a message that asks for delivery and display |

    Scenario: Nothing is sent before the message is read
      When Bob sends "a message that asks for delivery and display"
      Then the SUT sends a MESSAGE request to the IMS core with
        | IMDN kind | delivery |
      And [4] the SUT sends no MESSAGE request to the IMS core

    @ics-read-report-setting
    Scenario: Alice does not want to tell
      Given Alice has received "a message that asks for display"
      When Alice reads the message
      Then the SUT sends a MESSAGE request to the IMS core with
        | IMDN kind | display |
      Given the SUT is provisioned with
        | send-imdn | no |
      And Alice has received "a message that asks for display"
      When Alice reads the message
      Then [4] the SUT sends no MESSAGE request to the IMS core

    Scenario Outline: <what> does not ask for it
      Given Alice has received "a message that asks for display"
      When Alice reads the message
      Then the SUT sends a MESSAGE request to the IMS core with
        | IMDN kind | display |
      Given Alice has received "<what>"
      When Alice reads the message
      Then [4-check] the SUT sends no MESSAGE request to the IMS core with
        | IMDN kind | display |

      Examples: the first message is the control
        | what                             |
        | a message                        |
        | a message that asks for delivery |
