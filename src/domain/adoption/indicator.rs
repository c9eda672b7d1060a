//! The 29 indicators: names, formulas, and which are computed by this version.
//!
//! A coverage (4), B activation and activity (9), C use (10), D quality of the figures (4),
//! E satisfaction and inclusion (2).

use crate::domain::word::word_enum;

word_enum! {
    /// An indicator by its code in the pilot's list.
    Indicator is "indicator" {
        /// Establishments operating.
        A1 = "A1",
        /// Registration rate.
        A2 = "A2",
        /// Code displayed.
        A3 = "A3",
        /// Acceptance of any cashless payment.
        A4 = "A4",
        /// Activation within 30 days.
        B1 = "B1",
        /// Median time to first payment.
        B2 = "B2",
        /// Active establishments.
        B3 = "B3",
        /// Regularly active.
        B4 = "B4",
        /// Active rate.
        B5 = "B5",
        /// Never-active share.
        B6 = "B6",
        /// Dormant share.
        B7 = "B7",
        /// Retention in month k.
        B8 = "B8",
        /// Flow identity.
        B9 = "B9",
        /// Number of payments.
        C1 = "C1",
        /// Value.
        C2 = "C2",
        /// Payments per active establishment-day.
        C3 = "C3",
        /// Ticket size.
        C4 = "C4",
        /// Small-payment share.
        C5 = "C5",
        /// Cashless share of sales value.
        C6 = "C6",
        /// Like-for-like growth.
        C7 = "C7",
        /// Use per head.
        C8 = "C8",
        /// Concentration.
        C9 = "C9",
        /// Peak-day index.
        C10 = "C10",
        /// Notices accepted.
        D1 = "D1",
        /// Notice delay.
        D2 = "D2",
        /// Reconciled value.
        D3 = "D3",
        /// Complaints.
        D4 = "D4",
        /// Satisfaction.
        E1 = "E1",
        /// Adoption gap.
        E2 = "E2",
    }
}

/// Whether an indicator is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    /// It has figures.
    Computed,
    /// Not by this version, or not before something else is recorded.
    NotYet {
        /// The reason in English.
        english: &'static str,
        /// The reason in Vietnamese.
        vietnamese: &'static str,
    },
}

/// What is said about an indicator.
struct Definition {
    vietnamese: &'static str,
    english: &'static str,
    formula: &'static str,
    availability: Availability,
}

const fn computed(
    vietnamese: &'static str,
    english: &'static str,
    formula: &'static str,
) -> Definition {
    Definition {
        vietnamese,
        english,
        formula,
        availability: Availability::Computed,
    }
}

const fn not_yet(
    names: [&'static str; 2],
    formula: &'static str,
    reasons: [&'static str; 2],
) -> Definition {
    let [vietnamese, english] = reasons;
    Definition {
        vietnamese: names[0],
        english: names[1],
        formula,
        availability: Availability::NotYet {
            english,
            vietnamese,
        },
    }
}

/// The eight numbers for leaders, in order; some are a group of indicators.
pub const SCORECARD: [&[Indicator]; 8] = [
    &[Indicator::A2],
    &[Indicator::A4],
    &[Indicator::B5],
    &[Indicator::B7],
    &[Indicator::C6],
    &[Indicator::C1, Indicator::C2, Indicator::C7],
    &[Indicator::D3],
    &[Indicator::E1],
];

impl Indicator {
    /// The Vietnamese name.
    pub const fn vietnamese(self) -> &'static str {
        self.definition().vietnamese
    }

    /// The English name.
    pub const fn english(self) -> &'static str {
        self.definition().english
    }

    /// The formula in the symbols of [`adoption`](super).
    pub const fn formula(self) -> &'static str {
        self.definition().formula
    }

    /// Whether this version computes it.
    pub const fn availability(self) -> Availability {
        self.definition().availability
    }

    /// Whether it counts establishments of the census.
    pub const fn needs_census(self) -> bool {
        matches!(
            self,
            Self::A1 | Self::A2 | Self::B3 | Self::B4 | Self::B5 | Self::B6
        )
    }

    /// Whether it counts what the sources of notices told, so that a silent one leaves it
    /// incomplete.
    pub const fn needs_notices(self) -> bool {
        !matches!(self, Self::A1 | Self::A2)
    }

    const fn definition(self) -> &'static Definition {
        &DEFINITIONS[self as usize]
    }
}

/// In the order of [`Indicator`].
const DEFINITIONS: [Definition; 29] = [
    computed(
        "Số điểm kinh doanh đang hoạt động",
        "Establishments operating",
        "E_z(b)",
    ),
    computed("Tỷ lệ đăng ký", "Registration rate", "R_z(b) / E_z(b)"),
    not_yet(
        ["Tỷ lệ điểm có mã đang trưng bày", "Code displayed"],
        "Q / E_z(b)",
        [
            "Chưa ghi nhận các lượt kiểm tra mã đang trưng bày",
            "Visits to displayed codes are not recorded yet",
        ],
    ),
    not_yet(
        [
            "Tỷ lệ chấp nhận thanh toán không tiền mặt",
            "Acceptance of any cashless payment",
        ],
        "Σ w·1[accepts any] / Σ w",
        [
            "Chưa tính quyền số điều tra về chấp nhận thanh toán",
            "The census weights of acceptance are not computed yet",
        ],
    ),
    not_yet(
        ["Kích hoạt trong 30 ngày", "Activation within 30 days"],
        "#{i: r_i ∈ W, f_i − r_i ≤ 30} / #{i: r_i ∈ W}",
        [
            "Chưa theo dõi theo đợt duyệt",
            "Cohorts of approvals are not followed yet",
        ],
    ),
    not_yet(
        [
            "Thời gian tới giao dịch đầu",
            "Median time to first payment",
        ],
        "smallest t with S(t) ≤ 0.5",
        [
            "Chưa tính đường cong sống sót",
            "Survival curves are not computed yet",
        ],
    ),
    computed(
        "Điểm hoạt động",
        "Active establishments",
        "#{i: n_i(W) ≥ 1}",
    ),
    computed(
        "Hoạt động thường xuyên",
        "Regularly active",
        "#{i: D_i(W) ≥ 8}",
    ),
    computed("Tỷ lệ hoạt động", "Active rate", "B3 / E_z(b); B4 / E_z(b)"),
    computed(
        "Chưa từng phát sinh",
        "Never-active share",
        "#{i ∈ R: r_i ≤ b − 30, no f_i ≤ b} / #{i ∈ R: r_i ≤ b − 30}",
    ),
    not_yet(
        ["Ngừng phát sinh", "Dormant share"],
        "#{i ∈ R: f_i ≤ b − 60, n_i([b − 59, b]) = 0} / #{i ∈ R: f_i ≤ b − 60}",
        [
            "Chưa ghi nhận nghỉ bán theo mùa, phần phải loại ra khi tính",
            "Seasonal closures, which it leaves out, are not recorded yet",
        ],
    ),
    not_yet(
        ["Duy trì sau k tháng", "Retention in month k"],
        "#{i ∈ G_c: n_i(month c + k) ≥ 1} / #G_c",
        [
            "Chưa theo dõi theo tháng phát sinh đầu tiên",
            "Cohorts of first payments are not followed yet",
        ],
    ),
    not_yet(
        ["Biến động", "Flow identity"],
        "Act_m = Act_(m−1) + new + returned − lapsed",
        [
            "Chưa tính biến động giữa các tháng",
            "Month-to-month flows are not computed yet",
        ],
    ),
    computed("Số giao dịch", "Number of payments", "N(z, W)"),
    computed("Giá trị", "Value", "V(z, W)"),
    not_yet(
        [
            "Số giao dịch/điểm/ngày",
            "Payments per active establishment-day",
        ],
        "N(z, W) / Σ_i D_i(W)",
        [
            "Chưa cộng số ngày có giao dịch của từng điểm",
            "Establishment-days are not added up yet",
        ],
    ),
    computed(
        "Giá trị bình quân",
        "Ticket size",
        "median, P25, P75 by nearest rank; V / N",
    ),
    not_yet(
        ["Tỷ trọng giao dịch nhỏ", "Small-payment share"],
        "#{t: v(t) ≤ 50 000} / N",
        [
            "Chưa tính theo các khoảng giá trị",
            "The amount bands are not computed yet",
        ],
    ),
    not_yet(
        ["Tỷ trọng không tiền mặt", "Cashless share of sales value"],
        "(V + Ô) / (V + Ô + Ĉ)",
        [
            "Cần điều tra doanh số, hiện chưa thực hiện",
            "Needs the sales survey, and none was made yet",
        ],
    ),
    not_yet(
        ["Tăng trưởng cùng điểm", "Like-for-like growth"],
        "V(L, W1) / V(L, W0) − 1",
        [
            "Cần một kỳ so sánh cùng ngày âm lịch năm trước",
            "Needs a comparable window a lunar year earlier",
        ],
    ),
    not_yet(
        ["Giao dịch trên đầu người", "Use per head"],
        "N / pop15+; 100 × N / visitors",
        [
            "Cần số dân và số khách, hiện chưa có",
            "Needs counts of residents and visitors, and none were given",
        ],
    ),
    not_yet(
        ["Mức tập trung", "Concentration"],
        "x_1 / V; Σ (x_o / V)²; Gini",
        [
            "Chưa tính tổng theo chủ hộ",
            "Sums by owner are not computed yet",
        ],
    ),
    not_yet(
        ["Hệ số ngày cao điểm", "Peak-day index"],
        "mean V on peak days / mean V on ordinary days",
        [
            "Chưa so sánh theo loại ngày",
            "Comparisons by kind of day are not computed yet",
        ],
    ),
    computed(
        "Tỷ lệ thông báo hợp lệ",
        "Notices accepted",
        "accepted / received distinct notices",
    ),
    not_yet(
        ["Độ trễ thông báo", "Notice delay"],
        "P50, P95, P99 of received − bank time",
        [
            "Độ trễ được báo theo từng nguồn: /v1/sources/{id}/delays",
            "Delays are told by source: /v1/sources/{id}/delays",
        ],
    ),
    not_yet(
        ["Tỷ lệ đối soát khớp", "Reconciled value"],
        "Σ v matched to the statement / Σ v in the statement; and the reverse",
        [
            "Cần sao kê ngân hàng được nhập vào",
            "Needs imported bank statements",
        ],
    ),
    not_yet(
        ["Khiếu nại", "Complaints"],
        "10 000 × complaints / N",
        ["Chưa ghi nhận khiếu nại", "Complaints are not recorded yet"],
    ),
    not_yet(
        ["Chỉ số hài lòng", "Satisfaction"],
        "mean of the factors' shares of answers 4 and 5",
        [
            "Cần khảo sát hài lòng, hiện chưa thực hiện",
            "Needs a satisfaction survey, and none was made yet",
        ],
    ),
    not_yet(
        ["Chênh lệch", "Adoption gap"],
        "B5(group) − B5(rest)",
        [
            "Chưa tính tỷ lệ theo nhóm chủ hộ",
            "Rates by group of owners are not computed yet",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_29_indicators_and_ten_are_computed() {
        let groups = ["A", "B", "C", "D", "E"].map(|group| {
            let of_group = |indicator: &&Indicator| indicator.as_str().starts_with(group);
            Indicator::ALL.iter().filter(of_group).count()
        });
        assert_eq!(groups, [4, 9, 10, 4, 2]);
        let computed: Vec<_> = Indicator::ALL
            .iter()
            .filter(|indicator| indicator.availability() == Availability::Computed)
            .map(|indicator| indicator.as_str())
            .collect();
        assert_eq!(
            computed,
            ["A1", "A2", "B3", "B4", "B5", "B6", "C1", "C2", "C4", "D1"]
        );
    }

    #[test]
    fn names_stand_with_their_codes() {
        for (indicator, vietnamese, formula) in [
            (Indicator::A1, "Số điểm kinh doanh đang hoạt động", "E_z(b)"),
            (Indicator::B4, "Hoạt động thường xuyên", "#{i: D_i(W) ≥ 8}"),
            (
                Indicator::C10,
                "Hệ số ngày cao điểm",
                "mean V on peak days / mean V on ordinary days",
            ),
            (
                Indicator::D1,
                "Tỷ lệ thông báo hợp lệ",
                "accepted / received distinct notices",
            ),
            (Indicator::E2, "Chênh lệch", "B5(group) − B5(rest)"),
        ] {
            assert_eq!(indicator.vietnamese(), vietnamese);
            assert_eq!(indicator.formula(), formula);
        }
        for indicator in Indicator::ALL {
            assert_eq!(Indicator::parse(indicator.as_str()), Ok(*indicator));
            assert_ne!(indicator.vietnamese(), indicator.english());
            if let Availability::NotYet {
                english,
                vietnamese,
            } = indicator.availability()
            {
                assert!(english.is_ascii(), "{english}");
                assert!(!vietnamese.is_ascii(), "{vietnamese}");
            }
        }
        assert!(Indicator::parse("a1").is_err());
        assert!(Indicator::parse("F1").is_err());
    }
}
