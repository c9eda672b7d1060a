//! The rows of a file of places.

use std::collections::HashMap;

use super::cells::{Cells, Noted, Words, fault_of, word, yes_or_no};
use super::report::{Report, Wanted};
use super::sheet::{Column, Need, Row, Shows, Upload};
use crate::domain::establishment::{
    CensusRecord, EstablishmentStatus, OpenDays, OwnerKey, OwnerSex, SizeClass, Trade,
};
use crate::domain::text::key;
use crate::domain::text::{Remark, TextError, TradeName};
use crate::domain::zone::ZoneCode;
use crate::flows::take_census::CensusEntry;

/// A good row.
#[derive(Clone, Debug)]
pub(super) struct PlaceRow<'a> {
    /// Where it stands.
    pub row: &'a Row,
    /// The zone.
    pub zone: ZoneCode,
    /// What was seen.
    pub entry: CensusEntry,
}

pub(super) const COLUMNS: &[Column] = &[
    plain(
        "zone_code",
        "Mã khu vực",
        &["khu vực", "zone", "mã tuyến"],
        Need::Always,
    ),
    plain(
        "position",
        "Vị trí",
        &["số sạp", "sạp", "số nhà", "stall"],
        Need::Always,
    ),
    plain(
        "name",
        "Tên điểm kinh doanh",
        &["tên", "tên cửa hàng", "biển hiệu"],
        Need::Always,
    ),
    plain("trade", "Ngành hàng", &["mặt hàng"], Need::Always),
    plain("size_class", "Quy mô", &["size"], Need::Always),
    plain(
        "owner_key",
        "Mã chủ",
        &["mã chủ hộ", "khóa chủ hộ", "owner"],
        Need::Always,
    ),
    plain("status", "Tình trạng", &["trạng thái"], Need::Never),
    plain("open_days", "Ngày mở cửa", &["ngày bán"], Need::Never),
    plain(
        "operates_at_night",
        "Bán đêm",
        &["bán ban đêm", "night"],
        Need::Never,
    ),
    plain(
        "accepts_cashless",
        "Nhận không tiền mặt",
        &["không tiền mặt", "cashless"],
        Need::Never,
    ),
    plain(
        "accepted_means",
        "Phương tiện",
        &["hình thức nhận", "means"],
        Need::Never,
    ),
    plain("owner_sex", "Giới tính chủ", &["giới tính"], Need::Never),
    plain(
        "owner_over_60",
        "Chủ từ 60 tuổi",
        &["từ 60 tuổi", "over 60"],
        Need::Never,
    ),
];

const fn plain(
    name: &'static str,
    title: &'static str,
    also: &'static [&'static str],
    need: Need,
) -> Column {
    Column::new(name, title, also, need, Shows::Text)
}

const STATUSES: &Words<EstablishmentStatus> = &[
    (
        EstablishmentStatus::Trading,
        &["đang bán", "trading", "đang kinh doanh", "hoạt động"],
    ),
    (
        EstablishmentStatus::Vacant,
        &["trống", "vacant", "bỏ trống"],
    ),
    (
        EstablishmentStatus::Ceased,
        &["đã nghỉ", "ceased", "nghỉ bán", "ngừng"],
    ),
    (EstablishmentStatus::Unknown, &["không rõ", "unknown"]),
];

const SIZES: &Words<SizeClass> = &[
    (SizeClass::Stall, &["sạp", "stall", "quầy", "xe đẩy"]),
    (SizeClass::Small, &["nhỏ", "small", "cửa hàng nhỏ"]),
    (SizeClass::Large, &["lớn", "large", "cửa hàng lớn"]),
    (SizeClass::Chain, &["chuỗi", "chain"]),
];

const SEXES: &Words<OwnerSex> = &[
    (OwnerSex::Female, &["nữ", "female"]),
    (OwnerSex::Male, &["nam", "male"]),
];

/// Reads every row; the bad ones go into the report.
pub(super) fn read<'a>(upload: &'a Upload, report: &mut Report) -> Vec<PlaceRow<'a>> {
    let places = upload.places();
    let mut first = HashMap::new();
    let mut good = Vec::new();
    for row in &upload.rows {
        let mut cells = Cells::of(upload, &places, row);
        let read = read_row(&mut cells);
        let mut faults = cells.finish();
        if let Ok((zone, entry)) = read {
            let place = (zone.clone(), entry.position.clone());
            if let Some(line) = first.get(&place) {
                let what = ("position", "twice_in_file", twice(*line));
                faults.push(fault_of(upload, &places, row, what));
            } else {
                first.insert(place, row.line);
                good.push(PlaceRow { row, zone, entry });
            }
        }
        report.note(faults);
    }
    good
}

/// What is wanted of a value that stands on an earlier line.
pub(super) fn twice(line: u64) -> Wanted {
    Wanted::new(
        format!("Trùng với dòng {line}: mỗi giá trị chỉ ghi một lần"),
        format!("it stands on line {line} already: give it once"),
    )
}

fn read_row(cells: &mut Cells<'_>) -> Result<(ZoneCode, CensusEntry), Noted> {
    cells.check_count()?;
    let zone = cells.required("zone_code", zone_code);
    let position = cells.required("position", TradeName::parse);
    let name = cells.required("name", TradeName::parse);
    let trade = cells.required("trade", Trade::parse);
    let size_class = cells.required("size_class", |text| word(SIZES, text));
    let owner = cells.required("owner_key", OwnerKey::parse);
    let status = cells.optional("status", |text| word(STATUSES, text));
    let open_days = cells.optional("open_days", open_days);
    let night = cells.optional("operates_at_night", yes_or_no);
    let cashless = cells.optional("accepts_cashless", yes_or_no);
    let means = cells.optional("accepted_means", |text| -> Result<String, TextError> {
        Ok(Remark::parse(text)?.as_str().to_owned())
    });
    let sex = cells.optional("owner_sex", |text| word(SEXES, text));
    let over_60 = cells.optional("owner_over_60", yes_or_no);
    let record = CensusRecord {
        status: status?.unwrap_or(EstablishmentStatus::Trading),
        trade: trade?,
        size_class: size_class?,
        open_days: open_days?.unwrap_or(OpenDays::Daily),
        operates_at_night: night?.unwrap_or(false),
        accepts_cashless: cashless?,
        accepted_means: means?.unwrap_or_default(),
        owner: owner?,
        owner_sex: sex?,
        owner_over_60: over_60?,
    };
    let entry = CensusEntry {
        position: position?,
        name: name?,
        record,
    };
    Ok((zone?, entry))
}

/// Reads a zone's code in any case.
pub(super) fn zone_code(text: &str) -> Result<ZoneCode, Wanted> {
    Ok(ZoneCode::parse(&text.to_uppercase())?)
}

/// Reads open days as the API writes them, or in Vietnamese: `hàng ngày`, `hàng tuần t7 cn`,
/// `âm lịch 1 15`.
fn open_days(text: &str) -> Result<OpenDays, Wanted> {
    const DAYS: [(&str, &str); 7] = [
        ("T2", "mon"),
        ("T3", "tue"),
        ("T4", "wed"),
        ("T5", "thu"),
        ("T6", "fri"),
        ("T7", "sat"),
        ("CN", "sun"),
    ];
    let mut words: Vec<String> = text.split([' ', ',']).map(key).collect();
    words.retain(|word| !word.is_empty());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (rule, days) = match words.as_slice() {
        ["DAILY"] | ["HANG", "NGAY"] => ("daily", [].as_slice()),
        ["WEEKLY", days @ ..] | ["HANG", "TUAN", days @ ..] => ("weekly", days),
        ["LUNAR", days @ ..] | ["AM", "LICH", days @ ..] => ("lunar", days),
        _ => ("", [].as_slice()),
    };
    let day = |word: &&str| {
        let known = DAYS.iter().find(|(name, _)| name == word);
        known.map_or_else(|| word.to_lowercase(), |(_, day)| (*day).to_owned())
    };
    let spelled: Vec<String> = std::iter::once(rule.to_owned())
        .chain(days.iter().map(day))
        .collect();
    OpenDays::parse(&spelled.join(" ")).map_err(|_| {
        Wanted::new(
            "Hãy ghi “hàng ngày”, “hàng tuần t7 cn” hoặc “âm lịch 1 15”, các ngày tăng dần",
            "use daily, weekly sat sun or lunar 1 15, the days ascending",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_days_are_read_in_both_languages() {
        for (text, wanted) in [
            ("daily", Some("daily")),
            ("Hằng ngày", Some("daily")),
            ("hang ngay", Some("daily")),
            ("weekly sat sun", Some("weekly sat sun")),
            ("Hàng tuần T7, CN", Some("weekly sat sun")),
            ("âm lịch 1, 15", Some("lunar 1 15")),
            ("lunar 4 9 14", Some("lunar 4 9 14")),
            ("âm lịch 15 1", None),
            ("hàng tháng", None),
            ("hàng tuần", None),
            ("weekly someday", None),
        ] {
            let read = open_days(text).ok().map(|days| days.to_text());
            assert_eq!(read.as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn a_zone_code_is_read_in_any_case() {
        assert_eq!(zone_code("th-qk").unwrap().as_str(), "TH-QK");
        assert!(zone_code("th qk").is_err());
    }
}
