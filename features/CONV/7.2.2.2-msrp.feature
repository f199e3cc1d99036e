# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.2.2.
@CONV-7.2.2.2 @sut-cpm-client @ics-largemsg
Feature: 7.2.2.2 A client takes the chunks of a large message

  A CPM Client answers each SEND as RFC 4975 wants it, waits for all chunks and
  shows the message once. What it shows is the content that the CPIM object
  wraps, octet by octet.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/large-reception"
    And Alice is registered

  Rule: Responses and reports

    Scenario Outline: <what>
      When Bob sends "<what>"
      Then [msrp] the SUT answers MSRP 200 to the received MSRP message
      And [msrp] it obeys RFC 4975 section 7.2

      Examples: each chunk has its response, and that goes back one hop only
        | what                                |
        | a large message                     |
        | a large message that wants a report |
        | a large message by way of a relay   |

    Scenario Outline: <what> of success
      When Bob sends "<what>"
      Then [msrp] the SUT sends an MSRP REPORT request to Bob
      And [msrp] it obeys RFC 4975 section 7.1.3
      And [msrp] its MSRP Message-ID equals that of the received MSRP SEND request

      Examples: a report goes back all of the way
        | what                                                  |
        | a large message that wants a report                   |
        | a large message by way of a relay that wants a report |

    Scenario Outline: <what> is not answered
      When Bob sends "<what>"
      Then [handle] Alice is shown a message
      And [msrp] the SUT does not answer the received MSRP message

      Examples:
        | what                                         |
        | a large message that wants no failure report |
        | a large message that wants partial reports   |

    Scenario Outline: <what>
      When Bob sends "a large message without its end"
      Then the SUT sends an MSRP SEND request to Bob
      When Bob sends "<what>"
      Then [msrp] the SUT answers MSRP <status> to the received MSRP SEND request
      And [msrp] Alice is not shown a message

      Examples:
        | what                       | status |
        | a text to another session  | 481    |
        | a text of an unknown type  | 415    |

    Scenario: A report is not answered
      When Bob sends "a large message without its end"
      Then the SUT sends an MSRP SEND request to Bob
      When Bob sends "a report"
      Then [msrp] the SUT does not answer the received MSRP REPORT request

    Scenario: The network has rewritten the authority of To-Path
      When Bob sends "a large message with a rewritten authority"
      Then [msrp] the SUT answers MSRP 200 or 481 to the received MSRP SEND request
      And [msrp] it obeys RFC 4975 section 7.2

  Rule: Chunks

    Scenario Outline: <what> is not shown
      When Bob sends "<what>"
      Then the SUT sends an MSRP SEND request to Bob
      And [chunk-wait] Alice is not shown a message

      Examples: the flag of the last chunk alone does not end a message
        | what                               |
        | a large message without its end    |
        | a large message without its middle |
        | a large message that is given up   |

    @ics-imdn
    Scenario Outline: <what> is not told to be delivered
      When Bob sends "<what>"
      Then the SUT sends an MSRP SEND request to Bob
      And [chunk-wait] the SUT sends no MESSAGE request to the IMS core

      Examples:
        | what                                                      |
        | a large message without its end that asks for delivery    |
        | a large message without its middle that asks for delivery |
        | a large message that is given up and asks for delivery    |

    @ics-imdn
    Scenario: Delivery is told after the last chunk
      When Bob sends "a large message with a late end that asks for delivery"
      Then the SUT sends a MESSAGE request to the IMS core with
        | CPIM Content-Type | message/imdn+xml |
      And [chunk-wait] it comes after the received MSRP message

    Scenario Outline: <what>
      When Bob sends "<what>"
      Then [chunk-join] Alice is shown a message with
        | content | {text 5000} |
      And [chunk-wait] Alice is shown a message after the received MSRP message

      Examples:
        | what                                        |
        | a large message                             |
        | a large message with a late end             |
        | a large message in three chunks             |
        | a large message out of order                |
        | a large message with overlapping chunks     |
        | a large message whose last chunk is one octet |
        | a large message with open ranges            |

    Scenario: A character is cut by a border
      When Bob sends "a large text in several scripts"
      Then [chunk-join] Alice is shown a message with
        | content | {file utf8-large.txt} |

  Rule: What then happens

    Scenario Outline: <what>
      When Bob sends "<what>"
      Then the SUT answers 200 to the received INVITE request
      And [handle] Alice is shown a message with
        | content      | {text 5000}                |
        | from         | {bob}                      |
        | conversation | {received.Conversation-ID} |

      Examples:
        | what            |
        | a large message |

      @ics-deferred
      Examples:
        | what                     |
        | a deferred large message |

    Scenario: A message of a megabyte
      When Bob sends "a message of a megabyte"
      Then [handle] Alice is shown a message with
        | content | {text 1000000} |

    @ics-imdn
    Scenario: The sender asks for a notification of delivery
      When Bob sends "a large message that asks for delivery"
      Then [handle] the SUT sends 1 MESSAGE request to the IMS core with
        | CPIM Content-Type | message/imdn+xml |
      And [7.2.2.3-3] its IMDN status is "delivered"

    @ics-image
    Scenario: Content that is no text
      When Bob sends "a large picture"
      Then [handle] Alice is shown a message with
        | content | {file photo.jpg} |
