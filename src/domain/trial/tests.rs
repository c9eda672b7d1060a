use std::collections::BTreeSet;

use super::*;
use crate::domain::matching::{Texts, decide};
use crate::domain::money::Vnd;

const REFERENCE: &str = "TH7K2M9XQ4";

fn fact(content: &str) -> BankFact {
    BankFact {
        provider: "standard",
        provider_txn_id: "T1".into(),
        dedupe_key: "standard:1:T1".into(),
        direction: Direction::Credit,
        amount: Vnd::new(45_000).unwrap(),
        account_number: Some("9912345678901".into()),
        virtual_account: None,
        content: Some(content.to_owned()),
        bank_reference: None,
        merchant_reference: None,
        order_field_is_searched: false,
        provider_payment_code: None,
        reverses: None,
        occurred_at: DateTime::UNIX_EPOCH,
        outcome: FactOutcome::Paid,
    }
}

fn explained(fact: &BankFact) -> Explanation {
    let texts = Texts {
        content: fact.content.as_deref().unwrap_or_default(),
        order_field: fact.merchant_reference.as_deref(),
    };
    decide(texts, &BTreeSet::from([REFERENCE.to_owned()]))
}

fn credit(content: &str, came: Came) -> Movement {
    let fact = fact(content);
    let why = explained(&fact);
    Movement::of(&fact, came, Some(why))
}

fn told(verdict: Verdict, movement: Movement) -> Findings {
    Findings {
        movements: vec![movement],
        movements_told: 1,
        ..Findings::new(verdict, "")
    }
}

fn refused(kind: RefusedAs) -> Findings {
    Findings {
        refused_as: Some(kind),
        ..Findings::new(Verdict::Refused, "signature_mismatch")
    }
}

#[test]
fn a_check_is_passed_by_what_shows_it_and_by_nothing_else() {
    use Check::{
        Accepted, ForgedRefused, MangledFound, NotMoney, ReferenceFound, Repeat, StaleRefused,
        TwoAlike,
    };
    let never = Before::default();
    let after = Before {
        accepted: true,
        same_text: false,
    };
    let alike = Before {
        accepted: true,
        same_text: true,
    };
    let debit = BankFact {
        direction: Direction::Debit,
        outcome: FactOutcome::Ignored,
        ..fact(REFERENCE)
    };
    let failed = BankFact {
        outcome: FactOutcome::Failed,
        ..fact(REFERENCE)
    };
    let plain = || credit(REFERENCE, Came::New);
    let out = |why| told(Verdict::Accepted, Movement::of(&debit, Came::New, why));
    let not_booked = Movement::of(&failed, Came::NotBooked, None);
    let changed = credit("MBVCB.1.TH7K2M9XQ4.CT", Came::New);
    let (again, other) = (
        credit(REFERENCE, Came::Again),
        credit(REFERENCE, Came::OtherFacts),
    );
    let foreign = credit(REFERENCE, Came::OtherAccount);
    #[rustfmt::skip]
    let cases: [(&str, Findings, Before, &[Check]); 15] = [
        ("a credit", told(Verdict::Accepted, plain()), never, &[Accepted, ReferenceFound]),
        ("a credit without a reference", told(Verdict::Accepted, credit("com trua", Came::New)), never, &[Accepted]),
        ("a changed text", told(Verdict::Accepted, changed), never, &[Accepted, ReferenceFound, MangledFound]),
        ("the same text again", told(Verdict::Accepted, plain()), alike, &[Accepted, ReferenceFound, TwoAlike]),
        ("a repeat", told(Verdict::Repeated, again), alike, &[Repeat]),
        ("a contradiction", told(Verdict::Conflict, other), alike, &[]),
        ("another account", told(Verdict::Quarantined, foreign), after, &[]),
        ("money out", out(None), after, &[NotMoney]),
        ("money out taken for a payment", out(Some(explained(&debit))), after, &[]),
        ("a failed payment", told(Verdict::Failed, not_booked), never, &[NotMoney]),
        ("a forgery too early", refused(RefusedAs::Forged), never, &[]),
        ("a forgery", refused(RefusedAs::Forged), after, &[ForgedRefused]),
        ("an old time", refused(RefusedAs::Stale), never, &[StaleRefused]),
        ("no form", refused(RefusedAs::Malformed), after, &[]),
        ("a ping", Findings::new(Verdict::Ignored, "ping"), after, &[]),
    ];
    for (name, findings, before, wanted) in cases {
        assert_eq!(shown_by(&findings, before), wanted, "{name}");
    }
}

#[test]
fn a_text_is_changed_when_it_does_not_simply_begin_with_the_reference() {
    for (content, wanted) in [
        ("TH7K2M9XQ4", false),
        (" TH7K2M9XQ4 bun oc", false),
        ("TH7K2M9XQ4\nbun oc", false),
        ("TH7K2M9XQ4.CT tu 1", true),
        ("th7k2m9xq4", true),
        ("TH7K2 M9XQ4", true),
        ("IBFT NGUYEN VAN AN TH7K2M9XQ4", true),
        ("com trua", false),
    ] {
        assert_eq!(credit(content, Came::New).changed_text, wanted, "{content}");
    }
    // Found in the order field only, the text shows nothing.
    let by_order = BankFact {
        merchant_reference: Some("TH7K2M9XQ42700".into()),
        ..fact("com trua")
    };
    let why = explained(&by_order);
    assert!(why.reference.is_some());
    assert!(!Movement::of(&by_order, Came::New, Some(why)).changed_text);
}

#[test]
fn a_check_stands_by_the_first_pass_else_by_the_last_try() {
    let at = DateTime::UNIX_EPOCH;
    let stand = |check, tells, passed, recent: &[(i64, Findings)]| {
        let recent = recent.iter().map(|(number, findings)| (*number, findings));
        standing(check, tells, passed, recent)
    };
    let forged = refused(RefusedAs::Forged);
    let conflict = told(Verdict::Conflict, credit(REFERENCE, Came::OtherFacts));
    let nameless = told(Verdict::Accepted, credit("com trua", Came::New));
    let tells = Tells {
        signed_time: true,
        ..Tells::MOST
    };
    let recent = [(3, conflict), (2, nameless), (1, forged)];
    for (check, passed, wanted) in [
        (
            Check::Accepted,
            Some((9, at)),
            Standing::Passed { number: 9, at },
        ),
        (Check::Accepted, None, Standing::Failed { number: 3 }),
        (Check::ReferenceFound, None, Standing::Failed { number: 2 }),
        (Check::MangledFound, None, Standing::Failed { number: 2 }),
        (Check::Repeat, None, Standing::Failed { number: 3 }),
        (Check::TwoAlike, None, Standing::Failed { number: 3 }),
        (Check::ForgedRefused, None, Standing::Open),
        (Check::StaleRefused, None, Standing::Open),
        (Check::NotMoney, None, Standing::Open),
    ] {
        assert_eq!(stand(check, tells, passed, &recent), wanted, "{check:?}");
        assert_eq!(
            stand(check, tells, passed, &[]).is_complete(),
            passed.is_some()
        );
    }
    let least = Tells {
        signed_time: false,
        text: false,
        no_money: false,
    };
    let absent = Check::ALL.map(|check| stand(check, least, None, &recent));
    let absent = absent.iter().filter(|it| **it == Standing::NotInFormat);
    assert_eq!(absent.count(), 3);
    assert!(Standing::NotInFormat.is_complete());
}

#[test]
fn what_is_listed_is_bounded_and_reads_back() {
    let long = format!("{REFERENCE} {}", "ở".repeat(5_000));
    let findings = told(Verdict::Accepted, credit(&long, Came::New));
    let content = findings.movements[0].content.clone().unwrap();
    assert_eq!(content.chars().count(), 301);
    let stored = serde_json::to_string(&findings).unwrap();
    assert_eq!(serde_json::from_str::<Findings>(&stored).unwrap(), findings);
    let words: BTreeSet<_> = Check::ALL.iter().map(|check| check.as_str()).collect();
    assert_eq!(words.len(), Check::ALL.len());
    for check in Check::ALL {
        assert_eq!(Check::parse(check.as_str()), Some(check));
    }
}
