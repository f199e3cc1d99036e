# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.1.
@CONV-7.1 @sut-cpm-client
Feature: 7.1 A client registers at the core

  A CPM Client registers with one Contact that says which CPM features it has,
  which device it is and what it can do. How it stays registered and leaves
  stands in a file of its own under the same tag.

  Ruling R-7.1-4: GRUU is an option; once it is used, RFC 5627 holds in full.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/registration"

  Rule: The REGISTER request

    Background:
      Given Alice is not registered

    Scenario: Alice registers
      When Alice registers
      Then [8] the SUT sends a REGISTER request to the IMS core
      And [8] it obeys TS 24.229
      And [rules] it obeys RFC 3261 section 22
      And [1] it obeys RFC 3261 section 10.2
      And [1] it obeys RFC 3261 section 10.2.1
      And [1] its To is the address of Alice
      And [2] its Contact;+g.3gpp.icsi-ref is "{features}"
      And [3] its Contact;+sip.instance is "{instance id}"
      And [4] it obeys RFC 3840 section 9

    @ics-capabilities
    Scenario: The client says which methods it takes
      When Alice registers
      Then the SUT sends a REGISTER request to the IMS core
      And [4] it has header field Contact;methods
      And [4] it obeys RFC 3840 section 9

    @ics-device-name
    Scenario Outline: The client has a name, <of what kind>
      Given the SUT is provisioned with
        | device-name | <name> |
      When Alice registers
      Then the SUT sends a REGISTER request to the IMS core
      And [5] its Contact;display-name is '<name>'

      Examples:
        | of what kind     | name             |
        | in ASCII         | Phone 1 of Alice |
        | with quotes      | The "red" phone  |
        | with backslashes | C:\\phones\\a    |
        | in other scripts | Άλις 電話 ☎        |

    @ics-device-name
    Scenario: The name changes
      Given the SUT is provisioned with
        | device-name | Old phone |
      And Alice is registered
      And the SUT is provisioned with
        | device-name | New phone |
      Then the SUT sends a REGISTER request to the IMS core
      When Alice registers
      Then the SUT sends a REGISTER request to the IMS core
      And [5] its Contact;display-name is "New phone"

    Scenario: The instance of a mobile device
      Given the SUT is provisioned with
        | instance-id | urn:gsma:imei:35940800-049137-0 |
      When Alice registers
      Then the SUT sends a REGISTER request to the IMS core
      And [3] its Contact;+sip.instance is "urn:gsma:imei:35940800-049137-0"

    @ics-gruu
    Scenario: A client that knows GRUU says so
      When Alice registers
      Then the SUT sends a REGISTER request to the IMS core
      And [6] its Supported, if any, contains "gruu"
      And [6] it has header field Supported

    @ics-gruu-required
    Scenario: A client that insists on GRUU
      When Alice registers
      Then the SUT sends a REGISTER request to the IMS core
      And [7] its Require, if any, contains "gruu"
      And [7] it obeys RFC 5627 section 4.1

    @ics-gruu-required
    Scenario: The registrar does not know GRUU
      Given the IMS core will answer 420 with
        | Unsupported | gruu |
      When Alice registers
      Then the SUT sends a REGISTER request to the IMS core
      And [7] its Require, if any, contains "gruu"
      And the SUT sends a REGISTER request to the IMS core
      And [7] it obeys RFC 5627 section 4.1

  Rule: What the registrar may ask

    Background:
      Given Alice is not registered

    @ics-digest
    Scenario Outline: A challenge with <status> and <algorithm>
      Given the IMS core will answer <status> with
        | algorithm | <algorithm> |
      When Alice registers
      Then the SUT sends a REGISTER request to the IMS core
      And the SUT sends a REGISTER request to the IMS core
      And [rules] it obeys RFC 3261 section 22
      And [1] it obeys RFC 3261 section 10.2
      And [2] its Contact;+g.3gpp.icsi-ref is "{features}"
      And [3] its Contact;+sip.instance equals that of the first sent REGISTER request

      Examples:
        | status | algorithm |
        | 401    | MD5       |
        | 401    | SHA-256   |
        | 407    | MD5       |

    Scenario: The expiry is too short
      Given the IMS core will answer 423 with
        | Min-Expires | 7200 |
      When Alice registers
      Then the SUT sends a REGISTER request to the IMS core
      And the SUT sends a REGISTER request to the IMS core
      And [rules] it obeys RFC 3261 section 10.2.8
      And [1] it obeys RFC 3261 section 10.2
