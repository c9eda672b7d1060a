//! SePay's list of transactions: the history beside its notices.
//!
//! Rules: developer.sepay.vn, "SePay API", version 1, transactions: it has the numbers of the
//! notices, which version 2 has not. Amounts are texts with two decimals, one for each way of
//! the money; `since_id` includes the row that it names; at most 5000 rows are given, the
//! newest ones when there are more.

use chrono::{DateTime, Utc};

use super::fields::{AmountForm, Fields, dedupe_key};
use super::history::{History, HistoryFault, HistoryPage, HistoryQuery, HistoryRow};
use super::json::{self, Json, Object};
use super::verdict::Unusable;
use crate::domain::credit::{BankFact, Direction, FactOutcome};
use crate::domain::day::vietnam_offset;
use crate::domain::money::Vnd;

/// How SePay's history is asked for and read, the same for both of its proofs.
pub(super) static HISTORY: History = History { target, read };

fn target(query: &HistoryQuery<'_>) -> String {
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    pairs.append_pair("account_number", query.account_number);
    if let Some(since_id) = query.since_id {
        pairs.append_pair("since_id", &since_id.to_string());
    }
    if let Some(from) = query.from {
        pairs.append_pair("transaction_date_min", &local(from, "%Y-%m-%d"));
    }
    if let Some(until) = query.until {
        pairs.append_pair("transaction_date_max", &local(until, "%Y-%m-%d %H:%M:%S"));
    }
    pairs.append_pair("limit", &query.limit.to_string());
    format!("/userapi/transactions/list?{}", pairs.finish())
}

fn local(at: DateTime<Utc>, form: &str) -> String {
    at.with_timezone(&vietnam_offset()).format(form).to_string()
}

fn read(body: &[u8]) -> Result<HistoryPage, HistoryFault> {
    let answer = json::read(body).map_err(|_| HistoryFault::Malformed)?;
    let answer = answer.as_object().ok_or(HistoryFault::Malformed)?;
    let is_good = |status: &Json| matches!(status, Json::Number(number) if number == "200");
    if !answer.get("status").is_some_and(is_good) {
        return Err(HistoryFault::Refused);
    }
    let Some(Json::Array(listed)) = answer.get("transactions") else {
        return Err(HistoryFault::Malformed);
    };
    let mut page = HistoryPage::default();
    for row in listed {
        let row = row.as_object().ok_or(Unusable::MalformedBody);
        match row.and_then(read_row) {
            Ok(row) => page.rows.push(row),
            Err(why) => page.unusable.push(why),
        }
    }
    Ok(page)
}

fn read_row(row: &Object) -> Result<HistoryRow, Unusable> {
    let fields = Fields::of(row);
    let id = fields.required_id("id")?;
    let number = id.parse().map_err(|_| Unusable::BadField("id"))?;
    let (direction, outcome, amount) = read_movement(fields)?;
    let fact = BankFact {
        provider: "sepay",
        dedupe_key: dedupe_key("sepay", &[&id]),
        provider_txn_id: id,
        direction,
        amount,
        account_number: Some(fields.required_name("account_number")?),
        virtual_account: fields.name("sub_account")?,
        content: Some(
            fields
                .text("transaction_content")?
                .unwrap_or_default()
                .to_owned(),
        ),
        bank_reference: fields.name("reference_number")?,
        merchant_reference: None,
        order_field_is_searched: false,
        provider_payment_code: fields.name("code")?,
        reverses: None,
        occurred_at: fields.local_time("transaction_date")?,
        outcome,
    };
    Ok(HistoryRow::new(number, fact))
}

/// One of the two amounts is zero and says nothing.
fn read_movement(fields: Fields<'_>) -> Result<(Direction, FactOutcome, Vnd), Unusable> {
    let is_zero = |name| {
        let written = fields.printed(name)?;
        Ok(written.is_none_or(|text| matches!(text.as_str(), "0" | "0.0" | "0.00")))
    };
    let amount = |name| fields.amount(name, AmountForm::NumberOrText);
    match (is_zero("amount_in")?, is_zero("amount_out")?) {
        (false, true) => Ok((Direction::Credit, FactOutcome::Paid, amount("amount_in")?)),
        (true, false) => Ok((
            Direction::Debit,
            FactOutcome::Ignored,
            amount("amount_out")?,
        )),
        (true, true) => Err(Unusable::BadAmount),
        (false, false) => Err(Unusable::Contradiction),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::banks::Reading;
    use crate::banks::sepay_hmac::read_notice;
    use serde_json::{Value, json};

    fn row() -> Value {
        json!({
            "id": "49682",
            "bank_brand_name": "MBBank",
            "account_number": "1030000000117",
            "transaction_date": "2026-03-16 09:29:41",
            "amount_out": "0.00",
            "amount_in": "45000.00",
            "accumulated": "1200541768.00",
            "transaction_content": "TH7K2M9XQ4 bún ốc",
            "reference_number": "FT26075000000001",
            "code": null,
            "sub_account": "",
            "bank_account_id": "19",
        })
    }

    fn page(rows: &[Value]) -> HistoryPage {
        let answer = json!({
            "status": 200,
            "error": null,
            "messages": {"success": true},
            "transactions": rows,
        });
        read(answer.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_row_says_what_the_notice_of_its_transaction_says() {
        let notice = json!({
            "id": 49_682,
            "gateway": "MBBank",
            "transactionDate": "2026-03-16 09:29:41",
            "accountNumber": "1030000000117",
            "subAccount": null,
            "code": null,
            "content": "TH7K2M9XQ4 bún ốc",
            "transferType": "in",
            "transferAmount": 45_000,
            "accumulated": 0,
            "referenceCode": "FT26075000000001",
            "description": "",
        });
        let notice = json::read(notice.to_string().as_bytes()).unwrap();
        let Ok(Reading::Transactions(facts)) = read_notice(&notice) else {
            panic!("a notice with one movement");
        };
        let page = page(&[row()]);
        assert_eq!(page.rows[0].fact(), &facts[0]);
        assert_eq!(page.rows[0].number(), 49_682);
    }

    #[test]
    fn a_row_that_cannot_be_read_spoils_no_other() {
        let with = |name: &str, value: Value| {
            let mut row = row();
            row[name] = value;
            row
        };
        for (row, wanted) in [
            (with("id", json!("x")), Unusable::BadField("id")),
            (with("id", Value::Null), Unusable::MissingField("id")),
            (with("amount_in", json!("0.00")), Unusable::BadAmount),
            (with("amount_in", json!("1e5")), Unusable::BadAmount),
            (with("amount_in", json!("-45000.00")), Unusable::BadAmount),
            (with("amount_in", json!("45000.50")), Unusable::BadAmount),
            (with("amount_out", json!("1.00")), Unusable::Contradiction),
            (
                with("account_number", json!("")),
                Unusable::MissingField("account_number"),
            ),
            (
                with("transaction_date", json!("16/03/2026")),
                Unusable::BadField("transaction_date"),
            ),
            (json!("row"), Unusable::MalformedBody),
        ] {
            let page = page(&[row.clone(), self::row()]);
            assert_eq!((page.unusable, page.rows.len()), (vec![wanted], 1), "{row}");
        }
        let out = with("amount_out", json!("45000.00"));
        let mut out = out.clone();
        out["amount_in"] = json!("0.00");
        let page = page(&[out]);
        let fact = page.rows[0].fact();
        assert_eq!(
            (fact.direction, fact.outcome),
            (Direction::Debit, FactOutcome::Ignored)
        );
    }

    #[test]
    fn what_is_no_list_is_a_fault() {
        for (body, wanted) in [
            ("", HistoryFault::Malformed),
            ("<html>", HistoryFault::Malformed),
            ("[]", HistoryFault::Malformed),
            ("{}", HistoryFault::Refused),
            (r#"{"status":401,"error":"x"}"#, HistoryFault::Refused),
            (r#"{"status":200}"#, HistoryFault::Malformed),
            (
                r#"{"status":200,"transactions":{}}"#,
                HistoryFault::Malformed,
            ),
            (
                r#"{"status":200,"status":200,"transactions":[]}"#,
                HistoryFault::Malformed,
            ),
        ] {
            assert_eq!(read(body.as_bytes()).unwrap_err(), wanted, "{body}");
        }
    }

    #[test]
    fn a_query_names_only_what_is_asked_for() {
        let at: DateTime<Utc> = "2026-03-15T20:00:05Z".parse().unwrap();
        let bare = HistoryQuery {
            account_number: "103 0&1",
            since_id: None,
            from: None,
            until: None,
            limit: 1000,
        };
        let path = "/userapi/transactions/list?account_number=103+0%261";
        assert_eq!(target(&bare), format!("{path}&limit=1000"));
        let whole = HistoryQuery {
            since_id: Some(7),
            from: Some(at),
            until: Some(at),
            ..bare
        };
        let asked = "since_id=7&transaction_date_min=2026-03-16\
            &transaction_date_max=2026-03-16+03%3A00%3A05&limit=1000";
        assert_eq!(target(&whole), format!("{path}&{asked}"));
    }
}
