# Source: OMA SIMPLE IM, change request on terminating session modification, section 7.4.2.8: the server as a B2BUA.
@IM-7.4.2.8 @sut-im-server-b2bua
Feature: 7.4.2.8 A B2BUA copes with losses and with both sides at once

  Background:
    Given the SUT is an IM Server as B2BUA serving Bob
    And the network of "im-server/modification"

  Scenario: B10 The acknowledgement of the Controlling Function is lost
    Given Bob has accepted "an invitation"
    And the Controlling Function behaves as "losing the acknowledgement"
    When the Controlling Function sends "a new offer"
    Then the SUT answers 200 to the received INVITE request
    When 2 seconds pass
    Then [b2bua-200-3] it obeys RFC 3261 section 13.3.1.4

  Scenario: B10 The client repeats its 200
    Given Bob behaves as "a client without UPDATE"
    And Bob has accepted "an invitation"
    And Bob behaves as "saying it twice"
    When the Controlling Function sends "a new offer"
    Then [b2bua-200-1] the SUT answers 200 to the received INVITE request
    And [b2bua-200-ack] the SUT sends an ACK request to the IMS core
    And [b2bua-200-ack] it obeys RFC 3261 section 13.2.2.4

  @ics-im-update
  Scenario: B10 Both sides at once
    Given Bob has accepted "an invitation"
    And Bob behaves as "slow to agree"
    When the Controlling Function sends "a new offer by UPDATE"
    Then the SUT sends an INVITE or UPDATE request to the IMS core
    When Bob sends "an offer of Bob"
    Then the SUT answers 491 or 500 to the received INVITE request
    And [b2bua-200-1] the SUT answers 200 to the received UPDATE request
    And [b2bua-200-3] it obeys TS 24.229
