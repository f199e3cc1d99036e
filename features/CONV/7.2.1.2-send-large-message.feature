# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.1.2, items 1 to 18.
@CONV-7.2.1.2 @sut-cpm-client @ics-largemsg
Feature: 7.2.1.2 A client announces a large message by an INVITE

  A CPM Client sends what is above 1300 bytes in an MSRP session that it opens
  for it. What the INVITE offers, how the other side's answer is taken and how
  the message travels stand in files of their own under the same tag.

  Ruling R-7.2.1.1-2 says what 1300 bytes are. Ruling R-7.2.1.2-9: where the
  INVITE is refused, only its ACK is judged. Ruling H-11: what Session-Expires
  says wrongly is warned about.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/large-message"
    And Alice is registered

  Rule: Every large message

    Scenario: Alice writes a long text to Bob
      When Alice sends "{text 5000}" to Bob
      Then [intro] the SUT sends an INVITE request to the IMS core
      And [intro] it is sent outside any dialog
      And [intro] it obeys RFC 3261 section 13.2.1
      And [1] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.largemsg"
      And [2] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.largemsg"
      And [3] its P-Preferred-Service is "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.largemsg"
      And [3] it has no header field P-Asserted-Service
      And [4] its P-Preferred-Identity, if any, is the address of Alice
      And [6] its User-Agent states the CPM release
      And [7] its Privacy, if any, does not contain "id"
      And [9a] its Request-URI is the address of Bob
      And [12] its Supported contains "timer"
      And [13] its Session-Expires;refresher is "uac"
      And [13] it obeys RFC 4028 section 7.1
      And [14] its Conversation-ID is newly generated
      And [15] its Contribution-ID is newly generated
      And [16] it has no header field InReplyTo-Contribution-ID
      And [18] it obeys TS 24.229

    Scenario Outline: A text of <size> bytes
      When Alice sends "{text <size>}" to Bob
      Then [intro] the SUT sends 1 INVITE request to the IMS core
      And [intro] it obeys RFC 3261 section 13.2.1
      And [intro] the SUT sends no MESSAGE request to the IMS core

      Examples: above 1300 bytes large message mode is a must
        | size    |
        | 1301    |
        | 1000000 |

    @ics-msg
    Scenario Outline: A text of <size> bytes may travel either way
      When Alice sends "{text <size>}" to Bob
      Then [7.2.1.1-intro] the SUT sends 1 MESSAGE or INVITE request to the IMS core

      Examples: from 400 to 1300 bytes both modes will do
        | size |
        | 400  |
        | 1300 |

    Scenario: Two conversations with Bob
      When Alice sends "{text 5000}" to Bob
      Then the SUT sends an INVITE request to the IMS core
      When Alice sends "{text 5000}" to Bob
      Then the SUT sends an INVITE request to the IMS core
      And [intro] it is sent outside any dialog
      And [14] its Conversation-ID is newly generated
      And [15] its Contribution-ID is newly generated

    Scenario Outline: The conversation goes on after <what>
      When Alice sends "<first>" to Bob
      Then the SUT sends <kind> to the IMS core
      When Alice sends "{text 5000}" to Bob with
        | conversation | same |
      Then the SUT sends an INVITE request to the IMS core
      And [14existing] its Conversation-ID equals that of the first sent <method> request
      And [15] its Contribution-ID is newly generated

      Examples:
        | what            | first       | kind              | method |
        | a large message | {text 5000} | an INVITE request | INVITE |

      @ics-msg
      Examples:
        | what         | first | kind              | method  |
        | a short text | Hello | a MESSAGE request | MESSAGE |

    @ics-tel-uri
    Scenario: A telephone number
      When Alice sends "{text 5000}" to Bob with
        | to | tel:+1-555-555-0111 |
      Then the SUT sends an INVITE request to the IMS core
      And [9a] its Request-URI is "tel:+15555550111"

  Rule: The network does not take the INVITE at once

    @ics-digest
    Scenario: The core wants to know who it is
      Given the IMS core will answer 407
      When Alice sends "{text 5000}" to Bob
      Then the SUT sends an INVITE request to the IMS core
      And [intro] the SUT sends an INVITE request to the IMS core
      And [intro] it obeys RFC 3261 section 22
      And [intro] it obeys RFC 3261 section 13.2.1
      And [intro] its CSeq is one more than that of the first sent INVITE request

    Scenario: The core wants a longer session interval
      Given the IMS core will answer 422 with
        | Min-SE | 3600 |
      When Alice sends "{text 5000}" to Bob
      Then the SUT sends an INVITE request to the IMS core
      And [13] the SUT may send an INVITE request to the IMS core
      And [13] its Session-Expires;refresher is "uac"
      And [13] it obeys RFC 4028 section 7.1

    Scenario Outline: The answer is <status>
      Given the IMS core will answer <status>
      When Alice sends "{text 5000}" to Bob
      Then the SUT sends an INVITE request to the IMS core
      And [intro] the SUT sends an ACK request to the IMS core
      And [intro] it obeys RFC 3261 section 17.1.1.3

      Examples:
        | status |
        | 302    |
        | 403    |
        | 486    |
        | 503    |
        | 603    |
