# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.2.1.
@CONV-7.2.2.1 @sut-cpm-client @ics-msg
Feature: 7.2.2.1 A client receives a pager mode message

  A CPM Client answers a SIP MESSAGE request with 200 at once, says which
  release it is, repeats the identifiers, and shows the message; short of
  resources it may answer 480 instead. The source has two lists that start with
  1; items of the second are "accept-..." (R-7.2.2.1-1). Where the network
  repeats a message, the line about what is not sent waits until the SUT has
  handled both.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/reception"
    And Alice is registered

  Rule: The message is refused

    @ics-resource-shortage
    Scenario Outline: The client is short of resources for <what>
      When Bob sends "<what>"
      Then the SUT answers 200 to the received MESSAGE request
      Given the SUT is short of resources
      When Bob sends "<what>"
      Then [1] the SUT answers 480 or 200 to the received MESSAGE request
      And [1] it obeys RFC 3428
      And [1] Alice is not shown a message
      And [1] the SUT sends no MESSAGE request to the IMS core

      Examples:
        | what                             |
        | a message that asks for delivery |

      @ics-deferred
      Examples:
        | what               |
        | a deferred message |

  Rule: The message is accepted

    Scenario Outline: <what>
      When Bob sends "<what>"
      Then [accept-1] the SUT answers 200 to the received MESSAGE request
      And [accept-1] it obeys RFC 3428
      And [accept-1] it has no body
      And [accept-2] its Server states the CPM release
      And [accept-3] its P-Preferred-Identity, if any, is the address of Alice
      And [accept-4] it copies from the received MESSAGE request
        | Conversation-ID           |
        | Contribution-ID           |
        | InReplyTo-Contribution-ID |
      And [accept-5] it obeys TS 24.229
      And [accept-6] Alice is shown a message with
        | content      | Hello Alice                |
        | from         | {bob}                      |
        | conversation | {received.Conversation-ID} |

      Examples:
        | what                                      |
        | a message                                 |
        | a message that answers nothing            |
        | a message with header names in mixed case |

      @ics-deferred
      Examples:
        | what               |
        | a deferred message |

    Scenario: A text in several scripts
      When Bob sends "a text in several scripts"
      Then [accept-6] Alice is shown a message with
        | content | {file utf8.txt} |

    @ics-image
    Scenario: Content that is no text
      When Bob sends "a picture"
      Then [accept-6] Alice is shown a message with
        | content | {file photo.jpg} |

    Scenario: The network repeats the message
      Given the IMS core behaves as "says everything twice"
      When Bob sends "a message"
      Then [accept-1] the SUT sends no MESSAGE request to the IMS core
      And [accept-1] the SUT answers 200 to the received MESSAGE request
      And [accept-6] Alice is shown a message with
        | content | Hello Alice |
      And [accept-1] it obeys RFC 3428
