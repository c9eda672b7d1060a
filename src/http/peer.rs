//! Who is at the other end: the peer, or behind a trusted proxy the client it names.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex};

use axum::http::HeaderMap;

use crate::domain::network::AddressRange;

/// Names the clients that a proxy speaks for, the nearest last.
const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// The address at the other end of the connection; put into each request by the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// The client's address; put into each request by the outermost layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// What limits are counted by: an IPv4 address, or the /64 that one IPv6 customer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerKey(IpAddr);

impl From<IpAddr> for PeerKey {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(
                address.to_bits() & !u128::from(u64::MAX),
            )),
            address @ IpAddr::V4(_) => address,
        })
    }
}

/// The proxies whose word about their clients is taken.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Arc<[AddressRange]>);

impl TrustedProxies {
    /// Trusts these and no other.
    pub fn new(ranges: impl Into<Arc<[AddressRange]>>) -> Self {
        Self(ranges.into())
    }

    /// Whether the address is one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|range| range.contains(address))
    }

    /// The client: the right-most address in `X-Forwarded-For` that is no trusted proxy.
    /// Whatever stands left of it is the client's own claim.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer;
        let values: Vec<_> = headers.get_all(X_FORWARDED_FOR).iter().collect();
        let mut claims = values
            .iter()
            .rev()
            .flat_map(|value| value.to_str().unwrap_or("?").rsplit(','));
        while self.contains(client) {
            match claims.next().map(|claim| claim.trim().parse()) {
                Some(Ok(claimed)) => client = claimed,
                _ => break,
            }
        }
        client
    }
}

/// The open connections of each peer.
#[derive(Clone, Debug, Default)]
pub struct PeerCounts(Arc<Mutex<HashMap<PeerKey, usize>>>);

/// One open connection; gives its place back when it ends.
#[derive(Debug)]
pub struct PeerPlace {
    counts: PeerCounts,
    key: PeerKey,
}

impl PeerCounts {
    /// Takes a place, unless the peer holds `most` already.
    pub fn take(&self, peer: IpAddr, most: usize) -> Option<PeerPlace> {
        let key = PeerKey::from(peer);
        let mut counts = self.0.lock().expect("no holder of the counts panics");
        let count = counts.entry(key).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        drop(counts);
        Some(PeerPlace {
            counts: self.clone(),
            key,
        })
    }
}

impl Drop for PeerPlace {
    fn drop(&mut self) {
        let mut counts = self
            .counts
            .0
            .lock()
            .expect("no holder of the counts panics");
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::network::AddressRangeError;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_range_holds_its_addresses_and_no_others() {
        for (range, inside, outside) in [
            ("10.0.0.0/8", "10.255.1.2", "11.0.0.0"),
            ("192.168.1.7", "192.168.1.7", "192.168.1.6"),
            ("::1", "::1", "::2"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
            ("0.0.0.0/0", "203.0.113.9", "::1"),
            ("10.0.0.0/8", "::ffff:10.1.2.3", "::ffff:11.1.2.3"),
        ] {
            let parsed: AddressRange = range.parse().unwrap();
            assert!(parsed.contains(address(inside)), "{inside} in {range}");
            assert!(!parsed.contains(address(outside)), "{outside} in {range}");
        }
        for text in [
            "",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/-1",
            "localhost",
            "10.0.0.0/",
        ] {
            assert_eq!(
                text.parse::<AddressRange>(),
                Err(AddressRangeError),
                "{text}"
            );
        }
    }

    #[test]
    fn only_a_trusted_proxys_word_names_the_client() {
        let proxies = TrustedProxies::new(["10.0.0.0/8".parse().unwrap()]);
        for (peer, forwarded, wanted) in [
            ("203.0.113.1", &["198.51.100.7"][..], "203.0.113.1"),
            ("10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            (
                "10.0.0.1",
                &["6.6.6.6, 198.51.100.7, 10.0.0.2"],
                "198.51.100.7",
            ),
            ("10.0.0.1", &["6.6.6.6", "198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["6.6.6.6, nonsense"], "10.0.0.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append(X_FORWARDED_FOR, value.parse().unwrap());
            }
            let client = proxies.client(address(peer), &headers);
            assert_eq!(client, address(wanted), "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn a_peer_holds_no_more_places_than_allowed_and_gives_them_back() {
        let counts = PeerCounts::default();
        let first = counts.take(address("2001:db8::1"), 2).unwrap();
        let second = counts.take(address("2001:db8::2"), 2).unwrap();
        assert!(counts.take(address("2001:db8::3"), 2).is_none());
        assert!(counts.take(address("2001:db8:0:1::3"), 2).is_some());
        drop(second);
        assert!(counts.take(address("2001:db8::3"), 2).is_some());
        drop(first);
        assert!(counts.0.lock().unwrap().is_empty());
    }
}
