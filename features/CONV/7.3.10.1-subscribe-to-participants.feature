# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.3.10.1 (printed 5.2.1.3).
@CONV-7.3.10.1 @sut-cpm-client @ics-session @ics-adhoc-groups @ics-participants
Feature: 7.3.10.1 A client subscribes to who is in a group session

  A subscription of its own to the conference package at the group session
  identity. Rulings: RFC 6665 for RFC 3265, outside the dialog of the INVITE, for
  as long as Alice takes part (R-7.3.10.1-1, H-8); ended when she leaves, where
  letting it lapse warns (R-0-21); the ICSI in any case of letters (H-3, H-4).
  What is sent anew, for whatever reason, is a request like the first one.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/participants"
    And Alice is registered

  Rule: The request

    Scenario: Alice puts a group together
      When Alice invites Bob, Carol to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And [1] the SUT sends 1 SUBSCRIBE request to the IMS core with
        | Event | conference |
      And [1] it is sent outside any dialog
      And [1] it obeys RFC 4575
      And [1] it obeys RFC 6665 section 4.1.2
      And [2] it obeys RFC 4579
      And [3] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [4] its P-Preferred-Service is "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [4] it has no header field P-Asserted-Service
      And [5] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [6] it obeys TS 24.229
      And [6] its P-Preferred-Identity, if any, is the address of Alice
      And [CONV-7-useragent] its User-Agent states the CPM release

    Scenario Outline: Alice <enters>
      When Alice <enters>
      Then the SUT sends an INVITE request to the IMS core
      And [1] the SUT sends 1 SUBSCRIBE request to the IMS core with
        | Event | conference |
      And [1] it obeys RFC 4575
      And [2] it obeys RFC 4579
      And [3] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [4] its P-Preferred-Service is "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [5] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [6] it obeys TS 24.229

      @ics-predefined-groups
      Examples:
        | enters                                         |
        | invites the Lunch Group to a CPM Group Session |

      @ics-join-in-group
      Examples:
        | enters          |
        | joins the Lobby |

    Scenario: Alice is invited
      When the Controlling Function sends "a group invitation"
      And Alice accepts the invitation
      Then the SUT answers 200 to the received INVITE request
      And [1] the SUT sends 1 SUBSCRIBE request to the IMS core with
        | Event | conference |
      And [1] it obeys RFC 4575
      And [2] it obeys RFC 4579
      And [3] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [4] its P-Preferred-Service is "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [5] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [6] it obeys TS 24.229

  Rule: The response

    Scenario: It grants 20 seconds
      Given the Controlling Function behaves as "granting 20 seconds"
      When Alice invites Bob, Carol to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends a SUBSCRIBE request to the IMS core
      When 21 seconds pass
      Then [response] the SUT sends a SUBSCRIBE request to the IMS core
      And [response] it obeys RFC 6665 section 4.1.2.2
      And [3] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [5] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"

    Scenario Outline: The focus is <conduct>
      Given the Controlling Function behaves as "<conduct>"
      When Alice invites Bob, Carol to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends a SUBSCRIBE request to the IMS core
      And [response] the SUT answers 200 to the received NOTIFY request
      And [response] the SUT sends no SUBSCRIBE request to the IMS core

      Examples:
        | conduct                        |
        | taking subscriptions under 202 |
        | slow to take subscriptions     |

    Scenario: It wants a longer subscription
      Given the Controlling Function behaves as "wanting a longer subscription"
      When Alice invites Bob, Carol to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends a SUBSCRIBE request to the IMS core
      And [response] the SUT sends a SUBSCRIBE request to the IMS core
      And [response] its Expires is at least 7200
      And [2] it obeys RFC 4579
      And [3] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [5] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"

    Scenario: It has forgotten the subscription
      Given the Controlling Function behaves as "forgetting the subscription"
      When Alice invites Bob, Carol to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends a SUBSCRIBE request to the IMS core
      When 21 seconds pass
      Then the SUT sends a SUBSCRIBE request to the IMS core
      And [response] the SUT sends a SUBSCRIBE request to the IMS core
      And [response] it is sent outside any dialog
      And [2] it obeys RFC 4579
      And [3] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [5] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"

    @ics-digest
    Scenario: The core wants to know who it is
      Given the IMS core behaves as "asking who subscribes"
      When Alice invites Bob, Carol to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends a SUBSCRIBE request to the IMS core
      And [response] the SUT sends a SUBSCRIBE request to the IMS core
      And [response] it obeys RFC 3261 section 22
      And [2] it obeys RFC 4579
      And [3] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [4] its P-Preferred-Service is "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [5] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [6] its P-Preferred-Identity, if any, is the address of Alice

    Scenario Outline: The focus is <conduct>, and the session goes on
      Given the Controlling Function behaves as "<conduct>"
      When Alice invites Bob, Carol to a CPM Group Session
      Then the SUT sends an INVITE request to the IMS core
      And the SUT sends a SUBSCRIBE request to the IMS core
      When 32 seconds pass
      Then [response] the SUT sends no SUBSCRIBE request to the IMS core
      And [response] Alice has 1 session open
      When Alice writes "Still here" in the session
      Then [response] the SUT sends 1 MSRP message to the Controlling Function

      Examples:
        | conduct                 |
        | knowing no such package |
        | forbidding subscriptions |
        | overloaded              |

  Rule: The end

    Scenario: Alice leaves
      Given a CPM Group Session is established between Alice and the Controlling Function
      When Alice ends the session
      Then the SUT sends a BYE request to the IMS core
      And [terminate] the SUT sends a SUBSCRIBE request to the IMS core
      And [terminate] it obeys RFC 6665 section 4.1.2.3
      And [terminate] the SUT answers 200 to the received NOTIFY request

    Scenario: Alice no longer wants to know
      Given a CPM Group Session is established between Alice and the Controlling Function
      When Alice stops watching the participants
      Then [terminate] the SUT sends a SUBSCRIBE request to the IMS core
      And [terminate] it obeys RFC 6665 section 4.1.2.3
      And [terminate] Alice has 1 session open
      When Alice watches the participants
      Then [1] the SUT sends a SUBSCRIBE request to the IMS core with
        | Event | conference |
      And [1] it is sent outside any dialog
      And [2] it obeys RFC 4579
      And [3] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [4] its P-Preferred-Service is "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"
      And [5] its Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"

    Scenario: The focus ends the session
      Given a CPM Group Session is established between Alice and the Controlling Function
      When the Controlling Function sends "a goodbye from the group"
      Then the SUT answers 200 to the received BYE request
      And [terminate] the SUT sends a SUBSCRIBE request to the IMS core
      And [terminate] its Expires is "0"

    Scenario: The focus ends the subscription
      Given a CPM Group Session is established between Alice and the Controlling Function
      When the Controlling Function sends "the end of the subscription"
      Then the SUT answers 200 to the received NOTIFY request
      And [terminate] the SUT sends no SUBSCRIBE request to the IMS core
      When Alice ends the session
      Then the SUT sends a BYE request to the IMS core
      And [terminate] the SUT sends no SUBSCRIBE request to the IMS core
