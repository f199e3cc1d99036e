# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.3.9.2 (printed 5.2.1.2).
@CONV-7.3.9.2 @sut-cpm-client @ics-session @ics-rtp
Feature: 7.3.9.2 Sound and pictures over RTP

  One RTP session a medium. That each has ports of its own is read as SHALL, the
  sentence on IMS warns (R-7.3.9.2-1).

  Scenario: Nothing plays RTP
    Then [rtp] is not tested, because no simulator for it exists yet
    And [rtp-session] is not tested, because no simulator for it exists yet
    And [separate] is not tested, because no simulator for it exists yet
    And [ims-rtp] is not tested, because no simulator for it exists yet
