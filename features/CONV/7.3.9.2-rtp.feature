# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.3.9.2 (printed 5.2.1.2).
@CONV-7.3.9.2 @sut-cpm-client @ics-session @ics-rtp
Feature: 7.3.9.2 Sound and pictures over RTP

  One RTP session a medium. That each has ports of its own is read as SHALL, the
  sentence on IMS warns (R-7.3.9.2-1). The core of the suite is that of an IMS.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/sound"
    And Alice is registered

  Rule: Alice invites

    Scenario: Sound beside messages
      When Alice invites Bob to a CPM 1-1 Session with
        | media | audio |
      Then the SUT sends an INVITE request to the IMS core
      And [rtp] the SUT sends an RTP stream to Bob
      And [rtp] it obeys RFC 3550
      And [rtp-session] it obeys RFC 3264 section 5.1
      And [rtp-session] Alice is shown a stream with
        | stream | audio |

    @ics-video
    Scenario: Sound and pictures
      When Alice invites Bob to a CPM 1-1 Session with
        | media | audio, video |
      Then the SUT sends an INVITE request to the IMS core
      And [separate] it obeys RFC 3550 section 5.2
      And [separate] the SUT sends 2 RTP streams to Bob
      And [separate] it obeys RFC 3550 section 5.2
      And [rtp] it obeys RFC 3550
      And [rtp-session] it obeys RFC 3264 section 5.1

    Scenario: RTCP goes where Dave says
      When Alice invites Dave to a CPM 1-1 Session with
        | media | audio |
      Then the SUT sends an INVITE request to the IMS core
      And [rtp] the SUT sends an RTP stream to Dave
      And [rtp] it obeys RFC 3550
      And [rtp-session] it obeys RFC 3264 section 5.1

    Scenario: What IMS wants of sound
      When Alice invites Carol to a CPM 1-1 Session with
        | media | audio |
      Then the SUT sends an INVITE request to the IMS core
      And [ims-rtp] it obeys TS 24.229 section 6.1

  Rule: Alice is invited

    Scenario Outline: <message>
      When <who> sends "<message>"
      And Alice accepts the invitation
      Then the SUT answers 200 to the received INVITE request
      And [rtp] the SUT sends an RTP stream to <who>
      And [rtp] it obeys RFC 3550
      And [rtp-session] it obeys RFC 3264 section 5.1

      Examples:
        | who  | message                           |
        | Bob  | an invitation to talk             |
        | Bob  | an invitation to nothing but talk |
        | Bob  | an invitation to be heard         |
        | Dave | an invitation from Dave           |

    Scenario Outline: Alice keeps silent: <message>
      When Bob sends "<message>"
      And Alice accepts the invitation
      Then the SUT answers 200 to the received INVITE request
      And [rtp] the SUT sends no RTP stream to Bob

      Examples:
        | message                     |
        | an invitation to listen     |
        | an invitation to talk later |

    Scenario: Alice listens
      When Bob sends "an invitation to listen"
      And Alice accepts the invitation
      Then the SUT answers 200 to the received INVITE request
      And [rtp-session] Alice is shown a stream with
        | stream | audio |

    @ics-video
    Scenario: Sound and pictures
      When Bob sends "an invitation to talk and look"
      And Alice accepts the invitation
      Then the SUT answers 200 to the received INVITE request
      And [separate] it obeys RFC 3550 section 5.2
      And [separate] the SUT sends 2 RTP streams to Bob
      And [separate] it obeys RFC 3550 section 5.2
      And [rtp] it obeys RFC 3550
      And [rtp-session] it obeys RFC 3264 section 5.1

  Rule: In a session

    @ics-session-modify
    Scenario: Dave moves with his answer
      Given a CPM 1-1 Session is established between Alice and Dave with
        | media | audio |
      When Alice modifies the session to "take only text/plain"
      Then the SUT sends an INVITE request to the IMS core
      And [rtp-session] the SUT sends an RTP stream to Dave
      And [rtp-session] it obeys RFC 3264 section 5.1

    Scenario: Alice leaves
      When Alice invites Bob to a CPM 1-1 Session with
        | media | audio |
      Then [rtp] the SUT sends an RTP stream to Bob
      And [rtp] it obeys RFC 3550
      When Alice ends the session
      Then [rtp] it obeys RFC 3550
