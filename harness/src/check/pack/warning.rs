//! Warning of a response (RFC 3261, 20.43; CMP-WARNING): its form, and in a 481 the text that the source wants (R-7.3.8-1).

use super::{broken, unwise};
use crate::{
    check::View,
    trace::view::Seen,
    verdict::{Finding, Reason},
    wire::{Span, params::unescape},
};

/// What a 481 to a re-INVITE says (CONV-7.3.8-1).
const TEXT: &str = "123 Session does not exist";
const RULE: &str = "CMP-WARNING";

/// One value: code, agent and text.
struct Value {
    code: String,
    text: String,
    span: Span,
}

/// The form of each Warning, of which there is one at least; that of a 481.
pub(super) fn rules(_: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let message = &seen.message;
    let mut findings = Vec::new();
    let mut values = Vec::new();
    for span in message.elements("Warning") {
        let text = message.unfolded(span);
        match parts(&text) {
            Some((code, text)) => values.push(Value { code, text, span }),
            None => {
                let expected = "three digits, an agent and a text in quotes, one blank between them";
                findings.push(broken(seen, RULE, Reason::Malformed, expected, text, span));
            }
        }
    }
    if values.is_empty() && findings.is_empty() {
        findings.push(broken(seen, RULE, Reason::Missing, "Warning", "none", message.start_span()));
    } else if message.status() == Some(481) && !values.is_empty() {
        findings.extend(unknown_session(seen, &values));
    }
    findings
}

/// `warn-code SP warn-agent SP quoted-string`.
fn parts(text: &str) -> Option<(String, String)> {
    let (code, rest) = text.split_once(' ')?;
    let (agent, quoted) = rest.split_once(' ')?;
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let mut escaped = false;
    let closed_within = inner.chars().any(|c| {
        let literal = std::mem::take(&mut escaped);
        escaped = c == '\\' && !literal;
        c == '"' && !literal
    });
    let digits = code.len() == 3 && code.bytes().all(|b| b.is_ascii_digit());
    let whole = !closed_within && !escaped;
    (digits && !agent.is_empty() && !agent.contains('"') && whole).then(|| (code.to_owned(), unescape(inner)))
}

/// The text is there as it stands; runs of blanks and case warn. Its code is 399; another of the 3xx warns.
fn unknown_session(seen: &Seen, values: &[Value]) -> Vec<Finding> {
    let folded = |text: &str| text.split_ascii_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase();
    let exact = values.iter().find(|v| v.text == TEXT);
    let expected = format!("a Warning with the text {TEXT:?}");
    let Some(found) = exact.or_else(|| values.iter().find(|v| folded(&v.text) == folded(TEXT))) else {
        let first = &values[0];
        // 123 is a code of the text, and none of Warning.
        let observed = if first.code == "123" { "123 as warn-code" } else { &first.text };
        return vec![broken(seen, "R-7.3.8-1", Reason::Violated, &expected, observed, first.span)];
    };
    let mut findings = Vec::new();
    if found.text != TEXT {
        findings.push(unwise(seen, "R-7.3.8-1", Reason::Violated, &expected, &found.text, found.span));
    }
    if found.code != "399" {
        let weighed = if found.code.starts_with('3') { unwise } else { broken };
        findings.push(weighed(seen, "R-7.3.8-1", Reason::Violated, "the warn-code 399", &found.code, found.span));
    }
    findings
}
