//! System messages: in-band notifications of deferred messages (CONV-7.2.3.4.2) and of their expiry (CONV-7.2.3.3).

use super::{
    Expired, MOST,
    bodies::{self, News},
};
use crate::{
    role::cpm_client::CpmClient,
    upper::{NoticeCode, Sight},
};

impl CpmClient {
    /// Takes the content of a system message; `false`: it tells nothing of deferred messages and is a message like others.
    pub(in super::super) fn system_message(&mut self, kind: &str, content: &[u8]) -> bool {
        match bodies::news(kind, content) {
            None => false,
            Some(News::Deferred(count)) => {
                if self.settings.inband_notification {
                    self.show(Sight::DeferredNotification { count: Some(count) });
                }
                true
            }
            Some(News::Expired(expired)) => {
                self.expired(expired);
                true
            }
        }
    }

    /// CONV-7.2.3.3: the user is told, the UIDs are stored.
    fn expired(&mut self, expired: Expired) {
        self.show(Sight::Notice { code: NoticeCode::Expired, outcome: Some(expired.outcome), messages: expired.messages.clone() });
        for uid in &expired.uids {
            if !self.deferred.uids.contains(uid) && self.deferred.uids.len() < MOST {
                self.deferred.uids.push(*uid);
            }
        }
        if self.deferred.expired.len() < MOST {
            self.deferred.expired.push(expired);
        }
    }
}
