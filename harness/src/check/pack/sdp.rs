//! Session descriptions: their lines (RFC 4566, 5), and offers and answers (RFC 3264; CMP-OA).

use super::{broken, offer, own, unwise};
use crate::{
    check::View,
    trace::view::Seen,
    verdict::{Finding, Reason},
    wire::{
        Span,
        bodies::bodies,
        sdp::{Direction, Line, Sdp, attributes, values},
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
    is_for(request, &["oma.cpm.largemsg", "oma.cpm.deferred"])
}

/// Whether the request asks for one of these services.
pub(super) fn is_for(request: &Message, services: &[&str]) -> bool {
    let named = |name: &str| {
        request.fields_named(name).any(|f| {
            let text = f.value.text(&request.raw).to_ascii_lowercase();
            services.iter().any(|service| text.contains(service))
        })
    };
    named("Accept-Contact") || named("P-Asserted-Service") || named("P-Preferred-Service")
}

/// RFC 4566: lines and their order, the form of v, o, s, c, t and m, and at most one direction a level.
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
    // A stream that is refused needs no c=; what attributes break, the rows of their documents judge.
    let of_lines = ["origin", "empty-value", "connection", "time", "media", "port"];
    let values = values::malformations(own.raw, &own.sdp);
    findings.extend(values.iter().filter(|m| of_lines.contains(&m.code.as_str())).map(|m| {
        let observed = format!("{}: {}", own.text(m.span), m.message);
        broken(seen, rule, Reason::Malformed, "the grammar of RFC 4566, 9", observed, m.span)
    }));
    // Another type of network or address is in the grammar, and nothing that a message can travel over.
    for line in own.sdp.lines.iter().filter(|l| matches!(l.kind, b'c' | b'o')) {
        let text = own.text(line.value);
        let told = values.iter().any(|m| m.span == line.value);
        if !told && !["IN IP4 ", "IN IP6 "].iter().any(|known| text.contains(known)) {
            findings.push(broken(seen, rule, Reason::Malformed, "IN with IP4 or IP6 and an address", text, line.line));
        }
    }
    for second in values.iter().filter(|m| m.code == "two-directions") {
        let observed = own.text(second.span).trim_end().to_owned();
        findings.push(broken(seen, "RFC 3264, 5.1", Reason::Unexpected, "one direction a stream", observed, second.span));
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
    for (number, (a, o)) in mine.iter().zip(&theirs).enumerate() {
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
        let (offered, _) = offer.sdp.direction(offer.raw, number);
        let (chosen, place) = own.sdp.direction(own.raw, number);
        if offered != Direction::Sendrecv && chosen != offered.mirrored() && chosen != Direction::Inactive {
            let expected = format!("a direction that fits an offer of {}", offered.name());
            wrong("OA-3", &expected, chosen.name().to_owned(), place.unwrap_or(a.line.line));
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
