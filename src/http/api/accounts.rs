//! `/v1/accounts`: where a merchant's money goes.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::registry::{Expected, Versioned, by_id, change, filter, reach};
use super::wording::Worded;
use crate::domain::account::{AccountState, AccountStatus, AccountWarning, HolderKind, HolderName};
use crate::domain::bank::{AccountNumber, BankBin};
use crate::domain::day::to_rfc3339;
use crate::domain::ids::{AccountId, MerchantId};
use crate::domain::refusal::Refusal;
use crate::domain::text::TradeName;
use crate::flows::change::ChangeError;
use crate::flows::settlement_account::{self, AccountStep, NameCheck, NewAccount};
use crate::http::AppState;
use crate::http::auth::{MerchantOrStaff, Staff, found};
use crate::http::extract::{Json, Path, Query};
use crate::http::idempotency::{Begun, Creation, IdempotencyKey};
use crate::http::language::Text;
use crate::http::page::Page;
use crate::http::problem::{FieldError, FieldErrors, Problem};
use crate::store::accounts::{self, Account, AccountFilter};

/// An account to ask for.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "merchant_id": "mer_01920000000070008000000000000001",
    "bank_bin": "970436",
    "account_number": "0011001234567",
    "holder_name": "NGUYEN THI DAO",
    "holder_kind": "household",
    "registered_name": "Hộ kinh doanh Nguyễn Thị Đào",
    "name_checked": true,
}))]
pub struct AccountCreation {
    /// Whose it is.
    merchant_id: String,
    /// The bank's six-digit number.
    bank_bin: String,
    /// Its number at the bank.
    account_number: String,
    /// The holder as the bank shows it to the payer.
    holder_name: String,
    /// `personal`, `household` or `company`.
    holder_kind: String,
    /// The registered name of the business behind it.
    registered_name: String,
    /// Whether the holder's name was just compared with what the bank shows.
    #[serde(default)]
    name_checked: bool,
    /// The account of the same merchant whose place it takes.
    replaces_id: Option<String>,
}

/// A merchant's settlement account. Its facts never change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Account, example = json!({
    "id": "acc_01920000000070008000000000000001",
    "merchant_id": "mer_01920000000070008000000000000001",
    "bank_bin": "970436",
    "bank_name": "Vietcombank",
    "account_number": "0011001234567",
    "holder_name": "NGUYEN THI DAO",
    "holder_kind": "household",
    "registered_name": "Hộ kinh doanh Nguyễn Thị Đào",
    "checked_at": "2026-11-22T09:00:00+07:00",
    "warnings": [{
        "code": "name_differs",
        "vi": "Tên ngân hàng hiển thị khác tên đăng ký kinh doanh",
        "en": "The bank shows another name than the registered one",
    }],
    "state": "approved",
    "requested_by": "usr_01920000000070008000000000000001",
    "approved_by": "usr_01920000000070008000000000000002",
    "approved_at": "2026-11-23T09:00:00+07:00",
    "effective_at": "2026-11-24T09:00:00+07:00",
    "retired_at": null,
    "replaces_id": null,
    "created_at": "2026-11-22T09:00:00+07:00",
    "version": 2,
}))]
pub struct AccountDocument {
    id: String,
    merchant_id: String,
    bank_bin: String,
    /// The name people use.
    bank_name: &'static str,
    /// In lists, only the last four characters.
    account_number: String,
    holder_name: String,
    /// `personal`, `household` or `company`.
    holder_kind: &'static str,
    registered_name: String,
    /// When the holder's name was compared with what the bank shows.
    checked_at: Option<String>,
    /// What whoever approves it should look at: `personal_account`, `name_differs`,
    /// `not_checked`.
    warnings: Vec<Worded>,
    /// `pending`, `approved`, `rejected` or `retired`.
    state: &'static str,
    requested_by: String,
    approved_by: Option<String>,
    approved_at: Option<String>,
    /// From when new codes may use it.
    effective_at: Option<String>,
    retired_at: Option<String>,
    replaces_id: Option<String>,
    created_at: String,
    version: i64,
}

/// Which accounts are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccountQuery {
    /// Only this merchant's.
    merchant_id: Option<String>,
    /// Where it stands, such as `pending`.
    state: Option<String>,
    /// How many rows, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl AccountDocument {
    /// Everything: for whoever reads this one account.
    fn whole(account: &Account) -> Self {
        let account_number = account.number.reveal().to_owned();
        Self {
            account_number,
            ..Self::masked(account)
        }
    }

    /// Without the whole number: for lists.
    fn masked(account: &Account) -> Self {
        let (approved_by, approved_at, effective_at, retired_at) = match account.state {
            AccountState::Pending { .. } | AccountState::Rejected => (None, None, None, None),
            AccountState::Approved {
                approved_by,
                approved_at,
                effective_at,
                ..
            } => (
                Some(approved_by),
                Some(approved_at),
                Some(effective_at),
                None,
            ),
            AccountState::Retired { retired_at } => (None, None, None, Some(retired_at)),
        };
        let warnings = account.facts().warnings().into_iter();
        let worded = |warning: AccountWarning| {
            Worded::new(warning.as_str(), warning.vietnamese(), warning.english())
        };
        Self {
            id: account.id.to_string(),
            merchant_id: account.merchant.to_string(),
            bank_bin: account.bank.to_string(),
            bank_name: &account.bank.bank().short_name,
            account_number: format!("…{}", account.number.last_four()),
            holder_name: account.holder.as_str().to_owned(),
            holder_kind: account.holder_kind.as_str(),
            registered_name: account.registered_name.to_string(),
            checked_at: account.checked_at.map(to_rfc3339),
            warnings: warnings.map(worded).collect(),
            state: account.state.status().as_str(),
            requested_by: account.requested_by.to_string(),
            approved_by: approved_by.map(|it| it.to_string()),
            approved_at: approved_at.map(to_rfc3339),
            effective_at: effective_at.map(to_rfc3339),
            retired_at: retired_at.map(to_rfc3339),
            replaces_id: account.replaces.map(|it| it.to_string()),
            created_at: to_rfc3339(account.created_at),
            version: account.version,
        }
    }
}

impl AccountCreation {
    fn read(&self) -> Result<NewAccount, Problem> {
        let mut errors = FieldErrors::new();
        let merchant = errors.check("/merchant_id", self.merchant_id.parse());
        let bank = errors.check("/bank_bin", BankBin::parse(&self.bank_bin));
        let number = AccountNumber::parse(&self.account_number);
        let number = errors.check("/account_number", number);
        let holder = errors.check("/holder_name", HolderName::parse(&self.holder_name));
        let holder_kind = errors.check("/holder_kind", HolderKind::parse(&self.holder_kind));
        let registered_name = TradeName::parse(&self.registered_name);
        let registered_name = errors.check("/registered_name", registered_name);
        let replaces = self.replaces_id.as_deref().map(str::parse).transpose();
        let replaces = errors.check("/replaces_id", replaces);
        errors.finish()?;
        let read = "every field was checked";
        Ok(NewAccount {
            merchant: merchant.expect(read),
            bank: bank.expect(read),
            number: number.expect(read),
            holder: holder.expect(read),
            holder_kind: holder_kind.expect(read),
            registered_name: registered_name.expect(read),
            name_check: if self.name_checked {
                NameCheck::Done
            } else {
                NameCheck::Open
            },
            replaces: replaces.expect(read),
        })
    }
}

/// An account of the wrong kind is a fault of that field.
fn refuse(error: ChangeError) -> Problem {
    match error {
        ChangeError::Refused(refusal @ Refusal::PersonalAccount) => {
            let text = Text::new(refusal.vietnamese(), refusal.to_string());
            FieldError::new("/holder_kind", refusal.code(), text).into()
        }
        other => other.into(),
    }
}

/// Asks for an account.
#[utoipa::path(
    post,
    path = "/v1/accounts",
    tag = "registry",
    summary = "Ask for a settlement account",
    description = "For staff. A second person approves it; its facts never change afterwards. A personal account is taken with a warning, or refused where the setting `personal_accounts` says so.",
    operation_id = "create_account",
    params(("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same body, the first answer comes back.")),
    request_body = AccountCreation,
    responses((status = 201, description = "Waiting for a second person.", body = AccountDocument))
)]
pub async fn create(
    Staff(caller): Staff,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Json(body): Json<AccountCreation>,
) -> Result<Response, Problem> {
    let (new, change) = (body.read()?, change(&caller, &state)?);
    let mut work = match Creation::begin(&state, &caller, "accounts.create", key, &body).await? {
        Begun::Replay(response) => return Ok(response),
        Begun::First(work) => work,
    };
    let (policy, reach) = (state.personal_accounts, reach(&caller)?);
    let account = settlement_account::request(work.tx(), &change, reach, policy, new);
    let account = account.await.map_err(refuse)?;
    work.created(&AccountDocument::whole(&account)).await
}

/// One account.
#[utoipa::path(
    get,
    path = "/v1/accounts/{id}",
    tag = "registry",
    summary = "Read a settlement account",
    description = "For staff, and for its merchant.",
    operation_id = "read_account",
    params(("id" = String, Path, description = "The account.")),
    responses((status = 200, description = "The account.", body = AccountDocument))
)]
pub async fn read(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Path(id): Path<AccountId>,
) -> Result<Versioned<AccountDocument>, Problem> {
    let mut tx = state.ledger.store.begin_read().await?;
    let account = found(accounts::find(&mut tx, reach(&caller)?, id).await?)?;
    Ok(Versioned(account.version, AccountDocument::whole(&account)))
}

/// The accounts within the caller's reach, in the order in which they were asked for.
#[utoipa::path(
    get,
    path = "/v1/accounts",
    tag = "registry",
    summary = "List the settlement accounts",
    description = "For staff; a merchant sees its own. Numbers are masked.",
    operation_id = "list_accounts",
    params(AccountQuery),
    responses((status = 200, description = "A page of accounts.", body = Page<AccountDocument>))
)]
pub async fn list(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Query(query): Query<AccountQuery>,
) -> Result<Json<Page<AccountDocument>>, Problem> {
    let reach = reach(&caller)?;
    let merchant = query.merchant_id.as_deref();
    let wanted = AccountFilter {
        merchant: filter("merchant_id", merchant, str::parse::<MerchantId>)?,
        status: filter("state", query.state.as_deref(), AccountStatus::parse)?,
    };
    let scope = (&caller.actor, merchant, &query.state);
    let cursor = query.cursor.as_deref();
    let request = state
        .page_key
        .request("accounts", &scope, query.limit, cursor)?;
    let after = request.after().map(|it| AccountId::from_uuid(it.id));
    let mut tx = state.ledger.store.begin_read().await?;
    let rows = accounts::list(&mut tx, reach, wanted, after, request.fetch_rows()).await?;
    let position = |account: &Account| by_id(account.id.uuid());
    Ok(Json(request.page(rows, position, |account| {
        AccountDocument::masked(&account)
    })))
}

macro_rules! steps {
    ($($name:ident $path:tt $operation:tt $summary:tt $description:tt => $step:expr;)*) => {$(
        #[doc = $summary]
        #[utoipa::path(
            post,
            path = $path,
            tag = "registry",
            summary = $summary,
            description = $description,
            operation_id = $operation,
            params(("id" = String, Path, description = "The account."), Expected),
            responses((status = 200, description = "The account afterwards.", body = AccountDocument))
        )]
        pub async fn $name(
            Staff(caller): Staff,
            State(state): State<AppState>,
            Path(id): Path<AccountId>,
            expected: Expected,
        ) -> Result<Versioned<AccountDocument>, Problem> {
            let (change, reach) = (change(&caller, &state)?, reach(&caller)?);
            let mut tx = state.ledger.store.begin_write().await?;
            let which = (id, expected.version);
            let policy = state.personal_accounts;
            let account =
                settlement_account::step(&mut tx, &change, reach, policy, which, $step).await?;
            tx.commit().await?;
            Ok(Versioned(account.version, AccountDocument::whole(&account)))
        }
    )*};
}

steps! {
    approve "/v1/accounts/{id}/approve" "approve_account" "Approve a settlement account"
        "For staff, but not whoever asked for it. Every account but a merchant's first waits 24 hours."
        => AccountStep::Approve;
    reject "/v1/accounts/{id}/reject" "reject_account" "Refuse a settlement account"
        "For staff. While it is pending, or approved and still waiting." => AccountStep::Reject;
    retire "/v1/accounts/{id}/retire" "retire_account" "Retire a settlement account"
        "For staff. No new code uses it; issued codes keep it." => AccountStep::Retire;
}
