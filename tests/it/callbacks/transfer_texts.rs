//! Matching over texts as banks deliver them, generated from a fixed seed.

use std::collections::BTreeSet;

use phocho::domain::matching::{Texts, candidates, decide};
use phocho::domain::txn_ref::TxnRef;
use phocho::entropy::Entropy;
use unicode_normalization::UnicodeNormalization;

use crate::operation::count;

const ISSUED: usize = 20_000;

/// Draws from a seeded generator.
struct Dice(Entropy);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        let drawn = u64::from_le_bytes(self.0.bytes());
        usize::try_from(drawn % u64::try_from(limit).unwrap()).unwrap()
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }

    fn digits(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| char::from(b'0' + u8::try_from(self.below(10)).unwrap()))
            .collect()
    }
}

const WORDS: [&str; 12] = [
    "thanh toan",
    "Thanh toán cà phê",
    "chuyen tien",
    "TIEN HANG THANG 3",
    "cam on chi",
    "tra tien rau",
    "NGUYEN VAN A",
    "TRẦN THỊ B",
    "Đặng Hữu Phước",
    "THU HA",
    "don hang so 12",
    "",
];

/// A reference as it may come out of a bank's mill.
fn mangle(dice: &mut Dice, reference: &str) -> String {
    let split = 1 + dice.below(reference.len() - 1);
    let gap = dice.of(&[" ", "-", ".", "_", "/", "\r\n", "\n", "  ", "\u{200b}"]);
    match dice.below(6) {
        0 => reference.to_lowercase(),
        1 | 2 => format!("{}{gap}{}", &reference[..split], &reference[split..]),
        3 => reference
            .chars()
            .flat_map(|letter| std::iter::once(letter).chain(gap.chars()))
            .collect(),
        _ => reference.to_owned(),
    }
}

/// The text around it, in a shape that banks use.
fn wrap(dice: &mut Dice, core: &str) -> String {
    let (before, after) = (dice.of(&WORDS), dice.of(&WORDS));
    let (number, trace, account) = (dice.digits(10), dice.digits(6), dice.digits(13));
    match dice.below(9) {
        0 => format!("MBVCB.{number}.{core}.CT tu {account} {before} toi {account} {after}"),
        1 => format!("{core} FT{number} Ma giao dich Trace{trace} Trace {trace}"),
        2 => format!("{number}-{core}-CHUYEN TIEN-OQCH0006Hkqg-MOMO{number}MOMO"),
        3 => format!("{core} GD {trace}-160326 09:28:38"),
        4 => format!("QR VQR712a7d45ea {core} Ma giao dich Trace{trace}"),
        5 => format!("Vietcombank:{trace}:{core}#SP#{number}"),
        6 => format!("IBFT {before} {core} {after}"),
        7 => format!("{core} CKN {trace} D2K5349G - {before}"),
        _ => format!("{before} {core} {after}"),
    }
}

/// A text, and the one reference that it names as far as anybody could read it.
struct Delivered {
    text: String,
    names: Option<String>,
}

/// Draws a text that names one reference, none, a damaged one or two.
fn deliver(dice: &mut Dice, issued: &[String]) -> Delivered {
    let reference = issued[dice.below(issued.len())].clone();
    let (core, named) = match dice.below(16) {
        0 => (dice.of(&WORDS).to_owned(), false),
        1 => (reference[..9].to_owned(), false),
        2 | 3 => (one_letter_off(dice, &reference), false),
        4 => {
            let other = &issued[dice.below(issued.len())];
            let between = dice.of(&[" ", ", ", "-", " va ", ""]);
            (format!("{reference}{between}{other}"), *other == reference)
        }
        _ => (mangle(dice, &reference), true),
    };
    let mut text = wrap(dice, &core);
    let mut readable = named;
    // Some banks deliver only the beginning.
    if dice.below(8) == 0 {
        let kept = [19, 25, 50, 100][dice.below(4)];
        let end = text.find(&core).unwrap() + core.len();
        let cut = text
            .char_indices()
            .nth(kept)
            .map_or(text.len(), |(at, _)| at);
        readable &= end <= cut;
        text.truncate(cut);
    }
    Delivered {
        text,
        names: readable.then_some(reference),
    }
}

#[test]
fn bank_style_texts_name_their_reference_and_no_other() {
    let mut dice = Dice(Entropy::seeded(20_260_316));
    let issued: Vec<String> = (0..ISSUED).map(|_| dice.0.txn_ref().to_string()).collect();
    let known: BTreeSet<String> = issued.iter().cloned().collect();
    let texts = count("PHOCHO_TEST_TEXTS", 20_000);
    let (mut readable, mut missed, mut wrong) = (0_u32, Vec::new(), Vec::new());
    for _ in 0..texts {
        let Delivered { text, names } = deliver(&mut dice, &issued);
        let texts = Texts {
            content: &text,
            order_field: None,
        };
        let looked_up = candidates(texts).intersection(&known).cloned().collect();
        let found = decide(texts, &looked_up).reference;
        readable += u32::from(names.is_some());
        match (found, names) {
            (Some(found), Some(named)) if found == named => {}
            // What was cut off or mistyped may be completed by the bank's next letter: then it
            // stands there after all.
            (Some(found), None) if stands_alone(&text, &found, &known) => {}
            (Some(found), _) => wrong.push((found, text)),
            (None, Some(_)) => missed.push(text),
            (None, None) => {}
        }
    }
    let shown = (wrong.len(), missed.len(), readable);
    println!("{texts} texts: (wrong, missed, readable) {shown:?}");
    assert_eq!(wrong, [], "attributed to a reference that was not written");
    // A gap that the sender's own digits fill, and the like: at most one in a thousand.
    let missed_enough = u32::try_from(missed.len() * 1_000).unwrap() > readable;
    assert!(!missed_enough, "{shown:?}, first {:?}", missed.first());
}

/// Whether a reference can be read in a text and no other issued one can, by reading it letter
/// by letter: slow, and nothing like the way that is tested.
fn stands_alone(text: &str, reference: &str, known: &BTreeSet<String>) -> bool {
    let letters: Vec<char> = (text.nfd())
        .map(|letter| if "Đđ".contains(letter) { 'D' } else { letter })
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_uppercase())
        .collect();
    let windows = letters.windows(reference.len());
    let read: BTreeSet<String> = windows
        .map(|window| window.iter().collect())
        .filter(|window| known.contains(window))
        .collect();
    read.len() == 1 && read.contains(reference)
}

/// The reference with one character mistyped: never issued, because of its check character.
fn one_letter_off(dice: &mut Dice, reference: &str) -> String {
    let place = 2 + dice.below(8);
    let letter = dice.of(&["A", "B", "7", "9", "X"]);
    let typed = format!("{}{letter}{}", &reference[..place], &reference[place + 1..]);
    if TxnRef::parse(&typed).is_ok() {
        return reference[..9].to_owned();
    }
    typed
}
