//! What the sample street looks like: places, traders and their habits, from a seed and a day.

use chrono::{NaiveDate, TimeDelta};

use super::words::{FAMILIES, MEN, SampleZone, Trade, WOMEN, ZONES};
use crate::cli::dice::Dice;
use crate::domain::establishment::OwnerSex;

/// For how many days back payments are invented.
pub(super) const HISTORY_DAYS: i64 = 90;
/// How many days ago the census was walked and the first traders could enrol.
pub(super) const CENSUS_DAYS_AGO: i64 = 120;

/// What a busy trader is paid on an ordinary day, in hundredths of a payment.
const BUSY_HUNDREDTHS: i64 = 900;

/// A place that the census finds.
pub(super) struct Place {
    /// Which zone of [`ZONES`].
    pub(super) zone: usize,
    /// The stall or house number.
    pub(super) position: String,
    /// The name over the door.
    pub(super) name: String,
    /// What is sold.
    pub(super) trade: &'static Trade,
    /// Who is behind it.
    pub(super) owner: Owner,
    /// Whether it trades; otherwise it stands empty.
    pub(super) trades: bool,
    /// Whether any cashless means is taken, as the surveyor saw it.
    pub(super) accepts_cashless: bool,
}

/// Who is behind a place.
#[derive(Clone)]
pub(super) struct Owner {
    /// Family, middle and given name.
    pub(super) name: String,
    /// As the census asks it.
    pub(super) sex: OwnerSex,
    /// Whether 60 or older.
    pub(super) over_60: bool,
}

/// A trader who enrols.
pub(super) struct Trader {
    /// From 1.
    pub(super) number: usize,
    /// Which zone of [`ZONES`].
    pub(super) zone: usize,
    /// The stall or house number of its outlet.
    pub(super) stall: String,
    /// The name over the door.
    pub(super) shop: String,
    /// What is sold.
    pub(super) trade: &'static Trade,
    /// Who speaks for it.
    pub(super) owner: Owner,
    /// Which bank of [`super::bank::BANKS`] has its account.
    pub(super) bank: usize,
    /// The day of its approval.
    pub(super) approved_on: NaiveDate,
    /// How it sells.
    pub(super) habit: Habit,
}

/// How a trader uses the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Habit {
    /// Enrolled, and never paid by code.
    Never,
    /// Sells by code.
    Sells {
        /// From this day.
        from: NaiveDate,
        /// Up to this day, where it has stopped.
        until: Option<NaiveDate>,
        /// Payments on an ordinary day, in hundredths.
        daily_hundredths: i64,
    },
}

impl Habit {
    /// Payments on an ordinary day, in hundredths.
    pub(super) fn on(self, day: NaiveDate) -> i64 {
        match self {
            Self::Sells {
                from,
                until,
                daily_hundredths,
            } if from <= day && until.is_none_or(|until| day <= until) => daily_hundredths,
            Self::Sells { .. } | Self::Never => 0,
        }
    }
}

/// The whole street.
pub(super) struct Plan {
    /// Where the pilot stands in time.
    pub(super) today: NaiveDate,
    /// What chance follows.
    pub(super) seed: u64,
    /// What the census finds.
    pub(super) places: Vec<Place>,
    /// Who enrols, in the order of approval.
    pub(super) traders: Vec<Trader>,
}

impl Plan {
    /// A trader, by its place, who has sold by code many times a day since before this day and
    /// still does.
    pub(super) fn busy_since(&self, day: NaiveDate) -> Option<usize> {
        let mut traders = self.traders.iter();
        traders.position(|it| {
            it.habit.on(day) >= BUSY_HUNDREDTHS && it.habit.on(self.today) >= BUSY_HUNDREDTHS
        })
    }

    /// The street of a seed on a day.
    pub(super) fn new(seed: u64, today: NaiveDate) -> Self {
        let mut places = Vec::new();
        let mut traders = Vec::new();
        for (zone, sample) in ZONES.iter().enumerate() {
            let dice = Dice::new(seed, sample.code);
            let found: Vec<_> = (1..=sample.places)
                .map(|number| place(&dice, (zone, sample), number))
                .collect();
            traders.extend(enrol(&dice, today, (zone, sample), &found));
            places.extend(found);
        }
        traders.sort_by_key(|trader: &Trader| trader.approved_on);
        for (number, trader) in (1..).zip(&mut traders) {
            trader.number = number;
        }
        Self {
            today,
            seed,
            places,
            traders,
        }
    }
}

fn place(dice: &Dice, (zone, sample): (usize, &SampleZone), number: usize) -> Place {
    let trade = dice.pick(sample.trades);
    let owner = owner(dice);
    Place {
        zone,
        position: format!("{} {number}", sample.position),
        name: shop(trade, &owner),
        trade,
        owner,
        trades: dice.chance(96),
        accepts_cashless: dice.chance(90),
    }
}

fn owner(dice: &Dice) -> Owner {
    let woman = dice.chance(65);
    let given = if woman {
        dice.pick(&WOMEN)
    } else {
        dice.pick(&MEN)
    };
    Owner {
        name: format!("{} {given}", dice.pick(&FAMILIES)),
        sex: if woman {
            OwnerSex::Female
        } else {
            OwnerSex::Male
        },
        over_60: dice.chance(18),
    }
}

fn shop(trade: &Trade, owner: &Owner) -> String {
    let given = owner.name.rsplit(' ').next().unwrap_or_default();
    format!("{} {given}", trade.shop)
}

/// The traders of a zone: at places that trade, and one where the census found nobody.
fn enrol(
    dice: &Dice,
    today: NaiveDate,
    (zone, sample): (usize, &SampleZone),
    places: &[Place],
) -> Vec<Trader> {
    let order = dice.shuffled(places.len()).into_iter();
    let chosen = order.map(|it| &places[it]).filter(|place| place.trades);
    let chosen = chosen.take(sample.traders - 1);
    let trader = |stall: String, shop: String, trade, owner| {
        let approved_on = approval(dice, today);
        Trader {
            number: 0,
            zone,
            stall,
            shop,
            trade,
            owner,
            bank: usize::try_from(dice.below(3)).expect("three banks"),
            approved_on,
            habit: habit(dice, today, approved_on),
        }
    };
    let mut traders: Vec<_> = chosen
        .map(|place| {
            let (position, name) = (place.position.clone(), place.name.clone());
            trader(position, name, place.trade, place.owner.clone())
        })
        .collect();
    let (trade, owner) = (dice.pick(sample.trades), owner(dice));
    let name = shop(trade, &owner);
    traders.push(trader("Vỉa hè 1".to_owned(), name, trade, owner));
    traders
}

/// Most enrol in the first month, the rest over the whole time.
fn approval(dice: &Dice, today: NaiveDate) -> NaiveDate {
    match dice.below(10) {
        0..=6 => dice.days_before(today, HISTORY_DAYS + 2, CENSUS_DAYS_AGO - 8),
        7..=8 => dice.days_before(today, 40, HISTORY_DAYS),
        _ => dice.days_before(today, 3, 40),
    }
}

fn habit(dice: &Dice, today: NaiveDate, approved_on: NaiveDate) -> Habit {
    let daily_hundredths = match dice.below(100) {
        0..=9 => return Habit::Never,
        10..=17 => dice.between(900, 1_600),
        18..=57 => dice.between(220, 480),
        _ => dice.between(40, 170),
    };
    let from = approved_on + TimeDelta::days(dice.between(1, 9));
    let stopped = dice.chance(9);
    Habit::Sells {
        from,
        until: stopped.then(|| dice.days_before(today, 12, 70)),
        daily_hundredths,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        "2026-11-24".parse().unwrap()
    }

    #[test]
    fn a_street_has_300_places_and_180_traders_and_repeats() {
        let plan = Plan::new(7, today());
        assert_eq!((plan.places.len(), plan.traders.len()), (300, 180));
        let stalls = |plan: &Plan| -> Vec<_> {
            let traders = plan.traders.iter();
            traders
                .map(|it| {
                    (
                        it.number,
                        it.zone,
                        it.stall.clone(),
                        it.habit,
                        it.approved_on,
                    )
                })
                .collect()
        };
        assert_eq!(stalls(&plan), stalls(&Plan::new(7, today())));
        assert_ne!(stalls(&plan), stalls(&Plan::new(8, today())));
        let never = plan.traders.iter().filter(|it| it.habit == Habit::Never);
        assert!((8..=30).contains(&never.count()));
        let ascending = plan.traders.windows(2);
        assert!(
            ascending
                .clone()
                .all(|it| it[0].approved_on <= it[1].approved_on)
        );
    }
}
