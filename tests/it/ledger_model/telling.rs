//! Tellings: what sources say about movements, drawn from a seed and sent as they send it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use phocho::domain::day::{to_rfc3339, vietnam_offset};
use phocho::entropy::Entropy;
use serde_json::json;

use super::world::{SECRET, Stall};
use crate::callbacks::standard_v1;
use crate::sepay;
use crate::street::{Street, now};

/// Codes of an outlet: a printed one and two for one sale.
pub const CODES: usize = 3;
/// What each code expects, đồng.
pub const EXPECTED: [Option<i64>; CODES] = [None, Some(100_000), Some(50_000)];

/// Draws from a seeded generator.
pub struct Dice(pub Entropy);

impl Dice {
    pub fn below(&mut self, limit: usize) -> usize {
        let drawn = u64::from_le_bytes(self.0.bytes());
        usize::try_from(drawn % u64::try_from(limit).unwrap()).unwrap()
    }

    pub fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    pub fn shuffle<T>(&mut self, all: &mut [T]) {
        for end in (1..all.len()).rev() {
            all.swap(end, self.below(end + 1));
        }
    }
}

/// Who tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// SePay, signed.
    Sepay,
    /// SePay's other channel, with a key, and its own numbers.
    Apikey,
    /// A bank of its own.
    Bank,
}

/// Every source, by its name in the world.
pub const SOURCES: [(Source, &str, &str); 3] = [
    (Source::Sepay, "sepay", "sepay_hmac"),
    (Source::Apikey, "apikey", "sepay_apikey"),
    (Source::Bank, "bank", "standard_webhooks"),
];

/// Money in or out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    In,
    Out,
}

impl Way {
    pub fn word(self) -> &'static str {
        match self {
            Self::In => "credit",
            Self::Out => "debit",
        }
    }
}

/// A movement as it is told.
#[derive(Clone, Debug)]
pub struct Fact {
    pub way: Way,
    pub amount_vnd: i64,
    /// The bank's reference, where the bank has one.
    pub reference: Option<String>,
    /// Which of the stall's codes the text names; none, or more than one, for `None`.
    pub code: Option<usize>,
    pub text: String,
    /// Seconds after half past eight in Hanoi.
    pub at_second: i64,
}

/// One delivery.
#[derive(Clone, Debug)]
pub struct Telling {
    pub source: Source,
    /// The source's own number of the movement.
    pub number: u64,
    pub fact: Fact,
    /// Whether it says something else than others under its number.
    pub contradicts: bool,
}

impl std::fmt::Display for Sequence {
    /// A line for each telling.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for Telling {
            source,
            number,
            fact,
            ..
        } in &self.tellings
        {
            writeln!(
                formatter,
                "{source:?} {number}: {} {} {} at {}, code {:?}",
                fact.way.word(),
                fact.amount_vnd,
                fact.reference.as_deref().unwrap_or("-"),
                fact.at_second,
                fact.code,
            )?;
        }
        Ok(())
    }
}

/// Tellings about one stall, in the order in which they are sent.
#[derive(Clone, Debug)]
pub struct Sequence {
    pub stall: Stall,
    pub tellings: Vec<Telling>,
}

impl Sequence {
    /// Draws movements, who tells of them and how often, and the order.
    pub fn draw(dice: &mut Dice, stall: &Stall) -> Self {
        let mut tellings = Vec::new();
        for movement in 0..=dice.below(6) {
            let fact = draw_fact(dice, stall, movement);
            for (source, ..) in SOURCES {
                if dice.below(3) == 0 {
                    continue;
                }
                // One source in eight numbers the movement twice.
                let numbers = 1 + usize::from(dice.below(8) == 0);
                for twin in 0..numbers {
                    let number = u64::try_from(movement * 10 + twin).unwrap();
                    for _ in 0..=dice.below(3) {
                        tellings.push(Telling {
                            source,
                            number,
                            fact: fact.clone(),
                            contradicts: false,
                        });
                    }
                    if dice.below(12) == 0 {
                        let fact = Fact {
                            amount_vnd: fact.amount_vnd + 1_000,
                            ..fact.clone()
                        };
                        tellings.push(Telling {
                            source,
                            number,
                            fact,
                            contradicts: true,
                        });
                    }
                }
            }
        }
        dice.shuffle(&mut tellings);
        Self {
            stall: stall.clone(),
            tellings,
        }
    }

    /// The same tellings about another stall, in another order.
    pub fn at(&self, stall: &Stall, dice: &mut Dice) -> Self {
        let mut tellings = self.tellings.clone();
        for telling in &mut tellings {
            for (was, is) in self.stall.codes.iter().zip(&stall.codes) {
                telling.fact.text = telling.fact.text.replace(was, is);
            }
        }
        dice.shuffle(&mut tellings);
        Self {
            stall: stall.clone(),
            tellings,
        }
    }

    /// The same where some sources leave the reference out of some movements. Movements that
    /// only their reference tells apart are then at one moment: nobody could say which is which.
    pub fn with_gaps(mut self, dice: &mut Dice) -> Self {
        let silent: Vec<bool> = (0..SOURCES.len() * 100)
            .map(|_| dice.below(2) == 0)
            .collect();
        for Telling {
            source,
            number,
            fact,
            ..
        } in &mut self.tellings
        {
            let amount = AMOUNTS.iter().position(|amount| *amount == fact.amount_vnd);
            let place = fact.code.map_or(0, |code| code + 1) * 10 + amount.unwrap_or(9);
            fact.at_second = i64::try_from(place).unwrap();
            fact.text = fact.text.replace("khong so", "co so");
            if silent[*source as usize * 100 + usize::try_from(*number).unwrap()] {
                fact.reference = None;
            }
        }
        self
    }

    /// Sends every telling and sees that it is taken.
    pub async fn tell(&self, street: &Street) {
        for telling in &self.tellings {
            let (source, headers, body) = self.stall.sign(telling);
            let (status, answer) = street.deliver(source, &headers, &body).await;
            assert_eq!(status, 200, "{source}: {answer}");
        }
    }
}

const AMOUNTS: [i64; 6] = [20_000, 30_000, 50_000, 70_000, 100_000, 130_000];

fn draw_fact(dice: &mut Dice, stall: &Stall, movement: usize) -> Fact {
    let way = if dice.below(10) == 0 {
        Way::Out
    } else {
        Way::In
    };
    let (code, text) = match dice.below(20) {
        0 | 1 => (None, "tien com trua".to_owned()),
        2 => (None, format!("{} {}", stall.codes[0], stall.codes[1])),
        drawn => {
            let code = drawn % CODES;
            (Some(code), format!("{} cam on", stall.codes[code]))
        }
    };
    let referenced = dice.below(4) > 0;
    Fact {
        way,
        amount_vnd: dice.of(&AMOUNTS),
        reference: referenced.then(|| format!("FT{movement:04}")),
        code,
        text: format!("{text} {}", if referenced { "co so" } else { "khong so" }),
        // Some at the same second; where nothing but the text tells them apart, all of them.
        at_second: if referenced {
            dice.of(&[0, 60, 60, 61, 900, 1_700])
        } else {
            30
        },
    }
}

fn booked_at(fact: &Fact) -> DateTime<Utc> {
    now() - TimeDelta::minutes(60) + TimeDelta::seconds(fact.at_second)
}

impl Stall {
    /// A telling as its source sends it: the source's name, headers and body.
    fn sign(&self, telling: &Telling) -> (&'static str, Vec<(String, String)>, String) {
        let number = self.number * 1_000 + telling.number;
        let (_, name, _) = SOURCES[telling.source as usize];
        match telling.source {
            Source::Sepay => {
                let body = self.sepay_body(number, &telling.fact);
                (name, sepay::headers(SECRET, now(), &body), body)
            }
            Source::Apikey => {
                let key = ("authorization".to_owned(), format!("Apikey {SECRET}"));
                // This channel numbers the movements in its own way.
                let body = self.sepay_body(number + 500, &telling.fact);
                (name, vec![key], body)
            }
            Source::Bank => {
                let body = self.bank_body(number, &telling.fact);
                (name, bank_headers(number, &body), body)
            }
        }
    }

    fn sepay_body(&self, number: u64, fact: &Fact) -> String {
        let local = booked_at(fact).with_timezone(&vietnam_offset());
        json!({
            "id": number,
            "gateway": "MBBank",
            "transactionDate": local.format("%Y-%m-%d %H:%M:%S").to_string(),
            "accountNumber": self.account,
            "subAccount": null,
            "code": null,
            "content": fact.text,
            "transferType": match fact.way { Way::In => "in", Way::Out => "out" },
            "transferAmount": fact.amount_vnd,
            "accumulated": 0,
            "referenceCode": fact.reference,
            "description": "",
        })
        .to_string()
    }

    fn bank_body(&self, number: u64, fact: &Fact) -> String {
        let kind = match fact.way {
            Way::In => "bank.transaction.credited",
            Way::Out => "bank.transaction.debited",
        };
        json!({
            "type": kind,
            "data": {
                "transaction_id": format!("T{number}"),
                "account_number": self.account,
                "virtual_account": null,
                "direction": fact.way.word(),
                "amount": fact.amount_vnd,
                "currency": "VND",
                "content": fact.text,
                "bank_reference": fact.reference,
                "booked_at": to_rfc3339(booked_at(fact)),
            },
        })
        .to_string()
    }
}

/// The stored form of the bank's secret.
pub fn bank_secret() -> String {
    format!("whsec_{}", STANDARD.encode(SECRET))
}

fn bank_headers(number: u64, body: &str) -> Vec<(String, String)> {
    let (id, timestamp) = (format!("msg_{number}"), now().timestamp().to_string());
    let signature = standard_v1(SECRET.as_bytes(), &id, &timestamp, body.as_bytes());
    vec![
        ("webhook-id".to_owned(), id),
        ("webhook-timestamp".to_owned(), timestamp),
        ("webhook-signature".to_owned(), signature),
    ]
}
