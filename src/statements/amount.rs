//! Amounts as the formats for machines write them.
use super::fault::found;
use super::reason::Reason;
use crate::domain::money::{Vnd, VndError};

/// Reads `50000`, `50000.00` or, with a comma as `mark`, `50000,`: digits, and behind the mark
/// nothing but zeros.
pub(super) fn plain(text: &str, mark: char) -> Result<Vnd, Reason> {
    let amount = whole(text, mark)?;
    if amount.is_zero() {
        return Err(Reason::Zero);
    }
    Ok(amount)
}

/// The same, where nothing is an amount too.
pub(super) fn whole(text: &str, mark: char) -> Result<Vnd, Reason> {
    let (digits, fraction) = text.split_once(mark).unwrap_or((text, ""));
    if !fraction.bytes().all(|it| it.is_ascii_digit()) {
        return Err(Reason::NotAnAmount { found: found(text) });
    }
    let amount = Vnd::parse(digits).map_err(|error| match error {
        VndError::TooLarge => Reason::TooLarge,
        VndError::Negative | VndError::NotDigits => Reason::NotAnAmount { found: found(text) },
    })?;
    if fraction.bytes().any(|it| it != b'0') {
        return Err(Reason::Fraction { found: found(text) });
    }
    Ok(amount)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_digits_and_zeros_behind_the_mark() {
        let not = |text: &str| {
            Err(Reason::NotAnAmount {
                found: text.to_owned(),
            })
        };
        for (text, mark, wanted) in [
            ("50000", '.', Ok(50_000)),
            ("50000.00", '.', Ok(50_000)),
            ("50000,", ',', Ok(50_000)),
            ("50000,00", ',', Ok(50_000)),
            ("0.00", '.', Err(Reason::Zero)),
            ("1000000000001", '.', Err(Reason::TooLarge)),
            ("99999999999999999999", '.', Err(Reason::TooLarge)),
            (
                "50000.5",
                '.',
                Err(Reason::Fraction {
                    found: "50000.5".to_owned(),
                }),
            ),
            ("50000,00", '.', not("50000,00")),
            ("1e5", '.', not("1e5")),
            ("-1", '.', not("-1")),
            ("1.0e1", '.', not("1.0e1")),
            ("1.0.0", '.', not("1.0.0")),
            ("", '.', not("")),
            (".5", '.', not(".5")),
        ] {
            assert_eq!(plain(text, mark).map(Vnd::get), wanted, "{text}");
        }
    }
}
