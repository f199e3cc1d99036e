# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.1.2, items 2 to 8.
@CONV-7.2.1.2 @sut-cpm-client @ics-largemsg
Feature: 7.2.1.2 What a user may ask for with a large message

  Another address for replies, anonymity, an expiry, a sender's address. Ruling
  R-7.2.1.1-3: a large message expires by Message-Expires, because Expires would
  limit the invitation. Ruling R-7.2.1.2-11: Reply-To is only due where it
  differs from From. Ruling R-0-7: what else gives the sender away is warned
  about.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/large-message"
    And Alice is registered

  Rule: What Alice asks for

    Scenario Outline: Replies go to <where>
      When Alice sends "{text 5000}" to Bob with
        | reply to | <address> |
      Then the SUT sends an INVITE request to the IMS core
      And [5] its Reply-To is "<address>"

      Examples:
        | where           | address       |
        | another address | {alice.other} |

      @ics-tel-uri
      Examples:
        | where              | address     |
        | a telephone number | {alice.tel} |

    Scenario: Alice stays anonymous
      When Alice sends "{text 5000}" to Bob with
        | anonymous | yes |
      Then the SUT sends an INVITE request to the IMS core
      And [7] its Privacy contains "id"
      And [7] its Privacy does not contain "none"
      And [1] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.largemsg"
      And [2] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.largemsg"
      And [3] its P-Preferred-Service is "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.largemsg"

    Scenario: The message expires
      When Alice sends "{text 5000}" to Bob with
        | expires | 3600 s |
      Then the SUT sends an INVITE request to the IMS core
      And [8] its Message-Expires is at least 3598
      And [8] its Message-Expires is at most 3600

    @ics-several-addresses
    Scenario: Alice writes from her second address
      When Alice sends "{text 5000}" to Bob with
        | from | {alice.other} |
      Then the SUT sends an INVITE request to the IMS core
      And [4] its P-Preferred-Identity, if any, is "{alice.other}"
