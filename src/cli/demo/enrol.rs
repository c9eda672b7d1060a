//! Registering the sample street through the same flows that the district's staff use: zones,
//! census, sources, and each trader up to an open outlet with a printed code.

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::JoinSet;

use super::bank::{BANKS, SampleBank};
use super::people::Staff;
use super::plan::{CENSUS_DAYS_AGO, Place, Plan, Trader};
use super::words::ZONES;
use crate::banks::{Secret, adapter_by_name};
use crate::cli::bank::{Credit, CreditState};
use crate::cli::dice::Dice;
use crate::domain::account::{HolderKind, HolderName, PersonalAccounts};
use crate::domain::bank::{AccountNumber, BankBin};
use crate::domain::code::{AmountLimits, AmountRule};
use crate::domain::day::start_of_day;
use crate::domain::entry_rules::EntryRules;
use crate::domain::establishment::{CensusRecord, EstablishmentStatus, OpenDays, OwnerKey, Trade};
use crate::domain::ids::{AccountId, MerchantId, OutletId, SourceId, ZoneId};
use crate::domain::merchant::{MerchantEvent, MerchantKind};
use crate::domain::outlet::TEST_AMOUNT;
use crate::domain::phone::Phone;
use crate::domain::source::{SourceEvent, SourceName};
use crate::domain::tax_code::TaxCode;
use crate::domain::text::{PersonName, TradeName};
use crate::domain::zone::ZoneSeed;
use crate::entropy::Entropy;
use crate::flows::change::Change;
use crate::flows::intake::{Intake, Ledger};
use crate::flows::issue_code::{self, CodePurpose, Issuer, NewCodeRequest};
use crate::flows::open_outlet::{self, NewOutlet, OutletStep};
use crate::flows::receive_notice::receive;
use crate::flows::register_source::{self, SourceRequest};
use crate::flows::settlement_account::{self, AccountStep, NameCheck, NewAccount};
use crate::flows::take_census::{self, CensusEntry};
use crate::flows::{register_merchant, register_zone};
use crate::store::merchants::MerchantProfile;
use crate::store::reach::Reach;
use crate::store::{Tx, establishments};

/// How many traders are registered in one transaction.
const TRADERS_TOGETHER: usize = 30;

/// The sample street as it was registered.
pub(super) struct Street {
    /// The zones in the order of [`ZONES`].
    pub(super) zones: Vec<ZoneId>,
    /// The secrets of the sources in the order of [`BANKS`].
    pub(super) secrets: Vec<String>,
    /// The sources in the order of [`BANKS`].
    sources: Vec<SourceId>,
    /// The traders in the order of the plan.
    pub(super) traders: Vec<OpenTrader>,
}

/// A trader whose outlet is open.
#[derive(Clone, Debug)]
pub(super) struct OpenTrader {
    /// The merchant.
    pub(super) merchant: MerchantId,
    /// Its outlet.
    pub(super) outlet: OutletId,
    /// The number of its account.
    pub(super) account: String,
    /// The reference on its printed code.
    pub(super) reference: String,
}

/// A trader on the way to an open outlet.
struct Enrolled {
    merchant: MerchantId,
    outlet: OutletId,
    account: String,
    test_reference: String,
    at: DateTime<Utc>,
}

/// What registering works with.
pub(super) struct Desk<'a> {
    pub(super) ledger: &'a Ledger,
    pub(super) intake: &'a Intake,
    pub(super) plan: &'a Plan,
    pub(super) staff: &'a Staff,
    pub(super) dice: &'a Dice,
}

impl Desk<'_> {
    /// Registers everything; `done` hears of each trader.
    pub(super) async fn register(&self, done: impl Fn(usize)) -> anyhow::Result<Street> {
        let mut street = self.prepare().await?;
        for traders in self.plan.traders.chunks(TRADERS_TOGETHER) {
            let mut tx = self.ledger.store.begin_write().await?;
            let mut enrolled = Vec::new();
            for trader in traders {
                enrolled.push(self.enrol(&mut tx, &street, trader).await?);
            }
            tx.commit().await?;
            self.pay_tests(&street, traders, &enrolled).await?;
            let mut tx = self.ledger.store.begin_write().await?;
            for it in enrolled {
                street.traders.push(self.open(&mut tx, it).await?);
            }
            tx.commit().await?;
            done(traders.len());
        }
        Ok(street)
    }

    /// Zones, the census of each, and the sources.
    async fn prepare(&self) -> anyhow::Result<Street> {
        let day = self.plan.today - TimeDelta::days(CENSUS_DAYS_AGO);
        let change = self.by(self.staff.maker, start_of_day(day) + TimeDelta::hours(9));
        let mut tx = self.ledger.store.begin_write().await?;
        let mut zones = Vec::new();
        for (place, sample) in ZONES.iter().enumerate() {
            let mut seeds = ZoneSeed::all().iter();
            let seed = seeds.find(|seed| seed.code.as_str() == sample.code);
            let seed = seed.context("a sample zone is of the first list")?;
            let zone = register_zone::register(&mut tx, &change, seed.into()).await?;
            let found = self.plan.places.iter().enumerate();
            let found = found.filter(|(_, it)| it.zone == place);
            let entries = found.map(|(number, it)| census_entry(number, it));
            let entries = entries.collect::<anyhow::Result<_>>()?;
            take_census::record(&mut tx, &change, zone.id, day, entries).await?;
            zones.push(zone.id);
        }
        let (mut sources, mut secrets) = (Vec::new(), Vec::new());
        for bank in &BANKS {
            let (id, secret) = self.source(&mut tx, bank, change.now).await?;
            sources.push(id);
            secrets.push(secret);
        }
        tx.commit().await?;
        Ok(Street {
            zones,
            secrets,
            sources,
            traders: Vec::new(),
        })
    }

    async fn source(
        &self,
        tx: &mut Tx,
        bank: &SampleBank,
        now: DateTime<Utc>,
    ) -> anyhow::Result<(SourceId, String)> {
        let adapter = adapter_by_name(bank.adapter).context("a sample bank has an adapter")?;
        // Never a seeded secret: whoever knows the seed could sign with it.
        let secret = bank.secret_of(&Entropy::System.bytes());
        let request = SourceRequest {
            name: SourceName::parse(bank.source)?,
            adapter,
            secret: Some(Secret::text(secret.clone())),
            ed25519_public_key: None,
            entry: EntryRules::default(),
            config: std::collections::BTreeMap::new(),
            tolerance_s: 300,
            accounts: Vec::new(),
        };
        let asks = self.by(self.staff.first_admin, now);
        let key = &self.ledger.master_key;
        let known = register_source::request(tx, &asks, key, request).await?;
        let id = SourceId::from_uuid(known.source.id);
        let approves = self.by(self.staff.second_admin, now);
        register_source::step(tx, &approves, (id, None), SourceEvent::Approve).await?;
        Ok((id, secret))
    }

    /// From the first visit to a planned outlet with its test code.
    async fn enrol(
        &self,
        tx: &mut Tx,
        street: &Street,
        trader: &Trader,
    ) -> anyhow::Result<Enrolled> {
        let minutes = i64::try_from(trader.number)?;
        let at = start_of_day(trader.approved_on) + TimeDelta::hours(8);
        let at = at + TimeDelta::minutes(minutes);
        let (maker, checker) = (
            self.by(self.staff.maker, at),
            self.by(self.staff.checker, at),
        );
        let all = Reach::Everything;
        let merchant = register_merchant::register(tx, &maker, profile(trader)?)
            .await?
            .id;
        for (change, event) in [
            (&maker, MerchantEvent::Submit),
            (&checker, MerchantEvent::StartReview),
            (&checker, MerchantEvent::Approve),
        ] {
            register_merchant::step(tx, change, all, (merchant, None), event).await?;
        }
        let (id, account) = self
            .account(tx, (&maker, &checker), merchant, trader)
            .await?;
        let source = street.sources[trader.bank];
        register_source::bind(tx, &self.by(self.staff.first_admin, at), source, id).await?;
        let zone = street.zones[trader.zone];
        let stall = TradeName::parse(&trader.stall)?;
        let place = establishments::find_by_position(tx, zone, &stall).await?;
        let outlet = NewOutlet {
            merchant,
            zone,
            establishment: place.map(|place| place.id),
            stall_label: stall,
            trade: Trade::parse(trader.trade.name)?,
            match_by_account: false,
            floor: TEST_AMOUNT,
        };
        let outlet = open_outlet::plan(tx, &maker, all, outlet).await?.id;
        let test = issue_code::outlet_test(tx, &self.issuer(at), outlet).await?;
        let test_reference = test.code.code.reference.context("our codes have one")?;
        Ok(Enrolled {
            merchant,
            outlet,
            account,
            test_reference,
            at,
        })
    }

    async fn account(
        &self,
        tx: &mut Tx,
        (maker, checker): (&Change<'_>, &Change<'_>),
        merchant: MerchantId,
        trader: &Trader,
    ) -> anyhow::Result<(AccountId, String)> {
        let number = format!("19{:02}{:07}", trader.bank, 4_100_000 + trader.number * 37);
        let (all, policy) = (Reach::Everything, PersonalAccounts::Refuse);
        let new = NewAccount {
            merchant,
            bank: BankBin::parse(BANKS[trader.bank].bin)?,
            number: AccountNumber::parse(&number)?,
            holder: HolderName::parse(&format!("HKD {}", trader.owner.name))?,
            holder_kind: HolderKind::Household,
            registered_name: TradeName::parse(&format!("HKD {}", trader.owner.name))?,
            name_check: NameCheck::Done,
            replaces: None,
        };
        let account = settlement_account::request(tx, maker, all, policy, new).await?;
        let (which, step) = ((account.id, None), AccountStep::Approve);
        settlement_account::step(tx, checker, all, policy, which, step).await?;
        Ok((account.id, number))
    }

    /// The 1 000 đồng that prove each outlet, told by its bank.
    async fn pay_tests(
        &self,
        street: &Street,
        traders: &[Trader],
        enrolled: &[Enrolled],
    ) -> anyhow::Result<()> {
        let mut notices = JoinSet::new();
        for (trader, it) in traders.iter().zip(enrolled) {
            let paid_at = it.at + TimeDelta::minutes(3);
            let bank = &BANKS[trader.bank];
            let credit = Credit {
                number: u64::try_from(trader.number)?,
                account: &it.account,
                amount_vnd: TEST_AMOUNT.get(),
                content: format!("{} thu", it.test_reference),
                order: "",
                booked_at: paid_at,
                state: CreditState::Booked,
            };
            let sent_at = paid_at + TimeDelta::seconds(4);
            let notice = bank.notice(&street.secrets[trader.bank], &credit, sent_at);
            let (ledger, intake) = (self.ledger.clone(), self.intake.clone());
            notices.spawn(async move {
                let delivery = notice.delivery(bank.source);
                receive(&ledger, &intake, bank.arrival(), delivery, sent_at).await
            });
        }
        while let Some(taken) = notices.join_next().await {
            taken??;
        }
        Ok(())
    }

    /// Opens the proved outlet and prints its code.
    async fn open(&self, tx: &mut Tx, it: Enrolled) -> anyhow::Result<OpenTrader> {
        let at = it.at + TimeDelta::minutes(10);
        let maker = self.by(self.staff.maker, at);
        let which = (it.outlet, None);
        open_outlet::step(tx, &maker, Reach::Everything, which, OutletStep::Open).await?;
        let request = NewCodeRequest {
            outlet: it.outlet,
            account: None,
            purpose: CodePurpose::Static(AmountRule::Open(AmountLimits::default())),
        };
        let code = issue_code::issue(tx, &self.issuer(at), &request).await?;
        Ok(OpenTrader {
            merchant: it.merchant,
            outlet: it.outlet,
            account: it.account,
            reference: code.code.reference.context("our codes have one")?,
        })
    }

    const fn by(&self, actor: crate::domain::ids::UserId, now: DateTime<Utc>) -> Change<'_> {
        Change {
            actor,
            now,
            entropy: &self.ledger.entropy,
        }
    }

    /// References follow the seed, so that the same street prints the same codes.
    fn issuer(&self, now: DateTime<Utc>) -> Issuer<'_> {
        Issuer {
            actor: "phocho demo",
            reach: Reach::Everything,
            entropy: self.dice.entropy(),
            now,
        }
    }
}

fn census_entry(number: usize, place: &Place) -> anyhow::Result<CensusEntry> {
    let status = if place.trades {
        EstablishmentStatus::Trading
    } else {
        EstablishmentStatus::Vacant
    };
    Ok(CensusEntry {
        position: TradeName::parse(&place.position)?,
        name: TradeName::parse(&place.name)?,
        record: CensusRecord {
            status,
            trade: Trade::parse(place.trade.name)?,
            size_class: place.trade.size,
            open_days: OpenDays::Daily,
            operates_at_night: place.trade.hours.0 < 5,
            accepts_cashless: Some(place.accepts_cashless),
            accepted_means: String::new(),
            owner: OwnerKey::parse(&format!("chu-{number}"))?,
            owner_sex: Some(place.owner.sex),
            owner_over_60: Some(place.owner.over_60),
        },
    })
}

/// Invented numbers: a personal number of Hanoi and a mobile number for each trader.
fn profile(trader: &Trader) -> anyhow::Result<MerchantProfile> {
    let (number, born) = (trader.number, 60 + trader.number % 40);
    Ok(MerchantProfile {
        kind: MerchantKind::Household,
        name: TradeName::parse(&trader.shop)?,
        representative: PersonName::parse(&trader.owner.name)?,
        tax_code: TaxCode::parse(&format!("0011{born:02}{:06}", 10_000 + number))?,
        phone: Phone::parse(&format!("09120{:05}", 40_000 + number))?,
    })
}
