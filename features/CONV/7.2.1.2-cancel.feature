# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.1.2, behind item 18.
@CONV-7.2.1.2 @sut-cpm-client @ics-largemsg
Feature: 7.2.1.2 A client cancels a large message

  As long as no final response has come, the delivery is cancelled by CANCEL;
  RFC 3261, 9.1 holds it back until a provisional response is there. Carol lets
  her phone ring before she answers; Dave answers at once.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/large-message"
    And Alice is registered

  Rule: No final response has come

    Scenario: Carol's phone rings
      When Alice sends "{text 5000}" to Carol
      Then the SUT sends an INVITE request to the IMS core
      When Alice cancels the message
      Then [cancel] the SUT sends a CANCEL request to the IMS core
      And [cancel] it obeys RFC 3261 section 9.1
      And [cancel] the SUT sends an ACK request to the IMS core
      And [cancel] it obeys RFC 3261 section 17.1.1.3
      And [cancel] the SUT sends no INVITE request to the IMS core
      And [cancel] the media plane stays down

    Scenario: Nothing has been heard of Carol yet
      Given Carol behaves as "slow to ring"
      When Alice sends "{text 5000}" to Carol
      Then the SUT sends an INVITE request to the IMS core
      When Alice cancels the message
      Then [cancel] the SUT sends a CANCEL request to the IMS core
      And [cancel] it comes after the received 180 response to the sent INVITE request
      And [cancel] it obeys RFC 3261 section 9.1

  Rule: The final response comes all the same

    Scenario: It crosses the cancellation
      Given Carol behaves as "answering all the same"
      When Alice sends "{text 5000}" to Carol
      Then the SUT sends an INVITE request to the IMS core
      When Alice cancels the message
      Then [cancel] the SUT sends a CANCEL request to the IMS core
      And [cancel] the SUT sends an ACK request to the IMS core
      And [cancel] it is sent within the session
      And [cancel] the SUT sends a BYE request to the IMS core
      And [cancel] it is sent within the session

    Scenario: It has come already
      Given Dave behaves as "reading slowly"
      When Alice sends "{text 100000}" to Dave
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends an ACK request to the IMS core
      When Alice cancels the message
      Then [cancel] the SUT sends a BYE request to the IMS core
      And [cancel] it is sent within the session
      And [cancel] the SUT sends no CANCEL request to the IMS core
