//! What a genuine sender does, so that tests can sign anything.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, KeyInit, Mac};
use phocho::banks::{Call, Credentials, Delivery, Refusal, Secret, Verified, adapter_by_name};
use sha2::{Sha256, Sha512};

/// The instant at which deliveries are judged, Unix seconds.
pub const NOW: i64 = 1_773_628_200;

pub const SECRET: &str = "a-test-secret-of-32-characters!!";
pub const OTHER_SECRET: &str = "another-secret-of-32-characters!";

pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW, 0).unwrap()
}

/// A call of this name, answered at the instant of judgement.
pub fn call(delivery_id: Option<&str>) -> Call<'_> {
    Call {
        delivery_id,
        now: now(),
        remark: None,
    }
}

pub fn hmac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

pub fn hmac_sha512(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha512>::new_from_slice(key).unwrap();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

pub fn delivery(headers: &[(&str, &str)], body: &[u8]) -> Delivery {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
    Delivery::new("POST", "/callbacks/x", headers, body.to_vec())
}

pub fn judge(
    adapter: &str,
    credentials: &Credentials,
    delivery: &Delivery,
) -> Result<Verified, Refusal> {
    adapter_by_name(adapter)
        .unwrap()
        .verify(delivery, credentials, now())
}

pub fn sepay_credentials() -> Credentials {
    Credentials::new(Secret::text(SECRET))
}

/// The hex digest of SePay's signed text.
pub fn sepay_digest(secret: &str, timestamp: &str, body: &[u8]) -> String {
    let parts = [timestamp.as_bytes(), b".", body];
    hex::encode(hmac(secret.as_bytes(), &parts))
}

pub fn sepay(timestamp: &str, body: &[u8]) -> Delivery {
    let signature = format!("sha256={}", sepay_digest(SECRET, timestamp, body));
    delivery(
        &[
            ("X-SePay-Timestamp", timestamp),
            ("X-SePay-Signature", &signature),
        ],
        body,
    )
}

/// A fresh notice of SePay with this body.
pub fn sepay_now(body: &[u8]) -> Delivery {
    sepay(&NOW.to_string(), body)
}

pub const SEPAY_BODY: &str = r#"{"id":92700,"gateway":"Vietcombank","transactionDate":"2026-03-16 09:29:41","accountNumber":"1030000000117","subAccount":null,"code":null,"content":"TH7K2M9XQ4","transferType":"in","description":"","transferAmount":45000,"accumulated":0,"referenceCode":"FT26"}"#;

fn bank_signing_key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

pub fn standard_credentials() -> Credentials {
    let secret = format!("whsec_{}", STANDARD.encode(SECRET));
    let mut credentials = Credentials::new(Secret::text(secret));
    let public = bank_signing_key().verifying_key();
    credentials.ed25519_public_key = Some(format!("whpk_{}", STANDARD.encode(public.as_bytes())));
    credentials
}

/// The label and base64 of a shared-key signature.
pub fn standard_v1(key: &[u8], id: &str, timestamp: &str, body: &[u8]) -> String {
    let parts = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
    format!("v1,{}", STANDARD.encode(hmac(key, &parts)))
}

/// The label and base64 of a public-key signature.
pub fn standard_v1a(id: &str, timestamp: &str, body: &[u8]) -> String {
    let message = [format!("{id}.{timestamp}.").as_bytes(), body].concat();
    let signature = bank_signing_key().sign(&message);
    format!("v1a,{}", STANDARD.encode(signature.to_bytes()))
}

pub fn standard(id: &str, timestamp: &str, signature: &str, body: &[u8]) -> Delivery {
    delivery(
        &[
            ("webhook-id", id),
            ("webhook-timestamp", timestamp),
            ("webhook-signature", signature),
        ],
        body,
    )
}

/// A fresh notice of a bank with this body.
pub fn standard_now(body: &[u8]) -> Delivery {
    let timestamp = NOW.to_string();
    let signature = standard_v1(SECRET.as_bytes(), "msg_1", &timestamp, body);
    standard("msg_1", &timestamp, &signature, body)
}

pub const STANDARD_BODY: &str = r#"{"type":"bank.transaction.credited","data":{"transaction_id":"STX1","account_number":"1030000000117","virtual_account":null,"direction":"credit","amount":65000,"currency":"VND","content":"TH7K2M9XQ4","bank_reference":"FT26","booked_at":"2026-03-16T09:29:52+07:00"}}"#;

pub fn payos_credentials() -> Credentials {
    Credentials::new(Secret::text(SECRET))
}

/// A body of payOS with this `data`, signed over `signed`.
pub fn payos(data: &str, signed: &str) -> Delivery {
    let signature = hex::encode(hmac(SECRET.as_bytes(), &[signed.as_bytes()]));
    let body = format!(r#"{{"code":"00","data":{data},"signature":"{signature}"}}"#);
    delivery(&[], body.as_bytes())
}

pub const PAYOS_DATA: &str = r#"{"orderCode":93700,"amount":45000,"description":"CS TH7K2M9XQ4","accountNumber":"1030000000117","reference":"FT1","transactionDateTime":"2026-03-16 09:29:48","currency":"VND","paymentLinkId":"a9c3","code":"00","desc":"success","virtualAccountName":null,"virtualAccountNumber":null}"#;

pub const PAYOS_SIGNED: &str = "accountNumber=1030000000117&amount=45000&code=00&currency=VND&desc=success&description=CS TH7K2M9XQ4&orderCode=93700&paymentLinkId=a9c3&reference=FT1&transactionDateTime=2026-03-16 09:29:48&virtualAccountName=&virtualAccountNumber=";
