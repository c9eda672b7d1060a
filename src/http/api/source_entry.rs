//! From where and with which client certificate a source may be spoken to.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::registry::{Expected, Versioned, change};
use super::source_documents::{SourceDocument, shown};
use crate::domain::entry_rules::{
    ADDRESSES_MAX, CERTIFICATES_MAX, CertificateFingerprint, EntryRules,
};
use crate::domain::ids::SourceId;
use crate::domain::network::AddressRange;
use crate::flows::source_entry;
use crate::http::AppState;
use crate::http::auth::Admin;
use crate::http::extract::{Json, Path};
use crate::http::language::Text;
use crate::http::problem::{FieldError, FieldErrors, Problem};

/// Who may speak to a source, beside what its notices prove. Empty lists: anyone who can prove
/// them.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SourceEntryRules, example = json!({
    "addresses": ["203.0.113.0/24"],
    "certificates_sha256": ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
}))]
pub struct EntryRulesDocument {
    /// Addresses or ranges that notices come from, judged behind the declared proxies.
    #[serde(default)]
    addresses: Vec<String>,
    /// The SHA-256 of the client certificates of which the sender shows one to a declared
    /// proxy, which names it in the header of `client_certificate_header`.
    #[serde(default)]
    certificates_sha256: Vec<String>,
}

impl EntryRulesDocument {
    /// The rules as they stand.
    pub(super) fn new(rules: &EntryRules) -> Self {
        Self {
            addresses: rules.addresses.iter().map(ToString::to_string).collect(),
            certificates_sha256: rules.certificates.iter().map(ToString::to_string).collect(),
        }
    }

    /// Reads the rules; faults are named below `pointer`.
    pub(super) fn read(&self, pointer: &str, errors: &mut FieldErrors) -> EntryRules {
        let mut rules = EntryRules::default();
        for (name, given, most) in [
            ("addresses", &self.addresses, ADDRESSES_MAX),
            (
                "certificates_sha256",
                &self.certificates_sha256,
                CERTIFICATES_MAX,
            ),
        ] {
            if given.len() > most {
                let message = Text::new(format!("Tối đa {most}."), format!("At most {most}."));
                errors.push(FieldError::new(
                    format!("{pointer}/{name}"),
                    "too_long",
                    message,
                ));
            }
        }
        for (place, text) in self.addresses.iter().enumerate() {
            let pointer = format!("{pointer}/addresses/{place}");
            rules
                .addresses
                .extend(errors.check(pointer, text.parse::<AddressRange>()));
        }
        for (place, text) in self.certificates_sha256.iter().enumerate() {
            let pointer = format!("{pointer}/certificates_sha256/{place}");
            rules
                .certificates
                .extend(errors.check(pointer, text.parse::<CertificateFingerprint>()));
        }
        rules
    }
}

/// Asks for other entry rules of a source.
#[utoipa::path(
    put,
    path = "/v1/sources/{id}/entry-rules",
    tag = "bank in",
    summary = "Ask for other entry rules",
    description = "For administrators. The rules say from which addresses and with which client certificates notices are taken; a notice that breaks them is refused like a forged one. The present rules stay in force until another administrator approves these.",
    operation_id = "propose_source_entry_rules",
    params(("id" = String, Path, description = "The source."), Expected),
    request_body = EntryRulesDocument,
    responses((status = 200, description = "The source; the rules wait in `next_entry_rules`.", body = SourceDocument))
)]
pub async fn propose(
    Admin(caller): Admin,
    State(state): State<AppState>,
    Path(id): Path<SourceId>,
    expected: Expected,
    Json(body): Json<EntryRulesDocument>,
) -> Result<Versioned<SourceDocument>, Problem> {
    let mut errors = FieldErrors::new();
    let rules = body.read("", &mut errors);
    errors.finish()?;
    let change = change(&caller, &state)?;
    let mut tx = state.ledger.store.begin_write().await?;
    let which = (id, expected.version);
    let known = source_entry::propose(&mut tx, &change, which, &rules).await?;
    tx.commit().await?;
    shown(known)
}

/// Puts the waiting entry rules of a source in force.
#[utoipa::path(
    post,
    path = "/v1/sources/{id}/approve-entry-rules",
    tag = "bank in",
    summary = "Put entry rules in force",
    description = "For another administrator than the one who asked for them.",
    operation_id = "approve_source_entry_rules",
    params(("id" = String, Path, description = "The source."), Expected),
    responses((status = 200, description = "The source afterwards.", body = SourceDocument))
)]
pub async fn approve(
    Admin(caller): Admin,
    State(state): State<AppState>,
    Path(id): Path<SourceId>,
    expected: Expected,
) -> Result<Versioned<SourceDocument>, Problem> {
    let change = change(&caller, &state)?;
    let mut tx = state.ledger.store.begin_write().await?;
    let known = source_entry::adopt(&mut tx, &change, (id, expected.version)).await?;
    tx.commit().await?;
    shown(known)
}
