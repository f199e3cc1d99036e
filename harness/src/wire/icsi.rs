//! Service identifiers in `+g.3gpp.icsi-ref` (3GPP TS 24.229, 7.2A.8.2; RFC 3840, 9).

use super::{
    params::{Param, split},
    span::{Faults, Malformation, Span},
    uri::percent_decode,
};

/// One element of the parameter's comma list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Icsi {
    /// Where it stands, encoded, without a leading `!`.
    pub span: Span,
    /// The URN, percent-decoded as far as that goes, in lower case.
    pub urn: String,
    /// Whether a `!` negates it.
    pub negated: bool,
}

/// What all service identifiers begin with, decoded.
const NAME_SPACE: &str = "urn:urn-7:";

/// The service identifiers of one header value, with what is wrong about the way they are given.
///
/// Codes: `unquoted`, `raw-colon`, `bare-tag` (no `urn:urn-7:`, or no value), `bad-escape`, `missing-plus`,
/// `two-parameters`, `string-in-brackets`.
#[must_use]
pub fn of_params(raw: &[u8], params: &[Param]) -> (Vec<Icsi>, Vec<Malformation>) {
    let mut faults = Faults::default();
    let mut all = Vec::new();
    let mut seen = false;
    for param in params {
        let name = param.name.of(raw);
        let plain = name.strip_prefix(b"+").unwrap_or(name);
        if !plain.eq_ignore_ascii_case(b"g.3gpp.icsi-ref") {
            continue;
        }
        if plain.len() == name.len() {
            faults.add("missing-plus", "the feature tag lacks its plus sign", param.name);
        }
        if std::mem::replace(&mut seen, true) {
            faults.add("two-parameters", "the feature tag stands more than once in one value", param.span);
        }
        let Some(value) = param.value else {
            faults.add("bare-tag", "the feature tag names no service", param.span);
            continue;
        };
        if !param.quoted {
            faults.add("unquoted", "the value of the feature tag stands without quotes", value);
        }
        let list = without_brackets(raw, value, &mut faults);
        all.extend(split(raw, list, b',').into_iter().filter(|s| !s.is_empty()).map(|span| element(raw, span, &mut faults)));
    }
    (all, faults.into_vec())
}

fn without_brackets(raw: &[u8], value: Span, faults: &mut Faults) -> Span {
    match value.of(raw) {
        [b'<', .., b'>'] => {
            faults.add("string-in-brackets", "the value is a string in brackets, not a list of tokens", value);
            Span::new(value.from + 1, value.to - 1)
        }
        _ => value,
    }
}

fn element(raw: &[u8], span: Span, faults: &mut Faults) -> Icsi {
    let negated = span.of(raw).first() == Some(&b'!');
    let span = Span::new(span.from + usize::from(negated), span.to);
    let text = span.text(raw);
    let (octets, legal) = percent_decode(&text);
    let urn = String::from_utf8_lossy(&octets).to_ascii_lowercase();
    if text.contains(':') {
        faults.add("raw-colon", "a colon is not percent-encoded", span);
    }
    if !legal {
        faults.add("bad-escape", "a percent sign stands without the two digits of a colon or another legal character", span);
    } else if !urn.starts_with(NAME_SPACE) {
        faults.add("bare-tag", "the service identifier does not begin with urn:urn-7:", span);
    }
    Icsi { span, urn, negated }
}

/// Whether `have` is `wanted` or a specialisation of it by whole labels, without case; `wanted` may end in `*`.
///
/// Both are decoded URNs.
#[must_use]
pub fn covers(have: &str, wanted: &str) -> bool {
    let (have, wanted) = (have.to_ascii_lowercase(), wanted.to_ascii_lowercase());
    if let Some(prefix) = wanted.strip_suffix('*') {
        return have.starts_with(prefix);
    }
    have.strip_prefix(&wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::wire::params::Parametered;

    const MSG: &str = "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg";

    fn read(text: &str) -> (Vec<Icsi>, Vec<String>) {
        let value = Parametered::parse(text.as_bytes(), Span::all(text.as_bytes()));
        let (all, malformations) = of_params(text.as_bytes(), &value.params);
        (all, malformations.into_iter().map(|m| m.code).collect())
    }

    #[test]
    fn a_list_is_decoded_element_by_element() {
        let (all, codes) =
            read(r#"*;+G.3gpp.ICSI-ref="urn%3Aurn-7%3a3gpp-service.ims.icsi.oma.cpm.MSG, !urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel""#);
        assert_eq!(codes, [] as [&str; 0]);
        assert_eq!(
            all.iter().map(|i| (i.urn.as_str(), i.negated)).collect::<Vec<_>>(),
            [(MSG, false), ("urn:urn-7:3gpp-service.ims.icsi.mmtel", true)]
        );
    }

    #[test]
    fn the_known_errors_are_named() {
        let good = "urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.msg";
        for (text, expected) in [
            (format!("*;+g.3gpp.icsi-ref={good}"), vec!["unquoted"]),
            (format!("*;+g.3gpp.icsi-ref=\"{MSG}\""), vec!["raw-colon"]),
            (format!("*;+g.3gpp.icsi-ref=\"<{good}>\""), vec!["string-in-brackets"]),
            (format!("*;g.3gpp.icsi-ref=\"{good}\""), vec!["missing-plus"]),
            (format!("*;+g.3gpp.icsi-ref=\"{good}\";+g.3gpp.icsi-ref=\"{good}\""), vec!["two-parameters"]),
            ("*;+g.3gpp.icsi-ref=\"urn%3Aurn-7%3gpp-service.ims.icsi.oma.cpm.msg\"".into(), vec!["bad-escape"]),
            ("*;+g.3gpp.icsi-ref=\"3gpp-service.ims.icsi.oma.cpm.msg\"".into(), vec!["bare-tag"]),
            ("*;+g.3gpp.icsi-ref".into(), vec!["bare-tag"]),
            ("*;+g.oma.sip-im".into(), vec![]),
        ] {
            assert_eq!(read(&text).1, expected, "{text}");
        }
    }

    #[test]
    fn a_specialisation_covers_its_parent_by_whole_labels() {
        for (have, wanted, expected) in [
            ("urn:a.session", "URN:a.session", true),
            ("urn:a.session.x", "urn:a.session", true),
            ("urn:a.sessions", "urn:a.session", false),
            ("urn:a", "urn:a.session", false),
            ("urn:a.session", "urn:a.*", true),
            ("urn:b.session", "urn:a.*", false),
        ] {
            assert_eq!(covers(have, wanted), expected, "{have} {wanted}");
        }
    }
}
