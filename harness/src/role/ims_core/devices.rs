//! Users with several devices behind the core: who is there, to whom a request forks, and which response counts (RFC 3261,
//! 16.7; RFC 5627, 5.1).

use std::{
    collections::{BTreeSet, VecDeque},
    net::SocketAddr,
};

use bytes::Bytes;

use crate::wire::{params::NameAddr, sip::Message, uri};

/// Most forks that are remembered.
const MOST: usize = 256;

/// Who is away, and what was forked.
#[derive(Debug, Default)]
pub(super) struct Devices {
    /// Addresses of users, and GRUUs of devices.
    away: BTreeSet<String>,
    forks: VecDeque<Fork>,
}

/// A request that went to several devices.
#[derive(Debug)]
struct Fork {
    branch: String,
    method: String,
    /// Final responses that are still to come.
    left: usize,
    /// The refusal that goes back if nobody accepts.
    best: Option<Message>,
    /// Whether somebody accepted.
    done: bool,
}

impl Devices {
    /// A third-party REGISTER that is about to be sent: its user, or the devices that the registration in its body names, come
    /// or go.
    pub fn told(&mut self, register: &Message) {
        if register.method() != Some("REGISTER") {
            return;
        }
        let raw = &register.raw;
        let user = register.elements("To").first().map(|span| NameAddr::parse(raw, *span).uri.text(raw).into_owned());
        let body = Message::parse(Bytes::copy_from_slice(register.body.of(raw)));
        let gruus: Vec<String> = body
            .elements("Contact")
            .into_iter()
            .filter_map(|span| {
                NameAddr::parse(&body.raw, span).param(&body.raw, "pub-gruu")?.value.map(|value| value.text(&body.raw).into_owned())
            })
            .map(|gruu| gruu.trim_matches('"').to_owned())
            .collect();
        let leaves = register.value("Expires").is_some_and(|value| value.trim() == "0");
        let Some(user) = user else { return };
        match (leaves, gruus.is_empty()) {
            (true, true) => drop(self.away.insert(user)),
            (true, false) => self.away.extend(gruus),
            (false, true) => self.away.retain(|address| self::user(address) != user),
            (false, false) => self.away.retain(|address| *address != user && !gruus.contains(address)),
        }
    }

    /// The devices that a target means, and whether a request that begins something meets nobody there.
    pub fn of(&self, behind: &[(String, SocketAddr)], target: &str, begins: bool) -> (Vec<SocketAddr>, bool) {
        let devices = behind.iter().filter(|(address, _)| address.contains(";gr="));
        let meant: Vec<_> =
            devices.filter(|(address, _)| address == target || uri::same(user(address), target) && !target.contains(";gr=")).collect();
        let known = !meant.is_empty();
        let there = |address: &str| !begins || !self.away.contains(address) && !self.away.contains(user(address));
        let reached: Vec<_> = meant.into_iter().filter(|(address, _)| there(address)).map(|(_, place)| *place).collect();
        let away = known && reached.is_empty();
        (reached, away)
    }

    /// Remembers a request that goes to so many devices.
    pub fn fork(&mut self, octets: &Bytes, count: usize) {
        let request = Message::parse(octets.clone());
        let (Some(branch), Some((_, method))) = (request.branch(), request.cseq()) else { return };
        if self.forks.iter().any(|fork| fork.branch == branch && fork.method == method) {
            return;
        }
        self.forks.push_back(Fork { branch: branch.into_owned(), method: method.to_owned(), left: count, best: None, done: false });
        if self.forks.len() > MOST {
            self.forks.pop_front();
        }
    }

    /// The response that goes back now that this one came: itself, or, once all have refused, the refusal that counts.
    pub fn chosen(&mut self, response: &Message) -> Option<Message> {
        let status = response.status().unwrap_or_default();
        let (branch, method) = (response.branch(), response.cseq().map(|(_, method)| method));
        let fork = self.forks.iter_mut().find(|fork| branch.as_deref() == Some(&fork.branch) && method == Some(&fork.method));
        let Some(fork) = fork else { return Some(response.clone()) };
        match status {
            ..200 => (!fork.done).then(|| response.clone()),
            200..300 if fork.done && fork.method != "INVITE" => None,
            200..300 => {
                fork.done = true;
                Some(response.clone())
            }
            _ if fork.done => None,
            _ => {
                fork.left = fork.left.saturating_sub(1);
                let is_soft = |message: &Message| matches!(message.status(), Some(408 | 480));
                if fork.best.as_ref().is_none_or(|best| is_soft(best) && !is_soft(response)) {
                    fork.best = Some(response.clone());
                }
                if fork.left == 0 { fork.best.take() } else { None }
            }
        }
    }
}

/// The address of the user whose device that is; else the address itself.
pub(super) fn user(address: &str) -> &str {
    address.split(";gr=").next().unwrap_or(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behind() -> Vec<(String, SocketAddr)> {
        ["phone", "tablet"]
            .iter()
            .zip(1..)
            .map(|(name, n)| (format!("sip:alice@example.com;gr={name}"), SocketAddr::from(([192, 0, 2, n], 5060))))
            .collect()
    }

    fn register(expires: u32, body: &str) -> Message {
        Message::parse(
            format!(
                "REGISTER sip:192.0.2.9 SIP/2.0\r\nTo: <sip:alice@example.com>\r\nExpires: {expires}\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
            .into(),
        )
    }

    #[test]
    fn an_address_means_all_devices_that_are_there() {
        let mut devices = Devices::default();
        let count = |devices: &Devices, target: &str| {
            let (reached, away) = devices.of(&behind(), target, true);
            (reached.len(), away)
        };
        assert_eq!(count(&devices, "sip:alice@example.com"), (2, false));
        assert_eq!(count(&devices, "sip:alice@example.com;gr=phone"), (1, false));
        assert_eq!(count(&devices, "sip:bob@example.com"), (0, false));
        devices.told(&register(0, "SIP/2.0 200 OK\r\nContact: <sip:a>;pub-gruu=\"sip:alice@example.com;gr=phone\"\r\n\r\n"));
        assert_eq!(count(&devices, "sip:alice@example.com"), (1, false));
        assert_eq!(count(&devices, "sip:alice@example.com;gr=phone"), (0, true));
        devices.told(&register(0, ""));
        assert_eq!(count(&devices, "sip:alice@example.com"), (0, true));
        assert_eq!(devices.of(&behind(), "sip:alice@example.com;gr=phone", false).0.len(), 1, "a dialog goes on");
        devices.told(&register(600, ""));
        assert_eq!(count(&devices, "sip:alice@example.com"), (2, false));
    }

    #[test]
    fn the_first_acceptance_counts_else_the_hardest_refusal() {
        let response = |status: u16| {
            Message::parse(format!("SIP/2.0 {status} X\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nCSeq: 1 MESSAGE\r\n\r\n").into())
        };
        let request = Bytes::from_static(b"MESSAGE sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nCSeq: 1 MESSAGE\r\n\r\n");
        let through = |statuses: &[u16]| {
            let mut devices = Devices::default();
            devices.fork(&request, 2);
            statuses.iter().filter_map(|status| devices.chosen(&response(*status))?.status()).collect::<Vec<_>>()
        };
        assert_eq!(through(&[480, 200]), [200]);
        assert_eq!(through(&[200, 480]), [200]);
        assert_eq!(through(&[486, 480]), [486]);
        assert_eq!(through(&[480, 408]), [480]);
        assert_eq!(through(&[200, 200]), [200]);
    }
}
