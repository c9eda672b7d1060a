//! Casso's first notice: a key in a header, and any number of movements in one delivery.
//!
//! `Secure-Token: <key>` proves the sender, not the body (casso.vn, "Tích hợp webhook tuỳ
//! chỉnh"). Every movement is recorded and repeated on its own. A delivery with one that cannot
//! be read is kept whole for people: half of it would look like all of it.

use chrono::{DateTime, Utc};

use super::casso_v2::{Names, read_movement};
use super::json::Json;
use super::signature::require_lone_secret;
use super::verdict::{Answer, Call, NoticeKind, Outcome, Reading, Refusal, Unusable, Verified};
use super::{
    Adapter, Credentials, CredentialsFault, Delivery, SECRET_BYTES, Secret, listed_objects,
    read_shown, reading_with,
};

/// Casso, version 1.
pub struct CassoV1;

impl Adapter for CassoV1 {
    fn name(&self) -> &'static str {
        "casso_v1"
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
        read_shown(delivery, "secure-token", "", credentials, read_notice)
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
}

const NAMES: Names = Names {
    account: "bank_sub_acc_id",
    virtual_account: "virtualAccount",
    reference: "tid",
    time: "when",
};

fn read_notice(body: &Json) -> Result<Reading, Unusable> {
    let entries = listed_objects(body, "data")?;
    let without = if entries.is_empty() {
        NoticeKind::Empty
    } else {
        NoticeKind::Ping
    };
    let mut facts = Vec::new();
    for entry in entries {
        facts.extend(read_movement(entry, &NAMES)?);
    }
    Ok(reading_with(facts, without))
}
