//! Who may call: the first start, people, tokens, and finding the caller of a secret.
//!
//! Every change is audited in its own transaction. A secret leaves here once, in the answer
//! to whoever made it.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::domain::access::{
    LinkSecret, Principal, Role, Scope, TokenHolder, TokenSecret, UserRole,
};
use crate::domain::day::to_rfc3339;
use crate::domain::ids::{TokenId, UserId, ZoneId};
use crate::domain::text::PersonName;
use crate::entropy::Entropy;
use crate::flows::change::PEOPLE_CHAIN;
use crate::store::access::tokens::{self, Token};
use crate::store::access::{self, NewLink, User};
use crate::store::audit::{self, AuditEntry};
use crate::store::reach::Reach;
use crate::store::{Store, StoreError, Tx, merchants, outlets, zones};

/// How long the link of the first start is good.
const LINK_HOURS: i64 = 24;
/// How exactly the last use of a token is kept.
const LAST_USED_STEP: TimeDelta = TimeDelta::minutes(1);
/// What the first start calls its administrator and does in the record.
const FIRST_ADMIN: &str = "Quản trị viên";
const PROGRAM: &str = "phocho";

/// Who acts, when, and the chance at hand.
#[derive(Clone, Copy, Debug)]
pub struct Act<'a> {
    /// The name in the audit record.
    pub actor: &'a str,
    /// The present.
    pub now: DateTime<Utc>,
    /// Draws ids and secrets.
    pub entropy: &'a Entropy,
}

/// Why a user or a token is not made.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The zone at this place of the list does not exist.
    #[error("there is no zone {zone}")]
    UnknownZone {
        /// Its place in the list, from 0.
        place: usize,
        /// Its id.
        zone: ZoneId,
    },
    /// The holder does not exist, or the outlet is another merchant's.
    #[error("there is no such holder of a token")]
    UnknownHolder,
    /// The token would never be good.
    #[error("a token expires in the future")]
    Expired,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A person to add.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The person's name.
    pub name: PersonName,
    /// What the person may do.
    pub role: UserRole,
    /// The zones that staff see; `None` for all. An administrator sees all.
    pub zones: Option<Vec<ZoneId>>,
}

/// A token to make.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What people call it.
    pub label: String,
    /// In whose name it speaks.
    pub holder: TokenHolder,
    /// Until when it is good.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A token and its secret, which exists nowhere else.
#[derive(Clone, Debug)]
pub struct IssuedToken {
    /// The token.
    pub token: Token,
    /// What its holder shows.
    pub secret: TokenSecret,
}

/// Makes the way in: until some token has been used, every start ends the old link and gives
/// a new one, good for a day, for the first administrator, who is created when missing. So a
/// lost link or a lost answer is repaired by starting again.
pub async fn first_start(
    store: &Store,
    entropy: &Entropy,
    now: DateTime<Utc>,
) -> Result<Option<LinkSecret>, StoreError> {
    let mut tx = store.begin_read().await?;
    if tokens::any_was_used(&mut tx).await? {
        return Ok(None);
    }
    tx.rollback().await?;
    let mut tx = store.begin_write().await?;
    // The audit entry locks its chain: of instances that start together each sees what the
    // one before has done.
    let entry = AuditEntry {
        at: now,
        actor: PROGRAM.to_owned(),
        action: "access.first_link",
        subject: PROGRAM.to_owned(),
        detail: json!({"valid_hours": LINK_HOURS}),
    };
    audit::append(&mut tx, PEOPLE_CHAIN, &[entry]).await?;
    if tokens::any_was_used(&mut tx).await? {
        return Ok(None);
    }
    let user = first_administrator(&mut tx, entropy, now).await?;
    access::retire_links(&mut tx, user, now).await?;
    let secret = LinkSecret::new(entropy.bytes());
    let link = NewLink {
        secret_hash: secret.hash(),
        user,
        created_at: now,
        expires_at: now + TimeDelta::hours(LINK_HOURS),
    };
    access::insert_link(&mut tx, &link).await?;
    tx.commit().await?;
    Ok(Some(secret))
}

/// The first administrator, in whose name the program itself acts; created when missing.
pub async fn first_administrator(
    tx: &mut Tx,
    entropy: &Entropy,
    now: DateTime<Utc>,
) -> Result<UserId, StoreError> {
    match access::first_admin(tx).await? {
        Some(admin) => Ok(admin),
        None => create_first_admin(tx, entropy, now).await,
    }
}

async fn create_first_admin(
    tx: &mut Tx,
    entropy: &Entropy,
    now: DateTime<Utc>,
) -> Result<UserId, StoreError> {
    let id = UserId::from_uuid(entropy.uuid(now));
    let admin = User {
        id,
        name: FIRST_ADMIN.to_owned(),
        role: UserRole::Admin,
        all_zones: true,
        created_at: now,
        disabled_at: None,
        version: 1,
    };
    access::insert_user(tx, &admin).await?;
    let act = Act {
        actor: PROGRAM,
        now,
        entropy,
    };
    let detail = json!({"name": admin.name, "role": admin.role.as_str(), "zones": null});
    record(tx, &act, "user.create", id.to_string(), detail).await?;
    Ok(id)
}

/// Exchanges a one-time link for a token; `None` when the link is unknown, used or expired,
/// or its user has gone.
pub async fn redeem_link(
    tx: &mut Tx,
    entropy: &Entropy,
    now: DateTime<Utc>,
    link: &LinkSecret,
) -> Result<Option<IssuedToken>, StoreError> {
    let Some(id) = access::use_link(tx, &link.hash(), now).await? else {
        return Ok(None);
    };
    let user = access::user(tx, id).await?;
    if user.is_none_or(|user| user.disabled_at.is_some()) {
        return Ok(None);
    }
    let wish = NewToken {
        label: "one-time link".to_owned(),
        holder: TokenHolder::User(id),
        expires_at: None,
    };
    let actor = id.to_string();
    let act = Act {
        actor: &actor,
        now,
        entropy,
    };
    store_token(tx, &act, wish).await.map(Some)
}

/// Adds a person.
pub async fn create_user(tx: &mut Tx, act: &Act<'_>, wish: NewUser) -> Result<User, AccessError> {
    let wanted = match wish.role {
        UserRole::Admin => None,
        UserRole::Staff => wish.zones,
    };
    for (place, &zone) in wanted.iter().flatten().enumerate() {
        if zones::find(tx, zone).await?.is_none() {
            return Err(AccessError::UnknownZone { place, zone });
        }
    }
    let user = User {
        id: UserId::from_uuid(act.entropy.uuid(act.now)),
        name: wish.name.as_str().to_owned(),
        role: wish.role,
        all_zones: wanted.is_none(),
        created_at: act.now,
        disabled_at: None,
        version: 1,
    };
    access::insert_user(tx, &user).await?;
    for &zone in wanted.iter().flatten() {
        access::add_user_zone(tx, user.id, zone).await?;
    }
    let names: Option<Vec<String>> =
        wanted.map(|zones| zones.iter().map(ZoneId::to_string).collect());
    let detail = json!({"name": user.name, "role": user.role.as_str(), "zones": names});
    record(tx, act, "user.create", user.id.to_string(), detail).await?;
    Ok(user)
}

/// Makes a token for a holder that exists.
pub async fn issue_token(
    tx: &mut Tx,
    act: &Act<'_>,
    wish: NewToken,
) -> Result<IssuedToken, AccessError> {
    if wish
        .expires_at
        .is_some_and(|expires_at| expires_at <= act.now)
    {
        return Err(AccessError::Expired);
    }
    let known = match wish.holder {
        TokenHolder::User(user) => access::user(tx, user)
            .await?
            .is_some_and(|user| user.disabled_at.is_none()),
        TokenHolder::Merchant(merchant) => merchants::find(tx, Reach::Everything, merchant)
            .await?
            .is_some(),
        TokenHolder::Device { merchant, outlet } => {
            let reach = Reach::Merchant(merchant);
            outlets::find(tx, reach, outlet).await?.is_some()
        }
    };
    if !known {
        return Err(AccessError::UnknownHolder);
    }
    Ok(store_token(tx, act, wish).await?)
}

async fn store_token(
    tx: &mut Tx,
    act: &Act<'_>,
    wish: NewToken,
) -> Result<IssuedToken, StoreError> {
    let secret = TokenSecret::new(act.entropy.bytes());
    let token = Token {
        id: TokenId::from_uuid(act.entropy.uuid(act.now)),
        label: wish.label,
        holder: wish.holder,
        created_at: act.now,
        expires_at: wish.expires_at,
        revoked_at: None,
        last_used_at: None,
    };
    tokens::insert(tx, &token, &secret.hash()).await?;
    let detail = json!({
        "label": token.label,
        "holder": holder_name(token.holder),
        "expires_at": token.expires_at.map(to_rfc3339),
    });
    record(tx, act, "token.create", token.id.to_string(), detail).await?;
    Ok(IssuedToken { token, secret })
}

fn holder_name(holder: TokenHolder) -> String {
    match holder {
        TokenHolder::User(user) => user.to_string(),
        TokenHolder::Merchant(merchant) => merchant.to_string(),
        TokenHolder::Device { outlet, .. } => outlet.to_string(),
    }
}

/// Ends a token: an administrator any, anyone else one of the same holder, a merchant also
/// those of its tills. `false` when there is none that the caller may end. Ending it twice
/// is no fault.
pub async fn revoke_token(
    tx: &mut Tx,
    act: &Act<'_>,
    caller: &Principal,
    id: TokenId,
) -> Result<bool, StoreError> {
    let Some(token) = tokens::find(tx, id).await? else {
        return Ok(false);
    };
    if !may_handle(caller, token.holder) {
        return Ok(false);
    }
    if tokens::revoke(tx, id, act.now).await? {
        record(tx, act, "token.revoke", id.to_string(), json!({})).await?;
    }
    Ok(true)
}

fn may_handle(caller: &Principal, holder: TokenHolder) -> bool {
    match (caller.holder, holder) {
        _ if caller.role == Role::Admin => true,
        (TokenHolder::Merchant(own), TokenHolder::Device { merchant, .. }) => own == merchant,
        (own, holder) => own == holder,
    }
}

/// Who shows this secret; `None` when it is no good. Its last use is noted, at most once a
/// minute.
pub async fn authenticate(
    store: &Store,
    secret: &TokenSecret,
    now: DateTime<Utc>,
) -> Result<Option<Principal>, StoreError> {
    let mut tx = store.begin_read().await?;
    let Some(live) = tokens::find_live(&mut tx, &secret.hash(), now).await? else {
        return Ok(None);
    };
    let (role, scope) = match (live.token.holder, live.user) {
        (TokenHolder::User(_), Some((role, true))) => (role.into(), Scope::All),
        (TokenHolder::User(user), Some((role, false))) => {
            let zones = access::zones_of_user(&mut tx, user).await?;
            (role.into(), Scope::Zones(zones))
        }
        // The user's row is gone: nobody is calling.
        (TokenHolder::User(_), None) => return Ok(None),
        (TokenHolder::Merchant(merchant), _) => (Role::Merchant, Scope::Merchant(merchant)),
        (TokenHolder::Device { merchant, outlet }, _) => {
            (Role::Device, Scope::Outlet { merchant, outlet })
        }
    };
    tx.rollback().await?;
    let before = now - LAST_USED_STEP;
    if live.token.last_used_at.is_none_or(|at| at <= before) {
        match note_use(store, live.token.id, before, now).await {
            // Whoever only reads goes on while nothing can be written.
            Err(fault) if fault.is_unavailable() => {
                tracing::warn!(fault = fault.chain(), "the use of a token was not noted");
            }
            noted => noted?,
        }
    }
    Ok(Some(Principal {
        token: live.token.id,
        holder: live.token.holder,
        role,
        scope,
    }))
}

async fn note_use(
    store: &Store,
    token: TokenId,
    before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut tx = store.begin_write().await?;
    tokens::touch(&mut tx, token, before, now).await?;
    tx.commit().await
}

async fn record(
    tx: &mut Tx,
    act: &Act<'_>,
    action: &'static str,
    subject: String,
    detail: serde_json::Value,
) -> Result<(), StoreError> {
    let entry = AuditEntry {
        at: act.now,
        actor: act.actor.to_owned(),
        action,
        subject,
        detail,
    };
    audit::append(tx, PEOPLE_CHAIN, &[entry]).await
}
