//! The session timer (RFC 4028): what a 2xx response grants, when to refresh, when to give up.

use std::time::Duration;

use super::dialog::texts;
use crate::wire::{params::Parametered, sip::Message};

/// A session timer that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer {
    /// Session interval.
    pub interval: Duration,
    /// When this end refreshes; `None`: the other end does, or a refresh is under way.
    pub refresh: Option<Duration>,
    /// Whether this end refreshes.
    pub ours: bool,
    /// When to leave unless refreshed (10): a third of the interval before its end, 32 s at most.
    pub ends: Duration,
}

impl Timer {
    /// The timer that `response`, a 2xx that was sent or received now, starts; none without Session-Expires. `caller`: this
    /// end sent the request that it answers.
    #[must_use]
    pub fn granted(now: Duration, response: &Message, caller: bool) -> Option<Self> {
        let (seconds, refresher) = session_expires(response)?;
        let interval = Duration::from_secs(seconds.into());
        // A 2xx has to name the refresher (9); where it does not, who asked is the one that surely knows the timer.
        let ours = (refresher.as_deref() != Some("uas")) == caller;
        let spare = (interval / 3).min(Duration::from_secs(32));
        Some(Self { interval, refresh: ours.then(|| now + interval / 2), ours, ends: now + interval - spare })
    }

    /// The next of its times.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.refresh.map_or(self.ends, |at| at.min(self.ends))
    }
}

/// Header fields that a 2xx response to `request` needs for a timer (9): as asked for, the caller refreshing unless it wants
/// the other one to.
#[must_use]
pub fn answered(request: &Message) -> Vec<(&'static str, String)> {
    let supports = texts(request, "Supported").iter().any(|tag| tag.eq_ignore_ascii_case("timer"));
    match session_expires(request) {
        Some((seconds, refresher)) if supports => {
            let refresher = refresher.unwrap_or_else(|| "uac".to_owned());
            vec![("Session-Expires", format!("{seconds};refresher={refresher}")), ("Require", "timer".to_owned())]
        }
        _ => Vec::new(),
    }
}

/// Seconds and refresher (in lower case) of Session-Expires.
#[must_use]
pub fn session_expires(message: &Message) -> Option<(u32, Option<String>)> {
    let value = Parametered::parse(&message.raw, message.first("Session-Expires")?.value);
    let refresher = value.param(&message.raw, "refresher").and_then(|p| p.value);
    Some((value.head.text(&message.raw).trim().parse().ok()?, refresher.map(|v| v.text(&message.raw).to_ascii_lowercase())))
}

/// Seconds of Min-SE.
#[must_use]
pub fn least(message: &Message) -> Option<u32> {
    let value = Parametered::parse(&message.raw, message.first("Min-SE")?.value);
    value.head.text(&message.raw).trim().parse().ok()
}
