//! SePay's balance notice, with a key in a header: proves the sender, not the body.
//!
//! `Authorization: Apikey <key>` (developer.sepay.vn, "SePay webhooks", authentication).
//! Whoever sees one delivery can send any other, and nothing tells how old it is; the format
//! is here for accounts that cannot sign. The notice itself is the one of [`sepay_hmac`].
//!
//! [`sepay_hmac`]: super::sepay_hmac

use chrono::{DateTime, Utc};

use super::sepay_hmac::read_notice;
use super::sepay_list::HISTORY;
use super::signature::require_lone_secret;
use super::verdict::{Answer, Call, Outcome, Refusal, Verified};
use super::{
    Adapter, Credentials, CredentialsFault, Delivery, History, SECRET_BYTES, Secret, read_shown,
};

/// SePay with a key.
pub struct SepayApikey;

impl Adapter for SepayApikey {
    fn name(&self) -> &'static str {
        "sepay_apikey"
    }

    fn names_account(&self) -> bool {
        true
    }

    fn verify(
        &self,
        delivery: &Delivery,
        credentials: &Credentials,
        _now: DateTime<Utc>,
    ) -> Result<Verified, Refusal> {
        read_shown(
            delivery,
            "authorization",
            "Apikey ",
            credentials,
            read_notice,
        )
    }

    fn acknowledge(&self, outcome: &Outcome, _: Call<'_>) -> Answer {
        Answer::usual(outcome)
    }

    fn check(&self, credentials: &Credentials) -> Result<(), CredentialsFault> {
        require_lone_secret(credentials)
    }

    fn make_secret(&self, random: &[u8; SECRET_BYTES]) -> Option<Secret> {
        Some(Secret::text(hex::encode(random)))
    }

    fn history(&self) -> Option<&'static History> {
        Some(&HISTORY)
    }
}
