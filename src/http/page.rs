//! Lists by pages: a cursor names the last row seen, so that rows which come meanwhile are
//! neither shown twice nor lost.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use utoipa::ToSchema;
use uuid::Uuid;

use super::code::Code;
use super::language::Text;
use super::problem::{FieldError, Problem};
use crate::vault::Key;

/// The longest page, in rows.
pub const PAGE_MAX_ROWS: u32 = 200;
/// The page of whoever names no length, in rows.
pub const PAGE_DEFAULT_ROWS: u32 = 50;
/// The length of a cursor's seal, in bytes.
const SEAL_BYTES: usize = 16;
/// The longest cursor, in characters: far above any sort key of ours.
const CURSOR_MAX: usize = 1024;

/// What the key under the master key is for.
const PURPOSE: &str = "phocho cursors of lists";

/// The secret that seals cursors: a cursor is our own word, come back unaltered. All
/// instances share it.
#[derive(Clone)]
pub struct PageKey(Key);

impl fmt::Debug for PageKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PageKey(..)")
    }
}

/// Where a page ended: the row's sort key as text, and its id to tell equals apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The value that the list is sorted by.
    pub sort: String,
    /// The row.
    pub id: Uuid,
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub data: Vec<T>,
    /// Asks for the next page, with the same filters; absent on the last one.
    pub next_cursor: Option<String>,
    /// Whether there is a next page.
    pub has_more: bool,
}

/// What a caller asks of a list.
#[derive(Clone, Debug)]
pub struct PageRequest<'a> {
    key: &'a PageKey,
    scope: Vec<u8>,
    limit: u32,
    after: Option<Position>,
}

impl PageKey {
    /// The secret that follows from the master key, which all instances hold.
    pub fn derive(master: &Key) -> Self {
        Self(master.derive(PURPOSE))
    }

    /// Reads `limit` and `cursor` of the list called `list` under `filter`: everything that
    /// decides which rows belong to it, the caller's own scope too.
    pub fn request<F: Serialize>(
        &self,
        list: &str,
        filter: &F,
        limit: Option<u32>,
        cursor: Option<&str>,
    ) -> Result<PageRequest<'_>, Problem> {
        let limit = limit.unwrap_or(PAGE_DEFAULT_ROWS);
        if !(1..=PAGE_MAX_ROWS).contains(&limit) {
            let message = Text::new(
                format!("Từ 1 đến {PAGE_MAX_ROWS}."),
                format!("From 1 to {PAGE_MAX_ROWS}."),
            );
            let error = FieldError::query("limit", "out_of_range", message);
            return Err(Problem::new(Code::InvalidQuery).errors(vec![error]));
        }
        let scope = serde_json::to_vec(&(list, filter)).expect("a filter is plain data");
        let after = cursor
            .map(|cursor| self.open(&scope, cursor).ok_or(Code::InvalidCursor))
            .transpose()?;
        Ok(PageRequest {
            key: self,
            scope,
            limit,
            after,
        })
    }

    fn mac(&self, scope: &[u8], position: &[u8]) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.0.reveal()).expect("a key of any length will do");
        // The length keeps the border between the two unambiguous.
        mac.update(
            &u64::try_from(scope.len())
                .expect("a length fits")
                .to_be_bytes(),
        );
        mac.update(scope);
        mac.update(position);
        mac
    }

    fn seal(&self, scope: &[u8], position: &Position) -> String {
        let position = serde_json::to_vec(position).expect("a position is plain data");
        let mut bytes = self.mac(scope, &position).finalize().into_bytes()[..SEAL_BYTES].to_vec();
        bytes.extend_from_slice(&position);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    fn open(&self, scope: &[u8], cursor: &str) -> Option<Position> {
        if cursor.len() > CURSOR_MAX {
            return None;
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (seal, position) = bytes.split_at_checked(SEAL_BYTES)?;
        self.mac(scope, position).verify_truncated_left(seal).ok()?;
        serde_json::from_slice(position).ok()
    }
}

impl<T, E> Page<Result<T, E>> {
    /// The page of rows that could all be shown, or the first fault.
    pub fn transpose(self) -> Result<Page<T>, E> {
        Ok(Page {
            data: self.data.into_iter().collect::<Result<_, _>>()?,
            next_cursor: self.next_cursor,
            has_more: self.has_more,
        })
    }
}

impl PageRequest<'_> {
    /// How many rows to fetch: one more than the page holds, to learn whether there are more.
    pub const fn fetch_rows(&self) -> u32 {
        self.limit + 1
    }

    /// The row that the page comes after; nothing for the first page.
    pub const fn after(&self) -> Option<&Position> {
        self.after.as_ref()
    }

    /// Makes the page of up to [`fetch_rows`](Self::fetch_rows) rows.
    pub fn page<R, T>(
        &self,
        mut rows: Vec<R>,
        position: impl Fn(&R) -> Position,
        show: impl Fn(R) -> T,
    ) -> Page<T> {
        let limit = usize::try_from(self.limit).expect("a page fits in memory");
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| has_more);
        let next_cursor = last.map(|row| self.key.seal(&self.scope, &position(row)));
        Page {
            data: rows.into_iter().map(show).collect(),
            next_cursor,
            has_more,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(number: &u128) -> Position {
        Position {
            sort: format!("2026-11-{number:02}"),
            id: Uuid::from_u128(*number),
        }
    }

    /// The key of an instance whose master key is made of one byte.
    fn instance_key(byte: u8) -> PageKey {
        PageKey::derive(&Key::new([byte; 32]))
    }

    fn refusal(outcome: Result<PageRequest<'_>, Problem>) -> Code {
        outcome.expect_err("a refusal").code()
    }

    #[test]
    fn pages_follow_each_other_without_gap_or_overlap() {
        let key = instance_key(7);
        let all: Vec<u128> = (1..=7).collect();
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let request = key
                .request("payments", &"TH-QK", Some(3), cursor.as_deref())
                .unwrap();
            let after = request.after().map_or(0, |position| position.id.as_u128());
            let wanted = usize::try_from(request.fetch_rows()).unwrap();
            let rows = all
                .iter()
                .copied()
                .filter(|row| *row > after)
                .take(wanted)
                .collect();
            let page = request.page(rows, position, |row| row);
            assert_eq!(page.has_more, page.next_cursor.is_some());
            seen.extend(page.data);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn a_cursor_serves_only_its_own_list_filter_and_key() {
        let key = instance_key(7);
        let request = key.request("payments", &"TH-QK", Some(1), None).unwrap();
        let page = request.page(vec![1, 2], position, |row| row);
        let cursor = page.next_cursor.unwrap();
        let again = |key: &PageKey, list, filter: &str, cursor: &str| {
            refusal(key.request(list, &filter, None, Some(cursor)))
        };
        let mut altered = cursor.clone();
        altered.replace_range(0..1, if cursor.starts_with('A') { "B" } else { "A" });
        for (name, code) in [
            ("another filter", again(&key, "payments", "TH-HK", &cursor)),
            ("another list", again(&key, "outlets", "TH-QK", &cursor)),
            (
                "another key",
                again(&instance_key(8), "payments", "TH-QK", &cursor),
            ),
            ("altered", again(&key, "payments", "TH-QK", &altered)),
            ("cut", again(&key, "payments", "TH-QK", &cursor[..8])),
            ("empty", again(&key, "payments", "TH-QK", "")),
            ("not base64", again(&key, "payments", "TH-QK", "!!!!")),
        ] {
            assert_eq!(code, Code::InvalidCursor, "{name}");
        }
        for instance in [instance_key(7), key.clone()] {
            let good = instance.request("payments", &"TH-QK", None, Some(&cursor));
            assert_eq!(good.unwrap().after(), Some(&position(&1)));
        }
    }

    #[test]
    fn a_page_has_one_to_two_hundred_rows() {
        let key = instance_key(7);
        for limit in [0, 201, u32::MAX] {
            assert_eq!(
                refusal(key.request("x", &(), Some(limit), None)),
                Code::InvalidQuery
            );
        }
        for (limit, rows) in [(None, 51), (Some(1), 2), (Some(200), 201)] {
            assert_eq!(
                key.request("x", &(), limit, None).unwrap().fetch_rows(),
                rows
            );
        }
    }
}
