# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.2.3.
@CONV-7.2.2.3 @sut-cpm-client @ics-msg
Feature: 7.2.2.3 What a client does with a message that it received

  A CPM Client presents the content as its disposition says and keeps the UID of
  the message. What it tells the sender, and content that lies elsewhere, stand in
  files of their own. Ruling R-7.2.2.3-1: Content-Disposition is a field of the
  wrapped part.

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
