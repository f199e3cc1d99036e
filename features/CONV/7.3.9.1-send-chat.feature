# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.3.9.1 (printed 5.2.1.1).
@CONV-7.3.9.1 @sut-cpm-client @ics-session
Feature: 7.3.9.1 A client writes in a session

  Chat messages travel in MSRP, wrapped in CPIM and addressed by the kind of
  session. One keyword binds the whole of RFC 4975; it is judged in parts
  (R-7.3.9.1-1). Rulings: a missing setup warns (H-7); an anonymous CPIM To fails
  in this profile (R-7.3.9.1-3); in an ad-hoc group the session identity, else
  the provisioned address (R-7.3.9.1-4).

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/chat"
    And Alice is registered

  Rule: What a message looks like

    Background:
      Given a CPM 1-1 Session is established between Alice and Bob

    Scenario: A short text
      When Alice writes "Lunch at noon?" in the session
      Then [msrp] the SUT sends 1 MSRP message to Bob
      And [msrp] it obeys RFC 4975 section 7.1
      And [msrp] its MSRP From-Path is the SDP path of the sent INVITE request
      And [msrp] its MSRP To-Path is the SDP path of the received 200 response to the sent INVITE request
      And [1] its MSRP Content-Type is "message/cpim"
      And [1] its body is a CPIM message
      And [1] it has header field CPIM To
      And [1] its CPIM To is the address of Bob
      And [1a] its CPIM To is the address of Bob
      And [msrp] its content is "Lunch at noon?"

    Scenario Outline: A text that could be mistaken for the end: <text>
      When Alice writes "<text>" in the session
      Then [msrp] the SUT sends 1 MSRP message to Bob
      And [msrp] it obeys RFC 4975 section 7.1
      And [msrp] its content is "<text>"

      Examples:
        | text                                    |
        | -------a786hjs2$                        |
        | Hello ------- Bob                       |
        | {file end-lines.txt}                    |

    Scenario Outline: A text of <size> octets
      When Alice writes "{text <size>}" in the session
      Then [chunk] the SUT sends 1 MSRP message to Bob
      And [chunk] it obeys RFC 4975 section 7.1.1
      And [chunk] its content is "{text <size>}"

      Examples:
        | size  |
        | 2047  |
        | 2048  |
        | 2049  |
        | 8192  |
        | 10000 |

    Scenario: Two messages, one long and one short
      When Alice writes "{text 10000}" in the session
      And Alice writes "Second" in the session
      Then [chunk] the SUT sends 2 MSRP messages to Bob
      And [chunk] their MSRP Message-ID values all differ
      And [chunk] it obeys RFC 4975 section 7.1.1

    Scenario: One text after the other, and one after a new offer
      When Alice writes "First" in the session
      Then the SUT sends 1 MSRP message to Bob
      When Alice writes "Second" in the session
      Then [msrp] the SUT sends 1 MSRP message to Bob
      And [1] it has header field CPIM To
      And [1a] its CPIM To is the address of Bob
      When Bob sends "a new offer"
      Then the SUT answers 200 to the received INVITE request
      When Alice writes "Third" in the session
      Then [msrp] the SUT sends 1 MSRP message to Bob
      And [1] it has header field CPIM To
      And [1a] its CPIM To is the address of Bob

  Rule: Who is written to

    Scenario: Bob had invited Alice
      Given a CPM 1-1 Session is established between Bob and Alice
      When Alice writes "Lunch at noon?" in the session
      Then [msrp] the SUT sends 1 MSRP message to Bob
      And [msrp] its MSRP From-Path is the SDP path of the sent 200 response to the received INVITE request
      And [1] its MSRP Content-Type is "message/cpim"
      And [1] it has header field CPIM To
      And [1a] its CPIM To is the address of Bob

    @ics-tel-uri
    Scenario: A telephone number
      When Alice invites Bob to a CPM 1-1 Session with
        | to | tel:+15555550111 |
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends an ACK request to the IMS core
      When Alice writes "Lunch at noon?" in the session
      Then the SUT sends 1 MSRP message to Erin
      And [1a] its CPIM To is "tel:+15555550111"

    @ics-adhoc-groups
    Scenario: A group that Alice put together
      Given a CPM Group Session is established between Alice and the Controlling Function
      When Alice writes "Lunch at noon?" in the session
      Then the SUT sends 1 MSRP message to the Controlling Function
      And [1] it has header field CPIM To
      And [1b] its CPIM To is the Contact of the received 200 response to the sent INVITE request

    @ics-adhoc-groups
    Scenario: A group that Alice was invited to
      Given Alice has accepted "a group invitation"
      When Alice writes "Lunch at noon?" in the session
      Then the SUT sends 1 MSRP message to the Controlling Function
      And [1b] its CPIM To is the Contact of the received INVITE request

    @ics-predefined-groups
    Scenario: A group that the network keeps
      Given a CPM Group Session is established between Alice and the Controlling Function with
        | group | the Lunch Group |
      When Alice writes "Lunch at noon?" in the session
      Then the SUT sends 1 MSRP message to the Lunch Group
      And [1] it has header field CPIM To
      And [1c] its CPIM To is the address of the Lunch Group

    @ics-predefined-groups
    Scenario: A group of the network that Alice was invited to
      Given Alice has accepted "an invitation to the Lunch Group"
      When Alice writes "Lunch at noon?" in the session
      Then the SUT sends 1 MSRP message to the Lunch Group
      And [1c] its CPIM To is the address of the Lunch Group

  Rule: What the other end takes

    Scenario Outline: Bob is <conduct>
      Given Bob behaves as "<conduct>"
      And a CPM 1-1 Session is established between Alice and Bob
      When Alice writes "{file photo.jpg}" in the session with
        | content type | image/jpeg |
      Then [types] the SUT sends no MSRP message to Bob

      Examples:
        | conduct                |
        | taking plain text alone |
        | wrapping nothing        |

    Scenario: Bob takes plain text
      Given Bob behaves as "taking plain text alone"
      And a CPM 1-1 Session is established between Alice and Bob
      When Alice writes "Lunch at noon?" in the session
      Then [types] the SUT sends 1 MSRP message to Bob
      And [types] it obeys RFC 4975 section 8.6

    Scenario Outline: Alice was invited: <what>
      When Bob sends "<what>"
      And Alice accepts the invitation
      Then the SUT answers 200 to the received INVITE request
      And the SUT sends an MSRP SEND request to Bob
      When Alice writes "{file photo.jpg}" in the session with
        | content type | image/jpeg |
      Then [types] the SUT sends no MSRP message to Bob

      Examples:
        | what                              |
        | an invitation for plain text alone |
        | an invitation that wraps nothing   |
