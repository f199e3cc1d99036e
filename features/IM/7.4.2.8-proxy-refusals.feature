# Source: OMA SIMPLE IM, change request on terminating session modification, section 7.4.2.8: the server as a SIP proxy.
@IM-7.4.2.8 @sut-im-server-proxy
Feature: 7.4.2.8 A proxy passes refusals on

  Rulings: final responses go on by RFC 3261, 16.7 (R-IM-7.4.2.8-3); 503 may become
  500 on the way (16.7, 6). The ACK to a refusal is the business of each hop.

  Background:
    Given the SUT is an IM Server as Proxy serving Bob
    And the network of "im-server/modification"
    And Bob has accepted "an invitation"

  Scenario Outline: P5 The client answers <status> to a re-INVITE
    Given Bob will answer <status> with
      | Warning     | 399 bob.example.com "Not now"    |
      | Allow       | INVITE, ACK, BYE, CANCEL, UPDATE |
      | Accept      | application/sdp                  |
      | Retry-After | 5                                |
    When the Controlling Function sends "a new offer"
    Then the SUT sends an INVITE request to the IMS core
    And [final-proxy] the SUT answers <told> to the received INVITE request
    And [final-proxy] it obeys RFC 3261 section 16.7
    And [final-proxy] the SUT sends an ACK request to the IMS core
    And [final-proxy] it obeys RFC 3261 section 17.1.1.3

    Examples:
      | status | told       |
      | 405    | 405        |
      | 408    | 408        |
      | 415    | 415        |
      | 481    | 481        |
      | 486    | 486        |
      | 488    | 488        |
      | 491    | 491        |
      | 500    | 500        |
      | 503    | 503 or 500 |
      | 603    | 603        |

  Scenario Outline: P5 The client answers <status> to an UPDATE
    Given Bob will answer <status> with
      | Warning     | 399 bob.example.com "Not now"    |
      | Allow       | INVITE, ACK, BYE, CANCEL, UPDATE |
      | Accept      | application/sdp                  |
      | Retry-After | 5                                |
    When the Controlling Function sends "a new offer by UPDATE"
    Then the SUT sends an UPDATE request to the IMS core
    And [final-proxy] the SUT answers <told> to the received UPDATE request
    And [final-proxy] it obeys RFC 3261 section 16.7

    Examples:
      | status | told       |
      | 405    | 405        |
      | 481    | 481        |
      | 488    | 488        |
      | 491    | 491        |
      | 500    | 500        |
      | 503    | 503 or 500 |
