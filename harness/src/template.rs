//! Placeholders in braces: `{alice.other}`, `{new}`, `{text 5000}`, `{received.Call-ID}`. Who fills them in says what they mean.

/// Why a text with placeholders has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Nobody knows the placeholder.
    #[error("nothing is called {{{0}}}")]
    Unknown(String),
    /// A brace is not closed.
    #[error("a brace is not closed in {0:?}")]
    Open(String),
}

/// The text with every `{name}` replaced by what `value` gives for `name`; `{{` stands for a brace.
///
/// # Errors
/// [`TemplateError`] for a name without value and for a brace that is not closed.
pub fn fill(text: &str, mut value: impl FnMut(&str) -> Option<String>) -> Result<String, TemplateError> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(behind) = rest.strip_prefix('{') {
            out.push('{');
            rest = behind;
            continue;
        }
        let end = rest.find('}').ok_or_else(|| TemplateError::Open(text.to_owned()))?;
        let name = &rest[..end];
        out.push_str(&value(name).ok_or_else(|| TemplateError::Unknown(name.to_owned()))?);
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

/// Whether `text` fits `pattern`, where `*` stands for any run of characters.
#[must_use]
pub fn fits(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else { return rest.is_empty() };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_in_and_double_braces_are_braces() {
        let value = |name: &str| (name == "a b").then(|| "x".to_owned());
        assert_eq!(fill("<{a b}> {{y}", value), Ok("<x> {y}".to_owned()));
        assert_eq!(fill("{c}", value), Err(TemplateError::Unknown("c".to_owned())));
        assert_eq!(fill("{c", value), Err(TemplateError::Open("{c".to_owned())));
    }

    #[test]
    fn a_star_stands_for_any_run() {
        assert!(fits("*cpm.deferred*", "urn%3Aoma.cpm.deferred\"") && fits("200", "200") && fits("a*", "a"));
        assert!(!fits("200", "2000") && !fits("*x", "xy") && !fits("a*a", "a"));
    }
}
