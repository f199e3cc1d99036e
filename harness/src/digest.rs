//! Digest access authentication for SIP (RFC 3261, 22.4; RFC 7616, 3.4; RFC 8760): MD5 and SHA-256, `qop` auth or none.

use md5::Md5;
use sha2::{Digest as _, Sha256};

/// Hash of a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RFC 2617; also where a challenge names none.
    Md5,
    /// RFC 7616.
    Sha256,
}

impl Algorithm {
    /// By its name in a challenge or in credentials, without case; `None` for one that is not known here.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_uppercase().as_str() {
            "" | "MD5" => Some(Self::Md5),
            "SHA-256" => Some(Self::Sha256),
            _ => None,
        }
    }

    fn hex(self, text: &str) -> String {
        match self {
            Self::Md5 => hex::encode(Md5::digest(text.as_bytes())),
            Self::Sha256 => hex::encode(Sha256::digest(text.as_bytes())),
        }
    }
}

/// What goes into a response besides the password.
#[derive(Clone, Copy, Debug)]
pub struct Credentials<'a> {
    /// Hash.
    pub algorithm: Algorithm,
    /// User name.
    pub user: &'a str,
    /// Realm of the challenge.
    pub realm: &'a str,
    /// Nonce of the challenge.
    pub nonce: &'a str,
    /// Method of the request.
    pub method: &'a str,
    /// `uri` of the credentials; has to be the Request-URI.
    pub uri: &'a str,
    /// `qop`, `nc` and `cnonce`, where the challenge offers a qop.
    pub quality: Option<(&'a str, &'a str, &'a str)>,
}

impl Credentials<'_> {
    /// The `response` parameter, in lower-case hexadecimal digits.
    #[must_use]
    pub fn response(&self, password: &str) -> String {
        let secret = self.algorithm.hex(&format!("{}:{}:{password}", self.user, self.realm));
        let request = self.algorithm.hex(&format!("{}:{}", self.method, self.uri));
        self.algorithm.hex(&match self.quality {
            Some((qop, nc, cnonce)) => format!("{secret}:{}:{nc}:{cnonce}:{qop}:{request}", self.nonce),
            None => format!("{secret}:{}:{request}", self.nonce),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked examples of RFC 2617, 3.5 and RFC 7616, 3.9.1.
    #[test]
    fn the_examples_of_the_rfcs_are_reproduced() {
        let old = Credentials {
            algorithm: Algorithm::Md5,
            user: "Mufasa",
            realm: "testrealm@host.com",
            nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
            method: "GET",
            uri: "/dir/index.html",
            quality: Some(("auth", "00000001", "0a4f113b")),
        };
        assert_eq!(old.response("Circle Of Life"), "6629fae49393a05397450978507c4ef1");
        let new = Credentials {
            algorithm: Algorithm::Sha256,
            realm: "http-auth@example.org",
            nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            quality: Some(("auth", "00000001", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")),
            ..old
        };
        assert_eq!(new.response("Circle of Life"), "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
    }
}
