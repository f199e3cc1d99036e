# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.1.3.
@CONV-7.2.1.3 @sut-cpm-client @ics-msg
Feature: 7.2.1.3 A client wraps a message into CPIM

  The CPIM object says who wrote to whom, and whether the sender wants to learn
  what became of the message. The list of the source starts with item 2
  (R-7.2.1.3-1). Ruling R-7.2.1.3-2: an anonymous message may name its sender in
  CPIM From, or nobody.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/pager-mode"
    And Alice is registered

  Rule: Sender and recipient

    Scenario: To one user
      When Alice sends "Lunch at noon?" to Bob
      Then the SUT sends a MESSAGE request to the IMS core
      And [intro] it obeys RFC 3862
      And [2] its CPIM From is the address of Alice
      And [3a] its CPIM To is the address of Bob
      And [4] its CPIM imdn.Disposition-Notification, if any, does not contain "positive-delivery"
      And [4] its CPIM imdn.Disposition-Notification, if any, does not contain "negative-delivery"
      And [4] its CPIM imdn.Disposition-Notification, if any, does not contain "display"

    Scenario: Text in several scripts
      When Alice sends "{file utf8.txt}" to Bob
      Then the SUT sends a MESSAGE request to the IMS core
      And [intro] it obeys RFC 3862

    @ics-several-addresses
    Scenario: From the second address
      When Alice sends "From work" to Bob with
        | from | {alice.other} |
      Then the SUT sends a MESSAGE request to the IMS core
      And [2] its CPIM From is the address of Alice

    Scenario: An anonymous sender
      When Alice sends "Guess who" to Bob with
        | anonymous | yes |
      Then the SUT sends a MESSAGE request to the IMS core
      And [2] its CPIM From is the address of Alice

    Scenario Outline: A reply to <received>
      Given Alice has received "<received>"
      When Alice replies "Yes"
      Then the SUT sends a MESSAGE request to the IMS core
      And [3a] its CPIM To is the <field> of the received MESSAGE request

      Examples:
        | received                   | field               |
        | a message with Reply-To    | Reply-To            |
        | a message without Reply-To | P-Asserted-Identity |

    @ics-adhoc-groups
    Scenario: To an ad-hoc group
      When Alice sends "Lunch at noon?" to Bob, Carol
      Then the SUT sends a MESSAGE request to the IMS core
      And [intro] it obeys RFC 3862
      And [3b] its CPIM To is the address of the Controlling Function

    @ics-predefined-groups
    Scenario: To a pre-defined group
      When Alice sends "Lunch at noon?" to the Lunch Group
      Then the SUT sends a MESSAGE request to the IMS core
      And [3c] its CPIM To is the address of the Lunch Group

  @ics-imdn
  Rule: What Alice wants to learn

    Scenario Outline: Alice wants to learn of <what>
      When Alice sends "Lunch at noon?" to Bob with
        | notify | <what> |
      Then the SUT sends a MESSAGE request to the IMS core
      And [4] it obeys RFC 5438 section 7.1.1
      And [4] its CPIM imdn.Disposition-Notification contains "<word>"

      Examples:
        | what              | word              |
        | delivery          | positive-delivery |
        | display           | display           |
        | delivery, display | positive-delivery |
        | delivery, display | display           |

    Scenario: Two messages have two Message-IDs
      When Alice sends "One" to Bob with
        | notify | delivery |
      Then the SUT sends a MESSAGE request to the IMS core
      When Alice sends "Two" to Bob with
        | notify | delivery |
      Then the SUT sends a MESSAGE request to the IMS core
      And [4] it obeys RFC 5438 section 7.1.1
