//! Values with parameters: `token;a=b`, name-addr, Digest; and the splitting of lists outside quotes and brackets.

use super::{
    block::is_token,
    span::{Faults, Malformation, Span},
};

/// One parameter `name`, `name=token` or `name="text"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param {
    /// Name, equal sign and value.
    pub span: Span,
    /// The name as spelled.
    pub name: Span,
    /// The value without its quotes, escapes kept; `None` where no equal sign stands.
    pub value: Option<Span>,
    /// Whether the value stands in quotes.
    pub quoted: bool,
}

/// A value followed by parameters: Via, Event, Accept-Contact, Session-Expires, Content-Type, Reason, credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parametered {
    /// What stands before the parameters, without surrounding blanks.
    pub head: Span,
    /// The parameters in their order.
    pub params: Vec<Param>,
    /// What breaks the grammar.
    pub malformations: Vec<Malformation>,
}

impl Parametered {
    /// Reads `head *(;param)`; blanks and folds around `;` and `=` are legal (RFC 3261, 25.1, `SEMI`, `EQUAL`).
    #[must_use]
    pub fn parse(raw: &[u8], within: Span) -> Self {
        let mut faults = Faults::default();
        let mut pieces = split(raw, within, b';').into_iter();
        let head = pieces.next().unwrap_or(Span::new(within.from, within.from));
        if head.is_empty() {
            faults.add("empty-value", "nothing stands before the parameters", within);
        }
        let params = params(raw, pieces, &mut faults);
        Self { head, params, malformations: faults.into_vec() }
    }

    /// The first parameter of this name, without case.
    #[must_use]
    pub fn param(&self, raw: &[u8], name: &str) -> Option<&Param> {
        named(&self.params, raw, name)
    }

    /// All parameters of this name, without case.
    pub fn all<'a>(&'a self, raw: &'a [u8], name: &'a str) -> impl Iterator<Item = &'a Param> {
        self.params.iter().filter(move |p| is_named(p, raw, name))
    }
}

/// Display name, URI and header parameters: From, To, Contact, Route, P-Asserted-Identity (RFC 3261, 20.10).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameAddr {
    /// The display name, without its quotes; `None` where nothing stands before the URI.
    pub display: Option<Span>,
    /// Whether the display name stands in quotes.
    pub display_quoted: bool,
    /// The URI without its brackets.
    pub uri: Span,
    /// Whether the URI stands in brackets; without them all parameters are header parameters.
    pub bracketed: bool,
    /// Whether the value is `*` (RFC 3261, 10.2.2); the URI is then this asterisk.
    pub star: bool,
    /// Header parameters, behind the brackets.
    pub params: Vec<Param>,
    /// What breaks the grammar.
    pub malformations: Vec<Malformation>,
}

impl NameAddr {
    /// Reads one value; a comma list has to be split before.
    #[must_use]
    pub fn parse(raw: &[u8], within: Span) -> Self {
        let mut faults = Faults::default();
        let within = within.trim(raw);
        let mut this = match opening_bracket(within.of(raw)) {
            Some(open) => Self::bracketed(raw, within, within.from + open, &mut faults),
            None => Self::bare(raw, within, &mut faults),
        };
        if this.uri.is_empty() {
            faults.add("no-uri", "the value holds no URI", within);
        }
        this.malformations = faults.into_vec();
        this
    }

    fn bracketed(raw: &[u8], within: Span, open: usize, faults: &mut Faults) -> Self {
        let mut this = Self { bracketed: true, ..Self::default() };
        let before = Span::new(within.from, open).trim(raw);
        if let Some((inner, behind)) = quoted(raw, before) {
            (this.display, this.display_quoted) = (Some(inner), true);
            if !behind.trim(raw).is_empty() {
                faults.add("display-name", "text stands between the quoted display name and the URI", behind);
            }
        } else if !before.is_empty() {
            this.display = Some(before);
            if !before.of(raw).split(u8::is_ascii_whitespace).all(|word| word.is_empty() || is_token(word)) {
                faults.add("display-name", "a display name of other than tokens needs quotes", before);
            }
        }
        let inside = Span::new(open + 1, within.to);
        let behind = match inside.of(raw).iter().position(|&b| b == b'>') {
            Some(close) => {
                this.uri = Span::new(inside.from, inside.from + close);
                Span::new(this.uri.to + 1, within.to)
            }
            None => {
                faults.add("unclosed-bracket", "no > closes the URI", inside);
                this.uri = inside;
                Span::new(within.to, within.to)
            }
        };
        if this.uri.of(raw).iter().any(u8::is_ascii_whitespace) {
            faults.add("blank-in-uri", "a blank stands between the brackets of the URI", this.uri);
            this.uri = this.uri.trim(raw);
        }
        let mut pieces = split(raw, behind, b';').into_iter();
        if let Some(stray) = pieces.next().filter(|s| !s.is_empty()) {
            faults.add("text-behind-uri", "something other than parameters follows the URI", stray);
        }
        this.params = params(raw, pieces, faults);
        this
    }

    fn bare(raw: &[u8], within: Span, faults: &mut Faults) -> Self {
        if within.of(raw).first() == Some(&b'"') {
            faults.add("unclosed-quote", "a quoted display name is not closed, or no URI in brackets follows", within);
        }
        let mut pieces = split(raw, within, b';').into_iter();
        let uri = pieces.next().unwrap_or(Span::new(within.from, within.from));
        let octets = uri.of(raw);
        if octets.iter().any(u8::is_ascii_whitespace) {
            faults.add("blank-in-uri", "a blank stands in the URI", uri);
        } else if octets.iter().any(|b| b"?,".contains(b)) {
            faults.add("brackets-needed", "a URI with a comma or a question mark has to stand in brackets", uri);
        }
        let star = octets == b"*";
        let params = params(raw, pieces, faults);
        if star && !params.is_empty() {
            faults.add("star-with-parameters", "an asterisk takes no parameters", within);
        }
        Self { uri, star, params, ..Self::default() }
    }

    /// The first header parameter of this name, without case.
    #[must_use]
    pub fn param(&self, raw: &[u8], name: &str) -> Option<&Param> {
        named(&self.params, raw, name)
    }

    /// The display name as a user reads it: escapes undone, runs of blanks and folds as one blank where it is not quoted.
    #[must_use]
    pub fn display_name(&self, raw: &[u8]) -> Option<String> {
        let text = self.display?.text(raw);
        Some(if self.display_quoted { unescape(&text) } else { text.split_ascii_whitespace().collect::<Vec<_>>().join(" ") })
    }
}

/// Undoes the escapes of the inside of a quoted string: a backslash stands for the character behind it.
#[must_use]
pub fn unescape(quoted: &str) -> String {
    let mut text = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    while let Some(c) = characters.next() {
        text.push(if c == '\\' { characters.next().unwrap_or(c) } else { c });
    }
    text
}

/// Credentials and challenges: the head is the scheme, the parameters are separated by commas (RFC 3261, 25.1).
#[must_use]
pub fn digest(raw: &[u8], within: Span) -> Parametered {
    let mut faults = Faults::default();
    let within = within.trim(raw);
    let scheme = within.of(raw).iter().position(u8::is_ascii_whitespace).unwrap_or(within.len());
    let head = Span::new(within.from, within.from + scheme);
    if !is_token(head.of(raw)) {
        faults.add("auth-scheme", "the authentication scheme is not a token", head);
    }
    let params = params(raw, split(raw, Span::new(head.to, within.to), b',').into_iter(), &mut faults);
    Parametered { head, params, malformations: faults.into_vec() }
}

/// The pieces between separators that stand outside quotes and `<>`, each without surrounding blanks, empty ones kept.
///
/// A quote or bracket that is not closed reaches to the end. Nothing but blanks gives no piece.
#[must_use]
pub fn split(raw: &[u8], within: Span, separator: u8) -> Vec<Span> {
    let bytes = within.of(raw);
    if bytes.trim_ascii().is_empty() {
        return Vec::new();
    }
    let mut pieces = Vec::with_capacity(4);
    let mut from = 0;
    let mut outside = Outside::default();
    for (i, &b) in bytes.iter().enumerate() {
        if outside.step(b) && b == separator {
            pieces.push(Span::new(within.from + from, within.from + i).trim(raw));
            from = i + 1;
        }
    }
    pieces.push(Span::new(within.from + from, within.from + bytes.len()).trim(raw));
    pieces
}

/// Whether we stand outside of quotes and brackets.
#[derive(Default)]
struct Outside {
    quoted: bool,
    escaped: bool,
    bracketed: bool,
}

impl Outside {
    /// Takes one octet; says whether it stands outside, the quotes and brackets themselves do not.
    fn step(&mut self, b: u8) -> bool {
        if self.escaped {
            self.escaped = false;
            return false;
        }
        if self.quoted {
            self.escaped = b == b'\\';
            self.quoted = b != b'"';
            return false;
        }
        if self.bracketed {
            self.bracketed = b != b'>';
            return false;
        }
        self.quoted = b == b'"';
        self.bracketed = b == b'<';
        !self.quoted && !self.bracketed
    }
}

/// Offset of the first `<` that does not stand in quotes.
fn opening_bracket(bytes: &[u8]) -> Option<usize> {
    let mut outside = Outside::default();
    bytes.iter().position(|&b| !outside.step(b) && outside.bracketed)
}

/// The inside of a string in quotes that begins `within`, and what stands behind its closing quote.
fn quoted(raw: &[u8], within: Span) -> Option<(Span, Span)> {
    let bytes = within.of(raw);
    if bytes.first() != Some(&b'"') {
        return None;
    }
    let mut escaped = false;
    let close = bytes.iter().skip(1).position(|&b| {
        let closes = b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped;
        closes
    })?;
    let inner = Span::new(within.from + 1, within.from + 1 + close);
    Some((inner, Span::new(inner.to + 1, within.to)))
}

fn params(raw: &[u8], pieces: impl Iterator<Item = Span>, faults: &mut Faults) -> Vec<Param> {
    pieces.filter_map(|piece| param(raw, piece, faults)).collect()
}

fn param(raw: &[u8], span: Span, faults: &mut Faults) -> Option<Param> {
    if span.is_empty() {
        faults.add("empty-parameter", "a separator stands without a parameter", span);
        return None;
    }
    let equal = span.of(raw).iter().position(|&b| b == b'=');
    let name = Span::new(span.from, span.from + equal.unwrap_or(span.len())).trim(raw);
    if !is_token(name.of(raw)) {
        faults.add("parameter-name", "the name of a parameter is not a token", name);
    }
    let Some(equal) = equal else { return Some(Param { span, name, value: None, quoted: false }) };
    let value = Span::new(span.from + equal + 1, span.to).trim(raw);
    if let Some((inner, behind)) = quoted(raw, value) {
        if !behind.is_empty() {
            faults.add("text-behind-quote", "something follows the closing quote of a parameter", behind);
        }
        return Some(Param { span, name, value: Some(inner), quoted: true });
    }
    let octets = value.of(raw);
    if octets.first() == Some(&b'"') {
        faults.add("unclosed-quote", "no quote closes the value of a parameter", value);
    } else if octets.is_empty() {
        faults.add("empty-value", "an equal sign stands without a value", span);
    } else if !octets.iter().all(|&b| is_token(&[b]) || b"[]:".contains(&b)) {
        // Colons and square brackets occur in IPv6 addresses (`received`, `maddr`).
        faults.add("unquoted-value", "the value of a parameter needs quotes", value);
    }
    Some(Param { span, name, value: Some(value), quoted: false })
}

fn is_named(param: &Param, raw: &[u8], name: &str) -> bool {
    param.name.of(raw).eq_ignore_ascii_case(name.as_bytes())
}

pub(crate) fn named<'a>(params: &'a [Param], raw: &[u8], name: &str) -> Option<&'a Param> {
    params.iter().find(|p| is_named(p, raw, name))
}

#[cfg(test)]
mod tests;
