# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.3.2, items 4 to 7 and what follows the ACK.
@CONV-7.3.2 @sut-cpm-client @ics-session
Feature: 7.3.2 A client takes the session that it is invited to

  Rulings: items 5 to 7 hold for both kinds of session, a group is told by
  isfocus, and the SUBSCRIBE comes after the 200 response (R-7.3.2-5, R-7.3.2-6);
  tag, Server and timer of the 200 response are recorded (R-7.3.2-7), a display
  name too (R-7.3.2-8); no identifier is added (R-7.3.2-9); connecting before the
  ACK is a remark (H-10).

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/invitations"
    And Alice is registered

  Rule: The response

    Scenario Outline: <what>
      When <who> sends "<what>"
      And Alice accepts the invitation
      Then [5] the SUT answers 200 to the received INVITE request
      And [6] it obeys RFC 3261 section 13.3.1
      And [6a] its body is an SDP answer to the received INVITE request
      And [6a] it obeys RFC 3264
      And [6a] it obeys RFC 4975 section 8
      And [6a] its SDP accept-types contains "message/cpim"
      And [6a] it obeys RFC 6135
      And [6b] its P-Preferred-Identity, if any, is the address of Alice
      And [6c-conv] it copies from the received INVITE request
        | Conversation-ID |
      And [6c-contrib] it copies from the received INVITE request
        | Contribution-ID |
      And [6c-irt] it copies from the received INVITE request
        | InReplyTo-Contribution-ID |
      And [7] it obeys TS 24.229

      Examples:
        | who                      | what                                    |
        | Bob                      | an invitation                           |
        | Bob                      | an invitation without identifiers       |
        | Bob                      | an invitation that says nothing of setup |
        | Bob                      | an invitation to listen                 |
        | Bob                      | an invitation with sound beside it      |
        | Bob                      | an invitation with a timer              |
        | the Controlling Function | a group invitation                      |

      @ics-msrp-passive
      Examples:
        | who  | what                                |
        | Dave | an invitation whose sender connects |

    Scenario: One of two media is known to nobody
      When Bob sends "an invitation with an unknown medium beside it"
      And Alice accepts the invitation
      Then the SUT answers 200 to the received INVITE request
      And [6a] its body is an SDP answer to the received INVITE request
      And [6a] its SDP media contains "x-unknown 0 "

    Scenario: The invitation came by way of others
      When Bob sends "an invitation by way of others"
      And Alice accepts the invitation
      Then [6] the SUT answers 200 to the received INVITE request
      And [6] it obeys RFC 3261 section 13.3.1
      And [7] it obeys TS 24.229

    Scenario: The device accepts by itself
      Given the SUT is provisioned with
        | accept-sessions | auto |
      When Bob sends "an invitation"
      Then [5] the SUT answers 200 to the received INVITE request

    Scenario: Alice has a name
      Given the SUT is provisioned with
        | display-name | Alice Ångström |
      When Bob sends "an invitation"
      And Alice accepts the invitation
      Then the SUT answers 200 to the received INVITE request
      And [6b] its P-Preferred-Identity;display-name, if any, is "Alice Ångström"

  Rule: The group

    Scenario: Alice subscribes to the participants
      When the Controlling Function sends "a group invitation"
      And Alice accepts the invitation
      Then the SUT answers 200 to the received INVITE request
      And [4] the SUT sends 1 SUBSCRIBE request to the IMS core with
        | Event | conference |
      And [4] it comes after the received ACK request
      And [5a] it obeys RFC 4579

    Scenario: She leaves the group
      Given Alice has accepted "a group invitation"
      When Alice ends the session
      Then the SUT sends a BYE request to the IMS core
      And [5a] it obeys RFC 4579

    Scenario: A session with Bob has no participants to subscribe to
      When Bob sends "an invitation"
      And Alice accepts the invitation
      Then the SUT answers 200 to the received INVITE request
      And [4] the SUT sends no SUBSCRIBE request to the IMS core

  Rule: After the acknowledgement

    Scenario: It comes late
      Given Bob behaves as "late to acknowledge"
      When Bob sends "an invitation"
      And Alice accepts the invitation
      Then the SUT answers 200 to the received INVITE request
      And [onACK-1] it obeys RFC 3261 section 13.3.1.4
      And [onACK-1] the SUT no longer repeats the sent 200 response to the received INVITE request
      And [onACK-1] the SUT does not answer the received ACK request

    Scenario: It never comes
      Given Bob behaves as "never acknowledging"
      When Bob sends "an invitation"
      And Alice accepts the invitation
      Then the SUT answers 200 to the received INVITE request
      When 33 seconds pass
      Then [onACK-1] the SUT sends a BYE request to the IMS core
      And [onACK-1] it obeys RFC 3261 section 15.1.1

    Scenario Outline: The media plane of <what>
      When <who> sends "<what>"
      And Alice accepts the invitation
      Then the SUT answers 200 to the received INVITE request
      And [onACK-2] the media plane starts
      And [onACK-2] the SUT connects to the SDP path of the received INVITE request
      Then [onACK-2] the SUT sends an MSRP SEND request to <who>
      And [onACK-2] its MSRP To-Path is the SDP path of the received INVITE request
      And [onACK-2] its MSRP From-Path is the SDP path of the sent 200 response to the received INVITE request

      Examples:
        | who                      | what               |
        | Bob                      | an invitation      |
        | the Controlling Function | a group invitation |

    @ics-msrp-passive
    Scenario Outline: The sender connects: <what>
      When <who> sends "<what>"
      And Alice accepts the invitation
      Then the SUT answers 200 to the received INVITE request
      And [onACK-2] the SUT answers MSRP 200 to the received MSRP SEND request

      Examples:
        | who  | what                                     |
        | Dave | an invitation whose sender connects      |
        | Bob  | an invitation that says nothing of setup |

  @ics-adhoc-groups
  Rule: A group takes the place of a session

    Scenario Outline: The session that <who> had opened
      Given a CPM 1-1 Session is established between <first> and <second>
      When the Controlling Function sends "a group invitation that replaces the session with Bob"
      Then [2] Alice is shown an invitation
      When Alice accepts the invitation
      Then [2] the SUT answers 200 to the received INVITE request
      And [onACK-3] the SUT sends 1 BYE request to the IMS core
      And [onACK-3] it is sent within the session with Bob
      And [onACK-3] it obeys RFC 3261 section 15.1.1
      And [onACK-3] it comes after the received ACK request
      And [onACK-3] its Reason;cause is "200"
      And [onACK-3] it obeys RFC 3326
      And [5b] Alice has 1 session open

      Examples:
        | who   | first | second |
        | Alice | Alice | Bob    |
        | Bob   | Bob   | Alice  |

    Scenario: One of two sessions is replaced
      Given a CPM 1-1 Session is established between Alice and Carol
      And a CPM 1-1 Session is established between Alice and Bob
      When the Controlling Function sends "a group invitation that replaces the session with Bob"
      Then [2] Alice is shown an invitation
      When Alice accepts the invitation
      Then [2] the SUT answers 200 to the received INVITE request
      And [onACK-3] the SUT sends 1 BYE request to the IMS core
      And [onACK-3] it is sent within the session with Bob
      And [2] Alice has 2 sessions open

    Scenario: What Alice writes goes to the group
      Given a CPM 1-1 Session is established between Alice and Bob
      When the Controlling Function sends "a group invitation that replaces the session with Bob"
      And Alice accepts the invitation
      Then the SUT answers 200 to the received INVITE request
      And the SUT sends a BYE request to the IMS core
      When Alice writes "Hello, all" in the session
      Then [5b] the SUT sends 1 MSRP message to the Controlling Function
      And [5b] its content is "Hello, all"
      And [5b] the SUT sends no MSRP message to Bob

    Scenario: A group that replaces nothing leaves the session alone
      Given a CPM 1-1 Session is established between Alice and Bob
      When the Controlling Function sends "a group invitation"
      And Alice accepts the invitation
      Then the SUT answers 200 to the received INVITE request
      And [onACK-3] the SUT sends no BYE request to the IMS core
      And [2] Alice has 2 sessions open
