//! A wrong proof takes the same time wherever it is wrong.
//!
//! Times are compared within one run only: with a comparison that stops at the first difference,
//! which has to be caught, or this test measures nothing.

use std::hint::black_box;
use std::time::{Duration, Instant};

use phocho::banks::{Credentials, Delivery};

use super::forged::all_genuine;
use super::signing::judge;

/// Times taken of each place in turn, and verifications in each.
const ROUNDS: usize = 150;
const BATCH: u32 = 10;

/// How often a machine that is busy with other things may spoil a measurement.
const ATTEMPTS: usize = 8;

/// A delivery whose proof is wrong in one character, and that proof.
struct Wrong {
    delivery: Delivery,
    proof: Vec<u8>,
}

impl Wrong {
    /// The genuine delivery with another character at a place of its proof.
    fn at(genuine: &Delivery, proof: &str, place: usize) -> Self {
        let mut wrong = proof.as_bytes().to_vec();
        wrong[place] = if wrong[place] == b'1' { b'2' } else { b'1' };
        let wrong_text = String::from_utf8(wrong.clone()).unwrap();
        let replace = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            text.replacen(proof, &wrong_text, 1)
        };
        let headers = genuine.headers().iter();
        let headers = headers.map(|(name, value)| (name.clone(), replace(value).into_bytes()));
        let target = format!("{}?{}", genuine.path, replace(genuine.query.as_bytes()));
        let body = replace(&genuine.body).into_bytes();
        Self {
            delivery: Delivery::new(genuine.method.clone(), &target, headers, body),
            proof: wrong,
        }
    }
}

/// The lower tenth of many times, in turn for each of the calls: what a call takes when nothing
/// else gets in its way.
fn times<const N: usize>(calls: [&dyn Fn(); N]) -> [Duration; N] {
    let mut taken = calls.map(|_| Vec::with_capacity(ROUNDS));
    for _ in 0..ROUNDS {
        for (call, taken) in calls.iter().zip(&mut taken) {
            let started = Instant::now();
            for _ in 0..BATCH {
                call();
            }
            taken.push(started.elapsed());
        }
    }
    taken.map(|mut taken| {
        taken.sort_unstable();
        taken[ROUNDS / 10]
    })
}

/// Stops at the first difference.
fn naively_same(shown: &[u8], wanted: &[u8]) -> bool {
    let pairs = shown.iter().zip(wanted);
    for (shown, wanted) in pairs {
        if black_box(shown) != black_box(wanted) {
            return false;
        }
    }
    shown.len() == wanted.len()
}

/// The largest distance between the times of two places: of the adapter, and of the adapter
/// followed by a naive comparison.
fn spread(
    adapter: &str,
    credentials: &Credentials,
    genuine: &Delivery,
    proof: &str,
) -> (Duration, Duration) {
    let places = [0, proof.len() / 2, proof.trim_end_matches('=').len() - 3];
    let [first, middle, last] = places.map(|place| Wrong::at(genuine, proof, place));
    let verify = |wrong: &Wrong| {
        assert!(judge(adapter, credentials, black_box(&wrong.delivery)).is_err());
    };
    let naive = |wrong: &Wrong| {
        verify(wrong);
        assert!(!naively_same(&wrong.proof, proof.as_bytes()));
    };
    let [a, b, c, near, far] = times([
        &|| verify(&first),
        &|| verify(&middle),
        &|| verify(&last),
        &|| naive(&first),
        &|| naive(&last),
    ]);
    let widest = a.max(b).max(c).saturating_sub(a.min(b).min(c));
    (widest, far.saturating_sub(near))
}

#[test]
fn a_wrong_proof_takes_the_same_time_wherever_it_is_wrong() {
    for (adapter, credentials, genuine, proof) in all_genuine() {
        let mut measured = Vec::new();
        let even = (0..ATTEMPTS).any(|_| {
            let (widest, naive) = spread(adapter, &credentials, &genuine, &proof);
            measured.push((widest, naive));
            naive > Duration::ZERO && widest * 2 < naive
        });
        println!("{adapter}: {:?}", measured.last().unwrap());
        assert!(even, "{adapter}: (places, naive comparison) {measured:?}");
    }
}
