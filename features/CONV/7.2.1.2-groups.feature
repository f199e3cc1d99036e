# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.1.2, items 10 and 11.
@CONV-7.2.1.2 @sut-cpm-client @ics-largemsg
Feature: 7.2.1.2 A large message to a group

  The INVITE goes to the Controlling Function with the list of the members, or
  to the pre-defined group. Ruling R-0-13: list and SDP travel together in
  multipart/mixed. Ruling H-2: the INVITE requires recipient-list-invite. Ruling
  R-7.2.1.2-1: item 10d, which has no verb, is read as in pager mode.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/large-message"
    And Alice is registered

  @ics-adhoc-groups
  Rule: Ad-hoc groups

    Scenario: Two members
      When Alice sends "{text 5000}" to Bob, Carol
      Then the SUT sends an INVITE request to the IMS core
      And [10a] its Request-URI is the address of the Controlling Function
      And [10b] its body lists
        | Bob   |
        | Carol |
      And [17] its body has the parts
        | application/sdp                |
        | application/resource-lists+xml |
      And [17] its body is an SDP offer
      And [17] it obeys RFC 3264
      And [17] it obeys RFC 4975 section 8.1
      And [1] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.largemsg"
      And [2] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.largemsg"
      And [3] its P-Preferred-Service is "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.largemsg"
      And [12] its Supported contains "timer"
      And [14] its Conversation-ID is newly generated
      And [18] it obeys TS 24.229

    Scenario: Nobody is invited directly
      When Alice sends "{text 5000}" to Bob, Carol
      Then the SUT sends an INVITE request to the IMS core
      And [10a] its Request-URI is the address of the Controlling Function
      And [10a] the SUT sends no INVITE request to the IMS core

    Scenario: Five members
      When Alice sends "{text 5000}" to Bob, Carol with
        | to | sip:a@example.com, sip:b@example.com, sip:c@example.com, sip:d@example.com, sip:e@example.com |
      Then the SUT sends an INVITE request to the IMS core
      And [10a] its Request-URI is the address of the Controlling Function
      And [10b] its body lists
        | sip:a@example.com |
        | sip:b@example.com |
        | sip:c@example.com |
        | sip:d@example.com |
        | sip:e@example.com |

    Scenario Outline: Members <of what kind>
      When Alice sends "{text 5000}" to Bob, Carol with
        | to | <members> |
      Then the SUT sends an INVITE request to the IMS core
      And [10a] its Request-URI is the address of the Controlling Function
      And [10b] its body lists
        | <first>  |
        | <second> |

      Examples:
        | of what kind       | members                                     | first               | second                 |
        | that need escaping | sip:a&b@example.com, sip:o'hara@example.com | sip:a&b@example.com | sip:o'hara@example.com |

      @ics-tel-uri
      Examples:
        | of what kind | members                               | first               | second           |
        | with numbers | sip:bob@example.com, tel:+15555550111 | sip:bob@example.com | tel:+15555550111 |

    Scenario Outline: A reply to the group names the sender of <received>
      Given Alice has received "<received>"
      When Alice replies "{text 5000}" with
        | members | <members> |
      Then the SUT sends an INVITE request to the IMS core
      And [<item>] its body lists the <field> of the received <method> request
      And [<item>] its body lists
        | Bob   |
        | Carol |
        | Dave  |
      And [14existing] its Conversation-ID equals that of the received <method> request

      Examples: the sender is none of the members that Alice names
        | item | received                         | method | field               | members     |
        | 10c  | a large message with Reply-To    | INVITE | Reply-To            | Bob, Dave   |
        | 10d  | a large message without Reply-To | INVITE | P-Asserted-Identity | Carol, Dave |

      @ics-msg
      Examples:
        | item | received                   | method  | field               | members     |
        | 10c  | a message with Reply-To    | MESSAGE | Reply-To            | Bob, Dave   |
        | 10d  | a message without Reply-To | MESSAGE | P-Asserted-Identity | Carol, Dave |

    Scenario Outline: Alice gives another address for a reply to the group after <received>
      Given Alice has received "<received>"
      When Alice replies "{text 5000}" with
        | members | Dave              |
        | to      | sip:e@example.com |
      Then the SUT sends an INVITE request to the IMS core
      And [<item>] its body lists
        | Dave              |
        | sip:e@example.com |

      Examples:
        | item | received                         |
        | 10c  | a large message with Reply-To    |
        | 10d  | a large message without Reply-To |

  @ics-predefined-groups
  Rule: Pre-defined groups

    Scenario: A message to the group
      When Alice sends "{text 5000}" to the Lunch Group
      Then the SUT sends an INVITE request to the IMS core
      And [11] its Request-URI is the address of the Lunch Group
      And [17] its body is an SDP offer
      And [1] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.largemsg"
      And [2] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.largemsg"
      And [3] its P-Preferred-Service is "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.largemsg"
      And [14] its Conversation-ID is newly generated
      And [18] it obeys TS 24.229
