//! What the sample data is called: invented people and shops of the pilot's streets.

use crate::domain::establishment::SizeClass;

/// What is sold at a place, and for how much.
pub(super) struct Trade {
    /// As the census writes it.
    pub(super) name: &'static str,
    /// What stands before the owner's name over the door.
    pub(super) shop: &'static str,
    /// How large such a place is.
    pub(super) size: SizeClass,
    /// Usual prices, đồng.
    pub(super) prices: &'static [i64],
    /// The hours in which it sells: from the first up to and without the second.
    pub(super) hours: (i64, i64),
}

/// A zone of the sample data.
pub(super) struct SampleZone {
    /// Its code in the pilot's first list.
    pub(super) code: &'static str,
    /// What a place is numbered as.
    pub(super) position: &'static str,
    /// How many places its census finds.
    pub(super) places: usize,
    /// How many traders of it are enrolled; one of them trades where the census found nobody.
    pub(super) traders: usize,
    /// What is sold there.
    pub(super) trades: &'static [Trade],
}

macro_rules! trades {
    ($($name:literal $shop:literal $size:ident $from:literal $to:literal [$($price:literal),+];)+) => {
        &[$(Trade {
            name: $name,
            shop: $shop,
            size: SizeClass::$size,
            prices: &[$($price),+],
            hours: ($from, $to),
        }),+]
    };
}

/// The five zones: 300 places, 180 traders.
pub(super) const ZONES: [SampleZone; 5] = [
    SampleZone {
        code: "TH-QK",
        position: "Số",
        places: 70,
        traders: 44,
        trades: trades! {
            "cà phê" "Cà phê" Small 6 22 [25_000, 29_000, 35_000, 45_000, 58_000];
            "tạp hoá" "Tạp hoá" Small 7 21 [12_000, 18_000, 36_000, 64_000, 120_000];
            "phở" "Phở" Small 6 13 [45_000, 50_000, 55_000, 100_000];
            "quần áo" "Thời trang" Large 9 21 [150_000, 220_000, 350_000, 480_000];
            "sửa xe" "Sửa xe" Stall 8 18 [20_000, 50_000, 120_000, 260_000];
            "hoa quả" "Hoa quả" Stall 7 20 [35_000, 60_000, 95_000, 140_000];
        },
    },
    SampleZone {
        code: "TH-PTH",
        position: "Gian",
        places: 80,
        traders: 52,
        trades: trades! {
            "hàng lễ" "Hàng lễ" Stall 5 20 [20_000, 50_000, 100_000, 200_000, 300_000];
            "bún ốc" "Bún ốc" Small 8 21 [45_000, 50_000, 60_000, 95_000];
            "bánh tôm" "Bánh tôm" Small 9 21 [35_000, 60_000, 110_000, 160_000];
            "hương và vàng mã" "Hương nến" Stall 5 19 [10_000, 25_000, 50_000, 80_000];
            "nước giải khát" "Nước" Stall 7 22 [10_000, 15_000, 20_000, 30_000];
        },
    },
    SampleZone {
        code: "TH-CB",
        position: "Sạp",
        places: 90,
        traders: 50,
        trades: trades! {
            "rau củ" "Rau sạch" Stall 5 12 [10_000, 15_000, 25_000, 40_000];
            "thịt lợn" "Thịt" Stall 5 12 [60_000, 90_000, 130_000, 210_000];
            "cá tươi" "Cá tươi" Stall 5 12 [50_000, 85_000, 120_000, 190_000];
            "cây cảnh" "Cây cảnh" Small 6 17 [50_000, 90_000, 180_000, 420_000];
            "đồ khô" "Đồ khô" Stall 7 17 [20_000, 45_000, 75_000, 130_000];
        },
    },
    SampleZone {
        code: "TH-CHQA",
        position: "Ô",
        places: 35,
        traders: 20,
        trades: trades! {
            "hoa tươi" "Hoa" Stall 1 8 [50_000, 80_000, 150_000, 260_000, 400_000];
            "lá và phụ kiện" "Phụ kiện hoa" Stall 2 9 [15_000, 30_000, 60_000];
        },
    },
    SampleZone {
        code: "TH-TCS",
        position: "Quầy",
        places: 25,
        traders: 14,
        trades: trades! {
            "kem" "Kem" Stall 14 22 [10_000, 15_000, 25_000, 40_000];
            "đồ chơi" "Đồ chơi" Stall 15 22 [20_000, 35_000, 60_000, 99_000];
            "trà chanh" "Trà chanh" Small 15 23 [15_000, 20_000, 30_000, 55_000];
        },
    },
];

/// Family names.
pub(super) const FAMILIES: [&str; 14] = [
    "Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Phan", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô",
    "Dương", "Lý",
];

/// Middle and given names of women.
pub(super) const WOMEN: [&str; 16] = [
    "Thị Đào",
    "Thị Hoa",
    "Ngọc Lan",
    "Thị Mai",
    "Hồng Hạnh",
    "Thị Thu",
    "Thanh Hằng",
    "Thị Nga",
    "Thuý Loan",
    "Thị Yến",
    "Phương Thảo",
    "Thị Cúc",
    "Kim Liên",
    "Thị Phượng",
    "Minh Nguyệt",
    "Thị Huệ",
];

/// Middle and given names of men.
pub(super) const MEN: [&str; 12] = [
    "Văn Bình",
    "Đức Dũng",
    "Mạnh Hùng",
    "Anh Tuấn",
    "Văn Sơn",
    "Hải Long",
    "Tiến Thành",
    "Minh Quân",
    "Văn Hải",
    "Quốc Việt",
    "Xuân Phúc",
    "Trung Kiên",
];

/// Names that banks write into transfer texts, in capitals.
pub(super) const PAYERS: [&str; 8] = [
    "NGUYEN VAN AN",
    "TRAN THI BICH",
    "LE QUANG MINH",
    "PHAM THU HA",
    "VU HOANG NAM",
    "DANG MAI ANH",
    "BUI DUC LONG",
    "DO KHANH LINH",
];
