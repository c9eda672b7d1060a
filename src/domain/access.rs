//! Who may call: roles, whose data a call may touch, and the secrets that prove it.
//!
//! A secret is 32 random bytes written in hexadecimal behind a prefix that a search through
//! code or logs finds. It is shown once; only its SHA-256 is kept, so neither a copy of the
//! database nor its operator can call in someone's name.

use std::fmt;

use secrecy::zeroize::Zeroizing;
use sha2::{Digest, Sha256};

use crate::domain::ids::{MerchantId, OutletId, TokenId, UserId, ZoneId};
use crate::domain::word::word_enum;

/// Random bytes of a secret.
pub const SECRET_BYTES: usize = 32;

word_enum! {
    /// What a person who works with the system may do.
    UserRole is "user role" {
        /// Runs the system: people, tokens, settings.
        Admin = "admin",
        /// Registers traders and looks after the street.
        Staff = "staff",
    }
}

word_enum! {
    /// What a caller may do.
    Role is "role" {
        /// Runs the system.
        Admin = "admin",
        /// Works for the district, a ward or a market.
        Staff = "staff",
        /// A trader, or a trader's program.
        Merchant = "merchant",
        /// One till of a trader.
        Device = "device",
    }
}

impl From<UserRole> for Role {
    fn from(role: UserRole) -> Self {
        match role {
            UserRole::Admin => Self::Admin,
            UserRole::Staff => Self::Staff,
        }
    }
}

/// Whose data a caller may touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    All,
    /// What belongs to these zones.
    Zones(Vec<ZoneId>),
    /// One merchant's.
    Merchant(MerchantId),
    /// One outlet's.
    Outlet {
        /// The trader.
        merchant: MerchantId,
        /// The till's place.
        outlet: OutletId,
    },
}

impl Scope {
    /// Whether something in this zone may be seen. A trader's right never comes from a zone.
    pub fn has_zone(&self, zone: ZoneId) -> bool {
        match self {
            Self::All => true,
            Self::Zones(zones) => zones.contains(&zone),
            Self::Merchant(_) | Self::Outlet { .. } => false,
        }
    }

    /// The one merchant that the caller is, if it is one.
    pub const fn merchant(&self) -> Option<MerchantId> {
        match self {
            Self::Merchant(merchant) | Self::Outlet { merchant, .. } => Some(*merchant),
            Self::All | Self::Zones(_) => None,
        }
    }
}

/// In whose name a token speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenHolder {
    /// A person who works with the system.
    User(UserId),
    /// A trader.
    Merchant(MerchantId),
    /// One till of a trader.
    Device {
        /// The trader.
        merchant: MerchantId,
        /// Where the till stands.
        outlet: OutletId,
    },
}

/// Who calls: found from a token that is good at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The token that was shown.
    pub token: TokenId,
    /// In whose name.
    pub holder: TokenHolder,
    /// What the caller may do.
    pub role: Role,
    /// On whose data.
    pub scope: Scope,
}

impl Principal {
    /// The person behind the call, if it is one.
    pub const fn user(&self) -> Option<UserId> {
        match self.holder {
            TokenHolder::User(user) => Some(user),
            TokenHolder::Merchant(_) | TokenHolder::Device { .. } => None,
        }
    }

    /// The name in the audit record: the user, the merchant or the till.
    pub fn actor(&self) -> String {
        match self.holder {
            TokenHolder::User(user) => user.to_string(),
            TokenHolder::Merchant(merchant) => merchant.to_string(),
            TokenHolder::Device { outlet, .. } => outlet.to_string(),
        }
    }
}

/// A text that is not a secret of the wanted kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret of this kind is written {0} and 64 hexadecimal digits")]
pub struct SecretError(pub &'static str);

macro_rules! secrets {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(Zeroizing<[u8; SECRET_BYTES]>);

        impl $name {
            /// What stands in front of the digits.
            pub const PREFIX: &'static str = $prefix;

            /// A secret of fresh random bytes.
            pub fn new(random: [u8; SECRET_BYTES]) -> Self {
                Self(Zeroizing::new(random))
            }

            /// Reads what a caller shows.
            pub fn parse(text: &str) -> Result<Self, SecretError> {
                let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
                let digits = text.strip_prefix($prefix).ok_or(SecretError($prefix))?;
                let lower = !digits.bytes().any(|byte| byte.is_ascii_uppercase());
                hex::decode_to_slice(digits, &mut *bytes)
                    .ok()
                    .filter(|()| lower)
                    .ok_or(SecretError($prefix))?;
                Ok(Self(bytes))
            }

            /// The text to show, once.
            pub fn reveal(&self) -> Zeroizing<String> {
                Zeroizing::new(format!("{}{}", $prefix, hex::encode(*self.0)))
            }

            /// The bare bytes, to derive a key from.
            pub fn bytes(&self) -> &[u8; SECRET_BYTES] {
                &self.0
            }

            /// What is stored and looked up: SHA-256 of the bytes.
            pub fn hash(&self) -> [u8; 32] {
                Sha256::digest(*self.0).into()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{}…", $prefix)
            }
        }
    )*};
}

secrets! {
    /// A bearer token.
    TokenSecret = "phk_";
    /// A link that is exchanged once for a token.
    LinkSecret = "phl_";
    /// What reads a [trial](crate::domain::trial).
    TrialSecret = "pht_";
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_secret_of_another_form_is_refused() {
        let good = TokenSecret::new([0xAB; 32]).reveal();
        assert!(TokenSecret::parse(&good).is_ok());
        for (name, text) in [
            ("empty", String::new()),
            ("no prefix", good.replace("phk_", "")),
            ("the other kind", good.replace("phk_", "phl_")),
            ("short", good[..good.len() - 2].to_owned()),
            ("long", format!("{}00", *good)),
            ("odd", format!("{}0", *good)),
            ("capitals", good.replace('a', "A")),
            ("not hexadecimal", good.replace('a', "g")),
            ("a space behind", format!("{} ", *good)),
        ] {
            assert_eq!(
                TokenSecret::parse(&text),
                Err(SecretError("phk_")),
                "{name}"
            );
        }
    }

    #[test]
    fn debug_shows_no_digit_of_a_secret() {
        assert_eq!(format!("{:?}", TokenSecret::new([7; 32])), "phk_…");
        assert_eq!(format!("{:?}", LinkSecret::new([7; 32])), "phl_…");
    }

    #[test]
    fn a_scope_reaches_its_own_zones_and_merchant_only() {
        let zone = |number| ZoneId::from_uuid(Uuid::from_u128(number));
        let merchant = MerchantId::from_uuid(Uuid::from_u128(9));
        let outlet = OutletId::from_uuid(Uuid::from_u128(8));
        for (scope, sees_zone_1, wanted) in [
            (Scope::All, true, None),
            (Scope::Zones(vec![zone(1)]), true, None),
            (Scope::Zones(vec![zone(2)]), false, None),
            (Scope::Zones(Vec::new()), false, None),
            (Scope::Merchant(merchant), false, Some(merchant)),
            (Scope::Outlet { merchant, outlet }, false, Some(merchant)),
        ] {
            assert_eq!(scope.has_zone(zone(1)), sees_zone_1, "{scope:?}");
            assert_eq!(scope.merchant(), wanted, "{scope:?}");
        }
    }

    proptest! {
        #[test]
        fn a_secret_reads_back(random: [u8; 32]) {
            let secret = TokenSecret::new(random);
            let again = TokenSecret::parse(&secret.reveal()).unwrap();
            prop_assert_eq!(again.hash(), secret.hash());
            prop_assert_eq!(again.bytes(), &random);
        }
    }
}
