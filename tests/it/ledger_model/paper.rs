//! Statements of a stall's account: what they tell, and their files.

use phocho::domain::day::vietnam_offset;

use super::dice::Dice;
use super::movement::{Fact, Movement as Moved, Way, day_of, moment, start_of_day};
use super::rules::Rule;
use super::world::Stall;
use crate::statement::{Movement, Sheet};

/// The two days of every statement.
const FIRST: &str = "2026-03-15";
const LAST: &str = "2026-03-16";
/// What stands on every account before the first of them, đồng.
const OPENING: i64 = 90_000_000;

/// How a statement is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Csv,
    Camt053,
    /// It knows no time of day.
    Mt940,
}

/// A statement that tells some of the movements.
#[derive(Clone, Debug)]
pub struct Paper {
    pub form: Form,
    /// What stands on the account before, đồng: no two of one account are the same file.
    pub opening_vnd: i64,
    pub lines: Vec<Fact>,
    /// Whether an administrator brings it, not the trader.
    pub by_admin: bool,
    /// Whether it tells the time of day.
    pub has_clock: bool,
    /// Whether its lines that nobody else tells are proposed.
    pub is_believed: bool,
}

impl Paper {
    /// Draws what a statement tells; none when that is nothing.
    pub fn draw(dice: &mut Dice, place: usize, movements: &[Moved]) -> Option<Self> {
        let form = dice.of(&[Form::Csv, Form::Csv, Form::Camt053, Form::Mt940]);
        let has_clock = form != Form::Mt940 && dice.below(4) > 0;
        let is_believed = dice.below(4) > 0 && (has_clock || Rule::Times.is_kept());
        let mut lines = Vec::new();
        for movement in movements {
            let is_followed = !is_believed || Rule::StatedReturns.is_kept();
            if movement.is_of_a_return && !is_followed || dice.once_in(4) {
                continue;
            }
            // One in twenty is listed twice.
            for _ in 0..=usize::from(!movement.is_told_once() && dice.once_in(20)) {
                let mut line = movement.as_told(dice);
                line.takes_back = None;
                if !has_clock {
                    line.has_clock = false;
                    line.at_second = start_of_day(line.at_second);
                }
                lines.push(line);
            }
        }
        dice.shuffle(&mut lines);
        lines.sort_by_key(|line| line.at_second);
        (!lines.is_empty()).then_some(Self {
            form,
            opening_vnd: OPENING + i64::try_from(place).unwrap(),
            lines,
            by_admin: dice.once_in(3),
            has_clock,
            is_believed,
        })
    }

    /// Its bytes, and how they are declared.
    pub fn file(&self, stall: &Stall) -> (String, &'static str) {
        let sheet = Sheet {
            account: stall.account.clone(),
            first: FIRST,
            last: LAST,
            opening: Some(self.opening_vnd),
            movements: self.lines.iter().map(movement).collect(),
        };
        match self.form {
            Form::Csv => (sheet.csv(), "text/csv; charset=utf-8"),
            Form::Camt053 => (sheet.camt(), "application/xml"),
            Form::Mt940 => (sheet.mt940(), "text/plain"),
        }
    }
}

/// The days of every statement, as the API is told them.
pub fn period() -> String {
    format!("first_day={FIRST}&last_day={LAST}")
}

fn movement(line: &Fact) -> Movement {
    let at = if line.has_clock {
        let local = moment(line.at_second).with_timezone(&vietnam_offset());
        local.format("%Y-%m-%dT%H:%M:%S").to_string()
    } else {
        day_of(line.at_second).to_string()
    };
    Movement {
        at,
        amount: match line.way {
            Way::In => line.amount_vnd,
            Way::Out => -line.amount_vnd,
        },
        reference: line.reference.clone(),
        text: line.text.clone(),
    }
}
