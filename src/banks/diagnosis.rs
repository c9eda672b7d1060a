//! The one cause for which a trial's delivery was refused or kept, with what was received.
//!
//! The general texts are in [`advice`](super::advice); here they are made exact from the
//! delivery itself. Asked of a trial only: its notices are invented.

mod body;
mod camt;
mod header;
mod value;

use chrono::{DateTime, Utc};

use super::claim::slips;
use super::javascript::{Sorting, stringify};
use super::json::{self, Json};
use super::verdict::{NoticeKind, Refusal, Unusable};
use super::{Adapter, Credentials, Delivery, Media};
use crate::domain::trial::{Advice, RefusedAs, Slip};

/// How many characters of a value are shown.
const MOST_SHOWN: usize = 80;

/// Why a delivery was refused.
pub struct Diagnosis {
    /// As what a trial counts it.
    pub refused_as: RefusedAs,
    /// What was wrong and what to do.
    pub advice: Advice,
    /// The slips that explain its signature; none when nothing does.
    pub slips: Vec<Slip>,
}

/// Why a delivery was refused and what to do.
pub fn diagnose(
    adapter: &dyn Adapter,
    delivery: &Delivery,
    credentials: &Credentials,
    refusal: Refusal,
    now: DateTime<Utc>,
) -> Diagnosis {
    let slips = slips(adapter, delivery, credentials, refusal);
    let exact = match refusal {
        Refusal::AmbiguousBody if adapter.media() == Media::Xml => camt::ambiguous(&delivery.body),
        Refusal::AmbiguousBody => body::ambiguous(&delivery.body),
        Refusal::MissingHeader => header::missing(adapter, delivery),
        Refusal::RepeatedHeader => header::repeated(adapter, delivery),
        Refusal::MalformedHeader => header::malformed(adapter, delivery),
        Refusal::SignatureMismatch => {
            header::mismatch(adapter, delivery, credentials, !slips.is_empty())
        }
        Refusal::StaleTimestamp => header::off_time(adapter, delivery, credentials, now),
        _ => None,
    };
    let is_early = || header::sent_at(adapter, delivery).is_some_and(|at| at > now);
    Diagnosis {
        refused_as: match refusal.refused_as() {
            RefusedAs::Stale if is_early() => RefusedAs::Early,
            other => other,
        },
        advice: exact.unwrap_or_else(|| refusal.advice()),
        slips,
    }
}

/// Why an authentic delivery cannot be used and what to do.
pub fn advice_on_reading(adapter: &dyn Adapter, delivery: &Delivery, why: Unusable) -> Advice {
    if adapter.media() == Media::Xml {
        return camt::unusable(&delivery.body, why).unwrap_or_else(|| why.advice());
    }
    match json::read(&delivery.body) {
        Ok(document) => value::unusable(adapter, &document, why),
        Err(_) if why == Unusable::MalformedBody => body::not_json(&delivery.body),
        Err(_) => why.advice(),
    }
}

/// Why an authentic delivery changes nothing.
pub fn advice_on_nothing(adapter: &dyn Adapter, delivery: &Delivery, kind: NoticeKind) -> Advice {
    let document = json::read(&delivery.body).ok();
    let exact = document
        .filter(|_| kind == NoticeKind::OtherEvent)
        .and_then(|document| value::other_event(adapter, &document));
    exact.unwrap_or_else(|| kind.advice())
}

/// What is odd about a delivery whose movements were taken.
pub fn remarks_on_delivery(adapter: &dyn Adapter, delivery: &Delivery) -> Vec<Advice> {
    let document = json::read(&delivery.body).ok();
    let passed_over = document.and_then(|document| value::passed_over(adapter, &document));
    let charset = header::other_charset(adapter, delivery);
    passed_over.into_iter().chain(charset).collect()
}

/// What a field has to be, in Vietnamese and in English.
fn its_form([vi, en]: [&str; 2]) -> Advice {
    Advice::of(format!("Dạng: {vi}."), format!("Its form: {en}."))
}

/// Two sentences, one behind the other.
fn and(first: &Advice, second: &Advice) -> Advice {
    Advice::of(
        format!("{} {}", first.vi, second.vi),
        format!("{} {}", first.en, second.en),
    )
}

fn received(name: &str, value: &Json) -> Advice {
    let value = match value {
        Json::Number(source) => source.clone(),
        other => stringify(other, Sorting::None),
    };
    let value = cut(&value);
    Advice::of(
        format!("Đã nhận {name}: {value}."),
        format!("Received {name}: {value}."),
    )
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
