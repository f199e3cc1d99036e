# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.3.9.
@CONV-7.3.9 @sut-cpm-client @ics-session
Feature: 7.3.9 What media a session has

  A CPM Client may take whatever types it likes, but what it declares it takes,
  and what it does not declare it refuses. Media are settled by offer and answer
  alone.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/chat"
    And Alice is registered

  Rule: What is declared is true

    Background:
      Given a CPM 1-1 Session is established between Alice and Bob

    Scenario: A plain text
      When Bob sends "a text"
      Then [media-types] the SUT answers MSRP 200 to the received MSRP SEND request
      And [media-types] Alice is shown a message with
        | content | Hello Alice |

    @ics-image
    Scenario: A picture
      When Bob sends "a picture"
      Then [media-types] the SUT answers MSRP 200 to the received MSRP SEND request
      And [media-types] Alice is shown a message with
        | content | {file photo.jpg} |

    @ics-smil
    Scenario: A presentation
      When Bob sends "a SMIL presentation"
      Then [media-types] the SUT answers MSRP 200 to the received MSRP SEND request
      And [media-types] Alice is shown a message

    Scenario: What nobody declared
      When Bob sends "a text of an unknown type"
      Then [media-types] the SUT answers MSRP 415 to the received MSRP SEND request
      And [media-types] Alice is not shown a message

  Rule: Offer and answer

    Scenario: Alice invites Bob
      When Alice invites Bob to a CPM 1-1 Session
      Then the SUT sends an INVITE request to the IMS core
      And [sdp-negotiation] its body is an SDP offer

    @ics-adhoc-groups
    Scenario: Alice invites a group
      When Alice invites Bob, Carol to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And [sdp-negotiation] its body is an SDP offer

    @ics-predefined-groups
    Scenario: Alice opens the session of the Lunch Group
      When Alice invites the Lunch Group to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And [sdp-negotiation] its body is an SDP offer

    Scenario Outline: Alice is invited: <what>
      When <who> sends "<what>"
      And Alice accepts the invitation
      Then the SUT answers 200 to the received INVITE request
      And [sdp-negotiation] its body is an SDP answer to the received INVITE request

      Examples:
        | who                      | what                               |
        | Bob                      | an invitation                      |
        | Bob                      | an invitation with sound beside it |
        | the Controlling Function | a group invitation                 |

    Scenario: Alice is invited without an offer
      When Bob sends "an invitation without an offer"
      And Alice accepts the invitation
      Then the SUT answers 200 to the received INVITE request
      And [sdp-negotiation] its body is an SDP offer

    Scenario: Nothing moves before Alice has answered
      When Bob sends "an invitation"
      Then Alice is shown an invitation
      And [sdp-negotiation] the media plane stays down

    Scenario: The stream is refused
      Given Bob behaves as "refusing the stream"
      When Alice invites Bob to a CPM 1-1 Session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends an ACK request to the IMS core
      And [sdp-negotiation] the media plane stays down
