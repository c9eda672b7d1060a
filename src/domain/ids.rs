//! Identifiers: one type for each entity, a short prefix and a `UUIDv7`.
//!
//! The prefix makes an id recognisable in a log line and keeps one kind from being passed
//! for another; the UUID sorts by creation time. Stored as a bare UUID.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// A text that is not an id of the wanted kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id of this kind is written {0}_ and a UUID")]
pub struct IdError(pub &'static str);

macro_rules! entity_ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// What stands before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// Wraps a UUID that is known to name this kind of entity.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The bare UUID, as stored.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{}_{}", $prefix, self.0.as_simple())
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let rest = text.strip_prefix($prefix).and_then(|rest| rest.strip_prefix('_'));
                let uuid = rest.filter(|rest| rest.len() == 32 && !rest.bytes().any(|b| b.is_ascii_uppercase()));
                uuid.and_then(|hex| Uuid::try_parse(hex).ok()).map(Self).ok_or(IdError($prefix))
            }
        }
    )*};
}

entity_ids! {
    /// A [zone](crate::domain::zone).
    ZoneId = "zon";
    /// A place that trades, as the census found it.
    EstablishmentId = "est";
    /// One walk-through census of a zone.
    CensusId = "cen";
    /// A [merchant](crate::domain::merchant).
    MerchantId = "mer";
    /// The place where a merchant's code hangs.
    OutletId = "out";
    /// A merchant's settlement account.
    AccountId = "acc";
    /// The way of an account's notices through a source.
    LinkId = "lnk";
    /// A [payment code](crate::domain::code).
    CodeId = "pcd";
    /// A vendor account at a bank or aggregator that sends notices.
    SourceId = "src";
    /// One delivery of a bank's notice.
    CallbackId = "cbk";
    /// An immutable bank fact.
    BankTransactionId = "btx";
    /// A credit attributed to one outlet.
    PaymentId = "pay";
    /// A proposal to count a payment elsewhere.
    MoveId = "mov";
    /// Money that goes back.
    ReversalId = "rev";
    /// A question whether two tellings are the same money.
    DoubtId = "dbt";
    /// A credit that names no single code.
    SuspenseId = "sus";
    /// Something that happened.
    EventId = "evt";
    /// What a person must look at.
    AlertId = "alr";
    /// A person who works with the system.
    UserId = "usr";
    /// A bearer token.
    TokenId = "tok";
    /// One request for an import.
    ImportId = "imp";
    /// A [trial](crate::domain::trial) of a bank's notices.
    TrialId = "trl";
    /// One bank statement that was held against our books.
    StatementId = "stm";
    /// A proposal to believe lines that nothing but a statement tells of.
    StatementProposalId = "stp";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_refuses_other_kinds_and_spellings() {
        let id = MerchantId::from_uuid(Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001));
        assert_eq!(id.to_string(), "mer_01920000000070008000000000000001");
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in [
            "out_01920000000070008000000000000001",
            "mer_0192000000007000800000000000000",
            "mer_01920000-0000-7000-8000-000000000001",
            "mer_0192000000007000800000000000000G",
            "mer_0192000000007000800000000000000A",
            "mer01920000000070008000000000000001",
            "",
        ] {
            assert_eq!(text.parse::<MerchantId>(), Err(IdError("mer")), "{text}");
        }
    }
}
