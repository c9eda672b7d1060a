use serde_json::Value;

use super::*;
use crate::banks::{ADAPTERS, Adapter, Call, Credentials, Reading, VerifiedWith, adapter_by_name};
use crate::domain::credit::BankFact;

const SETTINGS: [(&str, &str); 4] = [
    ("vnp_TmnCode", "PHOCHO01"),
    ("accessKey", "F8BBA842ECF85"),
    ("partnerCode", "MOMOPHOCHO"),
    ("app_id", "2553"),
];

const CALL: Call<'_> = Call {
    delivery_id: Some("trace-1"),
    now: DateTime::UNIX_EPOCH,
    remark: None,
};

/// A secret of a format, made from one byte; as the vendor would where the vendor makes it.
fn secret(adapter: &dyn Adapter, byte: u8) -> Secret {
    let random = [byte; crate::banks::SECRET_BYTES];
    let made = adapter.make_secret(&random);
    made.unwrap_or_else(|| Secret::text(hex::encode(random)))
}

/// What the source of a format is configured with: two secrets and the settings it wants.
fn credentials(adapter: &dyn Adapter) -> Credentials {
    let mut credentials = Credentials::new(secret(adapter, 7));
    credentials.previous = Some(secret(adapter, 8));
    for (name, value) in SETTINGS {
        let wanted = |fault| fault == crate::banks::CredentialsFault::MissingSetting(name);
        if adapter.check(&credentials).is_err_and(wanted) {
            credentials.config.insert(name.to_owned(), value.to_owned());
        }
    }
    credentials
}

fn at() -> DateTime<Utc> {
    "2026-11-24T02:30:00Z".parse().unwrap()
}

fn credit(number: u64, state: CreditState) -> Credit<'static> {
    Credit {
        number,
        account: "1030000000117",
        amount_vnd: 45_000,
        content: "TH7K2M9XQ4 bun oc".to_owned(),
        order: "TH7K2M9XQ4",
        booked_at: at(),
        state,
    }
}

/// A source and a bank that knows one of its secrets.
struct Pair {
    adapter: &'static dyn Adapter,
    format: &'static Format,
    credentials: Credentials,
}

impl Pair {
    fn of(format: &'static Format) -> Self {
        let adapter = adapter_by_name(format.adapter).unwrap();
        let credentials = credentials(adapter);
        assert_eq!(adapter.check(&credentials), Ok(()), "{}", format.adapter);
        Self {
            adapter,
            format,
            credentials,
        }
    }

    fn all() -> impl Iterator<Item = Self> {
        FORMATS.iter().map(Self::of)
    }

    /// Signs credits with a secret, after the login where there is one; `None` where the
    /// login is refused.
    fn signed(&self, secret: &Secret, credits: &[Credit<'_>]) -> Option<Delivery> {
        let proof = Proof::Shared(secret.clone());
        let mut sender = Sender {
            bank: "MBBank",
            proof: &proof,
            config: &self.credentials.config,
            token: None,
        };
        let mut answer = Value::Null;
        if let Some(log_in) = self.format.log_in {
            let login = log_in(&sender).delivery("bank");
            let verified = self.adapter.verify(&login, &self.credentials, at()).ok()?;
            let Reading::Handshake(given) = verified.into_reading() else {
                panic!("{}: no answer to the login", self.format.adapter);
            };
            answer = serde_json::from_str(&given.body).unwrap();
        }
        sender.token = token_in(&answer);
        Some((self.format.sign)(&sender, credits, at()).delivery("bank"))
    }

    fn facts(&self, secret: &Secret, credits: &[Credit<'_>]) -> (VerifiedWith, Vec<BankFact>) {
        let name = self.format.adapter;
        let delivery = self.signed(secret, credits).expect(name);
        let verified = self.adapter.verify(&delivery, &self.credentials, at());
        let verified = verified.expect(name);
        let proved_by = verified.verified_with();
        let Reading::Transactions(facts) = verified.into_reading() else {
            panic!("{name}: no transactions");
        };
        (proved_by, facts)
    }
}

#[test]
fn every_adapter_has_a_signer() {
    let signed: Vec<_> = FORMATS.iter().map(|format| format.adapter).collect();
    let taken: Vec<_> = ADAPTERS.iter().map(|adapter| adapter.name()).collect();
    assert_eq!(signed, taken);
    assert!(format_of("unknown").is_none());
}

#[test]
fn what_is_signed_with_the_first_or_the_rotated_secret_is_believed() {
    for pair in Pair::all() {
        let name = pair.format.adapter;
        let (current, previous) = (&pair.credentials.current, &pair.credentials.previous);
        for (secret, wanted) in [
            (current, VerifiedWith::Current),
            (previous.as_ref().unwrap(), VerifiedWith::Previous),
        ] {
            let credit = credit(7, CreditState::Booked);
            let (proved_by, facts) = pair.facts(secret, std::slice::from_ref(&credit));
            assert_eq!(proved_by, wanted, "{name}");
            assert_eq!(facts[0].amount.get(), 45_000, "{name}");
            assert_eq!(facts[0].occurred_at, at(), "{name}");
            assert!(facts[0].is_booked(), "{name}");
            let account = facts[0].account_number.as_deref();
            let named = pair.adapter.names_account().then_some("1030000000117");
            assert_eq!(account, named, "{name}");
            let proof = Proof::Shared(secret.clone());
            let sender = Sender {
                bank: "MBBank",
                proof: &proof,
                config: &pair.credentials.config,
                token: None,
            };
            let identity = (pair.format.identity)(&sender, &credit);
            assert_eq!(facts[0].dedupe_key, identity, "{name}");
        }
    }
}

#[test]
fn what_another_secret_signs_or_an_old_time_stands_in_is_not_believed() {
    for pair in Pair::all() {
        let name = pair.format.adapter;
        let credits = [credit(7, CreditState::Booked)];
        if let Some(forged) = pair.signed(&secret(pair.adapter, 9), &credits) {
            let verdict = pair.adapter.verify(&forged, &pair.credentials, at());
            assert!(verdict.is_err(), "{name}");
        }
        let good = pair.signed(&pair.credentials.current, &credits).unwrap();
        let later = at() + chrono::TimeDelta::seconds(301);
        let verdict = pair.adapter.verify(&good, &pair.credentials, later);
        let ends = pair.format.signs_time || pair.format.log_in.is_some();
        assert_eq!(verdict.is_err(), ends, "{name}");
    }
}

#[test]
fn failures_and_batches_are_told_only_where_the_format_has_them() {
    for pair in Pair::all() {
        let (name, secret) = (pair.format.adapter, &pair.credentials.current);
        let (_, facts) = pair.facts(secret, &[credit(7, CreditState::Failed)]);
        assert_eq!(facts[0].is_booked(), !pair.format.tells_failures, "{name}");
        let several = [7, 8, 9].map(|number| credit(number, CreditState::Booked));
        let told = pair.facts(secret, &several).1.len();
        assert_eq!(
            told,
            if pair.format.takes_several { 3 } else { 1 },
            "{name}"
        );
    }
}

#[test]
fn answers_read_as_their_vendor_reads_them() {
    use crate::banks::{Outcome, Refusal, Unusable};
    for pair in Pair::all() {
        let receipt = Some("btx_1".to_owned());
        for (outcome, wanted) in [
            (
                Outcome::Stored {
                    receipt: receipt.clone(),
                },
                Told::Stored,
            ),
            (Outcome::Repeated { receipt }, Told::Stored),
            (Outcome::Refused(Refusal::SignatureMismatch), Told::Refused),
            (Outcome::Unavailable, Told::Later),
        ] {
            let answer = pair.adapter.acknowledge(&outcome, CALL);
            let body = serde_json::from_str(&answer.body).unwrap_or(Value::Null);
            let told = (pair.format.told)(answer.status, &body);
            assert_eq!(told, wanted, "{} {outcome:?}", pair.format.adapter);
        }
        assert_eq!((pair.format.told)(500, &Value::Null), Told::Unclear);
    }
    let vietqr = Pair::of(format_of("vietqr_vn").unwrap());
    let kept = vietqr
        .adapter
        .acknowledge(&Outcome::Quarantined(Unusable::BadAmount), CALL);
    let body = serde_json::from_str(&kept.body).unwrap();
    assert_eq!((vietqr.format.told)(kept.status, &body), Told::Unclear);
}
