# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.3.9.1 (printed 5.2.1.1).
@CONV-7.3.9.1 @sut-cpm-client @ics-session
Feature: 7.3.9.1 A client sets MSRP up

  What it says about MSRP in offer and answer, and who opens the connection. A
  missing setup is warned about (H-7).

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/chat"
    And Alice is registered

  Rule: The description

    Scenario: The offer
      When Alice invites Bob to a CPM 1-1 Session
      Then the SUT sends an INVITE request to the IMS core
      And [sdp] it obeys RFC 4975 section 8
      And [sdp] it obeys RFC 4975 section 8.1
      And [sdp] it obeys RFC 4975 section 8.2
      And [sdp] it obeys RFC 6135
      And [sdp] it has no header field SDP connection

    Scenario: Two sessions at a time
      Given a CPM 1-1 Session is established between Alice and Carol
      When Alice invites Bob to a CPM 1-1 Session
      Then the SUT sends an INVITE request to the IMS core
      And [sdp] its SDP path is newly generated

    Scenario Outline: The answer to <what>
      When <who> sends "<what>"
      And Alice accepts the invitation
      Then the SUT answers 200 to the received INVITE request
      And [sdp] it obeys RFC 4975 section 8
      And [sdp] it obeys RFC 4975 section 8.2
      And [sdp] it obeys RFC 6135
      And [sdp] it has no header field SDP connection

      Examples:
        | who | what                                    |
        | Bob | an invitation                           |
        | Bob | an invitation that says nothing of setup |

      @ics-msrp-passive
      Examples:
        | who  | what                                |
        | Dave | an invitation whose sender connects |

  Rule: The connection

    Scenario: Alice opens it
      When Alice invites Bob to a CPM 1-1 Session
      Then the SUT sends an INVITE request to the IMS core
      And [connect] the SUT connects to the SDP path of the received 200 response to the sent INVITE request
      And [connect] the SUT sends an MSRP SEND request to Bob
      And [connect] it comes 0 to 5 seconds after the received 200 response to the sent INVITE request
      And [connect] its MSRP To-Path is the SDP path of the received 200 response to the sent INVITE request
      And [connect] its MSRP From-Path is the SDP path of the sent INVITE request

    Scenario: Alice opens it by way of a relay
      Given Bob behaves as "behind a relay"
      When Alice invites Bob to a CPM 1-1 Session
      Then the SUT sends an INVITE request to the IMS core
      And [connect] the SUT connects to the SDP path of the received 200 response to the sent INVITE request
      And [connect] the SUT sends an MSRP SEND request to Bob
      And [connect] its MSRP To-Path is the SDP path of the received 200 response to the sent INVITE request

    Scenario Outline: Alice was invited: <what>
      When Bob sends "<what>"
      And Alice accepts the invitation
      Then the SUT answers 200 to the received INVITE request
      And [connect] the SUT connects to the SDP path of the received INVITE request
      And [connect] the SUT sends an MSRP SEND request to Bob
      And [connect] its MSRP To-Path is the SDP path of the received INVITE request
      And [connect] its MSRP From-Path is the SDP path of the sent 200 response to the received INVITE request

      Examples:
        | what                            |
        | an invitation                   |
        | an invitation by way of a relay |

    @ics-msrp-passive
    Scenario: The other end opens it
      When Dave sends "an invitation whose sender connects"
      And Alice accepts the invitation
      Then the SUT answers 200 to the received INVITE request
      And [connect] its SDP setup is "passive"
      And [connect] the SUT answers MSRP 200 to the received MSRP SEND request
      And [connect] the SUT sends no MSRP SEND request to Dave
      And [connect] the media plane stays down
