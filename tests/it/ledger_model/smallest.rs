//! The fewest steps of a sequence after which books and model still differ.

use super::dice::Dice;
use super::reference::Ledger;
use super::sequence::Sequence;
use super::stage::Stage;
use super::world::World;
use crate::database::Database;

/// Leaves out one step, or one line of a statement, after the other as long as the books of a
/// fresh stall still differ from the model. Gives what is left, and its books.
pub async fn of(
    database: &Database,
    stage: &Stage,
    world: &mut World,
    dice: &mut Dice,
    sequence: &Sequence,
) -> (Sequence, Ledger) {
    let mut smallest = sequence.clone();
    let mut found = None;
    loop {
        let mut tried = smallest.with_one_less();
        if found.is_none() {
            tried.insert(0, smallest.clone());
        }
        let places = world.add_stalls(&stage.street, dice, tried.len()).await;
        let tried: Vec<Sequence> = (tried.iter().zip(&world.stalls[places]))
            .map(|(sequence, stall)| sequence.at(stall))
            .collect();
        stage.play(&tried).await;
        let mut books = world.read(database).await;
        let mut tried = tried.into_iter().map(|sequence| {
            let books = books.remove(&sequence.stall.account).unwrap_or_default();
            (sequence, books)
        });
        let Some((less, books)) = tried.rfind(|(less, books)| !books.is_after(less)) else {
            // A difference that does not come again depended on what else happened.
            let found = found.unwrap_or_default();
            return (smallest, found);
        };
        if less.size() == smallest.size() {
            return (less, books);
        }
        (smallest, found) = (less, Some(books));
    }
}
