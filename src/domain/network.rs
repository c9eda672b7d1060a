//! Network addresses: ranges of them, as settings name them, and which are public.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use super::word::word_enum;

word_enum! {
    /// Whether something is fetched from an address that is not public.
    PrivateAddresses is "policy for private addresses" {
        /// Never.
        Refused = "refuse",
        /// It is: for a simulated bank on this machine or in this network.
        Allowed = "allow",
    }
}

/// Whether an address belongs to a machine anywhere in the world, and not to this one, its
/// network or a special purpose.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => {
            // Of the whole space only 2000::/3 is handed out; within it 2001:db8::/32 stands in
            // texts, and 2002::/16 and 2001::/32 wrap an IPv4 address.
            let [first, second, ..] = address.segments();
            first & 0xe000 == 0x2000
                && first != 0x2002
                && !(first == 0x2001 && (second == 0 || second == 0x0db8))
        }
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let special = match first {
        0 | 10 | 127 => true,
        100 => (64..128).contains(&second),
        169 => second == 254,
        172 => (16..32).contains(&second),
        192 => second == 168 || (second == 0 && matches!(third, 0 | 2)),
        198 => matches!(second, 18 | 19) || (second == 51 && third == 100),
        203 => second == 0 && third == 113,
        _ => first >= 224,
    };
    !special
}

/// A range of addresses, such as `10.0.0.0/8` or `::1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    network: IpAddr,
    prefix: u32,
}

/// A text that is not an address or a range of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a range is an IP address, with /prefix when it is more than one")]
pub struct AddressRangeError;

impl AddressRangeError {
    /// The same text in Vietnamese.
    pub fn vietnamese(&self) -> String {
        "Dải địa chỉ là một địa chỉ IP, thêm /độ dài tiền tố khi có nhiều địa chỉ".into()
    }
}

impl fmt::Display for AddressRange {
    /// As it is written: without a prefix where it is one address.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { network, prefix } = self;
        if *prefix == whole(*network) {
            write!(formatter, "{network}")
        } else {
            write!(formatter, "{network}/{prefix}")
        }
    }
}

/// The bits of one address.
const fn whole(address: IpAddr) -> u32 {
    if address.is_ipv4() {
        u32::BITS
    } else {
        u128::BITS
    }
}

impl AddressRange {
    /// Whether the address lies in the range.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.network, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                (network.to_bits() ^ address.to_bits())
                    .checked_shr(u32::BITS - self.prefix)
                    .unwrap_or(0)
                    == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                (network.to_bits() ^ address.to_bits())
                    .checked_shr(u128::BITS - self.prefix)
                    .unwrap_or(0)
                    == 0
            }
            _ => false,
        }
    }
}

impl FromStr for AddressRange {
    type Err = AddressRangeError;

    fn from_str(text: &str) -> Result<Self, AddressRangeError> {
        let (network, prefix) = text
            .split_once('/')
            .map_or((text, None), |(network, prefix)| (network, Some(prefix)));
        let network: IpAddr = network.parse().map_err(|_| AddressRangeError)?;
        let whole = whole(network);
        let prefix = prefix.map_or(Ok(whole), str::parse);
        match prefix {
            Ok(prefix) if prefix <= whole => Ok(Self { network, prefix }),
            _ => Err(AddressRangeError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_world_are_public() {
        for (text, public) in [
            ("8.8.8.8", true),
            ("171.244.35.2", true),
            ("172.236.138.20", true),
            ("2400:cb00::1", true),
            ("::ffff:8.8.8.8", true),
            ("0.0.0.0", false),
            ("10.1.2.3", false),
            ("100.64.0.1", false),
            ("100.128.0.1", true),
            ("127.0.0.1", false),
            ("169.254.169.254", false),
            ("172.16.0.1", false),
            ("192.168.1.1", false),
            ("192.0.2.1", false),
            ("198.18.0.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("::", false),
            ("::1", false),
            ("::ffff:10.0.0.1", false),
            ("64:ff9b::a00:1", false),
            ("fe80::1", false),
            ("fc00::1", false),
            ("ff02::1", false),
            ("2001:db8::1", false),
            ("2002:a00:1::", false),
        ] {
            assert_eq!(is_public(text.parse().unwrap()), public, "{text}");
        }
    }
}
