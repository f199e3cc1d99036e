# Source: OMA SIMPLE IM, change request on terminating session modification, section 7.4.2.8: the server as a SIP proxy.
@IM-7.4.2.8 @sut-im-server-proxy
Feature: 7.4.2.8 A session is modified through a proxy

  Rulings: a proxy does not choose methods, what comes goes on (R-IM-7.4.2.8-2).
  A request and a response that pass are compared with what came: all but Via,
  Max-Forwards, Route and Record-Route stays (CMP-FORWARD).

  Background:
    Given the SUT is an IM Server as Proxy serving Bob
    And the network of "im-server/modification"

  Scenario: It is a proxy
    When the Controlling Function sends "an invitation"
    Then [proxy-req] the SUT sends an INVITE request to the IMS core
    And [proxy-req] its Call-ID equals that of the received INVITE request
    And [proxy-req] it obeys RFC 3261 section 16.6

  Rule: Requests and responses pass

    Background:
      Given Bob has accepted "an invitation"

    Scenario Outline: P1 A re-INVITE: <message>
      When the Controlling Function sends "<message>"
      Then [proxy-req] the SUT sends 1 INVITE or UPDATE request to the IMS core
      And [proxy-req] its Call-ID equals that of the received INVITE request
      And [proxy-req] it obeys RFC 3261 section 16.6
      And [proxy-200] the SUT answers 200 to the received INVITE request
      And [proxy-200] it obeys RFC 3261 section 16.7
      And [proxy-200] the SUT sends an ACK request to the IMS core
      And [proxy-200] it obeys RFC 3261 section 16.6

      Examples:
        | message                     |
        | a new offer                 |
        | an offer at another path    |
        | an offer on hold            |
        | an offer of a second stream |

    Scenario Outline: P2 An UPDATE: <message>
      When the Controlling Function sends "<message>"
      Then [proxy-req] the SUT sends 1 INVITE or UPDATE request to the IMS core
      And [proxy-req] it obeys RFC 3261 section 16.6
      And [proxy-200] the SUT answers 200 to the received UPDATE request
      And [proxy-200] it obeys RFC 3261 section 16.7

      Examples:
        | message                            |
        | a new offer by UPDATE              |
        | an offer at another path by UPDATE |

    Scenario Outline: P3 What the client cannot take: <message>
      Given Bob will answer 488 with
        | Warning | 305 bob.example.com "Incompatible media format" |
      When the Controlling Function sends "<message>"
      Then [proxy-req] the SUT sends an INVITE request to the IMS core
      And [proxy-req] it obeys RFC 3261 section 16.6
      And [final-proxy] the SUT answers 488 to the received INVITE request
      And [final-proxy] it obeys RFC 3261 section 16.7

      Examples:
        | message                            |
        | an offer of an unknown type        |
        | an offer over an unknown transport |
        | an offer of sound alone            |

    Scenario: P4 An UPDATE to a client that knows none
      Given Bob behaves as "refusing UPDATE"
      When the Controlling Function sends "a new offer by UPDATE"
      Then the SUT answers 405 to the received UPDATE request
      And [proxy-req-update] the SUT may send an UPDATE request to the IMS core

    Scenario: P4 A re-INVITE stays one
      When the Controlling Function sends "an offer of larger messages"
      Then the SUT sends an INVITE or UPDATE request to the IMS core with
        | Max-Forwards | 68 |
      And [proxy-req-update] its method is "INVITE"

    Scenario: P6 A body that nobody knows
      When the Controlling Function sends "a body that nobody knows"
      Then [proxy-req] the SUT sends an INVITE request to the IMS core
      And [proxy-req] it obeys RFC 3261 section 16.6

    Scenario: P6 The client repeats its 200
      Given Bob behaves as "saying it twice"
      When the Controlling Function sends "a new offer"
      Then [proxy-req] the SUT sends 1 INVITE or UPDATE request to the IMS core
      And [proxy-200] the SUT answers 200 to the received INVITE request
      And [proxy-200] it obeys RFC 3261 section 16.7

    Scenario Outline: P6 The session ends: <message>
      When <who> sends "<message>"
      Then [proxy-200] the SUT sends a BYE request to the IMS core
      And [proxy-200] it obeys RFC 3261 section 16.6
      And [proxy-200] the SUT answers 200 to the received BYE request
      And [proxy-200] it obeys RFC 3261 section 16.7

      Examples:
        | who                      | message          |
        | the Controlling Function | a goodbye        |
        | Bob                      | a goodbye of Bob |

    Scenario: P1 The last hop
      When the Controlling Function sends "a request on its last hop"
      Then [proxy-req] the SUT answers 483 to the received INVITE request
      And [proxy-req] the SUT sends no INVITE request to the IMS core

    Scenario Outline: P8 Identity and privacy: <message>
      When the Controlling Function sends "<message>"
      Then the SUT answers 200 to the received <method> request
      And the SUT sends an INVITE or UPDATE request to the IMS core with
        | Max-Forwards | 68 |
      And [ims-proxy] it obeys RFC 3261 section 16.6
      And [ims-proxy] it copies from the received <method> request
        | P-Asserted-Identity |
        | Privacy             |
        | P-Charging-Vector   |

      Examples:
        | message               | method |
        | a new offer           | INVITE |
        | a new offer by UPDATE | UPDATE |

    Scenario Outline: P7 The client modifies: <message>
      When Bob sends "<message>"
      Then [proxy-req] the SUT sends 1 INVITE or UPDATE request to the IMS core
      And [proxy-req] it obeys RFC 3261 section 16.6
      And [proxy-200] the SUT answers 200 to the received <method> request
      And [proxy-200] it obeys RFC 3261 section 16.7

      Examples:
        | message                   | method |
        | an offer of Bob           | INVITE |
        | an offer of Bob by UPDATE | UPDATE |
