# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.2.2.
@CONV-7.2.2.2 @sut-cpm-client @ics-largemsg
Feature: 7.2.2.2 A client answers the invitation to a large message

  A CPM Client refuses the invitation for want of resources or of an acceptable
  type, else it answers with an MSRP description that only receives. What then
  happens to dialog and media stands in a file of its own. The network offers
  setup:actpass or passive, never active (R-7.2.1.2-6); a missing
  accept-wrapped-types and more types than message/cpim warn (R-7.2.2.2-3,
  R-7.2.1.2-3); each identifier that came is echoed
  (R-7.2.2.2-4). What the client does about a deferred message is told by the
  file-selector in the offer (R-7-6).

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/large-reception"
    And Alice is registered

  Rule: The invitation is refused

    @ics-resource-shortage
    Scenario Outline: The client is short of resources for <what>
      Given Alice has received "<what>"
      And the SUT is short of resources
      When Bob sends "<what>"
      Then [reject] the SUT answers 480 or 200 to the received INVITE request
      And [reject] it obeys RFC 3261 section 13.3.1
      And [reject] the media plane stays down
      And [reject] Alice is not shown a message

      Examples:
        | what            |
        | a large message |

      @ics-deferred
      Examples:
        | what                     |
        | a deferred large message |

    Scenario: No type is acceptable
      Given Alice has received "a large message"
      When Bob sends "a large message of an unknown type"
      Then [1] the SUT answers 488 to the received INVITE request
      And [1] it obeys RFC 3261 section 13.3.1
      And [1] the media plane stays down
      And [1] Alice is not shown a message

    Scenario: The offer names no types
      When Bob sends "a large message without accept-types"
      Then [1] the SUT answers 200 or 488 to the received INVITE request

  Rule: The invitation is accepted

    Scenario Outline: <what> is taken
      When Bob sends "<what>"
      Then [1] the SUT answers 200 to the received INVITE request
      And [2c] its body is an SDP answer to the received INVITE request
      And [2c-iv] its SDP accept-types contains "message/cpim"

      Examples:
        | what                             |
        | a large message of several types |
        | a large message of any type      |

    Scenario Outline: <what>
      When Bob sends "<what>"
      Then [2] the SUT answers 200 to the received INVITE request
      And [2] it obeys RFC 3261 section 13.3.1
      And [2] it has no header field P-Asserted-Identity
      And [2a] its Server states the CPM release
      And [2b] its P-Preferred-Identity, if any, is the address of Alice
      And [2c] its body is an SDP answer to the received INVITE request
      And [2c] it obeys RFC 4975 section 8
      And [2c-i] its SDP port is at least 1
      And [2c-i] its SDP proto equals that of the received INVITE request
      And [2c-ii] its SDP path is newly generated
      And [2c-iii] its SDP direction is "recvonly"
      And [2c-iv] its SDP accept-types contains "message/cpim"
      And [2c-v] it obeys RFC 4975 section 8.6
      And [2c-vi] its SDP setup is "active"
      And [2d] it copies from the received INVITE request
        | Conversation-ID           |
        | Contribution-ID           |
        | InReplyTo-Contribution-ID |
      And [3] it obeys TS 24.229

      Examples:
        | what                                   |
        | a large message                        |
        | a large message that answers nothing   |
        | a large message from a passive sender  |
        | a large message that lists its types   |
        | a large message without wrapped types  |

      @ics-deferred
      Examples:
        | what                     |
        | a deferred large message |

      @ics-msrps
      Examples:
        | what                     |
        | a large message over TLS |

    Scenario: Sound is offered beside it
      When Bob sends "a large message with sound"
      Then [2c] the SUT answers 200 to the received INVITE request
      And [2c] its body is an SDP answer to the received INVITE request

    Scenario: Two messages in a row
      Given Alice has received "a large message"
      When Bob sends "a large message"
      Then the SUT answers 200 to the received INVITE request
      And [2c-ii] its SDP path is newly generated

    @ics-image
    Scenario: A listed type is taken
      When Bob sends "a large picture"
      Then the SUT answers 200 to the received INVITE request
      And [2c-v-note] the SUT answers MSRP 200 to the received MSRP message
