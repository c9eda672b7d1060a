//! Payment codes: what the customer scans.
//!
//! | from | event | to |
//! |---|---|---|
//! | active | complete (dynamic; also after expiry: the bank already has the money) | completed |
//! | completed | complete | unchanged: the first completion counts |
//! | active | cancel | cancelled (end) |
//! | active | supersede (reprint, change of account) | superseded (end) |
//! | active | revoke (fraud) | revoked (end) |
//!
//! Everything else is refused. Expiry is derived from the clock and never stored, see
//! [`CodeState::phase_at`]. Credits on a code that is no longer in use are still recorded.
//!
//! An amendment changes the amount rule only and raises the revision: of a static code while
//! it is active; of a dynamic one while it is active, unexpired and unpaid. An acquirer's
//! code is changed at the acquirer.

use chrono::{DateTime, Utc};

use crate::domain::money::Vnd;
use crate::domain::refusal::Refusal;
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

word_enum! {
    /// The stored name of a [`CodeState`].
    CodeStatus is "code state" {
        /// In use.
        Active = "active",
        /// Paid in full.
        Completed = "completed",
        /// Withdrawn by the merchant.
        Cancelled = "cancelled",
        /// Replaced by another code.
        Superseded = "superseded",
        /// Withdrawn because of fraud.
        Revoked = "revoked",
    }
}

word_enum! {
    /// What a code is at a moment: its state, and `expired`, which no one stores.
    CodePhase is "code phase" {
        /// In use.
        Active = "active",
        /// Its time is over and it was not paid.
        Expired = "expired",
        /// Paid in full.
        Completed = "completed",
        /// Withdrawn by the merchant.
        Cancelled = "cancelled",
        /// Replaced by another code.
        Superseded = "superseded",
        /// Withdrawn because of fraud.
        Revoked = "revoked",
    }
}

/// Where a code stands, with what is known in that state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeState {
    /// In use.
    Active,
    /// A dynamic code whose amount came in full.
    Completed {
        /// The bank's time of the credit that completed it.
        completed_at: DateTime<Utc>,
    },
    /// Withdrawn by the merchant.
    Cancelled {
        /// When.
        retired_at: DateTime<Utc>,
    },
    /// Replaced by another code.
    Superseded {
        /// When.
        retired_at: DateTime<Utc>,
    },
    /// Withdrawn because of fraud.
    Revoked {
        /// When.
        retired_at: DateTime<Utc>,
    },
}

/// What can happen to a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeEvent {
    /// Its amount came in full.
    Complete {
        /// The bank's time of the completing credit.
        completed_at: DateTime<Utc>,
    },
    /// The merchant withdraws it.
    Cancel,
    /// Another code takes its place.
    Supersede,
    /// It is withdrawn because of fraud.
    Revoke,
}

impl CodeEvent {
    /// The name of the event.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Complete { .. } => "complete",
            Self::Cancel => "cancel",
            Self::Supersede => "supersede",
            Self::Revoke => "revoke",
        }
    }
}

impl CodeState {
    /// The stored name of the state.
    pub const fn status(&self) -> CodeStatus {
        match self {
            Self::Active => CodeStatus::Active,
            Self::Completed { .. } => CodeStatus::Completed,
            Self::Cancelled { .. } => CodeStatus::Cancelled,
            Self::Superseded { .. } => CodeStatus::Superseded,
            Self::Revoked { .. } => CodeStatus::Revoked,
        }
    }

    /// When it stopped being in use by decision; credits dated later are flagged.
    pub const fn retired_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Active | Self::Completed { .. } => None,
            Self::Cancelled { retired_at }
            | Self::Superseded { retired_at }
            | Self::Revoked { retired_at } => Some(*retired_at),
        }
    }

    /// What the code is at `now`.
    pub fn phase_at(&self, terms: &CodeTerms, now: DateTime<Utc>) -> CodePhase {
        match self {
            Self::Active if terms.is_expired_at(now) => CodePhase::Expired,
            Self::Active => CodePhase::Active,
            Self::Completed { .. } => CodePhase::Completed,
            Self::Cancelled { .. } => CodePhase::Cancelled,
            Self::Superseded { .. } => CodePhase::Superseded,
            Self::Revoked { .. } => CodePhase::Revoked,
        }
    }

    /// The state after `event` at `at`, or why it cannot happen.
    pub fn transition(
        self,
        terms: &CodeTerms,
        event: CodeEvent,
        at: DateTime<Utc>,
    ) -> Result<Self, Refusal> {
        let static_code = matches!(terms.kind, CodeKind::Static);
        match (self, event) {
            (Self::Active | Self::Completed { .. }, CodeEvent::Complete { .. }) if static_code => {
                Err(Refusal::StaticNeverCompletes)
            }
            (Self::Active, CodeEvent::Complete { completed_at }) => {
                Ok(Self::Completed { completed_at })
            }
            (Self::Completed { .. }, CodeEvent::Complete { .. }) => Ok(self),
            (Self::Active, CodeEvent::Cancel) => Ok(Self::Cancelled { retired_at: at }),
            (Self::Active, CodeEvent::Supersede) => Ok(Self::Superseded { retired_at: at }),
            (Self::Active, CodeEvent::Revoke) => Ok(Self::Revoked { retired_at: at }),
            (state, event) => Err(Refusal::WrongState {
                thing: "code",
                state: state.status().as_str(),
                event: event.as_str(),
            }),
        }
    }

    /// Whether `old` terms may become `new` ones at `now`; `paid` says whether any credit
    /// names the code. The caller raises the revision and makes the new payload.
    pub fn amend(
        &self,
        old: &CodeTerms,
        new: &CodeTerms,
        paid: PaidSoFar,
        now: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        if *self != Self::Active {
            return Err(Refusal::WrongState {
                thing: "code",
                state: self.status().as_str(),
                event: "amend",
            });
        }
        if old.scheme != CodeScheme::Transfer {
            return Err(Refusal::NotOurs);
        }
        if new.scheme != old.scheme || new.kind != old.kind {
            return Err(Refusal::OtherKind);
        }
        if let CodeKind::Dynamic { expires_at } = old.kind {
            if paid == PaidSoFar::Something {
                return Err(Refusal::AlreadyPaid);
            }
            if expires_at <= now {
                return Err(Refusal::Expired { at: expires_at });
            }
        }
        Ok(())
    }
}

/// Whether any credit names a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaidSoFar {
    /// No credit yet.
    Nothing,
    /// At least one.
    Something,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: u32) -> DateTime<Utc> {
        format!("2026-03-02T08:{minute:02}:00Z").parse().unwrap()
    }

    fn amount(vnd: i64) -> CodeAmount {
        CodeAmount::new(Vnd::new(vnd).unwrap()).unwrap()
    }

    fn terms(kind: CodeKind) -> CodeTerms {
        let rule = AmountRule::Fixed(amount(50_000));
        CodeTerms::new(kind, CodeScheme::Transfer, rule).unwrap()
    }

    fn dynamic() -> CodeTerms {
        terms(CodeKind::Dynamic { expires_at: at(30) })
    }

    fn states() -> [CodeState; 5] {
        let retired_at = at(5);
        [
            CodeState::Active,
            CodeState::Completed {
                completed_at: at(5),
            },
            CodeState::Cancelled { retired_at },
            CodeState::Superseded { retired_at },
            CodeState::Revoked { retired_at },
        ]
    }

    #[test]
    fn every_pair_of_state_and_event_leads_where_the_table_says() {
        let events = [
            CodeEvent::Complete {
                completed_at: at(40),
            },
            CodeEvent::Cancel,
            CodeEvent::Supersede,
            CodeEvent::Revoke,
        ];
        let refused = "";
        let table = [
            ["completed", "cancelled", "superseded", "revoked"],
            ["completed", refused, refused, refused],
            [refused; 4],
            [refused; 4],
            [refused; 4],
        ];
        for (state, row) in states().into_iter().zip(table) {
            for (event, wanted) in events.into_iter().zip(row) {
                let next = state.transition(&dynamic(), event, at(45));
                let (from, name) = (state.status().as_str(), event.as_str());
                if wanted == refused {
                    let refusal = Refusal::WrongState {
                        thing: "code",
                        state: from,
                        event: name,
                    };
                    assert_eq!(next, Err(refusal));
                } else {
                    assert_eq!(next.unwrap().status().as_str(), wanted, "{from} {name}");
                }
            }
        }
    }

    #[test]
    fn a_late_sufficient_credit_completes_an_expired_code_and_the_first_one_counts() {
        let completed = CodeState::Active
            .transition(
                &dynamic(),
                CodeEvent::Complete {
                    completed_at: at(40),
                },
                at(41),
            )
            .unwrap();
        assert_eq!(
            completed,
            CodeState::Completed {
                completed_at: at(40)
            }
        );
        let again = CodeEvent::Complete {
            completed_at: at(50),
        };
        assert_eq!(
            completed.transition(&dynamic(), again, at(51)),
            Ok(completed)
        );
        for state in &states()[..2] {
            assert_eq!(
                state.transition(&terms(CodeKind::Static), again, at(51)),
                Err(Refusal::StaticNeverCompletes)
            );
        }
    }

    #[test]
    fn expiry_is_what_the_clock_says_of_an_active_dynamic_code() {
        let seconds = |text: &str| format!("2026-03-02T08:{text}Z").parse().unwrap();
        for (state, terms, now, wanted) in [
            (CodeState::Active, dynamic(), at(29), CodePhase::Active),
            (
                CodeState::Active,
                dynamic(),
                seconds("29:59.999999"),
                CodePhase::Active,
            ),
            (CodeState::Active, dynamic(), at(30), CodePhase::Expired),
            (states()[1], dynamic(), at(59), CodePhase::Completed),
            (states()[2], dynamic(), at(59), CodePhase::Cancelled),
            (states()[3], dynamic(), at(59), CodePhase::Superseded),
            (states()[4], dynamic(), at(59), CodePhase::Revoked),
            (
                CodeState::Active,
                terms(CodeKind::Static),
                at(59),
                CodePhase::Active,
            ),
        ] {
            assert_eq!(state.phase_at(&terms, now), wanted);
        }
    }

    #[test]
    fn an_amendment_changes_the_amount_of_a_live_unpaid_code_only() {
        use PaidSoFar::{Nothing, Something};
        let active = CodeState::Active;
        let fixed = terms(CodeKind::Static);
        let open = AmountRule::Open(AmountLimits::default());
        let opened = CodeTerms::new(CodeKind::Static, CodeScheme::Transfer, open).unwrap();
        let theirs = CodeTerms::new(CodeKind::Static, CodeScheme::MerchantPay, open).unwrap();
        let longer = terms(CodeKind::Dynamic { expires_at: at(59) });
        assert_eq!(active.amend(&fixed, &opened, Something, at(59)), Ok(()));
        assert_eq!(
            active.amend(&dynamic(), &dynamic(), Nothing, at(29)),
            Ok(())
        );
        for (old, new, paid, now, refusal) in [
            (
                dynamic(),
                dynamic(),
                Something,
                at(29),
                Refusal::AlreadyPaid,
            ),
            (
                dynamic(),
                dynamic(),
                Nothing,
                at(30),
                Refusal::Expired { at: at(30) },
            ),
            (dynamic(), longer, Nothing, at(29), Refusal::OtherKind),
            (fixed, dynamic(), Nothing, at(29), Refusal::OtherKind),
            (opened, theirs, Nothing, at(29), Refusal::OtherKind),
            (theirs, theirs, Nothing, at(29), Refusal::NotOurs),
        ] {
            assert_eq!(active.amend(&old, &new, paid, now), Err(refusal));
        }
        for state in &states()[1..] {
            let refusal = Refusal::WrongState {
                thing: "code",
                state: state.status().as_str(),
                event: "amend",
            };
            assert_eq!(state.amend(&fixed, &opened, Nothing, at(6)), Err(refusal));
        }
    }

    #[test]
    fn amounts_and_limits_stay_below_half_a_billion() {
        let vnd = |amount| Vnd::new(amount).unwrap();
        assert_eq!(CodeAmount::new(vnd(0)), Err(CodeTermsError::Zero));
        assert!(CodeAmount::new(vnd(499_999_999)).is_ok());
        assert_eq!(
            CodeAmount::new(vnd(500_000_000)),
            Err(CodeTermsError::TooLarge)
        );
        let limits = |low, high| AmountLimits::new(Some(amount(low)), Some(amount(high)));
        assert!(limits(10_000, 10_000).is_ok());
        assert_eq!(
            limits(10_001, 10_000),
            Err(CodeTermsError::FloorAboveCeiling)
        );
    }

    #[test]
    fn a_dynamic_code_has_a_fixed_amount_and_a_bounded_life() {
        let kind = CodeKind::Dynamic { expires_at: at(30) };
        for rule in [
            AmountRule::Open(AmountLimits::default()),
            AmountRule::Suggested(amount(1)),
        ] {
            let terms = CodeTerms::new(kind, CodeScheme::Transfer, rule);
            assert_eq!(terms, Err(CodeTermsError::DynamicNeedsFixed));
        }
        assert_eq!(dynamic().check_lifetime(at(29)), Ok(()));
        assert_eq!(
            dynamic().check_lifetime(at(30)),
            Err(CodeTermsError::Expiry)
        );
        let longest = at(30) - chrono::TimeDelta::days(MAX_LIFETIME_DAYS);
        assert_eq!(dynamic().check_lifetime(longest), Ok(()));
        let beyond = longest - chrono::TimeDelta::microseconds(1);
        assert_eq!(
            dynamic().check_lifetime(beyond),
            Err(CodeTermsError::Expiry)
        );
        assert_eq!(terms(CodeKind::Static).check_lifetime(at(0)), Ok(()));
    }

    #[test]
    fn only_a_fixed_amount_is_expected_and_an_open_one_shows_nothing() {
        let five = amount(5_000);
        let open = AmountRule::Open(AmountLimits::default());
        for (rule, shown, expected) in [
            (AmountRule::Fixed(five), Some(five), Some(five)),
            (AmountRule::Suggested(five), Some(five), None),
            (open, None, None),
        ] {
            assert_eq!((rule.shown(), rule.expected()), (shown, expected));
        }
    }
}
