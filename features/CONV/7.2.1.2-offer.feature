# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.1.2, item 17.
@CONV-7.2.1.2 @sut-cpm-client @ics-largemsg
Feature: 7.2.1.2 What the INVITE of a large message offers

  One MSRP stream that only sends, opened by the client itself, with the size
  of what will travel.

  Ruling R-7.2.1.2-3: more types than message/cpim are warned about. Ruling
  R-7.2.1.2-4: wrapped types are "*" or a list; one without the type that is
  sent is warned about. Ruling R-7.2.1.2-5: the size is that of the content, the
  size of the CPIM object will do; a missing file-transfer-id is warned about.
  Ruling R-7.2.1.2-6: setup is active, whatever RFC 6135 prefers.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/large-message"
    And Alice is registered

  Rule: The offer

    Scenario: A text
      When Alice sends "{text 5000}" to Bob
      Then the SUT sends an INVITE request to the IMS core
      And [17] its body is an SDP offer
      And [17] it obeys RFC 3264
      And [17] it obeys RFC 4975 section 8.1
      And [17] it obeys RFC 5547
      And [17a] its SDP direction is "sendonly"
      And [17b] its SDP accept-types contains "message/cpim"
      And [17b] it obeys RFC 4975 section 8.6
      And [17c] it has header field SDP accept-wrapped-types
      And [17d] it obeys RFC 4975 section 8.2
      And [17e] it has header field SDP file-selector;size
      And [17f] its SDP setup is "active"
      And [on200-3] it has no header field SDP connection
      And [on200-3] it obeys RFC 6135 section 4.2

    Scenario: Two messages have two sessions
      When Alice sends "{text 5000}" to Bob
      Then the SUT sends an INVITE request to the IMS core
      When Alice sends "{text 5000}" to Bob
      Then the SUT sends an INVITE request to the IMS core
      And [17d] its SDP path is newly generated
      And [17d] it obeys RFC 4975 section 8.2

    @ics-msrps
    Scenario: MSRP over TLS
      Given the SUT is provisioned with
        | media-transport | tls |
      When Alice sends "{text 5000}" to Bob
      Then the SUT sends an INVITE request to the IMS core
      And [17] its SDP proto is "TCP/TLS/MSRP"
      And [17] it obeys RFC 3264
      And [17] it obeys RFC 4975 section 8.1
      And [17d] it obeys RFC 4975 section 8.2

  Rule: What is said about the content

    Scenario Outline: <what>
      When Alice sends "<content>" to Bob with
        | content type | <type> |
      Then the SUT sends an INVITE request to the IMS core
      And [17c-note] its SDP accept-wrapped-types contains "<kind>"
      And the SUT sends an MSRP message to Bob
      And [17e] it obeys RFC 5547 section 6

      Examples: the size is in octets, not in characters
        | what                      | content               | type                     | kind       |
        | A text                    | {text 5000}           | text/plain               | text/plain |
        | A text in several scripts | {file utf8-large.txt} | text/plain;charset=UTF-8 | text/plain |

      @ics-image
      Examples:
        | what      | content              | type      | kind      |
        | A picture | {file landscape.png} | image/png | image/png |
