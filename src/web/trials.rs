//! A trial for people: the page that shows a new one, and the page of its verdicts and its
//! report, which prints.

use askama::Template;
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::html;
use super::trial_codes::CodeWord;
use super::trial_lines::{CheckLine, DeliveryLine, checks, deliveries, moment};
use super::trial_words::{TrialWords, wanted};
use super::words::Words;
use crate::banks::Secret;
use crate::domain::access::TrialSecret;
use crate::domain::ids::TrialId;
use crate::domain::trial::Check;
use crate::flows::trial::{self, KnownTrial, OpenedTrial, TrialRecord};
use crate::http::AppState;
use crate::http::api::first_notices::FirstNotice;
use crate::http::api::trial_documents::{callback_path, report_command};
use crate::http::api::trials::TrialCreation;
use crate::http::body::read_body;
use crate::http::code::Code;
use crate::http::extract::{Path, Query};
use crate::http::language::{Language, Text};
use crate::http::peer::ClientAddress;
use crate::http::problem::Problem;
use crate::http::site::address;

/// The largest form, in bytes.
const FORM_MAX_BYTES: usize = 4096;

/// What the form on the page for banks sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrialForm {
    adapter: String,
    lang: Option<String>,
}

/// What stands behind the address of a trial's page.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrialQuery {
    token: Option<String>,
    lang: Option<String>,
}

#[derive(Template)]
#[template(path = "trial_made.html")]
struct MadePage {
    words: &'static Words,
    trial_words: &'static TrialWords,
    facts: TrialFacts,
    secret: Vec<(&'static str, String)>,
    token: String,
    page: String,
    /// Commands that send notices, where we have programs that do.
    commands: Option<Commands>,
    /// What reads the report without the page.
    report_command: String,
    to_show: Vec<[&'static str; 2]>,
}

#[derive(Template)]
#[template(path = "trial.html")]
struct TrialPage {
    words: &'static Words,
    trial_words: &'static TrialWords,
    facts: TrialFacts,
    /// Commands that send notices, where we have programs that do; without the secret.
    commands: Option<Commands>,
    /// The page's own address, without a language.
    here: String,
    /// What reads the report without the page.
    report_command: String,
    /// Whom to ask for a source.
    contact: Option<String>,
    version: &'static str,
    created_at: String,
    made_at: String,
    last_delivery_at: Option<String>,
    passed_at: Option<String>,
    shown: usize,
    required: usize,
    /// How many deliveries came.
    total: i64,
    /// How many came to each verdict.
    counts: Vec<(CodeWord, i64)>,
    checks: Vec<CheckLine>,
    deliveries: Vec<DeliveryLine>,
}

/// Lines for a shell that send notices with the program on the page for banks.
struct Commands {
    /// The settings and the first notice.
    first: String,
    /// What shows the rest.
    rest: &'static str,
}

/// What both pages say of a trial.
struct TrialFacts {
    id: String,
    adapter: &'static str,
    address: String,
    paths: &'static [&'static str],
    account_number: String,
    reference: String,
    config: Vec<(String, String)>,
    until: String,
}

impl TrialFacts {
    fn of(trial: &KnownTrial, site: &str) -> Self {
        let config = trial.config.iter();
        Self {
            id: trial.id().to_string(),
            adapter: trial.adapter.name(),
            address: format!("{site}{}", callback_path(&trial.id())),
            paths: trial.paths_below(),
            account_number: trial.row.account_number.clone(),
            reference: trial.row.reference.clone(),
            config: config
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            until: moment(trial.row.expires_at),
        }
    }
}

/// Makes a trial and shows it, with what is shown once.
pub(super) async fn create(
    State(state): State<AppState>,
    Extension(client): Extension<ClientAddress>,
    request: Request,
) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    if !kind.is_some_and(|kind| kind.starts_with(b"application/x-www-form-urlencoded")) {
        return Err(Code::UnsupportedMediaType.into());
    }
    let body = read_body(request, FORM_MAX_BYTES).await?;
    let form: TrialForm =
        serde_urlencoded::from_bytes(&body).map_err(|_| Problem::new(Code::InvalidFields))?;
    let language = language(form.lang.as_deref(), &headers);
    let wish = TrialCreation {
        adapter: form.adapter,
        ed25519_public_key: None,
    };
    let opened = wish.open(&state, client).await?;
    let page = made_page(&opened, language, &address(&headers));
    let text = page.render().map_err(|fault| Problem::internal(&fault))?;
    Ok(html(text, language.tag()))
}

fn made_page(opened: &OpenedTrial, language: Language, site: &str) -> MadePage {
    let trial_words = TrialWords::of(language);
    let facts = TrialFacts::of(&opened.trial, site);
    let token = opened.token.reveal().to_string();
    let secret = match &opened.secret {
        Secret::Text(text) => vec![(trial_words.secret, text.expose_secret().to_owned())],
        Secret::Login { username, password } => vec![
            (trial_words.username, username.clone()),
            (trial_words.password, password.expose_secret().to_owned()),
        ],
        // It was the sender's to begin with.
        Secret::PublicKey { .. } => Vec::new(),
    };
    let commands = match &opened.secret {
        Secret::Text(text) => Commands::of(&opened.trial, &facts, text.expose_secret()),
        _ => None,
    };
    let report_command = report_command(site, &opened.trial.id(), &token);
    let tells = opened.trial.adapter.tells();
    let asked = Check::ALL.into_iter().filter(|check| tells.has(*check));
    MadePage {
        words: Words::of(language),
        trial_words,
        page: format!(
            "/docs/banks/trials/{}?token={token}&lang={}",
            facts.id,
            language.tag()
        ),
        secret,
        token,
        commands,
        report_command,
        to_show: asked.map(|check| wanted(check, language)).collect(),
        facts,
    }
}

impl Commands {
    /// Those of a trial, whose secret is shown once: later a line says where it belongs.
    fn of(trial: &KnownTrial, facts: &TrialFacts, secret: &str) -> Option<Self> {
        let notice = FirstNotice::of(trial)?;
        let FirstNotice { file, body, .. } = &notice;
        let exports = [
            ("PHOCHO_URL", &*facts.address),
            ("PHOCHO_SECRET", secret),
            ("PHOCHO_TYPE", notice.content_type),
        ];
        let exports = exports.map(|(name, value)| format!("export {name}='{value}'\n"));
        Some(Self {
            first: format!(
                "{}cat > {file} <<'END'\n{body}\nEND\nbash send.sh < {file}\n",
                exports.concat()
            ),
            rest: notice.rest,
        })
    }
}

/// The verdicts and the report of a trial, for whoever has its link.
pub(super) async fn page(
    State(state): State<AppState>,
    Path(id): Path<TrialId>,
    Query(query): Query<TrialQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let shown = query.token.as_deref().ok_or_else(no_token)?;
    let token = TrialSecret::parse(shown).map_err(|_| no_trial())?;
    let now = state.clock.now();
    let record = trial::read(&state.ledger, id, &token, now).await?;
    let record = record.ok_or_else(no_trial)?;
    let language = language(query.lang.as_deref(), &headers);
    let here = format!("/docs/banks/trials/{id}?token={shown}");
    let site = address(&headers);
    let report_command = report_command(&site, &id, shown);
    let mut page = trial_page(&record, language, (here, report_command), (&site, now));
    page.contact.clone_from(&state.contact);
    let text = page.render().map_err(|fault| Problem::internal(&fault))?;
    Ok(html(text, language.tag()))
}

/// What is answered to a link that was cut.
fn no_token() -> Problem {
    Problem::new(Code::InvalidQuery).detail(Text::new(
        "Liên kết thiếu mã đọc (token=pht_…) ở cuối. Hãy mở nguyên liên kết được cho khi tạo \
         nguồn thử; nếu không còn thì tạo nguồn mới ở trang Dành cho ngân hàng.",
        "The link lacks the token (token=pht_…) at its end. Open the whole link that was shown \
         when the trial was made; if it is lost, make a new one on the page for banks.",
    ))
}

/// The one answer for a wrong link and for a trial whose day is over.
fn no_trial() -> Problem {
    Problem::not_found().detail(Text::new(
        "Không có nguồn thử này: liên kết sai, hoặc nguồn thử đã hết một ngày. Hãy tạo nguồn \
         mới ở trang Dành cho ngân hàng.",
        "There is no such trial: the link is wrong, or its day is over. Make a new one on the \
         page for banks.",
    ))
}

fn trial_page(
    record: &TrialRecord,
    language: Language,
    (here, report_command): (String, String),
    (site, now): (&str, DateTime<Utc>),
) -> TrialPage {
    let trial_words = TrialWords::of(language);
    let checks = checks(record, language);
    let required = checks.iter().filter(|check| check.required);
    let counts = record.counts.iter();
    let counts = counts.map(|(verdict, count)| (CodeWord::new(verdict, language), *count));
    let facts = TrialFacts::of(&record.trial, site);
    TrialPage {
        words: Words::of(language),
        trial_words,
        commands: Commands::of(&record.trial, &facts, "…"),
        facts,
        here,
        report_command,
        contact: None,
        version: env!("CARGO_PKG_VERSION"),
        created_at: moment(record.trial.row.created_at),
        made_at: moment(now),
        last_delivery_at: record
            .deliveries
            .first()
            .map(|delivery| moment(delivery.received_at)),
        passed_at: record.passed_at().map(moment),
        shown: required.clone().filter(|check| check.passed).count(),
        required: required.count(),
        total: record.trial.row.deliveries,
        counts: counts.collect(),
        deliveries: deliveries(record, language),
        checks,
    }
}

/// The language that a page was asked in, or the reader's.
fn language(named: Option<&str>, headers: &HeaderMap) -> Language {
    match named {
        Some("en") => Language::English,
        Some("vi") => Language::Vietnamese,
        _ => Language::from_headers(headers),
    }
}
