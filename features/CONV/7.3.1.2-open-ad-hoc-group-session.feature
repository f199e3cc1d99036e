# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.3.1.2, items 1 to 13.
@CONV-7.3.1.2 @sut-cpm-client @ics-session @ics-adhoc-groups
Feature: 7.3.1.2 A client invites several users to a session

  The INVITE goes to the Controlling Function with the list of who is invited.
  Rulings: list and SDP travel in multipart/mixed (R-0-13), the list as RFC 5366
  wants it (R-0-14, H-2), with everybody in it (R-0-15); the limit is judged well
  off its border (R-0-16); the address and the device are only recorded
  (R-7.3.1.2-1); a closed group has the token of the IXIT (R-7.3.1.2-2).

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/sessions"
    And Alice is registered

  Rule: Every session

    Scenario: Alice invites Bob and Carol
      When Alice invites Bob, Carol to a CPM Group Session
      Then [generate] the SUT sends 1 INVITE request to the IMS core
      And [generate] it is sent outside any dialog
      And [generate] it obeys RFC 3261 section 13.2.1
      And [1] its Request-URI is the address of the Controlling Function
      And [2] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [3] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [4] its P-Preferred-Service is "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [4] it has no header field P-Asserted-Service
      And [5] its body lists
        | Bob   |
        | Carol |
      And [5] it obeys RFC 5366
      And [7] its Privacy, if any, does not contain "none"
      And [8] its Conversation-ID is newly generated
      And [9] its Contribution-ID is newly generated
      And [10] it has no header field InReplyTo-Contribution-ID
      And [11] its body has the parts
        | application/sdp                |
        | application/resource-lists+xml |
      And [13] it obeys TS 24.229
      And [13] it obeys RFC 3261 section 17.1
      And [CONV-7-useragent] its User-Agent states the CPM release

    Scenario: Two sessions with the same users
      When Alice invites Bob, Carol to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends an ACK request to the IMS core
      When Alice invites Bob, Carol to a CPM Group Session
      Then [generate] the SUT sends 1 INVITE request to the IMS core
      And [generate] it is sent outside any dialog
      And [generate] it obeys RFC 3261 section 13.2.1
      And [generate] its Call-ID is newly generated
      And [8] its Conversation-ID is newly generated
      And [9] its Contribution-ID is newly generated

    Scenario: Another Controlling Function is provisioned
      Given the SUT is provisioned with
        | controlling-function | sip:conferences@example.com;zone=b |
      When Alice invites Bob, Carol to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And [1] its Request-URI is "sip:conferences@example.com;zone=b"

    Scenario: Nobody is invited directly
      When Alice invites Bob, Carol to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And [1] its Request-URI is the address of the Controlling Function
      And [1] the SUT sends no INVITE request to the IMS core

  Rule: Who is invited

    Scenario: One user
      When Alice invites Bob to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And [1] its Request-URI is the address of the Controlling Function
      And [5] its body lists
        | Bob |
      And [5] it obeys RFC 5366

    Scenario Outline: Users <of what kind>
      When Alice invites Bob, Carol to a CPM Group Session with
        | to | <users> |
      Then the SUT sends an INVITE request to the IMS core
      And [5] its body lists
        | <first>  |
        | <second> |
      And [5] it obeys RFC 5366

      Examples:
        | of what kind       | users                                                            | first               | second                 |
        | that need escaping | sip:a&b@example.com, sip:o'hara@example.com                      | sip:a&b@example.com | sip:o'hara@example.com |
        | named twice        | sip:bob@example.com, sip:carol@example.com, sip:bob@example.com  | sip:bob@example.com | sip:carol@example.com  |

      @ics-tel-uri
      Examples:
        | of what kind | users                                 | first               | second           |
        | with numbers | sip:bob@example.com, tel:+15555550111 | sip:bob@example.com | tel:+15555550111 |

    Scenario: More than may be
      Given the SUT is provisioned with
        | max-participants | 3 |
      When Alice invites Bob, Carol to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      When Alice invites Bob, Carol to a CPM Group Session with
        | to | sip:a@example.com, sip:b@example.com, sip:c@example.com, sip:d@example.com, sip:e@example.com, sip:f@example.com |
      Then [6] the SUT sends no INVITE request to the IMS core
      And [6-notify] Alice is shown a notice with
        | code | too-many-participants |

    Scenario: As many as may be, with room to spare
      Given the SUT is provisioned with
        | max-participants | 10 |
      When Alice invites Bob, Carol to a CPM Group Session with
        | to | sip:a@example.com, sip:b@example.com, sip:c@example.com, sip:d@example.com, sip:e@example.com, sip:f@example.com |
      Then [6] the SUT sends 1 INVITE request to the IMS core
      And [6-notify] Alice is not shown a notice with
        | code | too-many-participants |

  Rule: What Alice asks for

    Scenario: She stays anonymous
      When Alice invites Bob, Carol to a CPM Group Session with
        | anonymous | yes |
      Then the SUT sends an INVITE request to the IMS core
      And [7] its Privacy contains "id"
      And [7] it obeys RFC 3323
      And [2] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [3] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [5] its body lists
        | Bob   |
        | Carol |

    @ics-closed-group
    Scenario: The group is closed
      When Alice invites Bob, Carol to a CPM Group Session with
        | closed | yes |
      Then the SUT sends an INVITE request to the IMS core
      And [12] it has header field SDP chatroom
      And [12] it obeys RFC 7701

    @ics-closed-group
    Scenario: The group is open
      When Alice invites Bob, Carol to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And [12] its SDP chatroom, if any, does not contain "{closed group token}"

    Scenario: She goes on with a conversation of her own
      When Alice invites Bob, Carol to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends an ACK request to the IMS core
      When Alice ends the session
      Then the SUT sends a BYE request to the IMS core
      When Alice invites Bob, Carol to a CPM Group Session with
        | conversation | same |
      Then the SUT sends an INVITE request to the IMS core
      And [8-else] its Conversation-ID equals that of the first sent INVITE request
      And [9] its Contribution-ID is newly generated

    Scenario Outline: She answers <what>
      Given Alice has received "<what>"
      When Alice invites Bob, Carol to a CPM Group Session with
        | in reply to  | yes  |
        | conversation | same |
      Then the SUT sends an INVITE request to the IMS core
      And [10] its InReplyTo-Contribution-ID is the Contribution-ID of the received <method> request
      And [8-else] its Conversation-ID equals that of the received <method> request
      And [9] its Contribution-ID is newly generated

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
      When Alice invites Bob, Carol to a CPM Group Session with
        | in reply to  | yes  |
        | conversation | same |
      Then the SUT sends an INVITE request to the IMS core
      And [10] its InReplyTo-Contribution-ID is the Contribution-ID of the received INVITE request

  Rule: What the session offers

    Scenario: A chat
      When Alice invites Bob, Carol to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And [11] its body is an SDP offer
      And [11] it obeys RFC 3264
      And [11] it obeys RFC 4975 section 8.1
      And [11] it obeys RFC 4975 section 8.2
      And [11] its SDP accept-types contains "message/cpim"
      And [11] it obeys RFC 4975 section 8.6
      And [11] it obeys RFC 6135
      And [11] its SDP direction, if any, is "sendrecv"

  Rule: The network does not take the INVITE at once

    @ics-digest
    Scenario: The core wants to know who it is
      Given the IMS core will answer 407
      When Alice invites Bob, Carol to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And [13] the SUT sends an INVITE request to the IMS core
      And [13] it obeys RFC 3261 section 22
      And [13] it obeys TS 24.229
      And [13] its CSeq is one more than that of the first sent INVITE request
      And [2] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [3] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [4] its P-Preferred-Service is "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [5] its body lists
        | Bob   |
        | Carol |
      And [8] it has header field Conversation-ID
      And [9] it has header field Contribution-ID
      And [11] its body is an SDP offer
