//! Money: whole Vietnamese đồng.
//!
//! The đồng has no minor unit (ISO 4217: VND, exponent 0), so an amount is an integer and
//! never a floating-point number.

use std::fmt;

/// An amount of whole đồng, zero or more, at most [`Vnd::MAX`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vnd(i64);

/// Why a number or a text is not an amount of đồng.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VndError {
    /// Below zero.
    #[error("an amount cannot be negative")]
    Negative,
    /// Above [`Vnd::MAX`].
    #[error("an amount is at most 1 000 000 000 000 đồng")]
    TooLarge,
    /// Not a plain run of ASCII digits.
    #[error("an amount is written with digits only")]
    NotDigits,
}

impl Vnd {
    /// No money.
    pub const ZERO: Self = Self(0);
    /// The largest amount the system handles: 10^12 đồng, far above any transfer and far
    /// below the point where JavaScript's numbers lose exactness (2^53).
    pub const MAX: Self = Self(1_000_000_000_000);
    /// NAPAS 247 carries transfers below this amount only (NAPAS `VietQR` 1.0, clause 8.1.1).
    pub const TRANSFER_LIMIT: Self = Self(500_000_000);

    /// Takes a whole number of đồng.
    pub const fn new(amount: i64) -> Result<Self, VndError> {
        if amount < 0 {
            Err(VndError::Negative)
        } else if amount > Self::MAX.0 {
            Err(VndError::TooLarge)
        } else {
            Ok(Self(amount))
        }
    }

    /// Reads digits only: no sign, no separator, no unit.
    pub fn parse(text: &str) -> Result<Self, VndError> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(VndError::NotDigits);
        }
        let amount = text.parse::<i64>().map_err(|_| VndError::TooLarge)?;
        Self::new(amount)
    }

    /// The number of đồng.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Whether this is no money at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, or `None` above [`Vnd::MAX`].
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Self::new(self.0.checked_add(other.0)?).ok()
    }

    /// What is left after taking `other` away, and nothing when it is larger.
    pub fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0).max(0))
    }
}

impl fmt::Display for Vnd {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_digits_are_an_amount() {
        for (text, wanted) in [
            ("0", Ok(0)),
            ("50000", Ok(50_000)),
            ("000050000", Ok(50_000)),
            ("1000000000000", Ok(1_000_000_000_000)),
            ("1000000000001", Err(VndError::TooLarge)),
            ("99999999999999999999", Err(VndError::TooLarge)),
            ("", Err(VndError::NotDigits)),
            ("-1", Err(VndError::NotDigits)),
            ("+1", Err(VndError::NotDigits)),
            ("1e5", Err(VndError::NotDigits)),
            ("50.000", Err(VndError::NotDigits)),
            ("٥٠", Err(VndError::NotDigits)),
        ] {
            assert_eq!(Vnd::parse(text).map(Vnd::get), wanted, "{text}");
        }
        assert_eq!(Vnd::new(-1), Err(VndError::Negative));
    }

    #[test]
    fn sums_stop_at_the_largest_amount() {
        let most = Vnd::MAX;
        assert_eq!(most.checked_add(Vnd(1)), None);
        assert_eq!(Vnd(2).checked_add(Vnd(3)), Some(Vnd(5)));
        assert_eq!(Vnd(2).saturating_sub(Vnd(3)), Vnd::ZERO);
    }
}
