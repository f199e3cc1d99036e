# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.1.1, items 9 to 14.
@CONV-7.2.1.1 @sut-cpm-client @ics-msg @ics-largemsg
Feature: 7.2.1.1 Where a short reply to a large message goes

  What is answered may have come in large message mode (R-0-12); a short reply
  to it is a pager mode message all the same.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/large-message"
    And Alice is registered

  Rule: Replies to one user

    Scenario Outline: The reply to <received>
      Given Alice has received "<received>"
      When Alice replies "Yes"
      Then the SUT sends a MESSAGE request to the IMS core
      And [<item>] its Request-URI is the <field> of the received INVITE request
      And [12existing] its Conversation-ID equals that of the received INVITE request
      And [13] its Contribution-ID is newly generated
      And [14] its InReplyTo-Contribution-ID is the Contribution-ID of the received INVITE request

      Examples:
        | item | received                         | field               |
        | 9b   | a large message with Reply-To    | Reply-To            |
        | 9c   | a large message without Reply-To | P-Asserted-Identity |

  @ics-adhoc-groups
  Rule: Replies to a group

    Scenario Outline: The reply to the group after <received>
      Given Alice has received "<received>"
      When Alice replies "Yes" with
        | members | <members> |
      Then the SUT sends a MESSAGE request to the IMS core
      And [<item>] its body lists the <field> of the received INVITE request
      And [<item>] its body lists
        | Bob   |
        | Carol |
        | Dave  |

      Examples: the sender is none of the members that Alice names
        | item | received                         | field               | members     |
        | 10c  | a large message with Reply-To    | Reply-To            | Bob, Dave   |
        | 10d  | a large message without Reply-To | P-Asserted-Identity | Carol, Dave |
