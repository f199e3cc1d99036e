# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.3.2.1.
@CONV-7.2.3.2.1 @sut-cpm-client @ics-deferred
Feature: 7.2.3.2.1 A client says what shall become of deferred messages

  A CPM Client tells its participating function by an INVITE which deferred
  messages to deliver, delete, interwork or store; no list means all of them. No
  media follows: after the ACK comes BYE. Rulings: a setup attribute is optional
  (R-7.2.3.2.1-1); "*" alone among the types is noted (R-7.2.3.2.1-2); entries
  are compared as text, disposition and option tag are free (R-7.2.3.2.1-3).

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/deferred"
    And Alice is registered

  Rule: All messages are wanted

    Background:
      Given Alice has received "the list of three"

    Scenario: The client asks for all of them
      When Alice handles the deferred messages
      Then [1] the SUT sends 1 INVITE request to the IMS core
      And [user] it comes after the received NOTIFY request
      And [1] it is sent outside any dialog
      And [1] it obeys RFC 3261 section 13.2.1
      And [2] its Request-URI is "{deferred management}"
      And [3] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.deferred"
      And [4] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.deferred"
      And [5] its P-Preferred-Service is "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.deferred"
      And [5] it has no header field P-Asserted-Service
      And [6] its body is an SDP offer
      And [6] it obeys RFC 4975 section 8
      And [6a] its SDP accept-types contains "message/cpim"
      And [6b] it obeys RFC 4975 section 8.6
      And [6c] its SDP direction is "recvonly"
      And [nolist] its Content-Type is "application/sdp"
      And [8] it obeys TS 24.229
      And [CONV-7-useragent] its User-Agent states the CPM release

    Scenario: The session is over at once
      When Alice handles the deferred messages
      Then the SUT sends an INVITE request to the IMS core
      And [ack] the SUT sends 1 ACK request to the IMS core
      And [ack] it obeys RFC 3261 section 13.2.2.4
      And [nomedia] the media plane stays down
      And [bye] the SUT sends 1 BYE request to the IMS core
      And [bye] it is sent within the session
      And [bye] it obeys RFC 3261 section 15.1.1
      And [bye] it comes 0 to 5 seconds after the sent ACK request

    Scenario: The answer refuses the stream
      Given the Participating Function behaves as "taking no stream"
      When Alice handles the deferred messages
      Then the SUT sends an INVITE request to the IMS core
      And [ack] the SUT sends 1 ACK request to the IMS core
      And [nomedia] the media plane stays down
      And [bye] the SUT sends 1 BYE request to the IMS core

    Scenario: The response comes twice
      Given the Participating Function behaves as "slow to hear the ACK"
      When Alice handles the deferred messages
      Then the SUT sends an INVITE request to the IMS core
      And [ack] the SUT sends an ACK request to the IMS core
      And [ack] it obeys RFC 3261 section 13.2.2.4

    Scenario: Nobody asked for anything
      When the Participating Function sends "an in-band notification"
      Then the SUT answers 200 to the received MESSAGE request
      And [user] the SUT sends no INVITE request to the IMS core

    @ics-msg @ics-largemsg
    Scenario Outline: <what> is delivered
      When Alice handles the deferred messages
      Then the SUT sends a BYE request to the IMS core
      When Bob sends "<what>"
      Then [delivery] the SUT answers 200 to <request>
      And [delivery] Alice is shown a message with
        | content | <content> |

      Examples:
        | what                     | request                      | content     |
        | a deferred message       | the received MESSAGE request | Hello Alice |
        | a deferred large message | the received INVITE request  | {text 5000} |

  Rule: Some messages are wanted

    Background:
      Given Alice has received "the list of three"

    Scenario: One of three
      When Alice handles the deferred messages with
        | {deferred.2} | deliver |
      Then the SUT sends 1 INVITE request to the IMS core
      And [7a] its body lists
        | {deferred.2} |
      And [6] its body is an SDP offer
      And [6] it obeys RFC 4975 section 8
      And [6c] its SDP direction is "recvonly"

    Scenario: All three with different decisions
      When Alice handles the deferred messages with
        | {deferred.1} | deliver |
        | {deferred.2} | delete  |
        | {deferred.3} | store   |
      Then the SUT sends 1 INVITE request to the IMS core
      And [7a] its body lists
        | {deferred.1} |
        | {deferred.2} |
        | {deferred.3} |
      And [7a-param] its body lists
        | {deferred.1}?cpm_action=deliver |
        | {deferred.2}?cpm_action=delete  |
        | {deferred.3}?cpm_action=store   |

    Scenario Outline: <action>
      When Alice handles the deferred messages with
        | {deferred.1} | <action> |
      Then the SUT sends 1 INVITE request to the IMS core
      And [<item>] its body lists
        | {deferred.1}?cpm_action=<action> |

      Examples:
        | action    | item   |
        | deliver   | 7a-i   |
        | delete    | 7a-ii  |
        | interwork | 7a-iii |
        | store     | 7a-iv  |

    Scenario: An identifier that XML has to escape
      Given Alice has received "a list with odd identifiers"
      When Alice handles the deferred messages with
        | {deferred.odd} | deliver |
      Then the SUT sends 1 INVITE request to the IMS core
      And [7a-param] its body lists
        | {deferred.odd}?cpm_action=deliver |
