//! The present of the sample street: a bank that posts a signed notice to the running service
//! every few seconds, as banks do: also short, double, late, mangled and forged ones.

use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use super::bank::BANKS;
use super::history::text;
use super::plan::{Habit, Plan};
use super::traffic::{Way, first_number};
use crate::cli::bank::{Credit, CreditState};
use crate::cli::dice::Dice;
use crate::clock::Clock;
use crate::domain::day::{local_day, to_rfc3339};
use crate::http::lifecycle::Lifecycle;

/// Numbers of the present stand behind those of the day's past.
const NUMBERS_BEHIND: u64 = 60_000;
/// How late an out-of-order notice is.
const DELAY: TimeDelta = TimeDelta::minutes(6);

/// What one notice is tried with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trick {
    /// Nothing: a sale is paid.
    Plain(Way),
    /// The same notice comes again at once.
    Again,
    /// The same number comes with another amount.
    OtherAmount,
    /// It was booked a while ago.
    Late,
    /// It is signed with a secret that is not the source's.
    Forged,
}

impl Trick {
    fn draw(dice: &Dice) -> Self {
        match dice.below(100) {
            0..=51 => Self::Plain(Way::Printed),
            52..=60 => Self::Plain(Way::Mangled),
            61..=72 => Self::Plain(Way::Exact),
            73..=78 => Self::Plain(Way::Short),
            79..=82 => Self::Plain(Way::Twice),
            83..=85 => Self::Plain(Way::WithoutReference),
            86..=89 => Self::Again,
            90..=91 => Self::OtherAmount,
            92..=95 => Self::Late,
            _ => Self::Forged,
        }
    }

    const fn way(self) -> Way {
        match self {
            Self::Plain(way) => way,
            Self::Again | Self::OtherAmount | Self::Late | Self::Forged => Way::Printed,
        }
    }
}

/// A trader as the live bank knows it.
#[derive(Clone, Debug)]
pub(super) struct Payee {
    /// Its place in the plan.
    pub(super) trader: usize,
    /// The outlet's id.
    pub(super) outlet: String,
    /// The number of its account.
    pub(super) account: String,
    /// The reference on its printed code.
    pub(super) reference: String,
}

/// The bank.
pub(super) struct LiveBank {
    pub(super) base: String,
    pub(super) clock: Clock,
    pub(super) seed: u64,
    /// Lets the bank's customers have a code for one sale.
    pub(super) token: String,
    pub(super) secrets: Vec<String>,
    pub(super) payees: Vec<Payee>,
    pub(super) pace: Duration,
}

impl LiveBank {
    /// Posts until the service stops. A notice that is not answered is left out: the page
    /// then shows what a lost notice looks like.
    pub(super) async fn run(self, plan: &Plan, lifecycle: &Lifecycle) {
        let dice = Dice::new(self.seed, "live");
        let client = Client::new();
        let active: Vec<_> = (self.payees.iter())
            .filter(|payee| plan.traders[payee.trader].habit != Habit::Never)
            .collect();
        let mut number = first_number(local_day(self.clock.now())) + NUMBERS_BEHIND;
        loop {
            let payee = *dice.pick(&active);
            let told = self.tell(&client, &dice, plan, payee, number).await;
            if let Err(fault) = told {
                tracing::error!(fault = format!("{fault:#}"), "the sample bank stumbled");
            }
            number += 2;
            tokio::select! {
                () = lifecycle.stopping() => return,
                () = tokio::time::sleep(self.pace) => {}
            }
        }
    }

    async fn tell(
        &self,
        client: &Client,
        dice: &Dice,
        plan: &Plan,
        payee: &Payee,
        number: u64,
    ) -> anyhow::Result<()> {
        let trick = Trick::draw(dice);
        let trader = &plan.traders[payee.trader];
        let due_vnd = *dice.pick(trader.trade.prices);
        let way = trick.way();
        let reference = if way.has_own_code() {
            self.own_code(client, payee, due_vnd).await?
        } else {
            payee.reference.clone()
        };
        let now = self.clock.now();
        let booked_at = if trick == Trick::Late {
            now - DELAY
        } else {
            now
        };
        let mut credits: Vec<_> = (number..).zip(way.credits(due_vnd)).collect();
        match trick {
            Trick::Again => credits.push((number, due_vnd)),
            Trick::OtherAmount => credits.push((number, due_vnd * 10)),
            Trick::Plain(_) | Trick::Late | Trick::Forged => {}
        }
        let content = text(dice, way, &reference);
        for (number, amount_vnd) in credits {
            let credit = Credit {
                number,
                account: &payee.account,
                amount_vnd,
                content: content.clone(),
                order: "",
                booked_at,
                state: CreditState::Booked,
            };
            self.post(client, trader.bank, &credit, (trick, now))
                .await?;
        }
        Ok(())
    }

    /// Posts one signed notice and looks at the answer.
    async fn post(
        &self,
        client: &Client,
        bank: usize,
        credit: &Credit<'_>,
        (trick, now): (Trick, DateTime<Utc>),
    ) -> anyhow::Result<()> {
        let (source, own) = (BANKS[bank].source, &self.secrets[bank]);
        let forged = "a-secret-that-nobody-gave-out";
        let secret = if trick == Trick::Forged { forged } else { own };
        let notice = BANKS[bank].notice(secret, credit, now);
        let url = format!("{}/v1/callbacks/{source}", self.base);
        let mut request = client.post(url).body(notice.body);
        for (name, value) in notice.headers {
            request = request.header(name, value);
        }
        let status = request.send().await?.status();
        let wanted = if trick == Trick::Forged {
            StatusCode::UNAUTHORIZED
        } else {
            StatusCode::OK
        };
        anyhow::ensure!(status == wanted, "{source} was answered {status}");
        Ok(())
    }

    /// A code for one sale, over the API.
    async fn own_code(&self, client: &Client, payee: &Payee, due: i64) -> anyhow::Result<String> {
        let expires_at = self.clock.now() + TimeDelta::minutes(15);
        let wish = json!({
            "outlet_id": payee.outlet,
            "kind": "dynamic",
            "amount_vnd": due,
            "expires_at": to_rfc3339(expires_at),
        });
        let url = format!("{}/v1/payment-codes", self.base);
        let request = client.post(url).bearer_auth(&self.token);
        let answer = request.json(&wish).send().await?.error_for_status()?;
        let code: Value = answer.json().await?;
        let reference = code["reference"].as_str();
        Ok(reference.context("a code has a reference")?.to_owned())
    }
}
