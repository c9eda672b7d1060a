//! The objects of a VietQR code by name, each exactly as it stands in the code.
//!
//! The JSON form is a contract: absent (or null) means that the object is not in the code, a
//! value is always text, unknown and repeated keys are refused.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::domain::bank::{AccountNumber, AccountNumberError, BankBin, BankBinError};
use crate::domain::money::{Vnd, VndError};

/// What a code says, unchecked: what somebody asks to have encoded, or what a scan found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fields {
    /// 01: `11` for a code to be used many times, `12` for one use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiation: Option<String>,
    /// 38-01-00: the beneficiary's bank.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bin: Option<String>,
    /// 38-01-01: the account, card or merchant number there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// 38-02: which transfer service, such as `QRIBFTTA` for one to an account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// 52: the merchant category code (ISO 18245).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mcc: Option<String>,
    /// 53: `704`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// 54: whole đồng; absent when the payer types the amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// 55: `01` the payer types a tip, `02` a fixed fee, `03` a percentage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tip_indicator: Option<String>,
    /// 56: the fixed fee in đồng.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee_fixed: Option<String>,
    /// 57: the fee in per cent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee_percent: Option<String>,
    /// 58: `VN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// 59.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant_name: Option<String>,
    /// 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant_city: Option<String>,
    /// 61.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// 62.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "optional_object"
    )]
    pub additional: Option<Additional>,
    /// 64.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "optional_object"
    )]
    pub language: Option<Language>,
    /// Any other root object, by tag.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "distinct_keys"
    )]
    pub other_tags: BTreeMap<String, String>,
}

/// 62: what the merchant adds for itself and the payer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Additional {
    /// 62-01.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bill_number: Option<String>,
    /// 62-02.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mobile_number: Option<String>,
    /// 62-03.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store_label: Option<String>,
    /// 62-04.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loyalty_number: Option<String>,
    /// 62-05.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_label: Option<String>,
    /// 62-06.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_label: Option<String>,
    /// 62-07.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal_label: Option<String>,
    /// 62-08: the transfer's text, which carries our reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// 62-09: which of address (A), mobile number (M) and e-mail (E) the app should send.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumer_data_request: Option<String>,
    /// Any other object of the template, by tag.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "distinct_keys"
    )]
    pub other: BTreeMap<String, String>,
}

/// 64: the merchant in a second language, the only place for Vietnamese letters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Language {
    /// 64-00: the language, two letters (ISO 639).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preference: Option<String>,
    /// 64-01.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// 64-02.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
}

impl Fields {
    /// The beneficiary's bank; `None` when the code names none.
    pub fn bank(&self) -> Option<Result<BankBin, BankBinError>> {
        self.bin.as_deref().map(BankBin::parse)
    }

    /// The beneficiary's account; `None` when the code names none.
    pub fn account_number(&self) -> Option<Result<AccountNumber, AccountNumberError>> {
        self.account.as_deref().map(AccountNumber::parse)
    }

    /// The amount; `None` when the payer types it, which some codes write as zero. Decimals
    /// are cut when they are all zeros.
    pub fn amount_vnd(&self) -> Option<Result<Vnd, VndError>> {
        let text = self.amount.as_deref()?;
        let whole = match text.split_once('.') {
            Some((whole, decimals)) if decimals.bytes().all(|digit| digit == b'0') => whole,
            _ => text,
        };
        Some(Vnd::parse(whole)).filter(|amount| *amount != Ok(Vnd::ZERO))
    }

    /// The text that the payer's transfer will carry.
    pub fn purpose(&self) -> Option<&str> {
        self.additional.as_ref()?.purpose.as_deref()
    }
}

impl Additional {
    /// The path, tag and value of each text object, in order of the tags; all follow the same
    /// rule.
    pub(super) fn labels(&self) -> [(&'static str, Option<&str>); 8] {
        [
            ("62-01", self.bill_number.as_deref()),
            ("62-02", self.mobile_number.as_deref()),
            ("62-03", self.store_label.as_deref()),
            ("62-04", self.loyalty_number.as_deref()),
            ("62-05", self.reference_label.as_deref()),
            ("62-06", self.customer_label.as_deref()),
            ("62-07", self.terminal_label.as_deref()),
            ("62-08", self.purpose.as_deref()),
        ]
    }

    /// Takes in one object of the template.
    pub(super) fn set(&mut self, tag: &str, value: &str) {
        let place = match tag {
            "01" => &mut self.bill_number,
            "02" => &mut self.mobile_number,
            "03" => &mut self.store_label,
            "04" => &mut self.loyalty_number,
            "05" => &mut self.reference_label,
            "06" => &mut self.customer_label,
            "07" => &mut self.terminal_label,
            "08" => &mut self.purpose,
            "09" => &mut self.consumer_data_request,
            _ => {
                self.other.insert(tag.to_owned(), value.to_owned());
                return;
            }
        };
        *place = Some(value.to_owned());
    }
}

/// Reads a JSON object and nothing else: serde's structures would also take an array.
pub fn object<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct ObjectVisitor<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
        type Value = T;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map))
        }
    }

    deserializer.deserialize_map(ObjectVisitor(PhantomData))
}

/// Like [`object`], where null means absent.
fn optional_object<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Only<T>(T);

    impl<'de, T: Deserialize<'de>> Deserialize<'de> for Only<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            object(deserializer).map(Self)
        }
    }

    Ok(Option::<Only<T>>::deserialize(deserializer)?.map(|only| only.0))
}

/// Texts by tag; refuses a repeated key, which a map would swallow. Null means none.
fn distinct_keys<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    struct Distinct(BTreeMap<String, String>);

    struct DistinctVisitor;

    impl<'de> Visitor<'de> for DistinctVisitor {
        type Value = Distinct;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object of texts")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Distinct, A::Error> {
            let mut read = BTreeMap::new();
            while let Some((key, value)) = map.next_entry::<String, String>()? {
                match read.entry(key) {
                    Entry::Vacant(place) => place.insert(value),
                    Entry::Occupied(place) => {
                        let message = format!("duplicate key `{}`", place.key());
                        return Err(A::Error::custom(message));
                    }
                };
            }
            Ok(Distinct(read))
        }
    }

    impl<'de> Deserialize<'de> for Distinct {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_map(DistinctVisitor)
        }
    }

    let read = Option::<Distinct>::deserialize(deserializer)?;
    Ok(read.map(|distinct| distinct.0).unwrap_or_default())
}
