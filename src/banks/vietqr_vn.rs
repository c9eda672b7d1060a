//! VietQR VN's transaction notice: the vendor logs in here and shows the token it was given.
//!
//! Its caller appends two paths to the address (api.vietqr.vn, "API VietQR Callback"): one
//! takes a name and a password and gives a token, the other takes the notice with it. Nothing
//! signs a notice; a token that lives five minutes is all there is.
//!
//! Tokens are not remembered: each is its end in Unix seconds, a dot, and the HMAC-SHA256 of
//! that under a key derived from the login. Whoever changes the login ends its tokens. They
//! are no JWT on purpose: there is no algorithm to choose.
//!
//! Field names come in two spellings. A notice with both spellings of one name has two
//! meanings and is refused.

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::fields::{AmountForm, Fields, dedupe_key};
use super::json::{Json, Object};
use super::setup::require_only_a_secret;
use super::signature::{
    hmac_sha256, is_hmac_sha256, is_same, lower_hex, proven_among, strict_base64,
};
use super::verdict::{Answer, Call, Outcome, Reading, Refusal, Unusable, Verified, VerifiedWith};
use super::{
    Adapter, Credentials, CredentialsFault, Delivery, SECRET_BYTES, Secret, proven_json,
    reading_of, require_post,
};
use crate::domain::credit::{BankFact, Direction, FactOutcome};

/// Where the vendor logs in, below the source's address.
const LOGIN_PATH: &str = "/api/token_generate";
/// Where it posts notices.
const NOTICE_PATH: &str = "/bank/api/transaction-sync";
/// How long a token lives, in seconds: the longest that the vendor shows.
const TOKEN_LIFE_S: i64 = 300;
/// What sets the derived key apart from any other use of a password.
const KEY_LABEL: &[u8] = b"phocho vietqr_vn token 1";
/// The shortest password that we believe, in bytes.
const SHORTEST_PASSWORD_BYTES: usize = 12;
/// The secret printed in the vendor's examples: everybody knows it.
const PUBLISHED: &str = "your-256-bit-secret";
/// What a login looks like, for people.
const LOGIN_FORM: &str =
    "an object of a username without a colon and a password of 12 bytes or more";

/// The two spellings of the names that have two.
const SPELLINGS: [[&str; 2]; 3] = [ACCOUNT, ID, TIME];
const ACCOUNT: [&str; 2] = ["bankaccount", "bankAccount"];
const ID: [&str; 2] = ["transactionid", "transactionId"];
const TIME: [&str; 2] = ["transactiontime", "transactionTime"];

/// VietQR VN.
pub struct VietqrVn;

impl Adapter for VietqrVn {
    fn name(&self) -> &'static str {
        "vietqr_vn"
    }

    fn paths(&self) -> &'static [&'static str] {
        &[LOGIN_PATH, NOTICE_PATH]
    }

    fn names_account(&self) -> bool {
        true
    }

    fn verify(
        &self,
        delivery: &Delivery,
        credentials: &Credentials,
        now: DateTime<Utc>,
    ) -> Result<Verified, Refusal> {
        require_post(delivery)?;
        if delivery.path.ends_with(LOGIN_PATH) {
            return log_in(delivery, credentials, now);
        }
        let verified_with = prove_token(delivery, credentials, now)?;
        let reading = match proven_json(&delivery.body)? {
            Ok(body) => read_notice(&body)?,
            Err(why) => Reading::Unusable(why),
        };
        Ok(Verified::new(reading, verified_with))
    }

    fn acknowledge(&self, outcome: &Outcome, _: Call<'_>) -> Answer {
        match outcome {
            Outcome::Stored { receipt } | Outcome::Repeated { receipt } => {
                let receipt = receipt.as_deref().unwrap_or_default();
                told(200, None, "Stored", &json!({"reftransactionid": receipt}))
            }
            // Kept for people; another try would say the same.
            Outcome::Quarantined(why) => told(
                200,
                Some(&why.as_str().to_ascii_uppercase()),
                "Kept for review",
                &Value::Null,
            ),
            Outcome::Refused(_) => told(401, Some("UNAUTHORIZED"), "Refused", &Value::Null),
            Outcome::Unavailable => {
                told(503, Some("UNAVAILABLE"), "Try again", &Value::Null).later()
            }
        }
    }

    fn check(&self, credentials: &Credentials) -> Result<(), CredentialsFault> {
        if usable_login(&credentials.current).is_none() {
            return Err(CredentialsFault::SecretForm(LOGIN_FORM));
        }
        require_only_a_secret(credentials)
    }

    fn make_secret(&self, random: &[u8; SECRET_BYTES]) -> Option<Secret> {
        let (name, password) = random.split_at(4);
        let username = format!("vietqr-{}", hex::encode(name));
        Some(Secret::login(username, hex::encode(password)))
    }
}

/// An answer in the vendor's form: an error where there is a reason for one.
fn told(status: u16, reason: Option<&str>, message: &str, object: &Value) -> Answer {
    let body = json!({
        "error": reason.is_some(),
        "errorReason": reason,
        "toastMessage": message,
        "object": object,
    });
    Answer::json(status, body.to_string())
}

/// A login that can prove something.
#[derive(Clone, Copy)]
struct Login<'a> {
    username: &'a str,
    password: &'a str,
}

impl Login<'_> {
    /// What stands behind `Basic` once it is decoded. The name holds no colon, so the whole
    /// is the same only if both parts are.
    fn joined(self) -> String {
        format!("{}:{}", self.username, self.password)
    }

    fn token_key(self) -> Vec<u8> {
        let parts = [KEY_LABEL, &[0], self.username.as_bytes()];
        hmac_sha256(self.password.as_bytes(), &parts)
    }

    fn token(self, ends_at: i64) -> String {
        let end = ends_at.to_string();
        let mac = hmac_sha256(&self.token_key(), &[end.as_bytes()]);
        format!("{end}.{}", hex::encode(mac))
    }
}

fn usable_login(secret: &Secret) -> Option<Login<'_>> {
    let Secret::Login { username, password } = secret else {
        return None;
    };
    let password = password.expose_secret();
    let usable = !username.is_empty()
        && !username.contains(':')
        && password.len() >= SHORTEST_PASSWORD_BYTES
        && password != PUBLISHED;
    usable.then_some(Login { username, password })
}

/// Takes a name and a password and answers with a token.
fn log_in(
    delivery: &Delivery,
    credentials: &Credentials,
    now: DateTime<Utc>,
) -> Result<Verified, Refusal> {
    let shown = delivery.header("authorization")?.unwrap_or_default();
    let shown = shown.strip_prefix("Basic ").and_then(strict_base64);
    let shown = shown.ok_or(Refusal::BadCredentials)?;
    let verified_with = proven_among(credentials, usable_login, |login| {
        is_same(login.joined().as_bytes(), &shown)
    });
    let verified_with =
        verified_with.map_err(|refusal| refusal.instead_of_mismatch(Refusal::BadCredentials))?;
    let secret = match verified_with {
        VerifiedWith::Previous => credentials.previous.as_ref(),
        VerifiedWith::Current | VerifiedWith::PublicKey => Some(&credentials.current),
    };
    let login = secret.and_then(usable_login);
    let login = login.ok_or(Refusal::UnusableSecret)?;
    let answer = json!({
        "access_token": login.token(now.timestamp() + TOKEN_LIFE_S),
        "token_type": "Bearer",
        "expires_in": TOKEN_LIFE_S,
    });
    let answer = Answer::json(200, answer.to_string());
    Ok(Verified::new(Reading::Handshake(answer), verified_with))
}

/// Finds the login that a live token was given for.
fn prove_token(
    delivery: &Delivery,
    credentials: &Credentials,
    now: DateTime<Utc>,
) -> Result<VerifiedWith, Refusal> {
    let shown = delivery.header("authorization")?.unwrap_or_default();
    let shown = shown.strip_prefix("Bearer ");
    let (end, mac) = shown
        .and_then(|token| token.split_once('.'))
        .ok_or(Refusal::BadToken)?;
    let mac = lower_hex(mac).ok_or(Refusal::BadToken)?;
    let verified_with = proven_among(credentials, usable_login, |login| {
        is_hmac_sha256(&login.token_key(), &[end.as_bytes()], &mac)
    });
    let verified_with =
        verified_with.map_err(|refusal| refusal.instead_of_mismatch(Refusal::BadToken))?;
    let ends_at: i64 = end.parse().map_err(|_| Refusal::BadToken)?;
    if now.timestamp() < ends_at {
        Ok(verified_with)
    } else {
        Err(Refusal::BadToken)
    }
}

fn read_notice(body: &Json) -> Result<Reading, Refusal> {
    let Some(body) = body.as_object() else {
        return Ok(Reading::Unusable(Unusable::MalformedBody));
    };
    let both = |names: &[&str; 2]| names.iter().all(|name| body.get(name).is_some());
    if SPELLINGS.iter().any(both) {
        return Err(Refusal::AmbiguousBody);
    }
    Ok(reading_of(read_movement(body)))
}

fn read_movement(body: &Object) -> Result<Reading, Unusable> {
    let fields = Fields::of(body);
    let spelled = |[usual, other]: [&'static str; 2]| match body.get(other) {
        Some(_) => other,
        None => usual,
    };
    let transfer_type = fields.required_text("transType")?;
    let (direction, outcome) = match transfer_type.to_ascii_uppercase().as_str() {
        "C" => (Direction::Credit, FactOutcome::Paid),
        "D" => (Direction::Debit, FactOutcome::Ignored),
        _ => return Err(Unusable::BadField("transType")),
    };
    let reference = fields.required_name("referencenumber")?;
    Ok(Reading::Transactions(vec![BankFact {
        provider: "vietqr_vn",
        provider_txn_id: fields.required_name(spelled(ID))?,
        dedupe_key: dedupe_key("vietqr_vn", &[&reference]),
        direction,
        amount: fields.amount("amount", AmountForm::NumberOrText)?,
        account_number: Some(fields.required_name(spelled(ACCOUNT))?),
        virtual_account: None,
        content: Some(fields.text("content")?.unwrap_or_default().to_owned()),
        bank_reference: Some(reference),
        merchant_reference: fields.name("orderId")?,
        order_field_is_searched: true,
        provider_payment_code: None,
        reverses: None,
        occurred_at: fields.milliseconds_or_local(spelled(TIME))?,
        outcome,
    }]))
}
