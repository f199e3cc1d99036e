//! What a CPM client is provisioned with, and the settings that its user may change.

use std::{net::SocketAddr, time::Duration};

use serde_json::Value;

use crate::{role::rtp, trace::Transport};

/// Prefix of every CPM feature tag (TS 24.229, 7.2A.8.2).
pub const ICSI: &str = "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.";

/// Methods that the client lets be known as supported (RFC 3261, 20.5).
pub const METHODS: &str = "MESSAGE,OPTIONS,INVITE,ACK,BYE,CANCEL,UPDATE,NOTIFY";

/// Extensions that the client lets be known as supported (RFC 3261, 20.37).
pub const SUPPORTED: &str = "timer, gruu";

/// Provisioning of one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Addresses of the user, the default one first.
    pub addresses: Vec<String>,
    /// Home domain, which is the Request-URI of REGISTER and the default realm.
    pub home: String,
    /// Entry point of the core; `None`: not provisioned, nothing can be sent.
    pub core: Option<SocketAddr>,
    /// Transport towards the core.
    pub transport: Transport,
    /// Instance ID, a URN (RFC 5627, 4.1).
    pub instance_id: String,
    /// Name that the user gave to the client; empty: none.
    pub device_name: String,
    /// User name and password for Digest.
    pub credentials: (String, String),
    /// Address of the controlling function, for ad-hoc groups.
    pub controlling_function: String,
    /// Addresses of pre-defined groups.
    pub groups: Vec<String>,
    /// CPM features that are registered: `msg`, `deferred`, ...
    pub features: Vec<String>,
    /// Whether the user lets read reports be sent.
    pub send_imdn: bool,
    /// Whether a GRUU is insisted on until the registrar refuses (RFC 5627, 4.1).
    pub require_gruu: bool,
    /// Release version for User-Agent and Server.
    pub release: String,
    /// Whether large messages are accepted without asking the user.
    pub auto_accept: bool,
    /// Whether the client asks for deferred messages once it is registered (CONV-7.1-pull).
    pub pull_deferred: bool,
    /// Whether the user gets to see notifications of deferred messages (CONV-7.2.3.4.2-display).
    pub inband_notification: bool,
    /// What a push notification leads to (CONV-7.2.3.4.1-auto).
    pub oob_connect: Connect,
    /// Address that manages deferred messages (R-7.2.3.1-2).
    pub deferred_mgmt_uri: String,
    /// Where the message store listens; `None`: there is none.
    pub storage_address: Option<SocketAddr>,
    /// Where the client takes MSRP connections; `None`: it only connects.
    pub msrp: Option<SocketAddr>,
    /// Where the client takes sound and pictures, and so which of these it plays.
    pub rtp: Vec<rtp::Place>,
    /// What carries MSRP.
    pub media_transport: Transport,
    /// Fingerprint of the own certificate, as in SDP (RFC 4572, 5).
    pub fingerprint: String,
    /// Names and URLs of objects in the message store, which a message store client would know.
    pub stored_objects: Vec<(String, String)>,
    /// Name of the user that goes with the address; empty: none.
    pub display_name: String,
    /// Whether the client takes part in sessions without asking the user.
    pub auto_sessions: bool,
    /// Whether the user is away for now and takes no invitations (CONV-7.3.2-1).
    pub unavailable: bool,
    /// Whether a further session may begin while one is open (CONV-7.3.2-1).
    pub additional_sessions: bool,
    /// Where inviters are sent; `None`: nowhere.
    pub redirect_to: Option<String>,
    /// How long the user may take to answer an invitation.
    pub invitation_timeout: Duration,
    /// Most users that may be invited to an ad-hoc group (CONV-7.3.1.2-6).
    pub max_participants: usize,
    /// Token of the session of a closed group (R-7.3.1.2-2).
    pub closed_group_token: String,
    /// Whether the user gets to know that another device took an invitation (CONV-7.3.4.3-4).
    pub tells_elsewhere: bool,
    /// Whether own offers say `active` instead of `actpass` (RFC 6135, 4.2).
    pub msrp_active: bool,
    /// Media types that the user takes in sessions, besides their wrapping.
    pub chat_types: Vec<String>,
}

/// Whether a push notification leads to a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connect {
    /// It does.
    Always,
    /// It does not.
    Never,
    /// The user decides.
    Ask,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            addresses: vec!["sip:alice@example.com".to_owned()],
            home: "example.com".to_owned(),
            core: None,
            transport: Transport::Udp,
            instance_id: "urn:uuid:8f4ad3a1-1c52-4f6e-9f3b-5a2e6c7d8e90".to_owned(),
            device_name: String::new(),
            credentials: ("alice".to_owned(), "wonderland".to_owned()),
            controlling_function: "sip:factory@conf.example.com".to_owned(),
            groups: vec!["sip:lunch@groups.example.com".to_owned()],
            features: ["msg", "largemsg", "deferred", "session", "systemmsg"].map(str::to_owned).to_vec(),
            send_imdn: true,
            require_gruu: true,
            release: "OMA2.0".to_owned(),
            auto_accept: true,
            pull_deferred: false,
            inband_notification: true,
            oob_connect: Connect::Ask,
            deferred_mgmt_uri: "sip:CPMDeferredMsgMgmt@example.com".to_owned(),
            storage_address: None,
            msrp: None,
            rtp: Vec::new(),
            media_transport: Transport::Tcp,
            fingerprint: String::new(),
            stored_objects: vec![("holiday-film".to_owned(), "imap://store.example.com/films;UIDVALIDITY=385759045/;UID=20".to_owned())],
            display_name: String::new(),
            auto_sessions: false,
            unavailable: false,
            additional_sessions: true,
            redirect_to: None,
            invitation_timeout: Duration::from_secs(60),
            max_participants: 10,
            closed_group_token: "org.openmobilealliance.groupchat.closed".to_owned(),
            tells_elsewhere: false,
            msrp_active: false,
            chat_types: vec!["*".to_owned()],
        }
    }
}

impl Settings {
    /// The default address of the user.
    #[must_use]
    pub fn address(&self) -> &str {
        self.addresses.first().map_or("", String::as_str)
    }

    /// Product token for User-Agent and Server (CONV-7.2.1.1-6, CONV-7.2.2.1-accept-2).
    #[must_use]
    pub fn product(&self) -> String {
        format!("CPM-client/{} cpmspec-reference/{}", self.release, env!("CARGO_PKG_VERSION"))
    }

    /// Value of `+g.3gpp.icsi-ref` for the registered features, percent-encoded and quoted (CONV-7.1-2).
    #[must_use]
    pub fn feature_tags(&self) -> String {
        let tags: Vec<_> = self.features.iter().map(|f| encoded_icsi(f)).collect();
        format!("\"{}\"", tags.join(","))
    }

    /// Changes one setting; names and shapes as in [`SETTINGS`](crate::upper::SETTINGS).
    ///
    /// # Errors
    /// Says which name is unknown or which shape was expected.
    pub fn configure(&mut self, setting: &str, value: &Value) -> Result<(), String> {
        let text = || value.as_str().map(str::to_owned).ok_or_else(|| format!("{setting} takes text"));
        let list = || {
            let items = value.as_array().ok_or_else(|| format!("{setting} takes a list of text"))?;
            items
                .iter()
                .map(|item| item.as_str().map(str::to_owned).ok_or_else(|| format!("{setting} takes a list of text")))
                .collect::<Result<Vec<_>, _>>()
        };
        let truth = || value.as_bool().ok_or_else(|| format!("{setting} takes a truth value"));
        let number = || value.as_u64().ok_or_else(|| format!("{setting} takes a number"));
        // One of two words; true: the first.
        let either = |yes: &str, no: &str| match text()? {
            word if word == yes => Ok(true),
            word if word == no => Ok(false),
            _ => Err(format!("{setting} takes {yes} or {no}")),
        };
        match setting {
            "accept-sessions" => self.auto_sessions = either("auto", "ask")?,
            "additional-sessions" => self.additional_sessions = truth()?,
            "addresses" => self.addresses = list()?,
            "auto-accept" => self.auto_accept = truth()?,
            "chat-types" => self.chat_types = list()?,
            "closed-group-token" => self.closed_group_token = text()?,
            "controlling-function" => self.controlling_function = text()?,
            "core" => self.core = Some(text()?.parse().map_err(|_| "core takes host:port".to_owned())?),
            "credentials" => {
                let [user, password] =
                    <[String; 2]>::try_from(list()?).map_err(|_| "credentials takes a user name and a password".to_owned())?;
                self.credentials = (user, password);
            }
            "deferred-mgmt-uri" => self.deferred_mgmt_uri = text()?,
            "device-name" => self.device_name = text()?,
            "display-name" => self.display_name = text()?,
            "groups" => self.groups = list()?,
            "home-domain" => self.home = text()?,
            "inband-notification" => self.inband_notification = either("show", "hide")?,
            "instance-id" => self.instance_id = text()?,
            "invitation-timeout" => self.invitation_timeout = Duration::from_secs(number()?),
            "max-participants" => self.max_participants = usize::try_from(number()?).unwrap_or(usize::MAX),
            "media-transport" => self.media_transport = if either("tcp", "tls")? { Transport::Tcp } else { Transport::Tls },
            "msrp-setup" => self.msrp_active = either("active", "actpass")?,
            "on-completed-elsewhere" => self.tells_elsewhere = either("notify", "silent")?,
            "oob-connect" => {
                self.oob_connect = match text()?.as_str() {
                    "always" => Connect::Always,
                    "never" => Connect::Never,
                    "ask" => Connect::Ask,
                    _ => return Err("oob-connect takes always, never or ask".to_owned()),
                }
            }
            "pull-deferred" => self.pull_deferred = truth()?,
            "redirect-to" => self.redirect_to = Some(text()?).filter(|uri| !uri.is_empty()),
            "send-imdn" => self.send_imdn = truth()?,
            "storage-address" => {
                self.storage_address = Some(text()?.parse().map_err(|_| "storage-address takes host:port".to_owned())?);
            }
            "stored-objects" => {
                let pair = |item: String| item.split_once(' ').map(|(name, url)| (name.to_owned(), url.to_owned()));
                let pairs: Option<Vec<_>> = list()?.into_iter().map(pair).collect();
                self.stored_objects = pairs.ok_or("stored-objects takes a list of a name, a blank and a URL each")?;
            }
            "transport" => self.transport = if either("udp", "tcp")? { Transport::Udp } else { Transport::Tcp },
            "unavailable" => self.unavailable = truth()?,
            _ => return Err(format!("there is no setting {setting}")),
        }
        Ok(())
    }
}

/// ICSI of a CPM feature as it stands inside `+g.3gpp.icsi-ref`.
#[must_use]
pub fn encoded_icsi(feature: &str) -> String {
    format!("{ICSI}{feature}").replace(':', "%3A")
}
