# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.3.1.5, items 1 to 11.
@CONV-7.3.1.5 @sut-cpm-client @ics-session @ics-adhoc-groups @ics-rejoin
Feature: 7.3.1.5 A client returns to a long-lived group session

  A new dialog under the old identity, conversation and contribution. Rulings:
  the target is the stored group session identity (R-7.3.1.5-1); the restart
  after 403 or 404 has a new Contribution-ID (R-7.3.1.5-2); the same kinds of
  media, all else fresh (R-7.3.1.5-3); the connected participants
  (R-7.3.1.5-4); one dialog is left after glare (R-7.3.1.5-5).

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/rejoining"
    And Alice is registered
    And a CPM Group Session is established between Alice and the Controlling Function

  Rule: Every return

    Background:
      When Alice ends the session
      Then the SUT sends a BYE request to the IMS core

    Scenario: Alice comes back
      When Alice rejoins the session
      Then [generate] the SUT sends 1 INVITE request to the IMS core
      And [generate] it is sent outside any dialog
      And [generate] it obeys RFC 3261 section 13.2.1
      And [generate] its Call-ID is newly generated
      And [1] it obeys RFC 4579
      And [1] its To is the Contact of the received 200 response to the first sent INVITE request
      And [2] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [3] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [4] its P-Preferred-Service is "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [4] it has no header field P-Asserted-Service
      And [5] its P-Preferred-Identity is the address of Alice
      And [5] it has no header field P-Asserted-Identity
      And [6] its User-Agent states the CPM release
      And [7] its Privacy, if any, does not contain "none"
      And [8] its Conversation-ID equals that of the first sent INVITE request
      And [9] its Contribution-ID equals that of the first sent INVITE request
      And [11] it obeys TS 24.229
      And [11] it obeys RFC 3261 section 17.1

    Scenario: She stays anonymous
      When Alice rejoins the session with
        | anonymous | yes |
      Then the SUT sends an INVITE request to the IMS core
      And [7] its Privacy contains "id"
      And [7] it obeys RFC 3323
      And [5] its P-Preferred-Identity is the address of Alice

  Rule: What the session offers

    Background:
      When the Controlling Function sends "the end of the subscription: noresource"
      Then the SUT answers 200 to the received NOTIFY request
      When the Controlling Function sends "a goodbye"
      Then the SUT answers 200 to the received BYE request

    Scenario: A chat
      When Alice rejoins the session
      Then the SUT sends an INVITE request to the IMS core
      And [10] its body is an SDP offer
      And [10] it obeys RFC 3264 section 5
      And [10] it obeys RFC 4975 section 8.1
      And [10] it obeys RFC 4975 section 8.2
      And [10] its SDP accept-types contains "message/cpim"
      And [10] it obeys RFC 4975 section 8.6
      And [10] it obeys RFC 6135
      And [10] its SDP direction, if any, is "sendrecv"
      And [10] its SDP proto equals that of the first sent INVITE request
      And [10] its SDP path is newly generated

  Rule: The network does not take the INVITE at once

    Background:
      When the Controlling Function sends "the end of the subscription: noresource"
      Then the SUT answers 200 to the received NOTIFY request
      When the Controlling Function sends "a goodbye"
      Then the SUT answers 200 to the received BYE request

    @ics-digest
    Scenario: The core wants to know who it is
      Given the IMS core will answer 407
      When Alice rejoins the session
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
      And [8] its Conversation-ID equals that of the first sent INVITE request
      And [9] its Contribution-ID equals that of the first sent INVITE request
      And [10] its body is an SDP offer

  Rule: How she was parted from it

    Scenario: The focus ended her participation
      When the Controlling Function sends "a goodbye"
      Then the SUT answers 200 to the received BYE request
      When Alice rejoins the session
      Then [generate] the SUT sends 1 INVITE request to the IMS core
      And [generate] it is sent outside any dialog
      And [1] its Request-URI is the Contact of the received 200 response to the first sent INVITE request
      And [8] its Conversation-ID equals that of the first sent INVITE request
      And [9] its Contribution-ID equals that of the first sent INVITE request

    Scenario: She had been invited
      When the Controlling Function sends "the end of the subscription: noresource"
      Then the SUT answers 200 to the received NOTIFY request
      When the Controlling Function sends "a goodbye"
      Then the SUT answers 200 to the received BYE request
      Given Alice has accepted "a group invitation"
      When Alice ends the session
      Then the SUT sends a BYE request to the IMS core
      When Alice rejoins the session
      Then the SUT sends an INVITE request to the IMS core
      And [1] its Request-URI is the Contact of the received INVITE request
      And [8] its Conversation-ID equals that of the received INVITE request
      And [9] its Contribution-ID equals that of the received INVITE request
