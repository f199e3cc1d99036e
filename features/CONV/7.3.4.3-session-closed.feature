# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.3.4.3.
@CONV-7.3.4.3 @sut-cpm-client @ics-session
Feature: 7.3.4.3 The other end closes a session

  The BYE is answered, the media go. Rulings: a BYE to nothing is 481
  (R-7.3.4.3-1); what is shown of a session that was completed elsewhere follows
  the setting of the device, and cause 603 is recorded (R-7.3.4.3-2).

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/chat"
    And Alice is registered

  Rule: The response

    Scenario: Bob leaves
      Given a CPM 1-1 Session is established between Alice and Bob
      When Bob sends "a goodbye"
      Then [1] the SUT answers 200 to the received BYE request
      And [1] it obeys RFC 3261 section 15.1.2
      And [1] it has no body
      And [2] it obeys TS 24.229
      And [2] it comes 0 to 2 seconds after the received BYE request
      And [1] Alice has 0 sessions open

    Scenario: The group is over
      Given a CPM Group Session is established between Alice and the Controlling Function
      When the Controlling Function sends "a goodbye from the group"
      Then [1] the SUT answers 200 to the received BYE request
      And [1] it obeys RFC 3261 section 15.1.2
      And [2] it comes 0 to 2 seconds after the received BYE request

    Scenario: Bob says it again
      Given Bob behaves as "repeating goodbyes"
      And a CPM 1-1 Session is established between Alice and Bob
      When Bob sends "a goodbye"
      Then [2] the SUT answers 200 to the received BYE request
      And [1] the SUT sends no BYE request to the IMS core
      And [2] it obeys RFC 3261 section 17.2.2

    Scenario: There is no such session
      Given a CPM 1-1 Session is established between Alice and Bob
      When Bob sends "a goodbye to nothing"
      Then [1] the SUT answers 481 to the received BYE request
      And [1] Alice has 1 session open

  Rule: The media

    Scenario Outline: Of a session with <peer>
      Given a CPM 1-1 Session is established between Alice and <peer>
      When <peer> sends "a goodbye"
      Then the SUT answers 200 to the received BYE request
      And [3] the media plane stops

      Examples:
        | peer |
        | Bob  |

      @ics-msrp-passive
      Examples:
        | peer |
        | Dave |

    Scenario: While a long text is under way
      Given Bob behaves as "slow to answer chunks"
      And a CPM 1-1 Session is established between Alice and Bob
      When Alice writes "{text 20000}" in the session
      Then the SUT sends an MSRP SEND request to Bob
      When Bob sends "a goodbye"
      Then the SUT answers 200 to the received BYE request
      And [3] the media plane stops

    Scenario: Alice writes although it is over
      Given a CPM 1-1 Session is established between Alice and Bob
      When Bob sends "a goodbye"
      Then the SUT answers 200 to the received BYE request
      When Alice writes "Too late" in the session
      Then [3] the SUT sends no MSRP message to Bob

  Rule: It was completed elsewhere

    Scenario Outline: The device keeps quiet about <message>
      Given the SUT is provisioned with
        | on-completed-elsewhere | silent |
      And a CPM 1-1 Session is established between Alice and Bob
      When Bob sends "<message>"
      Then [1] the SUT answers 200 to the received BYE request
      And [4] Alice is not shown a session with
        | state | ended |

      Examples:
        | message                                         |
        | a goodbye, completed elsewhere                  |
        | a goodbye, completed with other words           |
        | a goodbye, completed without words              |
        | a goodbye, completed in small letters           |
        | a goodbye, completed after a telephone's reason |

    Scenario Outline: The device tells of <message>
      Given the SUT is provisioned with
        | on-completed-elsewhere | notify |
      And a CPM 1-1 Session is established between Alice and Bob
      When Bob sends "<message>"
      Then [1] the SUT answers 200 to the received BYE request
      And [4] Alice is shown a session with
        | state | ended |
        | cause | 200   |

      Examples:
        | message                                         |
        | a goodbye, completed elsewhere                  |
        | a goodbye, completed with other words           |
        | a goodbye, completed without words              |
        | a goodbye, completed in small letters           |
        | a goodbye, completed after a telephone's reason |

    Scenario Outline: It was not: <message>
      Given the SUT is provisioned with
        | on-completed-elsewhere | silent |
      And a CPM 1-1 Session is established between Alice and Bob
      When Bob sends "<message>"
      Then the SUT answers 200 to the received BYE request
      And [4] Alice is shown a session with
        | state | ended |

      Examples:
        | message                            |
        | a goodbye                          |
        | a goodbye because nobody is there  |
