# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.1.4.
@CONV-7.2.1.4 @sut-cpm-client @ics-storage
Feature: 7.2.1.4 A client sends what lies in the message store

  The message carries the URL of the stored object, not the object, which the
  client does not fetch. Ruling R-7.2.1.4-1: the reference is the content that
  CPIM wraps, or one part of multipart/mixed there. Ruling R-7.2.1.4-2: behind a
  query the extension begins with "&". Ruling R-7.2.1.4-3: the size is that of
  the message with the reference.

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/stored-data"
    And Alice is registered

  @ics-msg
  Rule: A short message

    Scenario: The reference alone
      When Alice forwards a stored object with
        | object | {stored object} |
        | to     | Bob             |
      Then [3else] the SUT sends 1 MESSAGE request to the IMS core
      And [3else] the SUT sends no INVITE request to the IMS core
      And [2] its CPIM Content-Type is "message/external-body"
      And [2] its CPIM Content-Type;access-type is "URL"
      And [2] it obeys RFC 4483 section 5
      And [1] its CPIM Content-Type;URL contains "{stored object.url}"
      And [2-url] its CPIM Content-Type;URL is "{stored object.url}?action=fetch"

    Scenario: The object is not fetched
      When Alice forwards a stored object with
        | object | {stored object} |
        | to     | Bob             |
      Then the SUT sends a MESSAGE request to the IMS core
      And [1] the SUT sends no IMAP FETCH command to the Message Store

    Scenario Outline: A reference to <what>
      Given the SUT is provisioned with
        | stored-objects | thing <url> |
      When Alice forwards a stored object with
        | object | thing |
        | to     | Bob   |
      Then the SUT sends a MESSAGE request to the IMS core
      And [1] its CPIM Content-Type;URL contains "<url>"
      And [2] its CPIM Content-Type is "message/external-body"
      And [2-url] its CPIM Content-Type;URL contains "action=fetch"

      Examples:
        | what                     | url                                                             |
        | a standalone message     | imap://store.example.com/messages;UIDVALIDITY=385759043/;UID=17 |
        | the history of a session | imap://store.example.com/sessions/s1;UIDVALIDITY=385759044      |
        | a conversation           | imap://store.example.com/conversations/c1                       |
        | a place with a query     | http://store.example.com/films?id=20                            |

    Scenario: A text and a reference
      When Alice forwards a stored object with
        | object | {stored object}  |
        | to     | Bob              |
        | text   | Look at this one |
      Then the SUT sends a MESSAGE request to the IMS core
      And [2-multipart] its CPIM Content-Type is "multipart/mixed"
      And [2-multipart] its body has the parts
        | text/plain            |
        | message/external-body |
      And [2-multipart] it obeys RFC 2046 section 5.1
      And [2-multipart] its content contains "Look at this one"
      And [1] its content contains "{stored object.url}"
      And [2] its content contains "message/external-body"
      And [2] it obeys RFC 4483 section 5
      And [2-url] its content contains "{stored object.url}?action=fetch"

  @ics-largemsg
  Rule: A long message

    Scenario: A long text and a reference
      When Alice forwards a stored object with
        | object | {stored object} |
        | to     | Bob             |
        | text   | {text 3000}     |
      Then [3] the SUT sends 1 INVITE request to the IMS core
      And [3] its Accept-Contact carries the ICSI "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.largemsg"
      And [3] the SUT sends no MESSAGE request to the IMS core

    Scenario: It travels over MSRP
      When Alice forwards a stored object with
        | object | {stored object} |
        | to     | Bob             |
        | text   | {text 3000}     |
      Then the SUT sends an MSRP message to Bob
      And [2-multipart] its CPIM Content-Type is "multipart/mixed"
      And [2-multipart] its body has the parts
        | text/plain            |
        | message/external-body |
      And [2-multipart] it obeys RFC 2046 section 5.1
      And [2] its content contains "message/external-body"
      And [2] it obeys RFC 4483 section 5
      And [2-url] its content contains "{stored object.url}?action=fetch"
