//! Importing a file: of the places that a census saw, or of merchants to register.
//!
//! The bytes become text (`domain::encoding`), the text rows under known columns (`sheet`), each row
//! values of the domain (`places_rows`, `merchants_rows`); all of that is pure. Then the rows
//! are compared with what is stored, and every one that cannot be taken is reported with its
//! line, its column, what was found and what is wanted. Only then is anything written: the
//! whole file, or nothing, or the good rows when that was asked for. A place is known by zone
//! and position, a merchant by its tax code, so a file that is imported again changes nothing.

mod cells;
mod merchants;
mod merchants_rows;
mod places;
mod places_rows;
mod report;
mod returned;
mod sheet;

pub use self::merchants::import_merchants;
pub use self::places::import_places;
pub use self::report::{FileFault, Report, RowFault, Wanted, ZoneCensus};
pub use self::returned::bad_rows;
pub use self::sheet::{FileKind, Upload};

use crate::domain::ids::ImportId;
use crate::flows::change::{Change, Deed};
use crate::store::{StoreError, Tx};

/// The largest file, in bytes.
pub const FILE_MAX_BYTES: usize = 10 * 1024 * 1024;
/// The most rows of a file, without its header.
pub const ROWS_MAX: usize = 20_000;

/// What an import may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    /// Nothing: a trial.
    Nothing,
    /// The whole file, if every row is good.
    WholeFile,
    /// The good rows, whatever the others are.
    GoodRows,
}

impl Writing {
    /// What a request with these two wishes means.
    pub const fn of(commit: bool, partial: bool) -> Self {
        match (commit, partial) {
            (false, _) => Self::Nothing,
            (true, false) => Self::WholeFile,
            (true, true) => Self::GoodRows,
        }
    }

    fn allows(self, report: &Report) -> bool {
        report.file_faults.is_empty()
            && match self {
                Self::Nothing => false,
                Self::WholeFile => report.bad == 0,
                Self::GoodRows => true,
            }
    }
}

/// Records what an import did, behind the deeds of its rows. One that changed nothing leaves
/// no trace.
async fn record_import(
    tx: &mut Tx,
    change: &Change<'_>,
    kind: &'static str,
    report: &Report,
    mut deeds: Vec<Deed>,
) -> Result<(), StoreError> {
    if report.added + report.changed == 0 && report.zones.iter().all(|it| it.version.is_none()) {
        return Ok(());
    }
    deeds.push(Deed {
        kind,
        subject: ImportId::from_uuid(change.uuid()).to_string(),
        merchant: None,
        outlet: None,
        detail: report.counts(),
    });
    change.record_all(tx, deeds).await
}
