# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.4.4.
@CONV-7.4.4 @sut-cpm-participating-function @ics-pf-invites
Feature: 7.4.4 A file that nobody takes is withdrawn from the client

  The invitation to a file that only rings is cancelled towards the client, with
  the reason that nobody answered. Told only; protocol and cause decide
  (R-7.4.4-2).

  Background:
    Given the SUT is a CPM Participating Function serving Alice
    And the network of "participating-function/invitations"

  Scenario: D16 The phone only rings
    When Bob sends "a file"
    Then the SUT sends an INVITE request to the IMS core
    When 60 seconds pass
    Then [pf-cancel] the SUT sends a CANCEL request to the IMS core
    And [pf-cancel] its Reason;cause is "408"
    And [pf-cancel] it obeys RFC 3261 section 9.1
