//! What moves on the account of a stall, and how differently it may be told.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use phocho::domain::day::local_day;

use super::dice::Dice;
use super::rules::{Beside, Mix, Rule};
use super::world::Stall;
use crate::street::now;

/// Codes of an outlet: a printed one and two for one sale.
pub const CODES: usize = 3;
/// What each code expects, đồng.
pub const EXPECTED: [Option<i64>; CODES] = [None, Some(100_000), Some(50_000)];

const AMOUNTS: [i64; 6] = [20_000, 30_000, 50_000, 70_000, 100_000, 130_000];
/// What a movement without a reference moves more than others, so that no two credits of one
/// amount and moment are known by different kinds of names.
const UNNAMED_MORE: i64 = 500;

/// Midnight, in seconds after half past eight of the morning before.
pub const MIDNIGHT: i64 = 55_800;
/// When debits leave that nobody announced: the next morning.
const NEXT_MORNING: i64 = 84_000;
/// Seconds between a credit and the bank's word that takes it back.
const UNTIL_TAKEN_BACK: i64 = 20_000;

/// Half past eight in Hanoi, yesterday.
fn morning() -> DateTime<Utc> {
    now() - TimeDelta::hours(25)
}

/// The moment so many seconds after half past eight.
pub fn moment(at_second: i64) -> DateTime<Utc> {
    morning() + TimeDelta::seconds(at_second)
}

/// The seconds from half past eight to a moment.
pub fn second_of(moment: DateTime<Utc>) -> i64 {
    (moment - morning()).num_seconds()
}

/// The local day of a second.
pub fn day_of(at_second: i64) -> NaiveDate {
    local_day(moment(at_second))
}

/// The second with which the local day of another one begins.
pub fn start_of_day(at_second: i64) -> i64 {
    if at_second < MIDNIGHT {
        MIDNIGHT - 86_400
    } else {
        MIDNIGHT
    }
}

/// Money in or out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    In,
    Out,
}

impl Way {
    pub fn word(self) -> &'static str {
        match self {
            Self::In => "credit",
            Self::Out => "debit",
        }
    }
}

/// A movement as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub way: Way,
    pub amount_vnd: i64,
    /// The bank's reference, where the bank has one.
    pub reference: Option<String>,
    /// Which of the stall's codes the text names.
    pub codes: Vec<usize>,
    pub text: String,
    /// Seconds after half past eight in Hanoi.
    pub at_second: i64,
    /// Whether the time of day is told, not the day alone.
    pub has_clock: bool,
    /// The number of the movement that it takes back, as sources that name it number it.
    pub takes_back: Option<u64>,
}

/// How tellings of one movement differ.
#[derive(Clone, Debug)]
enum Variety {
    Same,
    /// In their texts: what each names and says.
    Texts(Vec<(Vec<usize>, String)>),
    /// In their times, by some seconds.
    Times,
    /// Some have the bank's reference and some have not.
    Gaps,
}

/// A movement, and who may tell of it.
#[derive(Clone, Debug)]
pub struct Movement {
    pub number: u64,
    pub fact: Fact,
    variety: Variety,
    /// Whether it goes back, or takes back.
    pub is_of_a_return: bool,
    /// Whether only statements tell of it.
    pub is_untold: bool,
}

/// What a trader records as given back.
#[derive(Clone, Copy, Debug)]
pub struct GivenBack {
    pub code: usize,
    /// By what the payment is found.
    pub received_vnd: i64,
    pub amount_vnd: i64,
}

/// How money goes back.
#[derive(Clone, Copy, Debug)]
enum Return {
    /// The bank takes it back.
    Taken,
    /// So it does, and the trader recorded it as well.
    TakenAndGiven,
    /// The trader gives all of it back.
    Given,
    /// The trader gives a part of it back.
    PartGiven,
}

/// Draws what moves, and what the trader records of it.
pub fn draw_all(dice: &mut Dice, stall: &Stall, mix: Mix) -> (Vec<Movement>, Vec<GivenBack>) {
    let mut movements: Vec<Movement> = Vec::new();
    let mut given = Vec::new();
    for _ in 0..=dice.below(6) {
        let number = u64::try_from(movements.len()).unwrap();
        let mut movement = Movement::draw(dice, stall, number);
        movement.is_untold = mix.contains(&Beside::Statements) && dice.once_in(5);
        if mix.contains(&Beside::Differences) && dice.below(3) > 0 {
            movement.differ(dice, stall);
        } else if mix.contains(&Beside::Returns) && dice.below(3) > 0 && movement.names_one_code() {
            let (back, record) = movement.go_back(dice);
            movements.push(back);
            given.extend(record);
        }
        movements.push(movement);
    }
    (movements, given)
}

impl Movement {
    fn draw(dice: &mut Dice, stall: &Stall, number: u64) -> Self {
        let way = if dice.once_in(10) { Way::Out } else { Way::In };
        let (codes, text) = match dice.below(20) {
            0 | 1 => (Vec::new(), "tien com trua".to_owned()),
            2 => (vec![0, 1], format!("{} {}", stall.codes[0], stall.codes[1])),
            drawn => {
                let code = drawn % CODES;
                (vec![code], format!("{} cam on", stall.codes[code]))
            }
        };
        let referenced = dice.below(4) > 0;
        let more = if referenced { 0 } else { UNNAMED_MORE };
        let fact = Fact {
            way,
            amount_vnd: dice.of(&AMOUNTS) + more,
            reference: referenced.then(|| format!("FT{number:04}")),
            codes,
            text: format!("{text} {}", if referenced { "co so" } else { "khong so" }),
            // Some at the same second; where nothing but the text tells them apart, all of them.
            at_second: if referenced {
                dice.of(&[0, 60, 60, 61, 900, 1_700, MIDNIGHT - 10])
            } else {
                30
            },
            has_clock: true,
            takes_back: None,
        };
        Self {
            number,
            fact,
            variety: Variety::Same,
            is_of_a_return: false,
            is_untold: false,
        }
    }

    fn names_one_code(&self) -> bool {
        self.fact.way == Way::In && self.fact.codes.len() == 1
    }

    /// Lets it go back: by which movement, and what the trader records.
    fn go_back(&mut self, dice: &mut Dice) -> (Self, Option<GivenBack>) {
        self.make_single();
        self.is_of_a_return = true;
        self.is_untold &= Rule::StatedReturns.is_kept();
        let number = self.number + 1;
        let received_vnd = self.fact.amount_vnd;
        let part_vnd = 5_000 + 10 * i64::try_from(number).unwrap();
        let given = |amount_vnd| GivenBack {
            code: self.fact.codes[0],
            received_vnd,
            amount_vnd,
        };
        match dice.of(&[
            Return::Taken,
            Return::TakenAndGiven,
            Return::Given,
            Return::PartGiven,
        ]) {
            Return::Taken => (self.taken_back(number), None),
            Return::TakenAndGiven => (self.taken_back(number), Some(given(received_vnd))),
            Return::Given => {
                let debit = Self::debit(dice, number, received_vnd);
                (debit, Some(given(received_vnd)))
            }
            Return::PartGiven => {
                let debit = Self::debit(dice, number, part_vnd);
                (debit, Some(given(part_vnd)))
            }
        }
    }

    /// A debit by which the trader gives back.
    fn debit(dice: &mut Dice, number: u64, amount_vnd: i64) -> Self {
        let fact = Fact {
            way: Way::Out,
            amount_vnd,
            reference: dice.once_in(2).then(|| format!("FT{number:04}")),
            codes: Vec::new(),
            text: format!("tra lai {number}"),
            at_second: NEXT_MORNING,
            has_clock: true,
            takes_back: None,
        };
        Self {
            number,
            fact,
            variety: Variety::Same,
            is_of_a_return: true,
            is_untold: Rule::StatedReturns.is_kept() && dice.once_in(5),
        }
    }

    /// The bank's word that takes this movement back.
    fn taken_back(&self, number: u64) -> Self {
        let fact = Fact {
            way: Way::Out,
            at_second: self.fact.at_second + UNTIL_TAKEN_BACK,
            takes_back: Some(self.number),
            ..self.fact.clone()
        };
        Self {
            number,
            fact,
            is_untold: false,
            ..self.clone()
        }
    }

    /// Makes it the only one of its amount, text and day.
    fn make_single(&mut self) {
        let number = i64::try_from(self.number).unwrap();
        self.fact.amount_vnd += 10 * (number + 1);
        self.fact.text = format!("{} lan {number}", self.fact.text);
    }

    /// Lets its tellings differ in one way.
    fn differ(&mut self, dice: &mut Dice, stall: &Stall) {
        let ways: Vec<usize> = [
            (0, self.fact.codes.len() == 1),
            (1, Rule::Times.is_kept()),
            (2, Rule::References.is_kept()),
        ]
        .into_iter()
        .filter_map(|(way, is_open)| is_open.then_some(way))
        .collect();
        if ways.is_empty() || self.fact.reference.is_none() {
            return;
        }
        self.variety = match dice.of(&ways) {
            0 => Variety::Texts(wordings(dice, stall, self.fact.codes[0])),
            1 => Variety::Times,
            _ => {
                // By the text it has to be found on its day.
                self.fact.at_second = self.fact.at_second.min(MIDNIGHT - 100);
                self.make_single();
                Variety::Gaps
            }
        };
    }

    /// Whether its tellings say different things.
    pub fn differs(&self) -> bool {
        !matches!(self.variety, Variety::Same)
    }

    /// Whether every teller has to tell of it once: told twice, nobody could say which of the
    /// two is meant.
    pub fn is_told_once(&self) -> bool {
        let is_named = self.fact.reference.is_some() && self.fact.takes_back.is_none();
        self.has_gaps() || self.is_of_a_return && !is_named
    }

    /// Whether some tellings leave out the bank's reference.
    pub fn has_gaps(&self) -> bool {
        matches!(self.variety, Variety::Gaps)
    }

    /// What one teller says of it.
    pub fn as_told(&self, dice: &mut Dice) -> Fact {
        let mut fact = self.fact.clone();
        match &self.variety {
            Variety::Same | Variety::Texts(_) => {}
            Variety::Times => fact.at_second += dice.of(&[-30, 0, 30]),
            Variety::Gaps => fact.reference = fact.reference.filter(|_| dice.below(2) > 0),
        }
        self.in_words(dice, fact)
    }

    /// The same in one of its wordings.
    pub fn in_words(&self, dice: &mut Dice, mut fact: Fact) -> Fact {
        if let Variety::Texts(texts) = &self.variety {
            (fact.codes, fact.text) = texts[dice.below(texts.len())].clone();
        }
        fact
    }
}

/// The wordings of a text that names a code.
fn wordings(dice: &mut Dice, stall: &Stall, code: usize) -> Vec<(Vec<usize>, String)> {
    let reference = &stall.codes[code];
    let (head, tail) = reference.split_at(6);
    let mut texts = vec![
        (vec![code], format!("{reference} cam on")),
        (vec![code], format!("MBVCB.77 {head}-{tail} ck")),
    ];
    if Rule::Texts.is_kept() {
        texts.push((Vec::new(), format!("{head} ck nhanh")));
        if dice.once_in(3) {
            let other = (code + 1) % CODES;
            texts.push((vec![other], format!("{} cam on", stall.codes[other])));
        }
    }
    texts
}
