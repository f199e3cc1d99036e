# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.
@CONV-7.2 @sut-cpm-client @ics-msg
Feature: 7.2 A standalone message may carry more than text

  What a CPM Client claims to support, it sends and shows octet by octet under
  the right media type.

  Background:
    Given the SUT is a CPM Client serving Alice

  Rule: Sending

    Background:
      Given the network of "cpm-client/pager-mode"
      And Alice is registered

    Scenario Outline: Alice sends <what>
      When Alice sends "<content>" to Bob with
        | content type | <type> |
      Then the SUT sends a MESSAGE request to the IMS core
      And [media] its CPIM Content-Type is "<kind>"
      And [media] its content is "<content>"

      Examples:
        | what                      | content         | kind       | type                     |
        | a text in several scripts | {file utf8.txt} | text/plain | text/plain;charset=UTF-8 |

      @ics-image
      Examples:
        | what      | content          | kind       | type       |
        | a picture | {file photo.jpg} | image/jpeg | image/jpeg |

      @ics-smil
      Examples:
        | what           | content                       | kind              | type                                                    |
        | a presentation | {file presentation.smil.mime} | multipart/related | multipart/related;boundary=page;type="application/smil" |

  Rule: Receiving

    Background:
      Given the network of "cpm-client/reception"
      And Alice is registered

    Scenario: Alice gets a text in several scripts
      When Bob sends "a text in several scripts"
      Then [media] Alice is shown a message with
        | type    | text/plain      |
        | content | {file utf8.txt} |

    @ics-image
    Scenario: Alice gets a picture
      When Bob sends "a picture"
      Then [media] Alice is shown a message with
        | type    | image/jpeg       |
        | content | {file photo.jpg} |
