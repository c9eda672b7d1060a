//! Ranges of network addresses, as settings name them.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

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
