//! RSA keys made for one run: what a stranger would sign with.
//!
//! How long the arithmetic takes depends on the numbers, which a key that guards something must
//! not allow. These keys guard nothing: what they sign is there to be refused.

use num_bigint::BigUint;
use ring::rsa::{KeyPairComponents, PublicKeyComponents};
use ring::signature::RsaKeyPair;

use crate::entropy::Entropy;

/// The usual public exponent.
const EXPONENT: u32 = 65_537;
/// Numbers with a divisor below this are left out before anything costly is done.
const SMALL: u32 = 2_000;
/// The bases of the test of Miller and Rabin. For a number of 1024 bits that nobody chose, each
/// of them errs far less often than in one of four cases.
const BASES: [u32; 8] = [2, 3, 5, 7, 11, 13, 17, 19];

/// A key whose modulus has this many bits: 2048, 3072 or 4096.
pub(super) fn make(bits: usize) -> RsaKeyPair {
    loop {
        let (one, other) = (prime(bits / 2), prime(bits / 2));
        // An exponent that divides one of them less one has no inverse: then others are drawn.
        if let Some(pair) = assemble(&one.clone().max(other.clone()), &one.min(other)) {
            return pair;
        }
    }
}

/// The key of two primes, the larger one first.
fn assemble(p: &BigUint, q: &BigUint) -> Option<RsaKeyPair> {
    let one = BigUint::from(1_u32);
    let exponent = BigUint::from(EXPONENT);
    let (below_p, below_q) = (p - &one, q - &one);
    let d = exponent.modinv(&(&below_p * &below_q))?;
    let components = KeyPairComponents {
        public_key: PublicKeyComponents {
            n: (p * q).to_bytes_be(),
            e: exponent.to_bytes_be(),
        },
        dP: (&d % &below_p).to_bytes_be(),
        dQ: (&d % &below_q).to_bytes_be(),
        qInv: q.modinv(p)?.to_bytes_be(),
        d: d.to_bytes_be(),
        p: p.to_bytes_be(),
        q: q.to_bytes_be(),
    };
    RsaKeyPair::from_components(&components).ok()
}

/// A prime of exactly this many bits, large enough that a product of two has twice as many.
fn prime(bits: usize) -> BigUint {
    let small: Vec<_> = (3..SMALL)
        .filter(|number| is_small_prime(*number))
        .collect();
    let mut bytes = vec![0; bits / 8];
    loop {
        Entropy::System.fill(&mut bytes);
        bytes[0] |= 0b1100_0000;
        bytes[bits / 8 - 1] |= 1;
        let candidate = BigUint::from_bytes_be(&bytes);
        let divided = small
            .iter()
            .any(|prime| &candidate % prime == BigUint::ZERO);
        if !divided && is_probably_prime(&candidate) {
            return candidate;
        }
    }
}

fn is_small_prime(number: u32) -> bool {
    (2..number)
        .take_while(|divisor| divisor * divisor <= number)
        .all(|divisor| !number.is_multiple_of(divisor))
}

/// The test of Miller and Rabin, for an odd number larger than its bases.
fn is_probably_prime(number: &BigUint) -> bool {
    let one = BigUint::from(1_u32);
    let below = number - &one;
    let halvings = below.trailing_zeros().unwrap_or_default();
    let odd = &below >> halvings;
    BASES.iter().all(|base| {
        let mut power = BigUint::from(*base).modpow(&odd, number);
        if power == one || power == below {
            return true;
        }
        (1..halvings).any(|_| {
            power = &power * &power % number;
            power == below
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primes_are_told_from_their_products_and_from_numbers_that_look_prime() {
        for (number, prime) in [
            (1_000_000_007_u64, true),
            (2_305_843_009_213_693_951, true),
            (1_000_000_007 * 3, false),
            (1_000_003 * 1_000_033, false),
            // Carmichael numbers.
            (8_911, false),
            (3_215_031_751, false),
        ] {
            assert_eq!(is_probably_prime(&number.into()), prime, "{number}");
        }
        let small: Vec<_> = (2..30).filter(|number| is_small_prime(*number)).collect();
        assert_eq!(small, [2, 3, 5, 7, 11, 13, 17, 19, 23, 29]);
    }

    #[test]
    fn each_key_is_another_of_the_size_asked_for() {
        let keys = [make(2048), make(2048)];
        for key in &keys {
            assert_eq!(key.public().modulus_len(), 256);
        }
        assert_ne!(keys[0].public().as_ref(), keys[1].public().as_ref());
    }
}
