//! Users, tokens, one-time links and idempotency keys.

use chrono::{DateTime, TimeDelta, Utc};
use phocho::domain::access::{TokenHolder, UserRole};
use phocho::domain::ids::{MerchantId, OutletId, TokenId, UserId, ZoneId};
use phocho::store::access::tokens::{self, Token};
use phocho::store::access::{self, NewLink, User};
use phocho::store::idempotency::{self, KeyName, Reservation};
use phocho::store::{Store, Tx};
use uuid::Uuid;

use crate::database::{Database, on_both_engines};

on_both_engines!(
    a_user_reads_back_with_zones_in_the_order_of_coming,
    a_token_is_good_until_revoked_expired_or_its_user_disabled,
    tokens_are_listed_by_holder,
    a_use_is_noted_once_in_its_span,
    a_link_is_used_once_before_it_expires,
    of_many_redeemers_of_one_link_one_wins,
    what_does_not_exist_is_not_found,
    a_key_answers_like_the_first_time_until_it_expires,
    a_key_of_a_rolled_back_effect_is_free_again,
    of_many_requests_with_one_key_one_takes_effect,
);

fn at() -> DateTime<Utc> {
    "2026-03-16T02:30:00.000001Z".parse().unwrap()
}

fn user(number: u128, role: UserRole) -> User {
    User {
        id: UserId::from_uuid(Uuid::from_u128(number)),
        name: "Nguyễn Thị Đào".to_owned(),
        role,
        all_zones: role == UserRole::Admin,
        created_at: at(),
        disabled_at: None,
        version: 1,
    }
}

fn token(number: u128, holder: TokenHolder) -> Token {
    Token {
        id: TokenId::from_uuid(Uuid::from_u128(number)),
        label: "máy tính của phường".to_owned(),
        holder,
        created_at: at(),
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
    }
}

async fn with_user(store: &Store, role: UserRole) -> (Tx, TokenHolder) {
    let mut tx = store.begin_write().await.unwrap();
    let user = user(1, role);
    access::insert_user(&mut tx, &user).await.unwrap();
    (tx, TokenHolder::User(user.id))
}

async fn a_user_reads_back_with_zones_in_the_order_of_coming(database: Database) {
    let store = database.store().await;
    let mut tx = store.begin_write().await.unwrap();
    assert_eq!(access::first_admin(&mut tx).await.unwrap(), None);
    let (staff, admin) = (user(1, UserRole::Staff), user(2, UserRole::Admin));
    let gone = User {
        disabled_at: Some(at()),
        created_at: at() - TimeDelta::days(1),
        ..user(3, UserRole::Admin)
    };
    for user in [&staff, &admin, &gone] {
        access::insert_user(&mut tx, user).await.unwrap();
    }
    let zone = |number| ZoneId::from_uuid(Uuid::from_u128(number));
    for number in [9, 8, 9] {
        access::add_user_zone(&mut tx, staff.id, zone(number))
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let mut tx = store.begin_read().await.unwrap();
    assert_eq!(
        access::user(&mut tx, gone.id).await.unwrap(),
        Some(gone.clone())
    );
    assert_eq!(access::first_admin(&mut tx).await.unwrap(), Some(admin.id));
    let zones = access::zones_of_user(&mut tx, staff.id).await.unwrap();
    assert_eq!(zones, [zone(8), zone(9)]);
    let zones = access::zones_of_user(&mut tx, admin.id).await.unwrap();
    assert_eq!(zones, []);
    let first = access::list_users(&mut tx, None, 1).await.unwrap();
    assert_eq!(first, std::slice::from_ref(&staff));
    let rest = access::list_users(&mut tx, Some(staff.id), 9)
        .await
        .unwrap();
    assert_eq!(rest, [admin, gone]);
}

async fn a_token_is_good_until_revoked_expired_or_its_user_disabled(database: Database) {
    let store = database.store().await;
    let (mut tx, holder) = with_user(&store, UserRole::Staff).await;
    let merchant = TokenHolder::Merchant(MerchantId::from_uuid(Uuid::from_u128(7)));
    let disabled = User {
        disabled_at: Some(at()),
        ..user(2, UserRole::Admin)
    };
    access::insert_user(&mut tx, &disabled).await.unwrap();
    let expiring = Token {
        expires_at: Some(at() + TimeDelta::hours(1)),
        ..token(2, merchant)
    };
    for (token, hash) in [
        (token(1, holder), [1; 32]),
        (expiring.clone(), [2; 32]),
        (token(3, TokenHolder::User(disabled.id)), [3; 32]),
    ] {
        tokens::insert(&mut tx, &token, &hash).await.unwrap();
    }
    for (name, hash, after_s, wanted) in [
        (
            "a person's",
            [1; 32],
            0,
            Some(Some((UserRole::Staff, false))),
        ),
        ("a merchant's", [2; 32], 3599, Some(None)),
        ("expired", [2; 32], 3600, None),
        ("of a disabled user", [3; 32], 0, None),
        ("unknown", [4; 32], 0, None),
    ] {
        let now = at() + TimeDelta::seconds(after_s);
        let found = tokens::find_live(&mut tx, &hash, now).await.unwrap();
        assert_eq!(found.map(|live| live.user), wanted, "{name}");
    }
    let id = token(1, holder).id;
    assert!(tokens::revoke(&mut tx, id, at()).await.unwrap());
    assert!(!tokens::revoke(&mut tx, id, at()).await.unwrap(), "twice");
    let found = tokens::find_live(&mut tx, &[1; 32], at()).await.unwrap();
    assert_eq!(found, None);
    let kept = tokens::find(&mut tx, id).await.unwrap().unwrap();
    assert_eq!(kept.revoked_at, Some(at()));
    let again = tokens::insert(&mut tx, &token(9, merchant), &[2; 32]).await;
    assert!(again.unwrap_err().is_unique_violation());
}

async fn tokens_are_listed_by_holder(database: Database) {
    let store = database.store().await;
    let (mut tx, person) = with_user(&store, UserRole::Staff).await;
    let merchant = MerchantId::from_uuid(Uuid::from_u128(7));
    let outlet = OutletId::from_uuid(Uuid::from_u128(8));
    let device = TokenHolder::Device { merchant, outlet };
    let merchant = TokenHolder::Merchant(merchant);
    for (number, holder) in [(1, person), (2, merchant), (3, device)] {
        let hash = [u8::try_from(number).unwrap(); 32];
        tokens::insert(&mut tx, &token(number, holder), &hash)
            .await
            .unwrap();
    }
    for (holder, after, wanted) in [
        (None, None, &[1, 2, 3][..]),
        (None, Some(2), &[3]),
        (Some(person), None, &[1]),
        (Some(merchant), None, &[2, 3]),
        (Some(device), None, &[3]),
    ] {
        let after = after.map(|number| TokenId::from_uuid(Uuid::from_u128(number)));
        let rows = tokens::list(&mut tx, holder, after, 9).await.unwrap();
        let numbers: Vec<_> = rows.iter().map(|row| row.id.uuid().as_u128()).collect();
        assert_eq!(numbers, wanted, "{holder:?}");
    }
    let found = tokens::find(&mut tx, token(3, device).id).await.unwrap();
    assert_eq!(found, Some(token(3, device)));
}

async fn a_use_is_noted_once_in_its_span(database: Database) {
    let store = database.store().await;
    let (mut tx, holder) = with_user(&store, UserRole::Staff).await;
    let one = token(1, holder);
    tokens::insert(&mut tx, &one, &[1; 32]).await.unwrap();
    assert!(!tokens::any_was_used(&mut tx).await.unwrap());
    for (after_s, wanted_s) in [(0, 0), (59, 0), (60, 60)] {
        let now = at() + TimeDelta::seconds(after_s);
        let before = now - TimeDelta::minutes(1);
        tokens::touch(&mut tx, one.id, before, now).await.unwrap();
        let noted = tokens::find(&mut tx, one.id).await.unwrap().unwrap();
        let wanted = at() + TimeDelta::seconds(wanted_s);
        assert_eq!(noted.last_used_at, Some(wanted));
    }
    assert!(tokens::any_was_used(&mut tx).await.unwrap());
}

fn link(hash: u8) -> NewLink {
    NewLink {
        secret_hash: [hash; 32],
        user: UserId::from_uuid(Uuid::from_u128(1)),
        created_at: at(),
        expires_at: at() + TimeDelta::hours(24),
    }
}

async fn a_link_is_used_once_before_it_expires(database: Database) {
    let store = database.store().await;
    let (mut tx, _) = with_user(&store, UserRole::Admin).await;
    for hash in 1..=3 {
        access::insert_link(&mut tx, &link(hash)).await.unwrap();
    }
    let late = at() + TimeDelta::hours(24);
    let owner = link(1).user;
    for (name, hash, now, wanted) in [
        ("unknown", 9, at(), None),
        ("expired", 1, late, None),
        ("good", 1, late - TimeDelta::microseconds(1), Some(owner)),
        ("used", 1, at(), None),
    ] {
        let user = access::use_link(&mut tx, &[hash; 32], now).await.unwrap();
        assert_eq!(user, wanted, "{name}");
    }
    let retired = access::retire_links(&mut tx, owner, at()).await.unwrap();
    assert_eq!(retired, 2);
    let user = access::use_link(&mut tx, &[2; 32], at()).await.unwrap();
    assert_eq!(user, None, "retired");
}

async fn of_many_redeemers_of_one_link_one_wins(database: Database) {
    let store = database.store().await;
    let (mut tx, _) = with_user(&store, UserRole::Admin).await;
    access::insert_link(&mut tx, &link(1)).await.unwrap();
    tx.commit().await.unwrap();
    let tasks = (0..6).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut tx = store.begin_write().await.unwrap();
            let user = access::use_link(&mut tx, &[1; 32], at()).await.unwrap();
            tx.commit().await.unwrap();
            user.is_some()
        })
    });
    let mut winners = 0;
    for task in tasks.collect::<Vec<_>>() {
        winners += i32::from(task.await.unwrap());
    }
    assert_eq!(winners, 1);
}

async fn what_does_not_exist_is_not_found(database: Database) {
    let store = database.store().await;
    let mut tx = store.begin_read().await.unwrap();
    let uuid = Uuid::from_u128(1);
    let user = access::user(&mut tx, UserId::from_uuid(uuid)).await;
    assert_eq!(user.unwrap(), None);
    let token = tokens::find(&mut tx, TokenId::from_uuid(uuid)).await;
    assert_eq!(token.unwrap(), None);
}

fn name() -> KeyName {
    KeyName {
        principal: "tok_1".to_owned(),
        operation: "users.create".to_owned(),
        key: "k-1".to_owned(),
    }
}

async fn reserve(tx: &mut Tx, name: &KeyName, now: DateTime<Utc>) -> Reservation {
    let expires_at = now + TimeDelta::hours(72);
    idempotency::reserve(tx, name, &[5; 32], now, expires_at)
        .await
        .unwrap()
}

async fn a_key_answers_like_the_first_time_until_it_expires(database: Database) {
    let store = database.store().await;
    let mut tx = store.begin_write().await.unwrap();
    let known = |answer| Reservation::Known {
        request_hash: vec![5; 32],
        answer,
    };
    assert_eq!(reserve(&mut tx, &name(), at()).await, Reservation::Taken);
    assert_eq!(reserve(&mut tx, &name(), at()).await, known(None));
    idempotency::finish(&mut tx, &name(), 201, b"{}")
        .await
        .unwrap();
    let twice = idempotency::finish(&mut tx, &name(), 200, b"").await;
    assert!(twice.is_err(), "an answer is given once");
    let late = at() + TimeDelta::hours(72);
    let before = late - TimeDelta::microseconds(1);
    let answered = known(Some((201, b"{}".to_vec())));
    assert_eq!(reserve(&mut tx, &name(), before).await, answered);
    for other in [
        KeyName {
            principal: "tok_2".to_owned(),
            ..name()
        },
        KeyName {
            operation: "tokens.create".to_owned(),
            ..name()
        },
        KeyName {
            key: "k-2".to_owned(),
            ..name()
        },
    ] {
        assert_eq!(reserve(&mut tx, &other, at()).await, Reservation::Taken);
    }
    assert_eq!(reserve(&mut tx, &name(), late).await, Reservation::Taken);
    let forgotten = idempotency::forget_expired(&mut tx, late, 2).await.unwrap();
    assert_eq!(forgotten, 2, "bounded");
    let forgotten = idempotency::forget_expired(&mut tx, late, 9).await.unwrap();
    assert_eq!(forgotten, 1, "the renewed key stays");
}

async fn a_key_of_a_rolled_back_effect_is_free_again(database: Database) {
    let store = database.store().await;
    let mut tx = store.begin_write().await.unwrap();
    reserve(&mut tx, &name(), at()).await;
    tx.rollback().await.unwrap();
    let mut tx = store.begin_write().await.unwrap();
    assert_eq!(reserve(&mut tx, &name(), at()).await, Reservation::Taken);
}

async fn of_many_requests_with_one_key_one_takes_effect(database: Database) {
    let store = database.store().await;
    let tasks = (0..6).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut tx = store.begin_write().await.unwrap();
            let reservation = reserve(&mut tx, &name(), at()).await;
            if reservation == Reservation::Taken {
                idempotency::finish(&mut tx, &name(), 201, b"first")
                    .await
                    .unwrap();
            }
            tx.commit().await.unwrap();
            reservation
        })
    });
    let mut taken = 0;
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Reservation::Taken => taken += 1,
            Reservation::Known { answer, .. } => {
                assert_eq!(answer, Some((201, b"first".to_vec())));
            }
        }
    }
    assert_eq!(taken, 1);
}
