//! The rows of a file of merchants.

use std::collections::HashMap;
use std::hash::Hash;

use super::cells::{Cells, Noted, Words, fault_of, word};
use super::places_rows::{twice, zone_code};
use super::report::{Report, RowFault};
use super::sheet::{Column, Need, Row, Shows, Upload};
use crate::domain::account::{HolderKind, HolderName};
use crate::domain::bank::{AccountNumber, BankBin};
use crate::domain::establishment::Trade;
use crate::domain::merchant::MerchantKind;
use crate::domain::phone::Phone;
use crate::domain::tax_code::TaxCode;
use crate::domain::text::{PersonName, TradeName};
use crate::domain::zone::ZoneCode;
use crate::store::merchants::MerchantProfile;

/// A good row.
#[derive(Clone, Debug)]
pub(super) struct MerchantRow<'a> {
    /// Where it stands.
    pub row: &'a Row,
    /// The merchant.
    pub profile: MerchantProfile,
    /// Its outlet, when the row names one.
    pub stall: Option<Stall>,
    /// Its account, when the row names one.
    pub money: Option<Money>,
}

/// The outlet of a row.
#[derive(Clone, Debug)]
pub(super) struct Stall {
    /// The zone.
    pub zone: ZoneCode,
    /// The stall or house number.
    pub label: TradeName,
    /// What is sold.
    pub trade: Trade,
}

/// The account of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Money {
    /// The bank.
    pub bank: BankBin,
    /// The number there.
    pub number: AccountNumber,
    /// The holder as the bank shows it.
    pub holder: HolderName,
    /// In what capacity it is held.
    pub holder_kind: HolderKind,
    /// The registered name of the business.
    pub registered_name: TradeName,
}

const STALL: &str = "outlet";
const STALL_COLUMNS: [&str; 3] = ["zone_code", "stall_label", "trade"];
const MONEY: &str = "account";
const MONEY_COLUMNS: [&str; 5] = [
    "bank_bin",
    "account_number",
    "holder_name",
    "holder_kind",
    "registered_name",
];

pub(super) const COLUMNS: &[Column] = &[
    Column::new("kind", "Loại", &["loại hình"], Need::Always, Shows::Text),
    Column::new(
        "name",
        "Tên",
        &["tên hộ", "tên hộ kinh doanh", "tên cửa hàng"],
        Need::Always,
        Shows::Text,
    ),
    Column::new(
        "representative",
        "Người đại diện",
        &["đại diện", "họ tên", "chủ hộ"],
        Need::Always,
        Shows::Shape,
    ),
    Column::new(
        "tax_code",
        "Mã số thuế",
        &["mst"],
        Need::Always,
        Shows::Shape,
    ),
    Column::new(
        "phone",
        "Số điện thoại",
        &["điện thoại", "sđt"],
        Need::Always,
        Shows::Shape,
    ),
    Column::new(
        "zone_code",
        "Mã khu vực",
        &["khu vực", "zone"],
        Need::WithGroup(STALL),
        Shows::Text,
    ),
    Column::new(
        "stall_label",
        "Số sạp",
        &["sạp", "vị trí", "số nhà", "stall"],
        Need::WithGroup(STALL),
        Shows::Text,
    ),
    Column::new(
        "trade",
        "Ngành hàng",
        &["mặt hàng"],
        Need::WithGroup(STALL),
        Shows::Text,
    ),
    Column::new(
        "bank_bin",
        "Mã ngân hàng",
        &["bin", "mã bin"],
        Need::WithGroup(MONEY),
        Shows::Text,
    ),
    Column::new(
        "account_number",
        "Số tài khoản",
        &["stk"],
        Need::WithGroup(MONEY),
        Shows::Shape,
    ),
    Column::new(
        "holder_name",
        "Tên chủ tài khoản",
        &["chủ tài khoản"],
        Need::WithGroup(MONEY),
        Shows::Shape,
    ),
    Column::new(
        "holder_kind",
        "Loại chủ tài khoản",
        &["loại tài khoản"],
        Need::WithGroup(MONEY),
        Shows::Text,
    ),
    Column::new(
        "registered_name",
        "Tên đăng ký",
        &["tên đăng ký kinh doanh"],
        Need::WithGroup(MONEY),
        Shows::Text,
    ),
];

const KINDS: &Words<MerchantKind> = &[
    (
        MerchantKind::Household,
        &["hộ kinh doanh", "household", "hộ"],
    ),
    (
        MerchantKind::Company,
        &["doanh nghiệp", "company", "công ty"],
    ),
];

const HOLDER_KINDS: &Words<HolderKind> = &[
    (HolderKind::Personal, &["cá nhân", "personal"]),
    (HolderKind::Household, &["hộ kinh doanh", "household", "hộ"]),
    (HolderKind::Company, &["doanh nghiệp", "company", "công ty"]),
];

/// Reads every row; the bad ones go into the report.
pub(super) fn read<'a>(upload: &'a Upload, report: &mut Report) -> Vec<MerchantRow<'a>> {
    let places = upload.places();
    let mut seen = Seen::default();
    let mut good = Vec::new();
    for row in &upload.rows {
        let mut cells = Cells::of(upload, &places, row);
        let read = read_row(&mut cells, row);
        let mut faults = cells.finish();
        if let Ok(read) = read {
            faults.extend(seen.repeats(upload, &places, &read));
            if faults.is_empty() {
                seen.add(&read);
                good.push(read);
            }
        }
        report.note(faults);
    }
    good
}

/// What only one row may name, and the line that did.
#[derive(Default)]
struct Seen {
    tax_codes: HashMap<TaxCode, u64>,
    stalls: HashMap<(ZoneCode, TradeName), u64>,
    accounts: HashMap<(BankBin, AccountNumber), u64>,
}

impl Seen {
    fn repeats(
        &self,
        upload: &Upload,
        places: &[Option<usize>],
        read: &MerchantRow<'_>,
    ) -> Vec<RowFault> {
        let stall = read.stall.as_ref();
        let stall = stall.map(|it| (it.zone.clone(), it.label.clone()));
        let money = read.money.as_ref().map(|it| (it.bank, it.number.clone()));
        let found = [
            ("tax_code", self.tax_codes.get(&read.profile.tax_code)),
            ("stall_label", lookup(&self.stalls, stall.as_ref())),
            ("account_number", lookup(&self.accounts, money.as_ref())),
        ];
        let twice_at = found
            .into_iter()
            .filter_map(|(name, line)| Some((name, *line?)));
        let fault = |(name, line)| {
            fault_of(
                upload,
                places,
                read.row,
                (name, "twice_in_file", twice(line)),
            )
        };
        twice_at.map(fault).collect()
    }

    fn add(&mut self, read: &MerchantRow<'_>) {
        let line = read.row.line;
        self.tax_codes.insert(read.profile.tax_code.clone(), line);
        if let Some(stall) = &read.stall {
            self.stalls
                .insert((stall.zone.clone(), stall.label.clone()), line);
        }
        if let Some(money) = &read.money {
            self.accounts
                .insert((money.bank, money.number.clone()), line);
        }
    }
}

fn lookup<'a, K: Hash + Eq>(map: &'a HashMap<K, u64>, key: Option<&K>) -> Option<&'a u64> {
    map.get(key?)
}

fn read_row<'a>(cells: &mut Cells<'_>, row: &'a Row) -> Result<MerchantRow<'a>, Noted> {
    cells.check_count()?;
    let kind = cells.required("kind", |text| word(KINDS, text));
    let name = cells.required("name", TradeName::parse);
    let representative = cells.required("representative", PersonName::parse);
    let tax_code = cells.required("tax_code", |text| match kind {
        Ok(kind) => TaxCode::parse_for(kind, text),
        Err(Noted) => TaxCode::parse(text),
    });
    let phone = cells.required("phone", Phone::parse);
    let stall = group(cells, &STALL_COLUMNS, read_stall);
    let money = group(cells, &MONEY_COLUMNS, read_money);
    Ok(MerchantRow {
        row,
        profile: MerchantProfile {
            kind: kind?,
            name: name?,
            representative: representative?,
            tax_code: tax_code?,
            phone: phone?,
        },
        stall: stall?,
        money: money?,
    })
}

/// Reads columns that are filled in together or not at all.
fn group<'a, T>(
    cells: &mut Cells<'a>,
    columns: &[&str],
    read: impl Fn(&mut Cells<'a>) -> Result<T, Noted>,
) -> Result<Option<T>, Noted> {
    if columns.iter().all(|name| cells.text(name).is_empty()) {
        return Ok(None);
    }
    read(cells).map(Some)
}

fn read_stall(cells: &mut Cells<'_>) -> Result<Stall, Noted> {
    let zone = cells.required("zone_code", zone_code);
    let label = cells.required("stall_label", TradeName::parse);
    let trade = cells.required("trade", Trade::parse);
    Ok(Stall {
        zone: zone?,
        label: label?,
        trade: trade?,
    })
}

fn read_money(cells: &mut Cells<'_>) -> Result<Money, Noted> {
    let bank = cells.required("bank_bin", BankBin::parse);
    let number = cells.required("account_number", AccountNumber::parse);
    let holder = cells.required("holder_name", HolderName::parse);
    let holder_kind = cells.required("holder_kind", |text| word(HOLDER_KINDS, text));
    let registered_name = cells.required("registered_name", TradeName::parse);
    Ok(Money {
        bank: bank?,
        number: number?,
        holder: holder?,
        holder_kind: holder_kind?,
        registered_name: registered_name?,
    })
}
