//! What each object of a VietQR code may hold (NAPAS VietQR 1.0 clauses 4 to 6, EMVCo where
//! NAPAS refers to it). One set of rules for writing and reading.

use super::fault::{Fault, Reason};
use super::fields::{Additional, Fields, Language};
use super::judge::Judge;
use crate::domain::bank::{BankBin, BankBinError};

/// The transfer services: to an account, to a card, to a merchant, cash at a machine.
const SERVICES: [&str; 4] = ["QRIBFTTA", "QRIBFTTC", "QRPUSH", "QRCASH"];

const MAX_ACCOUNT: usize = 19;
const MAX_AMOUNT: usize = 13;
const MAX_LABEL: usize = 25;
const MAX_NAME: usize = 25;
const MAX_CITY: usize = 15;
const MAX_POSTAL_CODE: usize = 10;

/// The initiation method, 01.
pub fn initiation(fields: &Fields) -> Result<(), Fault> {
    match fields.initiation.as_deref() {
        Some("11" | "12") => Ok(()),
        _ => Err(Fault::object(Reason::InitiationMethod, "01")),
    }
}

/// Bank, account and service, 38.
pub fn beneficiary(fields: &Fields, judge: &mut Judge) -> Result<(), Fault> {
    let missing = Fault::object(Reason::BeneficiaryMissing, "38-01");
    let bin = fields.bin.as_deref().ok_or(missing)?;
    let account = fields.account.as_deref().ok_or(missing)?;
    match BankBin::parse(bin) {
        Ok(_) => {}
        Err(BankBinError::Format) => return Err(Fault::object(Reason::BinFormat, "38-01-00")),
        // A bank younger than our table.
        Err(BankBinError::Unknown) => {
            judge.forgive(Fault::object(Reason::BinUnknown, "38-01-00"))?;
        }
    }
    if !fits(account, MAX_ACCOUNT) {
        return Err(Fault::object(Reason::AccountLength, "38-01-01"));
    }
    if !account.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(Fault::object(Reason::AccountCharset, "38-01-01"));
    }
    match fields.service.as_deref() {
        Some(service) if !SERVICES.contains(&service) => {
            Err(Fault::object(Reason::ServiceCode, "38-02"))
        }
        _ => Ok(()),
    }
}

/// Category, currency, amount, fees, country, name, city and postal code: 52 to 61.
pub fn transaction(fields: &Fields, judge: &mut Judge) -> Result<(), Fault> {
    if let Some(mcc) = &fields.mcc
        && !(mcc.len() == 4 && digits(mcc))
    {
        return Err(Fault::object(Reason::MccFormat, "52"));
    }
    if fields.currency.as_deref() != Some("704") {
        return Err(Fault::object(Reason::Currency, "53"));
    }
    if let Some(text) = &fields.amount {
        // A sticker with the amount 0 leaves the amount to the payer.
        let zero_is_open = fields.initiation.as_deref() == Some("11");
        amount(text, "54", zero_is_open, judge)?;
    }
    fees(fields, judge)?;
    if fields.country.as_deref() != Some("VN") {
        return Err(Fault::object(Reason::Country, "58"));
    }
    if let Some(name) = &fields.merchant_name {
        if !fits(name, MAX_NAME) {
            return Err(Fault::object(Reason::MerchantNameLength, "59"));
        }
        let fault = Fault::object(Reason::MerchantNameCharset, "59");
        printable_or_letters(name, fault, judge)?;
    }
    if let Some(city) = &fields.merchant_city {
        let fault = Fault::object(Reason::MerchantCityLength, "60");
        if !fits(city, MAX_CITY) {
            return Err(fault);
        }
        printable_or_letters(city, fault, judge)?;
    }
    match &fields.postal_code {
        Some(code) if !(fits(code, MAX_POSTAL_CODE) && printable(code)) => {
            Err(Fault::object(Reason::PostalCodeLength, "61"))
        }
        _ => Ok(()),
    }
}

/// An amount of đồng: digits with at most one point, nothing after it, not zero.
fn amount(
    text: &str,
    path: &'static str,
    zero_is_open: bool,
    judge: &mut Judge,
) -> Result<(), Fault> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() || !digits(whole) || !digits(decimals) {
        return Err(Fault::object(Reason::AmountFormat, path));
    }
    if zero(whole) && zero(decimals) {
        let fault = Fault::object(Reason::AmountZero, path);
        if !zero_is_open {
            return Err(fault);
        }
        judge.forgive(fault)?;
    }
    if text.len() > MAX_AMOUNT {
        return Err(Fault::object(Reason::AmountLength, path));
    }
    if !decimals.is_empty() {
        let fault = Fault::object(Reason::AmountMinorUnits, path);
        if !zero(decimals) {
            return Err(fault);
        }
        judge.forgive(fault)?;
    }
    Ok(())
}

/// 55 announces which of 56 (fixed) and 57 (percentage) is there.
fn fees(fields: &Fields, judge: &mut Judge) -> Result<(), Fault> {
    let (fixed, percent) = (&fields.fee_fixed, &fields.fee_percent);
    let (wants_fixed, wants_percent) = match fields.tip_indicator.as_deref() {
        None | Some("01") => (false, false),
        Some("02") => (true, false),
        Some("03") => (false, true),
        Some(_) => return Err(Fault::object(Reason::TipIndicator, "55")),
    };
    for (path, wanted, present) in [
        ("56", wants_fixed, fixed.is_some()),
        ("57", wants_percent, percent.is_some()),
    ] {
        if wanted && !present {
            return Err(Fault::object(Reason::FeeMissing, path));
        }
    }
    for (path, wanted, present) in [
        ("56", wants_fixed, fixed.is_some()),
        ("57", wants_percent, percent.is_some()),
    ] {
        if present && !wanted {
            return Err(Fault::object(Reason::FeeUnexpected, path));
        }
    }
    if let Some(fixed) = fixed {
        amount(fixed, "56", false, judge)?;
    }
    match percent {
        Some(percent) if !is_percentage(percent) => Err(Fault::object(Reason::FeePercent, "57")),
        _ => Ok(()),
    }
}

/// From 00.01 to 99.99, with at most two digits on either side of the point.
fn is_percentage(text: &str) -> bool {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    matches!(whole.len(), 1 | 2)
        && decimals.len() <= 2
        && digits(whole)
        && digits(decimals)
        && !(zero(whole) && zero(decimals))
}

/// The additional data, 62.
pub fn additional(additional: &Additional, judge: &mut Judge) -> Result<(), Fault> {
    for (path, label) in additional.labels() {
        let Some(label) = label else { continue };
        if label.is_empty() {
            return Err(Fault::object(Reason::AdditionalLength, path));
        }
        if !fits(label, MAX_LABEL) {
            judge.forgive(Fault::object(Reason::AdditionalLength, path))?;
        }
        let fault = Fault::object(Reason::AdditionalCharset, path);
        printable_or_letters(label, fault, judge)?;
    }
    match additional.consumer_data_request.as_deref() {
        Some(request) if !is_data_request(request) => {
            Err(Fault::object(Reason::ConsumerDataRequest, "62-09"))
        }
        _ => Ok(()),
    }
}

fn is_data_request(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| b"AME".contains(&byte))
        && (1..text.len()).all(|end| !text[..end].contains(&text[end..=end]))
}

/// The second language, 64.
pub fn language(language: &Language) -> Result<(), Fault> {
    let fault = |path| Fault::object(Reason::LanguageTemplate, path);
    let preference = language.preference.as_deref().ok_or(fault("64-00"))?;
    if !(preference.len() == 2 && preference.bytes().all(|byte| byte.is_ascii_alphabetic())) {
        return Err(fault("64-00"));
    }
    let name = language.name.as_deref().ok_or(fault("64-01"))?;
    if !fits(name, MAX_NAME) {
        return Err(fault("64-01"));
    }
    match &language.city {
        Some(city) if !fits(city, MAX_CITY) => Err(fault("64-02")),
        _ => Ok(()),
    }
}

/// Whether a text has 1 to `most` characters.
fn fits(text: &str, most: usize) -> bool {
    !text.is_empty() && (text.len() <= most || text.chars().count() <= most)
}

fn digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn zero(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'0')
}

/// The standards' "ANS": ASCII from space to tilde.
fn printable(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Diacritics where plain letters belong are read, pictures and control characters never.
fn printable_or_letters(text: &str, fault: Fault, judge: &mut Judge) -> Result<(), Fault> {
    if printable(text) {
        return Ok(());
    }
    let letters = text.chars().all(|character| {
        matches!(character, ' '..='~' | '\u{300}'..='\u{36F}') || character.is_alphabetic()
    });
    if letters {
        judge.forgive(fault)
    } else {
        Err(fault)
    }
}
