# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.3.1.
@CONV-7.2.3.1 @sut-cpm-client @ics-deferred
Feature: 7.2.3.1 A client asks which messages were deferred

  A CPM Client that pulls its deferred messages fetches their list by one
  SUBSCRIBE with Expires 0, shows it, and lets the user decide. Rulings:
  mandatory where the setting is pull (R-7.2.3.1-1); one provisioned SIP URI
  (R-7.2.3.1-2); a fetch, so the NOTIFY that ends the subscription counts
  (R-7.2.3.1-3); the body of NOTIFY is a fixture of ours (R-7.2.3.1-4).

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/deferred"

  @ics-pull
  Rule: The setting is pull

    Background:
      Given the SUT is provisioned with
        | pull-deferred | yes |

    Scenario: The client subscribes
      When Alice registers
      Then [subscribe] the SUT sends 1 SUBSCRIBE request to the IMS core with
        | Event | deferred-messages |
      And [1] it is sent outside any dialog
      And [1] it obeys RFC 6665 section 4.1.2
      And [1a] its Request-URI is "{deferred management}"
      And [1b] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.deferred"
      And [1c] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.deferred"
      And [1d] its P-Preferred-Identity, if any, is the address of Alice
      And [1d] it has no header field P-Asserted-Identity
      And [1e] its P-Preferred-Service is "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.deferred"
      And [1e] it has no header field P-Asserted-Service
      And [1g] its Expires is "0"
      And [1h] it obeys TS 24.229
      And [CONV-7-useragent] its User-Agent states the CPM release

  Rule: The user asks for the list

    Background:
      Given Alice is registered

    Scenario: The client fetches it
      When Alice asks for deferred messages
      Then [subscribe] the SUT sends 1 SUBSCRIBE request to the IMS core with
        | Event | deferred-messages |
      And [1a] its Request-URI is "{deferred management}"
      And [1g] its Expires is "0"
      When the Participating Function sends "the list of three"
      Then [1] the SUT answers 200 to the received NOTIFY request
      And [1] it obeys RFC 6665 section 4.1.3
      And [notify-display] Alice is shown the deferred messages with
        | entries | {deferred.1} message {bob}, {deferred.2} session {carol}, {deferred.3} file {dave} |
      And [1g] the SUT sends no SUBSCRIBE request to the IMS core
      And [notify-process] the SUT sends no INVITE request to the IMS core

    Scenario: One message is deferred
      When Alice asks for deferred messages
      Then the SUT sends a SUBSCRIBE request to the IMS core with
        | Request-URI | {deferred management} |
      And [1f] its Event is "deferred-messages"
      When the Participating Function sends "the list of one"
      Then [notify-display] Alice is shown the deferred messages with
        | messages | {deferred.1} |

    Scenario: No message is deferred
      When Alice asks for deferred messages
      Then the SUT sends a SUBSCRIBE request to the IMS core
      When the Participating Function sends "the empty list"
      Then [1] the SUT answers 200 to the received NOTIFY request
      And [1g] the SUT sends no SUBSCRIBE request to the IMS core

    Scenario: The list overtakes the response
      Given the Participating Function behaves as "slow to take subscriptions"
      When Alice asks for deferred messages
      Then the SUT sends a SUBSCRIBE request to the IMS core
      When the Participating Function sends "the list of three"
      Then [1] the SUT answers 200 to the received NOTIFY request
      And [notify-display] Alice is shown the deferred messages

    Scenario: The package is not known there
      Given the Participating Function will answer 489
      When Alice asks for deferred messages
      Then the SUT sends a SUBSCRIBE request to the IMS core
      And [1g] the SUT sends no SUBSCRIBE request to the IMS core

    Scenario: A second look is a new fetch
      When Alice asks for deferred messages
      Then the SUT sends a SUBSCRIBE request to the IMS core
      When the Participating Function sends "the list of one"
      Then [1] the SUT answers 200 to the received NOTIFY request
      When Alice asks for deferred messages
      Then [1] the SUT sends 1 SUBSCRIBE request to the IMS core
      And [1] it is sent outside any dialog
      And [1g] its Expires is "0"

    Scenario: The user decides
      Given Alice has received "the list of two"
      When Alice handles the deferred messages with
        | {deferred.1} | deliver |
        | {deferred.2} | delete  |
      Then [notify-process] the SUT sends 1 INVITE request to the IMS core
      And [notify-process] its body lists
        | {deferred.1}?cpm_action=deliver |
        | {deferred.2}?cpm_action=delete  |
