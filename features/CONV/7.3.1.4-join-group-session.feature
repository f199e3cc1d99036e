# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.3.1.4, items 1 to 11.
@CONV-7.3.1.4 @sut-cpm-client @ics-session @ics-join-in-group
Feature: 7.3.1.4 A client joins the session of a join-in group

  Joining always opens a new conversation under the client's own identifiers,
  which those of the 200 response replace (R-7.3.1.4-1). Rulings: the user's
  address travels in P-Preferred-Identity (R-0-6); that a group may refuse
  anonymity binds the Controlling Function (R-0-8).

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/sessions"
    And Alice is registered

  Rule: Every session

    Scenario: Alice joins the Lobby
      When Alice joins the Lobby
      Then [generate] the SUT sends 1 INVITE request to the IMS core
      And [generate] it is sent outside any dialog
      And [generate] it obeys RFC 3261 section 13.2.1
      And [1] its Request-URI is the address of the Lobby
      And [1] its To is the address of the Lobby
      And [2] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [3] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [4] its P-Preferred-Service is "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [4] it has no header field P-Asserted-Service
      And [5] its P-Preferred-Identity is the address of Alice
      And [5] it has no header field P-Asserted-Identity
      And [6] its User-Agent states the CPM release
      And [7] its Privacy, if any, does not contain "none"
      And [8] its Conversation-ID is newly generated
      And [9] its Contribution-ID is newly generated
      And [11] it obeys TS 24.229
      And [11] it obeys RFC 3261 section 17.1

    Scenario: She joins it again
      When Alice joins the Lobby
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends an ACK request to the IMS core
      When Alice ends the session
      Then the SUT sends a BYE request to the IMS core
      When Alice joins the Lobby
      Then [generate] the SUT sends 1 INVITE request to the IMS core
      And [generate] it is sent outside any dialog
      And [generate] it obeys RFC 3261 section 13.2.1
      And [generate] its Call-ID is newly generated
      And [8] its Conversation-ID is newly generated
      And [9] its Contribution-ID is newly generated

    Scenario: She joins another group
      When Alice joins the Lunch Group
      Then the SUT sends an INVITE request to the IMS core
      And [1] its Request-URI is the address of the Lunch Group

  Rule: What Alice asks for

    Scenario: She stays anonymous
      When Alice joins the Lobby with
        | anonymous | yes |
      Then the SUT sends an INVITE request to the IMS core
      And [7] its Privacy contains "id"
      And [7] it obeys RFC 3323
      And [5] its P-Preferred-Identity is the address of Alice

    Scenario: The group refuses the anonymous
      Given the Lobby will answer 403
      When Alice joins the Lobby with
        | anonymous | yes |
      Then the SUT sends an INVITE request to the IMS core
      And [7] its Privacy contains "id"
      And [11] the SUT sends an ACK request to the IMS core
      And [11] it obeys RFC 3261 section 17.1.1.3

  Rule: What the session offers

    Scenario: A chat
      When Alice joins the Lobby
      Then the SUT sends an INVITE request to the IMS core
      And [10] its body is an SDP offer
      And [10] it obeys RFC 3264
      And [10] it obeys RFC 4975 section 8.1
      And [10] it obeys RFC 4975 section 8.2
      And [10] its SDP accept-types contains "message/cpim"
      And [10] it obeys RFC 4975 section 8.6
      And [10] it obeys RFC 6135
      And [10] its SDP direction, if any, is "sendrecv"

  Rule: The network does not take the INVITE at once

    @ics-digest
    Scenario: The core wants to know who it is
      Given the IMS core will answer 407
      When Alice joins the Lobby
      Then the SUT sends an INVITE request to the IMS core
      And [11] the SUT sends an INVITE request to the IMS core
      And [11] it obeys RFC 3261 section 22
      And [11] it obeys TS 24.229
      And [11] its CSeq is one more than that of the first sent INVITE request
      And [2] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [3] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [4] its P-Preferred-Service is "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [5] its P-Preferred-Identity is the address of Alice
      And [6] its User-Agent states the CPM release
      And [8] it has header field Conversation-ID
      And [9] it has header field Contribution-ID
      And [10] its body is an SDP offer
