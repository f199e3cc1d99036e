# Source: OMA-COM-CPM-2007 (CPM Conversation Functions 1.0, change request of seed 000), section 7.3.4.
@CPM1-7.3.4 @sut-cpm-client @ics-session @ics-session-modify
Feature: 7.3.4 A client of CPM 1.0 modifies a session

  A new offer in an INVITE of the dialog, whose CSeq is higher than any before:
  equal or lower fails, a gap warns. Rulings: the newest remote target (R-0-17);
  tags by dialog state. Streams may share a connection.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/modification"
    And Alice is registered

  Rule: The new INVITE

    Scenario Outline: In a session that <who> had opened
      Given a CPM 1-1 Session is established between <first> and <second>
      When Alice modifies the session to "<change>"
      Then [intro] the SUT sends 1 INVITE request to the IMS core
      And [intro] it is sent within the session
      And [intro] it obeys RFC 3261 section 14.1
      And [intro] it should have header field Conversation-ID
      And [intro] it should have header field Contribution-ID
      And [intro] its Conversation-ID, if any, equals that of the first <opened> INVITE request
      And [intro] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [1] it obeys RFC 3261 section 12.2.1.2
      And [2] its Call-ID equals that of the <message>
      And [2] its From;tag is the <from>;tag of the <message>
      And [2] its To;tag is the <to>;tag of the <message>
      And [cseq] it obeys RFC 3261 section 12.2.1.1
      And [3] its body is a modified SDP offer
      And [3] it obeys RFC 3264 section 8
      And [3] it obeys RFC 4975 section 8.1
      And [3] it obeys RFC 4975 section 8.2
      And [3] it obeys RFC 4975 section 8.6
      And [3] its SDP accept-types contains "message/cpim"
      And [4] it obeys TS 24.229
      And [4] its P-Preferred-Identity, if any, is the address of Alice

      Examples:
        | who   | first | second | change               | opened   | message                                                | to   | from |
        | Alice | Alice | Bob    | hold                 | sent     | received 200 response to the first sent INVITE request | To   | From |
        | Alice | Alice | Bob    | add a stream         | sent     | received 200 response to the first sent INVITE request | To   | From |
        | Alice | Alice | Bob    | take only text/plain | sent     | received 200 response to the first sent INVITE request | To   | From |
        | Bob   | Bob   | Alice  | hold                 | received | sent 200 response to the received INVITE request       | From | To   |

    @ics-adhoc-groups
    Scenario: In a group session
      Given a CPM Group Session is established between Alice and the Controlling Function
      When Alice modifies the session to "hold"
      Then [intro] the SUT sends 1 INVITE request to the IMS core
      And [intro] it is sent within the session
      And [intro] its Conversation-ID, if any, equals that of the first sent INVITE request
      And [intro] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [1] it obeys RFC 3261 section 12.2.1.2

    Scenario: Twice in a row
      Given a CPM 1-1 Session is established between Alice and Bob
      When Alice modifies the session to "hold"
      Then the SUT sends an INVITE request to the IMS core
      And [cseq] its CSeq is one more than that of the first sent INVITE request
      And the SUT sends an ACK request to the IMS core
      When Alice modifies the session to "resume"
      Then the SUT sends an INVITE request to the IMS core
      And [cseq] it obeys RFC 3261 section 12.2.1.1
      And [2] it is sent within the session

    Scenario: Bob has moved
      Given Bob behaves as "moving with his offer"
      And a CPM 1-1 Session is established between Alice and Bob
      When Bob sends "a new offer"
      Then the SUT answers 200 to the received INVITE request
      When Alice modifies the session to "hold"
      Then the SUT sends an INVITE request to the IMS core
      And [1] it obeys RFC 3261 section 12.2.1.2
      And [3] its body is a modified SDP offer

    Scenario: It goes by way of others
      Given the IMS core behaves as "staying on the way"
      And a CPM 1-1 Session is established between Alice and Bob
      When Alice modifies the session to "hold"
      Then the SUT sends an INVITE request to the IMS core
      And [1] it is sent within the session
      And [4] it obeys TS 24.229

    Scenario: Bob makes an offer at the same time
      Given a CPM 1-1 Session is established between Alice and Bob
      And the IMS core behaves as "slow to carry offers"
      When Alice modifies the session to "hold"
      Then the SUT sends an INVITE request to the IMS core
      When Bob sends "a new offer"
      And 5 seconds pass
      Then [on200-1] the SUT sends an INVITE request to the IMS core
      And [on200-1] it obeys RFC 3261 section 14.1
      And [cseq] it obeys RFC 3261 section 12.2.1.1

    @ics-digest
    Scenario: The core wants to know who it is
      Given the IMS core behaves as "asking who modifies a session"
      And a CPM 1-1 Session is established between Alice and Bob
      When Alice modifies the session to "hold"
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends an INVITE request to the IMS core
      And [cseq] it obeys RFC 3261 section 12.2.1.1

  Rule: The answer

    Scenario: The acknowledgement
      Given a CPM 1-1 Session is established between Alice and Bob
      When Alice modifies the session to "hold"
      Then the SUT sends an INVITE request to the IMS core
      And [on200-1] the SUT sends an ACK request to the IMS core
      And [on200-1] it is sent within the session
      And [cseq] its CSeq equals that of the sent INVITE request
      And [cseq] it obeys RFC 3261 section 13.2.2.4

    Scenario: A stream is opened and closed
      Given a CPM 1-1 Session is established between Alice and Bob
      When Alice modifies the session to "add a stream"
      Then the SUT sends an INVITE request to the IMS core
      And [on200-1] the SUT sends an MSRP SEND request to Bob
      And [on200-1] the media plane changes
      When Alice modifies the session to "drop the stream"
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends an ACK request to the IMS core
      When Alice writes "Still here" in the session
      Then [on200-1] the SUT sends 1 MSRP message to Bob
      And [on200-1] its MSRP To-Path is the SDP path of the received 200 response to the sent INVITE request

    Scenario: Carol does not take a second stream
      Given a CPM 1-1 Session is established between Alice and Carol
      When Alice modifies the session to "add a stream"
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends an ACK request to the IMS core
      And [on200-1] the media plane stays unchanged

    Scenario: Dave's path moves
      Given a CPM 1-1 Session is established between Alice and Dave
      When Alice modifies the session to "take only text/plain"
      Then the SUT sends an INVITE request to the IMS core
      And [on200-1] the SUT connects to the SDP path of the received 200 response to the sent INVITE request
      When Alice writes "Over there" in the session
      Then [on200-1] the SUT sends 1 MSRP message to Dave
      And [on200-1] its MSRP To-Path is the SDP path of the received 200 response to the sent INVITE request

    Scenario: Bob does not take it
      Given Bob behaves as "taking no offer"
      And a CPM 1-1 Session is established between Alice and Bob
      When Alice modifies the session to "hold"
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends an ACK request to the IMS core
      When Alice writes "Still here" in the session
      Then [on200-1] the SUT sends 1 MSRP message to Bob

    Scenario: Bob has forgotten the session
      Given Bob behaves as "having forgotten the session"
      And a CPM 1-1 Session is established between Alice and Bob
      When Alice modifies the session to "hold"
      Then the SUT sends an INVITE request to the IMS core
      And [on200-1] the SUT sends a BYE request to the IMS core
