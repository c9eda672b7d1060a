//! A query as a form, read as strictly as a body: whatever two readers could understand
//! differently is refused.

use super::json::Object;
use super::verdict::Refusal;

/// A parameter as it was sent and as it reads.
pub(super) struct Parameter<'a> {
    /// The name, which is the same in both forms.
    pub(super) name: &'a str,
    /// The value as sent.
    pub(super) raw: &'a str,
    /// The value decoded.
    pub(super) value: String,
}

/// Reads the parameters of a query.
///
/// # Errors
/// A name that is there twice, in whatever case, or that needs decoding; an escape that is
/// none; bytes that are not UTF-8.
pub(super) fn read(query: &str) -> Result<Vec<Parameter<'_>>, Refusal> {
    let pieces = query.split('&').filter(|piece| !piece.is_empty());
    let parameters: Option<Vec<_>> = pieces.map(read_piece).collect();
    let parameters = parameters.ok_or(Refusal::AmbiguousBody)?;
    let names = parameters.iter().map(|it| it.name.to_ascii_lowercase());
    let alone = Object::of_texts(names.map(|name| (name, String::new())));
    alone.map(|_| parameters).ok_or(Refusal::AmbiguousBody)
}

fn read_piece(piece: &str) -> Option<Parameter<'_>> {
    let (name, raw) = piece.split_once('=').unwrap_or((piece, ""));
    let plain = !name.is_empty() && name.bytes().all(is_plain);
    let value = decode(raw)?;
    plain.then_some(Parameter { name, raw, value })
}

/// What stands in a name without an escape, for every writer of forms.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)
}

fn decode(raw: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let (escape, after) = rest.split_at_checked(2)?;
                bytes.extend(hex::decode(escape).ok()?);
                rest = after;
            }
            other => bytes.push(*other),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_or_refused_as_a_whole() {
        for (query, wanted) in [
            ("", Some("")),
            ("a=1&b=2", Some("a=1 b=2")),
            ("&a=1&&b=2&", Some("a=1 b=2")),
            ("a", Some("a=")),
            ("a=", Some("a=")),
            ("a=1=2", Some("a=1=2")),
            ("a=ph%E1%BB%9f+x%2b", Some("a=phở x+")),
            ("a=phở", Some("a=phở")),
            ("a=1&a=1", None),
            ("a=1&A=1", None),
            ("a=1&%61=1", None),
            ("%61=1", None),
            ("a+b=1", None),
            ("a[]=1", None),
            ("=1", None),
            ("a=%", None),
            ("a=%4", None),
            ("a=%+1", None),
            ("a=%zz", None),
            ("a=%ff", None),
            ("a=%ed%a0%80", None),
            ("a=%00", Some("a=\0")),
        ] {
            let read = read(query).ok().map(|parameters| {
                let pairs = parameters
                    .iter()
                    .map(|it| format!("{}={}", it.name, it.value));
                pairs.collect::<Vec<_>>().join(" ")
            });
            assert_eq!(read.as_deref(), wanted, "{query}");
        }
    }
}
