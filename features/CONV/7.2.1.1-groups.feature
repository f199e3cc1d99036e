# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.1.1, items 9 to 14.
@CONV-7.2.1.1 @sut-cpm-client @ics-msg
Feature: 7.2.1.1 A pager mode message to a group

  A message to an ad-hoc group goes to the Controlling Function with the list of
  its members, one to a pre-defined group goes to the group. A reply to an
  ad-hoc group names the sender among the members. Ruling R-0-13: list and CPIM
  object travel together in multipart/mixed.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/pager-mode"
    And Alice is registered

  @ics-adhoc-groups
  Rule: Ad-hoc groups

    Scenario: Two members
      When Alice sends "Lunch at noon?" to Bob, Carol
      Then the SUT sends a MESSAGE request to the IMS core
      And [10a] its Request-URI is the address of the Controlling Function
      And [10b] its body lists
        | Bob   |
        | Carol |
      And [16] its body has the parts
        | message/cpim                   |
        | application/resource-lists+xml |
      And [1] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg"
      And [3] it has no header field Contact
      And [4] its P-Preferred-Service is "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg"
      And [12] its Conversation-ID is newly generated
      And [15] its content is "Lunch at noon?"
      And [6] its User-Agent states the CPM release
      And [17] it obeys TS 24.229

    Scenario: Five members
      When Alice sends "Lunch at noon?" to Bob, Carol with
        | to | sip:a@example.com, sip:b@example.com, sip:c@example.com, sip:d@example.com, sip:e@example.com |
      Then the SUT sends a MESSAGE request to the IMS core
      And [10a] its Request-URI is the address of the Controlling Function
      And [10b] its body lists
        | sip:a@example.com |
        | sip:b@example.com |
        | sip:c@example.com |
        | sip:d@example.com |
        | sip:e@example.com |

    Scenario: Nobody is written to directly
      When Alice sends "Lunch at noon?" to Bob, Carol
      Then the SUT sends a MESSAGE request to the IMS core
      And [10a] its Request-URI is the address of the Controlling Function
      And [10a] the SUT sends no MESSAGE request to the IMS core

    Scenario Outline: Members <of what kind>
      When Alice sends "Lunch at noon?" to Bob, Carol with
        | to | <members> |
      Then the SUT sends a MESSAGE request to the IMS core
      And [10a] its Request-URI is the address of the Controlling Function
      And [10b] its body lists
        | <first>  |
        | <second> |
        | <third>  |

      Examples:
        | of what kind       | members                                                      | first               | second                 | third           |
        | that need escaping | sip:a&b@example.com, sip:o'hara@example.com, sip:d@e.example | sip:a&b@example.com | sip:o'hara@example.com | sip:d@e.example |

      @ics-tel-uri
      Examples:
        | of what kind | members                                                 | first               | second           | third            |
        | with numbers | sip:bob@example.com, tel:+15555550111, tel:+15555550112 | sip:bob@example.com | tel:+15555550111 | tel:+15555550112 |

    Scenario: An anonymous message to a group
      When Alice sends "Guess who" to Bob, Carol with
        | anonymous | yes |
      Then the SUT sends a MESSAGE request to the IMS core
      And [7] its Privacy contains "id"

    Scenario Outline: A reply to the group names the sender by <field>
      Given Alice has received "<received>"
      When Alice replies "Yes" with
        | members | <members> |
      Then the SUT sends a MESSAGE request to the IMS core
      And [<item>] its body lists the <field> of the received MESSAGE request
      And [<item>] its body lists
        | Bob   |
        | Carol |
        | Dave  |
      And [12existing] its Conversation-ID equals that of the received MESSAGE request

      Examples: the sender is none of the members that Alice names
        | item | received                   | field               | members     |
        | 10c  | a message with Reply-To    | Reply-To            | Bob, Dave   |
        | 10d  | a message without Reply-To | P-Asserted-Identity | Carol, Dave |

    Scenario Outline: Alice gives another address for a reply to the group after <received>
      Given Alice has received "<received>"
      When Alice replies "Yes" with
        | members | Dave              |
        | to      | sip:e@example.com |
      Then the SUT sends a MESSAGE request to the IMS core
      And [<item>] its body lists
        | Dave              |
        | sip:e@example.com |

      Examples:
        | item | received                   |
        | 10c  | a message with Reply-To    |
        | 10d  | a message without Reply-To |

  @ics-predefined-groups
  Rule: Pre-defined groups

    Scenario: A message to the group
      When Alice sends "Lunch at noon?" to the Lunch Group
      Then the SUT sends a MESSAGE request to the IMS core
      And [11] its Request-URI is the address of the Lunch Group
      And [16] its body is a CPIM message
      And [1] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg"
      And [3] it has no header field Contact
      And [4] its P-Preferred-Service is "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg"
      And [12] its Conversation-ID is newly generated
      And [17] it obeys TS 24.229

    Scenario: A reply to the group
      Given Alice has received "a message to the group"
      When Alice replies "Yes" with
        | to | {lunch group} |
      Then the SUT sends a MESSAGE request to the IMS core
      And [11] its Request-URI is the address of the Lunch Group
