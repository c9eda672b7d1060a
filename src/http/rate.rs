//! How often one client may ask, before it is known who it is.
//!
//! Verified notices are never limited: the callback route asks only after a verification
//! that failed.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use super::code::Code;
use super::peer::PeerKey;
use super::problem::Problem;

/// How many clients are told apart; beyond it strangers share [`SHARED_BUCKETS`] counts, so
/// that nobody fills the memory by changing addresses.
const CLIENTS_MAX: usize = 50_000;
/// The counts that strangers share when too many clients are remembered.
const SHARED_BUCKETS: u64 = 4096;
/// How often forgotten clients are looked for, at most.
const PRUNE_EVERY_S: u64 = 1;

/// How long it takes until one address may make one more trial.
const TRIAL_PERIOD: Duration = Duration::from_mins(1);
/// How many trials one address may make at once.
const TRIAL_BURST: NonZeroU32 = NonZeroU32::new(10).expect("a burst above zero");
/// How often one address may deliver to trials.
pub const TRIAL_DELIVERIES: Rate = Rate {
    per_second: NonZeroU32::new(5).expect("a rate above zero"),
    burst: NonZeroU32::new(100).expect("a burst above zero"),
};

/// How often one address may send callbacks that fail verification.
pub const FAILED_VERIFICATIONS: Rate = Rate {
    per_second: NonZeroU32::new(1).expect("a rate above zero"),
    burst: NonZeroU32::new(30).expect("a burst above zero"),
};
/// How often it may ask anything else.
const REQUESTS: Rate = Rate {
    per_second: NonZeroU32::new(50).expect("a rate above zero"),
    burst: NonZeroU32::new(300).expect("a burst above zero"),
};

/// So many requests each second, and so many at once after a rest.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// Sustained.
    pub per_second: NonZeroU32,
    /// At once.
    pub burst: NonZeroU32,
}

/// The limits by client address.
#[derive(Clone, Debug)]
pub struct RateLimits {
    requests: Arc<Limiter>,
    failed_verifications: Arc<Limiter>,
    trials: Arc<Limiter>,
    trial_deliveries: Arc<Limiter>,
}

impl RateLimits {
    /// Limits for requests in general and for callbacks that fail verification.
    pub fn new(requests: Rate, failed_verifications: Rate) -> Self {
        let trials = Quota::with_period(TRIAL_PERIOD).expect("a period above zero");
        let trials = trials.allow_burst(TRIAL_BURST);
        Self {
            requests: Arc::new(Limiter::new(requests)),
            failed_verifications: Arc::new(Limiter::new(failed_verifications)),
            trials: Arc::new(Limiter::of(trials)),
            trial_deliveries: Arc::new(Limiter::new(TRIAL_DELIVERIES)),
        }
    }

    /// The same limits with others for trials made and for deliveries to trials.
    pub fn with_trials(self, made: Rate, deliveries: Rate) -> Self {
        Self {
            trials: Arc::new(Limiter::new(made)),
            trial_deliveries: Arc::new(Limiter::new(deliveries)),
            ..self
        }
    }

    /// Counts a trial that is asked for.
    pub fn trial(&self, client: IpAddr) -> Result<(), Problem> {
        self.trials.count(client)
    }

    /// Counts a delivery to a trial, whatever becomes of it: each one is written down.
    pub fn trial_delivery(&self, client: IpAddr) -> Result<(), Problem> {
        self.trial_deliveries.count(client)
    }

    /// Counts a request of an ordinary route.
    pub fn request(&self, client: IpAddr) -> Result<(), Problem> {
        self.requests.count(client)
    }

    /// Counts a callback whose verification failed. Refused means: answer 429 and keep
    /// nothing of it.
    pub fn failed_verification(&self, client: IpAddr) -> Result<(), Problem> {
        self.failed_verifications.count(client)
    }
}

impl Default for RateLimits {
    fn default() -> Self {
        Self::new(REQUESTS, FAILED_VERIFICATIONS)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Client {
    Known(PeerKey),
    Bucket(u64),
}

#[derive(Debug)]
struct Limiter {
    counts: RateLimiter<Client, HashMapStateStore<Client>, DefaultClock>,
    clock: DefaultClock,
    buckets: RandomState,
    started: Instant,
    pruned_at_s: AtomicU64,
}

impl Limiter {
    fn new(rate: Rate) -> Self {
        Self::of(Quota::per_second(rate.per_second).allow_burst(rate.burst))
    }

    fn of(quota: Quota) -> Self {
        let clock = DefaultClock::default();
        Self {
            counts: RateLimiter::hashmap_with_clock(quota, clock.clone()),
            clock,
            buckets: RandomState::new(),
            started: Instant::now(),
            pruned_at_s: AtomicU64::new(0),
        }
    }

    fn count(&self, client: IpAddr) -> Result<(), Problem> {
        self.counts
            .check_key(&self.client(client.into()))
            .map_err(|refused| {
                let wait: Duration = refused.wait_time_from(self.clock.now());
                Problem::new(Code::RateLimited).retry_after(wait)
            })
    }

    fn client(&self, peer: PeerKey) -> Client {
        if self.counts.len() >= CLIENTS_MAX {
            self.prune();
            if self.counts.len() >= CLIENTS_MAX {
                return Client::Bucket(self.buckets.hash_one(peer) % SHARED_BUCKETS);
            }
        }
        Client::Known(peer)
    }

    /// Forgets the clients whose rest is complete; one caller a second does the work.
    fn prune(&self) {
        let now_s = self.started.elapsed().as_secs();
        let last_s = self.pruned_at_s.load(Ordering::Relaxed);
        let due = now_s >= last_s + PRUNE_EVERY_S;
        let mine = due
            && self
                .pruned_at_s
                .compare_exchange(last_s, now_s, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if mine {
            self.counts.retain_recent();
            self.counts.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(per_second: u32, burst: u32) -> Rate {
        Rate {
            per_second: NonZeroU32::new(per_second).unwrap(),
            burst: NonZeroU32::new(burst).unwrap(),
        }
    }

    #[test]
    fn a_client_is_refused_after_its_burst_and_others_are_not() {
        let limits = RateLimits::new(rate(1, 3), rate(1, 1));
        let (noisy, quiet) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        for _ in 0..3 {
            assert!(limits.request(noisy).is_ok());
        }
        let refused = limits.request(noisy).unwrap_err();
        assert_eq!(refused.code(), Code::RateLimited);
        assert!(limits.request(quiet).is_ok());
        assert!(limits.failed_verification(noisy).is_ok());
        assert!(limits.failed_verification(noisy).is_err());
    }

    #[test]
    fn a_crowd_of_addresses_fills_a_bounded_memory() {
        let limiter = Limiter::new(rate(1, 1_000_000));
        let most = u32::try_from(CLIENTS_MAX + 20_000).unwrap();
        for number in 0..most {
            let _ = limiter.count(std::net::Ipv4Addr::from_bits(number).into());
        }
        let bound = CLIENTS_MAX + usize::try_from(SHARED_BUCKETS).unwrap();
        assert!(limiter.counts.len() <= bound, "{}", limiter.counts.len());
    }
}
