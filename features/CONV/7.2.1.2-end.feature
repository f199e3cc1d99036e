# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.1.2, once the message is transferred.
@CONV-7.2.1.2 @sut-cpm-client @ics-largemsg
Feature: 7.2.1.2 A client ends the session of a large message

  Once the message is transferred the client sends BYE. Ruling R-7.2.1.2-10: it
  is transferred when the last SEND was answered with 200.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/large-message"
    And Alice is registered

  Rule: The message is transferred

    Scenario Outline: <what>
      When Alice sends "<content>" to Bob
      Then the SUT sends an MSRP message to Bob
      And [done-2] the SUT sends a BYE request to the IMS core
      And [done-1] it is sent within the session
      And [done-1] it obeys RFC 3261 section 15.1.1
      And [done-1] it comes after the received MSRP 200 response
      And [done-2] it obeys TS 24.229
      And [done-2] it comes 0 to 5 seconds after the received MSRP 200 response
      And [done-2] the media plane stops

      Examples:
        | what                | content     |
        | It fitted one chunk | {text 1400} |
        | It took several     | {text 5000} |

    Scenario: Bob is slow to say that he has it all
      Given Bob behaves as "slow to confirm"
      When Alice sends "{text 5000}" to Bob
      Then the SUT sends an MSRP message to Bob
      And [done-2] the SUT sends a BYE request to the IMS core
      And [done-1] it comes after the received MSRP 200 response
      And [done-2] it comes 0 to 5 seconds after the received MSRP 200 response

    @ics-digest
    Scenario: The core wants to know who ends the session
      Given the IMS core behaves as "asking who ends a session"
      When Alice sends "{text 5000}" to Bob
      Then the SUT sends an MSRP message to Bob
      And the SUT sends a BYE request to the IMS core
      And [done-2] the SUT sends a BYE request to the IMS core
      And [done-2] it obeys RFC 3261 section 22
