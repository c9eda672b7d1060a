//! `/v1/payments/{id}/explanation`: why a credit was taken for what it was taken for.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::money::CaseQuery;
use super::payments::find;
use super::wording::Worded;
use crate::domain::explanation::{Decision, Evidence, Explanation, Rejected};
use crate::domain::ids::{BankTransactionId, CodeId, OutletId, PaymentId};
use crate::domain::payment::Flag;
use crate::http::AppState;
use crate::http::auth::Caller;
use crate::http::extract::{Json, Path, Query};
use crate::http::problem::Problem;
use crate::store::inconsistent;
use crate::store::payments::PaymentRow;

/// A reference that was seen, and where or why not.
#[derive(Debug, Serialize, ToSchema)]
pub struct SeenReference {
    /// The ten characters.
    reference: String,
    /// Where it was seen, in which reading; or why it was passed over.
    notes: Vec<Worded>,
}

/// Who attributed a credit by hand.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Decision, example = json!({
    "by": "mer_01920000000070008000000000000001",
    "approved_by": null,
    "case": null,
}))]
pub struct DecisionDocument {
    /// The merchant, the outlet whose till it was, or the person of the staff.
    by: String,
    /// The second person, where two must.
    approved_by: Option<String>,
    /// The number of the case that it was decided for.
    case: Option<String>,
}

impl From<Decision> for DecisionDocument {
    fn from(decision: Decision) -> Self {
        Self {
            by: decision.by,
            approved_by: decision.approved_by,
            case: decision.case,
        }
    }
}

/// Why a credit was taken for what it was taken for, in both languages.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Explanation, example = json!({
    "payment_id": "pay_01920000000070008000000000000001",
    "transaction_id": "btx_01920000000070008000000000000001",
    "outlet_id": "out_01920000000070008000000000000001",
    "code_id": "pcd_01920000000070008000000000000001",
    "verdict": {
        "code": "reference_in_text",
        "vi": "Nội dung chuyển khoản ghi đúng một mã đã cấp.",
        "en": "The transfer text names exactly one issued reference.",
    },
    "reference": "TH7K2M9XQ4",
    "evidence": [],
    "rejected": [],
    "decision": null,
    "flags": [],
}))]
pub struct ExplanationDocument {
    payment_id: String,
    transaction_id: String,
    outlet_id: String,
    code_id: Option<String>,
    /// The rule that decided, or why none did.
    verdict: Worded,
    /// The reference that was taken.
    reference: Option<String>,
    /// Issued references that were seen.
    evidence: Vec<SeenReference>,
    /// What looked like a reference and was passed over, and why.
    rejected: Vec<SeenReference>,
    /// Who attributed it by hand; null when a rule did.
    decision: Option<DecisionDocument>,
    /// What must be known about the payment, and what it means.
    flags: Vec<Worded>,
}

/// What the explanation says apart from the payment.
pub(super) struct Reasons {
    pub(super) verdict: Worded,
    pub(super) reference: Option<String>,
    pub(super) evidence: Vec<SeenReference>,
    pub(super) rejected: Vec<SeenReference>,
    pub(super) decision: Option<DecisionDocument>,
}

impl From<Explanation> for Reasons {
    fn from(explanation: Explanation) -> Self {
        Self {
            verdict: Worded::new(explanation.word(), explanation.vi(), explanation.en()),
            reference: explanation.reference,
            evidence: explanation.evidence.into_iter().map(seen).collect(),
            rejected: explanation.rejected.into_iter().map(passed_over).collect(),
            decision: explanation.decision.map(DecisionDocument::from),
        }
    }
}

macro_rules! worded {
    ($word:expr) => {{
        let word = $word;
        Worded::new(word.as_str(), word.vi(), word.en())
    }};
}

pub(super) use worded;

fn seen(evidence: Evidence) -> SeenReference {
    SeenReference {
        reference: evidence.reference,
        notes: vec![worded!(evidence.field), worded!(evidence.form)],
    }
}

fn passed_over(rejected: Rejected) -> SeenReference {
    SeenReference {
        reference: rejected.reference,
        notes: vec![worded!(rejected.why)],
    }
}

impl ExplanationDocument {
    fn new(row: &PaymentRow) -> Result<Self, Problem> {
        let bad = |column| inconsistent("payments", column, row.id);
        let explanation = serde_json::from_str::<Explanation>(&row.explanation);
        let reasons = Reasons::from(explanation.map_err(|_| bad("explanation"))?);
        let flags = row.flags.split(' ').filter(|flag| !flag.is_empty());
        let flags = flags.map(|flag| Flag::parse(flag).map_err(|_| bad("flags")));
        let flags: Result<Vec<_>, _> = flags.collect();
        let explain = |flag: Flag| Worded::new(flag.as_str(), flag.vietnamese(), flag.english());
        Ok(Self {
            payment_id: PaymentId::from_uuid(row.id).to_string(),
            transaction_id: BankTransactionId::from_uuid(row.transaction_id).to_string(),
            outlet_id: OutletId::from_uuid(row.outlet_id).to_string(),
            code_id: row.code_id.map(|id| CodeId::from_uuid(id).to_string()),
            verdict: reasons.verdict,
            reference: reasons.reference,
            evidence: reasons.evidence,
            rejected: reasons.rejected,
            decision: reasons.decision,
            flags: flags?.into_iter().map(explain).collect(),
        })
    }
}

/// Why a credit was taken for what it was taken for.
#[utoipa::path(
    get,
    path = "/v1/payments/{id}/explanation",
    tag = "money",
    summary = "Explain a payment",
    description = "For its merchant and the till of its outlet. Staff name the merchant and a case. Always in both languages.",
    operation_id = "explain_payment",
    params(("id" = String, Path, description = "The payment."), CaseQuery),
    responses((status = 200, description = "The reasons.", body = ExplanationDocument))
)]
pub async fn read(
    caller: Caller,
    State(state): State<AppState>,
    Path(id): Path<PaymentId>,
    Query(query): Query<CaseQuery>,
) -> Result<Json<ExplanationDocument>, Problem> {
    let row = find(&state, &caller, id, &query).await?;
    Ok(Json(ExplanationDocument::new(&row)?))
}
