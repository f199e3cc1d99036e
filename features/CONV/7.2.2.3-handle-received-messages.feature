# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.2.3.
@CONV-7.2.2.3 @sut-cpm-client @ics-msg
Feature: 7.2.2.3 What a client does with a message that it received

  A CPM Client presents the content as its disposition says, and tells the
  sender that it was delivered or read, if the sender asked. Ruling
  R-7.2.2.3-1: Content-Disposition is one of the wrapped part. R-7.2.2.3-3: a
  notification is due when it was asked for and the sender can be reached.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/reception"
    And Alice is registered

  Rule: How the content is presented

    Scenario: No disposition
      When Bob sends "a message without disposition"
      Then [1] Alice is shown a message with
        | disposition | inline |

    Scenario: A disposition that nobody knows
      When Bob sends "a message with an unknown disposition"
      Then [1] Alice is shown a message with
        | disposition | attachment |

    Scenario Outline: <what>
      When Bob sends "<what>"
      Then [1-follow] Alice is shown a message with
        | disposition | <shown> |

      Examples:
        | what                         | shown  |
        | a message to be rendered     | inline |
        | a message to be shown inline | inline |

    Scenario: An attachment
      When Bob sends "an attachment"
      Then [1-follow] Alice is shown a message with
        | disposition | attachment |
        | name        | notes.txt  |

    @ics-imdn
    Scenario Outline: <what> is no message
      When Alice sends "Lunch at noon?" to Bob with
        | notify | display |
      Then the SUT sends a MESSAGE request to the IMS core
      When Bob sends "<what>"
      Then [1-follow] Alice is shown a message status with
        | status | <status> |
      And [1-follow] Alice is not shown a message

      Examples:
        | what                       | status    |
        | a notification of delivery | delivered |
        | a notification of display  | displayed |

    Scenario: A reference to content elsewhere
      Then [2] is not tested, because no simulator for it exists yet

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

  @ics-local-storage
  Rule: The message has a UID in the message store

    Scenario: The UID is kept
      Given Alice has received "a message that was stored"
      Then [5] Alice is shown the stored message with
        | uid | 4711 |

    @ics-restart
    Scenario: The UID is kept after a restart
      Given Alice has received "a message that was stored"
      When Alice restarts
      Then [5] Alice is shown the stored message with
        | uid | 4711 |

    Scenario: A message without UID
      Given Alice has received "a message"
      Then [5] Alice is shown the stored message
