//! Who calls: read from `Authorization: Bearer`, before anything else of the request.
//!
//! A handler asks for the narrowest type that fits: [`Admin`], [`Staff`], [`MerchantOrStaff`]
//! or any [`Caller`]. No token, or one that is unknown, expired or revoked: the same 401. A
//! known caller of the wrong role: 403. Something that the caller's scope does not reach is
//! answered like something that does not exist, through [`found`].

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use super::AppState;
use super::code::Code;
use super::problem::Problem;
use crate::domain::access::{Principal, Role, Scope, TokenHolder, TokenSecret, TrialSecret};
use crate::flows::access::{Act, authenticate};
use crate::flows::change::Change;
use crate::flows::idempotency::AnswerSeal;
use crate::store::reach::Reach;

/// Whoever shows a good token.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who it is, and whose data the call may touch.
    pub principal: Principal,
    /// The name in the audit record.
    pub actor: String,
    seal: AnswerSeal,
}

/// An administrator.
#[derive(Clone, Debug)]
pub struct Admin(pub Caller);

/// A member of the staff, within the caller's zones, or an administrator.
#[derive(Clone, Debug)]
pub struct Staff(pub Caller);

/// A merchant for its own data, or staff; not a single till.
#[derive(Clone, Debug)]
pub struct MerchantOrStaff(pub Caller);

/// A merchant for its own data, or an administrator.
#[derive(Clone, Debug)]
pub struct MerchantOrAdmin(pub Caller);

impl Caller {
    /// What the flows need to act in this caller's name.
    pub fn act<'a>(&'a self, state: &'a AppState) -> Act<'a> {
        Act {
            actor: &self.actor,
            now: state.clock.now(),
            entropy: &state.entropy,
        }
    }

    /// What the registry's flows need to change something in this caller's name: a person's.
    pub fn change<'a>(&self, state: &'a AppState) -> Result<Change<'a>, Problem> {
        let actor = self.principal.user().ok_or(Code::Forbidden)?;
        Ok(Change {
            actor,
            now: state.clock.now(),
            entropy: &state.entropy,
        })
    }

    /// Whose rows this caller may see, for the store.
    pub fn reach(&self) -> Reach {
        match (&self.principal.scope, self.principal.holder) {
            (Scope::All, _) => Reach::Everything,
            (Scope::Zones(_), TokenHolder::User(user)) => Reach::ZonesOf(user),
            (_, TokenHolder::Merchant(merchant) | TokenHolder::Device { merchant, .. }) => {
                Reach::Merchant(merchant)
            }
            (Scope::Merchant(merchant) | Scope::Outlet { merchant, .. }, _) => {
                Reach::Merchant(*merchant)
            }
        }
    }

    /// Seals the answers that are kept for this caller.
    pub fn seal(&self) -> AnswerSeal {
        self.seal.clone()
    }

    fn allow(self, roles: &[Role]) -> Result<Self, Problem> {
        if roles.contains(&self.principal.role) {
            Ok(self)
        } else {
            Err(Code::Forbidden.into())
        }
    }
}

/// What was looked for within the caller's scope, or the one 404 that does not tell the
/// unknown from the foreign.
pub fn found<T>(thing: Option<T>) -> Result<T, Problem> {
    thing.ok_or_else(Problem::not_found)
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let secret = bearer(&parts.headers).ok_or(Code::Unauthenticated)?;
        let principal = authenticate(&state.ledger.store, &secret, state.clock.now())
            .await?
            .ok_or(Code::Unauthenticated)?;
        Ok(Self {
            actor: principal.actor(),
            principal,
            seal: AnswerSeal::new(&secret),
        })
    }
}

macro_rules! callers {
    ($($name:ident: $($role:ident)|+;)*) => {$(
        impl FromRequestParts<AppState> for $name {
            type Rejection = Problem;

            async fn from_request_parts(
                parts: &mut Parts,
                state: &AppState,
            ) -> Result<Self, Problem> {
                let caller = Caller::from_request_parts(parts, state).await?;
                caller.allow(&[$(Role::$role),+]).map(Self)
            }
        }
    )*};
}

callers! {
    Admin: Admin;
    Staff: Admin | Staff;
    MerchantOrStaff: Admin | Staff | Merchant;
    MerchantOrAdmin: Admin | Merchant;
}

/// Whoever shows a token of the form that reads a trial; which one it reads is not known yet.
#[derive(Debug)]
pub struct TrialReader(pub TrialSecret);

impl FromRequestParts<AppState> for TrialReader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Problem> {
        let secret = shown(&parts.headers).and_then(|secret| TrialSecret::parse(secret).ok());
        secret.map(Self).ok_or_else(|| Code::Unauthenticated.into())
    }
}

fn bearer(headers: &HeaderMap) -> Option<TokenSecret> {
    TokenSecret::parse(shown(headers)?).ok()
}

/// The one token that a request shows; two are none.
fn shown(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, secret) = value.to_str().ok()?.split_once(' ')?;
    let secret = scheme.eq_ignore_ascii_case("bearer").then_some(secret)?;
    Some(secret.trim_matches(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bearer_token_of_our_form_is_read() {
        let good = TokenSecret::new([7; 32]).reveal();
        for (name, values, wanted) in [
            ("good", vec![format!("Bearer {}", *good)], true),
            ("any case", vec![format!("bEARER  {}", *good)], true),
            ("none", vec![], false),
            ("bare", vec![good.to_string()], false),
            ("basic", vec![format!("Basic {}", *good)], false),
            ("a list", vec![format!("Bearer {0},{0}", *good)], false),
            ("other prefix", vec![format!("Bearer x{}", *good)], false),
            ("empty", vec!["Bearer ".to_owned()], false),
            ("two", vec![format!("Bearer {}", *good); 2], false),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, value.parse().unwrap());
            }
            assert_eq!(bearer(&headers).is_some(), wanted, "{name}");
        }
    }
}
