# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.3.9.1 (printed 5.2.1.1).
@CONV-7.3.9.1 @sut-cpm-client @ics-session
Feature: 7.3.9.1 A client reads in a session

  Chunks in any order, responses and reports as they are asked for, and nothing
  that belongs to another session. A rewritten authority in a path is tolerated
  (R-7.3.9.1-2, H-6).

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/chat"
    And Alice is registered
    And a CPM 1-1 Session is established between Alice and Bob

  Rule: Chunks

    Scenario Outline: <what>
      When Bob sends "<what>"
      Then [receive] Alice is shown a message with
        | content | <content> |

      Examples:
        | what                         | content     |
        | a text                       | Hello Alice |
        | a text in chunks of one octet | Hello Alice |
        | a text of 5000 octets        | {text 5000} |
        | a text in three chunks       | {text 5000} |
        | a text out of order          | {text 5000} |
        | a text with open ranges      | {text 5000} |

    Scenario Outline: <what>
      When Bob sends "<what>"
      Then the SUT answers MSRP 200 to the received MSRP SEND request
      And [receive] Alice is not shown a message

      Examples:
        | what                  |
        | a text that is given up |
        | a text without its end  |

    Scenario: Another text while one is not whole
      When Bob sends "a text without its end"
      Then the SUT answers MSRP 200 to the received MSRP SEND request
      When Bob sends "a text"
      Then [receive] Alice is shown a message with
        | content | Hello Alice |

  Rule: Responses

    Scenario Outline: <what>
      When Bob sends "<what>"
      Then [response] the SUT answers MSRP 200 to the received MSRP message
      And [response] it obeys RFC 4975 section 7.2

      Examples:
        | what                   |
        | a text                 |
        | a text that wants answers |
        | a text in three chunks |

    Scenario Outline: <what> is not answered
      When Bob sends "<what>"
      Then Alice is shown a message
      And [response] the SUT does not answer the received MSRP message

      Examples:
        | what                                |
        | a text that wants no answer         |
        | a text that wants answers to failures |

    Scenario: A type that nobody declared, and the failure is asked for
      When Bob sends "a text of an unknown type that wants answers to failures"
      Then [response] the SUT answers MSRP 415 to the received MSRP SEND request
      And [response] it obeys RFC 4975 section 7.2

    Scenario: A type that nobody declared, and nothing is asked for
      When Bob sends "a text of an unknown type that wants no answer"
      Then [response] the SUT does not answer the received MSRP SEND request

  Rule: Reports

    Scenario Outline: <what>
      When Bob sends "<what>"
      Then [report] the SUT sends an MSRP REPORT request to Bob
      And [report] it obeys RFC 4975 section 7.1.3
      And [report] its MSRP Message-ID equals that of the received MSRP SEND request

      Examples:
        | what                         |
        | a text that wants a report      |
        | a long text that wants a report |

    Scenario Outline: <what>
      When Bob sends "<what>"
      Then Alice is shown a message
      And [report] the SUT sends no MSRP REPORT request to Bob

      Examples:
        | what                        |
        | a text                      |
        | a text that wants no report |

    Scenario: A report is not answered
      When Bob sends "a report"
      Then [report] the SUT does not answer the received MSRP REPORT request

  Rule: Sessions

    Scenario Outline: <what>
      When Bob sends "<what>"
      Then [session] the SUT answers <status> to the received MSRP SEND request
      And [session] it obeys RFC 4975 section 7.3
      And [session] Alice is not shown a message
      And [session] the SUT sends no MSRP SEND request to Bob

      Examples:
        | what                           | status          |
        | a text to another session      | MSRP 481        |
        | a text over another connection | MSRP 506 or 481 |

    Scenario: A text to another session that wants no answer
      When Bob sends "a text to another session that wants no answer"
      Then [session] the SUT does not answer the received MSRP SEND request
      And [session] Alice is not shown a message

    Scenario Outline: <what> has the right session all the same
      When Bob sends "<what>"
      Then [sessmatch] the SUT answers MSRP 200 to the received MSRP SEND request
      And [sessmatch] Alice is shown a message with
        | content | Hello Alice |

      # The last row is the control: nothing deviates.
      Examples:
        | what                   |
        | a text to another host |
        | a text to another port |
        | a text from another host |
        | a text                 |
