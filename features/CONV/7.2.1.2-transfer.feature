# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.1.2, items 6 to 9 on the 200 response.
@CONV-7.2.1.2 @sut-cpm-client @ics-largemsg
Feature: 7.2.1.2 How a large message travels

  A SEND without body binds the connection (R-7.2.1.2-7); then the CPIM object
  follows on the same connection, in one or several chunks of one message. "MSRP
  message" means all chunks of one Message-ID.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/large-message"
    And Alice is registered

  Rule: The connection is bound

    Scenario: The first SEND binds the connection
      When Alice sends "{text 5000}" to Bob
      Then the SUT sends an MSRP SEND request to Bob
      And [on200-6] it has no body
      And [on200-6] it has no header field MSRP Content-Type
      And [on200-6] it has header field MSRP Message-ID
      And [on200-6] its MSRP flag is "$"
      And [on200-6] its MSRP To-Path is the SDP path of the received 200 response to the sent INVITE request
      And [on200-6] its MSRP From-Path is the SDP path of the sent INVITE request
      And [on200-6] it comes 0 to 5 seconds after the received 200 response to the sent INVITE request
      And [on200-6] it obeys RFC 4975 section 5.4
      And [on200-6] it obeys RFC 4975 section 7.1

    Scenario: The first SEND is answered after 3 seconds
      Given Bob behaves as "slow to answer the first one"
      When Alice sends "{text 5000}" to Bob
      Then the SUT sends an MSRP SEND request to Bob
      And [on200-6] it has no body
      And the SUT sends an MSRP message to Bob
      And [on200-8] it obeys RFC 4975 section 7.1.1

    Scenario: The answer names a relay in front of Bob
      Given Bob behaves as "behind a relay"
      When Alice sends "{text 5000}" to Bob
      Then the SUT sends an MSRP SEND request to Bob
      And [on200-6] it has no header field MSRP Content-Type
      And [on200-6] its MSRP To-Path is the SDP path of the received 200 response to the sent INVITE request
      And the SUT sends an MSRP message to Bob
      And [on200-8a] its MSRP To-Path is the SDP path of the received 200 response to the sent INVITE request

  Rule: The content follows

    Scenario: All chunks make one message, on the connection that was bound
      When Alice sends "{text 5000}" to Bob
      Then the SUT sends an MSRP SEND request to Bob
      And [on200-8] the SUT sends an MSRP message to Bob
      And [on200-8] it obeys RFC 4975 section 7.1.1
      And [on200-9] its MSRP connection equals that of the first sent MSRP SEND request

    Scenario: Bob reads slowly
      Given Bob behaves as "reading slowly"
      When Alice sends "{text 100000}" to Bob
      Then the SUT sends an MSRP message to Bob
      And [on200-8] it obeys RFC 4975 section 7.1
      And [on200-8] it obeys RFC 4975 section 7.1.1
      And [on200-8c] its content is "{text 100000}"

    Scenario Outline: <what>
      When Alice sends "<content>" to Bob with
        | content type | <type> |
      Then the SUT sends an MSRP message to Bob
      And [on200-8] it obeys RFC 4975 section 7.1
      And [on200-8] it obeys RFC 4975 section 7.1.1
      And [on200-8a] its MSRP To-Path is the SDP path of the received 200 response to the sent INVITE request
      And [on200-8b] its MSRP Content-Type is "message/cpim"
      And [on200-8c] its body is a CPIM message
      And [on200-8c] its content is "<content>"
      And [on200-7] it obeys RFC 3862
      And [on200-7] its CPIM From is the address of Alice
      And [on200-7] its CPIM To is the address of Bob
      And [on200-7] its CPIM Content-Type is "<type>"
      And [on200-7] its content is "<content>"

      Examples:
        | what                          | content               | type                     |
        | A text that fits one chunk    | {text 1400}           | text/plain               |
        | A text in several chunks      | {text 5000}           | text/plain               |
        | A text in many chunks         | {text 100000}         | text/plain               |
        | A text in several scripts     | {file utf8-large.txt} | text/plain;charset=UTF-8 |
        | A text that looks like an end | {file end-lines.txt}  | text/plain               |

      @ics-image
      Examples:
        | what      | content              | type      |
        | A picture | {file landscape.png} | image/png |
