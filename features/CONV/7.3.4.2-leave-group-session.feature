# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.3.4.2.
@CONV-7.3.4.2 @sut-cpm-client @ics-session @ics-adhoc-groups
Feature: 7.3.4.2 A client leaves a group session

  BYE goes to the group session identity inside the dialog of the INVITE. Rulings:
  the newest remote target passes, that of the set-up too (R-0-17); the Reason as
  in 7.3.4.1 (R-7.3.4.1-1); who cannot return is not judged by 5 (R-7.3.4.2-1).

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/chat"
    And Alice is registered

  Rule: The BYE

    Scenario: Of a group that Alice put together
      Given a CPM Group Session is established between Alice and the Controlling Function
      When Alice ends the session
      Then [4] the SUT sends 1 BYE request to the IMS core
      And [1] it is sent within the session
      And [1] its CSeq is one more than that of the sent INVITE request
      And [1] it obeys RFC 3261 section 15.1.1
      And [1-reason] its Reason;cause is "200"
      And [1-reason] it obeys RFC 3326
      And [2] it obeys RFC 4579
      And [3] its Privacy, if any, does not contain "none"

    @ics-predefined-groups
    Scenario: Of a group that the network keeps
      Given a CPM Group Session is established between Alice and the Controlling Function with
        | group | the Lunch Group |
      When Alice ends the session
      Then [4] the SUT sends 1 BYE request to the IMS core
      And [1] it is sent within the session
      And [2] it obeys RFC 4579

    Scenario: Of a group that Alice was invited to
      Given Alice has accepted "a group invitation"
      When Alice ends the session
      Then [4] the SUT sends 1 BYE request to the IMS core
      And [1] it is sent within the session
      And [2] it obeys RFC 4579

    Scenario: Alice stays anonymous
      Given a CPM Group Session is established between Alice and the Controlling Function
      When Alice ends the session with
        | anonymous | yes |
      Then [4] the SUT sends 1 BYE request to the IMS core
      And [3] its Privacy contains "id"
      And [3] it obeys RFC 3323

    @ics-digest
    Scenario: The core wants to know who it is
      Given the IMS core behaves as "asking who ends a session"
      And a CPM Group Session is established between Alice and the Controlling Function
      When Alice ends the session
      Then the SUT sends a BYE request to the IMS core
      And [4] the SUT sends a BYE request to the IMS core
      And [4] it obeys RFC 3261 section 22

  Rule: What is left

    @ics-rejoin
    Scenario: Alice comes back soon
      Given a CPM Group Session is established between Alice and the Controlling Function
      When Alice ends the session
      Then the SUT sends a BYE request to the IMS core
      When Alice rejoins the session
      Then the SUT sends an INVITE request to the IMS core
      And [5] its Request-URI is the Contact of the received 200 response to the first sent INVITE request
      And [5] its Conversation-ID equals that of the first sent INVITE request
      And [5] its Contribution-ID equals that of the first sent INVITE request

    Scenario: No media
      Given a CPM Group Session is established between Alice and the Controlling Function
      When Alice ends the session
      Then the SUT sends a BYE request to the IMS core
      And [6] the media plane stops

    Scenario: Another session goes on
      Given a CPM 1-1 Session is established between Alice and Bob
      And a CPM Group Session is established between Alice and the Controlling Function
      When Alice ends the session
      Then the SUT sends a BYE request to the IMS core
      And [6] Alice has 1 session open
      When Alice writes "Here as before" in the session
      Then [6] the SUT sends 1 MSRP message to Bob
