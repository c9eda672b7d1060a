//! Adoption: what "active", "registered" and every other word of a figure mean.
//!
//! The store only counts ([`Counts`]); what the counts say is decided here. A figure never
//! stands without its numerator and denominator, a rate over nothing is not defined instead
//! of zero, and an indicator that cannot be given yet says why.
//!
//! Symbols: `z` zone, `i` establishment of the census, `W = [a, b]` window of local days,
//! `E_z(b)` operating at its end, `R_z(b)` of these the registered ones, `n_i(W)` counted
//! payments of `i`, `D_i(W)` its days with a payment, `r_i` the day of approval, `f_i` the
//! day of the first counted payment, `N` and `V` number and sale value of counted payments.
//!
//! A counted payment is verified, attributed by its reference, above zero, and neither a
//! test nor taken back by the closing. Payments attributed by account alone are shown beside
//! it, never in it.
//!
//! - [`indicator`]: the 29 indicators and which are computed
//! - [`figure`]: one number with where it comes from
//! - [`closing`]: when a window is final
//! - [`ticket`]: nearest-rank quantiles over a histogram of amounts

pub mod closing;
pub mod figure;
pub mod indicator;
pub mod ticket;

use chrono::{Days, Months, NaiveDate};

use crate::domain::day::Window;
use crate::domain::zone::ZoneCode;
use closing::{Completeness, SourceHealth};
use figure::{Evidence, Figure, Measure, Undefined};
use indicator::{Availability, Indicator};
use ticket::{Percentile, TicketHistogram};

/// On how many days of a calendar month an establishment must have a payment to be regularly
/// active (B4).
pub const REGULAR_DAYS: i64 = 8;

/// How long after its approval an establishment that never had a payment is called so (B6).
pub const SEASONED_DAYS: u64 = 30;

/// After how many months a census is too old to be shown without a warning (A1).
pub const CENSUS_FRESH_MONTHS: u32 = 6;

/// What figures are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All zones together.
    Everything,
    /// One zone or the zones of a ward.
    Zones,
    /// One source of notices.
    Source,
}

/// The census that a zone's denominators come from: the latest one by the window's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CensusUsed {
    /// The zone.
    pub zone: ZoneCode,
    /// Its number within the zone.
    pub version: i64,
    /// The day of the walk-through.
    pub surveyed_on: NaiveDate,
}

impl CensusUsed {
    /// Whether it is older than [`CENSUS_FRESH_MONTHS`] on a day.
    pub fn is_stale_on(&self, day: NaiveDate) -> bool {
        self.surveyed_on + Months::new(CENSUS_FRESH_MONTHS) < day
    }
}

/// What a question is about, apart from the counts.
#[derive(Clone, Debug)]
pub struct Frame {
    /// What figures are asked for.
    pub scope: Scope,
    /// Over which local days.
    pub window: Window,
    /// The local day on which it is asked.
    pub today: NaiveDate,
    /// The censuses behind the denominators; a zone without one counts no establishment.
    pub censuses: Vec<CensusUsed>,
    /// Whether every source that the scope depends on was heard throughout.
    pub sources: SourceHealth,
}

impl Frame {
    /// The last day by which an establishment must be approved to be counted by B6.
    pub fn seasoned_by(&self) -> NaiveDate {
        self.window.last() - Days::new(SEASONED_DAYS)
    }

    /// Whether the figures may still move, and whether something is missing.
    pub fn completeness(&self) -> Completeness {
        closing::completeness(self.window, self.today, self.sources)
    }

    /// The same for one indicator: a silent source takes nothing from what only the census
    /// and the registrations tell.
    pub fn completeness_of(&self, indicator: Indicator) -> Completeness {
        if indicator.needs_notices() {
            self.completeness()
        } else {
            closing::completeness(self.window, self.today, SourceHealth::Heard)
        }
    }
}

/// What the store counts over a frame. All numbers are zero or more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// `E_z(b)`: establishments operating on the last day, from the census and the confirmed
    /// openings and closures since.
    pub operating: i64,
    /// `R_z(b)`: of these, the ones with an approved registration by the last day.
    pub registered: i64,
    /// Outlets approved by the last day that no census lists (ngoài danh sách).
    pub registered_outside: i64,
    /// `#{i: n_i(W) ≥ 1}` among the operating establishments.
    pub active: i64,
    /// Outlets outside the census with a counted payment.
    pub active_outside: i64,
    /// `#{i: D_i(W) ≥ 8}` among the operating establishments.
    pub regular: i64,
    /// `#{i ∈ R: r_i ≤ b − 30}`.
    pub seasoned: i64,
    /// Of these, the ones without a first payment by the last day.
    pub never_active: i64,
    /// `N`: counted payments, wherever their outlet stands.
    pub payments: i64,
    /// `V`: their sale amount, đồng.
    pub sale_vnd: i64,
    /// What they received, đồng; more than the sale where change was given.
    pub received_vnd: i64,
    /// Payments attributed by account alone.
    pub by_account_payments: i64,
    /// Their sale amount, đồng.
    pub by_account_sale_vnd: i64,
    /// The sale amounts of the counted payments.
    pub tickets: TicketHistogram,
    /// Deliveries of the sources in scope.
    pub notices: Notices,
}

impl Counts {
    /// Adds what another day or another zone counted of payments and notices; a stock is
    /// counted at the end of a window and never added up.
    pub fn add_flows(&mut self, other: &Self) {
        self.payments += other.payments;
        self.sale_vnd += other.sale_vnd;
        self.received_vnd += other.received_vnd;
        self.by_account_payments += other.by_account_payments;
        self.by_account_sale_vnd += other.by_account_sale_vnd;
        self.notices.accepted += other.notices.accepted;
        self.notices.ignored += other.notices.ignored;
        self.notices.failed += other.notices.failed;
        self.notices.quarantined += other.notices.quarantined;
        self.notices.conflict += other.notices.conflict;
    }
}

/// Distinct authentic notices by what became of them; repeats count once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notices {
    /// Became a bank fact.
    pub accepted: i64,
    /// Authentic, and no credit for us.
    pub ignored: i64,
    /// Reported a failed or unfinished payment.
    pub failed: i64,
    /// Unusable, waiting for a person.
    pub quarantined: i64,
    /// Told other facts than an earlier notice of the same transaction.
    pub conflict: i64,
}

impl Notices {
    /// All of them.
    pub const fn received(&self) -> i64 {
        self.accepted + self.ignored + self.failed + self.quarantined + self.conflict
    }
}

/// An indicator's answer: at least one figure, or why there is none yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The headline figure first, what must be shown beside it after.
    Figures(Vec<Figure>),
    /// Not computed by this version; the reason in English and Vietnamese is in
    /// [`Indicator::availability`].
    NotYet,
}

/// What an indicator says over a frame.
pub fn answer(indicator: Indicator, frame: &Frame, counts: &Counts) -> Answer {
    if indicator.availability() != Availability::Computed {
        return Answer::NotYet;
    }
    let figures = match indicator {
        Indicator::A1 => stock(counts),
        Indicator::A2 => registration(counts),
        Indicator::B3 => active(counts),
        Indicator::B4 => vec![regular(frame, counts)],
        Indicator::B5 => active_rates(frame, counts),
        Indicator::B6 => vec![never_active(counts)],
        Indicator::C1 => payments(counts),
        Indicator::C2 => value(counts),
        Indicator::C4 => tickets(counts),
        Indicator::D1 => vec![notices(counts)],
        _ => return Answer::NotYet,
    };
    let undefined = undefined_in(indicator, frame);
    let refuse = |figure: Figure| match undefined {
        Some(Undefined::NoCensus) if figure.measure().is_outside_census() => figure,
        Some(reason) => Figure::undefined(figure.measure(), figure.evidence(), reason),
        None => figure,
    };
    Answer::Figures(figures.into_iter().map(refuse).collect())
}

/// Why an indicator has no meaning in a frame, whatever was counted.
fn undefined_in(indicator: Indicator, frame: &Frame) -> Option<Undefined> {
    let by_source = indicator == Indicator::D1;
    match frame.scope {
        Scope::Zones if by_source => Some(Undefined::NotForZones),
        Scope::Source if !by_source => Some(Undefined::NotForSource),
        _ if indicator.needs_census() && frame.censuses.is_empty() => Some(Undefined::NoCensus),
        _ => None,
    }
}

fn stock(counts: &Counts) -> Vec<Figure> {
    vec![Figure::count(
        Measure::Establishments,
        Evidence::Census,
        counts.operating,
    )]
}

fn registration(counts: &Counts) -> Vec<Figure> {
    vec![
        Figure::ratio(
            Measure::RegistrationRate,
            Evidence::Census,
            counts.registered,
            counts.operating,
        ),
        Figure::count(
            Measure::RegisteredOutsideCensus,
            Evidence::Census,
            counts.registered_outside,
        ),
    ]
}

fn active(counts: &Counts) -> Vec<Figure> {
    vec![
        Figure::count(Measure::Active, Evidence::Verified, counts.active),
        Figure::count(
            Measure::ActiveOutsideCensus,
            Evidence::Verified,
            counts.active_outside,
        ),
    ]
}

fn regular(frame: &Frame, counts: &Counts) -> Figure {
    if frame.window.is_calendar_month() {
        Figure::count(Measure::Regular, Evidence::Verified, counts.regular)
    } else {
        Figure::undefined(
            Measure::Regular,
            Evidence::Verified,
            Undefined::CalendarMonthOnly,
        )
    }
}

fn active_rates(frame: &Frame, counts: &Counts) -> Vec<Figure> {
    let rate = |measure, part| Figure::ratio(measure, Evidence::Verified, part, counts.operating);
    let regular = if frame.window.is_calendar_month() {
        rate(Measure::RegularRate, counts.regular)
    } else {
        let reason = Undefined::CalendarMonthOnly;
        Figure::undefined(Measure::RegularRate, Evidence::Verified, reason)
    };
    vec![rate(Measure::ActiveRate, counts.active), regular]
}

fn never_active(counts: &Counts) -> Figure {
    Figure::ratio(
        Measure::NeverActiveShare,
        Evidence::Verified,
        counts.never_active,
        counts.seasoned,
    )
}

fn payments(counts: &Counts) -> Vec<Figure> {
    vec![
        Figure::count(Measure::Payments, Evidence::Verified, counts.payments),
        Figure::count(
            Measure::Payments,
            Evidence::ByAccount,
            counts.by_account_payments,
        ),
    ]
}

fn value(counts: &Counts) -> Vec<Figure> {
    vec![
        Figure::count(Measure::SaleVnd, Evidence::Verified, counts.sale_vnd),
        Figure::count(
            Measure::ReceivedVnd,
            Evidence::Verified,
            counts.received_vnd,
        ),
        Figure::count(
            Measure::SaleVnd,
            Evidence::ByAccount,
            counts.by_account_sale_vnd,
        ),
    ]
}

fn tickets(counts: &Counts) -> Vec<Figure> {
    let quantile = |(measure, share)| match counts.tickets.quantile(share) {
        Some(amount) => Figure::count(measure, Evidence::Verified, amount.get()),
        None => Figure::undefined(measure, Evidence::Verified, Undefined::NoDenominator),
    };
    let quantiles = [
        (Measure::TicketMedian, Percentile::P50),
        (Measure::TicketP25, Percentile::P25),
        (Measure::TicketP75, Percentile::P75),
    ];
    let mean = Figure::ratio(
        Measure::TicketMean,
        Evidence::Verified,
        counts.sale_vnd,
        counts.payments,
    );
    quantiles.map(quantile).into_iter().chain([mean]).collect()
}

fn notices(counts: &Counts) -> Figure {
    let Notices { accepted, .. } = counts.notices;
    let received = counts.notices.received();
    Figure::ratio(
        Measure::NoticesAccepted,
        Evidence::Verified,
        accepted,
        received,
    )
}

#[cfg(test)]
mod tests;
