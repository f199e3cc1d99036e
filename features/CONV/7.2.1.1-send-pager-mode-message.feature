# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.1.1.
@CONV-7.2.1.1 @sut-cpm-client @ics-msg
Feature: 7.2.1.1 A client sends a pager mode message

  A CPM Client sends up to 1300 bytes in one SIP MESSAGE request. Options,
  replies and groups stand in files of their own under the same tag.

  Reading key: "[9a]" is requirement CONV-7.2.1.1-9a; "it" is the message the
  SUT was last seen to send. Braces name values: {alice.other} from the IXIT,
  {text 399} is a text of 399 bytes. Ruling R-7.2.1.1-1: item 3 is empty in the
  source; MESSAGE has no Contact. Ruling R-7.2.1.1-2 says what 1300 bytes are.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/pager-mode"
    And Alice is registered

  Rule: Every pager mode message

    Scenario: Alice writes to Bob for the first time
      When Alice sends "Lunch at noon?" to Bob
      Then [intro] the SUT sends a MESSAGE request to the IMS core
      And [intro] it obeys RFC 3428
      And [1] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg"
      And [2] its P-Preferred-Identity, if any, is the address of Alice
      And [3] it has no header field Contact
      And [4] its P-Preferred-Service is "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg"
      And [4] it has no header field P-Asserted-Service
      And [6] its User-Agent states the CPM release
      And [7] its Privacy, if any, does not contain "id"
      And [9a] its Request-URI is the address of Bob
      And [12] its Conversation-ID is newly generated
      And [13] its Contribution-ID is newly generated
      And [14] it has no header field InReplyTo-Contribution-ID
      And [15] its content is "Lunch at noon?"
      And [16] its body is a CPIM message
      And [17] it obeys TS 24.229
      And [17] Alice is shown a message status with
        | status | sent |
      And [17] the SUT sends no MESSAGE request to the IMS core

    Scenario Outline: A text of <size> bytes travels in <method>
      When Alice sends "{text <size>}" to Bob
      Then [intro] the SUT sends 1 <method> request to the IMS core
      And [intro] it obeys RFC 3428
      And [15] its content is "{text <size>}"

      Examples: below 400 bytes pager mode is a must
        | size | method  |
        | 50   | MESSAGE |
        | 399  | MESSAGE |

    Scenario: The second message waits for the answer to the first
      Given the IMS core behaves as "slow to answer"
      When Alice sends "One" to Bob
      And Alice sends "Two" to Bob with
        | conversation | same |
      Then the SUT sends 2 MESSAGE requests to the IMS core
      And [intro] it obeys RFC 3428
      And [intro] it comes after the received 200 response to the first sent MESSAGE request
      And [12existing] its Conversation-ID equals that of the first sent MESSAGE request
      And [13] their Contribution-ID values all differ
      And [13] its Contribution-ID is newly generated

    Scenario: Two conversations with Bob
      When Alice sends "One" to Bob
      Then the SUT sends a MESSAGE request to the IMS core
      And [12] its Conversation-ID is newly generated
      When Alice sends "Two" to Bob
      Then the SUT sends a MESSAGE request to the IMS core
      And [12] its Conversation-ID is newly generated
      And [13] its Contribution-ID is newly generated

    @ics-restart
    Scenario: A conversation after a restart
      When Alice sends "One" to Bob
      Then the SUT sends a MESSAGE request to the IMS core
      When Alice restarts
      And Alice registers
      And Alice sends "Two" to Bob
      Then the SUT sends a MESSAGE request to the IMS core
      And [12] its Conversation-ID is newly generated
      And [13] its Contribution-ID is newly generated

    Scenario: A text in several scripts
      When Alice sends "{file utf8.txt}" to Bob
      Then the SUT sends a MESSAGE request to the IMS core
      And [15] its content is "{file utf8.txt}"

    @ics-image
    Scenario: Content that is no text
      When Alice sends "{file photo.jpg}" to Bob with
        | content type | image/jpeg |
      Then the SUT sends a MESSAGE request to the IMS core
      And [15] its content is "{file photo.jpg}"

    @ics-tel-uri
    Scenario: A telephone number
      When Alice sends "Lunch at noon?" to Bob with
        | to | tel:+1-555-555-0111 |
      Then the SUT sends a MESSAGE request to the IMS core
      And [9a] its Request-URI is "tel:+15555550111"
