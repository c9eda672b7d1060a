//! SePay's balance notice, with a key in a header: proves the sender, not the body.
//!
//! `Authorization: Apikey <key>` (developer.sepay.vn, "SePay webhooks", authentication).
//! Whoever sees one delivery can send any other, and nothing tells how old it is; the format
//! is here for accounts that cannot sign. The notice itself is the one of [`sepay_hmac`].
//!
//! [`sepay_hmac`]: super::sepay_hmac

use chrono::{DateTime, Utc};

use super::sepay_hmac::read_notice;
use super::setup::require_only_a_secret;
use super::signature::{require_plain_secret, shown_token};
use super::verdict::{Answer, Outcome, Refusal, Verified};
use super::{
    AT_ITS_ADDRESS, Adapter, Credentials, CredentialsFault, Delivery, SECRET_BYTES, Secret,
    proven_json, reading_of, require_post,
};

/// SePay with a key.
pub struct SepayApikey;

impl Adapter for SepayApikey {
    fn name(&self) -> &'static str {
        "sepay_apikey"
    }

    fn paths(&self) -> &'static [&'static str] {
        AT_ITS_ADDRESS
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
        require_post(delivery)?;
        let verified_with = shown_token(delivery, "authorization", "Apikey ", credentials)?;
        let body = proven_json(&delivery.body)?;
        let reading = reading_of(body.and_then(|body| read_notice(&body)));
        Ok(Verified::new(reading, verified_with))
    }

    fn acknowledge(&self, outcome: &Outcome) -> Answer {
        Answer::usual(outcome)
    }

    fn check(&self, credentials: &Credentials) -> Result<(), CredentialsFault> {
        require_plain_secret(credentials)?;
        require_only_a_secret(credentials)
    }

    fn make_secret(&self, random: &[u8; SECRET_BYTES]) -> Option<Secret> {
        Some(Secret::text(hex::encode(random)))
    }
}
