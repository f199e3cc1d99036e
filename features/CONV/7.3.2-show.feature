# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.3.2, item 3.
@CONV-7.3.2 @sut-cpm-client @ics-session
Feature: 7.3.2 What the user sees of an invitation

  All of it is an option, but nothing false may be shown, and nothing of an
  inviter who asked for privacy, also when Alice has accepted.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/invitations"
    And Alice is registered

  Rule: An inviter with a name

    Scenario: A session with Bob
      When Bob sends "an invitation"
      Then [3] Alice may be shown an invitation with
        | kind | session |
      And [3c] Alice may be shown an invitation with
        | from | {bob} |

    Scenario: A session about lunch
      When Bob sends "an invitation about lunch"
      Then [3a] Alice may be shown an invitation with
        | subject | Lunch in Ålesund |

    Scenario: The subject of one invitation is not that of the next
      When Bob sends "an invitation about lunch"
      Then Alice is shown an invitation
      When Bob sends "an invitation that is quiet about itself"
      Then [3a] Alice is not shown "Lunch"

    Scenario: A group
      When the Controlling Function sends "a group invitation about lunch"
      Then Alice is shown an invitation
      And [3a] Alice may be shown an invitation with
        | subject | Lunch plans |
      And [3b] Alice is not shown "replaces"
      And [3c] Alice may be shown an invitation with
        | from | {bob} |
      And [3c] Alice is not shown "focus.display"

    Scenario Outline: Privacy that does not hide the inviter: <message>
      When Bob sends "<message>"
      Then [3c] Alice may be shown an invitation with
        | from | {bob} |

      Examples:
        | message                                |
        | an invitation with privacy for its header |
        | an invitation without privacy          |

    @ics-adhoc-groups
    Scenario: A group that replaces the session with Bob
      Given a CPM 1-1 Session is established between Alice and Bob
      When the Controlling Function sends "a group invitation that replaces the session with Bob"
      Then [3b] Alice may be shown an invitation

  Rule: An inviter who asked for privacy

    Scenario Outline: <message>
      When <who> sends "<message>"
      Then Alice is shown an invitation
      And [3c-id] Alice is not shown "bob"
      When Alice accepts the invitation
      Then the SUT answers 200 to the received INVITE request
      And [3c-id] Alice is not shown "bob"

      Examples:
        | who                      | message                                    |
        | Bob                      | an anonymous invitation                    |
        | Bob                      | an invitation with id in capitals          |
        | Bob                      | an invitation with id in a field of its own |
        | the Controlling Function | an anonymous group invitation              |
