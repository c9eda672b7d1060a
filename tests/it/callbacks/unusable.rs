//! Authentic deliveries that say nothing usable: kept for people, never money.

use phocho::banks::{ADAPTERS, NoticeKind, Outcome, Reading, Refusal, Unusable};
use phocho::domain::credit::{Direction, FactOutcome};

use super::signing::*;

fn standard_reading(body: &str) -> Reading {
    let delivery = standard_now(body.as_bytes());
    let verified = judge("standard_webhooks", &standard_credentials(), &delivery);
    verified.expect("signed").into_reading()
}

fn sepay_reading(body: &str) -> Reading {
    let verified = judge(
        "sepay_hmac",
        &sepay_credentials(),
        &sepay_now(body.as_bytes()),
    );
    verified.expect("signed").into_reading()
}

#[track_caller]
fn assert_unusable(reading: &Reading, wanted: Unusable, name: &str) {
    match reading {
        Reading::Unusable(why) => assert_eq!(*why, wanted, "{name}"),
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn a_banks_event_must_be_whole() {
    use Unusable::{
        BadAmount, BadField, Contradiction, MalformedBody, MissingField, OtherCurrency,
    };
    for (from, to, wanted) in [
        (
            r#""type":"bank.transaction.credited","#,
            "",
            MissingField("type"),
        ),
        (
            r#""type":"bank.transaction.credited""#,
            r#""type":7"#,
            BadField("type"),
        ),
        (r#""STX1""#, r#""""#, MissingField("transaction_id")),
        (r#""STX1""#, "5", BadField("transaction_id")),
        (
            r#""1030000000117""#,
            "1030000000117",
            BadField("account_number"),
        ),
        (r#""1030000000117""#, "null", MissingField("account_number")),
        (
            r#""direction":"credit""#,
            r#""direction":"debit""#,
            Contradiction,
        ),
        (
            r#""direction":"credit""#,
            r#""direction":"CREDIT""#,
            BadField("direction"),
        ),
        (r#""direction":"credit","#, "", MissingField("direction")),
        ("65000", "65000.0", BadAmount),
        ("65000", r#""65000""#, BadAmount),
        ("65000", "6.5e4", BadAmount),
        ("65000", "-65000", BadAmount),
        ("65000", "0", BadAmount),
        ("65000", "1000000000001", BadAmount),
        ("65000", "true", BadAmount),
        (r#""amount":65000,"#, "", MissingField("amount")),
        (r#""VND""#, r#""USD""#, OtherCurrency),
        (r#""VND""#, r#""vnd""#, OtherCurrency),
        (r#""currency":"VND","#, "", MissingField("currency")),
        (r#""content":"TH7K2M9XQ4","#, "", MissingField("content")),
        (
            r#""TH7K2M9XQ4""#,
            r#""TH7K2M9XQ4\u0000""#,
            BadField("content"),
        ),
        (r#""FT26""#, "26", BadField("bank_reference")),
        ("09:29:52+07:00", "09:29:52", BadField("booked_at")),
        ("2026-03-16", "2026-02-30", BadField("booked_at")),
        (r#""data":{"#, r#""data":[],"x":{"#, BadField("data")),
        (r#""data":{"#, r#""x":{"#, MissingField("data")),
        (STANDARD_BODY, "[]", MalformedBody),
        (STANDARD_BODY, "not JSON", MalformedBody),
        (STANDARD_BODY, "", MalformedBody),
    ] {
        let body = STANDARD_BODY.replace(from, to);
        assert_ne!(body, STANDARD_BODY, "{from}");
        assert_unusable(&standard_reading(&body), wanted, to);
    }
}

#[test]
fn a_banks_other_events_are_acknowledged_and_ignored() {
    for (kind, wanted) in [
        ("ping", NoticeKind::Ping),
        ("bank.account.closed", NoticeKind::OtherEvent),
        ("Ping", NoticeKind::OtherEvent),
    ] {
        let body = format!(r#"{{"type":"{kind}","data":null}}"#);
        match standard_reading(&body) {
            Reading::Nothing(found) => assert_eq!(found, wanted),
            other => panic!("{kind}: {other:?}"),
        }
    }
    let debit = STANDARD_BODY
        .replace("credited", "debited")
        .replace("\"credit\"", "\"debit\"");
    let reversed = STANDARD_BODY
        .replace("credited", "reversed")
        .replace("\"credit\"", "\"debit\"")
        .replace("\"STX1\"", "\"STX2\",\"reverses_transaction_id\":\"STX1\"");
    for (body, reverses) in [(debit, None), (reversed, Some("STX1"))] {
        let Reading::Transactions(facts) = standard_reading(&body) else {
            panic!("{body}");
        };
        assert_eq!(facts[0].direction, Direction::Debit);
        assert_eq!(facts[0].outcome, FactOutcome::Ignored);
        assert_eq!(facts[0].reverses.as_deref(), reverses);
        assert!(facts[0].is_booked());
    }
}

#[test]
fn a_reversal_names_what_it_takes_back() {
    let missing = Unusable::MissingField("reverses_transaction_id");
    let reversed = STANDARD_BODY.replace("credited", "reversed");
    for direction in ["credit", "debit"] {
        let direction = format!("\"direction\":\"{direction}\"");
        let body = reversed.replace("\"direction\":\"credit\"", &direction);
        assert_unusable(&standard_reading(&body), missing, &direction);
        let named = |value: &str| {
            let id = format!("\"STX1\",\"reverses_transaction_id\":{value}");
            standard_reading(&body.replace("\"STX1\"", &id))
        };
        assert_unusable(&named("null"), missing, &direction);
        assert_unusable(&named("\"\""), missing, &direction);
        assert!(matches!(named("\"STX0\""), Reading::Transactions(_)));
    }
}

#[test]
fn a_sepay_notice_must_be_whole() {
    use Unusable::{BadAmount, BadField, MalformedBody, MissingField};
    for (from, to, wanted) in [
        (r#""id":92700,"#, "", MissingField("id")),
        (r#""id":92700"#, r#""id":-1"#, BadField("id")),
        (r#""id":92700"#, r#""id":9.27e4"#, BadField("id")),
        (r#""in""#, r#""IN""#, BadField("transferType")),
        (r#""transferType":"in","#, "", MissingField("transferType")),
        (r#""1030000000117""#, r#""""#, MissingField("accountNumber")),
        ("09:29:41", "09:29", BadField("transactionDate")),
        ("09:29:41", "25:29:41", BadField("transactionDate")),
        ("45000", "45000.5", BadAmount),
        ("45000", "-45000", BadAmount),
        ("45000", "0", BadAmount),
        ("45000", r#""45.000""#, BadAmount),
        ("45000", "4.5e4", BadAmount),
        ("45000", "null", MissingField("transferAmount")),
        (SEPAY_BODY, "{", MalformedBody),
    ] {
        let body = SEPAY_BODY.replace(from, to);
        assert_ne!(body, SEPAY_BODY, "{from}");
        assert_unusable(&sepay_reading(&body), wanted, to);
    }
}

#[test]
fn a_payos_notice_must_be_whole() {
    use Unusable::{BadAmount, BadField, MissingField, OtherCurrency};
    for (field, was, is, printed, wanted) in [
        ("amount", "45000", "45000.5", "45000.5", BadAmount),
        ("amount", "45000", "4.5e4", "45000", BadAmount),
        ("amount", "45000", "0", "0", BadAmount),
        ("currency", "\"VND\"", "\"USD\"", "USD", OtherCurrency),
        ("currency", "\"VND\"", "null", "", MissingField("currency")),
        (
            "reference",
            "\"FT1\"",
            "\"null\"",
            "",
            MissingField("reference"),
        ),
        (
            "paymentLinkId",
            "\"a9c3\"",
            "null",
            "",
            MissingField("paymentLinkId"),
        ),
        (
            "accountNumber",
            "\"1030000000117\"",
            "1030000000117",
            "1030000000117",
            BadField("accountNumber"),
        ),
        (
            "transactionDateTime",
            "\"2026-03-16 09:29:48\"",
            "\"x\"",
            "x",
            BadField("transactionDateTime"),
        ),
    ] {
        let data = PAYOS_DATA.replace(&format!("\"{field}\":{was}"), &format!("\"{field}\":{is}"));
        let printed_before = was.trim_matches('"');
        let signed = PAYOS_SIGNED.replace(
            &format!("{field}={printed_before}"),
            &format!("{field}={printed}"),
        );
        let verified = judge("payos", &payos_credentials(), &payos(&data, &signed));
        assert_unusable(verified.expect(field).reading(), wanted, is);
    }
}

#[test]
fn a_vendor_is_told_what_ends_or_repeats_a_delivery() {
    for adapter in ADAPTERS {
        let name = adapter.name();
        let told = |outcome: &Outcome| {
            let answer = adapter.acknowledge(outcome, call(Some("trace-1")));
            let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
            // What the vendor reads: its number where it has one, else the status.
            let number = match name {
                "vnpay_ipn" => body["RspCode"].to_string(),
                "zalopay_callback" => body["return_code"].to_string(),
                "acb" => body["responseStatus"]["responseCode"].to_string(),
                "vietqr_vn" => format!("{} {}", answer.status, body["error"]),
                _ => answer.status.to_string(),
            };
            (number, answer.retry_after_s.is_some())
        };
        let [stored, repeated, quarantined, refused, unavailable] = match name {
            "vnpay_ipn" => [r#""00""#, r#""02""#, r#""00""#, r#""97""#, r#""99""#],
            "zalopay_callback" => ["1", "2", "1", "-1", "0"],
            "acb" => {
                let (stored, refused, again) = (r#""00000000""#, r#""40100001""#, r#""50300001""#);
                [stored, stored, stored, refused, again]
            }
            "momo_ipn" => ["204", "204", "204", "401", "503"],
            "vietqr_vn" => ["200 false", "200 false", "200 true", "401 true", "503 true"],
            _ => ["200", "200", "200", "401", "503"],
        };
        for (outcome, wanted, again) in [
            (Outcome::Stored { receipt: None }, stored, false),
            (Outcome::Repeated { receipt: None }, repeated, false),
            (
                Outcome::Quarantined(Unusable::BadAmount),
                quarantined,
                false,
            ),
            (Outcome::Refused(Refusal::SignatureMismatch), refused, false),
            (Outcome::Refused(Refusal::OtherTerminal), refused, false),
            (Outcome::Unavailable, unavailable, true),
        ] {
            let wanted = (wanted.to_owned(), again);
            assert_eq!(told(&outcome), wanted, "{name}: {outcome:?}");
        }
    }
}
