# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.1.1.
@CONV-7.2.1.1 @sut-cpm-client @ics-msg
Feature: 7.2.1.1 What a user may ask for, and what becomes of a message

  Another address for replies, anonymity, an expiry, a sender's address; and
  what the user learns when the core takes the message, refuses it or stays
  silent.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/pager-mode"
    And Alice is registered

  Rule: What becomes of it

    Scenario: The message is kept for later
      Given the IMS core will answer 202
      When Alice sends "Lunch at noon?" to Bob
      Then the SUT sends a MESSAGE request to the IMS core
      And [17] Alice is shown a message status with
        | status | sent |
      And [17] the SUT sends no MESSAGE request to the IMS core

    @ics-notify-failure
    Scenario: The message is refused
      Given the IMS core will answer 403
      When Alice sends "Lunch at noon?" to Bob
      Then the SUT sends a MESSAGE request to the IMS core
      And [17] Alice is shown a message status with
        | status | failed |

    @ics-notify-failure
    Scenario: The message gets no answer
      Given the IMS core will not answer
      When Alice sends "Lunch at noon?" to Bob
      Then the SUT sends a MESSAGE request to the IMS core
      When 33 seconds pass
      Then [17] Alice is shown a message status with
        | status | failed |

  Rule: What Alice asks for

    Scenario Outline: Replies go to <where>
      When Alice sends "Lunch at noon?" to Bob with
        | reply to | <address> |
      Then the SUT sends a MESSAGE request to the IMS core
      And [5] its Reply-To is "<address>"

      Examples:
        | where           | address       |
        | another address | {alice.other} |
        | the sender      | {alice}       |

      @ics-tel-uri
      Examples:
        | where              | address     |
        | a telephone number | {alice.tel} |

    Scenario: Alice stays anonymous
      When Alice sends "Guess who" to Bob with
        | anonymous | yes |
      Then the SUT sends a MESSAGE request to the IMS core
      And [7] its Privacy contains "id"
      And [7] its Privacy does not contain "none"
      And [1] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg"
      And [4] its P-Preferred-Service is "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg"

    Scenario: The message expires
      When Alice sends "Lunch at noon?" to Bob with
        | expires | 300 s |
      Then the SUT sends a MESSAGE request to the IMS core
      And [8] its Expires is at least 298
      And [8] its Expires is at most 300
      And [intro] it obeys RFC 3428

    @ics-several-addresses
    Scenario: Alice writes from her second address
      When Alice sends "From work" to Bob with
        | from | {alice.other} |
      Then the SUT sends a MESSAGE request to the IMS core
      And [2] its P-Preferred-Identity, if any, is "{alice.other}"
