//! A street for tests: one zone, one seller with an open outlet, codes, an account, sources.

use chrono::{DateTime, Utc};
use phocho::clock::Clock;
use phocho::domain::access::{TokenHolder, UserRole};
use phocho::domain::account::{AccountState, HolderKind, HolderName};
use phocho::domain::bank::{AccountNumber, BankBin};
use phocho::domain::entry_rules::EntryRules;
use phocho::domain::establishment::Trade;
use phocho::domain::ids::{AccountId, CodeId, MerchantId, OutletId, SourceId, UserId, ZoneId};
use phocho::domain::merchant::{Approval, MerchantKind, MerchantState};
use phocho::domain::money::Vnd;
use phocho::domain::outlet::OutletState;
use phocho::domain::phone::Phone;
use phocho::domain::source::{SourceApproval, SourceState};
use phocho::domain::tax_code::TaxCode;
use phocho::domain::text::{PersonName, TradeName};
use phocho::domain::zone::ZoneSeed;
use phocho::entropy::Entropy;
use phocho::flows::access::{self, Act, NewToken, NewUser};
use phocho::flows::receive_notice::secret_name;
use phocho::http::{AppState, router};
use phocho::store::accounts::{self, Account};
use phocho::store::codes::{self, NewCode, StoredTerms};
use phocho::store::merchants::{self, Merchant, MerchantProfile};
use phocho::store::outlets::{self, Outlet};
use phocho::store::source_states;
use phocho::store::sources::{self, NewSource};
use phocho::store::zones;
use phocho::store::{Store, Tx};
use phocho::vault::{KEY_BYTES, Key};
use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use crate::stalls::zone_of;
use crate::state::state_over;

/// The moment of the sample deliveries.
pub fn now() -> DateTime<Utc> {
    "2026-03-16T02:30:00Z".parse().unwrap()
}

/// The number of the seller's account, and its id.
pub const ACCOUNT: &str = "1030000000117";
pub const ACCOUNT_ID: &str = "acc_00000000000000000000000000000028";

fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// A service over a database with the street in it, listening on a free port.
pub struct Street {
    pub store: Store,
    pub address: String,
    pub client: reqwest::Client,
    pub clock: Clock,
}

impl Street {
    /// Builds the street and starts to serve it.
    pub async fn open(store: Store) -> Self {
        Self::open_with(store, |_| {}).await
    }

    /// The same with another state than usual.
    pub async fn open_with(store: Store, change: impl FnOnce(&mut AppState)) -> Self {
        let mut street = Self::lay_out(store).await;
        let mut state = state_over(street.store.clone());
        state.clock = street.clock.clone();
        change(&mut state);
        street.address = serve(state).await;
        street
    }

    /// Builds the street; whoever serves it says at which address.
    pub async fn lay_out(store: Store) -> Self {
        let mut tx = store.begin_write().await.unwrap();
        people_and_places(&mut tx).await;
        tx.commit().await.unwrap();
        Self {
            store,
            address: String::new(),
            client: reqwest::Client::new(),
            clock: Clock::fixed(now()),
        }
    }

    /// Adds a person and gives a token.
    pub async fn person(&self, role: UserRole) -> String {
        self.token(async |tx, act| {
            let wish = NewUser {
                name: PersonName::parse("Trần Văn Bình").unwrap(),
                role,
                zones: None,
            };
            let user = access::create_user(tx, act, wish).await.unwrap();
            TokenHolder::User(user.id)
        })
        .await
    }

    /// A token of the seller, or of the seller's till.
    pub async fn seller(&self, till: bool) -> String {
        let merchant = MerchantId::from_uuid(uuid(20));
        let outlet = OutletId::from_uuid(uuid(30));
        self.token(async |_, _| {
            if till {
                TokenHolder::Device { merchant, outlet }
            } else {
                TokenHolder::Merchant(merchant)
            }
        })
        .await
    }

    /// A token of another merchant, who has no outlet.
    pub async fn stranger(&self) -> String {
        self.token(async |tx, _| {
            let profile = MerchantProfile {
                kind: MerchantKind::Household,
                name: TradeName::parse("Hàng hoa Quảng Bá").unwrap(),
                representative: PersonName::parse("Lê Thị Cúc").unwrap(),
                tax_code: TaxCode::parse("001185000124").unwrap(),
                phone: Phone::parse("0912345679").unwrap(),
            };
            let merchant = draft(MerchantId::from_uuid(uuid(21)), profile);
            assert!(merchants::insert(tx, &merchant).await.unwrap());
            TokenHolder::Merchant(merchant.id)
        })
        .await
    }

    async fn token(&self, holder: impl AsyncFnOnce(&mut Tx, &Act<'_>) -> TokenHolder) -> String {
        let act = Act {
            actor: "test",
            now: self.clock.now(),
            entropy: &Entropy::System,
        };
        let mut tx = self.store.begin_write().await.unwrap();
        let wish = NewToken {
            label: "test".to_owned(),
            holder: holder(&mut tx, &act).await,
            expires_at: None,
        };
        let issued = access::issue_token(&mut tx, &act, wish).await.unwrap();
        tx.commit().await.unwrap();
        issued.secret.reveal().to_string()
    }

    /// Asks the API and gives the status and the JSON of the answer.
    pub async fn ask(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let url = format!("http://{}{path}", self.address);
        let mut request = self.client.request(method, url).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or(Value::Null))
    }

    /// Reads from the API.
    pub async fn get(&self, token: &str, path: &str) -> (u16, Value) {
        self.ask(token, Method::GET, path, None).await
    }

    /// Posts to the API.
    pub async fn post(&self, token: &str, path: &str, body: &Value) -> (u16, Value) {
        self.ask(token, Method::POST, path, Some(body)).await
    }

    /// Lets a source speak for the seller's account.
    pub async fn source(&self, name: &str, adapter: &str, secret: &str, public_key: Option<&str>) {
        self.source_with(name, adapter, secret, public_key, "{}")
            .await;
    }

    /// The same with settings, as a JSON object of texts. `secret` as it is stored.
    pub async fn source_with(
        &self,
        name: &str,
        adapter: &str,
        secret: &str,
        public_key: Option<&str>,
        config: &str,
    ) {
        let id = SourceId::from_uuid(Uuid::new_v5_like(name));
        let source = NewSource {
            config: config.to_owned(),
            ed25519_public_key: public_key.map(str::to_owned),
            ..source(id, (name, adapter), secret, now())
        };
        let mut tx = self.store.begin_write().await.unwrap();
        insert_active(&mut tx, &source).await;
        sources::bind_account(&mut tx, id, AccountId::from_uuid(uuid(40)), now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// Another account of the seller; its id.
    pub async fn second_account(&self) -> String {
        let id = AccountId::from_uuid(uuid(41));
        let number = AccountNumber::parse("1030000000118").unwrap();
        let mut tx = self.store.begin_write().await.unwrap();
        approved_account(&mut tx, id, number).await;
        tx.commit().await.unwrap();
        id.to_string()
    }

    /// Another open outlet of the seller in the same zone; its id.
    pub async fn second_outlet(&self) -> OutletId {
        let id = OutletId::from_uuid(uuid(31));
        let mut tx = self.store.begin_write().await.unwrap();
        open_outlet(&mut tx, id, "Số 14").await;
        tx.commit().await.unwrap();
        id
    }

    /// Issues a code with a chosen reference.
    pub async fn code(&self, reference: &str, fixed_vnd: Option<i64>) -> CodeId {
        let (outlet, account) = (uuid(30), uuid(40));
        let place = (OutletId::from_uuid(outlet), AccountId::from_uuid(account));
        self.code_at(reference, fixed_vnd, place).await
    }

    /// The same at another outlet or on another account of the seller.
    pub async fn code_at(
        &self,
        reference: &str,
        fixed_vnd: Option<i64>,
        (outlet, account): (OutletId, AccountId),
    ) -> CodeId {
        let id = CodeId::from_uuid(Uuid::new_v5_like(reference));
        let code = NewCode {
            id,
            merchant: MerchantId::from_uuid(uuid(20)),
            outlet,
            account: Some(account),
            kind: if fixed_vnd.is_some() {
                "dynamic"
            } else {
                "static"
            },
            scheme: "transfer",
            reference: Some(reference.to_owned()),
            terms: StoredTerms {
                amount_rule: if fixed_vnd.is_some() { "fixed" } else { "open" },
                amount_vnd: fixed_vnd,
                floor_vnd: None,
                ceiling_vnd: None,
            },
            expires_at: None,
            for_test: false,
            payload: "not read here".to_owned(),
            created_by: "test".to_owned(),
            now: now(),
        };
        let mut tx = self.store.begin_write().await.unwrap();
        assert!(codes::insert(&mut tx, &code).await.unwrap());
        tx.commit().await.unwrap();
        id
    }

    /// Sends a delivery and gives the status and the body of the answer.
    pub async fn deliver(
        &self,
        source: &str,
        headers: &[(String, String)],
        body: &str,
    ) -> (u16, String) {
        self.deliver_by("POST", source, headers, body).await
    }

    /// The same by any method; `target` is the source's name and what follows it.
    pub async fn deliver_by(
        &self,
        method: &str,
        target: &str,
        headers: &[(String, String)],
        body: &str,
    ) -> (u16, String) {
        let url = format!("http://{}/v1/callbacks/{target}", self.address);
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.client.request(method, url).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }
}

/// A source with its secret, asked for by the first person.
pub fn source(
    id: SourceId,
    (name, adapter): (&str, &str),
    secret: &str,
    now: DateTime<Utc>,
) -> NewSource {
    let key = Key::new([7; KEY_BYTES]);
    NewSource {
        id,
        requested_by: UserId::from_uuid(uuid(1)),
        name: name.to_owned(),
        adapter: adapter.to_owned(),
        tolerance_s: 300,
        config: "{}".to_owned(),
        secret_sealed: key.seal(&secret_name(id), [3; 24], secret.as_bytes()),
        ed25519_public_key: None,
        entry: EntryRules::default(),
        now,
    }
}

/// Stores a source that a second person has let speak.
pub async fn insert_active(tx: &mut Tx, source: &NewSource) {
    assert!(sources::insert(tx, source).await.unwrap());
    let active = SourceState::Active(SourceApproval {
        requested_by: source.requested_by,
        approved_by: UserId::from_uuid(uuid(2)),
    });
    let moved = source_states::update_state(tx, source.id, 1, active).await;
    assert!(moved.unwrap());
}

/// An id that follows from a name.
trait NamedId {
    fn new_v5_like(name: &str) -> Uuid;
}

impl NamedId for Uuid {
    fn new_v5_like(name: &str) -> Uuid {
        let mut bytes = [0; 16];
        for (place, byte) in name.bytes().enumerate() {
            bytes[place % 16] ^= byte.rotate_left(u32::try_from(place / 16).unwrap());
        }
        Uuid::from_bytes(bytes)
    }
}

/// Serves a street by the time of day, which a real sender signs with.
pub async fn serve_now(store: Store) -> String {
    serve(state_over(store)).await
}

pub async fn serve(state: AppState) -> String {
    use phocho::http::peer::TrustedProxies;
    use phocho::http::server::{Server, ServerLimits};
    state.lifecycle.ready();
    let server = Server {
        lifecycle: state.lifecycle.clone(),
        router: router(state),
        limits: ServerLimits::default(),
        trusted: TrustedProxies::default(),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(server.run(listener));
    address
}

fn draft(id: MerchantId, profile: MerchantProfile) -> Merchant {
    Merchant {
        id,
        profile,
        state: MerchantState::Draft,
        created_by: UserId::from_uuid(uuid(1)),
        created_at: now(),
        updated_at: now(),
        version: 1,
    }
}

async fn people_and_places(tx: &mut Tx) {
    let (maker, checker) = (UserId::from_uuid(uuid(1)), UserId::from_uuid(uuid(2)));
    let seed = ZoneSeed::all()
        .iter()
        .find(|seed| seed.code.as_str() == "TH-QK")
        .unwrap();
    let zone = zone_of(seed, ZoneId::from_uuid(uuid(10)), now());
    assert!(zones::insert(tx, &zone).await.unwrap());
    let name = TradeName::parse("Bún ốc Phủ Tây Hồ").unwrap();
    let profile = MerchantProfile {
        kind: MerchantKind::Household,
        name,
        representative: PersonName::parse("Nguyễn Thị Đào").unwrap(),
        tax_code: TaxCode::parse("001185000123").unwrap(),
        phone: Phone::parse("0912345678").unwrap(),
    };
    let merchant = draft(MerchantId::from_uuid(uuid(20)), profile);
    assert!(merchants::insert(tx, &merchant).await.unwrap());
    let approval = Approval {
        submitted_by: maker,
        approved_by: checker,
        approved_at: now(),
    };
    let submitted = MerchantState::Submitted {
        submitted_by: maker,
    };
    for (version, state) in [(1, submitted), (2, MerchantState::Active { approval })] {
        let moved = merchants::update_state(tx, merchant.id, version, &state, now()).await;
        assert!(moved.unwrap());
    }
    open_outlet(tx, OutletId::from_uuid(uuid(30)), "Số 12").await;
    let number = AccountNumber::parse(ACCOUNT).unwrap();
    approved_account(tx, AccountId::from_uuid(uuid(40)), number).await;
}

/// An outlet of the seller that trades.
async fn open_outlet(tx: &mut Tx, id: OutletId, stall: &str) {
    let outlet = Outlet {
        id,
        merchant: MerchantId::from_uuid(uuid(20)),
        zone: ZoneId::from_uuid(uuid(10)),
        establishment: None,
        stall_label: TradeName::parse(stall).unwrap(),
        trade: Trade::parse("bún ốc").unwrap(),
        state: OutletState::Planned,
        match_by_account: false,
        floor: Vnd::new(1_000).unwrap(),
        created_at: now(),
        version: 1,
    };
    assert!(outlets::insert(tx, &outlet).await.unwrap());
    let open = OutletState::Open {
        tested_at: now(),
        opened_at: "2026-03-01T00:00:00Z".parse().unwrap(),
    };
    assert!(outlets::update_state(tx, outlet.id, 1, open).await.unwrap());
}

/// An account of the seller that money may go to.
pub async fn approved_account(tx: &mut Tx, id: AccountId, number: AccountNumber) {
    let (maker, checker) = (UserId::from_uuid(uuid(1)), UserId::from_uuid(uuid(2)));
    let account = Account {
        id,
        merchant: MerchantId::from_uuid(uuid(20)),
        bank: BankBin::parse("970436").unwrap(),
        number,
        holder: HolderName::parse("HKD BUN OC PHU TAY HO").unwrap(),
        holder_kind: HolderKind::Household,
        registered_name: TradeName::parse("Bún ốc Phủ Tây Hồ").unwrap(),
        checked_at: Some(now()),
        state: AccountState::Pending {
            requested_by: maker,
        },
        requested_by: maker,
        replaces: None,
        created_at: now(),
        version: 1,
    };
    assert!(accounts::insert(tx, &account).await.unwrap());
    let approved = AccountState::Approved {
        requested_by: maker,
        approved_by: checker,
        approved_at: now(),
        effective_at: now(),
    };
    assert!(
        accounts::update_state(tx, account.id, 1, approved)
            .await
            .unwrap()
    );
}
