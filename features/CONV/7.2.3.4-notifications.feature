# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), sections 7.2.3.4.1 and 7.2.3.4.2.
@CONV-7.2.3.4.1 @sut-cpm-client @ics-deferred
Feature: 7.2.3.4 A client is notified of deferred messages

  Out of band a CPM Client is woken by the device's push client and decides, or
  lets its user decide, whether to register; only what follows from the decision
  is judged (R-7.2.3.4.1-1). In band a MESSAGE tells it, which it answers and may
  show (R-7-5, R-7.2.3.1-4).

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/deferred"

  @ics-push
  Rule: Out of band

    Background:
      Given Alice is registered

    Scenario: The user is asked and agrees
      Given the SUT is provisioned with
        | oob-connect | ask |
      Then the SUT sends a REGISTER request to the IMS core
      When Alice deregisters from IMS
      Then the SUT sends a REGISTER request to the IMS core with
        | Expires | 0 |
      When Alice receives a push notification
      Then [1] Alice may be shown a push notification with
        | question | yes |
      And [2] the SUT sends no REGISTER request to the IMS core
      When Alice agrees to connect
      Then [register] the SUT sends a REGISTER request to the IMS core
      And [register] it obeys RFC 3261 section 10.2
      And [register] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.deferred"

    Scenario: The user is asked and declines
      Given the SUT is provisioned with
        | oob-connect | ask |
      Then the SUT sends a REGISTER request to the IMS core
      When Alice deregisters from IMS
      Then the SUT sends a REGISTER request to the IMS core with
        | Expires | 0 |
      When Alice receives a push notification
      And Alice refuses to connect
      Then [2] the SUT sends no REGISTER request to the IMS core

    Scenario: The setting says never
      Given the SUT is provisioned with
        | oob-connect | never |
      Then the SUT sends a REGISTER request to the IMS core
      When Alice deregisters from IMS
      Then the SUT sends a REGISTER request to the IMS core with
        | Expires | 0 |
      When Alice receives a push notification
      Then [2] the SUT sends no REGISTER request to the IMS core

    Scenario: The setting says always
      Given the SUT is provisioned with
        | oob-connect | always |
      Then the SUT sends a REGISTER request to the IMS core
      When Alice deregisters from IMS
      Then the SUT sends a REGISTER request to the IMS core with
        | Expires | 0 |
      When Alice receives a push notification
      Then [auto] Alice may be shown a push notification with
        | question | no |
      And [register] the SUT sends a REGISTER request to the IMS core
      And [register] it obeys RFC 3261 section 10.2

  Rule: In band

    Background:
      Given Alice is registered

    Scenario: The setting says show
      Given the SUT is provisioned with
        | inband-notification | show |
      When the Participating Function sends "an in-band notification"
      Then [7.2.3.4.2-display] the SUT answers 200 to the received MESSAGE request
      And [7.2.3.4.2-display] Alice may be shown a deferred notification
      And [7.2.3.4.2-display] Alice is not shown a message

    Scenario: The setting says hide
      Given the SUT is provisioned with
        | inband-notification | hide |
      When the Participating Function sends "an in-band notification"
      Then [7.2.3.4.2-display] the SUT answers 200 to the received MESSAGE request
      And [7.2.3.4.2-display] Alice is not shown a message

    Scenario: The user acts on it
      Given the SUT is provisioned with
        | inband-notification | show |
      When the Participating Function sends "an in-band notification"
      And Alice handles the deferred messages
      Then [7.2.3.4.2-display] the SUT sends an INVITE request to the IMS core
