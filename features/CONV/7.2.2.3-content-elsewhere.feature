# Source: OMA-COM-CPM-2013-0081 (CPM Conversation Functions 2.0), section 7.2.2.3.
@CONV-7.2.2.3 @sut-cpm-client @ics-msg @ics-content-indirection
Feature: 7.2.2.3 A client is sent a reference to content elsewhere

  A CPM Client treats message/external-body by the rules of content indirection:
  it fetches the content, or lets the user do so, and never shows the reference
  itself (R-7.2.2.3-2).

  Background:
    Given the SUT is a CPM Client serving Alice
    And the network of "cpm-client/external-content"
    And Alice is registered

  Scenario: The content is there
    When Bob sends "a reference"
    Then [2] Alice is shown a message or external content
    And [2] Alice is not shown "Content-ID"
    And [2] Alice may be shown a message with
      | content | {file notes.txt} |
      | type    | text/plain       |

  Scenario: The content is not there
    When Bob sends "a reference to nothing"
    Then [2] Alice is shown a message or external content
    And [2] Alice is not shown "Content-ID"

  Scenario: The reference has expired
    Given Alice has received "a reference"
    When Bob sends "an expired reference"
    Then [2] the SUT sends no HTTP GET request to the Content Server
    And [2] Alice is not shown "Content-ID"

  Scenario: A text stands beside it
    When Bob sends "a text with a reference"
    Then [2] Alice is shown "See the notes"
    And [2] Alice is not shown "Content-ID"
