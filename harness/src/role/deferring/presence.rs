//! Who of the served user's devices is there, as the core tells by third-party REGISTER (TS 24.229, 5.4.1.7).

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use bytes::Bytes;

use super::Deferring;
use crate::wire::{Span, params::NameAddr, sip::Message};

/// Most devices that are remembered.
const MOST: usize = 256;

/// Who is away; who is not named is there.
#[derive(Debug, Default)]
pub(super) struct Presence {
    users: BTreeSet<String>,
    /// GRUUs of devices that left while the user stayed.
    devices: BTreeSet<String>,
}

impl Presence {
    /// Whether something may reach the user, or this device of hers.
    pub fn reaches(&self, user: &str, device: Option<&str>) -> bool {
        !self.users.contains(user) && device.is_none_or(|device| !self.devices.contains(device))
    }

    fn set(&mut self, user: &str, devices: &[String], there: bool) {
        if there {
            self.users.remove(user);
        }
        if devices.is_empty() && !there {
            self.users.insert(user.to_owned());
        }
        for device in devices {
            if there {
                self.devices.remove(device);
            } else if self.devices.len() < MOST {
                self.devices.insert(device.clone());
            }
        }
        if devices.is_empty() {
            self.devices.clear();
        }
    }
}

impl Deferring {
    /// A third-party REGISTER: Expires 0 says that she left, or the devices that the registration in its body names.
    pub(super) fn told(&mut self, now: Duration, id: u64, request: &Arc<Message>) {
        let to = request.elements("To").first().map(|span| NameAddr::parse(&request.raw, *span).uri.text(&request.raw).into_owned());
        let Some(user) = to.and_then(|to| self.served(&to)) else {
            return self.answer(now, id, request, 404, |draft| draft);
        };
        let expires = request.value("Expires").map(|value| value.trim().to_owned()).unwrap_or_default();
        let there = expires != "0";
        let devices = devices(request);
        self.presence.set(&user, &devices, there);
        self.answer(now, id, request, 200, |draft| draft.maybe("Expires", Some(expires.as_str()).filter(|text| !text.is_empty())));
        if there {
            self.returned(now, &user, devices.first().map(String::as_str));
        }
    }
}

/// The GRUUs of the Contacts in the registrations that the body holds as `message/sip`.
fn devices(request: &Message) -> Vec<String> {
    let whole = request.content_type().map(|kind| (kind.kind.text(&request.raw).to_ascii_lowercase(), request.body));
    let parts = crate::field::parts(request).into_iter().chain(whole).filter(|(kind, _)| kind == "message/sip");
    let registrations = parts.map(|(_, span): (_, Span)| Message::parse(Bytes::copy_from_slice(span.of(&request.raw))));
    let mut found = Vec::new();
    for registration in registrations {
        let raw = &registration.raw;
        for span in registration.elements("Contact") {
            let gruu =
                NameAddr::parse(raw, span).param(raw, "pub-gruu").and_then(|param| param.value).map(|value| value.text(raw).into_owned());
            found.extend(gruu.map(|gruu| gruu.trim_matches('"').to_owned()));
        }
    }
    found
}
