//! A trial as the API writes it: what was made, and what became of each delivery.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::first_notices::FirstNotice;
use super::payment_explanations::{Reasons, SeenReference, worded};
use super::source_documents::SecretDocument;
use super::wording::{Sentence, Worded};
use crate::banks::Credentials;
use crate::domain::day::to_rfc3339;
use crate::domain::explanation::Explanation;
use crate::domain::ids::TrialId;
use crate::domain::trial::{Advice, Movement, Slip, TakenBack};
use crate::flows::trial::{KnownTrial, OpenedTrial, TrialRecord};
use crate::store::trials::deliveries::TrialDelivery;

/// A trial.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Trial, example = json!({
    "id": "trl_01920000000070008000000000000001",
    "adapter": "standard_webhooks",
    "callback_path": "/v1/trials/trl_01920000000070008000000000000001/callback",
    "account_number": "9921864075310",
    "reference": "TH7K2M9XQ4",
    "tolerance_s": 300,
    "created_at": "2026-11-24T10:30:00+07:00",
    "expires_at": "2026-11-25T10:30:00+07:00",
}))]
pub struct TrialDocument {
    id: String,
    adapter: &'static str,
    /// Where its notices are sent.
    callback_path: String,
    /// What the vendor appends to that address, one path for each kind of call; absent of a
    /// format that calls the address itself. Of `vietqr_vn` it is
    /// `["/api/token_generate", "/bank/api/transaction-sync"]`: its caller logs in at the first
    /// and sends notices to the second.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    paths_below: &'static [&'static str],
    /// The one account that it may speak for; invented.
    account_number: String,
    /// What the transfer text, or the order number, has to name; never issued to anybody.
    reference: String,
    /// The sender's key that was given for `v1a` signatures; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    ed25519_public_key: Option<String>,
    /// Numbers of a terminal or partner that a notice names or signs, by their names, such as
    /// `{"vnp_TmnCode": "48210537"}`; invented, and absent of a format that has none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    config: BTreeMap<String, String>,
    /// How far a signed time may be from the clock here, in seconds.
    tolerance_s: u32,
    created_at: String,
    /// When it goes, with all that came to it.
    expires_at: String,
}

/// A trial that was made just now, with what nobody can show again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenedTrial, example = json!({
    "trial": {
        "id": "trl_01920000000070008000000000000001",
        "adapter": "standard_webhooks",
        "callback_path": "/v1/trials/trl_01920000000070008000000000000001/callback",
        "account_number": "9921864075310",
        "reference": "TH7K2M9XQ4",
    },
    "secret": "whsec_…",
    "token": "pht_…",
    "page": "/docs/banks/trials/trl_01920000000070008000000000000001?token=pht_…",
    "callback_url": "https://phocho.example.vn/v1/trials/trl_01920000000070008000000000000001/callback",
    "page_url": "https://phocho.example.vn/docs/banks/trials/trl_01920000000070008000000000000001?token=pht_…",
    "report_command": "curl -H 'Authorization: Bearer pht_…' https://phocho.example.vn/v1/trials/trl_01920000000070008000000000000001/report",
    "first_notice": "{\"type\":\"bank.transaction.credited\",\"data\":{…}}",
}))]
pub struct OpenedTrialDocument {
    trial: TrialDocument,
    /// What signs its notices.
    secret: SecretDocument,
    /// What reads it: `Authorization: Bearer pht_…`.
    token: String,
    /// The same for people: deliveries and report, to be printed.
    page: String,
    /// Where notices are sent, whole.
    callback_url: String,
    /// The page, whole: open it next to see what became of each notice.
    page_url: String,
    /// A command that reads the report.
    report_command: String,
    /// Of `standard_webhooks` and `camt054` only: a body to sign and send, with this trial's
    /// account and reference. The page has the lines for a shell that send it, and those that
    /// show the other checks.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_notice: Option<String>,
}

/// A trial with what came to it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TrialRecord, example = json!({
    "trial": {"id": "trl_01920000000070008000000000000001", "adapter": "standard_webhooks"},
    "deliveries": [{
        "number": 1,
        "received_at": "2026-11-24T10:31:00+07:00",
        "verdict": {"code": "refused", "vi": "Không tin: không có gì được ghi.", "en": "Not believed: nothing is recorded."},
        "reason": "signature_mismatch",
    }],
}))]
pub struct TrialRecordDocument {
    trial: TrialDocument,
    /// The newest first, at most 200.
    deliveries: Vec<TrialDeliveryDocument>,
}

/// A delivery to a trial.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TrialDelivery)]
pub struct TrialDeliveryDocument {
    /// Counted from 1.
    number: i64,
    received_at: String,
    method: String,
    /// What the caller appended to the trial's address.
    path_below: String,
    /// SHA-256 of the body, or of the query of a notice without one, in hexadecimal.
    body_sha256: String,
    body_bytes: i64,
    /// What it came to: `accepted`, `duplicate`, `conflict`, `failed`, `ignored`,
    /// `quarantined`, `refused` or `logged_in`.
    verdict: Worded,
    /// Why, as a stable word; empty where the verdict says it all.
    reason: String,
    /// What was wrong and what to do.
    advice: Option<Sentence>,
    /// What explains that the signature does not fit.
    hints: Vec<Worded>,
    /// What is odd about a notice that was taken: it may be right, and is worth a look.
    remarks: Vec<Sentence>,
    /// What was read, the first five movements.
    movements: Vec<TrialMovementDocument>,
    /// How many movements it told of.
    movements_told: usize,
    answer: TrialAnswerDocument,
}

/// What was answered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TrialAnswer)]
pub struct TrialAnswerDocument {
    status: i64,
    /// In the vendor's form; a token that was given is left out.
    body: String,
}

/// A movement as it was read; long texts are cut.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TrialMovement)]
pub struct TrialMovementDocument {
    /// `credit`, `debit`, `reversal`, `failed` or `test`.
    kind: Worded,
    /// `new`, `again`, `other_facts`, `account_not_bound` or `not_booked`.
    came: Worded,
    provider_txn_id: String,
    amount_vnd: i64,
    account_number: Option<String>,
    virtual_account: Option<String>,
    content: Option<String>,
    bank_reference: Option<String>,
    merchant_reference: Option<String>,
    occurred_at: String,
    /// Which reference a credit names, and why.
    explanation: Option<TrialExplanationDocument>,
    /// The movement that this one takes back, where it names one.
    takes_back: Option<TrialTakenBackDocument>,
}

/// The movement that another one takes back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TrialTakenBack)]
pub struct TrialTakenBackDocument {
    /// The number or reference that was named.
    number: String,
    /// Whether this trial was told of it.
    known: bool,
}

/// Which reference a credit names, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TrialExplanation)]
pub struct TrialExplanationDocument {
    /// The rule that decided, or why none did.
    verdict: Worded,
    /// The reference that was taken.
    reference: Option<String>,
    /// Where it was seen, in which reading.
    evidence: Vec<SeenReference>,
    /// What looked like a reference and was passed over, and why.
    rejected: Vec<SeenReference>,
}

impl From<KnownTrial> for TrialDocument {
    fn from(trial: KnownTrial) -> Self {
        let id = trial.id();
        let paths_below = trial.paths_below();
        let row = trial.row;
        Self {
            id: id.to_string(),
            adapter: trial.adapter.name(),
            callback_path: callback_path(&id),
            paths_below,
            account_number: row.account_number,
            reference: row.reference,
            ed25519_public_key: row.ed25519_public_key,
            config: trial.config,
            tolerance_s: Credentials::DEFAULT_TOLERANCE_S,
            created_at: to_rfc3339(row.created_at),
            expires_at: to_rfc3339(row.expires_at),
        }
    }
}

/// Where a trial's notices are sent.
pub(crate) fn callback_path(trial: &TrialId) -> String {
    format!("/v1/trials/{trial}/callback")
}

/// The command that reads a trial's report.
pub(crate) fn report_command(site: &str, trial: &TrialId, token: &str) -> String {
    format!("curl -H 'Authorization: Bearer {token}' {site}/v1/trials/{trial}/report")
}

impl OpenedTrialDocument {
    /// The trial and what is shown once.
    pub(super) fn new(opened: OpenedTrial, site: &str) -> Self {
        let token = opened.token.reveal().to_string();
        let id = opened.trial.id();
        let page = format!("/docs/banks/trials/{id}?token={token}");
        Self {
            callback_url: format!("{site}{}", callback_path(&id)),
            page_url: format!("{site}{page}"),
            report_command: report_command(site, &id, &token),
            first_notice: FirstNotice::of(&opened.trial).map(|notice| notice.body),
            trial: opened.trial.into(),
            secret: opened.secret.into(),
            page,
            token,
        }
    }
}

impl TrialRecordDocument {
    /// The trial and its deliveries.
    pub(super) fn new(record: TrialRecord) -> Self {
        Self {
            trial: record.trial.into(),
            deliveries: record.deliveries.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<TrialDelivery> for TrialDeliveryDocument {
    fn from(delivery: TrialDelivery) -> Self {
        let findings = delivery.findings;
        let hint = |slip: Slip| worded!(slip);
        let sentence = |Advice { vi, en }| Sentence::new(vi, en);
        Self {
            number: delivery.number,
            received_at: to_rfc3339(delivery.received_at),
            method: delivery.method,
            path_below: delivery.path_below,
            body_sha256: hex::encode(delivery.told_hash),
            body_bytes: delivery.told_bytes,
            verdict: worded!(findings.verdict),
            reason: findings.reason,
            advice: findings.advice.map(sentence),
            hints: findings.slips.into_iter().map(hint).collect(),
            remarks: findings.remarks.into_iter().map(sentence).collect(),
            movements: findings.movements.into_iter().map(Into::into).collect(),
            movements_told: findings.movements_told,
            answer: TrialAnswerDocument {
                status: delivery.answer_status,
                body: delivery.answer_body,
            },
        }
    }
}

impl From<Movement> for TrialMovementDocument {
    fn from(movement: Movement) -> Self {
        Self {
            kind: worded!(movement.kind),
            came: worded!(movement.came),
            provider_txn_id: movement.provider_txn_id,
            amount_vnd: movement.amount_vnd,
            account_number: movement.account_number,
            virtual_account: movement.virtual_account,
            content: movement.content,
            bank_reference: movement.bank_reference,
            merchant_reference: movement.merchant_reference,
            occurred_at: to_rfc3339(movement.occurred_at),
            explanation: movement.explanation.map(Into::into),
            takes_back: movement
                .takes_back
                .map(|TakenBack { number, known }| TrialTakenBackDocument { number, known }),
        }
    }
}

impl From<Explanation> for TrialExplanationDocument {
    fn from(explanation: Explanation) -> Self {
        let reasons = Reasons::from(explanation);
        Self {
            verdict: reasons.verdict,
            reference: reasons.reference,
            evidence: reasons.evidence,
            rejected: reasons.rejected,
        }
    }
}
