# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.1.
@CONV-7.1 @sut-cpm-client
Feature: 7.1 A client stays registered, and leaves

  A CPM Client renews its registration before it ends, and ends it in two steps:
  CPM first, the core after it. A client that leaves the core may end CPM by a
  REGISTER before that.

  Ruling R-7.1-6: leaving CPM is a REGISTER without feature tags, leaving the
  core takes the header field Expires with 0.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/registration"

  Rule: Staying registered

    Scenario Outline: The registration is renewed, granted <seconds> s in <where>
      Given Alice is registered with
        | expires    | <seconds> |
        | expires in | <where>   |
      Then the SUT sends a REGISTER request to the IMS core
      When <seconds> seconds pass
      Then [rereg] the SUT sends a REGISTER request to the IMS core
      And [rereg] it comes 0 to <seconds> seconds after the received 200 response to the first sent REGISTER request
      And [rereg] it obeys TS 24.229 section 5.1.1.4
      And [rereg] its Call-ID equals that of the first sent REGISTER request
      And [rereg] its CSeq is one more than that of the first sent REGISTER request
      And [rereg] its Contact equals that of the first sent REGISTER request
      And [rules] it obeys RFC 3261 section 22
      And [1] it obeys RFC 3261 section 10.2
      And [2] its Contact;+g.3gpp.icsi-ref is "{features}"
      And [3] its Contact;+sip.instance equals that of the first sent REGISTER request
      And [4] it obeys RFC 3840 section 9

      Examples: the client asks for more than is granted
        | seconds | where   |
        | 60      | Contact |
        | 60      | Expires |

    Scenario: Alice renews it herself
      Given Alice is registered
      Then the SUT sends a REGISTER request to the IMS core
      When Alice registers
      Then the SUT sends a REGISTER request to the IMS core
      And [1] it obeys RFC 3261 section 10.2
      And [1] its Call-ID equals that of the first sent REGISTER request
      And [2] its Contact;+g.3gpp.icsi-ref is "{features}"
      And [3] its Contact;+sip.instance equals that of the first sent REGISTER request

    @ics-restart
    Scenario: The client starts again
      Given Alice is registered
      Then the SUT sends a REGISTER request to the IMS core
      When Alice restarts
      And Alice registers
      Then the SUT sends a REGISTER request to the IMS core
      And [3] its Contact;+sip.instance equals that of the first sent REGISTER request

  Rule: Leaving

    Background:
      Given Alice is registered

    @ics-other-ims-services
    Scenario: CPM ends, other services stay
      Then the SUT sends a REGISTER request to the IMS core
      When Alice deregisters from CPM
      Then [dereg] the SUT sends a REGISTER request to the IMS core
      And [dereg] its Contact does not carry the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.*"
      And [dereg] it obeys RFC 3261 section 10.2.1
      And [dereg] its Call-ID equals that of the first sent REGISTER request
      And [dereg] its CSeq is one more than that of the first sent REGISTER request
      And [dereg] its Contact equals that of the first sent REGISTER request
      And [3] its Contact;+sip.instance equals that of the first sent REGISTER request
      When Alice sends "Too late" to Bob
      Then [dereg] the SUT sends no MESSAGE or INVITE or SUBSCRIBE request to the IMS core

    Scenario: Alice leaves the core
      Then the SUT sends a REGISTER request to the IMS core
      When Alice deregisters from IMS
      Then [deregims] the SUT sends a REGISTER request to the IMS core with
        | Expires | 0 |
      And [deregims] it obeys RFC 3261 section 10.2.2
      And [deregims] its Call-ID equals that of the first sent REGISTER request
      And [1] it obeys RFC 3261 section 10.2

  @ics-deferred @ics-pull
  Rule: Deferred messages are pulled

    Scenario: From the start
      Given the SUT is provisioned with
        | pull-deferred | yes |
      When Alice registers
      Then [pull] the SUT sends 1 SUBSCRIBE request to the IMS core with
        | Event | deferred-messages |
      And [pull] it comes after the received 200 response to the first sent REGISTER request

    Scenario: From some time on
      Given the SUT is provisioned with
        | pull-deferred | no |
      And Alice is registered
      When Alice turns pull on
      Then [pull] the SUT sends a SUBSCRIBE request to the IMS core with
        | Event | deferred-messages |
