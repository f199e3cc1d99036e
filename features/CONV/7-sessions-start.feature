# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.
@CONV-7 @sut-cpm-client @ics-session
Feature: 7 Which procedure a CPM Client takes: a session starts

  The kind of session decides where the INVITE goes; its service is that of
  sessions in every case. What else stands in it is judged by 7.3.1.

  Background:
    Given the SUT is a CPM Client serving Alice

  Rule: A new session

    Background:
      Given the network of "cpm-client/sessions"
      And Alice is registered

    Scenario: With Carol
      When Alice invites Carol to a CPM 1-1 Session
      Then [session] the SUT sends 1 INVITE request to the IMS core
      And [session] its Request-URI is the address of Carol
      And [session] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"

    @ics-adhoc-groups
    Scenario: With a group that Alice puts together
      When Alice invites Bob, Carol to a CPM Group Session
      Then [session] the SUT sends 1 INVITE request to the IMS core
      And [session] its Request-URI is the address of the Controlling Function

    @ics-predefined-groups
    Scenario: With a group that the network keeps
      When Alice invites the Lunch Group to a CPM Group Session
      Then [session] the SUT sends 1 INVITE request to the IMS core
      And [session] its Request-URI is the address of the Lunch Group

    @ics-join-in-group
    Scenario: With a group that Alice joins
      When Alice joins the Lobby
      Then [session] the SUT sends 1 INVITE request to the IMS core
      And [session] its Request-URI is the address of the Lobby

  @ics-rejoin
  Rule: An earlier session

    Background:
      Given the network of "cpm-client/rejoining"
      And Alice is registered

    Scenario: Alice comes back
      Given a CPM Group Session is established between Alice and the Controlling Function
      When Alice ends the session
      Then the SUT sends a BYE request to the IMS core
      When Alice rejoins the session
      Then [session] the SUT sends 1 INVITE request to the IMS core
      And [session] its Request-URI is the Contact of the received 200 response to the first sent INVITE request
