# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.3.8, after the ACK.
@CONV-7.3.8 @sut-cpm-client @ics-session @ics-rtp
Feature: 7.3.8 Sound follows the new description

  After the ACK sound goes where the new description says, in a format that it has,
  within 5 seconds; earlier passes (R-0-20).

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/sound"
    And Alice is registered

  Rule: It goes on

    Scenario Outline: <message>
      Given a CPM 1-1 Session is established between Alice and Bob with
        | media | audio |
      When Bob sends "<message>"
      Then the SUT answers 200 to the received INVITE request
      And [onACK-2-rtp] it obeys RFC 3264 section 8.3

      Examples:
        | message                              |
        | an offer elsewhere                   |
        | an offer in another format           |
        | an offer elsewhere in another format |

    Scenario: An offer elsewhere, some time later
      Given a CPM 1-1 Session is established between Alice and Bob with
        | media | audio |
      When Bob sends "an offer elsewhere"
      Then the SUT answers 200 to the received INVITE request
      When 7 seconds pass
      Then [onACK-2-rtp] it obeys RFC 3264 section 8.3

  Rule: It stops

    Scenario Outline: <message>
      Given a CPM 1-1 Session is established between Alice and Bob with
        | media | audio |
      When Bob sends "<message>"
      Then the SUT answers 200 to the received INVITE request
      When 7 seconds pass
      Then [onACK-2-rtp] it obeys RFC 3264 section 8.3

      Examples:
        | message                |
        | an offer to listen     |
        | an offer on hold       |
        | an offer without sound |
