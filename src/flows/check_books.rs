//! Holding the books against their own rules, and against the word of whoever sent notices.
//!
//! An oracle is what a sender wrote down, attempt by attempt: it lies outside of us, so that
//! a fault of ours cannot hide in it. An attempt whose answer never came may or may not have
//! been stored; one that was acknowledged must be there; one that was refused must not.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use chrono::DateTime;
use uuid::Uuid;

use crate::domain::ids::SourceId;
use crate::store::invariants::{self, Breach};
use crate::store::{Store, StoreError, Tx, audit, sources, told};

/// Rows that one query reads.
const PAGE: i64 = 50_000;
const LOST: &str = "an acknowledged notice is not lost";
const INVENTED: &str = "no notice is there that nobody sent";
const REFUSED: &str = "a refused notice is not stored";
const AMOUNT: &str = "a notice has the amount that was sent";

/// What a sender learned from one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It was acknowledged.
    Ok,
    /// It was refused: nothing was stored.
    Refused,
    /// No answer came.
    Unknown,
}

/// By what a sender names a notice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeName {
    /// The identity of its transaction inside the source.
    Key(String),
    /// SHA-256 of its body.
    Body(Vec<u8>),
}

/// All attempts at one notice.
#[derive(Clone, Debug, Default)]
struct Attempts {
    acknowledged: bool,
    unknown: bool,
    amounts: Vec<i64>,
    found: bool,
}

/// What senders wrote down.
#[derive(Clone, Debug, Default)]
pub struct Oracle(BTreeMap<String, BTreeMap<NoticeName, Attempts>>);

impl Oracle {
    /// Adds one attempt of the sender `source`.
    pub fn note(&mut self, source: String, notice: NoticeName, amount_vnd: i64, told: Told) {
        let attempts = self.0.entry(source).or_default().entry(notice).or_default();
        attempts.acknowledged |= told == Told::Ok;
        attempts.unknown |= told == Told::Unknown;
        if !attempts.amounts.contains(&amount_vnd) {
            attempts.amounts.push(amount_vnd);
        }
    }

    /// How many notices it knows.
    pub fn notices(&self) -> usize {
        self.0.values().map(BTreeMap::len).sum()
    }
}

/// What breaks the rules that the database can be asked about, at most `limit` for each rule.
pub async fn check(store: &Store, limit: i64) -> Result<Vec<Breach>, StoreError> {
    let mut tx = store.begin_read().await?;
    let mut found = invariants::breaches(&mut tx, limit).await?;
    for chain in audit::chains(&mut tx).await? {
        if let Some(sequence) = audit::first_break(&mut tx, &chain).await? {
            found.push(Breach {
                rule: "every audit chain is whole",
                subject: format!("{chain}, entry {sequence}"),
            });
        }
    }
    Ok(found)
}

/// Where the books and the senders' own notes disagree.
pub async fn compare(store: &Store, mut oracle: Oracle) -> Result<Vec<Breach>, StoreError> {
    let mut tx = store.begin_read().await?;
    let mut found = Vec::new();
    for (name, notices) in &mut oracle.0 {
        if let Some(source) = sources::find_by_name(&mut tx, name).await? {
            let source = SourceId::from_uuid(source.id);
            if notices
                .keys()
                .any(|name| matches!(name, NoticeName::Key(_)))
            {
                hold_keys(&mut tx, source, name, notices, &mut found).await?;
            }
            if notices
                .keys()
                .any(|name| matches!(name, NoticeName::Body(_)))
            {
                hold_bodies(&mut tx, source, name, notices, &mut found).await?;
            }
        }
        let lost = notices
            .iter()
            .filter(|(_, attempts)| attempts.acknowledged && !attempts.found);
        found.extend(lost.map(|(notice, _)| breach(LOST, name, notice)));
    }
    Ok(found)
}

async fn hold_keys(
    tx: &mut Tx,
    source: SourceId,
    name: &str,
    notices: &mut BTreeMap<NoticeName, Attempts>,
    found: &mut Vec<Breach>,
) -> Result<(), StoreError> {
    let mut after = String::new();
    loop {
        let page = told::told_by(tx, source, &after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after.clone_from(&last.transaction_key);
        for one in page {
            let notice = NoticeName::Key(one.transaction_key);
            hold(name, notice, Some(one.amount_vnd), notices, found);
        }
    }
}

async fn hold_bodies(
    tx: &mut Tx,
    source: SourceId,
    name: &str,
    notices: &mut BTreeMap<NoticeName, Attempts>,
    found: &mut Vec<Breach>,
) -> Result<(), StoreError> {
    let mut after = (DateTime::UNIX_EPOCH, Uuid::nil());
    loop {
        let page = told::delivered_by(tx, source, after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = (last.received_at, last.id);
        for kept in page {
            let notice = NoticeName::Body(kept.body_hash);
            hold(name, notice, kept.amount_vnd, notices, found);
        }
    }
}

/// Holds one stored notice against what its sender wrote down of it.
fn hold(
    source: &str,
    notice: NoticeName,
    amount_vnd: Option<i64>,
    notices: &mut BTreeMap<NoticeName, Attempts>,
    found: &mut Vec<Breach>,
) {
    match notices.entry(notice) {
        Entry::Vacant(unknown) => found.push(breach(INVENTED, source, unknown.key())),
        Entry::Occupied(mut known) => {
            let attempts = known.get_mut();
            attempts.found = true;
            let (acknowledged, unknown) = (attempts.acknowledged, attempts.unknown);
            let sent = |amount: i64| attempts.amounts.contains(&amount);
            if !acknowledged && !unknown {
                found.push(breach(REFUSED, source, known.key()));
            } else if !amount_vnd.is_none_or(sent) {
                found.push(breach(AMOUNT, source, known.key()));
            }
        }
    }
}

fn breach(rule: &'static str, source: &str, notice: &NoticeName) -> Breach {
    let notice = match notice {
        NoticeName::Key(key) => key.clone(),
        NoticeName::Body(hash) => format!("sha256 {}", hex::encode(hash)),
    };
    Breach {
        rule,
        subject: format!("{source} {notice}"),
    }
}
