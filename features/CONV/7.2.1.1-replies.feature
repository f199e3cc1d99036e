# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.1.1, items 9 to 14.
@CONV-7.2.1.1 @sut-cpm-client @ics-msg
Feature: 7.2.1.1 Where a reply goes

  A reply goes to the Reply-To of the answered message, else to its
  authenticated sender, unless the user gives another address. From,
  P-Asserted-Identity and Reply-To of what Alice receives always differ.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/pager-mode"
    And Alice is registered

  Rule: Replies to one user

    Scenario Outline: The reply goes to <where>
      Given Alice has received "<received>"
      When Alice replies "Yes"
      Then the SUT sends a MESSAGE request to the IMS core
      And [<item>] its Request-URI is the <field> of the received MESSAGE request
      And [12existing] its Conversation-ID equals that of the received MESSAGE request
      And [13] its Contribution-ID is newly generated
      And [14] its InReplyTo-Contribution-ID is the Contribution-ID of the received MESSAGE request
      And [1] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg"
      And [4] its P-Preferred-Service is "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg"
      And [6] its User-Agent states the CPM release
      And [17] it obeys TS 24.229

      Examples:
        | item | where                     | received                     | field               |
        | 9b   | the Reply-To              | a message with Reply-To      | Reply-To            |
        | 9c   | the authenticated sender  | a message without Reply-To   | P-Asserted-Identity |
        | 9c   | one of two such addresses | a message from two addresses | P-Asserted-Identity |

    Scenario Outline: Alice gives another address for a reply to <received>
      Given Alice has received "<received>"
      When Alice replies "Yes" with
        | to | {dave} |
      Then the SUT sends a MESSAGE request to the IMS core
      And [<item>] its Request-URI is the address of Dave
      And [14] its InReplyTo-Contribution-ID is the Contribution-ID of the received MESSAGE request

      Examples:
        | item | received                   |
        | 9b   | a message with Reply-To    |
        | 9c   | a message without Reply-To |
