//! Who works with the sample street, and the tokens that are printed for trying it.

use chrono::{DateTime, Utc};

use crate::domain::access::{TokenHolder, UserRole};
use crate::domain::ids::UserId;
use crate::domain::text::PersonName;
use crate::entropy::Entropy;
use crate::flows::access::{Act, NewToken, NewUser, create_user, issue_token};
use crate::flows::intake::Ledger;
use crate::store::Tx;

/// Two administrators and two members of the staff: two persons are needed for what counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Staff {
    /// Asks for sources.
    pub(super) first_admin: UserId,
    /// Approves them.
    pub(super) second_admin: UserId,
    /// Writes traders down.
    pub(super) maker: UserId,
    /// Approves them.
    pub(super) checker: UserId,
}

/// A token by the name under which it is printed.
pub(super) type Printed = (&'static str, String);

/// Adds the people.
pub(super) async fn hire(ledger: &Ledger, now: DateTime<Utc>) -> anyhow::Result<Staff> {
    let act = act(now);
    let mut tx = ledger.store.begin_write().await?;
    let staff = Staff {
        first_admin: person(&mut tx, &act, "Trần Quản Trị", UserRole::Admin).await?,
        second_admin: person(&mut tx, &act, "Lê Quản Trị", UserRole::Admin).await?,
        maker: person(&mut tx, &act, "Phạm Cán Bộ", UserRole::Staff).await?,
        checker: person(&mut tx, &act, "Vũ Cán Bộ", UserRole::Staff).await?,
    };
    tx.commit().await?;
    Ok(staff)
}

/// Makes a token for each holder, with its own secret every time.
pub(super) async fn tokens(
    ledger: &Ledger,
    holders: &[(&'static str, TokenHolder)],
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<Printed>> {
    let act = act(now);
    let mut tx = ledger.store.begin_write().await?;
    let mut printed = Vec::new();
    for (name, holder) in holders {
        let wish = NewToken {
            label: "phocho demo".to_owned(),
            holder: *holder,
            expires_at: None,
        };
        let issued = issue_token(&mut tx, &act, wish).await?;
        printed.push((*name, issued.secret.reveal().to_string()));
    }
    tx.commit().await?;
    Ok(printed)
}

const fn act(now: DateTime<Utc>) -> Act<'static> {
    Act {
        actor: "phocho demo",
        now,
        entropy: &Entropy::System,
    }
}

async fn person(tx: &mut Tx, act: &Act<'_>, name: &str, role: UserRole) -> anyhow::Result<UserId> {
    let wish = NewUser {
        name: PersonName::parse(name)?,
        role,
        zones: None,
    };
    Ok(create_user(tx, act, wish).await?.id)
}
