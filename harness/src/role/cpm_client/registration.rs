//! Registration of a CPM client: REGISTER, its challenges, refreshes and ends (CONV-7.1; RFC 3261, 10.2).

use std::time::Duration;

use super::settings::{METHODS, Settings};
use crate::{
    role::{
        Hop,
        build::{self, Draft},
        challenge::Challenge,
        ids::Ids,
    },
    wire::{params::NameAddr, sip::Message},
};

/// Seconds that the client asks for.
const WANTED: u32 = 3600;

/// How often one registration answers a challenge or corrects itself before it gives up.
const TRIES: u32 = 4;

/// What a REGISTER is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Register for CPM, or refresh.
    Cpm,
    /// Stay registered, without CPM.
    WithoutCpm,
    /// Leave the core.
    Leave,
}

/// What the response to a REGISTER asks the client to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Send REGISTER again for this purpose.
    Again(Purpose),
    /// Nothing.
    Done,
}

/// The registration of one client.
#[derive(Clone, Debug, Default)]
pub struct Registration {
    call_id: String,
    tag: String,
    cseq: u32,
    /// The transaction that is under way, and what it is for.
    pub pending: Option<(u64, Purpose)>,
    /// Whether CPM is registered.
    pub cpm: bool,
    /// When to refresh.
    pub refresh: Option<Duration>,
    /// When the registration ends unless refreshed.
    pub until: Option<Duration>,
    /// Service-Route of the last 200 response, in order (RFC 3608, 5).
    pub service_route: Vec<String>,
    /// Addresses of P-Associated-URI.
    pub associated: Vec<String>,
    /// Public and temporary GRUU of the last 200 response (RFC 5627, 4.2).
    pub gruus: (Option<String>, Option<String>),
    challenge: Option<Challenge>,
    least: u32,
    /// Own instance, as registered.
    instance: String,
    without_gruu: bool,
    tries: u32,
}

impl Registration {
    /// The next REGISTER for `purpose`, from `local` with this `branch`.
    pub fn request(&mut self, settings: &Settings, local: Hop, branch: &str, purpose: Purpose, ids: &mut Ids) -> Draft {
        if self.call_id.is_empty() {
            self.call_id = ids.token();
            self.tag = ids.token();
        }
        self.cseq += 1;
        self.instance.clone_from(&settings.instance_id);
        let uri = format!("sip:{}", settings.home);
        let expires = if purpose == Purpose::Leave { 0 } else { WANTED.max(self.least) };
        let own = settings.address();
        let supported = if self.without_gruu { "path" } else { "path, gruu" };
        Draft::request("REGISTER", &uri)
            .header("Via", &build::via(local, branch))
            .header("Max-Forwards", "70")
            .header("From", &format!("<{own}>;tag={}", self.tag))
            .header("To", &format!("<{own}>"))
            .header("Call-ID", &self.call_id)
            .header("CSeq", &format!("{} REGISTER", self.cseq))
            .header("Contact", &contact(settings, local, purpose))
            .header("Expires", &expires.to_string())
            .header("Supported", supported)
            .maybe("Require", (settings.require_gruu && !self.without_gruu).then_some("gruu"))
            .header("User-Agent", &settings.product())
            .header("Allow", &METHODS.replace(',', ", "))
            .overlaid(&self.authorization(settings, &uri, ids))
    }

    fn authorization(&mut self, settings: &Settings, uri: &str, ids: &mut Ids) -> Vec<(String, Option<Vec<String>>)> {
        let Some(challenge) = &mut self.challenge else { return Vec::new() };
        let (name, value) = challenge.answer("REGISTER", uri, &settings.credentials, &ids.token());
        vec![(name, Some(vec![value]))]
    }

    /// Takes the final response to the REGISTER that is pending.
    pub fn answered(&mut self, now: Duration, response: &Message) -> Next {
        let Some((_, purpose)) = self.pending.take() else { return Next::Done };
        self.tries += 1;
        let retry = self.tries < TRIES;
        match response.status().unwrap_or_default() {
            200..=299 => {
                self.tries = 0;
                self.granted(now, response, purpose);
                Next::Done
            }
            401 | 407 if retry && self.challenged(response) => Next::Again(purpose),
            423 if retry => {
                self.least = response.value("Min-Expires").and_then(|v| v.trim().parse().ok()).unwrap_or_default();
                Next::Again(purpose)
            }
            420 if retry && !self.without_gruu => {
                self.without_gruu = true;
                Next::Again(purpose)
            }
            _ => {
                self.tries = 0;
                self.over();
                Next::Done
            }
        }
    }

    /// The REGISTER that is pending got no answer, or the registration ran out.
    pub fn over(&mut self) {
        self.pending = None;
        self.cpm = false;
        self.refresh = None;
        self.until = None;
    }

    fn granted(&mut self, now: Duration, response: &Message, purpose: Purpose) {
        let seconds = granted_seconds(response).unwrap_or(WANTED);
        if purpose == Purpose::Leave || seconds == 0 {
            self.over();
            return;
        }
        let term = Duration::from_secs(seconds.into());
        // TS 24.229, 5.1.1.4: at half the time up to 1200 s, else 600 s before the end.
        let ahead = if seconds <= 1200 { term / 2 } else { Duration::from_secs(600) };
        self.cpm = purpose == Purpose::Cpm;
        self.until = Some(now + term);
        self.refresh = Some(now + term.saturating_sub(ahead));
        self.gruus = gruus(response, &self.instance);
        let texts = |name| response.elements(name).into_iter().map(|span| response.unfolded(span).into_owned());
        self.service_route = texts("Service-Route").collect();
        self.associated = response
            .elements("P-Associated-URI")
            .into_iter()
            .map(|span| NameAddr::parse(&response.raw, span).uri.text(&response.raw).into_owned())
            .collect();
    }

    fn challenged(&mut self, response: &Message) -> bool {
        let Some(challenge) = Challenge::read(response) else { return false };
        self.challenge = Some(challenge);
        true
    }
}

/// Contact of a REGISTER (CONV-7.1-2 to -5).
fn contact(settings: &Settings, local: Hop, purpose: Purpose) -> String {
    let user = settings.address().split_once(':').map_or("", |(_, rest)| rest).split('@').next().unwrap_or_default();
    let name = if settings.device_name.is_empty() {
        String::new()
    } else {
        format!("\"{}\" ", settings.device_name.replace('\\', "\\\\").replace('"', "\\\""))
    };
    let mut contact =
        format!("{name}<sip:{user}@{};transport={}>;+sip.instance=\"<{}>\"", local.address, local.transport, settings.instance_id);
    if purpose == Purpose::Cpm {
        contact.push_str(&format!(";+g.3gpp.icsi-ref={}", settings.feature_tags()));
    }
    contact.push_str(&format!(";methods=\"{METHODS}\""));
    contact
}

/// Public and temporary GRUU of the own instance in a 200 response.
fn gruus(response: &Message, instance: &str) -> (Option<String>, Option<String>) {
    let raw = &response.raw;
    let contacts = response.elements("Contact");
    let own = contacts.iter().map(|span| NameAddr::parse(raw, *span)).find(|contact| {
        let value = contact.param(raw, "+sip.instance").and_then(|param| param.value);
        value.is_some_and(|value| value.text(raw).trim_matches(['<', '>']).eq_ignore_ascii_case(instance))
    });
    let text = |name| own.as_ref()?.param(raw, name)?.value.map(|value| value.text(raw).into_owned());
    (text("pub-gruu"), text("temp-gruu"))
}

/// Seconds granted by a 200 response: the parameter of the Contact before the header field (RFC 3261, 10.2.4).
fn granted_seconds(response: &Message) -> Option<u32> {
    let contacts = response.elements("Contact");
    let from_contact = contacts.iter().find_map(|span| {
        let contact = NameAddr::parse(&response.raw, *span);
        contact.param(&response.raw, "expires")?.value?.text(&response.raw).parse().ok()
    });
    from_contact.or_else(|| response.value("Expires")?.trim().parse().ok())
}
