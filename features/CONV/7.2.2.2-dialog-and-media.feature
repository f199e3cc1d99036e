# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.2.2.
@CONV-7.2.2.2 @sut-cpm-client @ics-largemsg
Feature: 7.2.2.2 A client receives a large message over MSRP

  After the ACK a CPM Client connects to the first MSRP URI of the offer and
  binds the connection by a SEND without body (R-7.2.1.2-7). Connecting before
  the ACK is a remark at most (R-0-20, H-10). A rewritten authority in To-Path is
  tolerated, else warned about (H-6).

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/large-reception"
    And Alice is registered

  Rule: The invitation is cancelled

    @ics-manual-accept
    Scenario: Before the client has answered
      Given the SUT is provisioned with
        | auto-accept | no |
      When Bob sends "a large message"
      Then [CONV-7-rx-largemsg] Alice is shown an invitation
      When Bob sends "a cancellation"
      Then [cancel] the SUT answers 200 to the received CANCEL request
      And [cancel] it obeys RFC 3261 section 9.2
      And [cancel] the SUT answers 487 to the received INVITE request
      And [cancel] it obeys RFC 3261 section 9.2
      And [cancel] the media plane stays down
      And [cancel] Alice is not shown a message

    Scenario: After the client has accepted
      When Bob sends "a large message with a late end"
      Then the SUT answers 200 to the received INVITE request
      When Bob sends "a cancellation"
      Then [cancel] the SUT answers 200 or 481 to the received CANCEL request
      And [cancel] Alice is shown a message
      And [cancel] the SUT sends no BYE request to the IMS core

    Scenario: Of an invitation that never was
      When Bob sends "a cancellation of nothing"
      Then [cancel] the SUT answers 481 to the received CANCEL request

  Rule: The acknowledgement

    Scenario: It comes late
      Given Bob behaves as "late to acknowledge"
      When Bob sends "a large message"
      Then the SUT answers 200 to the received INVITE request
      And [onACK-1] it obeys RFC 3261 section 13.3.1.4
      And [onACK-1] the SUT no longer repeats the sent 200 response to the received INVITE request
      And [onACK-1] the SUT does not answer the received ACK request

    Scenario: It never comes
      Given Bob behaves as "never acknowledging"
      When Bob sends "a large message"
      Then the SUT answers 200 to the received INVITE request
      When 33 seconds pass
      Then [onACK-1] it obeys RFC 3261 section 13.3.1.4
      And [onACK-1] the SUT sends a BYE request to the IMS core
      And [onACK-1] it obeys RFC 3261 section 15.1.1

  Rule: The connection

    Scenario Outline: <what>
      When Bob sends "<what>"
      Then the SUT answers 200 to the received INVITE request
      And [onACK-2] its SDP setup is "active"
      And [onACK-2] it has no header field SDP connection
      And [onACK-3] the media plane starts
      And [onACK-4] the SUT connects to the SDP path of the received INVITE request
      Then [onACK-5] the SUT sends an MSRP SEND request to Bob
      And [onACK-5] it has no body
      And [onACK-5] it obeys RFC 4975 section 5.4
      And [onACK-5] its MSRP To-Path is the SDP path of the received INVITE request
      And [onACK-5] its MSRP From-Path is the SDP path of the sent 200 response

      Examples:
        | what                                    |
        | a large message                         |
        | a large message by way of a relay       |
        | a large message from a passive sender   |

      @ics-msrps
      Examples:
        | what                     |
        | a large message over TLS |

    Scenario Outline: <what> is no obstacle
      When Bob sends "<what>"
      Then [onACK-2] the SUT answers 200 to the received INVITE request
      And [onACK-2] its SDP setup is "active"
      And [onACK-2] it has no header field SDP connection
      And [onACK-2] the media plane starts

      Examples:
        | what                                    |
        | a large message without setup           |
        | a large message with a connection value |

    Scenario: The acknowledgement comes late
      Given Bob behaves as "late to acknowledge"
      When Bob sends "a large message"
      Then the SUT answers 200 to the received INVITE request
      And [onACK-3] the media plane starts
      And [onACK-5] the SUT sends an MSRP SEND request to Bob

  Rule: The session ends

    Scenario: After the transfer
      When Bob sends "a large message"
      Then the SUT answers 200 to the received INVITE request
      And [bye] the SUT answers 200 to the received BYE request
      And [bye] it obeys RFC 3261 section 15.1.2
      And [bye] the media plane stops

    Scenario: During the transfer
      When Bob sends "a large message without its end"
      Then the SUT answers 200 to the received INVITE request
      And [onACK-5] the SUT sends an MSRP SEND request to Bob
      When Bob sends "a goodbye"
      Then [bye] the SUT answers 200 to the received BYE request
      And [bye] Alice is not shown a message

    Scenario: Of a session that never was
      When Bob sends "a goodbye to nothing"
      Then [bye] the SUT answers 481 to the received BYE request
