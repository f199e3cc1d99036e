//! Session descriptions: their lines (RFC 4566, 5), and offers and answers (RFC 3264; CMP-OA).

use super::{broken, offer, own, unwise};
use crate::{
    check::View,
    trace::view::Seen,
    verdict::{Finding, Reason},
    wire::{
        Span,
        bodies::bodies,
        sdp::{Line, Sdp, attributes},
        sip::Message,
    },
};

/// A session description, with the message that it stands in.
pub(super) struct Described<'a> {
    pub(super) raw: &'a [u8],
    pub(super) sdp: Sdp,
    /// Its octets in the message.
    pub(super) span: Span,
}

/// One media section.
pub(super) struct Media<'a> {
    /// Its m= line.
    pub(super) line: Line,
    /// Words of the m= line: media, port, protocol, formats.
    pub(super) words: Vec<String>,
    /// All its lines.
    pub(super) lines: &'a [Line],
}

/// The words of direction (RFC 4566, 6).
const DIRECTIONS: [&str; 4] = ["sendrecv", "sendonly", "recvonly", "inactive"];

impl<'a> Described<'a> {
    /// The first body of type application/sdp, also within a multipart body.
    pub(super) fn of(message: &'a Message) -> Option<Self> {
        let raw = &*message.raw;
        let (found, _) = bodies(message);
        let body = found.into_iter().find(|b| b.kind == "application/sdp" && !b.is_encoded(raw))?;
        Some(Self { raw, sdp: Sdp::parse(raw, body.span), span: body.span })
    }

    /// The media sections, in order.
    pub(super) fn media(&self) -> Vec<Media<'_>> {
        let read = |number| {
            let lines = self.sdp.section(number);
            let line = *lines.first()?;
            let words = line.value.text(self.raw).split_ascii_whitespace().map(str::to_owned).collect();
            Some(Media { line, words, lines })
        };
        (0..self.sdp.media.len()).filter_map(read).collect()
    }

    /// The values of an attribute in a section, or else those at session level.
    pub(super) fn values(&self, lines: &[Line], name: &str) -> Vec<Span> {
        let own: Vec<Span> = attributes(self.raw, lines, name).collect();
        if own.is_empty() { attributes(self.raw, self.sdp.session(), name).collect() } else { own }
    }

    /// The lines of a type at session level.
    pub(super) fn session(&self, kind: u8) -> impl Iterator<Item = &Line> {
        self.sdp.session().iter().filter(move |l| l.kind == kind)
    }

    /// Which way a stream goes; both ways unless said otherwise (RFC 3264, 5.1).
    fn direction(&self, media: &Media<'_>) -> (&'static str, Span) {
        let said = |lines: &[Line]| {
            lines.iter().find_map(|line| {
                let word = DIRECTIONS.into_iter().find(|d| line.kind == b'a' && line.value.of(self.raw) == d.as_bytes())?;
                Some((word, line.line))
            })
        };
        said(media.lines).or_else(|| said(self.sdp.session())).unwrap_or(("sendrecv", media.line.line))
    }

    pub(super) fn text(&self, span: Span) -> String {
        span.text(self.raw).into_owned()
    }
}

impl Media<'_> {
    pub(super) fn word(&self, number: usize) -> &str {
        self.words.get(number).map_or("", String::as_str)
    }

    /// The port; none where it is no number up to 65535.
    pub(super) fn port(&self) -> Option<u16> {
        let port = self.word(1);
        let port = port.split_once('/').map_or(port, |(port, _)| port);
        port.bytes().all(|b| b.is_ascii_digit()).then(|| port.parse().ok())?
    }

    /// Whether the stream is refused, or taken away.
    pub(super) fn refused(&self) -> bool {
        self.port() == Some(0)
    }

    /// Whether it is, or wants to be, a stream of MSRP.
    pub(super) fn is_msrp(&self) -> bool {
        self.word(0) == "message" || self.word(2).ends_with("MSRP")
    }
}

/// Whether the request invites to one standalone message: large message mode, or handling of deferred messages.
pub(super) fn is_standalone(request: &Message) -> bool {
    let named = |name: &str| {
        request.fields_named(name).any(|f| {
            let text = f.value.text(&request.raw).to_ascii_lowercase();
            text.contains("oma.cpm.largemsg") || text.contains("oma.cpm.deferred")
        })
    };
    named("Accept-Contact") || named("P-Asserted-Service") || named("P-Preferred-Service")
}

/// RFC 4566: lines and their order, and the form of v, o, s, c, t and m.
pub(super) fn grammar(_: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let Some(own) = Described::of(&seen.message) else { return Vec::new() };
    let rule = "RFC 4566, 5";
    let mut findings: Vec<Finding> = (own.sdp.malformations.iter())
        .map(|m| {
            let (expected, observed) = ("the grammar of RFC 4566, 9", format!("{}: {}", m.code, m.message));
            // A reader takes LF alone, though none should be written (5).
            let weighed = if m.code == "bare-lf" { unwise } else { broken };
            weighed(seen, rule, Reason::Malformed, expected, observed, m.span)
        })
        .collect();
    let number = |word: &&str| !word.is_empty() && word.len() <= 20 && word.bytes().all(|b| b.is_ascii_digit());
    let address = |words: &[&str]| matches!(words, ["IN", "IP4" | "IP6", _]);
    for line in &own.sdp.lines {
        let text = own.text(line.value);
        let words: Vec<&str> = text.split(' ').collect();
        let (right, expected) = match line.kind {
            b'o' => (
                words.len() == 6 && words[1..3].iter().all(number) && address(&words[3..]) && words.iter().all(|w| !w.is_empty()),
                "o= with user, two numbers, IN, IP4 or IP6, and an address",
            ),
            b's' => (!text.is_empty(), "s= with a name, be it a hyphen"),
            b'c' => (address(&words) && words.iter().all(|w| !w.is_empty()), "c= with IN, IP4 or IP6, and an address"),
            b't' => (words.len() == 2 && words.iter().all(number), "t= with two numbers"),
            b'm' => (
                words.len() >= 4
                    && words.iter().all(|w| !w.is_empty())
                    && words.get(1).is_some_and(|w| w.split('/').all(|n| number(&n)))
                    && words.get(1).is_some_and(|w| w.split('/').next().is_some_and(|n| n.parse::<u16>().is_ok())),
                "m= with media, port, protocol and formats",
            ),
            _ => continue,
        };
        if !right {
            findings.push(broken(seen, rule, Reason::Malformed, expected, text, line.line));
        }
    }
    for media in own.media().iter().filter(|m| !m.refused()) {
        if !media.lines.iter().chain(own.sdp.session()).any(|l| l.kind == b'c') {
            findings.push(broken(seen, rule, Reason::Missing, "c= for each stream, here or at session level", "none", media.line.line));
        }
    }
    findings
}

/// RFC 3264: a description that is right, an answer that fits its offer, a later description that carries on the one before.
pub(super) fn rules(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let Some(described) = Described::of(&seen.message) else {
        let span = seen.message.start_span();
        return vec![broken(seen, "RFC 3264, 4", Reason::Missing, "a body application/sdp", "none", span)];
    };
    let mut findings = grammar(view, seen);
    let sections = std::iter::once(described.sdp.session()).chain((0..described.sdp.media.len()).map(|i| described.sdp.section(i)));
    for lines in sections {
        let is = |l: &&Line| l.kind == b'a' && DIRECTIONS.iter().any(|d| l.value.of(described.raw) == d.as_bytes());
        if let Some(second) = lines.iter().filter(is).nth(1) {
            let observed = described.text(second.value);
            findings.push(broken(seen, "RFC 3264, 5.1", Reason::Unexpected, "one direction a stream", observed, second.line));
        }
    }
    findings.extend(offer::carries_on(view, seen, &described));
    let request = view.messages.request_of(own(view)).map(|i| &view.messages.list()[i]);
    if let Some((request, offer)) = request.and_then(|r| Some((r, Described::of(&r.message)?))) {
        let answered = answers(seen, &described, &offer, is_standalone(&request.message));
        findings.extend(answered.into_iter().map(|f| f.on(request.line())));
    }
    findings
}

/// OA-1 to OA-4: an answer against its offer.
pub(super) fn answers(seen: &Seen, own: &Described<'_>, offer: &Described<'_>, standalone: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (mine, theirs) = (own.media(), offer.media());
    if mine.len() != theirs.len() {
        let span = mine.last().map_or(own.span, |m| m.line.line);
        let expected = format!("as many m= lines as the offer: {}", theirs.len());
        findings.push(broken(seen, "OA-1", Reason::Violated, &expected, mine.len().to_string(), span));
        return findings;
    }
    for (a, o) in mine.iter().zip(&theirs) {
        let mut wrong = |rule: &str, expected: &str, observed: String, span: Span| {
            findings.push(broken(seen, rule, Reason::Violated, expected, observed, span));
        };
        let text = own.text(a.line.value);
        if (a.word(0), a.word(2)) != (o.word(0), o.word(2)) {
            let expected = format!("media {} over {} in this place, as offered", o.word(0), o.word(2));
            wrong("OA-1", &expected, text, a.line.line);
            continue;
        }
        if a.refused() {
            continue;
        }
        if o.refused() {
            wrong("OA-2", "port 0, as in the offer", text, a.line.line);
            continue;
        }
        if standalone && !a.is_msrp() {
            wrong("CONV-7.2.2.2-2c", "port 0 for what is not MSRP: the invitation is to a message", text, a.line.line);
            continue;
        }
        if !a.words.iter().skip(3).any(|format| o.words.iter().skip(3).any(|f| f == format)) {
            wrong("OA-2", "one of the formats offered", text, a.line.line);
        }
        let (offered, _) = offer.direction(o);
        let (chosen, place) = own.direction(a);
        let fits = match offered {
            "sendonly" => matches!(chosen, "recvonly" | "inactive"),
            "recvonly" => matches!(chosen, "sendonly" | "inactive"),
            "inactive" => chosen == "inactive",
            _ => true,
        };
        if !fits {
            wrong("OA-3", &format!("a direction that fits an offer of {offered}"), chosen.to_owned(), place);
        }
    }
    let time = |d: &Described<'_>| d.session(b't').map(|l| d.text(l.value)).collect::<Vec<_>>();
    if time(own) != time(offer) {
        let span = own.session(b't').next().map_or(own.span, |l| l.line);
        let expected = format!("t= as in the offer: {}", time(offer).join(", "));
        findings.push(broken(seen, "OA-4", Reason::Violated, &expected, time(own).join(", "), span));
    }
    findings
}
