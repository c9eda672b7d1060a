//! The checks and deliveries of a trial, line by line in one language.

use chrono::{DateTime, Utc};

use super::trial_codes::CodeWord;
use super::trial_words::TrialWords;
use super::view;
use crate::domain::day::{local_day, vietnam_offset};
use crate::domain::explanation::Explanation;
use crate::domain::trial::{Advice, Check, Movement, Standing, TakenBack, Verdict};
use crate::flows::trial::TrialRecord;
use crate::http::language::Language;
use crate::store::trials::deliveries::TrialDelivery;

/// A check, and how it stands.
pub(super) struct CheckLine {
    /// The class of its row.
    pub(super) class: &'static str,
    pub(super) title: &'static str,
    pub(super) state: &'static str,
    pub(super) passed: bool,
    /// Whether the format can show it.
    pub(super) required: bool,
    /// The delivery that showed it or that tried last.
    pub(super) delivery: Option<i64>,
    /// When it was shown.
    pub(super) at: Option<String>,
    pub(super) to_do: Option<&'static str>,
}

/// A delivery, and what became of it.
pub(super) struct DeliveryLine {
    /// The class of its block.
    pub(super) class: &'static str,
    pub(super) number: i64,
    pub(super) at: String,
    pub(super) method: String,
    pub(super) path_below: String,
    pub(super) code: CodeWord,
    pub(super) verdict: &'static str,
    /// Why, where the verdict does not say it all.
    pub(super) reason: Option<CodeWord>,
    pub(super) advice: Option<String>,
    /// Whether it was refused, as a check wants it.
    pub(super) intended: bool,
    /// Whether it may have been wrong on purpose.
    pub(super) meant: bool,
    pub(super) refused: bool,
    pub(super) bytes: i64,
    pub(super) sha256: String,
    /// What explains a refusal, and what is odd about what was taken.
    pub(super) hints: Vec<String>,
    /// The checks that it was the first to show.
    pub(super) shows: Vec<&'static str>,
    pub(super) movements: Vec<MovementLine>,
    /// How many movements are not listed.
    pub(super) more: usize,
    pub(super) status: i64,
    pub(super) answer: String,
}

/// A movement as it was read.
pub(super) struct MovementLine {
    pub(super) amount: String,
    pub(super) kind: &'static str,
    pub(super) came: &'static str,
    /// Names of what was read, each with its value.
    pub(super) fields: Vec<(&'static str, String)>,
    /// Why a reference was taken or none, then where it was seen.
    pub(super) matching: Vec<String>,
}

/// The word for people in one language.
macro_rules! in_language {
    ($language:expr, $word:expr) => {{
        let word = $word;
        match $language {
            Language::Vietnamese => word.vi(),
            Language::English => word.en(),
        }
    }};
}

/// A moment with its day and its zone: `24/11/2026 21:52:07 +07:00`.
pub(super) fn moment(at: DateTime<Utc>) -> String {
    let day = local_day(at);
    let zone = vietnam_offset();
    format!("{} {} {zone}", view::day(day), view::time(at, day))
}

/// How each check stands.
pub(super) fn checks(record: &TrialRecord, language: Language) -> Vec<CheckLine> {
    let words = TrialWords::of(language);
    let line = |(check, standing): (Check, Standing)| {
        let (class, delivery, at) = match standing {
            Standing::Passed { number, at } => ("pass", Some(number), Some(moment(at))),
            Standing::Failed { number } => ("miss", Some(number), None),
            Standing::Open => ("open", None, None),
            Standing::NotInFormat => ("absent", None, None),
        };
        let [vi, en] = check.what_to_do();
        let to_do = match language {
            Language::Vietnamese => vi,
            Language::English => en,
        };
        CheckLine {
            class,
            title: in_language!(language, check),
            state: words.state(&standing),
            passed: matches!(standing, Standing::Passed { .. }),
            required: standing != Standing::NotInFormat,
            delivery,
            at,
            to_do: (!standing.is_complete()).then_some(to_do),
        }
    };
    record.standings().into_iter().map(line).collect()
}

/// What came, the newest first.
pub(super) fn deliveries(record: &TrialRecord, language: Language) -> Vec<DeliveryLine> {
    let deliveries = record.deliveries.iter();
    let standings = record.standings();
    let shown_by = |delivery: i64| {
        let shown = standings.iter().filter(
            |(_, standing)| matches!(standing, Standing::Passed { number, .. } if *number == delivery),
        );
        let shown = shown.map(|(check, _)| in_language!(language, *check));
        shown.collect::<Vec<_>>()
    };
    let line = |delivery: &TrialDelivery| {
        let findings = &delivery.findings;
        let told = |advice: &Advice| match language {
            Language::Vietnamese => advice.vi.clone(),
            Language::English => advice.en.clone(),
        };
        let advice = findings.advice.as_ref().map(told);
        let hints = findings.slips.iter();
        let hints = hints.map(|slip| in_language!(language, *slip).to_owned());
        let movements = findings.movements.iter();
        let shows = shown_by(delivery.number);
        let class = match findings.verdict {
            _ if !shows.is_empty() => "pass",
            Verdict::Ignored => "open",
            _ if advice.is_some() => "miss",
            _ => "pass",
        };
        let refused = findings.verdict == Verdict::Refused;
        let passed_already = findings.refused_as.is_some_and(|kind| {
            let check = kind.check();
            check.is_some_and(|check| {
                let mut standings = standings.iter();
                standings.any(|(it, how)| *it == check && matches!(how, Standing::Passed { .. }))
            })
        });
        DeliveryLine {
            intended: refused && !shows.is_empty(),
            meant: !shows.is_empty() || passed_already,
            refused,
            bytes: delivery.told_bytes,
            sha256: hex::encode(&delivery.told_hash),
            class,
            shows,
            number: delivery.number,
            at: moment(delivery.received_at),
            method: delivery.method.clone(),
            path_below: delivery.path_below.clone(),
            code: CodeWord::new(findings.verdict.as_str(), language),
            verdict: in_language!(language, findings.verdict),
            reason: (!findings.reason.is_empty())
                .then(|| CodeWord::new(&findings.reason, language)),
            advice,
            hints: hints.chain(findings.remarks.iter().map(told)).collect(),
            movements: movements.map(|it| movement(it, language)).collect(),
            more: findings.movements_told - findings.movements.len(),
            status: delivery.answer_status,
            answer: delivery.answer_body.clone(),
        }
    };
    deliveries.map(line).collect()
}

fn movement(movement: &Movement, language: Language) -> MovementLine {
    let words = TrialWords::of(language);
    let told = [
        (words.moved, &movement.account_number),
        (words.text, &movement.content),
        (words.order, &movement.merchant_reference),
        (words.bank_reference, &movement.bank_reference),
    ];
    let told = told
        .into_iter()
        .filter_map(|(name, value)| value.clone().map(|value| (name, value)));
    let mut fields = vec![(words.number, movement.provider_txn_id.clone())];
    fields.extend(told);
    if let Some(TakenBack { number, known }) = &movement.takes_back {
        let known = words.known[usize::from(*known)];
        fields.push((words.takes_back, format!("{number} ({known})")));
    }
    fields.push((words.booked_at, moment(movement.occurred_at)));
    let why = movement.explanation.as_ref();
    MovementLine {
        amount: view::vnd(movement.amount_vnd),
        kind: in_language!(language, movement.kind),
        came: in_language!(language, movement.came),
        fields,
        matching: why.map(|why| matching(why, language)).unwrap_or_default(),
    }
}

fn matching(why: &Explanation, language: Language) -> Vec<String> {
    let verdict = in_language!(language, why).to_owned();
    let seen = why.evidence.iter().map(|seen| {
        let field = in_language!(language, seen.field);
        let form = in_language!(language, seen.form);
        format!("{}: {field}, {form}", seen.reference)
    });
    let passed_over = why.rejected.iter().map(|passed_over| {
        let why = in_language!(language, passed_over.why);
        format!("{}: {why}", passed_over.reference)
    });
    std::iter::once(verdict)
        .chain(seen)
        .chain(passed_over)
        .collect()
}
