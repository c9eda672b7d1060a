//! SePay's list of transactions from the vendor's side: what a row says, and which rows are
//! given to whoever asks. [`server`] gives them over HTTP.
//!
//! Rules: developer.sepay.vn, "SePay API", version 1, transactions; see
//! [`crate::banks`] for the side that asks.

pub mod server;

use serde_json::{Value, json};

use super::{Credit, local, reference};

/// The most rows of one answer.
pub const ROWS_MAX: usize = 5_000;

/// In which order rows are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The lowest number first.
    OldestFirst,
    /// The highest number first, as SePay does.
    NewestFirst,
}

/// The rows that a vendor has, and how it lists them.
#[derive(Clone, Debug)]
pub struct SepayList {
    /// The rows, in any order.
    pub rows: Vec<Value>,
    /// In which order they are listed.
    pub order: Order,
    /// Rows of one answer at most, whatever is asked for.
    pub page_max: usize,
    /// Whether it lists every account, whichever is asked for.
    pub all_accounts: bool,
}

impl Default for SepayList {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            order: Order::NewestFirst,
            page_max: ROWS_MAX,
            all_accounts: false,
        }
    }
}

/// A credit as it stands in the list of `bank`'s movements: what its notice says, in the
/// list's own words.
pub fn row(bank: &str, credit: &Credit<'_>) -> Value {
    json!({
        "id": credit.number.to_string(),
        "bank_brand_name": bank,
        "account_number": credit.account,
        "transaction_date": local(credit.booked_at),
        "amount_out": "0.00",
        "amount_in": format!("{}.00", credit.amount_vnd),
        "accumulated": "0.00",
        "transaction_content": credit.content,
        "reference_number": reference(credit),
        "code": null,
        "sub_account": null,
        "bank_account_id": "19",
    })
}

/// The vendor's number of a row.
fn number(row: &Value) -> u64 {
    let number = row["id"].as_str().and_then(|text| text.parse().ok());
    number.expect("every row has a number")
}

/// The document around rows.
fn document(rows: &[Value]) -> Value {
    json!({
        "status": 200,
        "error": null,
        "messages": {"success": true},
        "transactions": rows,
    })
}

impl SepayList {
    /// The rows that a query asks for, as many as one answer holds. `None` when a number in it
    /// is none.
    pub fn page(&self, query: &str) -> Option<Vec<Value>> {
        let asked = |name: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            let found = pairs.find(|(key, _)| key == name);
            found.map(|(_, value)| value.into_owned())
        };
        let since = asked("since_id").map_or(Ok(0), |since| since.parse());
        let limit = asked("limit").map_or(Ok(ROWS_MAX), |limit| limit.parse());
        let (since, limit): (u64, usize) = (since.ok()?, limit.ok()?);
        let account = asked("account_number").filter(|_| !self.all_accounts);
        let least = asked("transaction_date_min");
        let most = asked("transaction_date_max");
        let is_asked_for = |row: &&Value| {
            let at = row["transaction_date"].as_str().unwrap_or_default();
            number(row) >= since
                && (account.as_ref()).is_none_or(|it| row["account_number"] == **it)
                && least.as_deref().is_none_or(|least| at >= least)
                && most.as_deref().is_none_or(|most| at <= most)
        };
        let mut rows: Vec<_> = self.rows.iter().filter(is_asked_for).cloned().collect();
        rows.sort_by_key(number);
        if self.order == Order::NewestFirst {
            rows.reverse();
        }
        rows.truncate(self.page_max.min(limit));
        Some(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::banks::{Reading, adapter_by_name};
    use crate::cli::bank::{CreditState, Proof, Sender, format_of};

    fn credit(number: u64, account: &str) -> Credit<'_> {
        Credit {
            number,
            account,
            amount_vnd: 45_000,
            content: "TH7K2M9XQ4 bún ốc".to_owned(),
            order: "TH7K2M9XQ4",
            booked_at: "2026-11-24T02:30:41Z".parse().unwrap(),
            state: CreditState::Booked,
        }
    }

    fn list() -> SepayList {
        let rows = [7, 3, 5].map(|number| row("MBBank", &credit(number, "101")));
        let mut rows = rows.to_vec();
        rows.push(row("MBBank", &credit(4, "102")));
        SepayList {
            rows,
            ..SepayList::default()
        }
    }

    #[test]
    fn a_row_says_what_the_notice_of_its_credit_says() {
        let credit = credit(92_704, "1030000000117");
        for name in ["sepay_hmac", "sepay_apikey"] {
            let (format, adapter) = (format_of(name).unwrap(), adapter_by_name(name).unwrap());
            let secret = adapter.make_secret(&[7; 32]);
            let secret = secret.unwrap_or_else(|| crate::banks::Secret::text("7".repeat(32)));
            let sender = Sender {
                bank: "MBBank",
                proof: &Proof::Shared(secret.clone()),
                config: &std::collections::BTreeMap::new(),
                token: None,
            };
            let at = credit.booked_at;
            let signed = (format.sign)(&sender, std::slice::from_ref(&credit), at);
            let known = crate::banks::Credentials::new(secret);
            let told = adapter
                .verify(&signed.delivery("bank"), &known, at)
                .unwrap();
            let Reading::Transactions(facts) = told.into_reading() else {
                panic!("a notice with one movement");
            };
            let listed = document(&[(format.row.unwrap())("MBBank", &credit)]);
            let read = adapter.history().unwrap().read;
            let page = read(listed.to_string().as_bytes()).unwrap();
            assert_eq!(page.rows[0].fact(), &facts[0], "{name}");
            assert_eq!(page.rows[0].number(), 92_704, "{name}");
        }
    }

    #[test]
    fn a_page_holds_what_is_asked_for_and_no_more_than_fits() {
        let numbers = |list: &SepayList, query: &str| -> Option<Vec<u64>> {
            Some(list.page(query)?.iter().map(number).collect())
        };
        let (day, moment) = ("2026-11-24", "2026-11-24+09%3A30%3A41");
        for (query, wanted) in [
            (String::new(), vec![7, 5, 4, 3]),
            ("account_number=101".into(), vec![7, 5, 3]),
            ("account_number=103".into(), vec![]),
            ("account_number=101&since_id=5".into(), vec![7, 5]),
            ("limit=2".into(), vec![7, 5]),
            (format!("transaction_date_min={day}"), vec![7, 5, 4, 3]),
            ("transaction_date_min=2026-11-25".into(), vec![]),
            (format!("transaction_date_max={moment}"), vec![7, 5, 4, 3]),
            (format!("transaction_date_max={day}+09%3A30%3A40"), vec![]),
        ] {
            assert_eq!(numbers(&list(), &query), Some(wanted), "{query}");
        }
        for query in ["since_id=x", "limit=-1", "limit="] {
            assert_eq!(numbers(&list(), query), None, "{query}");
        }
        let other = SepayList {
            order: Order::OldestFirst,
            page_max: 3,
            all_accounts: true,
            ..list()
        };
        assert_eq!(numbers(&other, "account_number=101"), Some(vec![3, 4, 5]));
    }
}
