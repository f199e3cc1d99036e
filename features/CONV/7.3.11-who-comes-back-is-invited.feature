# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.3.11.
@CONV-7.3.11 @sut-cpm-participating-function @ics-pf-invites
Feature: 7.3.11 A participating function invites a client that comes back

  What was said in a group while nobody of Alice was there is delivered, or she is
  invited to the session that goes on. Told only (R-7.3.11-5).

  Background:
    Given the SUT is a CPM Participating Function serving Alice
    And the network of "participating-function/invitations"
    And the SUT has taken "Alice leaves"

  Scenario: D17 The group is no longer active
    When the Lunch Group sends "an invitation"
    Then the SUT answers 200 to the received INVITE request
    And the SUT answers MSRP 200 to the received MSRP SEND request
    When the Lunch Group sends "a word"
    Then the SUT answers MSRP 200 to the received MSRP message
    When the Lunch Group sends "ends the session"
    Then the SUT answers 200 to the received BYE request
    When the IMS core sends "Alice comes back"
    Then [pf-invite] the SUT sends 1 INVITE request to the IMS core
    And [pf-invite] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.deferred"
    And [pf-invite] its SDP direction is "sendonly"
    And [pf-invite] it copies from the received INVITE request
      | Conversation-ID |
      | Contribution-ID |

  Scenario Outline: D17 The group is active, <what>
    When the Lunch Group sends "<what>"
    Then the SUT answers 200 to the received INVITE request
    When the IMS core sends "Alice comes back"
    Then [pf-invite] the SUT sends 1 INVITE request to the IMS core
    And [pf-invite] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
    And [pf-invite] its SDP direction is "sendrecv"
    And [pf-invite] it copies from the received INVITE request
      | Conversation-ID |
      | Contribution-ID |

    Examples:
      | what                      |
      | an invitation             |
      | an invitation with a word |

  Scenario: D17 Nothing was said
    When the Lunch Group sends "an invitation"
    Then the SUT answers 200 to the received INVITE request
    When the Lunch Group sends "ends the session"
    Then the SUT answers 200 to the received BYE request
    When the IMS core sends "Alice comes back"
    Then [pf-invite] the SUT sends no INVITE request to the IMS core
