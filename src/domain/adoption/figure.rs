//! One number with its numerator, denominator and the kind of evidence behind it.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::domain::word::word_enum;

/// To how many decimals a share is written: a ten-thousandth of a per cent.
pub const SHARE_DECIMALS: u32 = 6;

/// To how many decimals đồng are written: a mean is no whole number.
pub const VND_DECIMALS: u32 = 2;

word_enum! {
    /// How well a figure is known. Classes stand side by side and are never added up.
    Evidence is "evidence class" {
        /// Signed bank notices attributed by their reference.
        Verified = "verified",
        /// Signed bank notices attributed by the credited account alone.
        ByAccount = "by_account",
        /// A chain's or a supermarket's own daily totals.
        Reported = "reported",
        /// Answers of a sample.
        Survey = "survey",
        /// The walk-through census and the registrations.
        Census = "census",
    }
}

word_enum! {
    /// What a figure measures.
    Measure is "measure" {
        /// A1: establishments operating.
        Establishments = "establishments",
        /// A2: registered of the operating.
        RegistrationRate = "registration_rate",
        /// Beside A2: registered, and in no census.
        RegisteredOutsideCensus = "registered_outside_census",
        /// B3: establishments with a payment.
        Active = "active",
        /// Beside B3: outlets with a payment, and in no census.
        ActiveOutsideCensus = "active_outside_census",
        /// B4: establishments with payments on eight days of the month.
        Regular = "regular",
        /// B5: active of the operating.
        ActiveRate = "active_rate",
        /// B5: regularly active of the operating.
        RegularRate = "regular_rate",
        /// B6: registered for 30 days and never paid.
        NeverActiveShare = "never_active_share",
        /// C1: counted payments.
        Payments = "payments",
        /// C2: their sale amount, đồng.
        SaleVnd = "sale_vnd",
        /// Beside C2: what they received, đồng.
        ReceivedVnd = "received_vnd",
        /// C4: the median sale, đồng.
        TicketMedian = "ticket_median_vnd",
        /// C4: the lower quartile, đồng.
        TicketP25 = "ticket_p25_vnd",
        /// C4: the upper quartile, đồng.
        TicketP75 = "ticket_p75_vnd",
        /// C4: the mean sale, đồng.
        TicketMean = "ticket_mean_vnd",
        /// D1: accepted of the distinct authentic notices.
        NoticesAccepted = "notices_accepted",
    }
}

impl Measure {
    /// Whether it counts what no census lists, so that it needs none.
    pub const fn is_outside_census(self) -> bool {
        matches!(
            self,
            Self::RegisteredOutsideCensus | Self::ActiveOutsideCensus
        )
    }

    /// What its value is written in.
    pub const fn unit(self) -> Unit {
        match self {
            Self::Establishments
            | Self::RegisteredOutsideCensus
            | Self::Active
            | Self::ActiveOutsideCensus
            | Self::Regular
            | Self::Payments => Unit::Count,
            Self::RegistrationRate
            | Self::ActiveRate
            | Self::RegularRate
            | Self::NeverActiveShare
            | Self::NoticesAccepted => Unit::Share,
            Self::SaleVnd
            | Self::ReceivedVnd
            | Self::TicketMedian
            | Self::TicketP25
            | Self::TicketP75
            | Self::TicketMean => Unit::Vnd,
        }
    }
}

word_enum! {
    /// What a value is written in.
    Unit is "unit" {
        /// A whole number.
        Count = "count",
        /// A part of one, shown as per cent.
        Share = "share",
        /// Đồng.
        Vnd = "vnd",
    }
}

word_enum! {
    /// Why a figure is not defined: shown instead of a number, never as zero.
    Undefined is "reason" {
        /// Nothing to divide by.
        NoDenominator = "no_denominator",
        /// Defined for calendar months only.
        CalendarMonthOnly = "calendar_month_only",
        /// Counted by source, so it has no zone.
        NotForZones = "not_for_zones",
        /// Counted by zone, so it has no source.
        NotForSource = "not_for_source",
        /// No census was made by the end of the window.
        NoCensus = "no_census",
    }
}

impl Undefined {
    /// The reason in English.
    pub const fn english(self) -> &'static str {
        match self {
            Self::NoDenominator => "Not defined: there is nothing to divide by",
            Self::CalendarMonthOnly => "Not defined: exists for calendar months only",
            Self::NotForZones => "Not defined: counted by source, not by zone",
            Self::NotForSource => "Not defined: counted by zone, not by source",
            Self::NoCensus => "Not defined: no census was made by the end of the window",
        }
    }

    /// The reason in Vietnamese.
    pub const fn vietnamese(self) -> &'static str {
        match self {
            Self::NoDenominator => "Không xác định: mẫu số bằng 0",
            Self::CalendarMonthOnly => "Không xác định: chỉ tính theo tháng dương lịch",
            Self::NotForZones => "Không xác định: tính theo nguồn thông báo, không theo khu vực",
            Self::NotForSource => "Không xác định: tính theo khu vực, không theo nguồn thông báo",
            Self::NoCensus => "Không xác định: chưa có điều tra tính đến cuối kỳ",
        }
    }
}

/// A number, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    measure: Measure,
    evidence: Evidence,
    numerator: Option<i64>,
    denominator: Option<i64>,
    value: Result<Decimal, Undefined>,
}

impl Figure {
    /// A whole number that is not divided by anything.
    pub fn count(measure: Measure, evidence: Evidence, number: i64) -> Self {
        Self {
            measure,
            evidence,
            numerator: Some(number),
            denominator: None,
            value: Ok(Decimal::from(number)),
        }
    }

    /// A ratio; over nothing it is not defined, and still shows both numbers.
    pub fn ratio(measure: Measure, evidence: Evidence, numerator: i64, denominator: i64) -> Self {
        let quotient = Decimal::from(numerator).checked_div(Decimal::from(denominator));
        Self {
            measure,
            evidence,
            numerator: Some(numerator),
            denominator: Some(denominator),
            value: quotient.ok_or(Undefined::NoDenominator),
        }
    }

    /// A figure that has no meaning here.
    pub const fn undefined(measure: Measure, evidence: Evidence, reason: Undefined) -> Self {
        Self {
            measure,
            evidence,
            numerator: None,
            denominator: None,
            value: Err(reason),
        }
    }

    /// What it measures.
    pub const fn measure(&self) -> Measure {
        self.measure
    }

    /// How well it is known.
    pub const fn evidence(&self) -> Evidence {
        self.evidence
    }

    /// The count, the sum, or what is divided.
    pub const fn numerator(&self) -> Option<i64> {
        self.numerator
    }

    /// What it is divided by; none for a count.
    pub const fn denominator(&self) -> Option<i64> {
        self.denominator
    }

    /// The unrounded value in its [`Unit`], or why there is none.
    pub const fn value(&self) -> Result<Decimal, Undefined> {
        self.value
    }

    /// The value as it is written: a share to the sixth decimal, đồng to the second, without
    /// trailing zeros. Numerator and denominator beside it give the exact one.
    pub fn rounded(&self) -> Result<Decimal, Undefined> {
        let decimals = match self.measure.unit() {
            Unit::Count => 0,
            Unit::Share => SHARE_DECIMALS,
            Unit::Vnd => VND_DECIMALS,
        };
        let rounding = RoundingStrategy::MidpointAwayFromZero;
        let value = self.value?.round_dp_with_strategy(decimals, rounding);
        Ok(value.normalize())
    }

    /// A share as per cent, rounded half away from zero as people round; none for other units.
    pub fn percent(&self, decimals: u32) -> Option<Decimal> {
        let share = self.value.ok()?;
        let rounding = RoundingStrategy::MidpointAwayFromZero;
        (self.measure.unit() == Unit::Share)
            .then(|| (share * Decimal::ONE_HUNDRED).round_dp_with_strategy(decimals, rounding))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_rate_over_nothing_is_not_defined_and_a_rate_of_nothing_is_zero() {
        let rate =
            |part, whole| Figure::ratio(Measure::ActiveRate, Evidence::Verified, part, whole);
        let over_nothing = rate(0, 0);
        assert_eq!(over_nothing.value(), Err(Undefined::NoDenominator));
        assert_eq!(
            (over_nothing.numerator(), over_nothing.denominator()),
            (Some(0), Some(0))
        );
        assert_eq!(over_nothing.percent(1), None);
        assert_eq!(rate(0, 7).value(), Ok(Decimal::ZERO));
        for (part, whole, decimals, wanted) in [
            (1, 8, 1, "12.5"),
            (1, 8, 0, "13"),
            (1, 3, 2, "33.33"),
            (2, 3, 2, "66.67"),
            (1, 1, 0, "100"),
        ] {
            let percent = rate(part, whole).percent(decimals).unwrap();
            assert_eq!(percent.normalize().to_string(), wanted, "{part}/{whole}");
        }
        let count = Figure::count(Measure::Payments, Evidence::Verified, 3);
        assert_eq!((count.percent(0), count.denominator()), (None, None));
    }

    #[test]
    fn a_written_value_is_rounded_half_away_from_zero_and_has_one_spelling() {
        for (measure, numerator, denominator, wanted) in [
            (Measure::ActiveRate, 1, 3, "0.333333"),
            (Measure::ActiveRate, 2, 3, "0.666667"),
            (Measure::ActiveRate, 3, 4, "0.75"),
            (Measure::ActiveRate, 5, 5, "1"),
            (Measure::ActiveRate, 1, 2_000_000, "0.000001"),
            (Measure::TicketMean, 100_000, 3, "33333.33"),
            (Measure::TicketMean, 45_000, 1, "45000"),
        ] {
            let figure = Figure::ratio(measure, Evidence::Verified, numerator, denominator);
            assert_eq!(figure.rounded().unwrap().to_string(), wanted);
        }
        let large = Figure::count(Measure::SaleVnd, Evidence::Verified, 9_007_199_254_740_993);
        assert_eq!(large.rounded().unwrap().to_string(), "9007199254740993");
    }

    #[test]
    fn every_reason_is_told_in_both_languages() {
        for reason in Undefined::ALL {
            assert!(reason.english().starts_with("Not defined: "));
            assert!(reason.vietnamese().starts_with("Không xác định: "));
        }
    }

    proptest! {
        #[test]
        fn a_rate_of_a_part_lies_between_zero_and_one(whole in 1i64..1_000_000, seed in 0i64..1_000_000) {
            let part = seed % (whole + 1);
            let value = Figure::ratio(Measure::ActiveRate, Evidence::Verified, part, whole)
                .value()
                .unwrap();
            prop_assert!(Decimal::ZERO <= value && value <= Decimal::ONE);
        }
    }
}
