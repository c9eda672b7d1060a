//! What the operations on bank statements answer, and how they refuse.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::domain::day::to_rfc3339;
use crate::domain::ids::{AccountId, BankTransactionId, MerchantId, StatementId};
use crate::domain::statement::Balance;
use crate::flows::change::ChangeError;
use crate::flows::reconcile::{Difference, Examined, Finished, ReconcileError, Survey, Trial};
use crate::http::code::Code;
use crate::http::language::Text;
use crate::http::problem::{FieldError, Problem};
use crate::statements::Fault;
use crate::store::statements::ImportRow;

/// A bank statement that was held against the books.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Statement, example = json!(example()))]
pub struct StatementDocument {
    /// Null for a trial.
    id: Option<String>,
    account_id: String,
    merchant_id: String,
    /// `camt053`, `camt054`, `mt940`, `csv`, `xlsx` or `xls`, found from the bytes.
    form: String,
    /// The first local day that it tells of.
    first_day: String,
    /// The last one.
    last_day: String,
    /// What stood on the account before the first line.
    opening_vnd: Option<i64>,
    /// What stood there after the last.
    closing_vnd: Option<i64>,
    /// `controlled` when opening + credits − debits = closing proves that no line is left out,
    /// else `none`.
    balance: String,
    /// Booked lines that were taken.
    lines: i64,
    /// Money in.
    credited_vnd: i64,
    /// Money out.
    debited_vnd: i64,
    /// Lines that could not be read and were left out.
    bad_lines: i64,
    /// Lines of money that has not moved yet; they are left out.
    unbooked_lines: i64,
    /// Lines that are the same money here.
    matched: i64,
    /// Lines that we do not know.
    missing_here: i64,
    /// Lines whose bank reference we know with another amount.
    amount_differs: i64,
    /// Transactions of these days that the statement does not tell of.
    missing_at_bank: i64,
    /// How many days it closed: all that are over, once both sides agree in everything and the
    /// balances prove it whole.
    closed_days: i64,
    /// Null for a trial.
    imported_by: Option<String>,
    imported_at: Option<String>,
    version: Option<i64>,
}

/// The statement of the examples.
fn example() -> Value {
    json!({
        "id": "stm_01920000000070008000000000000001",
        "account_id": "acc_01920000000070008000000000000001",
        "merchant_id": "mer_01920000000070008000000000000001",
        "form": "csv",
        "first_day": "2026-11-01",
        "last_day": "2026-11-20",
        "opening_vnd": 1_200_000,
        "closing_vnd": 9_450_000,
        "balance": "controlled",
        "lines": 182,
        "credited_vnd": 8_750_000,
        "debited_vnd": 500_000,
        "bad_lines": 0,
        "unbooked_lines": 0,
        "matched": 181,
        "missing_here": 1,
        "amount_differs": 0,
        "missing_at_bank": 0,
        "closed_days": 0,
        "imported_by": "mer_01920000000070008000000000000001",
        "imported_at": "2026-11-21T09:00:00+07:00",
        "version": 1,
    })
}

/// Why a line of a file cannot be read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatementFault)]
pub struct StatementFaultDocument {
    /// The line or row of the file, from 1.
    line: u64,
    /// The column as the file names it, or the field; null for the line as a whole.
    column: Option<String>,
    /// What is wrong, such as `not_an_amount`.
    code: &'static str,
    /// The same in words, in Vietnamese.
    vi: String,
    /// In English.
    en: String,
}

/// What only one side knows, or knows differently.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatementDifference)]
pub struct DifferenceDocument {
    /// `missing_here`, `amount_differs` or `missing_at_bank`.
    verdict: &'static str,
    /// The number of the line in its statement; null for what is missing at the bank.
    number: Option<i64>,
    /// The line or row of the file.
    file_line: Option<i64>,
    /// `credit` or `debit`, seen from the merchant's account.
    direction: &'static str,
    /// At the bank; here for what is missing there.
    amount_vnd: i64,
    /// Here, where there is a transaction.
    known_amount_vnd: Option<i64>,
    day: String,
    bank_reference: Option<String>,
    transaction_id: Option<String>,
}

/// What a file came to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatementReport, example = json!({
    "outcome": "imported",
    "statement": example(),
    "faults": [],
    "faults_in_all": 0,
    "differences": [{
        "verdict": "missing_here",
        "number": 17,
        "file_line": 24,
        "direction": "credit",
        "amount_vnd": 45_000,
        "known_amount_vnd": null,
        "day": "2026-11-03",
        "bank_reference": "FT26307000000001",
        "transaction_id": null,
    }],
}))]
pub struct StatementReport {
    /// `imported`; `imported_before` when the same file was; `trial` when nothing was written.
    outcome: &'static str,
    statement: StatementDocument,
    /// What is wrong with the file, the first 200; only when its good lines were asked for.
    faults: Vec<StatementFaultDocument>,
    faults_in_all: u64,
    /// The first 1 000; all of them are counted, and listed by `/lines`.
    differences: Vec<DifferenceDocument>,
}

/// Why a file was not imported: what the command line prints.
#[derive(Debug, Serialize)]
pub struct StatementRefusal {
    outcome: &'static str,
    code: &'static str,
    vi: String,
    en: String,
    faults: Vec<StatementFaultDocument>,
    faults_in_all: u64,
}

impl StatementRefusal {
    /// A refusal with everything that is wrong with the file.
    pub fn of(error: &ReconcileError) -> Self {
        let survey = match error {
            ReconcileError::Faults(survey) => Some(survey),
            _ => None,
        };
        let faults = survey.map_or(&[][..], |survey| &survey.faults);
        Self {
            outcome: "refused",
            code: error.code(),
            vi: error.vietnamese(),
            en: error.to_string(),
            faults: faults.iter().map(Into::into).collect(),
            faults_in_all: survey.map_or(0, |survey| survey.faults_in_all),
        }
    }
}

impl From<ImportRow> for StatementDocument {
    fn from(row: ImportRow) -> Self {
        Self {
            id: Some(StatementId::from_uuid(row.id).to_string()),
            account_id: AccountId::from_uuid(row.account_id).to_string(),
            merchant_id: MerchantId::from_uuid(row.merchant_id).to_string(),
            form: row.form,
            first_day: row.first_day.to_string(),
            last_day: row.last_day.to_string(),
            opening_vnd: row.opening_vnd,
            closing_vnd: row.closing_vnd,
            balance: row.balance,
            lines: row.lines,
            credited_vnd: row.credited_vnd,
            debited_vnd: row.debited_vnd,
            bad_lines: row.bad_lines,
            unbooked_lines: row.unbooked_lines,
            matched: row.matched,
            missing_here: row.missing_here,
            amount_differs: row.amount_differs,
            missing_at_bank: row.missing_at_bank,
            closed_days: row.closed_days,
            imported_by: Some(row.imported_by),
            imported_at: Some(to_rfc3339(row.done_at)),
            version: Some(row.version),
        }
    }
}

/// What is kept of a file while it is compared: its facts without its lines.
#[derive(Debug)]
pub struct Tried {
    statement: StatementDocument,
    survey: Survey,
}

impl Tried {
    /// The facts of a file.
    pub fn of(examined: &Examined) -> Self {
        let survey = examined.survey.clone();
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let statement = StatementDocument {
            id: None,
            account_id: examined.account.id.to_string(),
            merchant_id: examined.account.merchant.to_string(),
            form: examined.form.to_string(),
            first_day: examined.period.first().to_string(),
            last_day: examined.period.last().to_string(),
            opening_vnd: survey.opening.map(Balance::get),
            closing_vnd: survey.closing.map(Balance::get),
            balance: examined.balance.to_string(),
            lines: 0,
            credited_vnd: 0,
            debited_vnd: 0,
            bad_lines: count(survey.bad_lines),
            unbooked_lines: count(survey.unbooked),
            matched: 0,
            missing_here: 0,
            amount_differs: 0,
            missing_at_bank: 0,
            closed_days: 0,
            imported_by: None,
            imported_at: None,
            version: None,
        };
        Self { statement, survey }
    }
}

impl StatementReport {
    /// What a trial came to.
    pub fn trial(tried: Tried, trial: Trial) -> Self {
        let Trial { sums, differences } = trial;
        let statement = StatementDocument {
            lines: sums.lines,
            credited_vnd: sums.credited_vnd,
            debited_vnd: sums.debited_vnd,
            matched: sums.counts.matched,
            missing_here: sums.counts.missing_here,
            amount_differs: sums.counts.amount_differs,
            missing_at_bank: sums.counts.missing_at_bank,
            ..tried.statement
        };
        Self::new("trial", statement, Some(&tried.survey), differences)
    }

    /// What an import came to.
    pub fn imported(survey: &Survey, finished: Finished) -> Self {
        let statement = finished.import.into();
        Self::new("imported", statement, Some(survey), finished.differences)
    }

    /// What the same file came to before.
    pub fn imported_before(finished: Finished) -> Self {
        let statement = finished.import.into();
        Self::new("imported_before", statement, None, finished.differences)
    }

    fn new(
        outcome: &'static str,
        statement: StatementDocument,
        survey: Option<&Survey>,
        differences: Vec<Difference>,
    ) -> Self {
        let faults = survey.map_or(&[][..], |survey| &survey.faults);
        Self {
            outcome,
            statement,
            faults: faults.iter().map(Into::into).collect(),
            faults_in_all: survey.map_or(0, |survey| survey.faults_in_all),
            differences: differences.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<&Fault> for StatementFaultDocument {
    fn from(fault: &Fault) -> Self {
        let reason = &fault.reason;
        Self {
            line: fault.line,
            column: fault.column.as_ref().map(ToString::to_string),
            code: reason.code(),
            vi: reason.vietnamese(),
            en: reason.to_string(),
        }
    }
}

impl From<Difference> for DifferenceDocument {
    fn from(difference: Difference) -> Self {
        Self {
            verdict: difference.verdict.as_str(),
            number: difference.number,
            file_line: difference.file_line,
            direction: difference.direction.as_str(),
            amount_vnd: difference.amount_vnd,
            known_amount_vnd: difference.known_amount_vnd,
            day: difference.local_day.to_string(),
            bank_reference: difference.bank_reference,
            transaction_id: difference
                .transaction
                .map(|it: BankTransactionId| it.to_string()),
        }
    }
}

impl From<ReconcileError> for Problem {
    fn from(error: ReconcileError) -> Self {
        let (code, text) = (
            error.code(),
            Text::new(error.vietnamese(), error.to_string()),
        );
        match error {
            ReconcileError::Faults(survey) => {
                let errors = survey.faults.iter().map(field_error);
                let (shown, all) = (survey.faults.len(), survey.faults_in_all);
                let text = Text::new(
                    format!("Tệp có {all} chỗ sai; errors nêu {shown} chỗ đầu. Chưa nhập gì."),
                    format!(
                        "The file has {all} faults; errors names the first {shown}. Nothing was imported."
                    ),
                );
                let problem = Self::new(Code::InvalidFile).detail(text);
                problem.errors(errors.collect())
            }
            ReconcileError::OutsidePeriod { line, .. } => {
                let error = FieldError::line(line, None::<&str>, code, text);
                Self::new(Code::InvalidFile).errors(vec![error])
            }
            ReconcileError::TooLong | ReconcileError::OtherAccount(_) => {
                Self::new(Code::InvalidFile).detail(text)
            }
            ReconcileError::UnknownAccount => FieldError::query("account_id", code, text).into(),
            ReconcileError::NoPeriod | ReconcileError::LongPeriod => {
                FieldError::query("first_day", code, text).into()
            }
            ReconcileError::Change(ChangeError::Refused(refusal)) => {
                let text = Text::new(refusal.vietnamese(), refusal.to_string());
                FieldError::query("last_day", refusal.code(), text).into()
            }
            ReconcileError::Change(change) => change.into(),
            ReconcileError::ImportedMeanwhile => Code::WrongState.into(),
            ReconcileError::File(fault) => Self::internal(&fault),
        }
    }
}

fn field_error(fault: &Fault) -> FieldError {
    let text = Text::new(fault.reason.vietnamese(), fault.reason.to_string());
    FieldError::line(fault.line, fault.column.as_ref(), fault.reason.code(), text)
}
