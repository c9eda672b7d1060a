//! What happens about one stall, drawn from a seed.

use super::dice::Dice;
use super::movement::{Fact, GivenBack, Movement, Way, draw_all};
use super::paper::Paper;
use super::rules::{Beside, Mix, Rule};
use super::world::Stall;

/// Who tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// SePay, signed. It has a list of what it told.
    Sepay,
    /// SePay's other channel, with a key, and its own numbers.
    Apikey,
    /// A bank of its own. It names what is taken back.
    Bank,
    /// A bank that corrects what it told.
    Acb,
}

/// Every source, by its name in the world.
pub const SOURCES: [(Source, &str, &str); 4] = [
    (Source::Sepay, "sepay", "sepay_hmac"),
    (Source::Apikey, "apikey", "sepay_apikey"),
    (Source::Bank, "bank", "standard_webhooks"),
    (Source::Acb, "acb", "acb"),
];

/// One delivery, or one row of a list.
#[derive(Clone, Debug)]
pub struct Telling {
    pub source: Source,
    /// The source's own number of the movement.
    pub number: u64,
    pub fact: Fact,
    /// Whether it says something else than others under its number.
    pub contradicts: bool,
    /// Whether it was fetched from the source's list.
    pub is_row: bool,
}

/// Something that happens.
#[derive(Clone, Debug)]
pub enum Step {
    Told(Telling),
    /// The statement with this place is brought, perhaps again.
    Brought(usize),
    /// Its lines that are missing here are proposed.
    Proposed(usize),
    /// A second person approves them.
    Approved(usize),
    GivenBack(GivenBack),
}

impl Step {
    /// The statement that it is about.
    fn paper(&self) -> Option<usize> {
        match self {
            Self::Brought(place) | Self::Proposed(place) | Self::Approved(place) => Some(*place),
            Self::Told(_) | Self::GivenBack(_) => None,
        }
    }
}

/// What happens about one stall, in its order.
#[derive(Clone, Debug)]
pub struct Sequence {
    pub stall: Stall,
    pub papers: Vec<Paper>,
    pub steps: Vec<Step>,
}

impl Sequence {
    /// Draws movements, who tells of them and how often, and the order.
    pub fn draw(dice: &mut Dice, stall: &Stall, mix: Mix) -> Self {
        let (movements, given) = draw_all(dice, stall, mix);
        let mut steps = Vec::new();
        for movement in movements.iter().filter(|movement| !movement.is_untold) {
            for (source, ..) in SOURCES {
                if dice.below(3) > 0 {
                    let told = tellings(dice, movement, source, mix);
                    steps.extend(told.into_iter().map(Step::Told));
                }
            }
        }
        steps.extend(given.into_iter().map(Step::GivenBack));
        dice.shuffle(&mut steps);
        let mut papers = Vec::new();
        if mix.contains(&Beside::Statements) {
            // Two of them overlap.
            for _ in 0..dice.of(&[0, 1, 1, 2]) {
                let paper = Paper::draw(dice, papers.len(), &movements);
                papers.extend(paper.filter(|paper| fits(paper, &papers, &movements)));
            }
        }
        let is_last = !Rule::EarlierLines.is_kept() && movements.iter().any(Movement::differs);
        for (place, paper) in papers.iter().enumerate() {
            let life = life(dice, place, paper);
            weave(dice, &mut steps, life, is_last);
        }
        Self {
            stall: stall.clone(),
            papers,
            steps,
        }
    }

    /// The same about another stall.
    pub fn at(&self, stall: &Stall) -> Self {
        let mut moved = self.clone();
        let lines = moved.papers.iter_mut().flat_map(|paper| &mut paper.lines);
        let told = moved.steps.iter_mut().filter_map(|step| match step {
            Step::Told(telling) => Some(&mut telling.fact),
            _ => None,
        });
        for fact in lines.chain(told) {
            for (was, is) in self.stall.codes.iter().zip(&stall.codes) {
                let (head, tail) = is.split_at(6);
                let (was_head, was_tail) = was.split_at(6);
                let text = fact.text.replace(was, is);
                let text =
                    text.replace(&format!("{was_head}-{was_tail}"), &format!("{head}-{tail}"));
                fact.text = text.replace(was_head, head);
            }
        }
        moved.stall = stall.clone();
        moved
    }

    /// The same about another stall, in another order.
    pub fn shuffled(&self, stall: &Stall, dice: &mut Dice) -> Self {
        let mut other = self.at(stall);
        dice.shuffle(&mut other.steps);
        other
    }

    /// How many steps and lines it has.
    pub fn size(&self) -> usize {
        let lines = self.papers.iter().map(|paper| paper.lines.len());
        self.steps.len() + lines.sum::<usize>()
    }

    /// The sequences with one step, or one line of a statement, less.
    pub fn with_one_less(&self) -> Vec<Self> {
        let mut all = Vec::new();
        for at in 0..self.steps.len() {
            let mut less = self.clone();
            less.steps.remove(at);
            // A statement is there from its first step on.
            let is_in_order = (0..less.papers.len()).all(|place| {
                let mut of_it = less.steps.iter().filter(|step| step.paper() == Some(place));
                of_it
                    .next()
                    .is_none_or(|step| matches!(step, Step::Brought(_)))
            });
            all.extend(is_in_order.then_some(less));
        }
        for place in 0..self.papers.len() {
            for at in 0..self.papers[place].lines.len() {
                let mut less = self.clone();
                less.papers[place].lines.remove(at);
                all.extend((!less.papers[place].lines.is_empty()).then_some(less));
            }
        }
        all
    }

    /// The same without tellings that contradict what their number told.
    pub fn without_contradictions(mut self) -> Self {
        self.steps
            .retain(|step| !matches!(step, Step::Told(telling) if telling.contradicts));
        self
    }

    /// The same where some sources leave the reference out of some movements. Movements that
    /// only their reference tells apart are then at one moment: nobody could say which is which.
    pub fn with_gaps(mut self, dice: &mut Dice) -> Self {
        let silent: Vec<bool> = (0..SOURCES.len() * 100).map(|_| dice.once_in(2)).collect();
        for step in &mut self.steps {
            let Step::Told(Telling {
                source,
                number,
                fact,
                ..
            }) = step
            else {
                continue;
            };
            let code = fact.codes.first().map_or(0, |code| code + 1);
            fact.at_second = i64::try_from(code).unwrap();
            fact.text = fact.text.replace("khong so", "co so");
            if silent[*source as usize * 100 + usize::try_from(*number).unwrap()] {
                fact.reference = None;
            }
        }
        self
    }
}

/// What one source says of a movement, and how often.
fn tellings(dice: &mut Dice, movement: &Movement, source: Source, mix: Mix) -> Vec<Telling> {
    let names = matches!(source, Source::Bank | Source::Acb);
    let has_list = source == Source::Sepay && mix.contains(&Beside::Rows);
    // One source in eight numbers the movement twice.
    let numbers = 1 + usize::from(!movement.is_told_once() && dice.once_in(8));
    let mut told = Vec::new();
    for twin in 0..numbers {
        let number = movement.number * 10 + u64::try_from(twin).unwrap();
        let mut first = movement.as_told(dice);
        first.takes_back = first.takes_back.filter(|_| names);
        let mut tell = |fact: Fact, contradicts, is_row| {
            told.push(Telling {
                source,
                number,
                fact,
                contradicts,
                is_row,
            });
        };
        // A list may leave out what a notice has.
        let is_short = movement.has_gaps() && Rule::RowsReferences.is_kept() && dice.once_in(3);
        for _ in 0..=dice.below(3) {
            let is_row = has_list && dice.once_in(2);
            let mut fact = movement.in_words(dice, first.clone());
            if is_row && is_short {
                fact.reference = None;
            }
            tell(fact, false, is_row);
        }
        if !movement.differs() && dice.once_in(12) {
            let fact = Fact {
                amount_vnd: first.amount_vnd + 1_000,
                ..first.clone()
            };
            tell(fact, true, has_list && dice.once_in(2));
        }
    }
    told
}

/// Whether a statement says nothing, beside those before it, that a line adds only to what is
/// told after it.
fn fits(paper: &Paper, before: &[Paper], movements: &[Movement]) -> bool {
    let differ = movements.iter().any(Movement::differs);
    let is_alike = |other: &Paper| !differ && other.has_clock == paper.has_clock;
    Rule::EarlierLines.is_kept() || before.iter().all(is_alike)
}

/// What happens to a statement.
fn life(dice: &mut Dice, place: usize, paper: &Paper) -> Vec<Step> {
    let mut life = vec![Step::Brought(place)];
    if dice.once_in(3) {
        life.push(Step::Brought(place));
    }
    if paper.is_believed {
        life.push(Step::Proposed(place));
        if dice.below(5) > 0 {
            life.push(Step::Approved(place));
        }
    }
    if dice.once_in(6) {
        life.push(Step::Brought(place));
    }
    life
}

/// Puts steps, in their order, between others; or behind all of them.
fn weave(dice: &mut Dice, steps: &mut Vec<Step>, more: Vec<Step>, is_last: bool) {
    let mut places: Vec<usize> = more
        .iter()
        .map(|_| {
            let drawn = dice.below(steps.len() + 1);
            if is_last { steps.len() } else { drawn }
        })
        .collect();
    places.sort_unstable();
    for (place, step) in places.into_iter().zip(more).rev() {
        steps.insert(place, step);
    }
}

impl std::fmt::Display for Fact {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let way = match self.way {
            Way::In => "+",
            Way::Out => "-",
        };
        write!(
            formatter,
            "{way}{} {} at {}{} codes {:?} \"{}\"",
            self.amount_vnd,
            self.reference.as_deref().unwrap_or("-"),
            self.at_second,
            if self.has_clock { "" } else { " (day)" },
            self.codes,
            self.text,
        )?;
        match self.takes_back {
            Some(number) => write!(formatter, " takes back {}", number * 10),
            None => Ok(()),
        }
    }
}

impl std::fmt::Display for Sequence {
    /// A line for each step.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for step in &self.steps {
            match step {
                Step::Told(telling) => {
                    let how = if telling.is_row { "row" } else { "notice" };
                    let Telling { source, number, .. } = telling;
                    writeln!(formatter, "{source:?} {how} {number}: {}", telling.fact)?;
                }
                Step::Brought(place) => {
                    let paper = &self.papers[*place];
                    writeln!(formatter, "statement {place} is brought, {:?}", paper.form)?;
                    for line in &paper.lines {
                        writeln!(formatter, "    {line}")?;
                    }
                }
                other => writeln!(formatter, "{other:?}")?,
            }
        }
        Ok(())
    }
}
