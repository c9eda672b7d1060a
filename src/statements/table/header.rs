//! The header of a table: which column holds what, in the words of either language.

use super::cell::{Cell, Row, letter_of};
use crate::domain::text::key;
use crate::statements::fault::{Column, Fault};
use crate::statements::reason::Reason;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The day, and perhaps the time.
    Date,
    /// Money out.
    Debit,
    /// Money in.
    Credit,
    /// Money either way.
    Amount,
    /// Which way the money of [`Role::Amount`] went.
    Side,
    /// What stood on the account after the line.
    Balance,
    /// The transfer text.
    Content,
    /// The bank's reference.
    Reference,
}

/// The names of the columns as [`key`] makes them, the preferred ones first.
const NAMES: [(Role, &[&str]); 8] = [
    (
        Role::Date,
        &[
            "NGAYGIAODICH",
            "NGAYGD",
            "THOIGIANGIAODICH",
            "NGAYGIOGIAODICH",
            "TNXDATE",
            "TRANSACTIONDATE",
            "TRANSDATE",
            "NGAYHACHTOAN",
            "POSTINGDATE",
            "BOOKINGDATE",
            "NGAY",
            "DATE",
            "THOIGIAN",
            "NGAYHIEULUC",
            "NGAYHIEULUC2",
            "EFFECTIVEDATE",
            "VALUEDATE",
        ],
    ),
    (
        Role::Debit,
        &[
            "SOTIENGHINO",
            "GHINO",
            "PHATSINHNO",
            "PSNO",
            "NO",
            "TIENRA",
            "SOTIENRA",
            "DEBIT",
            "DEBITAMOUNT",
        ],
    ),
    (
        Role::Credit,
        &[
            "SOTIENGHICO",
            "GHICO",
            "PHATSINHCO",
            "PSCO",
            "CO",
            "TIENVAO",
            "SOTIENVAO",
            "CREDIT",
            "CREDITAMOUNT",
        ],
    ),
    (
        Role::Amount,
        &[
            "SOTIEN",
            "SOTIENGIAODICH",
            "SOTIENGD",
            "AMOUNT",
            "TRANSACTIONAMOUNT",
        ],
    ),
    (
        Role::Side,
        &[
            "NOCO",
            "GHINOGHICO",
            "LOAIGIAODICH",
            "LOAIGD",
            "DC",
            "CD",
            "DEBITCREDIT",
        ],
    ),
    (
        Role::Balance,
        &[
            "SODU",
            "SODUSAUGIAODICH",
            "SODUSAUGD",
            "SODUCUOI",
            "BALANCE",
            "RUNNINGBALANCE",
        ],
    ),
    (
        Role::Content,
        &[
            "NOIDUNG",
            "NOIDUNGCHITIET",
            "NOIDUNGGIAODICH",
            "NOIDUNGGD",
            "NOIDUNGCHUYENKHOAN",
            "DIENGIAI",
            "MOTA",
            "MOTAGIAODICH",
            "TRANSACTIONSINDETAIL",
            "DESCRIPTION",
            "DETAILS",
            "REMARK",
            "REMARKS",
        ],
    ),
    (
        Role::Reference,
        &[
            "SOCT",
            "SOCHUNGTU",
            "SOTHAMCHIEU",
            "SOBUTTOAN",
            "MAGIAODICH",
            "MAGD",
            "DOCNO",
            "REFERENCE",
            "REFERENCENO",
            "REFNO",
            "TRANSACTIONID",
        ],
    ),
];

/// The rank of a name that also means something else.
const WEAK: usize = usize::MAX;

/// The columns of a table that are read.
#[derive(Clone, Debug)]
pub(super) struct Header {
    /// The line on which it stands.
    pub line: u64,
    /// How many rows it takes.
    pub rows: usize,
    /// The names of all columns, on one line each.
    titles: Vec<String>,
    columns: Vec<(Role, usize)>,
    /// Whether the date's cells also hold the reference.
    is_combined: bool,
}

impl Header {
    /// Reads a row as the header, together with `further` ones below it. `None` when it does
    /// not name a date and an amount.
    pub(super) fn of(row: &Row, further: &[Row]) -> Option<Result<Self, Fault>> {
        let rows = || std::iter::once(row).chain(further);
        let width = rows().map(|it| it.cells.len()).max().unwrap_or(0);
        let titles: Vec<String> = (0..width)
            .map(|column| {
                let parts = rows().map(|it| it.cell(column).shown());
                parts
                    .filter(|it| !it.is_empty())
                    .collect::<Vec<_>>()
                    .join("\n")
            })
            .collect();
        let mut found: Vec<(Role, usize, usize)> = Vec::new();
        let mut is_combined = false;
        for (column, title) in titles.iter().enumerate() {
            let roles = roles_of(title);
            for (role, rank) in &roles {
                found.push((*role, column, *rank));
            }
            let has = |wanted| roles.iter().any(|(role, _)| *role == wanted);
            is_combined |= has(Role::Date) && has(Role::Reference);
        }
        let has = |wanted| found.iter().any(|(role, ..)| *role == wanted);
        let has_money = has(Role::Amount) || (has(Role::Debit) && has(Role::Credit));
        if !has(Role::Date) || !has_money {
            return None;
        }
        let mut header = Self {
            line: row.line,
            rows: 1 + further.len(),
            titles,
            columns: Vec::new(),
            is_combined,
        };
        Some(header.choose(&found).map(|()| header))
    }

    /// Keeps the preferred column of each role. Two columns of money cannot both be meant.
    fn choose(&mut self, found: &[(Role, usize, usize)]) -> Result<(), Fault> {
        for (role, _) in NAMES {
            let candidates = found.iter().filter(|(it, ..)| *it == role);
            let mut candidates: Vec<_> = candidates
                .map(|(_, column, rank)| (*rank, *column))
                .collect();
            candidates.sort_unstable();
            // “No” is a number where another column is the debit.
            if candidates.first().is_some_and(|(rank, _)| *rank < WEAK) {
                candidates.retain(|(rank, _)| *rank < WEAK);
            }
            let is_money = !matches!(role, Role::Date | Role::Content | Role::Reference);
            match candidates.as_slice() {
                [] => {}
                [_, (_, second), ..] if is_money => {
                    return Err(Fault {
                        line: self.line,
                        column: Some(self.cell(*second)),
                        reason: Reason::RepeatedColumn,
                    });
                }
                [(_, column), ..] => self.columns.push((role, *column)),
            }
        }
        Ok(())
    }

    /// The column of a role.
    pub(super) fn place(&self, wanted: Role) -> Option<usize> {
        let mut columns = self.columns.iter();
        columns
            .find(|(role, _)| *role == wanted)
            .map(|(_, column)| *column)
    }

    /// The cell of a role in a row; empty when the table has no such column.
    pub(super) fn cell_of<'a>(&self, row: &'a Row, role: Role) -> &'a Cell {
        self.place(role)
            .map_or(&Cell::Empty, |column| row.cell(column))
    }

    /// The name of a role's column for a fault.
    pub(super) fn name(&self, role: Role) -> Option<Column> {
        self.place(role).map(|column| self.cell(column))
    }

    fn cell(&self, column: usize) -> Column {
        let title = self.titles.get(column).map_or("", String::as_str);
        Column::Cell {
            letter: letter_of(column),
            title: title.split_whitespace().collect::<Vec<_>>().join(" "),
        }
    }

    pub(super) const fn is_combined(&self) -> bool {
        self.is_combined
    }

    /// How many columns are read: how well a way of cutting the rows fits.
    pub(super) const fn known(&self) -> usize {
        self.columns.len()
    }

    /// Whether a row is this header once more, on a further page.
    pub(super) fn repeats(&self, row: &Row) -> bool {
        let mut matching = 0;
        for (column, title) in self.titles.iter().enumerate() {
            let cell = row.cell(column).shown();
            if cell.is_empty() {
                continue;
            }
            // A header of two rows is repeated in two rows.
            let (title, cell) = (key(title), key(&cell));
            if !title.contains(&cell) {
                return false;
            }
            matching += 1;
        }
        matching > 0
    }
}

/// What a title says that its column holds, and how preferred each name is. A title may stand
/// in two languages, or name two things that share the cells.
fn roles_of(title: &str) -> Vec<(Role, usize)> {
    let parts = title.split(['/', '\n', '(', ')', '|', ':']);
    let mut roles: Vec<(Role, usize)> = Vec::new();
    for part in parts.chain(std::iter::once(title)) {
        let key = key(part);
        let bare = key.strip_suffix("VND").unwrap_or(&key);
        let found = NAMES.iter().find_map(|(role, names)| {
            let rank = names.iter().position(|it| *it == bare)?;
            // `No.` numbers the rows in English; `Nợ` without its marks is written alike.
            let is_weak = bare == "NO" && part.trim().is_ascii();
            Some((*role, if is_weak { WEAK } else { rank }))
        });
        let found = found.filter(|(_, rank)| *rank < WEAK || !part.contains('.'));
        if let Some((role, rank)) = found
            && !roles.iter().any(|(it, _)| *it == role)
        {
            roles.push((role, rank));
        }
    }
    // `Nợ/Có` names both sides and holds the word for one of them.
    let has = |wanted| roles.iter().any(|(role, _)| *role == wanted);
    if has(Role::Debit) && has(Role::Credit) {
        roles = vec![(Role::Side, 0)];
    }
    roles
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Titles and the columns that are found in them.
    type Case = (&'static [&'static str], &'static [(Role, usize)]);

    fn row(line: u64, cells: &[&str]) -> Row {
        Row {
            line,
            cells: cells.iter().map(|it| Cell::text(*it)).collect(),
        }
    }

    #[test]
    fn columns_are_found_in_either_language_in_both_and_across_line_breaks() {
        use Role::{Amount, Balance, Content, Credit, Date, Debit, Reference, Side};
        #[rustfmt::skip]
        let cases: &[Case] = &[
            (
                &["STT\nNo.", "Ngày/TNX Date\n/ Số CT/Doc No", "Số tiền ghi nợ/Debit", "Số tiền ghi có/Credit", "Số dư/Balance", "Nội dung chi tiết/Transactions in detail"],
                &[(Date, 1), (Debit, 2), (Credit, 3), (Balance, 4), (Content, 5), (Reference, 1)],
            ),
            (&["Ngày GD", "Diễn giải", "Nợ", "Có", "Số dư"], &[(Date, 0), (Debit, 2), (Credit, 3), (Balance, 4), (Content, 1)]),
            (&["Ngày hiệu lực", "Ngày giao dịch", "Tiền ra (VND)", "Tiền vào (VND)", "Tên/Số tài khoản đối ứng"], &[(Date, 1), (Debit, 2), (Credit, 3)]),
            (&["No", "Date", "Debit", "Credit"], &[(Date, 1), (Debit, 2), (Credit, 3)]),
            (&["NGAY", "NO", "CO"], &[(Date, 0), (Debit, 1), (Credit, 2)]),
            (&["Date", "Description", "Amount", "Reference"], &[(Date, 0), (Amount, 2), (Content, 1), (Reference, 3)]),
            (&["NGÀY", "SỐ TIỀN", "NỢ/CÓ"], &[(Date, 0), (Amount, 1), (Side, 2)]),
            (&["Nga\u{300}y", "Phát sinh\nnợ", "Phát sinh\ncó"], &[(Date, 0), (Debit, 1), (Credit, 2)]),
        ];
        for (titles, wanted) in cases {
            let header = Header::of(&row(3, titles), &[]).expect("a header").unwrap();
            assert_eq!(header.columns, *wanted, "{titles:?}");
        }
        for titles in [&["Ngày", "Nội dung"][..], &["Ngày", "Nợ"], &["a", "b"], &[]] {
            assert!(Header::of(&row(1, titles), &[]).is_none(), "{titles:?}");
        }
    }

    #[test]
    fn a_header_may_take_two_rows_and_stand_again_on_the_next_page() {
        let (top, below) = (
            row(1, &["Ngày", "Phát sinh", "", "Số dư"]),
            row(2, &["", "Nợ", "Có"]),
        );
        assert!(Header::of(&top, &[]).is_none());
        let header = Header::of(&top, std::slice::from_ref(&below))
            .unwrap()
            .unwrap();
        assert_eq!(header.place(Role::Credit), Some(2));
        assert!(header.repeats(&top) && header.repeats(&below));
        assert!(!header.repeats(&row(9, &["16/03/2026", "", "50000"])));
        assert!(!header.repeats(&row(9, &["", ""])));
    }

    #[test]
    fn two_columns_of_credits_are_refused_by_name() {
        let titles = row(4, &["Ngày", "Nợ", "Có", "Credit"]);
        let fault = Header::of(&titles, &[]).unwrap().unwrap_err();
        assert_eq!((fault.line, fault.reason), (4, Reason::RepeatedColumn));
        assert_eq!(fault.column.unwrap().to_string(), "D “Credit”");
    }
}
