//! The reference that ties a transfer to a payment code.
//!
//! `TH`, seven random characters and one check character, over an alphabet without
//! look-alikes. It is short enough for every bank's transfer text, starts with letters that
//! no bank uses for its own numbers, and is never issued twice.

use std::fmt;

/// The 31 characters of a reference: A–Z and 2–9 without I, L and O. A prime number of them
/// lets the weighted sum below catch every single substitution and every adjacent
/// transposition.
pub const ALPHABET: &[u8; 31] = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789";

/// How many random characters a reference carries.
pub const RANDOM_LENGTH: usize = 7;

const PREFIX: &[u8; 2] = b"TH";
const LENGTH: usize = 10;

/// An issued or issuable reference, with a correct check character.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TxnRef([u8; LENGTH]);

/// Why a text is no reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TxnRefError {
    /// Not ten characters.
    #[error("a reference has ten characters")]
    Length,
    /// Does not begin with TH.
    #[error("a reference begins with TH")]
    Prefix,
    /// A character outside the alphabet.
    #[error("a reference is written with A–Z and 2–9, without I, L and O")]
    Charset,
    /// The check character is wrong: something was mistyped.
    #[error("the reference was mistyped: its last character does not fit")]
    Check,
}

impl TxnRef {
    /// Builds a reference from seven random numbers, each below 31.
    pub fn from_random(random: [u8; RANDOM_LENGTH]) -> Self {
        let mut text = [0; LENGTH];
        text[..2].copy_from_slice(PREFIX);
        for (place, number) in text[2..9].iter_mut().zip(random) {
            *place = ALPHABET[usize::from(number) % ALPHABET.len()];
        }
        let check = (0..ALPHABET.len()).find(|&candidate| {
            text[9] = ALPHABET[candidate];
            weighted_sum(&text) == Some(0)
        });
        text[9] = ALPHABET[check.expect("weight 8 has an inverse modulo 31")];
        Self(text)
    }

    /// Reads a reference in upper case and verifies its check character.
    pub fn parse(text: &str) -> Result<Self, TxnRefError> {
        let bytes: [u8; LENGTH] = text
            .as_bytes()
            .try_into()
            .map_err(|_| TxnRefError::Length)?;
        if &bytes[..2] != PREFIX {
            return Err(TxnRefError::Prefix);
        }
        match weighted_sum(&bytes) {
            None => Err(TxnRefError::Charset),
            Some(0) => Ok(Self(bytes)),
            Some(_) => Err(TxnRefError::Check),
        }
    }

    /// The ten characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("the alphabet is ASCII")
    }
}

/// The sum of position weights 1 to 8 over the last eight characters, modulo 31; zero for a
/// correct reference, `None` for a character outside the alphabet.
fn weighted_sum(text: &[u8; LENGTH]) -> Option<usize> {
    text[2..]
        .iter()
        .enumerate()
        .try_fold(0, |sum, (index, byte)| {
            let value = ALPHABET.iter().position(|letter| letter == byte)?;
            Some((sum + (index + 1) * value) % ALPHABET.len())
        })
}

impl fmt::Display for TxnRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for TxnRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TxnRef({})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_mistyped_reference_is_told_from_a_malformed_one() {
        let good = TxnRef::from_random([0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(TxnRef::parse(good.as_str()), Ok(good));
        assert_eq!(TxnRef::parse("TH234"), Err(TxnRefError::Length));
        assert_eq!(TxnRef::parse("XX23456789"), Err(TxnRefError::Prefix));
        assert_eq!(TxnRef::parse("TH2345678O"), Err(TxnRefError::Charset));
        assert_eq!(
            TxnRef::parse(&good.as_str().to_lowercase()),
            Err(TxnRefError::Prefix)
        );
    }

    proptest! {
        #[test]
        fn every_substitution_and_every_adjacent_swap_is_caught(
            random in prop::array::uniform7(0u8..31), place in 2usize..10, other in 0usize..31
        ) {
            let good = TxnRef::from_random(random);
            prop_assert_eq!(TxnRef::parse(good.as_str()), Ok(good));
            let mut changed = good.0;
            changed[place] = ALPHABET[other];
            if changed != good.0 {
                let text = std::str::from_utf8(&changed).unwrap();
                prop_assert_eq!(TxnRef::parse(text), Err(TxnRefError::Check));
            }
            if place < 9 {
                let mut swapped = good.0;
                swapped.swap(place, place + 1);
                if swapped != good.0 {
                    let text = std::str::from_utf8(&swapped).unwrap();
                    prop_assert_eq!(TxnRef::parse(text), Err(TxnRefError::Check));
                }
            }
        }
    }
}
