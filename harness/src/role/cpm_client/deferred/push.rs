//! Notifications out of band: the push client of the device knows of a deferred message (CONV-7.2.3.4.1).

use std::{collections::BTreeMap, time::Duration};

use crate::{
    role::cpm_client::{CpmClient, registration::Purpose, settings::Connect},
    upper::{Answer, Sight},
};

impl CpmClient {
    /// `push-notify`: the setting decides whether to connect, or the user is asked.
    pub(in super::super) fn push_notified(&mut self, now: Duration) -> Answer {
        let question = self.settings.oob_connect == Connect::Ask && !self.registration.cpm;
        self.deferred.question = question;
        self.show(Sight::PushNotification { question });
        if self.settings.oob_connect == Connect::Always {
            self.connect(now);
        }
        Answer::Taken(BTreeMap::new())
    }

    /// `answer-connect`.
    pub(in super::super) fn answer_connect(&mut self, now: Duration, connect: bool) -> Answer {
        if !std::mem::replace(&mut self.deferred.question, false) {
            return Answer::NotNow("the user was not asked".to_owned());
        }
        if connect {
            self.connect(now);
        }
        Answer::Taken(BTreeMap::new())
    }

    /// Connecting to CPM is registering for it (CONV-7.2.3.4.1-register).
    fn connect(&mut self, now: Duration) {
        if !self.registration.cpm {
            self.register(now, Purpose::Cpm);
        }
    }
}
