# Source: OMA SIMPLE IM, change request on terminating session modification, section 7.4.2.8: the server as a B2BUA.
@IM-7.4.2.8 @sut-im-server-b2bua
Feature: 7.4.2.8 A B2BUA refuses, or lets its client refuse

  Rulings: nothing goes to the client that the server refuses for it
  (R-IM-7.4.2.8-4); a B2BUA gives the final response that corresponds to the one
  that it got, its own attempt after 491 and 500 is legal (R-IM-7.4.2.8-3).

  Background:
    Given the SUT is an IM Server as B2BUA serving Bob
    And the network of "im-server/modification"
    And Bob has accepted "an invitation"

  @ics-im-validates
  Rule: What the client cannot take

    Scenario Outline: B4 An unacceptable offer: <message>
      When the Controlling Function sends "<message>"
      Then [b2bua-req-2] the SUT answers 488 to the received <method> request
      And [b2bua-req-2] the SUT sends no INVITE or UPDATE request to the IMS core

      Examples:
        | message                            | method |
        | an offer of an unknown type        | INVITE |
        | an offer over an unknown transport | INVITE |
        | an offer of sound alone            | INVITE |

      @ics-im-update
      Examples:
        | message                               | method |
        | an offer of an unknown type by UPDATE | UPDATE |

    @ics-im-media
    Scenario: B4 The session goes on as it was
      When the Controlling Function sends "an offer over an unknown transport"
      Then the SUT answers 488 to the received INVITE request
      When the Controlling Function sends "a chat message"
      Then [b2bua-req-2] the SUT sends 1 MSRP message to Bob

    Scenario Outline: B5 A partly acceptable offer: <message>
      When the Controlling Function sends "<message>"
      Then [b2bua-req-2] the SUT sends an INVITE or UPDATE request to the IMS core
      And [b2bua-req-2] the SUT answers 200 to the received <method> request
      And [b2bua-200-2] its body is an SDP answer to the received <method> request
      And [b2bua-200-2] its SDP streams equals that of the received 200 response to the sent INVITE or UPDATE request

      Examples:
        | message                       | method |
        | an offer with sound beside it | INVITE |

      @ics-im-update
      Examples:
        | message                                 | method |
        | an offer with sound beside it by UPDATE | UPDATE |

  Rule: What the client refuses

    Scenario: B7 One stream is refused
      When the Controlling Function sends "an offer with sound beside it"
      Then [b2bua-200-1] the SUT answers 200 to the received INVITE request
      And [b2bua-200-2] its SDP streams equals that of the received 200 response to the sent INVITE or UPDATE request

    Scenario Outline: B6 The client answers <status>
      Given Bob will answer <status> with
        | Warning     | 399 bob.example.com "Not now"    |
        | Allow       | INVITE, ACK, BYE, CANCEL, UPDATE |
        | Accept      | application/sdp                  |
        | Retry-After | 5                                |
      When the Controlling Function sends "a new offer"
      Then the SUT sends an INVITE or UPDATE request to the IMS core
      And [final-b2bua] the SUT answers <told> to the received INVITE request
      And [final-b2bua] it comes after the received <status> response to the sent INVITE or UPDATE request
      And [final-b2bua] it obeys RFC 3261 section 14.2
      And [final-b2bua] it should have header field Warning

      Examples:
        | status | told       |
        | 405    | 405        |
        | 408    | 408        |
        | 415    | 415        |
        | 480    | 480        |
        | 481    | 481        |
        | 486    | 486        |
        | 488    | 488        |
        | 491    | 491 or 200 |
        | 500    | 500 or 200 |
        | 603    | 603        |

    @ics-im-update
    Scenario Outline: B6 The client answers <status> to what was an UPDATE
      Given Bob will answer <status> with
        | Warning     | 399 bob.example.com "Not now"    |
        | Allow       | INVITE, ACK, BYE, CANCEL, UPDATE |
        | Accept      | application/sdp                  |
        | Retry-After | 5                                |
      When the Controlling Function sends "a new offer by UPDATE"
      Then the SUT sends an INVITE or UPDATE request to the IMS core
      And [final-b2bua] the SUT answers <told> to the received UPDATE request

      Examples:
        | status | told       |
        | 405    | 405        |
        | 415    | 415        |
        | 480    | 480        |
        | 481    | 481        |
        | 486    | 486        |
        | 488    | 488        |
        | 491    | 491 or 200 |
        | 500    | 500 or 200 |
        | 603    | 603        |

    Scenario: B6 The client does not answer
      Given Bob will not answer
      When the Controlling Function sends "a new offer"
      Then the SUT sends an INVITE or UPDATE request to the IMS core
      When 33 seconds pass
      Then [final-b2bua] the SUT answers 408 to the received INVITE request

    @ics-im-media
    Scenario Outline: B6 The session goes on as it was after <status>
      Given Bob will answer <status>
      When the Controlling Function sends "an offer at another path"
      Then the SUT answers <status> to the received INVITE request
      When Bob sends "an answer in the chat"
      Then [final-b2bua] the SUT sends 1 MSRP message to the Controlling Function
      And [final-b2bua] its MSRP To-Path is the SDP path of the first received INVITE request

      Examples:
        | status |
        | 486    |
        | 488    |
