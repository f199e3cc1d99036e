# Source: OMA-COM-CPM-2007 (CPM Conversation Functions 1.0, change request of seed 004), section 8.3.2.4.3.
@CPM1-8.3.2.4.3 @sut-cpm-participating-function
Feature: 8.3.2.4.3 What was not taken stays deferred, what was taken is recorded

  A message that the client did not take is there at the next time. Taken is
  what was answered 200 in all its chunks (R-CPM1-8.3.2.4.3-4).

  Background:
    Given the SUT is a CPM Participating Function serving Alice
    And the network of "participating-function/deferred"
    And the SUT has taken "Alice leaves"

  Rule: Not taken

    Background:
      Given the SUT has taken "a message"
      And the SUT has taken "a second message"
      And the SUT has taken "a third message"
      And the SUT has taken "Alice comes back"

    @ics-pf-notify
    Scenario Outline: D8 The phone is <how>
      Given Alice's phone behaves as "<how>"
      When Alice's phone sends "asks what there is"
      Then the SUT sends a NOTIFY request to the IMS core
      When Alice's phone sends "asks for all"
      Then the SUT sends 3 MSRP messages to Alice's phone
      And the SUT sends a BYE request to the IMS core
      When Alice's phone sends "asks what there is"
      Then [4] the SUT sends a NOTIFY request to the IMS core
      And [4] its LIST uri is the LIST uri;2 of the first sent NOTIFY request

      Examples:
        | how                                     |
        | refusing the second one                 |
        | not knowing the type of the second one  |
        | having no session for the second one    |

    Scenario: D8 What the phone refused comes again
      Given Alice's phone behaves as "refusing the second one"
      When Alice's phone sends "asks for all"
      Then the SUT sends 3 MSRP messages to Alice's phone
      And the SUT sends a BYE request to the IMS core
      When Alice's phone sends "asks for all"
      Then [4] the SUT sends 1 MSRP message to Alice's phone
      And [4] its body contains "The second one"

    Scenario: D8 The phone does not answer
      Given Alice's phone behaves as "silent to the second one"
      When Alice's phone sends "asks for all"
      Then the SUT sends an MSRP message to Alice's phone
      When 40 seconds pass
      And Alice's phone sends "asks for all"
      Then [4] the SUT sends an MSRP message to Alice's phone with
        | SIPFRAG Contribution-ID | contribution-2 |

    Scenario: D9 The connection breaks
      Given Alice's phone behaves as "breaking off at the second one"
      When Alice's phone sends "asks for all"
      Then the SUT sends an MSRP message to Alice's phone
      When Alice's phone sends "asks for all"
      Then [4] the SUT sends an MSRP message to Alice's phone with
        | SIPFRAG Contribution-ID | contribution-2 |

    Scenario: D9 The phone leaves
      Given Alice's phone behaves as "silent to the second one"
      When Alice's phone sends "asks for all"
      Then the SUT sends an MSRP message to Alice's phone
      When Alice's phone sends "leaves the session"
      Then the SUT answers 200 to the received BYE request
      When Alice's phone sends "asks for all"
      Then [4] the SUT sends an MSRP message to Alice's phone with
        | SIPFRAG Contribution-ID | contribution-2 |

  @ics-pf-history
  Rule: The history

    Scenario: D11 Alice wants a history
      Given the SUT is provisioned with
        | history | on |
      And the SUT has taken "a message"
      And the SUT has taken "a third message"
      And the SUT has taken "Alice comes back"
      When Alice's phone sends "asks for all"
      Then the SUT sends 2 MSRP messages to Alice's phone
      And [history-check] the SUT sends an IMAP APPEND command to the Message Store with
        | IMAP Contribution-ID | contribution-1 |
      And [history-exec] its IMAP Conversation-ID is "conversation-1"
      And [history-exec] the SUT sends 1 IMAP APPEND command to the Message Store with
        | IMAP Contribution-ID | contribution-3 |
      And [history-exec] its IMAP object contains "The third one"

    Scenario: D11 What was not taken is not recorded
      Given the SUT is provisioned with
        | history | on |
      And the SUT has taken "a message"
      And the SUT has taken "a second message"
      And the SUT has taken "a third message"
      And the SUT has taken "Alice comes back"
      And Alice's phone behaves as "refusing the second one"
      When Alice's phone sends "asks for all"
      Then the SUT sends 3 MSRP messages to Alice's phone
      And [history-exec] the SUT sends 2 IMAP APPEND commands to the Message Store
      And [history-exec] their IMAP Contribution-ID values all differ
      And [history-exec] the SUT sends no IMAP APPEND commands to the Message Store with
        | IMAP Contribution-ID | contribution-2 |

    Scenario: D12 Alice wants no history
      Given the SUT is provisioned with
        | history | off |
      And the SUT has taken "a message"
      And the SUT has taken "Alice comes back"
      When Alice's phone sends "asks for all"
      Then the SUT sends an MSRP message to Alice's phone
      And the SUT sends a BYE request to the IMS core
      And [history-check] the SUT sends no IMAP APPEND commands to the Message Store
