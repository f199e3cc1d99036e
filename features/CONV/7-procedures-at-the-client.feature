# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.
@CONV-7 @sut-cpm-client
Feature: 7 A client registers first and picks the procedure that fits

  Which procedure a CPM Client uses for what its user wants, and for what the
  network brings; and that it says which release of CPM it speaks.

  Ruling R-7-3: the release is due in every request outside a dialog. Ruling
  R-7-5: a system message is taken like any pager mode message.

  Background:
    Given the SUT is a CPM Client serving Alice

  Rule: Registration comes first

    Background:
      Given the network of "cpm-client/registration"
      And Alice is not registered

    @ics-msg
    Scenario: The core refuses the registration
      Given the IMS core will answer 403
      When Alice registers
      Then the SUT sends a REGISTER request to the IMS core
      When Alice sends "Too early" to Bob
      Then [registerfirst] the SUT sends no MESSAGE or INVITE or SUBSCRIBE request to the IMS core
      When Alice registers
      Then the SUT sends a REGISTER request to the IMS core

    @ics-msg
    Scenario: The core stays silent
      Given the IMS core will not answer
      When Alice registers
      Then the SUT sends a REGISTER request to the IMS core
      When Alice sends "Too early" to Bob
      Then [registerfirst] the SUT sends no MESSAGE or INVITE or SUBSCRIBE request to the IMS core

    @ics-msg
    Scenario: The release is stated in REGISTER and MESSAGE
      When Alice registers
      Then the SUT sends a REGISTER request to the IMS core
      And [useragent] its User-Agent states the CPM release
      When Alice sends "Hello" to Bob
      Then the SUT sends a MESSAGE request to the IMS core
      And [useragent] its User-Agent states the CPM release

  @ics-msg
  Rule: A small message is sent in pager mode

    Background:
      Given the network of "cpm-client/pager-mode"
      And Alice is registered

    Scenario Outline: A small message to <whom>
      When Alice sends "{text 50}" to <to>
      Then [pager] the SUT sends 1 MESSAGE request to the IMS core
      And [pager] the SUT sends no INVITE request to the IMS core

      Examples:
        | whom     | to  |
        | one user | Bob |

      @ics-adhoc-groups
      Examples:
        | whom            | to         |
        | an ad-hoc group | Bob, Carol |

      @ics-predefined-groups
      Examples:
        | whom                | to              |
        | a pre-defined group | the Lunch Group |

  @ics-largemsg
  Rule: A large message is sent in large message mode

    Background:
      Given the network of "cpm-client/large-message"
      And Alice is registered

    Scenario Outline: <what>
      When Alice sends "<content>" to <to> with
        | content type | <type> |
      Then [largemsg] the SUT sends 1 INVITE request to the IMS core
      And [largemsg] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.largemsg"
      And [useragent] its User-Agent states the CPM release
      And [largemsg] the SUT sends no MESSAGE request to the IMS core

      Examples:
        | what                    | content     | type       | to  |
        | A long text to one user | {text 5000} | text/plain | Bob |

      @ics-image
      Examples:
        | what                  | content              | type      | to  |
        | A picture to one user | {file landscape.png} | image/png | Bob |

      @ics-adhoc-groups
      Examples:
        | what                           | content     | type       | to         |
        | A long text to an ad-hoc group | {text 5000} | text/plain | Bob, Carol |

      @ics-predefined-groups
      Examples:
        | what                              | content     | type       | to              |
        | A long text to a predefined group | {text 5000} | text/plain | the Lunch Group |

  @ics-msg
  Rule: A request that carries the tag is taken in pager mode

    Background:
      Given the network of "cpm-client/reception"
      And Alice is registered

    Scenario Outline: <what>
      When Bob sends "<what>"
      Then [rx-pager] the SUT answers 200 to the received MESSAGE request
      And [rx-pager] Alice is shown a message with
        | content | Hello Alice |

      Examples:
        | what                                                |
        | a message                                           |
        | a message with lower-case escapes                   |
        | a message with several ICSIs                        |
        | a message with several Accept-Contact header fields |

      @ics-deferred
      Examples:
        | what               |
        | a deferred message |

      @ics-systemmsg
      Examples:
        | what             |
        | a system message |
