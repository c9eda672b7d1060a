//! Formats that show a key in a header.

use super::*;

pub const TOKEN: &str = SECRET;

pub fn credentials() -> Credentials {
    Credentials::new(Secret::text(TOKEN))
}

const CASSO_BODY: &str = r#"{"error":0,"data":[{"id":93400,"tid":"FT1","description":"TH7K2M9XQ4","amount":45000,"when":"2026-03-16 09:25:00","bank_sub_acc_id":"1030000000117","virtualAccount":""}]}"#;

const PAY2S_BODY: &str = r#"{"transactions":[{"id":"93600","gateway":"ACB","transactionDate":"2026-03-16 09:28:20","transactionNumber":"10418","accountNumber":"1030000000117","content":"TH7K2M9XQ4","transferType":"IN","transferAmount":45000,"checksum":"5d"}]}"#;

const ACB_BODY: &str = r#"{"requestTrace":"t-1","requestParameters":{"request":{"requestMeta":{"requestType":"NOTIFICATION","requestCode":"TRANSACTION_UPDATE"},"requestParams":{"pagination":{"page":1,"pageSize":1,"totalPage":1},"transactions":[{"transactionStatus":"COMPLETED","transactionCode":"94600","accountNumber":"1030000000117","transactionDate":"2026-03-16T09:28:20+07:00","debitOrCredit":"CREDIT","amount":45000,"transactionContent":"TH7K2M9XQ4"}]}}}}"#;

/// A format of this kind.
struct Format {
    adapter: &'static str,
    header: &'static str,
    scheme: &'static str,
    body: &'static str,
    amount: &'static str,
    account: &'static str,
    id: &'static str,
    time: &'static str,
}

const SEPAY: Format = Format {
    adapter: "sepay_apikey",
    header: "authorization",
    scheme: "Apikey ",
    body: SEPAY_BODY,
    amount: "transferAmount",
    account: "accountNumber",
    id: "id",
    time: "transactionDate",
};

const CASSO: Format = Format {
    adapter: "casso_v1",
    header: "secure-token",
    scheme: "",
    body: CASSO_BODY,
    amount: "amount",
    account: "bank_sub_acc_id",
    id: "id",
    time: "when",
};

const PAY2S: Format = Format {
    adapter: "pay2s",
    header: "authorization",
    scheme: "Bearer ",
    body: PAY2S_BODY,
    amount: "transferAmount",
    account: "accountNumber",
    id: "id",
    time: "transactionDate",
};

const ACB: Format = Format {
    adapter: "acb",
    header: "x-api-key",
    scheme: "",
    body: ACB_BODY,
    amount: "amount",
    account: "accountNumber",
    id: "transactionCode",
    time: "transactionDate",
};

impl Format {
    fn with(&self, token: &str, body: &[u8]) -> Delivery {
        let value = format!("{}{token}", self.scheme);
        delivery(&[(self.header, &value)], body)
    }

    /// Another body with the good token.
    fn telling(&self, body: &[u8]) -> Delivery {
        self.with(TOKEN, body)
    }

    fn variants(&self) -> Variants {
        let genuine = self.with(TOKEN, self.body.as_bytes());
        let mut variants = Variants::of(self.adapter, credentials(), &genuine);
        self.add_tokens(&mut variants);
        self.add_bodies(&mut variants);
        variants
    }

    fn add_tokens(&self, variants: &mut Variants) {
        let body = self.body.as_bytes();
        let (header, good) = (self.header, format!("{}{TOKEN}", self.scheme));
        for (name, token) in [
            ("empty", String::new()),
            ("a prefix", TOKEN[..8].to_owned()),
            ("the last letter lost", TOKEN[..TOKEN.len() - 1].to_owned()),
            ("the first letter lost", TOKEN[1..].to_owned()),
            ("a letter more", format!("{TOKEN}x")),
            ("upper case", TOKEN.to_uppercase()),
            ("another source's", OTHER_SECRET.to_owned()),
            ("space before", format!(" {TOKEN}")),
            ("space after", format!("{TOKEN} ")),
            ("in quotes", format!("\"{TOKEN}\"")),
            ("twice", format!("{TOKEN},{TOKEN}")),
            ("after a wrong one", format!("x,{TOKEN}")),
            ("hex of it", hex::encode(TOKEN)),
            ("a pattern", "*".to_owned()),
        ] {
            let delivery = self.with(&token, body);
            variants.add(name, delivery, Refused(Refusal::BadToken));
        }
        for (name, value) in [
            ("in another scheme", format!("Basic {TOKEN}")),
            ("in upper case", good.to_uppercase()),
            ("with two schemes", format!("{}{good}", "Token ")),
            ("null", "null".to_owned()),
        ] {
            let delivery = delivery(&[(header, &value)], body);
            variants.add(name, delivery, Refused(Refusal::BadToken));
        }
        let pair = (header, good.as_str());
        for (name, headers, refusal) in [
            ("no header", vec![], Refusal::BadToken),
            (
                "twice the header",
                vec![pair, pair],
                Refusal::RepeatedHeader,
            ),
            (
                "a wrong one too",
                vec![pair, (header, "x")],
                Refusal::RepeatedHeader,
            ),
            ("a tab", vec![(header, "\t")], Refusal::MalformedHeader),
            (
                "letters beyond ASCII",
                vec![(header, "Apikey ậ")],
                Refusal::MalformedHeader,
            ),
            (
                "another header",
                vec![("x-token", good.as_str())],
                Refusal::BadToken,
            ),
        ] {
            variants.add(name, delivery(&headers, body), Refused(refusal));
        }
        let mut by_query = delivery(&[], body);
        by_query.query = format!("{header}={TOKEN}");
        variants.add("in the query", by_query, Refused(Refusal::BadToken));
        let mut read = self.with(TOKEN, body);
        read.method = "GET".into();
        variants.add("a GET", read, Refused(Refusal::WrongMethod));
    }

    fn add_bodies(&self, variants: &mut Variants) {
        let field = |name: &str| format!("\"{name}\":");
        let changed = |name: &str, value: &str| {
            let (before, after) = self.body.split_once(&field(name)).unwrap();
            let end = after.find([',', '}']).unwrap();
            let body = format!("{before}{}{value}{}", field(name), &after[end..]);
            self.telling(body.as_bytes())
        };
        for amount in BAD_AMOUNTS {
            variants.add(
                amount,
                changed(self.amount, amount),
                Kept(Unusable::BadAmount),
            );
        }
        for (name, field, value, why) in [
            (
                "no amount",
                self.amount,
                "null",
                Unusable::MissingField(self.amount),
            ),
            (
                "no account",
                self.account,
                "null",
                Unusable::MissingField(self.account),
            ),
            (
                "NUL in the account",
                self.account,
                r#""1\u0000""#,
                Unusable::BadField(self.account),
            ),
            (
                "a number as account",
                self.account,
                "1030000000117",
                Unusable::BadField(self.account),
            ),
            ("no id", self.id, "null", Unusable::MissingField(self.id)),
            (
                "a fraction as id",
                self.id,
                "9.5",
                Unusable::BadField(self.id),
            ),
            (
                "no such time",
                self.time,
                r#""2026-02-30 09:00:00""#,
                Unusable::BadField(self.time),
            ),
        ] {
            variants.add(name, changed(field, value), Kept(why));
        }
        for (name, body) in ambiguous(self.body) {
            variants.add(name, self.telling(&body), Refused(Refusal::AmbiguousBody));
        }
        for body in ["", "not JSON", "[]", "null"] {
            let delivery = self.telling(body.as_bytes());
            variants.add(body, delivery, Kept(Unusable::MalformedBody));
        }
    }
}

pub fn sepay(token: &str) -> Delivery {
    SEPAY.with(token, SEPAY_BODY.as_bytes())
}

pub fn casso(token: &str) -> Delivery {
    CASSO.with(token, CASSO_BODY.as_bytes())
}

pub fn pay2s(token: &str) -> Delivery {
    PAY2S.with(token, PAY2S_BODY.as_bytes())
}

pub fn acb(token: &str) -> Delivery {
    ACB.with(token, ACB_BODY.as_bytes())
}

/// Variants of a genuine notice of each format.
pub(super) fn all() -> Vec<Variants> {
    let formats = [SEPAY, CASSO, PAY2S, ACB];
    formats.iter().map(Format::variants).collect()
}

#[test]
fn a_key_in_a_header_is_one_exact_text() {
    all().into_iter().for_each(Variants::check);
}

#[test]
fn a_delivery_of_several_movements_is_read_whole_or_kept_whole() {
    let entry = |body: &str| {
        let (start, end) = (body.find("[{").unwrap() + 1, body.rfind('}').unwrap() - 1);
        body[start..end].to_owned()
    };
    for (format, list) in [(CASSO, "data"), (PAY2S, "transactions")] {
        let reading = |entries: &[String]| {
            let body = format!(r#"{{"{list}":[{}]}}"#, entries.join(","));
            let verified = judge(
                format.adapter,
                &credentials(),
                &format.telling(body.as_bytes()),
            );
            verified.unwrap().into_reading()
        };
        let good = entry(format.body);
        let other = good.replace("936", "946").replace("934", "944");
        let bad = other.replace("45000", "0");
        match reading(&[good.clone(), other]) {
            Reading::Transactions(facts) => {
                assert_eq!(facts.len(), 2);
                assert_ne!(facts[0].dedupe_key, facts[1].dedupe_key);
            }
            other => panic!("{other:?}"),
        }
        for (entries, wanted) in [
            (vec![good.clone(), bad], Unusable::BadAmount),
            (vec![good, "1".to_owned()], Unusable::BadField(list)),
        ] {
            match reading(&entries) {
                Reading::Unusable(why) => assert_eq!(why, wanted),
                other => panic!("{other:?}"),
            }
        }
        assert!(matches!(reading(&[]), Reading::Nothing(_)));
    }
}
