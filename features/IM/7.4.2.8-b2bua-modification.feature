# Source: OMA SIMPLE IM, change request on terminating session modification, section 7.4.2.8: the server as a B2BUA.
@IM-7.4.2.8 @sut-im-server-b2bua
Feature: 7.4.2.8 A session is modified through a B2BUA

  Rulings: the client's Allow says whether UPDATE may go to it (R-IM-7.4.2.8-1);
  methods may be translated, requests without an offer are noted only
  (R-IM-7.4.2.8-5). What the sides agree on is compared without addresses, ports,
  paths and origin (CMP-SDPMASK).

  Background:
    Given the SUT is an IM Server as B2BUA serving Bob
    And the network of "im-server/modification"

  Scenario: It is a B2BUA
    When the Controlling Function sends "an invitation"
    Then [b2bua-req-1] the SUT sends an INVITE request to the IMS core
    And [b2bua-req-1] its Call-ID differs from that of the received INVITE request

  Rule: An offer goes on in the other dialog

    Background:
      Given Bob has accepted "an invitation"

    Scenario Outline: B1 A re-INVITE is accepted: <message>
      When the Controlling Function sends "<message>"
      Then [b2bua-req-1] the SUT sends 1 INVITE or UPDATE request to the IMS core
      And [b2bua-req-1] its Call-ID differs from that of the received INVITE request
      And [b2bua-req-1-update] it obeys RFC 3311
      And [b2bua-req-3] its SDP streams equals that of the received INVITE request
      And [b2bua-req-3] its body is a modified SDP offer
      And [b2bua-req-4] it is sent within the session
      And [b2bua-200-1] the SUT answers 200 to the received INVITE request
      And [b2bua-200-1] it comes after the received 200 response to the sent INVITE or UPDATE request
      And [b2bua-200-1] it obeys RFC 3261 section 14.2
      And [b2bua-200-2] its SDP streams equals that of the received 200 response to the sent INVITE or UPDATE request
      And [b2bua-200-2] its body is an SDP answer to the received INVITE request
      And [b2bua-200-3] it obeys TS 24.229

      Examples:
        | message                     |
        | a new offer                 |
        | an offer at another path    |
        | an offer to listen          |
        | an offer on hold            |
        | an offer of a second stream |
        | an offer without the stream |
        | an offer for other types    |

    Scenario: B1 Nothing changes but the origin
      When the Controlling Function sends "the same offer again"
      Then [b2bua-req-1] the SUT sends 1 INVITE or UPDATE request to the IMS core
      And [b2bua-req-3] its SDP streams equals that of the received INVITE request
      And [b2bua-req-3] its body is an SDP offer
      And [b2bua-200-1] the SUT answers 200 to the received INVITE request
      And [b2bua-200-2] its body is an SDP answer to the received INVITE request

    @ics-im-update
    Scenario Outline: B2 An UPDATE is accepted: <message>
      When the Controlling Function sends "<message>"
      Then [b2bua-req-1] the SUT sends 1 INVITE or UPDATE request to the IMS core
      And [b2bua-req-1-update] it obeys RFC 3311
      And [b2bua-req-3] its SDP streams equals that of the received UPDATE request
      And [b2bua-req-3] its body is a modified SDP offer
      And [b2bua-req-4] it is sent within the session
      And [b2bua-200-1] the SUT answers 200 to the received UPDATE request
      And [b2bua-200-1] it comes after the received 200 response to the sent INVITE or UPDATE request
      And [b2bua-200-2] its SDP streams equals that of the received 200 response to the sent INVITE or UPDATE request
      And [b2bua-200-2] its body is an SDP answer to the received UPDATE request
      And [b2bua-200-3] it obeys TS 24.229

      Examples:
        | message                            |
        | a new offer by UPDATE              |
        | an offer at another path by UPDATE |
        | an offer to listen by UPDATE       |

    Scenario Outline: B12 Identity and privacy: <message>
      When the Controlling Function sends "<message>"
      Then the SUT answers 200 to the received <method> request
      And the SUT sends an INVITE or UPDATE request to the IMS core
      And [ims-b2bua] it is sent within the session
      And [ims-b2bua] its P-Asserted-Identity equals that of the received <method> request
      And [ims-b2bua] its Privacy equals that of the received <method> request

      Examples:
        | message     | method |
        | a new offer | INVITE |

      @ics-im-update
      Examples:
        | message               | method |
        | a new offer by UPDATE | UPDATE |

    Scenario: B9 A second modification, and one by Bob
      When the Controlling Function sends "a new offer"
      Then the SUT answers 200 to the received INVITE request
      When the Controlling Function sends "an offer on hold"
      Then the SUT answers 200 to the received INVITE request
      And [b2bua-req-3] the SUT sends an INVITE or UPDATE request to the IMS core with
        | SDP direction | inactive |
      And [b2bua-req-3] its body is a modified SDP offer
      And [b2bua-req-4] it is sent within the session
      When Bob sends "an offer of Bob"
      Then [b2bua-req-1] the SUT sends an INVITE or UPDATE request to the IMS core with
        | SDP direction | recvonly |
      And [b2bua-req-4] it is sent within the session
      And [b2bua-req-3] its body is a modified SDP offer
      And [b2bua-200-1] the SUT answers 200 to the received INVITE request
      And [b2bua-200-2] its SDP streams equals that of the received 200 response to the sent INVITE or UPDATE request

    Scenario: B9 Bob moves with his answer
      Given Bob behaves as "moving with the answer"
      When the Controlling Function sends "a new offer"
      Then the SUT answers 200 to the received INVITE request
      When the Controlling Function sends "an offer of larger messages"
      Then [b2bua-req-4] the SUT sends an INVITE or UPDATE request to the IMS core with
        | SDP max-size | 100000 |
      And [b2bua-req-4] it is sent within the session

    Scenario: B1 The client takes its time
      Given Bob behaves as "slow to agree"
      When the Controlling Function sends "an offer of smaller messages"
      Then the SUT answers 200 to the received INVITE request
      When 2 seconds pass
      Then [b2bua-200-1] it comes after the received 200 response to the sent INVITE or UPDATE request

    Scenario: B1 The client narrows the types
      Given Bob behaves as "narrowing the types"
      When the Controlling Function sends "the same offer again"
      Then [b2bua-200-1] the SUT answers 200 to the received INVITE request
      And [b2bua-200-2] its SDP streams equals that of the received 200 response to the sent INVITE or UPDATE request
      And [b2bua-200-3] it obeys TS 24.229

  Rule: What the client's Allow says

    Scenario: B3 A re-INVITE for a client without UPDATE
      Given Bob behaves as "a client without UPDATE"
      And Bob has accepted "an invitation"
      When the Controlling Function sends "a new offer"
      Then [b2bua-req-1] the SUT sends 1 INVITE or UPDATE request to the IMS core
      And [b2bua-req-1-update] its method is "INVITE"
      And [b2bua-req-4] it is sent within the session
      And [b2bua-200-ack] the SUT sends an ACK request to the IMS core
      And [b2bua-200-ack] it obeys RFC 3261 section 13.2.2.4
      And [b2bua-200-1] the SUT answers 200 to the received INVITE request

    @ics-im-update
    Scenario: B3 An UPDATE for a client without UPDATE
      Given Bob behaves as "a client without UPDATE"
      And Bob has accepted "an invitation"
      When the Controlling Function sends "a new offer by UPDATE"
      Then [b2bua-req-1] the SUT sends 1 INVITE or UPDATE request to the IMS core
      And [b2bua-req-1-update] its method is "INVITE"
      And [b2bua-req-4] it is sent within the session
      And [b2bua-200-ack] the SUT sends an ACK request to the IMS core
      And [b2bua-200-ack] it obeys RFC 3261 section 13.2.2.4
      And [b2bua-200-1] the SUT answers 200 to the received UPDATE request

    Scenario Outline: B3 A client that says nothing of its methods: <message>
      Given Bob behaves as "a client without Allow"
      And Bob has accepted "an invitation"
      When the Controlling Function sends "<message>"
      Then [b2bua-req-1] the SUT sends 1 INVITE or UPDATE request to the IMS core
      And [b2bua-req-1-update] its method is "INVITE"

      Examples:
        | message     |
        | a new offer |

      @ics-im-update
      Examples:
        | message               |
        | a new offer by UPDATE |
