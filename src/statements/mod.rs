//! Bank statements: files that a bank's customer downloads and hands in, and the same texts
//! when a bank sends them.
//!
//! [`StatementFile`] recognises the form of a file. Every reader is an iterator of [`Item`]s and [`Fault`]s that keeps one line in memory at a
//! time. A caller that wants every fault of a file runs it to its end; one that wants the good
//! lines passes over the faults whose scope is [`Scope::Line`]. Behind a fault whose scope is
//! [`Scope::File`] nothing follows.

mod amount;
mod balance;
pub mod camt;
mod date;
mod fault;
mod file;
mod input;
mod mt940;
mod reason;
mod table;
mod text;
mod wording;
mod workbook;

pub use self::fault::{Column, Fault, Scope};
pub use self::file::StatementFile;
pub use self::reason::{Construct, Reason};
pub(crate) use self::table::DELIMITERS;

use crate::domain::statement::{StatementEnd, StatementHead, StatementLine};

/// The next thing that a file says. A file may hold several statements, one behind another;
/// each is a head, its lines and an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A statement begins.
    Head(StatementHead),
    /// A movement.
    Line(StatementLine),
    /// The statement is over.
    End(StatementEnd),
}
