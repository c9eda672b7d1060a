//! What lines of a statement add to what was told of their transactions.

use std::collections::{BTreeSet, HashMap};

use super::comparison::{Compared, Stated};
use crate::domain::matching;
use crate::store::statements::near::NearTransaction;
use crate::store::{StoreError, Tx, issued_references};

/// What a line adds to what was told of its transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::flows) struct News {
    /// Its bank reference, which nobody told before.
    reference: bool,
    /// A text that was not told of it.
    text: bool,
    /// A time, where only statements tell one.
    time: bool,
}

impl News {
    pub(super) fn of(line: &Stated, told: &NearTransaction, text_link: &[u8]) -> Self {
        let reference = line.bank_reference.as_deref();
        Self {
            reference: reference.is_some() && !told.has_reference(reference),
            text: !told.has_link(text_link),
            time: !told.is_told_by_source && !told.times.contains(&line.occurred_at),
        }
    }

    /// Whether it is to be kept beside the line itself.
    pub(in crate::flows) const fn are_any(self) -> bool {
        self.reference || self.text || self.time
    }

    /// Whether the books say something else of the transaction with it, whatever it names.
    pub(super) const fn change_the_books(self) -> bool {
        self.reference || self.time
    }
}

/// Reads what the texts name that were not told of their transactions before.
pub(super) async fn read_new_texts(
    tx: &mut Tx,
    near: &[NearTransaction],
    compared: &mut [Compared],
) -> Result<(), StoreError> {
    let texts = |one: &Compared| matching::candidates(one.line.texts());
    let new = compared.iter().filter(|one| one.news.text);
    let candidates: BTreeSet<String> = new.flat_map(texts).collect();
    if candidates.is_empty() {
        return Ok(());
    }
    let issued = issued_references::among(tx, &candidates).await?;
    let by_id: HashMap<_, _> = near.iter().map(|one| (one.id, one)).collect();
    for one in compared.iter_mut().filter(|one| one.news.text) {
        one.naming = matching::read(one.line.texts(), &issued).to_stored();
        let told = one.transaction.and_then(|id| by_id.get(&id));
        let is_known = |naming| told.is_some_and(|told| told.namings.contains(naming));
        one.names_more = one.naming.as_ref().is_some_and(|naming| !is_known(naming));
    }
    Ok(())
}
