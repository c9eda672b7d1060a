//! A quarter for tests: three zones, eight establishments, two censuses, eight merchants, one
//! source, and a service whose clock is moved by hand.
//!
//! | zone | wards | establishments |
//! |---|---|---|
//! | TH-CB | Bưởi to 2025-06-30, then Tây Hồ | 1 to 5 |
//! | TH-QK | Quảng An to 2025-06-30, then unknown | 6 to 8 |
//! | TH-NC | unknown to 2025-06-30, then Tây Hồ | none, and no census |
//!
//! | merchant and outlet | approved | where |
//! |---|---|---|
//! | 1 | 05-01 | establishment 1 |
//! | 2 | 05-20, closed 07-12 | establishment 2 |
//! | 3 | 06-10 | establishment 5 |
//! | 4 | 06-01 | establishment 6 |
//! | 5 | 05-15 | establishment 7 |
//! | 6 | 06-05 | TH-QK outside the census; its account serves it alone |
//! | 7 | never | establishment 4 |
//! | 8 | 06-20 | TH-NC outside the census |
//!
//! | | TH-CB: 1, 2, 3, 4, 5 | TH-QK: 6, 7, 8 |
//! |---|---|---|
//! | census of 05-10 | trading, trading, trading, vacant, – | |
//! | census of 06-01 | | trading, trading, unknown |
//! | 06-15 | 5 opened | |
//! | 06-20 | 3 closed | |
//! | 07-02 | 3 opened | |
//! | 07-05 | | 7 closed |
//! | census of 07-10 | trading, ceased, trading, trading, trading | |

use axum::Router;
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use phocho::clock::Clock;
use phocho::domain::account::{AccountState, HolderKind, HolderName};
use phocho::domain::bank::{AccountNumber, BankBin};
use phocho::domain::day::start_of_day;
use phocho::domain::establishment::{
    CensusRecord, EstablishmentChange, EstablishmentStatus, OpenDays, OwnerKey, SizeClass, Trade,
};
use phocho::domain::ids::{
    AccountId, CensusId, CodeId, EstablishmentId, MerchantId, OutletId, SourceId, UserId, ZoneId,
};
use phocho::domain::merchant::{Approval, MerchantKind, MerchantState};
use phocho::domain::money::Vnd;
use phocho::domain::outlet::OutletState;
use phocho::domain::phone::Phone;
use phocho::domain::tax_code::TaxCode;
use phocho::domain::text::{PersonName, Reason, TradeName};
use phocho::domain::txn_ref::TxnRef;
use phocho::domain::zone::{WardHistory, WardPeriod, ZoneCode, ZoneKind, ZoneRole};
use phocho::flows::access::first_start;
use phocho::http::{AppState, router};
use phocho::store::accounts::{self, Account};
use phocho::store::censuses;
use phocho::store::codes::{self, NewCode, StoredTerms};
use phocho::store::establishments::{self, Establishment};
use phocho::store::match_switches;
use phocho::store::merchants::{self, Merchant, MerchantProfile};
use phocho::store::outlets::{self, Outlet};
use phocho::store::sources;
use phocho::store::zones::{self, Zone};
use phocho::store::{Store, Tx};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::Database;
use crate::sepay::SepayNotice;
use crate::service::{ask, deliver};
use crate::state::{any_rate, state_over};
use crate::street::{insert_active, source};

const SECRET: &str = "a-secret-of-this-quarter";

/// The three zones by their place in the list.
pub const ZONES: [&str; 3] = ["TH-CB", "TH-QK", "TH-NC"];

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Noon of a day of 2025, such as `06-15`.
pub fn noon(text: &str) -> DateTime<Utc> {
    start_of_day(day(&format!("2025-{text}"))) + TimeDelta::hours(12)
}

fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// The id of a zone by its place in [`ZONES`].
pub fn zone_id(place: u128) -> ZoneId {
    ZoneId::from_uuid(uuid(0x100 + place))
}

fn establishment_id(number: u128) -> EstablishmentId {
    EstablishmentId::from_uuid(uuid(0x200 + number))
}

/// The reference of a code.
pub fn reference(number: u8) -> String {
    TxnRef::from_random([number; 7]).to_string()
}

/// The account number of a merchant.
pub fn account_number(merchant: u128) -> String {
    format!("00110099{merchant:05}")
}

/// What a bank tells of one credit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub id: u64,
    pub at: DateTime<Utc>,
    pub merchant: u128,
    pub amount: i64,
    /// The number of the code whose reference stands in the text.
    pub code: Option<u8>,
}

/// The code of an outlet that is printed, by the number of its merchant.
pub fn printed(merchant: u8) -> u8 {
    merchant
}

/// The code for one sale of 100 000 đồng of outlet 3.
pub const ONCE: u8 = 11;
/// The code that tests outlet 1.
pub const TEST: u8 = 12;

/// The quarter and its service.
pub struct Quarter {
    pub store: Store,
    pub admin: String,
    clock: Clock,
    service: Router,
}

impl Quarter {
    pub async fn open(database: &Database) -> Self {
        let store = database.store().await;
        let mut tx = store.begin_write().await.unwrap();
        places(&mut tx).await;
        traders(&mut tx).await;
        bank(&mut tx).await;
        tx.commit().await.unwrap();
        let mut state: AppState = state_over(store.clone());
        let clock = Clock::fixed(noon("05-01"));
        state.clock = clock.clone();
        // Far more questions than a person asks.
        state.rates = any_rate();
        let link = first_start(&store, &state.entropy, clock.now()).await;
        let link = link.unwrap().unwrap().reveal().to_string();
        let mut quarter = Self {
            store,
            admin: String::new(),
            clock,
            service: router(state),
        };
        let body = json!({"link": link});
        let token = quarter.post("", "/v1/first-token", &body).await;
        token["secret"]
            .as_str()
            .unwrap()
            .clone_into(&mut quarter.admin);
        quarter
    }

    /// A member of the staff who looks after these zones.
    pub async fn staff(&self, zones: &[ZoneId]) -> String {
        let zones: Vec<_> = zones.iter().map(ToString::to_string).collect();
        let body = json!({"name": "Đào", "role": "staff", "zone_ids": zones});
        let user = self.post(&self.admin, "/v1/users", &body).await;
        let body = json!({"label": "bàn 1", "user_id": user["id"]});
        let token = self.post(&self.admin, "/v1/tokens", &body).await;
        token["secret"].as_str().unwrap().to_owned()
    }

    /// The token of a merchant.
    pub async fn trader(&self, number: u128) -> String {
        let merchant = MerchantId::from_uuid(uuid(0x400 + number));
        let body = json!({"label": "quầy", "merchant_id": merchant.to_string()});
        let token = self.post(&self.admin, "/v1/tokens", &body).await;
        token["secret"].as_str().unwrap().to_owned()
    }

    /// Moves the clock, also back.
    pub fn stand_at(&self, at: DateTime<Utc>) {
        self.clock.advance(at - self.clock.now());
    }

    pub async fn get(&self, token: &str, path: &str) -> (u16, Value) {
        let answer = ask(&self.service, ("GET", path), token, None, &[]).await;
        (answer.status, answer.body)
    }

    /// The status and the document that a request without a body is answered with.
    pub async fn ask(&self, method: &str, token: &str, path: &str) -> (u16, Value) {
        let answer = ask(&self.service, (method, path), token, None, &[]).await;
        (answer.status, answer.body)
    }

    /// The document that a good request of the administrator is answered with.
    pub async fn read(&self, path: &str) -> Value {
        let (status, body) = self.get(&self.admin, path).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// The document that a good request with a body is answered with.
    pub async fn post(&self, token: &str, path: &str, body: &Value) -> Value {
        let answer = ask(&self.service, ("POST", path), token, Some(body), &[]).await;
        answer.good()
    }

    /// Delivers a credit as SePay tells it, signed now.
    pub async fn tell(&self, told: &Told) {
        let account = account_number(told.merchant);
        self.tell_of(told, &account).await;
    }

    /// Delivers a credit to an account that nobody here has.
    pub async fn tell_of_a_foreign_account(&self, told: &Told) {
        self.tell_of(told, "9999999999").await;
    }

    async fn tell_of(&self, told: &Told, account: &str) {
        let content = told.code.map_or("chuyen tien".to_owned(), reference);
        let notice = SepayNotice {
            id: told.id,
            bank_number: told.id,
            amount: told.amount,
            content: &content,
            account,
            booked_at: told.at,
        };
        let signed = notice.signed(SECRET, self.clock.now());
        let answer = deliver(&self.service, "sepay", signed).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

async fn places(tx: &mut Tx) {
    use EstablishmentChange::{Closed, Opened};
    use EstablishmentStatus::{Ceased, Trading, Unknown, Vacant};
    let period = |ward: Option<&str>, from: &str, to: Option<&str>| WardPeriod {
        ward: ward.map(str::to_owned),
        from: day(from),
        to: to.map(day),
    };
    let (old, new) = (("2019-01-01", Some("2025-06-30")), "2025-07-01");
    let wards = [
        vec![
            period(Some("Bưởi"), old.0, old.1),
            period(Some("Tây Hồ"), new, None),
        ],
        vec![
            period(Some("Quảng An"), old.0, old.1),
            period(None, new, None),
        ],
        vec![period(Some("Tây Hồ"), new, None)],
    ];
    for ((place, code), wards) in (0..).zip(ZONES).zip(wards) {
        let zone = Zone {
            id: zone_id(place),
            code: ZoneCode::parse(code).unwrap(),
            kind: ZoneKind::Street,
            name: TradeName::parse("Khu phố").unwrap(),
            role: ZoneRole::Pilot,
            wards: WardHistory::new(wards).unwrap(),
            note: String::new(),
            facts_verified: false,
            created_at: noon("05-01"),
            version: 1,
        };
        assert!(zones::insert(tx, &zone).await.unwrap());
    }
    for number in 1..=8 {
        let place = Establishment {
            id: establishment_id(number),
            zone: zone_id(u128::from(number > 5)),
            position: TradeName::parse(&format!("Số {number}")).unwrap(),
            name: TradeName::parse("Bún ốc").unwrap(),
            created_at: noon("05-01"),
            version: 1,
        };
        assert!(establishments::insert(tx, &place).await.unwrap());
    }
    // The second census of the market is recorded before the first.
    census(
        tx,
        0,
        "07-10",
        &[
            (1, Trading),
            (2, Ceased),
            (3, Trading),
            (4, Trading),
            (5, Trading),
        ],
    )
    .await;
    census(
        tx,
        0,
        "05-10",
        &[(1, Trading), (2, Trading), (3, Trading), (4, Vacant)],
    )
    .await;
    census(tx, 1, "06-01", &[(6, Trading), (7, Trading), (8, Unknown)]).await;
    for (number, on, change) in [
        (5, "06-15", Opened),
        (3, "06-20", Closed),
        (3, "07-02", Opened),
        (7, "07-05", Closed),
    ] {
        let (place, at) = (establishment_id(number), noon(on));
        let on = day(&format!("2025-{on}"));
        let new = establishments::insert_change(tx, place, on, change, at).await;
        assert!(new.unwrap());
    }
}

async fn census(tx: &mut Tx, zone: u128, on: &str, seen: &[(u128, EstablishmentStatus)]) {
    let surveyed = day(&format!("2025-{on}"));
    let id = CensusId::from_uuid(uuid(0x300 + 0x10 * zone + u128::from(surveyed.month())));
    let begun = censuses::insert(tx, id, zone_id(zone), surveyed, noon(on)).await;
    begun.unwrap();
    for (number, status) in seen {
        let record = CensusRecord {
            status: *status,
            trade: Trade::parse("bún ốc").unwrap(),
            size_class: SizeClass::Stall,
            open_days: OpenDays::Daily,
            operates_at_night: false,
            accepts_cashless: None,
            accepted_means: String::new(),
            owner: OwnerKey::parse(&format!("h-{number}")).unwrap(),
            owner_sex: None,
            owner_over_60: None,
        };
        let place = establishment_id(*number);
        let new = censuses::insert_record(tx, id, place, &record).await;
        assert!(new.unwrap());
    }
}

async fn traders(tx: &mut Tx) {
    for (number, approved, establishment, zone) in [
        (1, Some("05-01"), Some(1), 0),
        (2, Some("05-20"), Some(2), 0),
        (3, Some("06-10"), Some(5), 0),
        (4, Some("06-01"), Some(6), 1),
        (5, Some("05-15"), Some(7), 1),
        (6, Some("06-05"), None, 1),
        (7, None, Some(4), 0),
        (8, Some("06-20"), None, 2),
    ] {
        let registered = noon(approved.unwrap_or("05-20"));
        merchant(tx, number, registered, approved.is_some()).await;
        let outlet = Outlet {
            id: OutletId::from_uuid(uuid(0x500 + number)),
            merchant: MerchantId::from_uuid(uuid(0x400 + number)),
            zone: zone_id(zone),
            establishment: establishment.map(establishment_id),
            stall_label: TradeName::parse(&format!("Sạp {number}")).unwrap(),
            trade: Trade::parse("bún ốc").unwrap(),
            state: OutletState::Planned,
            match_by_account: number == 6,
            floor: Vnd::new(1_000).unwrap(),
            created_at: registered,
            version: 1,
        };
        assert!(outlets::insert(tx, &outlet).await.unwrap());
        if outlet.match_by_account {
            matches_by_account(tx, outlet.id, registered).await;
        }
    }
}

/// Credits without a reference count for an outlet that trades with the switch on.
async fn matches_by_account(tx: &mut Tx, outlet: OutletId, since: DateTime<Utc>) {
    let open = OutletState::Open {
        tested_at: since,
        opened_at: since,
    };
    assert!(outlets::update_state(tx, outlet, 1, open).await.unwrap());
    match_switches::record(tx, outlet, since, true)
        .await
        .unwrap();
}

async fn merchant(tx: &mut Tx, number: u128, at: DateTime<Utc>, approved: bool) {
    let (maker, checker) = (UserId::from_uuid(uuid(1)), UserId::from_uuid(uuid(2)));
    let merchant = Merchant {
        id: MerchantId::from_uuid(uuid(0x400 + number)),
        profile: MerchantProfile {
            kind: MerchantKind::Household,
            name: TradeName::parse("Bún ốc").unwrap(),
            representative: PersonName::parse("Nguyễn Thị Đào").unwrap(),
            tax_code: TaxCode::parse(&format!("0010800123{number:02}")).unwrap(),
            phone: Phone::parse("0912345678").unwrap(),
        },
        state: MerchantState::Draft,
        created_by: maker,
        created_at: at,
        updated_at: at,
        version: 1,
    };
    assert!(merchants::insert(tx, &merchant).await.unwrap());
    let approval = Approval {
        submitted_by: maker,
        approved_by: checker,
        approved_at: at,
    };
    let mut states = vec![MerchantState::Submitted {
        submitted_by: maker,
    }];
    if approved {
        states.push(MerchantState::Active { approval });
    }
    if number == 2 {
        states.push(MerchantState::Closed {
            approval,
            reason: Reason::parse("Nghỉ bán").unwrap(),
            closed_at: noon("07-12"),
        });
    }
    for (version, state) in (1..).zip(states) {
        let moved = merchants::update_state(tx, merchant.id, version, &state, at).await;
        assert!(moved.unwrap());
    }
}

async fn bank(tx: &mut Tx) {
    let id = SourceId::from_uuid(uuid(0x600));
    let source = source(id, ("sepay", "sepay_hmac"), SECRET, noon("05-01"));
    insert_active(tx, &source).await;
    for number in 1..=8_u8 {
        let account = account(tx, number.into()).await;
        sources::bind_account(tx, id, account, noon("05-01"))
            .await
            .unwrap();
        code(tx, printed(number), number.into(), None, false).await;
    }
    code(tx, ONCE, 3, Some(100_000), false).await;
    code(tx, TEST, 1, Some(1_000), true).await;
}

async fn account(tx: &mut Tx, number: u128) -> AccountId {
    let (maker, checker) = (UserId::from_uuid(uuid(1)), UserId::from_uuid(uuid(2)));
    let account = Account {
        id: AccountId::from_uuid(uuid(0x700 + number)),
        merchant: MerchantId::from_uuid(uuid(0x400 + number)),
        bank: BankBin::parse("970436").unwrap(),
        number: AccountNumber::parse(&account_number(number)).unwrap(),
        holder: HolderName::parse("HKD BUN OC").unwrap(),
        holder_kind: HolderKind::Household,
        registered_name: TradeName::parse("Bún ốc").unwrap(),
        checked_at: Some(noon("05-01")),
        state: AccountState::Pending {
            requested_by: maker,
        },
        requested_by: maker,
        replaces: None,
        created_at: noon("05-01"),
        version: 1,
    };
    assert!(accounts::insert(tx, &account).await.unwrap());
    let approved = AccountState::Approved {
        requested_by: maker,
        approved_by: checker,
        approved_at: noon("05-01"),
        effective_at: noon("05-01"),
    };
    let moved = accounts::update_state(tx, account.id, 1, approved).await;
    assert!(moved.unwrap());
    account.id
}

async fn code(tx: &mut Tx, number: u8, merchant: u128, fixed_vnd: Option<i64>, for_test: bool) {
    let code = NewCode {
        id: CodeId::from_uuid(uuid(0x800 + u128::from(number))),
        merchant: MerchantId::from_uuid(uuid(0x400 + merchant)),
        outlet: OutletId::from_uuid(uuid(0x500 + merchant)),
        account: Some(AccountId::from_uuid(uuid(0x700 + merchant))),
        kind: fixed_vnd.map_or("static", |_| "dynamic"),
        scheme: "transfer",
        reference: Some(reference(number)),
        terms: StoredTerms {
            amount_rule: fixed_vnd.map_or("open", |_| "fixed"),
            amount_vnd: fixed_vnd,
            floor_vnd: None,
            ceiling_vnd: None,
        },
        expires_at: None,
        for_test,
        payload: "not read here".to_owned(),
        created_by: "test".to_owned(),
        now: noon("05-01"),
    };
    assert!(codes::insert(tx, &code).await.unwrap());
}
