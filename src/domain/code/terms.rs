//! What a code asks for: its kind, its scheme and its amount rule.

use chrono::{DateTime, Utc};

use crate::domain::money::Vnd;
use crate::domain::word::word_enum;

word_enum! {
    /// The name of a [`CodeKind`].
    CodeKindName is "code kind" {
        /// Printed, for any number of payments.
        Static = "static",
        /// For one sale.
        Dynamic = "dynamic",
    }
}

/// Whether a code is for one sale or for many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeKind {
    /// Printed and hung up at an outlet, for any number of payments.
    Static,
    /// For one sale of a known amount.
    Dynamic {
        /// From this instant on the code counts as expired.
        expires_at: DateTime<Utc>,
    },
}

impl CodeKind {
    /// The name of the kind.
    pub const fn name(&self) -> CodeKindName {
        match self {
            Self::Static => CodeKindName::Static,
            Self::Dynamic { .. } => CodeKindName::Dynamic,
        }
    }
}

word_enum! {
    /// Who issues the code and how the money moves.
    CodeScheme is "code scheme" {
        /// An account transfer (service QRIBFTTA), issued here.
        Transfer = "transfer",
        /// A merchant payment through an acquirer; its code is registered and checked here.
        MerchantPay = "merchant_pay",
    }
}

/// An amount that a code can carry: above zero and below 500 000 000 đồng.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodeAmount(Vnd);

/// Why an amount or a rule does not fit a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeTermsError {
    /// Nothing to pay.
    #[error("a code's amount is at least 1 đồng")]
    Zero,
    /// The transfer network does not carry it.
    #[error("a code's amount is below 500 000 000 đồng")]
    TooLarge,
    /// Nothing fits between the limits.
    #[error("the lowest amount is above the highest")]
    FloorAboveCeiling,
    /// A dynamic code is for one known sum.
    #[error("a dynamic code carries a fixed amount")]
    DynamicNeedsFixed,
    /// The code would be born expired, or live beyond [`MAX_LIFETIME_DAYS`].
    #[error("a code expires later than now and within {MAX_LIFETIME_DAYS} days")]
    Expiry,
}

impl CodeTermsError {
    /// The same text in Vietnamese.
    pub fn vietnamese(&self) -> String {
        match self {
            Self::Zero => "Số tiền của mã ít nhất là 1 đồng".into(),
            Self::TooLarge => "Số tiền của mã phải dưới 500 000 000 đồng".into(),
            Self::FloorAboveCeiling => "Số tiền tối thiểu lớn hơn số tiền tối đa".into(),
            Self::DynamicNeedsFixed => "Mã động phải có số tiền cố định".into(),
            Self::Expiry => {
                format!("Thời điểm hết hạn phải sau lúc này và trong vòng {MAX_LIFETIME_DAYS} ngày")
            }
        }
    }
}

/// The longest life of a dynamic code, in days.
pub const MAX_LIFETIME_DAYS: i64 = 90;

impl CodeAmount {
    /// Takes an amount from 1 to 499 999 999 đồng.
    pub fn new(amount: Vnd) -> Result<Self, CodeTermsError> {
        if amount.is_zero() {
            Err(CodeTermsError::Zero)
        } else if amount >= Vnd::TRANSFER_LIMIT {
            Err(CodeTermsError::TooLarge)
        } else {
            Ok(Self(amount))
        }
    }

    /// The amount.
    pub const fn vnd(self) -> Vnd {
        self.0
    }
}

/// The limits within which a payer may choose; a missing one does not bind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AmountLimits {
    floor: Option<CodeAmount>,
    ceiling: Option<CodeAmount>,
}

impl AmountLimits {
    /// Limits of which the floor is not above the ceiling.
    pub fn new(
        floor: Option<CodeAmount>,
        ceiling: Option<CodeAmount>,
    ) -> Result<Self, CodeTermsError> {
        match (floor, ceiling) {
            (Some(low), Some(high)) if low > high => Err(CodeTermsError::FloorAboveCeiling),
            _ => Ok(Self { floor, ceiling }),
        }
    }

    /// Below this, a credit is announced as a small sum.
    pub const fn floor(self) -> Option<CodeAmount> {
        self.floor
    }

    /// Above this, a credit is worth a question.
    pub const fn ceiling(self) -> Option<CodeAmount> {
        self.ceiling
    }
}

word_enum! {
    /// The name of an [`AmountRule`].
    AmountRuleName is "amount rule" {
        /// One amount.
        Fixed = "fixed",
        /// The payer types it.
        Open = "open",
        /// Filled in, and the payer may change it.
        Suggested = "suggested",
    }
}

/// What a code says about the amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AmountRule {
    /// This amount is expected.
    Fixed(CodeAmount),
    /// The payer types the amount.
    Open(AmountLimits),
    /// The amount is filled in and the payer may change it.
    Suggested(CodeAmount),
}

impl AmountRule {
    /// The name of the rule.
    pub const fn name(&self) -> AmountRuleName {
        match self {
            Self::Fixed(_) => AmountRuleName::Fixed,
            Self::Open(_) => AmountRuleName::Open,
            Self::Suggested(_) => AmountRuleName::Suggested,
        }
    }

    /// What the code's text carries in tag 54.
    pub const fn shown(&self) -> Option<CodeAmount> {
        match self {
            Self::Fixed(amount) | Self::Suggested(amount) => Some(*amount),
            Self::Open(_) => None,
        }
    }

    /// What must come for the sale to be paid; only a fixed amount is expected.
    pub const fn expected(&self) -> Option<CodeAmount> {
        match self {
            Self::Fixed(amount) => Some(*amount),
            Self::Open(_) | Self::Suggested(_) => None,
        }
    }
}

/// What a code was issued for: kind, scheme and amount rule, which fit each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeTerms {
    kind: CodeKind,
    scheme: CodeScheme,
    amount: AmountRule,
}

impl CodeTerms {
    /// Terms that fit each other: a dynamic code of ours carries a fixed amount.
    pub fn new(
        kind: CodeKind,
        scheme: CodeScheme,
        amount: AmountRule,
    ) -> Result<Self, CodeTermsError> {
        let dynamic = matches!(kind, CodeKind::Dynamic { .. });
        if dynamic && amount.expected().is_none() {
            return Err(CodeTermsError::DynamicNeedsFixed);
        }
        Ok(Self {
            kind,
            scheme,
            amount,
        })
    }

    /// Refuses terms of a code to be issued at `now` that would be born expired or live
    /// longer than [`MAX_LIFETIME_DAYS`].
    pub fn check_lifetime(&self, now: DateTime<Utc>) -> Result<(), CodeTermsError> {
        match self.kind {
            CodeKind::Static => Ok(()),
            CodeKind::Dynamic { expires_at } => {
                let longest = now + chrono::TimeDelta::days(MAX_LIFETIME_DAYS);
                let fits = expires_at > now && expires_at <= longest;
                if fits {
                    Ok(())
                } else {
                    Err(CodeTermsError::Expiry)
                }
            }
        }
    }

    /// Static or dynamic.
    pub const fn kind(&self) -> CodeKind {
        self.kind
    }

    /// Who issues it.
    pub const fn scheme(&self) -> CodeScheme {
        self.scheme
    }

    /// What it says about the amount.
    pub const fn amount(&self) -> AmountRule {
        self.amount
    }

    /// When it expires; a static code never does.
    pub const fn expires_at(&self) -> Option<DateTime<Utc>> {
        match self.kind {
            CodeKind::Static => None,
            CodeKind::Dynamic { expires_at } => Some(expires_at),
        }
    }

    /// Whether the clock has passed the end of its life.
    pub fn is_expired_at(&self, now: DateTime<Utc>) -> bool {
        self.expires_at().is_some_and(|end| end <= now)
    }
}
