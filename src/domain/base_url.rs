//! Where the history of a source is fetched from.
//!
//! The address is named by a person and asked by this machine, which may reach what the person
//! may not. So it is kept narrow: TLS, a plain host and path, and no address of a private
//! network, unless whoever runs the service allows those for a simulated bank.

use std::fmt;
use std::net::IpAddr;

use super::network::{PrivateAddresses, is_public};

/// The longest address that is taken, in characters.
const LONGEST: usize = 200;

/// An address to which paths are appended, such as `https://my.sepay.vn`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    secure: bool,
    host: String,
    port: u16,
    path: String,
}

/// Why a text is no address to fetch from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// Not of the form.
    #[error("an address is written https://host/path, without a login, a query or a fragment")]
    Form,
    /// Not encrypted.
    #[error("only https is fetched from another machine")]
    Insecure,
    /// Inside a private network, or this machine.
    #[error("an address of a private network is not fetched from")]
    Private,
}

impl BaseUrlError {
    /// The same text in Vietnamese.
    pub fn vietnamese(&self) -> String {
        match self {
            Self::Form => {
                "Địa chỉ có dạng https://máy-chủ/đường-dẫn, không có đăng nhập, truy vấn hay mảnh"
            }
            Self::Insecure => "Chỉ lấy dữ liệu từ máy khác qua https",
            Self::Private => "Không lấy dữ liệu từ địa chỉ của mạng nội bộ",
        }
        .into()
    }
}

impl BaseUrl {
    /// Reads an address. What its host resolves to is judged when it is asked.
    pub fn parse(text: &str, private: PrivateAddresses) -> Result<Self, BaseUrlError> {
        let (secure, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(BaseUrlError::Form),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, read_port(port)?),
            None => (authority, if secure { 443 } else { 80 }),
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        let good = text.len() <= LONGEST
            && !host.is_empty()
            && host.bytes().all(plain)
            && path.bytes().all(|byte| plain(byte) || byte == b'/')
            && !path.split('/').any(|part| part == "..");
        if !good {
            return Err(BaseUrlError::Form);
        }
        let address = host.parse::<IpAddr>().ok();
        let is_private = host == "localhost" || address.is_some_and(|it| !is_public(it));
        if is_private && private == PrivateAddresses::Refused {
            return Err(BaseUrlError::Private);
        }
        let is_here = host == "localhost" || address.is_some_and(|it| it.is_loopback());
        if !secure && !is_here {
            return Err(BaseUrlError::Insecure);
        }
        Ok(Self {
            secure,
            host: host.to_ascii_lowercase(),
            port,
            path: path.trim_end_matches('/').to_owned(),
        })
    }

    /// Whether it is asked over TLS.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host, without the port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The target of a request for something below it, which starts with a slash.
    pub fn target(&self, below: &str) -> String {
        if self.path.is_empty() {
            below.to_owned()
        } else {
            format!("/{}{below}", self.path)
        }
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, usual) = if self.secure {
            ("https", 443)
        } else {
            ("http", 80)
        };
        write!(formatter, "{scheme}://{}", self.host)?;
        if self.port != usual {
            write!(formatter, ":{}", self.port)?;
        }
        if !self.path.is_empty() {
            write!(formatter, "/{}", self.path)?;
        }
        Ok(())
    }
}

fn read_port(text: &str) -> Result<u16, BaseUrlError> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|port| digits && *port > 0);
    port.ok_or(BaseUrlError::Form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_plain_encrypted_and_public() {
        use BaseUrlError::{Form, Insecure, Private};
        for (text, strict, lenient) in [
            ("https://my.sepay.vn", Ok(()), Ok(())),
            ("https://my.sepay.vn:8443/a/b/", Ok(()), Ok(())),
            ("https://8.8.8.8", Ok(()), Ok(())),
            ("http://my.sepay.vn", Err(Insecure), Err(Insecure)),
            ("http://8.8.8.8", Err(Insecure), Err(Insecure)),
            ("http://127.0.0.1:9", Err(Private), Ok(())),
            ("http://localhost:9", Err(Private), Ok(())),
            ("http://10.0.0.1", Err(Private), Err(Insecure)),
            ("https://10.0.0.1", Err(Private), Ok(())),
            ("https://169.254.169.254", Err(Private), Ok(())),
            ("ftp://my.sepay.vn", Err(Form), Err(Form)),
            ("https://", Err(Form), Err(Form)),
            ("https://a:b@my.sepay.vn", Err(Form), Err(Form)),
            ("https://my.sepay.vn/a?b", Err(Form), Err(Form)),
            ("https://my.sepay.vn/a#b", Err(Form), Err(Form)),
            ("https://my.sepay.vn/../a", Err(Form), Err(Form)),
            ("https://my.sepay.vn:0", Err(Form), Err(Form)),
            ("https://my.sepay.vn:+1", Err(Form), Err(Form)),
            ("https://[::1]", Err(Form), Err(Form)),
            ("https://my sepay", Err(Form), Err(Form)),
        ] {
            let read = |private| BaseUrl::parse(text, private).map(|_| ());
            assert_eq!(read(PrivateAddresses::Refused), strict, "{text}");
            assert_eq!(read(PrivateAddresses::Allowed), lenient, "{text}");
        }
        let long = format!("https://{}", "a".repeat(200));
        assert_eq!(BaseUrl::parse(&long, PrivateAddresses::Refused), Err(Form));
    }

    #[test]
    fn paths_are_appended_to_it() {
        let read = |text| BaseUrl::parse(text, PrivateAddresses::Refused).unwrap();
        let (bare, deep) = (read("https://My.sepay.vn/"), read("https://a.vn:444/x/"));
        assert_eq!(
            (bare.target("/list"), deep.target("/list")),
            ("/list".into(), "/x/list".into())
        );
        assert_eq!(bare.to_string(), "https://my.sepay.vn");
        assert_eq!(deep.to_string(), "https://a.vn:444/x");
    }
}
