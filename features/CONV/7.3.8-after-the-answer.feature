# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.3.8, after the ACK.
@CONV-7.3.8 @sut-cpm-client @ics-session
Feature: 7.3.8 The media follow the new description

  After the ACK nothing is repeated, and media go where the new description says
  within 5 seconds; earlier passes (R-0-20).

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/modification"
    And Alice is registered
    And a CPM 1-1 Session is established between Alice and Bob

  Rule: The acknowledgement

    Scenario: It comes late
      Given Bob behaves as "late to acknowledge"
      When Bob sends "a new offer"
      Then the SUT answers 200 to the received INVITE request
      And [onACK-1] it obeys RFC 3261 section 13.3.1.4
      And [onACK-1] the SUT no longer repeats the sent 200 response to the received INVITE request
      And [onACK-1] the SUT does not answer the received ACK request

    Scenario: It never comes
      Given Bob behaves as "never acknowledging"
      When Bob sends "a new offer"
      Then the SUT answers 200 to the received INVITE request
      When 33 seconds pass
      Then [onACK-1] the SUT sends a BYE request to the IMS core
      And [onACK-1] it obeys RFC 3261 section 15.1.1

  Rule: MSRP

    Scenario: The path has moved
      When Bob sends "an offer at another path"
      Then the SUT answers 200 to the received INVITE request
      And [onACK-2-msrp] the SUT connects to the SDP path of the received INVITE request
      When Alice writes "Over there" in the session
      Then [onACK-2-msrp] the SUT sends 1 MSRP message to Bob
      And [onACK-2-msrp] its MSRP To-Path is the SDP path of the received INVITE request

    Scenario: Fewer types are taken
      When Bob sends "an offer for plain text alone"
      Then the SUT answers 200 to the received INVITE request
      When Alice writes "{file photo.jpg}" in the session with
        | content type | image/jpeg |
      Then [onACK-2-msrp] the SUT sends no MSRP message to Bob
      When Alice writes "Plain text" in the session
      Then [onACK-2-msrp] the SUT sends 1 MSRP message to Bob

    Scenario Outline: <message>
      When Bob sends "<message>"
      Then the SUT answers 200 to the received INVITE request
      When Alice writes "Not now" in the session
      Then [onACK-2-msrp] the SUT sends no MSRP message to Bob

      Examples:
        | message                     |
        | an offer to listen          |
        | an offer on hold            |
        | an offer without the stream |

    Scenario: The same description leaves the connection alone
      When Bob sends "the same offer again"
      Then the SUT answers 200 to the received INVITE request
      And [onACK-2-msrp] the media plane stays unchanged
      When Alice writes "Still here" in the session
      Then [onACK-2-msrp] the SUT sends 1 MSRP message to Bob
