//! Whose rows a query may return. A row out of reach is answered like one that does not
//! exist.

use uuid::Uuid;

use crate::domain::ids::{MerchantId, UserId};

/// Whose rows a caller may see; every query of merchants' data asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every row.
    Everything,
    /// What lies in the zones that this person looks after.
    ZonesOf(UserId),
    /// One merchant's own rows.
    Merchant(MerchantId),
}

impl Reach {
    /// The merchant that rows must belong to, when there is one.
    pub(crate) fn merchant(self) -> Option<Uuid> {
        match self {
            Self::Merchant(merchant) => Some(merchant.uuid()),
            Self::Everything | Self::ZonesOf(_) => None,
        }
    }

    /// The person whose zones rows must lie in, when there is one.
    pub(crate) fn user(self) -> Option<Uuid> {
        match self {
            Self::ZonesOf(user) => Some(user.uuid()),
            Self::Everything | Self::Merchant(_) => None,
        }
    }
}

/// Whether a row of a merchant lies within reach: $1 is the merchant, $2 the person whose
/// zones count. In someone's zones are all rows of a merchant with an outlet there.
macro_rules! reaches_merchant {
    ($merchant:literal) => {
        concat!(
            "($1 IS NULL OR ",
            $merchant,
            " = $1) AND ($2 IS NULL OR EXISTS (SELECT 1 FROM outlets ro
                JOIN user_zones ru ON ru.zone_id = ro.zone_id
                WHERE ro.merchant_id = ",
            $merchant,
            " AND ru.user_id = $2))"
        )
    };
}
pub(super) use reaches_merchant;

/// The same for a row of a merchant that lies in a zone: only the rows there are in
/// someone's zones.
macro_rules! reaches_zone {
    ($merchant:literal, $zone:literal) => {
        concat!(
            "($1 IS NULL OR ",
            $merchant,
            " = $1) AND ($2 IS NULL OR EXISTS (SELECT 1 FROM user_zones ru
                WHERE ru.zone_id = ",
            $zone,
            " AND ru.user_id = $2))"
        )
    };
}
pub(super) use reaches_zone;
