//! An acquirer's code: read, checked and kept as it is.
//!
//! Its money goes to the acquirer, whom the merchant has a contract with; we neither issue it
//! nor change it. A code for an account transfer is never taken this way: it would pass by
//! the approval of accounts.

use super::place::find_place;
use super::record::{Change, record};
use super::{IssueError, IssuedCode, Issuer};
use crate::domain::code::{
    AmountLimits, AmountRule, CodeAmount, CodeKind, CodeScheme, CodeState, CodeTerms,
};
use crate::domain::ids::{CodeId, OutletId};
use crate::store::codes::{self, NewCode, StoredTerms};
use crate::store::{Tx, code_revisions, inconsistent};
use crate::vietqr::emvco::{self, Entry, Value};
use crate::vietqr::{Fields, read_leniently};

/// The service of a merchant payment in the national scheme.
const MERCHANT_SERVICE: &str = "QRPUSH";
/// Where the national scheme names the beneficiary.
const NATIONAL_ACCOUNT: &str = "38";
/// Where any scheme of the standard names the merchant's account.
const ACCOUNT_TAGS: std::ops::RangeInclusive<&str> = "02"..="51";
/// Where any scheme of the standard writes the currency.
const CURRENCY: &str = "53";
/// Where any scheme of the standard writes the amount.
const AMOUNT: &str = "54";
/// The number of the currency (ISO 4217).
const DONG: &str = "704";

/// A printed code of an acquirer.
#[derive(Clone, Copy, Debug)]
pub struct AcquirerCode<'a> {
    /// Where it hangs.
    pub outlet: OutletId,
    /// The text of its picture.
    pub payload: &'a str,
}

/// Registers an acquirer's static code at an open outlet. One text is in use once: the money
/// of two stalls could not be told apart.
pub async fn register(
    tx: &mut Tx,
    issuer: &Issuer<'_>,
    request: AcquirerCode<'_>,
) -> Result<IssuedCode, IssueError> {
    let rule = read(request.payload)?;
    let terms = CodeTerms::new(CodeKind::Static, CodeScheme::MerchantPay, rule)?;
    let place = find_place(tx, issuer.reach, request.outlet).await?;
    place.require_open()?;
    let shown = code_revisions::codes_with(tx, request.payload, 1).await?;
    for code in shown {
        if code.state()? == CodeState::Active {
            return Err(IssueError::AlreadyRegistered);
        }
    }
    let id = CodeId::from_uuid(issuer.entropy.uuid(issuer.now));
    let code = NewCode {
        id,
        merchant: place.merchant.id,
        outlet: place.outlet.id,
        account: None,
        kind: terms.kind().name().as_str(),
        scheme: terms.scheme().as_str(),
        reference: None,
        terms: StoredTerms::from(rule),
        expires_at: None,
        for_test: false,
        payload: request.payload.to_owned(),
        created_by: issuer.actor.to_owned(),
        now: issuer.now,
    };
    if !codes::insert(tx, &code).await? {
        return Err(inconsistent("payment_codes", "reference", id).into());
    }
    record(tx, issuer, id, Change::Registered, request.payload).await
}

/// What an acquirer's code says about the amount, if it is one in đồng: of the national scheme
/// with the merchant service, or of a scheme that names no national account.
fn read(payload: &str) -> Result<AmountRule, IssueError> {
    let (entries, _) = emvco::read_leniently(payload)?;
    let fields = if entries.iter().any(|entry| entry.tag == NATIONAL_ACCOUNT) {
        let fields = read_leniently(payload)?.fields;
        if fields.service.as_deref() != Some(MERCHANT_SERVICE) {
            return Err(IssueError::NotAnAcquirers);
        }
        fields
    } else if entries.iter().any(names_an_account) {
        let plain = |tag| text(&entries, tag).map(str::to_owned);
        Fields {
            currency: plain(CURRENCY),
            amount: plain(AMOUNT),
            ..Fields::default()
        }
    } else {
        return Err(IssueError::NotAnAcquirers);
    };
    if fields.currency.as_deref() != Some(DONG) {
        return Err(IssueError::OtherCurrency);
    }
    match fields.amount_vnd().transpose() {
        Ok(None) => Ok(AmountRule::Open(AmountLimits::default())),
        Ok(Some(amount)) => Ok(AmountRule::Fixed(CodeAmount::new(amount)?)),
        Err(_) => Err(IssueError::UnreadableAmount),
    }
}

/// The value of the object with this tag, if it is a text.
fn text<'a>(entries: &'a [Entry], tag: &str) -> Option<&'a str> {
    let entry = entries.iter().find(|entry| entry.tag == tag)?;
    match &entry.value {
        Value::Text(text) => Some(text),
        Value::Template(_) => None,
    }
}

fn names_an_account(entry: &Entry) -> bool {
    ACCOUNT_TAGS.contains(&entry.tag.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vietqr::{Payload, checksum};

    fn national(service: &str, amount: Option<&str>) -> String {
        let fields = Fields {
            initiation: Some("11".to_owned()),
            bin: Some("970436".to_owned()),
            account: Some("0011009950446".to_owned()),
            service: Some(service.to_owned()),
            currency: Some(DONG.to_owned()),
            amount: amount.map(str::to_owned),
            country: Some("VN".to_owned()),
            ..Fields::default()
        };
        Payload::from_fields(fields).unwrap().as_str().to_owned()
    }

    fn signed(body: &str) -> String {
        let body = format!("{body}6304");
        format!("{body}{:04X}", checksum(&body))
    }

    #[test]
    fn an_acquirers_code_is_taken_with_the_amount_it_carries() {
        let other = "00020101021126180006VNSHOP01041234";
        for (name, payload, wanted) in [
            ("national, open", national("QRPUSH", None), None),
            (
                "national, fixed",
                national("QRPUSH", Some("20000")),
                Some(20_000),
            ),
            (
                "own scheme, open",
                signed(&format!("{other}53037045802VN")),
                None,
            ),
            (
                "own scheme, fixed",
                signed(&format!("{other}53037045405500005802VN")),
                Some(50_000),
            ),
        ] {
            let rule = read(&payload).unwrap();
            let amount = rule.expected().map(|amount| amount.vnd().get());
            assert_eq!(amount, wanted, "{name}");
        }
    }

    #[test]
    fn a_transfer_code_and_foreign_money_are_not_registered() {
        let other = "00020101021126180006VNSHOP01041234";
        let error = |payload: String| read(&payload).unwrap_err();
        for service in ["QRIBFTTA", "QRIBFTTC", "QRCASH"] {
            let refused = error(national(service, None));
            assert!(matches!(refused, IssueError::NotAnAcquirers), "{service}");
        }
        let baht = error(signed(&format!("{other}53037645802TH")));
        assert!(matches!(baht, IssueError::OtherCurrency));
        let nowhere = error(signed("00020101021153037045802VN"));
        assert!(matches!(nowhere, IssueError::NotAnAcquirers));
        let mut broken = national("QRPUSH", None);
        broken.replace_range(broken.len() - 4.., "0000");
        assert!(matches!(error(broken), IssueError::Payload(_)));
        let half = error(signed(&format!("{other}530370454041.505802VN")));
        assert!(matches!(half, IssueError::UnreadableAmount));
        let much = error(national("QRPUSH", Some("500000000")));
        assert!(matches!(much, IssueError::Terms(_)));
    }
}
