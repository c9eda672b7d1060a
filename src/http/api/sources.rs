//! `/v1/sources`: the vendor accounts whose notices are believed.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::PageQuery;
use super::registry::{Versioned, by_id, change};
use super::source_documents::{IssuedSourceDocument, SecretDocument, SourceDocument, shown};
use super::source_entry::EntryRulesDocument;
use crate::banks::{ADAPTERS, Credentials, CredentialsFault, Secret, adapter_by_name};
use crate::domain::ids::{AccountId, SourceId};
use crate::domain::source::SourceName;
use crate::flows::register_source::{self, KnownSource, SourceError, SourceRequest};
use crate::http::AppState;
use crate::http::auth::{Admin, Staff};
use crate::http::extract::{Json, Path, Query};
use crate::http::idempotency::{Begun, Creation, IdempotencyKey};
use crate::http::language::Text;
use crate::http::page::Page;
use crate::http::problem::{FieldError, FieldErrors, Problem};

/// The most accounts that are named when a source is asked for.
const ACCOUNTS_MAX: usize = 200;
/// The most a signed time may be from ours, in seconds: an hour.
const TOLERANCE_MAX_S: u32 = 3600;

/// A source to ask for.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "sepay",
    "adapter": "sepay_hmac",
    "account_ids": ["acc_01920000000070008000000000000001"],
}))]
pub struct SourceCreation {
    /// The last part of its address for ever, such as `sepay`: `/v1/callbacks/sepay`.
    name: String,
    /// The format it speaks: `standard_webhooks`, `sepay_hmac`, `sepay_apikey`, `casso_v2`,
    /// `casso_v1`, `payos`, `pay2s`, `vietqr_vn`, `vnpay_ipn`, `momo_ipn`,
    /// `zalopay_callback`, `acb` or `camt054`.
    adapter: String,
    /// The secret that the vendor made; made here, and shown once, when absent. A bank of
    /// `standard_webhooks` or `camt054` may give a public key instead.
    secret: Option<SecretDocument>,
    /// Of `standard_webhooks`: the sender's key for `v1a` signatures, `whpk_…`.
    ed25519_public_key: Option<String>,
    /// Terminal or partner numbers of the vendor, where its format has any: `vnp_TmnCode` of
    /// `vnpay_ipn`, `accessKey` and `partnerCode` of `momo_ipn`, `app_id` of
    /// `zalopay_callback`. A notice of another terminal is refused.
    #[serde(default)]
    config: BTreeMap<String, String>,
    /// How old or early a signed time may be, in seconds; 300 when absent.
    tolerance_s: Option<u32>,
    /// The accounts it may speak for: a notice about another one makes no payment. Formats
    /// that name no account (`vnpay_ipn`, `momo_ipn`, `zalopay_callback`) take one only.
    account_ids: Vec<String>,
    /// Who may speak to it, beside what its notices prove; anyone when absent.
    #[serde(default)]
    entry_rules: EntryRulesDocument,
}

impl SourceCreation {
    fn read(&self) -> Result<SourceRequest, Problem> {
        let mut errors = FieldErrors::new();
        let name = errors.check("/name", SourceName::parse(&self.name));
        let adapter = adapter_by_name(&self.adapter);
        if adapter.is_none() {
            errors.push(no_such_adapter());
        }
        let tolerance_s = self.tolerance_s.unwrap_or(Credentials::DEFAULT_TOLERANCE_S);
        if !(1..=TOLERANCE_MAX_S).contains(&tolerance_s) {
            errors.push(out_of_range("/tolerance_s", 1, TOLERANCE_MAX_S));
        }
        if self.account_ids.len() > ACCOUNTS_MAX {
            let message = Text::new(
                format!("Tối đa {ACCOUNTS_MAX} tài khoản."),
                format!("At most {ACCOUNTS_MAX} accounts."),
            );
            errors.push(FieldError::new("/account_ids", "too_long", message));
        }
        let accounts: Vec<_> = (self.account_ids.iter().enumerate())
            .filter_map(|(place, id)| {
                errors.check(format!("/account_ids/{place}"), id.parse::<AccountId>())
            })
            .collect();
        let entry = self.entry_rules.read("/entry_rules", &mut errors);
        errors.finish()?;
        let read = "every field was checked";
        Ok(SourceRequest {
            name: name.expect(read),
            adapter: adapter.expect(read),
            secret: self.secret.clone().map(Secret::from),
            ed25519_public_key: self.ed25519_public_key.clone(),
            config: self.config.clone(),
            tolerance_s,
            accounts,
            entry,
        })
    }
}

/// The refusal of a format that there is not.
pub(super) fn no_such_adapter() -> FieldError {
    let names: Vec<_> = ADAPTERS.iter().map(|adapter| adapter.name()).collect();
    let names = names.join(", ");
    let message = Text::new(
        format!("Dùng một trong: {names}."),
        format!("Use one of {names}."),
    );
    FieldError::new("/adapter", "unknown_word", message)
}

pub(super) fn out_of_range(pointer: &str, least: u32, most: u32) -> FieldError {
    let message = Text::new(
        format!("Từ {least} đến {most}."),
        format!("From {least} to {most}."),
    );
    FieldError::new(pointer, "out_of_range", message)
}

impl From<SourceError> for Problem {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Change(error) => error.into(),
            SourceError::Credentials(fault) => {
                let pointer = match &fault {
                    CredentialsFault::SecretFromVendor | CredentialsFault::SecretForm(_) => {
                        "/secret".to_owned()
                    }
                    CredentialsFault::UnknownAlgorithm => "/secret/algorithm".to_owned(),
                    CredentialsFault::KeyForm | CredentialsFault::WeakKey => {
                        "/secret/public_key".to_owned()
                    }
                    CredentialsFault::PublicKeyForm | CredentialsFault::NoPublicKey => {
                        "/ed25519_public_key".to_owned()
                    }
                    CredentialsFault::UnknownSetting(name) => format!("/config/{name}"),
                    CredentialsFault::MissingSetting(name) => format!("/config/{name}"),
                };
                FieldError::explain(pointer, &fault).into()
            }
            SourceError::OneAccountOnly => {
                let text = Text::new(
                    "Định dạng này không nêu tài khoản, nên chỉ gắn với một tài khoản.",
                    "This format names no account, so it is bound to one only.",
                );
                FieldError::new("/account_ids", "one_account_only", text).into()
            }
            SourceError::UnknownAccount(place) => {
                let text = Text::new("Không có tài khoản này.", "There is no such account.");
                let pointer = format!("/account_ids/{place}");
                FieldError::new(pointer, "unknown_account", text).into()
            }
        }
    }
}

/// Asks for a source.
#[utoipa::path(
    post,
    path = "/v1/sources",
    tag = "bank in",
    summary = "Ask for a source",
    description = "For administrators. Its notices are taken after another administrator has approved it. A secret that is made here is shown in this answer only.",
    operation_id = "create_source",
    params(("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same body, the first answer comes back.")),
    request_body = SourceCreation,
    responses((status = 201, description = "Asked for.", body = IssuedSourceDocument))
)]
pub async fn create(
    Admin(caller): Admin,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Json(body): Json<SourceCreation>,
) -> Result<Response, Problem> {
    let (new, change) = (body.read()?, change(&caller, &state)?);
    let mut work = match Creation::begin(&state, &caller, "sources.create", key, &body).await? {
        Begun::Replay(response) => return Ok(response),
        Begun::First(work) => work,
    };
    let key = &state.ledger.master_key;
    let known = register_source::request(work.tx(), &change, key, new).await?;
    work.created(&IssuedSourceDocument::new(known)?).await
}

/// One source.
#[utoipa::path(
    get,
    path = "/v1/sources/{id}",
    tag = "bank in",
    summary = "Read a source",
    description = "For staff. No secret is shown. `health` tells whether it is heard as usual.",
    operation_id = "read_source",
    params(("id" = String, Path, description = "The source.")),
    responses((status = 200, description = "The source.", body = SourceDocument))
)]
pub async fn read(
    _staff: Staff,
    State(state): State<AppState>,
    Path(id): Path<SourceId>,
) -> Result<Versioned<SourceDocument>, Problem> {
    let mut tx = state.ledger.store.begin_read().await?;
    shown(register_source::read(&mut tx, id, state.clock.now()).await?)
}

/// The sources in the order of their creation.
#[utoipa::path(
    get,
    path = "/v1/sources",
    tag = "bank in",
    summary = "List the sources",
    description = "For staff. No secret is shown. `health` tells whether each is heard as usual.",
    operation_id = "list_sources",
    params(PageQuery),
    responses((status = 200, description = "A page of sources.", body = Page<SourceDocument>))
)]
pub async fn list(
    Staff(caller): Staff,
    State(state): State<AppState>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<SourceDocument>>, Problem> {
    let cursor = query.cursor.as_deref();
    let request = state
        .page_key
        .request("sources", &caller.actor, query.limit, cursor)?;
    let after = request.after().map(|it| SourceId::from_uuid(it.id));
    let mut tx = state.ledger.store.begin_read().await?;
    let (limit, now) = (request.fetch_rows(), state.clock.now());
    let known = register_source::list(&mut tx, after, limit, now).await?;
    let position = |known: &KnownSource| by_id(known.source.id);
    let page = request.page(known, position, SourceDocument::new);
    Ok(Json(page.transpose()?))
}
