//! Imports: a file of places or merchants, tried first and written when it is good.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};

use super::registry::{change, reach};
use crate::domain::account::PersonalAccounts;
use crate::domain::encoding::Encoding;
use crate::domain::refusal::Refusal;
use crate::flows::change::Change;
use crate::flows::import::{
    FileFault, FileKind, Report, RowFault, Upload, Wanted, Writing, ZoneCensus, import_merchants,
    import_places,
};
use crate::flows::take_census::check_not_ahead;
use crate::http::AppState;
use crate::http::auth::{Caller, Staff};
use crate::http::code::Code;
use crate::http::extract::{Csv, Json, Query};
use crate::http::idempotency::{Begun, Creation, IdempotencyKey};
use crate::http::language::Text;
use crate::http::problem::{FieldError, Problem};
use crate::store::Tx;
use crate::store::reach::Reach;

/// Whether a file of merchants is written.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MerchantsImportQuery {
    /// `true` to write the file if every row is good; a trial if not given.
    commit: Option<bool>,
    /// `true` to write the good rows whatever the others are.
    partial: Option<bool>,
}

/// The day of a file of places, and whether it is written.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PlacesImportQuery {
    /// The day of the walk-through: not in the future.
    surveyed_on: NaiveDate,
    /// `true` to write the file if every row is good; a trial if not given.
    commit: Option<bool>,
    /// `true` to write the good rows whatever the others are.
    partial: Option<bool>,
}

/// A sentence in both languages: the report may be read by someone else than its caller.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BothLanguages)]
pub struct BothDocument {
    vi: String,
    en: String,
}

/// Why the file as a whole is not taken.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FileFault)]
pub struct FileFaultDocument {
    /// Such as `missing_column`.
    code: &'static str,
    message: BothDocument,
}

/// Why one row cannot be taken.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RowFault)]
pub struct RowFaultDocument {
    /// The line of the file on which the row begins, from 1.
    line: u64,
    /// The column as the file names it; null for the row as a whole.
    column: Option<String>,
    /// `required`, `not_accepted`, `cell_count`, `twice_in_file`, `taken`, `unknown_zone`,
    /// `wrong_state` or `earlier_census`.
    code: &'static str,
    /// What stands there; of what is personal only its shape.
    found: String,
    /// What should stand there.
    wanted: BothDocument,
}

/// What becomes of one zone's census.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportedCensus)]
pub struct ImportedCensusDocument {
    zone_code: String,
    /// How many places of the file it records.
    places: usize,
    /// How many it takes over from the census of the same day that it completes.
    carried_over: usize,
    /// Its number, once it is written; null when nothing was new.
    version: Option<i64>,
}

/// What an import found and did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportReport, example = json!({
    "committed": false,
    "encoding": "utf-8",
    "rows": 120,
    "added": 100,
    "changed": 5,
    "unchanged": 14,
    "bad": 1,
    "file_faults": [],
    "faults": [{
        "line": 42,
        "column": "Số tài khoản",
        "code": "not_accepted",
        "found": "•••• Ox43",
        "wanted": {
            "vi": "Số tài khoản chỉ gồm chữ cái A đến Z và chữ số",
            "en": "an account number is written with letters A to Z and digits only",
        },
    }],
    "zones": [{"zone_code": "TH-QK", "places": 119, "carried_over": 0, "version": null}],
}))]
pub struct ImportReport {
    /// Whether anything was written.
    committed: bool,
    /// `utf-8`, `utf-16` or `windows-1258`; null when the file is no text.
    encoding: Option<&'static str>,
    /// Rows with something in them, without the header.
    rows: usize,
    /// Rows of something new.
    added: usize,
    /// Rows that change something known.
    changed: usize,
    /// Rows that say what is known.
    unchanged: usize,
    /// Rows that cannot be taken.
    bad: usize,
    /// Why the file as a whole is not taken.
    file_faults: Vec<FileFaultDocument>,
    /// Every fault of every bad row, by line.
    faults: Vec<RowFaultDocument>,
    /// The censuses, zone by zone; for a file of places only.
    zones: Vec<ImportedCensusDocument>,
}

impl From<Wanted> for BothDocument {
    fn from(wanted: Wanted) -> Self {
        Self {
            vi: wanted.vietnamese,
            en: wanted.english,
        }
    }
}

impl From<FileFault> for FileFaultDocument {
    fn from(fault: FileFault) -> Self {
        Self {
            code: fault.code(),
            message: BothDocument {
                vi: fault.vietnamese(),
                en: fault.to_string(),
            },
        }
    }
}

impl From<RowFault> for RowFaultDocument {
    fn from(fault: RowFault) -> Self {
        Self {
            line: fault.line,
            column: fault.column,
            code: fault.code,
            found: fault.found,
            wanted: fault.wanted.into(),
        }
    }
}

impl From<ZoneCensus> for ImportedCensusDocument {
    fn from(census: ZoneCensus) -> Self {
        Self {
            zone_code: census.zone.to_string(),
            places: census.places,
            carried_over: census.carried_over,
            version: census.version,
        }
    }
}

impl From<Report> for ImportReport {
    fn from(report: Report) -> Self {
        Self {
            committed: report.committed,
            encoding: report.encoding.map(Encoding::as_str),
            rows: report.rows,
            added: report.added,
            changed: report.changed,
            unchanged: report.unchanged,
            bad: report.bad,
            file_faults: report.file_faults.into_iter().map(Into::into).collect(),
            faults: report.faults.into_iter().map(Into::into).collect(),
            zones: report.zones.into_iter().map(Into::into).collect(),
        }
    }
}

/// One request: which file, and what to do with it.
#[derive(Clone, Copy, Debug)]
enum Wish {
    Places(NaiveDate),
    Merchants(PersonalAccounts),
}

impl Wish {
    const fn operation(self) -> &'static str {
        match self {
            Self::Places(_) => "establishments.import",
            Self::Merchants(_) => "merchants.import",
        }
    }

    const fn kind(self) -> FileKind {
        match self {
            Self::Places(_) => FileKind::Places,
            Self::Merchants(_) => FileKind::Merchants,
        }
    }

    async fn run(
        self,
        tx: &mut Tx,
        (change, reach): (&Change<'_>, Reach),
        upload: &Upload,
        writing: Writing,
    ) -> Result<ImportReport, Problem> {
        let report = match self {
            Self::Places(day) => import_places(tx, change, reach, upload, (day, writing)).await?,
            Self::Merchants(policy) => {
                import_merchants(tx, change, reach, policy, upload, writing).await?
            }
        };
        Ok(report.into())
    }
}

/// Tries a file, and writes it when that was asked for and it is good enough.
async fn import(
    (state, caller): (AppState, Caller),
    wish: Wish,
    (writing, query): (Writing, impl Serialize),
    (key, bytes): (IdempotencyKey, Bytes),
) -> Result<Response, Problem> {
    let (change, reach) = (change(&caller, &state)?, reach(&caller)?);
    let hash = hex::encode(Sha256::digest(&bytes));
    // Reading ten million bytes would hold up whoever shares the thread.
    let upload = tokio::task::spawn_blocking(move || Upload::read(wish.kind(), &bytes));
    let upload = upload.await.map_err(|fault| Problem::internal(&fault))?;
    if writing == Writing::Nothing {
        let mut tx = state.ledger.store.begin_read().await?;
        let report = wish
            .run(&mut tx, (&change, reach), &upload, writing)
            .await?;
        return Ok(Json(report).into_response());
    }
    let request = (query, hash);
    let begun = Creation::begin(&state, &caller, wish.operation(), key, &request).await?;
    let mut work = match begun {
        Begun::Replay(response) => return Ok(response),
        Begun::First(work) => work,
    };
    let report = wish
        .run(work.tx(), (&change, reach), &upload, writing)
        .await?;
    if report.committed {
        work.answer(StatusCode::OK, &report).await
    } else {
        // Nothing was done, so the key stays free for the corrected file.
        Ok(Json(report).into_response())
    }
}

fn writing(commit: Option<bool>, partial: Option<bool>) -> Writing {
    Writing::of(commit.unwrap_or(false), partial.unwrap_or(false))
}

fn bad_day(refusal: Refusal) -> Problem {
    let text = Text::new(refusal.vietnamese(), refusal.to_string());
    let error = FieldError::query("surveyed_on", refusal.code(), text);
    Problem::new(Code::InvalidQuery).errors(vec![error])
}

/// Imports places.
#[utoipa::path(
    post,
    path = "/v1/establishments/import",
    tag = "registry",
    summary = "Import a census from a CSV file",
    description = "For staff, in their zones: a census for each zone of the file. A trial unless `commit=true`. A bad row is no error of the request: the report names every one, and nothing is written unless `partial=true`. A file for the day of a zone's newest census completes it: what the file does not name is taken over. Sent again after a deadline, a file that was written changes nothing. At most 10 MB and 20 000 rows; UTF-8, UTF-16 or Windows-1258; `,`, `;` or tab; columns in Vietnamese or English: zone_code, position, name, trade, size_class, owner_key, and perhaps status, open_days, operates_at_night, accepts_cashless, accepted_means, owner_sex, owner_over_60.",
    operation_id = "import_establishments",
    params(PlacesImportQuery, ("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same file and wishes, the first answer comes back.")),
    request_body(content = String, content_type = "text/csv", example = "zone_code,position,name,trade,size_class,owner_key\nTH-QK,Số 12,Bún ốc Phủ Tây Hồ,bún ốc,stall,H-0012\n"),
    responses((status = 200, description = "What was found and done.", body = ImportReport))
)]
pub async fn establishments(
    Staff(caller): Staff,
    State(state): State<AppState>,
    Query(query): Query<PlacesImportQuery>,
    key: IdempotencyKey,
    Csv(bytes): Csv,
) -> Result<Response, Problem> {
    let day = query.surveyed_on;
    check_not_ahead(&change(&caller, &state)?, day).map_err(bad_day)?;
    let wishes = (writing(query.commit, query.partial), query);
    import((state, caller), Wish::Places(day), wishes, (key, bytes)).await
}

/// Imports merchants.
#[utoipa::path(
    post,
    path = "/v1/merchants/import",
    tag = "registry",
    summary = "Import merchants from a CSV file",
    description = "For staff. Each row registers a merchant as a draft and, where it names them, plans its outlet in one of the caller's zones and asks for its account; a merchant is known by its tax code, so a file that was written and is sent again, after a deadline for instance, changes nothing. A trial unless `commit=true`. A bad row is no error of the request: the report names every one, and nothing is written unless `partial=true`. At most 10 MB and 20 000 rows; UTF-8, UTF-16 or Windows-1258; `,`, `;` or tab; columns in Vietnamese or English: kind, name, representative, tax_code, phone, and perhaps zone_code, stall_label and trade together, and bank_bin, account_number, holder_name, holder_kind and registered_name together.",
    operation_id = "import_merchants",
    params(MerchantsImportQuery, ("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same file and wishes, the first answer comes back.")),
    request_body(content = String, content_type = "text/csv", example = "kind,name,representative,tax_code,phone\nhousehold,Bún ốc Phủ Tây Hồ,Nguyễn Thị Đào,001080012345,0912345678\n"),
    responses((status = 200, description = "What was found and done.", body = ImportReport))
)]
pub async fn merchants(
    Staff(caller): Staff,
    State(state): State<AppState>,
    Query(query): Query<MerchantsImportQuery>,
    key: IdempotencyKey,
    Csv(bytes): Csv,
) -> Result<Response, Problem> {
    let wishes = (writing(query.commit, query.partial), query);
    let wish = Wish::Merchants(state.personal_accounts);
    import((state, caller), wish, wishes, (key, bytes)).await
}
