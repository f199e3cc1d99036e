//! What a participating function is provisioned with, and how an adapter changes it.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use crate::trace::Transport;

/// What a participating function is provisioned with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The IMS core, its only next hop.
    pub core: SocketAddr,
    /// How it reaches the core.
    pub transport: Transport,
    /// Addresses of the user that it serves; all of them are hers.
    pub served: Vec<String>,
    /// Own MSRP listening address; without it, it connects.
    pub msrp: Option<SocketAddr>,
    /// Home domain.
    pub home: String,
    /// Address that deferred messages are managed at.
    pub deferred_uri: String,
    /// The message store.
    pub storage_address: Option<SocketAddr>,
    /// Whether the user wants her conversations recorded.
    pub history: bool,
    /// Whether it invites a client that comes back to have its deferred messages delivered, rather than wait for its INVITE.
    pub pushes: bool,
    /// How long a large message or a file may ring.
    pub rings: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            core: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 5060),
            transport: Transport::Udp,
            served: vec!["sip:alice@example.com".to_owned()],
            msrp: None,
            home: "example.com".to_owned(),
            deferred_uri: "sip:CPMDeferredMsgMgmt@example.com".to_owned(),
            storage_address: None,
            history: false,
            pushes: false,
            rings: Duration::from_secs(20),
        }
    }
}

impl Settings {
    /// Sets one setting by its name in the protocol of adapters.
    ///
    /// # Errors
    /// In words, for the tester.
    pub fn configure(&mut self, setting: &str, value: &serde_json::Value) -> Result<(), String> {
        let text = || value.as_str().map(str::to_owned).ok_or_else(|| format!("{setting} takes text"));
        let address = || text()?.parse().map_err(|_| format!("{setting} takes host:port"));
        let either = |yes: &str, no: &str| match text()? {
            word if word == yes => Ok(true),
            word if word == no => Ok(false),
            _ => Err(format!("{setting} takes {yes} or {no}")),
        };
        match setting {
            "core" => self.core = address()?,
            "deferred-delivery" => self.pushes = either("push", "pull")?,
            "deferred-mgmt-uri" => self.deferred_uri = text()?,
            "history" => self.history = either("on", "off")?,
            "home-domain" => self.home = text()?,
            "served" => {
                let items = value.as_array().ok_or("served takes a list of URIs")?;
                self.served = items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect();
            }
            "storage-address" => self.storage_address = Some(address()?),
            "transport" => self.transport = if either("tcp", "udp")? { Transport::Tcp } else { Transport::Udp },
            _ => return Err(format!("there is no setting {setting}")),
        }
        Ok(())
    }
}
