//! Answering a Digest challenge (RFC 3261, 22.2 and 22.3; RFC 7616, 3.3 and 3.4).

use crate::{
    digest::{Algorithm, Credentials},
    wire::{params, sip::Message},
};

/// A challenge that can be answered.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// Header field of the answer.
    answer_in: &'static str,
    algorithm: Algorithm,
    algorithm_name: Option<String>,
    realm: String,
    nonce: String,
    opaque: Option<String>,
    quality: bool,
    count: u32,
}

impl Challenge {
    /// The first challenge of a 401 or 407 response whose algorithm and quality are known here.
    #[must_use]
    pub fn read(response: &Message) -> Option<Self> {
        let (asked_in, answer_in) = if response.status() == Some(407) {
            ("Proxy-Authenticate", "Proxy-Authorization")
        } else {
            ("WWW-Authenticate", "Authorization")
        };
        response.fields_named(asked_in).find_map(|field| {
            let challenge = params::digest(&response.raw, field.value);
            let text = |name| challenge.param(&response.raw, name).and_then(|p| p.value).map(|v| v.text(&response.raw).into_owned());
            let algorithm_name = text("algorithm");
            let algorithm = Algorithm::named(algorithm_name.as_deref().unwrap_or_default())?;
            let qualities = text("qop");
            let quality = qualities.as_deref().is_some_and(|q| q.split(',').any(|q| q.trim() == "auth"));
            (qualities.is_none() || quality).then(|| Self {
                answer_in,
                algorithm,
                algorithm_name,
                realm: text("realm").unwrap_or_default(),
                nonce: text("nonce").unwrap_or_default(),
                opaque: text("opaque"),
                quality,
                count: 0,
            })
        })
    }

    /// Name and value of the header field that answers, for a request of `method` to `uri` by this user with this
    /// password; each answer counts up the nonce count, `client_nonce` has to be fresh.
    pub fn answer(&mut self, method: &str, uri: &str, (user, password): &(String, String), client_nonce: &str) -> (String, String) {
        self.count += 1;
        let count = format!("{:08x}", self.count);
        let response = Credentials {
            algorithm: self.algorithm,
            user,
            realm: &self.realm,
            nonce: &self.nonce,
            method,
            uri,
            quality: self.quality.then_some(("auth", &count, client_nonce)),
        }
        .response(password);
        let mut value = format!(
            "Digest username=\"{user}\", realm=\"{}\", nonce=\"{}\", uri=\"{uri}\", response=\"{response}\"",
            self.realm, self.nonce
        );
        if let Some(name) = &self.algorithm_name {
            value.push_str(&format!(", algorithm={name}"));
        }
        if let Some(opaque) = &self.opaque {
            value.push_str(&format!(", opaque=\"{opaque}\""));
        }
        if self.quality {
            value.push_str(&format!(", qop=auth, nc={count}, cnonce=\"{client_nonce}\""));
        }
        (self.answer_in.to_owned(), value)
    }
}
