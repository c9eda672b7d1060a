//! Every figure once more, straight from the rows: a simple model that shares nothing with
//! the program but the reading of the tables.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, NaiveDate, Utc};
use phocho::domain::day::{Window, local_day};
use phocho::domain::establishment::{CensusRecord, EstablishmentChange, EstablishmentStatus};
use phocho::domain::ids::{EstablishmentId, OutletId, ZoneId};
use phocho::domain::merchant::MerchantState;
use phocho::domain::outlet::OutletState;
use phocho::store::establishments::{self, Census, Establishment};
use phocho::store::merchants::{self, Merchant, MerchantFilter};
use phocho::store::outlets::{self, Outlet, OutletFilter};
use phocho::store::payments::{self, PaymentRow};
use phocho::store::reach::Reach;
use phocho::store::sources::{self, DeliveryCounts};
use phocho::store::zones::{self, Zone};
use phocho::store::{Store, Tx};

/// Where, as a question spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    All,
    Zone(&'static str),
    Ward(&'static str),
    UnknownWard,
}

impl Where {
    /// The parameter of the question, with an ampersand behind it.
    pub fn parameter(self) -> String {
        match self {
            Self::All => String::new(),
            Self::Zone(code) => format!("zone={code}&"),
            Self::Ward(ward) => {
                let ward: String = form_urlencoded::byte_serialize(ward.as_bytes()).collect();
                format!("ward={ward}&")
            }
            Self::UnknownWard => "ward=unknown&".to_owned(),
        }
    }

    fn holds(self, zone: &Zone, day: NaiveDate) -> bool {
        match self {
            Self::All => true,
            Self::Zone(code) => zone.code.as_str() == code,
            Self::Ward(ward) => zone.wards.ward_on(day) == Some(ward),
            Self::UnknownWard => zone.wards.ward_on(day).is_none(),
        }
    }
}

/// All rows that figures are made of.
pub struct Rows {
    zones: Vec<Zone>,
    places: Vec<(Establishment, Vec<(NaiveDate, EstablishmentChange)>)>,
    outlets: Vec<Outlet>,
    merchants: Vec<Merchant>,
    payments: Vec<PaymentRow>,
    censuses: BTreeMap<(ZoneId, NaiveDate), Option<SeenCensus>>,
    notices: BTreeMap<NaiveDate, DeliveryCounts>,
}

type SeenCensus = (Census, BTreeMap<EstablishmentId, CensusRecord>);

impl Rows {
    /// Reads everything; the censuses and notices of `days` only.
    pub async fn read(store: &Store, days: &[NaiveDate]) -> Self {
        let mut tx = store.begin_read().await.unwrap();
        let tx = &mut tx;
        let all = Reach::Everything;
        let zones = zones::list(tx, None, None, 10_000).await.unwrap();
        let mut places = Vec::new();
        for place in establishments::list(tx, None, None, 10_000).await.unwrap() {
            let changes = establishments::changes(tx, place.id).await.unwrap();
            places.push((place, changes));
        }
        let outlets = outlets::list(tx, all, OutletFilter::default(), None, 10_000).await;
        let filter = MerchantFilter::default();
        let merchants = merchants::list(tx, all, &filter, None, 10_000).await;
        let payments = payments::list(tx, all, None, 1_000_000).await.unwrap();
        let (mut censuses, mut notices) = (BTreeMap::new(), BTreeMap::new());
        for day in days {
            for zone in &zones {
                censuses.insert((zone.id, *day), census(tx, zone.id, *day).await);
            }
            let counts = sources::delivery_counts(tx, None, *day, *day).await;
            notices.insert(*day, counts.unwrap());
        }
        Self {
            zones,
            places,
            outlets: outlets.unwrap(),
            merchants: merchants.unwrap(),
            payments,
            censuses,
            notices,
        }
    }

    fn zone(&self, id: ZoneId) -> &Zone {
        self.zones.iter().find(|zone| zone.id == id).unwrap()
    }

    /// The figures of a computed indicator, each as `measure evidence value numerator/denominator`.
    pub fn figures(&self, indicator: &str, place: Where, window: Window) -> Vec<String> {
        let recount = Recount::new(self, place, window);
        let census = self.zones.iter().any(|zone| {
            place.holds(zone, window.last()) && self.censuses[&(zone.id, window.last())].is_some()
        });
        let no_census = |told: Vec<String>| {
            let undefined = |figure: String| {
                let outside = figure.contains("_outside_census ");
                if census || outside {
                    figure
                } else {
                    let mut words = figure.split(' ');
                    let (measure, evidence) = (words.next().unwrap(), words.next().unwrap());
                    format!("{measure} {evidence} no_census -/-")
                }
            };
            told.into_iter().map(undefined).collect()
        };
        match indicator {
            "A1" => no_census(vec![count(
                "establishments census",
                recount.operating.len(),
            )]),
            "A2" => no_census(recount.registration()),
            "B3" => no_census(recount.active()),
            "B4" => no_census(vec![recount.regular()]),
            "B5" => no_census(recount.rates()),
            "B6" => no_census(vec![recount.never_active()]),
            "C1" => recount.payments(),
            "C2" => recount.value(),
            "C4" => recount.tickets(),
            "D1" => vec![self.notices(place, window)],
            _ => panic!("{indicator} is not computed"),
        }
    }

    fn notices(&self, place: Where, window: Window) -> String {
        if place != Where::All {
            return "notices_accepted verified not_for_zones -/-".to_owned();
        }
        let days = self.notices.range(window.first()..=window.last());
        let (mut accepted, mut received) = (0, 0);
        for (_, day) in days {
            accepted += day.accepted;
            received += day.accepted + day.ignored + day.failed + day.quarantined + day.conflict;
        }
        ratio("notices_accepted verified", accepted, received, 6)
    }
}

async fn census(tx: &mut Tx, zone: ZoneId, day: NaiveDate) -> Option<SeenCensus> {
    let census = establishments::census_on(tx, zone, day).await.unwrap()?;
    let records = establishments::records(tx, census.id, None, 10_000).await;
    Some((census, records.unwrap().into_iter().collect()))
}

/// The rows of one question.
struct Recount<'a> {
    window: Window,
    operating: BTreeSet<EstablishmentId>,
    /// Outlets whose merchant was approved, with the later of approval and opening, still
    /// trading at the end.
    approved: Vec<(&'a Outlet, NaiveDate)>,
    listed: BTreeSet<EstablishmentId>,
    outlets: BTreeMap<OutletId, &'a Outlet>,
    place: Where,
    rows: &'a Rows,
}

impl<'a> Recount<'a> {
    fn new(rows: &'a Rows, place: Where, window: Window) -> Self {
        let last = window.last();
        let mut operating = BTreeSet::new();
        let mut listed = BTreeSet::new();
        for (establishment, changes) in &rows.places {
            if changes.iter().any(|(day, _)| *day <= last) {
                listed.insert(establishment.id);
            }
            // Every census by the end may list a place, also one before the newest.
            for ((zone, day), seen) in &rows.censuses {
                let seen = seen
                    .as_ref()
                    .filter(|_| *zone == establishment.zone && *day <= last);
                if seen.is_some_and(|(_, records)| records.contains_key(&establishment.id)) {
                    listed.insert(establishment.id);
                }
            }
            let zone = rows.zone(establishment.zone);
            if place.holds(zone, last) && operates(rows, establishment, changes, last) {
                operating.insert(establishment.id);
            }
        }
        let approved = rows.outlets.iter().filter_map(|outlet| {
            let day = approved_on(rows, outlet, last)?;
            place
                .holds(rows.zone(outlet.zone), last)
                .then_some((outlet, day))
        });
        Self {
            window,
            operating,
            approved: approved.collect(),
            listed,
            outlets: rows
                .outlets
                .iter()
                .map(|outlet| (outlet.id, outlet))
                .collect(),
            place,
            rows,
        }
    }

    fn counted(&self) -> impl Iterator<Item = &'a PaymentRow> {
        let (window, place, rows) = (self.window, self.place, self.rows);
        rows.payments.iter().filter(move |payment| {
            let zone = rows.zone(ZoneId::from_uuid(payment.zone_id));
            let day = local_day(payment.occurred_at);
            window.first() <= day && day <= window.last() && place.holds(zone, day)
        })
    }

    fn headline(&self) -> impl Iterator<Item = &'a PaymentRow> {
        self.counted().filter(|payment| is_headline(payment))
    }

    fn beside(&self) -> (usize, i64) {
        let by_account = |payment: &&PaymentRow| {
            payment.attributed_by == "account" && payment.standing == "counts"
        };
        let sales: Vec<_> = self
            .counted()
            .filter(by_account)
            .map(|row| row.sale_vnd)
            .collect();
        (sales.len(), sales.iter().sum())
    }

    /// The days with a counted payment, of each establishment.
    fn days(&self, first: NaiveDate) -> BTreeMap<EstablishmentId, BTreeSet<NaiveDate>> {
        let mut days: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for payment in self.rows.payments.iter().filter(|row| is_headline(row)) {
            let outlet = self.outlets[&OutletId::from_uuid(payment.outlet_id)];
            let day = local_day(payment.occurred_at);
            if let Some(place) = outlet.establishment
                && first <= day
                && day <= self.window.last()
            {
                days.entry(place).or_default().insert(day);
            }
        }
        days
    }

    fn registered(&self, by: NaiveDate) -> BTreeSet<EstablishmentId> {
        let places = self.approved.iter().filter(|(_, day)| *day <= by);
        let places = places.filter_map(|(outlet, _)| outlet.establishment);
        places
            .filter(|place| self.operating.contains(place))
            .collect()
    }

    fn outside(&self) -> Vec<&Outlet> {
        let outlets = self.approved.iter().map(|(outlet, _)| *outlet);
        let outside = |outlet: &&Outlet| {
            outlet
                .establishment
                .is_none_or(|place| !self.listed.contains(&place))
        };
        outlets.filter(outside).collect()
    }

    fn registration(&self) -> Vec<String> {
        let registered = self.registered(self.window.last()).len();
        vec![
            share("registration_rate census", registered, self.operating.len()),
            count("registered_outside_census census", self.outside().len()),
        ]
    }

    fn with_days(&self, least: usize) -> usize {
        let days = self.days(self.window.first());
        let places = self.operating.iter();
        places
            .filter(|place| days.get(place).is_some_and(|days| days.len() >= least))
            .count()
    }

    fn active(&self) -> Vec<String> {
        let paid: BTreeSet<_> = self
            .rows
            .payments
            .iter()
            .filter(|row| is_headline(row))
            .filter(|row| {
                let day = local_day(row.occurred_at);
                self.window.first() <= day && day <= self.window.last()
            })
            .map(|row| row.outlet_id)
            .collect();
        let outside = self.outside();
        let outside = outside
            .iter()
            .filter(|outlet| paid.contains(&outlet.id.uuid()));
        vec![
            count("active verified", self.with_days(1)),
            count("active_outside_census verified", outside.count()),
        ]
    }

    fn regular(&self) -> String {
        if self.is_month() {
            count("regular verified", self.with_days(8))
        } else {
            "regular verified calendar_month_only -/-".to_owned()
        }
    }

    fn rates(&self) -> Vec<String> {
        let all = self.operating.len();
        let regular = if self.is_month() {
            share("regular_rate verified", self.with_days(8), all)
        } else {
            "regular_rate verified calendar_month_only -/-".to_owned()
        };
        vec![
            share("active_rate verified", self.with_days(1), all),
            regular,
        ]
    }

    fn never_active(&self) -> String {
        let seasoned = self.registered(self.window.last() - Days::new(30));
        let days = self.days(NaiveDate::MIN);
        let never = seasoned.iter().filter(|place| !days.contains_key(place));
        share("never_active_share verified", never.count(), seasoned.len())
    }

    fn payments(&self) -> Vec<String> {
        vec![
            count("payments verified", self.headline().count()),
            count("payments by_account", self.beside().0),
        ]
    }

    fn value(&self) -> Vec<String> {
        let sale: i64 = self.headline().map(|row| row.sale_vnd).sum();
        let received: i64 = self.headline().map(|row| row.received_vnd).sum();
        vec![
            format!("sale_vnd verified {sale} {sale}/-"),
            format!("received_vnd verified {received} {received}/-"),
            format!("sale_vnd by_account {0} {0}/-", self.beside().1),
        ]
    }

    fn tickets(&self) -> Vec<String> {
        let mut sales: Vec<_> = self.headline().map(|row| row.sale_vnd).collect();
        sales.sort_unstable();
        let names = [("median", 50), ("p25", 25), ("p75", 75)];
        let quantile = |(name, percent): (&str, usize)| {
            let rank = (sales.len() * percent).div_ceil(100);
            let told = rank.checked_sub(1).map(|place| sales[place]);
            let told = told.map_or("no_denominator -/-".to_owned(), |sale| {
                format!("{sale} {sale}/-")
            });
            format!("ticket_{name}_vnd verified {told}")
        };
        let number = i64::try_from(sales.len()).unwrap();
        let mean = ratio("ticket_mean_vnd verified", sales.iter().sum(), number, 2);
        names.map(quantile).into_iter().chain([mean]).collect()
    }

    fn is_month(&self) -> bool {
        let (first, last) = (self.window.first(), self.window.last());
        let day = |day: NaiveDate| day.format("%Y-%m %d").to_string();
        let next = day(last + Days::new(1));
        day(first).ends_with(" 01") && next.ends_with(" 01") && day(first)[..7] == day(last)[..7]
    }
}

fn operates(
    rows: &Rows,
    place: &Establishment,
    changes: &[(NaiveDate, EstablishmentChange)],
    last: NaiveDate,
) -> bool {
    let Some((census, records)) = &rows.censuses[&(place.zone, last)] else {
        return false;
    };
    let since = changes
        .iter()
        .filter(|(day, _)| census.surveyed_on < *day && *day <= last);
    match since.clone().map(|(day, _)| *day).max() {
        Some(newest) => !since
            .into_iter()
            .any(|(day, change)| *day == newest && *change == EstablishmentChange::Closed),
        None => records
            .get(&place.id)
            .is_some_and(|record| record.status == EstablishmentStatus::Trading),
    }
}

/// The day from which an outlet is registered, if it is and still trades on `last`.
fn approved_on(rows: &Rows, outlet: &Outlet, last: NaiveDate) -> Option<NaiveDate> {
    let merchant = rows
        .merchants
        .iter()
        .find(|it| it.id == outlet.merchant)
        .unwrap();
    let (approval, closed_at) = match &merchant.state {
        MerchantState::Active { approval } | MerchantState::Suspended { approval, .. } => {
            (approval, None)
        }
        MerchantState::Closed {
            approval,
            closed_at,
            ..
        } => (approval, Some(*closed_at)),
        _ => return None,
    };
    let outlet_closed = match outlet.state {
        OutletState::Closed { closed_at } => Some(closed_at),
        _ => None,
    };
    let gone = |closed: Option<DateTime<Utc>>| closed.is_some_and(|at| local_day(at) <= last);
    let day = local_day(approval.approved_at).max(local_day(outlet.created_at));
    (day <= last && !gone(closed_at) && !gone(outlet_closed)).then_some(day)
}

fn is_headline(payment: &PaymentRow) -> bool {
    payment.attributed_by != "account"
        && payment.standing == "counts"
        && !payment.flags.split(' ').any(|flag| flag == "test")
        && payment.sale_vnd > 0
}

fn count(what: &str, number: usize) -> String {
    format!("{what} {number} {number}/-")
}

fn share(what: &str, part: usize, whole: usize) -> String {
    let number = |number: usize| i64::try_from(number).unwrap();
    ratio(what, number(part), number(whole), 6)
}

/// A quotient by long division, rounded half up, without trailing zeros.
fn ratio(what: &str, part: i64, whole: i64, decimals: u32) -> String {
    if whole == 0 {
        return format!("{what} no_denominator {part}/{whole}");
    }
    let scale = 10_i128.pow(decimals);
    let (part_wide, whole_wide) = (i128::from(part), i128::from(whole));
    let scaled = (2 * part_wide * scale + whole_wide) / (2 * whole_wide);
    let width = usize::try_from(decimals).unwrap();
    let text = format!("{}.{:0width$}", scaled / scale, scaled % scale);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{what} {text} {part}/{whole}")
}
