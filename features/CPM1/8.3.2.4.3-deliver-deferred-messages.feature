# Source: OMA-COM-CPM-2007 (CPM Conversation Functions 1.0, change request of seed 004), section 8.3.2.4.3.
@CPM1-8.3.2.4.3 @sut-cpm-participating-function
Feature: 8.3.2.4.3 A participating function delivers deferred messages

  What came for a user who was away is delivered in a session of its own, each
  message in one MSRP message: header fields and content as parts. Rulings: the
  phone offers multipart/mixed (R-CPM1-8.3.2.4.3-1); message/msrpfrag by analogy
  (R-CPM1-8.3.2.4.3-2); message/sip is a whole message (R-CPM1-8.3.2.4.3-3); any
  of two times, any order (R-CPM1-8.3.2.4.3-4); BYE within 32 s
  (R-CPM1-8.3.2.4.3-5).

  Background:
    Given the SUT is a CPM Participating Function serving Alice
    And the network of "participating-function/deferred"
    And the SUT has taken "Alice leaves"

  Rule: One message

    Scenario Outline: D1 <what>
      Given the SUT has taken "<what>"
      And the SUT has taken "Alice comes back"
      When Alice's phone sends "asks for all"
      Then [session-first] the SUT answers 200 to the received INVITE request
      And [1] the SUT sends 1 MSRP message to Alice's phone
      And [session-first] it comes after the received ACK request
      And [2] its body has the parts
        | message/cpim |
      And [2a] it encapsulates the received MESSAGE request
      And [2b] it obeys RFC 3420
      And [3] the SUT sends 1 BYE request to the IMS core
      And [3] it is sent within the session
      And [3] it obeys RFC 3261 section 15.1.1
      And [3] it comes 0 to 32 seconds after the sent MSRP message
      And [session-first] the SUT sends no MESSAGE request to the IMS core

      Examples:
        | what                                   |
        | a message                              |
        | a second message                       |
        | a message that asks for a notification |
        | a message with an attachment           |
        | a message that expires                 |

    Scenario Outline: D2 <what>
      Given the SUT has taken "<what>"
      And the SUT has taken "Alice comes back"
      When Alice's phone sends "asks for all"
      Then [session-first] the SUT answers 200 to the received INVITE request
      And [1] the SUT sends 1 MSRP message to Alice's phone
      And [2a] it encapsulates the first received INVITE request
      And [2c] it obeys RFC 3420
      And [2d] it encapsulates the received MSRP message
      And [2] its body has the parts
        | message/cpim |
      And [3] the SUT sends 1 BYE request to the IMS core
      And [3] it comes 0 to 32 seconds after the sent MSRP message

      Examples:
        | what                      |
        | a large message           |
        | a large message in chunks |

    @ics-pf-notify
    Scenario: D1 The phone is slow to connect
      Given the SUT has taken "a message"
      And the SUT has taken "Alice comes back"
      And Alice's phone behaves as "slow to connect"
      When Alice's phone sends "asks for all"
      And Alice's phone sends "listens to what there is"
      Then [session-first] the SUT sends no MESSAGE request to the IMS core
      And [session-first] the SUT sends an MSRP message to Alice's phone
      And [session-first] it comes after the received ACK request

    Scenario: D1 The function invites
      Given the SUT is provisioned with
        | deferred-delivery | push |
      And the SUT has taken "a message"
      When the IMS core sends "Alice comes back"
      Then [session-first] the SUT may send 1 INVITE request to the IMS core
      And [session-first] it is sent outside any dialog
      And [1] the SUT may send 1 MSRP message to Alice's phone
      And [2a] it encapsulates the received MESSAGE request
      And [3] the SUT may send 1 BYE request to the IMS core
      And [3] it comes 0 to 32 seconds after the sent MSRP message

    Scenario: D10 The time of the receipt is told
      Given the SUT has taken "a message without time"
      When 60 seconds pass
      And the IMS core sends "Alice comes back"
      And Alice's phone sends "asks for all"
      Then the SUT sends an MSRP message to Alice's phone
      And [timestamp] it obeys RFC 3261 section 20.17

    Scenario: D10 The message told its time
      Given the SUT has taken "a second message"
      And the SUT has taken "Alice comes back"
      When Alice's phone sends "asks for all"
      Then the SUT sends an MSRP message to Alice's phone
      And [timestamp] it obeys RFC 3261 section 20.17

    Scenario: D14 The sender is anonymous
      Given the SUT has taken "an anonymous message"
      And the SUT has taken "Alice comes back"
      When Alice's phone sends "asks for all"
      Then the SUT sends an MSRP message to Alice's phone
      And [2a] it encapsulates the received MESSAGE request

  Rule: Several messages

    Scenario: D3 Each in a message of its own
      Given the SUT has taken "a message"
      And the SUT has taken "a large message in chunks"
      And the SUT has taken "a third message"
      And the SUT has taken "Alice comes back"
      When Alice's phone sends "asks for all"
      Then [1] the SUT sends 3 MSRP messages to Alice's phone
      And [1] their MSRP Message-ID values all differ
      And [1] their content values all differ
      And [3] the SUT sends 1 BYE request to the IMS core
      And [3] it comes after the sent MSRP message
      And [3] it comes 0 to 32 seconds after the sent MSRP message

    Scenario Outline: D3 <which>
      Given the SUT has taken "a message"
      And the SUT has taken "a large message in chunks"
      And the SUT has taken "a third message"
      And the SUT has taken "Alice comes back"
      When Alice's phone sends "asks for all"
      Then the SUT sends an MSRP message to Alice's phone with
        | SIPFRAG Contribution-ID | <contribution> |
      And [2a] it encapsulates <original>

      Examples:
        | which             | contribution   | original                           |
        | The first of them | contribution-1 | the first received MESSAGE request |
        | The large one     | contribution-2 | the first received INVITE request  |
        | The last of them  | contribution-3 | the received MESSAGE request       |

    @ics-pf-notify
    Scenario: D4 Two of three are wanted
      Given the SUT has taken "a message"
      And the SUT has taken "a second message"
      And the SUT has taken "a third message"
      And the SUT has taken "Alice comes back"
      When Alice's phone sends "asks what there is"
      Then the SUT sends a NOTIFY request to the IMS core
      When Alice's phone sends "asks for the first and the third"
      Then [1] the SUT sends 2 MSRP messages to Alice's phone
      And [1] their MSRP Message-ID values all differ
      And [1] their content values all differ

    Scenario: D5 A megabyte
      Given the SUT has taken "a megabyte"
      And the SUT has taken "Alice comes back"
      When Alice's phone sends "asks for all"
      Then [note-chunks] the SUT sends an MSRP message to Alice's phone
      And [note-chunks] it obeys RFC 4975 section 7.1.1

  Rule: The end of the session

    Scenario: D6 Nothing is deferred
      Given the SUT has taken "Alice comes back"
      When Alice's phone sends "asks for all"
      Then [session-first] the SUT answers 200 or 488 to the received INVITE request
      And [1] the SUT sends no MSRP messages to Alice's phone
      And [3] the SUT may send 1 BYE request to the IMS core
      And [3] it is sent within the session

    Scenario: D7 The last answer is late
      Given the SUT has taken "a message"
      And the SUT has taken "Alice comes back"
      And Alice's phone behaves as "slow to answer"
      When Alice's phone sends "asks for all"
      Then the SUT sends an MSRP message to Alice's phone
      And [3] the SUT sends 1 BYE request to the IMS core
      And [3] it comes 0 to 32 seconds after the sent MSRP message

    Scenario: D13 The phone takes CPIM objects only
      Given the SUT has taken "a message"
      And the SUT has taken "Alice comes back"
      When Alice's phone sends "asks for CPIM objects only"
      Then [2] the SUT sends no MSRP messages to Alice's phone with
        | MSRP Content-Type | multipart/mixed |
