//! Where the reader found this service, for addresses that are copied.

use axum::http::{HeaderMap, header};

/// The longest name of a site, in characters.
const SITE_MAX: usize = 255;

/// Where the reader found this site, for addresses that are copied: what his client says, for
/// his own eyes only. Another machine is asked under https.
pub(crate) fn address(headers: &HeaderMap) -> String {
    let site = headers
        .get(header::HOST)
        .and_then(|site| site.to_str().ok());
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    let site = site.filter(|site| site.len() <= SITE_MAX && site.bytes().all(plain));
    let Some(site) = site.filter(|site| !site.is_empty()) else {
        return String::new();
    };
    let here = ["127.0.0.1", "localhost", "[::1]"];
    let name = site.rsplit_once(':').map_or(site, |(name, _)| name);
    let scheme = if here.contains(&name) || here.contains(&site) {
        "http"
    } else {
        "https"
    };
    format!("{scheme}://{site}")
}
