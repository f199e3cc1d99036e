# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.3.1.3, items 1 to 10.
@CONV-7.3.1.3 @sut-cpm-client @ics-session @ics-predefined-groups
Feature: 7.3.1.3 A client opens the session of a group that the network keeps

  The INVITE goes to the address of the pre-defined group, without a list of
  users. Rulings: the service is that of sessions, with "oma" in it; the literal
  text of the source alone fails (R-7.3.1.3-1); the address and the device are
  only recorded (R-7.3.1.2-1).

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/sessions"
    And Alice is registered

  Rule: Every session

    Scenario: Alice opens the session of the Lunch Group
      When Alice invites the Lunch Group to a CPM Group Session
      Then [generate] the SUT sends 1 INVITE request to the IMS core
      And [generate] it is sent outside any dialog
      And [generate] it obeys RFC 3261 section 13.2.1
      And [1] its Request-URI is the address of the Lunch Group
      And [1] its To is the address of the Lunch Group
      And [2] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [3] its P-Preferred-Service is "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [3] it has no header field P-Asserted-Service
      And [4] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [5] its Privacy, if any, does not contain "none"
      And [6] its Conversation-ID is newly generated
      And [7] its Contribution-ID is newly generated
      And [8] it has no header field InReplyTo-Contribution-ID
      And [10] it obeys TS 24.229
      And [10] it obeys RFC 3261 section 17.1
      And [CONV-7-useragent] its User-Agent states the CPM release

    Scenario: Twice in a row
      When Alice invites the Lunch Group to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends an ACK request to the IMS core
      When Alice ends the session
      Then the SUT sends a BYE request to the IMS core
      When Alice invites the Lunch Group to a CPM Group Session
      Then [generate] the SUT sends 1 INVITE request to the IMS core
      And [generate] it is sent outside any dialog
      And [generate] it obeys RFC 3261 section 13.2.1
      And [generate] its Call-ID is newly generated
      And [6] its Conversation-ID is newly generated
      And [7] its Contribution-ID is newly generated

    Scenario: Another group of the network
      When Alice invites the Lunch Group to a CPM Group Session with
        | to | {lobby} |
      Then the SUT sends an INVITE request to the IMS core
      And [1] its Request-URI is the address of the Lobby

  Rule: What Alice asks for

    Scenario: She stays anonymous
      When Alice invites the Lunch Group to a CPM Group Session with
        | anonymous | yes |
      Then the SUT sends an INVITE request to the IMS core
      And [5] its Privacy contains "id"
      And [5] it obeys RFC 3323

    Scenario: She goes on with a conversation of her own
      When Alice invites the Lunch Group to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends an ACK request to the IMS core
      When Alice ends the session
      Then the SUT sends a BYE request to the IMS core
      When Alice invites the Lunch Group to a CPM Group Session with
        | conversation | same |
      Then the SUT sends an INVITE request to the IMS core
      And [6-else] its Conversation-ID equals that of the first sent INVITE request
      And [7] its Contribution-ID is newly generated

    Scenario Outline: She answers <what>
      Given Alice has received "<what>"
      When Alice invites the Lunch Group to a CPM Group Session with
        | in reply to  | yes  |
        | conversation | same |
      Then the SUT sends an INVITE request to the IMS core
      And [8] its InReplyTo-Contribution-ID is the Contribution-ID of the received <method> request
      And [6-else] its Conversation-ID equals that of the received <method> request
      And [7] its Contribution-ID is newly generated

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
      When Alice invites the Lunch Group to a CPM Group Session with
        | in reply to  | yes  |
        | conversation | same |
      Then the SUT sends an INVITE request to the IMS core
      And [8] its InReplyTo-Contribution-ID is the Contribution-ID of the received INVITE request

  Rule: What the session offers

    Scenario: A chat
      When Alice invites the Lunch Group to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And [9] its body is an SDP offer
      And [9] it obeys RFC 3264
      And [9] it obeys RFC 4975 section 8.1
      And [9] it obeys RFC 4975 section 8.2
      And [9] its SDP accept-types contains "message/cpim"
      And [9] it obeys RFC 4975 section 8.6
      And [9] it obeys RFC 6135
      And [9] its SDP direction, if any, is "sendrecv"

  Rule: The network does not take the INVITE at once

    @ics-digest
    Scenario: The core wants to know who it is
      Given the IMS core will answer 407
      When Alice invites the Lunch Group to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And [10] the SUT sends an INVITE request to the IMS core
      And [10] it obeys RFC 3261 section 22
      And [10] it obeys TS 24.229
      And [10] its CSeq is one more than that of the first sent INVITE request
      And [2] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [3] its P-Preferred-Service is "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [4] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [6] it has header field Conversation-ID
      And [7] it has header field Contribution-ID
      And [9] its body is an SDP offer
