# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.3.1.1, items 1 to 15.
@CONV-7.3.1.1 @sut-cpm-client @ics-session
Feature: 7.3.1.1 A client invites one user to a session

  The INVITE of a 1-1 session, step by step; what is done with its answer stands
  in a file of its own. Rulings: full ICSI on the wire (R-0-1); the user's
  address travels in P-Preferred-Identity (R-0-6); what else gives an anonymous
  user away warns (R-0-7); public GRUU or instance bind named sessions only
  (R-7.3.1.1-1); timer may be missing without Session-Expires (R-7.3.1.1-3).

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/sessions"

  Rule: Every session

    Background:
      Given Alice is registered

    Scenario: Alice invites Bob
      When Alice invites Bob to a CPM 1-1 Session
      Then [generate] the SUT sends 1 INVITE request to the IMS core
      And [generate] it is sent outside any dialog
      And [generate] it obeys RFC 3261 section 13.2.1
      And [1] its Request-URI is the address of Bob
      And [1] its To is the address of Bob
      And [2] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [3] its P-Preferred-Service is "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [3] it has no header field P-Asserted-Service
      And [4] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [5] its P-Preferred-Identity is the address of Alice
      And [5] it has no header field P-Asserted-Identity
      And [6] its User-Agent states the CPM release
      And [7-pub-gruu] it obeys RFC 5627 section 4.4
      And [8] its Privacy, if any, does not contain "none"
      And [9-timer] it obeys RFC 3261 section 20.37
      And [9-gruu] it obeys RFC 3261 section 20.37
      And [10] it obeys RFC 4028 section 7.1
      And [10] its Session-Expires;refresher is "uac"
      And [11] its Conversation-ID is newly generated
      And [12] its Contribution-ID is newly generated
      And [13] it has no header field InReplyTo-Contribution-ID
      And [15] it obeys TS 24.229
      And [15] it obeys RFC 3261 section 17.1
      And [CONV-7-useragent] its User-Agent states the CPM release

    Scenario: Two sessions at a time
      When Alice invites Bob to a CPM 1-1 Session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends an ACK request to the IMS core
      When Alice invites Carol to a CPM 1-1 Session
      Then [generate] the SUT sends 1 INVITE request to the IMS core
      And [generate] it is sent outside any dialog
      And [generate] it obeys RFC 3261 section 13.2.1
      And [generate] its Call-ID is newly generated
      And [1] its Request-URI is the address of Carol
      And [11] its Conversation-ID is newly generated
      And [12] its Contribution-ID is newly generated

    Scenario: A session after another one with Bob
      When Alice invites Bob to a CPM 1-1 Session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends an ACK request to the IMS core
      When Alice ends the session
      Then the SUT sends a BYE request to the IMS core
      When Alice invites Bob to a CPM 1-1 Session
      Then [generate] the SUT sends 1 INVITE request to the IMS core
      And [generate] its Call-ID is newly generated
      And [11] its Conversation-ID is newly generated
      And [12] its Contribution-ID is newly generated

    Scenario Outline: <who> is invited
      When Alice invites Bob to a CPM 1-1 Session with
        | to | <address> |
      Then the SUT sends an INVITE request to the IMS core
      And [1] its Request-URI is "<address>"
      And [15] it obeys TS 24.229

      Examples:
        | who                                        | address                                   |
        | Somebody of another domain with odd letters | sip:frank%20o'hara@elsewhere.example.org |

      @ics-tel-uri
      Examples:
        | who                | address             |
        | A telephone number | tel:+1-555-555-0111 |

  Rule: What Alice asks for

    Background:
      Given Alice is registered

    Scenario: She stays anonymous
      When Alice invites Bob to a CPM 1-1 Session with
        | anonymous | yes |
      Then the SUT sends an INVITE request to the IMS core
      And [8] its Privacy contains "id"
      And [8] it obeys RFC 3323
      And [2] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [4] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [5] its P-Preferred-Identity is the address of Alice
      And [6] its User-Agent states the CPM release
      And [7-temp-gruu] it obeys RFC 5627 section 4.4

    @ics-several-addresses
    Scenario: She uses her second address
      When Alice invites Bob to a CPM 1-1 Session with
        | from | {alice.other} |
      Then the SUT sends an INVITE request to the IMS core
      And [5] its P-Preferred-Identity is "{alice.other}"

    Scenario: She goes on with a conversation of her own
      When Alice invites Bob to a CPM 1-1 Session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends an ACK request to the IMS core
      When Alice ends the session
      Then the SUT sends a BYE request to the IMS core
      When Alice invites Bob to a CPM 1-1 Session with
        | conversation | same |
      Then the SUT sends an INVITE request to the IMS core
      And [11-else] its Conversation-ID equals that of the first sent INVITE request
      And [12] its Contribution-ID is newly generated

    Scenario Outline: She answers <what>
      Given Alice has received "<what>"
      When Alice invites Bob to a CPM 1-1 Session with
        | in reply to  | yes  |
        | conversation | same |
      Then the SUT sends an INVITE request to the IMS core
      And [13] its InReplyTo-Contribution-ID is the Contribution-ID of the received <method> request
      And [11-else] its Conversation-ID equals that of the received <method> request
      And [12] its Contribution-ID is newly generated

      @ics-msg
      Examples:
        | what      | method  |
        | a message | MESSAGE |

      @ics-largemsg
      Examples:
        | what            | method |
        | a large message | INVITE |

    Scenario: She answers an invitation that she rejected
      When Bob sends "an invitation"
      And Alice rejects the invitation
      Then the SUT answers 603 to the received INVITE request
      When Alice invites Bob to a CPM 1-1 Session with
        | in reply to  | yes  |
        | conversation | same |
      Then the SUT sends an INVITE request to the IMS core
      And [13] its InReplyTo-Contribution-ID is the Contribution-ID of the received INVITE request
      And [11-else] its Conversation-ID equals that of the received INVITE request

  @ics-gruu
  Rule: How the device is named

    Scenario Outline: The registrar grants <what>
      Given Alice is registered with
        | gruu | <gruu> |
      When Alice invites Bob to a CPM 1-1 Session
      Then the SUT sends an INVITE request to the IMS core
      And [7-pub-gruu] it obeys RFC 5627 section 4.4
      And [9-gruu] it obeys RFC 3261 section 20.37

      Examples:
        | what     | gruu |
        | GRUUs    | yes  |
        | no GRUUs | no   |

    Scenario Outline: Alice stays anonymous, and the registrar grants <what>
      Given Alice is registered with
        | gruu | <gruu> |
      When Alice invites Bob to a CPM 1-1 Session with
        | anonymous | yes |
      Then the SUT sends an INVITE request to the IMS core
      And [7-temp-gruu] it obeys RFC 5627 section 4.4

      Examples:
        | what     | gruu |
        | GRUUs    | yes  |
        | no GRUUs | no   |

    @ics-restart
    Scenario: The instance stays the same
      Given Alice is registered with
        | gruu | no |
      When Alice restarts
      And Alice registers
      Then the SUT sends a REGISTER request to the IMS core
      When Alice invites Bob to a CPM 1-1 Session
      Then the SUT sends an INVITE request to the IMS core
      And [7-pub-gruu] it obeys RFC 5627 section 4.4

    @ics-restart
    Scenario: A temporary GRUU of an earlier registration is void
      Given Alice is registered with
        | gruu | yes |
      When Alice restarts
      And Alice registers
      Then the SUT sends a REGISTER request to the IMS core
      When Alice invites Bob to a CPM 1-1 Session with
        | anonymous | yes |
      Then the SUT sends an INVITE request to the IMS core
      And [7-temp-gruu] it obeys RFC 5627 section 4.4

  Rule: What the session offers

    Background:
      Given Alice is registered

    Scenario: A chat
      When Alice invites Bob to a CPM 1-1 Session
      Then the SUT sends an INVITE request to the IMS core
      And [14] its body is an SDP offer
      And [14] it obeys RFC 3264
      And [14] it obeys RFC 4975 section 8.1
      And [14] it obeys RFC 4975 section 8.2
      And [14] its SDP accept-types contains "message/cpim"
      And [14] it obeys RFC 4975 section 8.6
      And [14] it obeys RFC 6135
      And [14] its SDP direction, if any, is "sendrecv"

    @ics-msrps
    Scenario: A chat over TLS
      Given the SUT is provisioned with
        | media-transport | tls |
      When Alice invites Bob to a CPM 1-1 Session
      Then the SUT sends an INVITE request to the IMS core
      And [14] its SDP proto is "TCP/TLS/MSRP"
      And [14] it obeys RFC 3264
      And [14] it obeys RFC 4975 section 8.1

  Rule: The network does not take the INVITE at once

    Background:
      Given Alice is registered

    @ics-digest
    Scenario: The core wants to know who it is
      Given the IMS core will answer 407
      When Alice invites Bob to a CPM 1-1 Session
      Then the SUT sends an INVITE request to the IMS core
      And [15] the SUT sends an INVITE request to the IMS core
      And [15] it obeys RFC 3261 section 22
      And [15] it obeys TS 24.229
      And [15] its CSeq is one more than that of the first sent INVITE request
      And [2] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [3] its P-Preferred-Service is "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [4] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [5] its P-Preferred-Identity is the address of Alice
      And [6] its User-Agent states the CPM release
      And [11] it has header field Conversation-ID
      And [12] it has header field Contribution-ID
      And [14] its body is an SDP offer

    Scenario: The core wants a longer session interval
      Given the IMS core will answer 422 with
        | Min-SE | 3600 |
      When Alice invites Bob to a CPM 1-1 Session
      Then the SUT sends an INVITE request to the IMS core
      And [10] the SUT may send an INVITE request to the IMS core
      And [10] its Session-Expires;refresher is "uac"
      And [10] it obeys RFC 4028 section 7.1
      And [2] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [3] its P-Preferred-Service is "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [4] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [5] its P-Preferred-Identity is the address of Alice
      And [6] its User-Agent states the CPM release
      And [11] it has header field Conversation-ID
      And [12] it has header field Contribution-ID
      And [14] its body is an SDP offer
