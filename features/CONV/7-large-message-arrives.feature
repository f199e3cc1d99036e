# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.
@CONV-7 @sut-cpm-client @ics-largemsg
Feature: 7 Which procedure a CPM Client takes: a large message arrives

  What a CPM Client does with an INVITE follows from the feature tag that it
  carries and, where the tag is that of deferred messages, from the offer (R-7-6);
  the tag is read as R-7-1 has it.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/large-reception"
    And Alice is registered

  Scenario Outline: <what>
    When Bob sends "<what>"
    Then [rx-largemsg] the SUT answers 200 to the received INVITE request
    And [rx-largemsg] the media plane starts
    And [rx-largemsg] Alice is shown a message
    And [rx-largemsg] Alice is not shown an invitation

    Examples:
      | what                                    |
      | a large message                         |
      | a large message with lower-case escapes |
      | a large message with several ICSIs      |

    @ics-deferred
    Examples:
      | what                     |
      | a deferred large message |
