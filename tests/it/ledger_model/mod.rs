//! The same facts, the same ledger: random sequences over real HTTP, held against a small
//! reference model that was written from the rules and shares no code with the program.
//!
//! Sources tell of the same movements, each under its own numbers, several times, in any order,
//! contradict themselves, and number one movement twice. Statements tell them again or tell what
//! nobody else does, rows are fetched, money goes back. A sequence has an account, an outlet and
//! codes of its own, so that many run beside each other on one database, as the notices of many
//! traders do. A sequence that ends otherwise is shown with as few steps as do it.

mod books;
mod dice;
mod movement;
mod notice;
mod paper;
mod reference;
mod returns;
mod rules;
mod sequence;
mod smallest;
mod stage;
mod world;
mod worth;

use std::collections::BTreeMap;
use std::time::Instant;

use phocho::entropy::Entropy;

use crate::database::{Database, on_both_engines};
use crate::operation::count;
use dice::Dice;
use reference::Ledger;
use rules::{Beside, Mix};
use sequence::Sequence;
use stage::Stage;
use world::{Stall, World};

on_both_engines!(
    any_sequence_of_tellings_ends_in_the_ledger_of_the_model,
    any_order_of_the_same_tellings_ends_in_the_same_ledger,
    references_that_some_sources_leave_out_change_nothing_whatever_the_order,
    statements_among_notices_end_in_the_ledger_of_the_model,
    fetched_rows_among_notices_end_in_the_ledger_of_the_model,
    money_that_goes_back_ends_in_the_ledger_of_the_model,
    tellings_that_differ_end_in_the_ledger_of_the_model,
    everything_together_ends_in_the_ledger_of_the_model,
);

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

/// Draws sequences, plays them and holds each stall's books against the model.
async fn hold(database: Database, seed: u64, mix: Mix) {
    let stage = Stage::open(&database).await;
    let mut dice = dice(seed);
    let mut world = World::lay_out(&stage.street, &mut dice, how_many(&database)).await;
    let sequences: Vec<_> = (world.stalls.iter())
        .map(|stall| Sequence::draw(&mut dice, stall, mix))
        .collect();
    let started = Instant::now();
    stage.play(&sequences).await;
    let steps: usize = sequences.iter().map(|one| one.steps.len()).sum();
    println!(
        "{} sequences, {steps} steps, {:?}",
        sequences.len(),
        started.elapsed()
    );
    let mut found = world.read(&database).await;
    let mut others = sequences.iter().filter(|sequence| {
        let found = found.remove(&sequence.stall.account).unwrap_or_default();
        !found.is_after(sequence)
    });
    if let Some(sequence) = others.next() {
        let others = 1 + others.count();
        let (smallest, found) =
            smallest::of(&database, &stage, &mut world, &mut dice, sequence).await;
        let wanted = Ledger::of(&smallest);
        assert_eq!(found, wanted, "{others} sequences, such as\n{smallest}");
    }
    let breaches = phocho::flows::check_books::check(&stage.street.store, 3).await;
    assert_eq!(breaches.unwrap(), []);
}

async fn any_sequence_of_tellings_ends_in_the_ledger_of_the_model(database: Database) {
    hold(database, 1, &[]).await;
}

async fn statements_among_notices_end_in_the_ledger_of_the_model(database: Database) {
    hold(database, 4, &[Beside::Statements]).await;
}

async fn fetched_rows_among_notices_end_in_the_ledger_of_the_model(database: Database) {
    hold(database, 5, &[Beside::Rows]).await;
}

async fn money_that_goes_back_ends_in_the_ledger_of_the_model(database: Database) {
    hold(database, 6, &[Beside::Returns, Beside::Statements]).await;
}

async fn tellings_that_differ_end_in_the_ledger_of_the_model(database: Database) {
    let mix = &[Beside::Differences, Beside::Statements, Beside::Rows];
    hold(database, 7, mix).await;
}

async fn everything_together_ends_in_the_ledger_of_the_model(database: Database) {
    let mix = &[
        Beside::Statements,
        Beside::Rows,
        Beside::Returns,
        Beside::Differences,
    ];
    hold(database, 8, mix).await;
}

/// Sequences for a world's stalls, so that as many stalls as there are orders hear the same.
fn in_several_orders(
    world: &World,
    dice: &mut Dice,
    draw: impl Fn(&mut Dice, &Stall) -> Sequence,
) -> Vec<Sequence> {
    let mut sequences = Vec::new();
    for stalls in world.stalls.chunks(ORDERS) {
        // Which of two contradicting tellings is the first is what an order decides.
        let first = draw(dice, &stalls[0]).without_contradictions();
        sequences.extend(stalls.iter().map(|stall| first.shuffled(stall, dice)));
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
    let stage = Stage::open(&database).await;
    let mut dice = dice(2);
    let world = World::lay_out(&stage.street, &mut dice, how_many(&database)).await;
    let draw = |dice: &mut Dice, stall: &Stall| Sequence::draw(dice, stall, &[]);
    let sequences = in_several_orders(&world, &mut dice, draw);
    stage.play(&sequences).await;
    agree(&sequences, world.read(&database).await);
}

async fn references_that_some_sources_leave_out_change_nothing_whatever_the_order(
    database: Database,
) {
    let stage = Stage::open(&database).await;
    let mut dice = dice(3);
    let world = World::lay_out(&stage.street, &mut dice, how_many(&database)).await;
    let sequences = in_several_orders(&world, &mut dice, |dice, stall| {
        Sequence::draw(dice, stall, &[]).with_gaps(dice)
    });
    stage.play(&sequences).await;
    let found = world.read(&database).await.into_iter();
    let found = found.map(|(account, ledger)| (account, ledger.without_references()));
    agree(&sequences, found.collect());
}
