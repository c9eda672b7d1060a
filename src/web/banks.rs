//! `/docs/banks`: what a bank's engineer needs in order to send us notices. The example's
//! signature is computed by the code that verifies, and the programs on the page are run by a
//! test.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::document::{Block, Document};
use super::form_page;
use super::home::words;
use super::trial_words::{TrialWords, wanted};
use super::vendors::{VendorLine, vendors};
use super::words::Words;
use crate::banks::{BATCH_MAX_BYTES, KeyAlgorithm, standard_signature};
use crate::domain::matching::LONGEST_TEXT;
use crate::domain::money::Vnd;
use crate::domain::trial::Check;
use crate::http::AppState;
use crate::http::api::first_notices::MESSAGE;
use crate::http::body::BODY_MAX_BYTES;
use crate::http::language::Language;
use crate::http::problem::Problem;
use crate::http::rate::{FAILED_VERIFICATIONS, Rate, TRIAL_DELIVERIES};
use crate::http::server::HEAD_MAX_BYTES;
use crate::http::site::address;

/// A secret that no source has: everybody can read it here.
const SECRET: &str = "whsec_cGhvY2hvLWV4YW1wbGUtc2VjcmV0LW5vdC15b3Vycy0=";
const ID: &str = "msg_2026031600001";
const TIMESTAMP: &str = "1773628200";
const BODY: &str = r#"{"type":"bank.transaction.credited","data":{"transaction_id":"FT26075000001","account_number":"1030000000117","virtual_account":null,"direction":"credit","amount":45000,"currency":"VND","content":"TH7K2M9XQ4","bank_reference":"FT26075000001","booked_at":"2026-03-16T09:29:52+07:00"}}"#;

/// What takes a part of the example's movement back.
const REVERSAL: &str = r#"{"type":"bank.transaction.reversed","data":{"transaction_id":"FT26075000009","account_number":"1030000000117","virtual_account":null,"direction":"debit","amount":15000,"currency":"VND","content":"hoan tien","bank_reference":"FT26075000009","reverses_transaction_id":"FT26075000001","booked_at":"2026-03-16T10:05:00+07:00"}}"#;
/// The formats that any bank can send, which the page describes whole.
const OWN_FORMATS: [&str; 2] = ["standard_webhooks", "camt054"];

/// A program that signs and sends what it reads.
struct Program {
    /// What its language is called.
    name: &'static str,
    /// The class of its block.
    language: &'static str,
    text: &'static str,
}

const PROGRAMS: [Program; 3] = [
    Program {
        name: "bash, openssl, curl",
        language: "bash",
        text: include_str!("samples/send.sh"),
    },
    Program {
        name: "Python 3",
        language: "python",
        text: include_str!("samples/send.py"),
    },
    Program {
        name: "Node.js 20",
        language: "javascript",
        text: include_str!("samples/send.mjs"),
    },
];

/// Programs of banks that keep a private key.
const KEY_PROGRAMS: [Program; 2] = [
    Program {
        name: "RSA: bash, openssl, curl",
        language: "bash rsa",
        text: include_str!("samples/send_rsa.sh"),
    },
    Program {
        name: "JWS: Node.js 20",
        language: "javascript jws",
        text: include_str!("samples/send_jws.mjs"),
    },
];

/// Which banks reach us how, in Vietnamese and in English.
const LINKS: [&str; 2] = [
    include_str!("../../docs/banks-and-links.vi.md"),
    include_str!("../../docs/banks-and-links.md"),
];

/// A way to use a public key, as a source is configured with it and as a notice bears it.
struct Algorithm {
    word: &'static str,
    /// What stands before its signatures.
    label: &'static str,
    key: &'static str,
}

const ALGORITHMS: [Algorithm; 6] = [
    Algorithm::new(KeyAlgorithm::RsaPss, "RSA"),
    Algorithm::new(KeyAlgorithm::RsaPkcs1, "RSA"),
    Algorithm::new(KeyAlgorithm::JwsRs256, "RSA"),
    Algorithm::new(KeyAlgorithm::JwsPs256, "RSA"),
    Algorithm::new(KeyAlgorithm::JwsEs256, "EC P-256"),
    Algorithm::new(KeyAlgorithm::JwsEddsa, "Ed25519"),
];

impl Algorithm {
    const fn new(algorithm: KeyAlgorithm, key: &'static str) -> Self {
        Self {
            word: algorithm.as_str(),
            label: algorithm.label(),
            key,
        }
    }
}

/// What both languages show: the example, the programs and the bounds.
struct Facts {
    secret: &'static str,
    id: &'static str,
    timestamp: &'static str,
    body: &'static str,
    signature: String,
    programs: &'static [Program],
    key_programs: &'static [Program],
    algorithms: &'static [Algorithm],
    message: &'static str,
    /// The largest amount, in đồng.
    amount_max: i64,
    /// The longest text that is searched, in characters.
    text_max: usize,
    /// How often one address may send what is refused, and to trials.
    refused: Rate,
    tried: Rate,
    head_max_kib: usize,
    body_max_kib: usize,
    batch_max_kib: usize,
    trial_words: &'static TrialWords,
    make: &'static str,
    /// The formats that any bank can send.
    adapters: &'static [&'static str],
    /// Those of vendors.
    vendors: Vec<VendorLine>,
    /// What is said of them: what is sent, what proves it, what is answered.
    vendor_columns: [&'static str; 3],
    /// Which banks reach us how.
    links: Document,
    /// What a trial has to show, and what shows it.
    checks: Vec<[&'static str; 2]>,
    /// A reversal of the example.
    reversal: &'static str,
    /// Whom to ask for a source.
    contact: Option<String>,
    /// Where the reader found this page.
    site: String,
}

#[derive(Template)]
#[template(path = "banks_vi.html")]
struct VietnamesePage {
    words: &'static Words,
    facts: Facts,
}

#[derive(Template)]
#[template(path = "banks_en.html")]
struct EnglishPage {
    words: &'static Words,
    facts: Facts,
}

/// The page in the caller's language.
pub(super) async fn page(
    State(state): State<AppState>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let words = words(query.as_deref(), &headers);
    let language = match words.tag {
        "en" => Language::English,
        _ => Language::Vietnamese,
    };
    let [vi, en] = LINKS;
    let facts = Facts {
        secret: SECRET,
        id: ID,
        timestamp: TIMESTAMP,
        body: BODY,
        signature: standard_signature(SECRET, ID, TIMESTAMP, BODY.as_bytes())
            .expect("the example's secret has the format's form"),
        programs: &PROGRAMS,
        key_programs: &KEY_PROGRAMS,
        algorithms: &ALGORITHMS,
        message: MESSAGE,
        amount_max: Vnd::MAX.get(),
        text_max: LONGEST_TEXT,
        refused: FAILED_VERIFICATIONS,
        tried: TRIAL_DELIVERIES,
        head_max_kib: HEAD_MAX_BYTES / 1024,
        body_max_kib: BODY_MAX_BYTES / 1024,
        batch_max_kib: BATCH_MAX_BYTES / 1024,
        trial_words: TrialWords::of(language),
        make: match language {
            Language::Vietnamese => "Tạo nguồn thử",
            Language::English => "Make a trial",
        },
        adapters: &OWN_FORMATS,
        vendors: vendors(language, state.clock.now()),
        vendor_columns: match language {
            Language::Vietnamese => ["gửi", "chứng minh", "trả lời"],
            Language::English => ["sent", "proof", "answers"],
        },
        links: Document::read(match language {
            Language::Vietnamese => vi,
            Language::English => en,
        }),
        checks: Check::ALL.map(|check| wanted(check, language)).to_vec(),
        reversal: REVERSAL,
        contact: state.contact.clone(),
        site: address(&headers),
    };
    let text = match language {
        Language::English => EnglishPage { words, facts }.render(),
        Language::Vietnamese => VietnamesePage { words, facts }.render(),
    };
    let text = text.map_err(|fault| Problem::internal(&fault))?;
    Ok(form_page(text, words.tag))
}
