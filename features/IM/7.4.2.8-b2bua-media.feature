# Source: OMA SIMPLE IM, change request on terminating session modification, section 7.4.2.8: the server as a B2BUA.
@IM-7.4.2.8 @sut-im-server-b2bua @ics-im-media
Feature: 7.4.2.8 Media follow what was agreed through a B2BUA

  Media pass the server: it sends on each side what it got on the other, where and
  what the descriptions say.

  Background:
    Given the SUT is an IM Server as B2BUA serving Bob
    And the network of "im-server/modification"
    And Bob has accepted "an invitation"

  Scenario Outline: B8 Both ways: <message>
    When the Controlling Function sends "<message>"
    Then the SUT answers 200 to the received INVITE request
    When the Controlling Function sends "a chat message"
    Then [b2bua-200-4] the SUT sends 1 MSRP message to Bob
    And [b2bua-200-4] it obeys RFC 4975 section 7.1
    And [b2bua-200-4] its content equals that of the received MSRP message
    And [b2bua-200-4] its MSRP To-Path is the SDP path of the received 200 response to the sent INVITE or UPDATE request
    When Bob sends "an answer in the chat"
    Then [b2bua-200-4] the SUT sends 1 MSRP message to the Controlling Function
    And [b2bua-200-4] it obeys RFC 4975 section 7.1
    And [b2bua-200-4] its content equals that of the received MSRP message
    And [b2bua-200-4] its MSRP To-Path is the SDP path of the received INVITE request

    Examples:
      | message                  |
      | the same offer again     |
      | an offer at another path |

  @ics-im-update
  Scenario: B8 Another path by UPDATE
    When the Controlling Function sends "an offer at another path by UPDATE"
    Then the SUT answers 200 to the received UPDATE request
    When Bob sends "an answer in the chat"
    Then [b2bua-200-4] the SUT sends 1 MSRP message to the Controlling Function
    And [b2bua-200-4] its MSRP To-Path is the SDP path of the received UPDATE request

  Scenario: B8 The Controlling Function only sends
    When the Controlling Function sends "an offer to listen"
    Then the SUT answers 200 to the received INVITE request
    When Bob sends "an answer in the chat"
    Then [b2bua-200-4] the SUT sends no MSRP message to the Controlling Function
    When the Controlling Function sends "a chat message"
    Then [b2bua-200-4] the SUT sends 1 MSRP message to Bob

  Scenario Outline: B8 Nobody sends: <message>
    When the Controlling Function sends "<message>"
    Then the SUT answers 200 to the received INVITE request
    When the Controlling Function sends "a chat message"
    Then [b2bua-200-4] the SUT sends no MSRP message to Bob

    Examples:
      | message                     |
      | an offer on hold            |
      | an offer without the stream |

  Scenario: B8 Other types are taken
    When the Controlling Function sends "an offer for other types"
    Then the SUT answers 200 to the received INVITE request
    When Bob sends "plain text in the chat"
    Then [b2bua-200-4] the SUT sends 1 MSRP message to the Controlling Function

  # What has no offer is nobody's requirement (R-IM-7.4.2.8-5); it is played, and leaves the media as they were.
  Scenario Outline: B11 Without an offer: <message>
    When the Controlling Function sends "<message>"
    Then the SUT answers 200 to the received <method> request
    When the Controlling Function sends "a chat message"
    Then [b2bua-200-4] the SUT sends 1 MSRP message to Bob

    Examples:
      | message                      | method |
      | a re-INVITE without an offer | INVITE |

    @ics-im-update
    Examples:
      | message                    | method |
      | an UPDATE without an offer | UPDATE |
