//! What `phocho reconcile` says to people.

use std::fmt::Write as _;

use crate::cli::import::Lang;
use crate::domain::credit::Direction;
use crate::domain::reconciliation::{LineVerdict, VerdictCounts};
use crate::flows::reconcile::{Difference, Survey};
use crate::statements::Fault;

/// How a file went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Trial,
    Imported,
    Before,
}

/// What a report in words is made of.
pub(super) struct Summary<'a> {
    pub(super) outcome: Outcome,
    pub(super) lines: i64,
    pub(super) counts: VerdictCounts,
    pub(super) closed_days: i64,
    pub(super) survey: Option<&'a Survey>,
    pub(super) differences: &'a [Difference],
}

impl Summary<'_> {
    /// Whether nothing needs a person.
    pub(super) fn agrees(&self) -> bool {
        self.counts.agree() && self.survey.is_none_or(|survey| survey.faults_in_all == 0)
    }
}

/// The report for people.
pub(super) fn in_words(result: &Summary<'_>, lang: Lang) -> String {
    let mut text = String::new();
    let Summary { lines, counts, .. } = result;
    let VerdictCounts {
        matched,
        missing_here,
        amount_differs,
        missing_at_bank,
    } = counts;
    let begin = match (lang, result.outcome) {
        (Lang::Vi, Outcome::Trial) => "Đối soát thử, chưa ghi",
        (Lang::Vi, Outcome::Imported) => "Đã đối soát",
        (Lang::Vi, Outcome::Before) => "Tệp này đã đối soát trước đây",
        (Lang::En, Outcome::Trial) => "A trial, not written",
        (Lang::En, Outcome::Imported) => "Reconciled",
        (Lang::En, Outcome::Before) => "This file was reconciled before",
    };
    let rest = match lang {
        Lang::Vi => format!(
            "{lines} dòng: khớp {matched}, thiếu bên ta {missing_here}, lệch tiền {amount_differs}, thiếu bên ngân hàng {missing_at_bank}; khoá {} ngày",
            result.closed_days
        ),
        Lang::En => format!(
            "{}: {matched} matched, {missing_here} missing here, {amount_differs} with another amount, {missing_at_bank} missing at the bank; {} closed",
            count(*lines, "line"),
            count(result.closed_days, "day")
        ),
    };
    writeln!(text, "{begin}: {rest}").expect("a text grows");
    for difference in result.differences {
        writeln!(text, "{}", difference_in_words(difference, lang)).expect("a text grows");
    }
    if let Some(survey) = result.survey {
        faults_in_words(&mut text, survey, lang);
    }
    text
}

/// So many things, in English.
fn count(number: i64, thing: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{ending}")
}

fn difference_in_words(one: &Difference, lang: Lang) -> String {
    let reference = one.bank_reference.as_deref().unwrap_or("–");
    let at = one.file_line.map_or_else(String::new, |line| match lang {
        Lang::Vi => format!("dòng {line}, "),
        Lang::En => format!("line {line}, "),
    });
    let sign = match one.direction {
        Direction::Credit => '+',
        Direction::Debit => '-',
    };
    let (day, amount) = (one.local_day, one.amount_vnd);
    let known = one.known_amount_vnd.unwrap_or_default();
    let verdict = match (lang, one.verdict) {
        (Lang::Vi, LineVerdict::Matched) => "khớp".to_owned(),
        (Lang::Vi, LineVerdict::MissingHere) => "thiếu bên ta".to_owned(),
        (Lang::Vi, LineVerdict::AmountDiffers) => format!("lệch tiền, bên ta là {known}"),
        (Lang::Vi, LineVerdict::MissingAtBank) => "thiếu bên ngân hàng".to_owned(),
        (Lang::En, LineVerdict::Matched) => "matched".to_owned(),
        (Lang::En, LineVerdict::MissingHere) => "missing here".to_owned(),
        (Lang::En, LineVerdict::AmountDiffers) => format!("another amount, {known} here"),
        (Lang::En, LineVerdict::MissingAtBank) => "missing at the bank".to_owned(),
    };
    format!("{at}{day}, {sign}{amount} VND, {reference}: {verdict}")
}

/// What is wrong with the file, line by line.
pub(super) fn faults_in_words(text: &mut String, survey: &Survey, lang: Lang) {
    for Fault {
        line,
        column,
        reason,
    } in &survey.faults
    {
        let column = column.as_ref();
        let fault = match lang {
            Lang::Vi => {
                let column = column.map_or(String::new(), |it| format!(", cột {it}"));
                format!("dòng {line}{column}: {}", reason.vietnamese())
            }
            Lang::En => {
                let column = column.map_or(String::new(), |it| format!(", column {it}"));
                format!("line {line}{column}: {reason}")
            }
        };
        writeln!(text, "{fault}").expect("a text grows");
    }
}
