//! The same facts, the same ledger: random sequences of tellings over real HTTP, held against a
//! small reference model that was written from the rules and shares no code with the program.
//!
//! Sources tell of the same movements, each under its own numbers, several times, in any order,
//! contradict themselves, and number one movement twice. A sequence has an account, an outlet
//! and codes of its own, so that many run beside each other on one database, as the notices of
//! many traders do.

mod reference;
mod telling;
mod world;

use std::collections::BTreeMap;
use std::time::Instant;

use futures_util::StreamExt;
use phocho::entropy::Entropy;

use crate::database::{Database, on_both_engines};
use crate::operation::count;
use crate::street::Street;
use reference::Ledger;
use telling::{Dice, Sequence};
use world::{Stall, World};

on_both_engines!(
    any_sequence_of_tellings_ends_in_the_ledger_of_the_model,
    any_order_of_the_same_tellings_ends_in_the_same_ledger,
    references_that_some_sources_leave_out_change_nothing_whatever_the_order,
);

/// Sequences that are told at the same time.
const AT_ONCE: usize = 32;

/// In how many orders the same is told.
const ORDERS: usize = 4;

/// How many sequences to run: PostgreSQL, whose every commit crosses a socket, a tenth.
fn how_many(database: &Database) -> usize {
    let all = count("PHOCHO_TEST_SEQUENCES", 100);
    let share = if database.url().starts_with("sqlite:") {
        all
    } else {
        all / 10
    };
    usize::try_from(share).unwrap()
}

fn dice(seed: u64) -> Dice {
    let seed = u64::from(count("PHOCHO_TEST_SEED", 7)) * 1_000 + seed;
    Dice(Entropy::seeded(seed))
}

/// Tells every sequence, each in its order, many at the same time.
async fn tell(street: &Street, sequences: &[Sequence]) {
    let told = sequences.iter().map(|sequence| sequence.tell(street));
    let told = futures_util::stream::iter(told).buffer_unordered(AT_ONCE);
    told.collect::<Vec<()>>().await;
}

async fn any_sequence_of_tellings_ends_in_the_ledger_of_the_model(database: Database) {
    let street = Street::open(database.store().await).await;
    let mut dice = dice(1);
    let world = World::lay_out(&street, &mut dice, how_many(&database)).await;
    let sequences: Vec<_> = (world.stalls.iter())
        .map(|stall| Sequence::draw(&mut dice, stall))
        .collect();
    let started = Instant::now();
    tell(&street, &sequences).await;
    let tellings: usize = sequences.iter().map(|one| one.tellings.len()).sum();
    println!(
        "{} sequences, {tellings} tellings, {:?}",
        sequences.len(),
        started.elapsed()
    );
    let mut found = world.read(&database).await;
    for sequence in &sequences {
        let wanted = Ledger::of(sequence);
        let found = found.remove(&sequence.stall.account).unwrap_or_default();
        assert_eq!(found, wanted, "\n{sequence}");
    }
    let breaches = phocho::flows::check_books::check(&street.store, 3).await;
    assert_eq!(breaches.unwrap(), []);
}

/// Sequences for a world's stalls, so that as many stalls as there are orders hear the same.
fn in_several_orders(
    world: &World,
    dice: &mut Dice,
    draw: impl Fn(&mut Dice, &Stall) -> Sequence,
) -> Vec<Sequence> {
    let mut sequences = Vec::new();
    for stalls in world.stalls.chunks(ORDERS) {
        let mut first = draw(dice, &stalls[0]);
        // Which of two contradicting tellings is the first is what an order decides.
        first.tellings.retain(|telling| !telling.contradicts);
        sequences.extend(stalls.iter().map(|stall| first.at(stall, dice)));
    }
    sequences
}

fn agree(sequences: &[Sequence], mut found: BTreeMap<String, Ledger>) {
    for group in sequences.chunks(ORDERS) {
        let mut ledgers = group.iter().map(|one| found.remove(&one.stall.account));
        let first = ledgers.next().unwrap();
        for (ledger, order) in ledgers.zip(&group[1..]) {
            assert_eq!(ledger, first, "\n{order}\n{}", group[0]);
        }
    }
}

async fn any_order_of_the_same_tellings_ends_in_the_same_ledger(database: Database) {
    let street = Street::open(database.store().await).await;
    let mut dice = dice(2);
    let world = World::lay_out(&street, &mut dice, how_many(&database)).await;
    let sequences = in_several_orders(&world, &mut dice, Sequence::draw);
    tell(&street, &sequences).await;
    agree(&sequences, world.read(&database).await);
}

async fn references_that_some_sources_leave_out_change_nothing_whatever_the_order(
    database: Database,
) {
    let street = Street::open(database.store().await).await;
    let mut dice = dice(3);
    let world = World::lay_out(&street, &mut dice, how_many(&database)).await;
    let sequences = in_several_orders(&world, &mut dice, |dice, stall| {
        Sequence::draw(dice, stall).with_gaps(dice)
    });
    tell(&street, &sequences).await;
    let found = world.read(&database).await.into_iter();
    let found = found.map(|(account, ledger)| (account, ledger.without_references()));
    agree(&sequences, found.collect());
}
