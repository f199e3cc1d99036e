# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.3.4.4.
@CONV-7.3.4.4 @sut-cpm-client @ics-session
Feature: 7.3.4.4 An invitation is withdrawn

  CANCEL is answered as RFC 3261 wants it; one whose Reason says that another
  device took the session is shown or not, as the device is set, and any other
  is shown. The cause decides, whatever the text says (R-7.3.4.4-1).

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/invitations"
    And Alice is registered

  Rule: The cancellation

    Scenario Outline: Of <what> that waits for Alice
      When <who> sends "<what>"
      Then Alice is shown an invitation
      When <who> sends "a cancellation"
      Then [cancel] the SUT answers 200 to the received CANCEL request
      And [cancel] it obeys RFC 3261 section 9.2
      And [cancel] the SUT answers 487 to the received INVITE request
      And [cancel] it obeys RFC 3261 section 9.2
      And [cancel] Alice is shown an ended invitation
      And [cancel] the media plane stays down
      And [cancel] Alice has 0 sessions open

      Examples:
        | who                      | what               |
        | Bob                      | an invitation      |
        | the Controlling Function | a group invitation |

    Scenario: Alice accepts too late
      When Bob sends "an invitation"
      Then Alice is shown an invitation
      When Bob sends "a cancellation"
      Then the SUT answers 487 to the received INVITE request
      When Alice accepts the invitation
      Then [cancel] the media plane stays down
      And [cancel] Alice has 0 sessions open

    Scenario: It comes too late
      Given Alice has accepted "an invitation"
      When Bob sends "a cancellation"
      Then [cancel] the SUT answers 200 or 481 to the received CANCEL request
      And [cancel] the SUT sends no BYE request to the IMS core
      And [cancel] Alice has 1 session open

    Scenario: Of an invitation that never was
      When Bob sends "a cancellation of nothing"
      Then [cancel] the SUT answers 481 to the received CANCEL request

  Rule: Another device took the session

    Scenario Outline: The device keeps quiet about <message>
      Given the SUT is provisioned with
        | on-completed-elsewhere | silent |
      When Bob sends "an invitation"
      Then Alice is shown an invitation
      When Bob sends "<message>"
      Then [cancel] the SUT answers 200 to the received CANCEL request
      And [cancel] the SUT answers 487 to the received INVITE request
      And [reason] Alice is not shown an ended invitation with
        | how | missed |
      And [reason] Alice is not shown an ended invitation with
        | how | elsewhere |

      Examples:
        | message                                    |
        | a cancellation, completed elsewhere        |
        | a cancellation, completed with other words |
        | a cancellation, completed without words    |

    Scenario Outline: The device tells of <message>
      Given the SUT is provisioned with
        | on-completed-elsewhere | notify |
      When Bob sends "an invitation"
      Then Alice is shown an invitation
      When Bob sends "<message>"
      Then [cancel] the SUT answers 200 to the received CANCEL request
      And [cancel] the SUT answers 487 to the received INVITE request
      And [reason] Alice is shown an ended invitation with
        | how | elsewhere |

      Examples:
        | message                                    |
        | a cancellation, completed elsewhere        |
        | a cancellation, completed with other words |
        | a cancellation, completed without words    |

  Rule: Nobody took it

    Scenario Outline: After <message> the device, set to <setting>, tells so
      Given the SUT is provisioned with
        | on-completed-elsewhere | <setting> |
      When Bob sends "an invitation"
      Then Alice is shown an invitation
      When Bob sends "<message>"
      Then the SUT answers 487 to the received INVITE request
      And [reason] Alice is shown an ended invitation
      And [reason] Alice is not shown an ended invitation with
        | how | elsewhere |

      Examples:
        | message                                        | setting |
        | a cancellation                                 | silent  |
        | a cancellation                                 | notify  |
        | a cancellation because Alice is busy elsewhere | silent  |
        | a cancellation because Alice is busy elsewhere | notify  |
