//! The question whether two tellings are the same money, which only a person can answer.
//!
//! | kind | what was told | until someone decides |
//! |---|---|---|
//! | double | one bank reference under two numbers of one source | the second is in no sum |
//! | conflict | one number of a source twice, with other facts | the second is no transaction |
//!
//! | state | decide: same money | decide: other money | approve | reject |
//! |---|---|---|---|---|
//! | open | settled | proposed | – | – |
//! | proposed | – | – | settled | open |
//! | settled | – | – | – | – |
//!
//! That it is the same money changes no figure, so one person is enough: the trader or someone
//! of the staff. That it is other money adds to the figures, so a second person of the staff
//! approves it.

use super::word::word_enum;

word_enum! {
    /// What is in doubt.
    DoubtKind is "kind of a doubt" {
        /// Two transactions of one source with one bank reference.
        Double = "double",
        /// One number of a source, told again with other facts.
        Conflict = "conflict",
    }
}

word_enum! {
    /// Where a doubt stands.
    DoubtState is "state of a doubt" {
        /// Nobody said anything.
        Open = "open",
        /// One person says that it is other money; a second one is to approve.
        Proposed = "proposed",
        /// Decided.
        Settled = "settled",
    }
}

word_enum! {
    /// What a person decides.
    DoubtDecision is "decision about a doubt" {
        /// Both tellings are of the same money: it counts once.
        SameMoney = "same_money",
        /// The second is other money, and counts.
        OtherMoney = "other_money",
    }
}
