//! The rules that the program keeps by now, and what a sequence may hold beside notices.

/// A rule about what several tellings of one movement say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A credit is attributed by everything that the texts of all its tellings name.
    Texts,
    /// The bank's time is the earliest one that a source told, else the earliest of a statement.
    Times,
    /// A transaction has the bank's reference as soon as one telling has it.
    References,
    /// So it is when a number is told again, with a reference that a row of a list left out.
    RowsReferences,
    /// A line of a statement says its part also of what is told only after it.
    EarlierLines,
    /// What a statement tells of money that goes back is followed up at once.
    StatedReturns,
    /// Of several statements of a day one that agrees keeps it closed, whichever closed it; and a
    /// line agrees with what may be another movement told twice, whichever comes first.
    ClosedDays,
}

/// The rules that the program keeps. A sequence holds nothing that only the others decide.
const KEPT: &[Rule] = &[
    Rule::Texts,
    Rule::Times,
    Rule::References,
    Rule::RowsReferences,
    Rule::EarlierLines,
    Rule::StatedReturns,
    Rule::ClosedDays,
];

impl Rule {
    /// Whether the program keeps it. `PHOCHO_TEST_RULES` names others to try, such as
    /// `Texts,Times`.
    pub fn is_kept(self) -> bool {
        let tried = std::env::var("PHOCHO_TEST_RULES").unwrap_or_default();
        let name = format!("{self:?}");
        KEPT.contains(&self) || tried.split(',').any(|rule| rule == name)
    }
}

/// What a sequence may hold beside notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// Statements of the account, and two persons who believe their lines.
    Statements,
    /// Rows of SePay's list.
    Rows,
    /// Money that goes back.
    Returns,
    /// Tellings of one movement that differ in their texts, times and references.
    Differences,
}

/// What the sequences of a test hold beside notices.
pub type Mix = &'static [Beside];
