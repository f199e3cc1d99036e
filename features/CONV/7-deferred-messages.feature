# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.
@CONV-7 @sut-cpm-client @ics-deferred
Feature: 7 Which procedure a CPM Client takes: deferred messages

  Deferred messages are handled by an INVITE, whatever shall become of them.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/deferred"
    And Alice is registered
    And Alice has received "the list of three"

  Scenario: All of them
    When Alice handles the deferred messages
    Then [deferred] the SUT sends 1 INVITE request to the IMS core
    And [deferred] its Request-URI is "{deferred management}"
    And [deferred] the SUT sends no MESSAGE or REFER or SUBSCRIBE request to the IMS core

  Scenario: One of them
    When Alice handles the deferred messages with
      | {deferred.1} | deliver |
    Then [deferred] the SUT sends 1 INVITE request to the IMS core
    And [deferred] the SUT sends no MESSAGE or REFER or SUBSCRIBE request to the IMS core
