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
