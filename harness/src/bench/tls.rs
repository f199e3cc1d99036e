//! TLS of media streams: one self-signed certificate a process, known by its fingerprint (RFC 4572, 5; RFC 4975, 14.4).
//!
//! Who is at the other end is settled by the fingerprint in its session description and by nothing else: names, dates and
//! issuers are not looked at. Over the memory link TLS is a label, and [`MEMORY`] its fingerprint.

use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use rustls::{
    ClientConfig, DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

/// How long a handshake may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The fingerprint of everybody's certificate over the memory link, where there is none.
pub const MEMORY: &str = "SHA-256 4D:45:4D:4F:52:59:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:01";

/// What became known in a handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Version of the protocol: `TLSv1.3`.
    pub version: String,
    /// SHA-256 fingerprint of the other end's certificate, if it showed one, as in SDP.
    pub fingerprint: Option<String>,
}

/// The certificate of this process.
struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    fingerprint: String,
    provider: Arc<CryptoProvider>,
}

/// Made when it is first asked for; why it could not be made.
fn identity() -> Result<&'static Identity, String> {
    static IDENTITY: OnceLock<Result<Identity, String>> = OnceLock::new();
    let made = IDENTITY.get_or_init(|| {
        let key = rcgen::KeyPair::generate().map_err(|e| e.to_string())?;
        let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let certificate = rcgen::CertificateParams::new(names).and_then(|wanted| wanted.self_signed(&key)).map_err(|e| e.to_string())?;
        let chain = vec![certificate.der().clone()];
        Ok(Identity {
            fingerprint: text("SHA-256", &Sha256::digest(certificate.der())),
            key: PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
            chain,
            provider: Arc::new(ring::default_provider()),
        })
    });
    made.as_ref().map_err(Clone::clone)
}

/// The fingerprint of this process's certificate as in SDP (RFC 4572, 5): `SHA-256 AB:CD:...`; empty where no certificate
/// could be made.
#[must_use]
pub fn fingerprint() -> &'static str {
    identity().map_or("", |identity| &identity.fingerprint)
}

fn text(hash: &str, digest: &[u8]) -> String {
    let octets: Vec<String> = digest.iter().map(|octet| format!("{octet:02X}")).collect();
    format!("{hash} {}", octets.join(":"))
}

/// Whether two fingerprints are the same; neither case nor space around them matters.
#[must_use]
pub fn same(one: &str, other: &str) -> bool {
    one.split_whitespace().map(str::to_ascii_uppercase).eq(other.split_whitespace().map(str::to_ascii_uppercase))
}

/// Whether `wanted`, as in SDP, is the fingerprint of `certificate`; why not.
fn is_of(wanted: &str, certificate: &[u8]) -> Result<(), String> {
    let hash = wanted.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
    let digest = match hash.as_str() {
        "SHA-256" => Sha256::digest(certificate).to_vec(),
        "SHA-384" => Sha384::digest(certificate).to_vec(),
        "SHA-512" => Sha512::digest(certificate).to_vec(),
        _ => return Err(format!("no fingerprint of a hash function that is known here: {wanted:?}")),
    };
    let found = text(&hash, &digest);
    if same(wanted, &found) { Ok(()) } else { Err(format!("the certificate has the fingerprint {found}, not {wanted}")) }
}

/// Answers a handshake; the other end may show a certificate, and any will do.
///
/// # Errors
/// What went wrong, in words.
pub async fn accept(stream: TcpStream) -> Result<(TlsStream<TcpStream>, Facts), String> {
    let own = identity()?;
    let config = ServerConfig::builder_with_provider(Arc::clone(&own.provider))
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .with_client_cert_verifier(Arc::new(Pinned::new(own, None)))
        .with_single_cert(own.chain.clone(), own.key.clone_key())
        .map_err(|e| e.to_string())?;
    let up = timeout(PATIENCE, TlsAcceptor::from(Arc::new(config)).accept(stream)).await;
    let up = TlsStream::from(up.map_err(|_| "the handshake was not finished in time".to_owned())?.map_err(|e| e.to_string())?);
    let facts = facts(&up);
    Ok((up, facts))
}

/// Begins a handshake; the other end's certificate has to have `fingerprint`, if there is one to have.
///
/// # Errors
/// What went wrong, in words.
pub async fn connect(stream: TcpStream, to: IpAddr, fingerprint: Option<String>) -> Result<(TlsStream<TcpStream>, Facts), String> {
    let own = identity()?;
    let config = ClientConfig::builder_with_provider(Arc::clone(&own.provider))
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Pinned::new(own, fingerprint)))
        .with_client_auth_cert(own.chain.clone(), own.key.clone_key())
        .map_err(|e| e.to_string())?;
    let connector = TlsConnector::from(Arc::new(config));
    let up = timeout(PATIENCE, connector.connect(ServerName::IpAddress(to.into()), stream)).await;
    let up = TlsStream::from(up.map_err(|_| "the handshake was not finished in time".to_owned())?.map_err(|e| e.to_string())?);
    let facts = facts(&up);
    Ok((up, facts))
}

fn facts(stream: &TlsStream<TcpStream>) -> Facts {
    let (_, session) = stream.get_ref();
    // They are written with an underscore there.
    let version = session.protocol_version().and_then(|version| version.as_str()).unwrap_or("TLS").replace('_', ".");
    let shown = session.peer_certificates().and_then(|chain| chain.first());
    Facts { version, fingerprint: shown.map(|certificate| text("SHA-256", &Sha256::digest(certificate))) }
}

/// Takes the certificate with one fingerprint, or any; that the other end has its key is always verified.
#[derive(Debug)]
struct Pinned {
    fingerprint: Option<String>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Pinned {
    fn new(own: &Identity, fingerprint: Option<String>) -> Self {
        Self { fingerprint, algorithms: own.provider.signature_verification_algorithms }
    }

    fn takes(&self, certificate: &CertificateDer<'_>) -> Result<(), rustls::Error> {
        self.fingerprint.as_deref().map_or(Ok(()), |wanted| is_of(wanted, certificate).map_err(rustls::Error::General))
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.takes(certificate).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl ClientCertVerifier for Pinned {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        self.takes(certificate).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    type Ends = (Result<(TlsStream<TcpStream>, Facts), String>, Result<(TlsStream<TcpStream>, Facts), String>);

    async fn ends(fingerprint: Option<&str>) -> Ends {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = listener.local_addr().unwrap();
        let called = async { accept(listener.accept().await.unwrap().0).await };
        let caller = async { connect(TcpStream::connect(to).await.unwrap(), to.ip(), fingerprint.map(str::to_owned)).await };
        tokio::join!(called, caller)
    }

    #[tokio::test]
    async fn both_ends_know_each_other_by_fingerprint() {
        let (called, caller) = ends(Some(&fingerprint().to_lowercase())).await;
        let ((mut near, of_caller), (mut far, of_called)) = (called.unwrap(), caller.unwrap());
        assert_eq!(of_caller, Facts { version: "TLSv1.3".to_owned(), fingerprint: Some(fingerprint().to_owned()) });
        assert_eq!(of_called, of_caller);
        far.write_all(b"MSRP").await.unwrap();
        far.flush().await.unwrap();
        let mut octets = [0; 4];
        near.read_exact(&mut octets).await.unwrap();
        assert_eq!(&octets, b"MSRP");
    }

    #[tokio::test]
    async fn another_fingerprint_is_another_end() {
        let (called, caller) = ends(Some(MEMORY)).await;
        assert!(caller.unwrap_err().contains("has the fingerprint SHA-256"));
        assert!(called.is_err());
    }

    #[test]
    fn a_hash_function_that_is_not_known_is_no_pass() {
        assert!(is_of("SHA-1 AB:CD", b"x").unwrap_err().contains("hash function"));
        assert_eq!(is_of(&text("SHA-512", &Sha512::digest(b"x")), b"x"), Ok(()));
    }
}
