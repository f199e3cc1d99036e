# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.1.2, items 9 to 16.
@CONV-7.2.1.2 @sut-cpm-client @ics-largemsg
Feature: 7.2.1.2 Where a large reply goes

  A reply goes to the Reply-To of what it answers, else to its authenticated
  sender, unless the user gives another address; whether that came in pager or
  in large message mode makes no difference. From, P-Asserted-Identity and
  Reply-To of what Alice receives always differ.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/large-message"
    And Alice is registered

  Rule: Replies to one user

    Scenario Outline: The reply to <received>
      Given Alice has received "<received>"
      When Alice replies "{text 5000}"
      Then the SUT sends an INVITE request to the IMS core
      And [<item>] its Request-URI is the <field> of the received <method> request
      And [14existing] its Conversation-ID equals that of the received <method> request
      And [15] its Contribution-ID is newly generated
      And [16] its InReplyTo-Contribution-ID is the Contribution-ID of the received <method> request
      And [1] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.largemsg"
      And [2] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.largemsg"
      And [3] its P-Preferred-Service is "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.largemsg"
      And [6] its User-Agent states the CPM release
      And [18] it obeys TS 24.229

      Examples:
        | item | received                         | method | field               |
        | 9b   | a large message with Reply-To    | INVITE | Reply-To            |
        | 9c   | a large message without Reply-To | INVITE | P-Asserted-Identity |

      @ics-msg
      Examples:
        | item | received                     | method  | field               |
        | 9b   | a message with Reply-To      | MESSAGE | Reply-To            |
        | 9c   | a message without Reply-To   | MESSAGE | P-Asserted-Identity |
        | 9c   | a message from two addresses | MESSAGE | P-Asserted-Identity |

    Scenario Outline: Alice gives another address for the reply to <received>
      Given Alice has received "<received>"
      When Alice replies "{text 5000}" with
        | to | {dave} |
      Then the SUT sends an INVITE request to the IMS core
      And [<item>] its Request-URI is the address of Dave
      And [16] its InReplyTo-Contribution-ID is the Contribution-ID of the received <method> request

      Examples:
        | item | received                         | method |
        | 9b   | a large message with Reply-To    | INVITE |
        | 9c   | a large message without Reply-To | INVITE |

      @ics-msg
      Examples:
        | item | received                   | method  |
        | 9b   | a message with Reply-To    | MESSAGE |
        | 9c   | a message without Reply-To | MESSAGE |
