//! ACB: the envelope, the two headers, identities across batches and corrections.

use phocho::domain::credit::{BankFact, Direction, FactOutcome};

use super::tokens::{TOKEN, acb, credentials};
use super::*;

/// A genuine notice with a part of its text changed.
fn changed(from: &str, to: &str) -> Delivery {
    let mut delivery = acb(TOKEN);
    let body = String::from_utf8(delivery.body).unwrap();
    assert!(body.contains(from), "{from}");
    delivery.body = body.replacen(from, to, 1).into_bytes();
    delivery
}

fn reading(delivery: &Delivery) -> Reading {
    judge("acb", &credentials(), delivery)
        .unwrap()
        .into_reading()
}

fn fact(delivery: &Delivery) -> BankFact {
    match reading(delivery) {
        Reading::Transactions(facts) => facts.into_iter().next().unwrap(),
        other => panic!("{other:?}"),
    }
}

/// The same movement with a trace and a reference beside its code.
const NUMBERS: (&str, &str) = (
    r#""transactionContent""#,
    r#""transactionEntityAttribute":{"traceNumber":"866229","referenceNumber":"FT1"},"transactionContent""#,
);

#[test]
fn a_key_is_shown_in_one_of_two_headers() {
    let body = acb(TOKEN).body;
    let (key, other) = (("x-api-key", TOKEN), ("authorization", TOKEN));
    for headers in [[key], [other]] {
        let verdict = judge("acb", &credentials(), &delivery(&headers, &body));
        assert!(verdict.is_ok(), "{headers:?}");
    }
    let empty = ("authorization", "");
    for headers in [[key, other], [key, key], [other, other], [key, empty]] {
        let verdict = judge("acb", &credentials(), &delivery(&headers, &body));
        assert_eq!(verdict.err(), Some(Refusal::RepeatedHeader), "{headers:?}");
    }
}

#[test]
fn a_notice_and_the_history_of_the_next_day_tell_of_one_transaction() {
    let (from, to) = NUMBERS;
    let told = fact(&changed(from, to));
    let mut history = changed(from, to);
    let body = String::from_utf8(history.body).unwrap();
    let body = body
        .replace("TRANSACTION_UPDATE", "TRANSACTION_HISTORY")
        .replace("\"t-1\"", "\"t-2\"")
        .replace("\"page\":1", "\"page\":7")
        .replace("\"totalPage\":1", "\"totalPage\":9");
    history.body = body.into_bytes();
    assert_eq!(fact(&history), told);
    assert_eq!(told.provider_txn_id, "94600/866229/FT1");
    assert_eq!(told.bank_reference.as_deref(), Some("FT1"));
    for (from, to) in [
        ("94600", "94601"),
        ("1030000000117", "1030000000118"),
        ("866229", "866230"),
        ("FT1", "FT2"),
    ] {
        let (mark, numbers) = NUMBERS;
        let body = String::from_utf8(changed(mark, numbers).body).unwrap();
        let mut other = acb(TOKEN);
        other.body = body.replacen(from, to, 1).into_bytes();
        assert_ne!(fact(&other).dedupe_key, told.dedupe_key, "{to}");
    }
}

#[test]
fn a_correction_is_a_movement_the_other_way_that_names_the_first() {
    for (way, back) in [("CREDIT", Direction::Debit), ("DEBIT", Direction::Credit)] {
        let first = fact(&changed("\"CREDIT\"", &format!("\"{way}\"")));
        let corrected = changed("COMPLETED", "ERRORCORRECTED");
        let body = String::from_utf8(corrected.body.clone()).unwrap();
        let mut corrected = corrected;
        corrected.body = body.replace("\"CREDIT\"", &format!("\"{way}\"")).into();
        let corrected = fact(&corrected);
        assert_eq!(corrected.direction, back);
        assert_eq!(corrected.outcome, FactOutcome::Ignored);
        assert!(corrected.is_booked());
        assert_eq!(corrected.reverses.as_ref(), Some(&first.provider_txn_id));
        assert_ne!(corrected.dedupe_key, first.dedupe_key);
        assert_ne!(corrected.provider_txn_id, first.provider_txn_id);
    }
}

#[test]
fn an_envelope_has_one_shape() {
    use Unusable::{BadField, MalformedBody, MissingField};
    for (from, to, wanted) in [
        (
            "requestParameters",
            "parameters",
            MissingField("requestParameters"),
        ),
        (
            r#""request":{"#,
            r#""requests":[],"request":{"#,
            BadField("requests"),
        ),
        (r#""request":{"#, r#""x":{"#, MissingField("requests")),
        (
            r#""request":{"#,
            r#""request":[],"x":{"#,
            BadField("request"),
        ),
        ("requestMeta", "meta", MissingField("requestMeta")),
        ("requestParams\"", "params\"", MissingField("requestParams")),
        ("transactions\"", "entries\"", MissingField("transactions")),
        (
            r#""transactions":["#,
            r#""transactions":[1,"#,
            BadField("transactions"),
        ),
        ("COMPLETED", "PENDING", BadField("transactionStatus")),
        ("COMPLETED", "", MissingField("transactionStatus")),
        ("\"CREDIT\"", "\"IN\"", BadField("debitOrCredit")),
        ("\"CREDIT\"", "null", MissingField("debitOrCredit")),
        (
            r#""transactionContent""#,
            r#""transactionEntityAttribute":[],"transactionContent""#,
            BadField("transactionEntityAttribute"),
        ),
    ] {
        match reading(&changed(from, to)) {
            Reading::Unusable(why) => assert_eq!(why, wanted, "{to}"),
            other => panic!("{to}: {other:?}"),
        }
    }
    let mut list = acb(TOKEN);
    list.body = b"[]".to_vec();
    assert!(matches!(reading(&list), Reading::Unusable(MalformedBody)));
}

#[test]
fn what_is_no_movement_is_acknowledged_and_ignored() {
    use phocho::banks::NoticeKind::{Empty, OtherEvent};
    for (from, to, wanted) in [
        ("TRANSACTION_UPDATE", "ACCOUNT_CLOSED", OtherEvent),
        ("TRANSACTION_UPDATE", "", OtherEvent),
        (r#""transactions":["#, r#""transactions":[],"x":["#, Empty),
        (r#""request":{"#, r#""requests":[],"x":{"#, Empty),
    ] {
        match reading(&changed(from, to)) {
            Reading::Nothing(kind) => assert_eq!(kind, wanted, "{to}"),
            other => panic!("{to}: {other:?}"),
        }
    }
}

#[test]
fn an_answer_repeats_the_callers_trace_when_it_is_a_name() {
    for (from, to, wanted) in [
        ("t-1", "t-1", Some("t-1")),
        ("\"t-1\"", "7", None),
        ("t-1", "", None),
        ("t-1", "a\\nb", None),
        ("requestTrace", "trace", None),
    ] {
        let verified = judge("acb", &credentials(), &changed(from, to)).unwrap();
        assert_eq!(verified.delivery_id(), wanted, "{to}");
    }
}
