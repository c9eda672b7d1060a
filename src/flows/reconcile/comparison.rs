//! The verdict on lines of a statement, many at a time.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::news::{News, read_new_texts};
use super::survey::day_of;
use crate::domain::credit::Direction;
use crate::domain::day::start_of_day;
use crate::domain::ids::{AccountId, BankTransactionId, StatementId};
use crate::domain::linking::{KnownTransaction, Placement, Teller, Told, place};
use crate::domain::matching::Texts;
use crate::domain::money::Vnd;
use crate::domain::reconciliation::LineVerdict;
use crate::domain::statement::StatementLine;
use crate::flows::linking::Linker;
use crate::store::linking::{Places, Telling};
use crate::store::statements::lines::LineRow;
use crate::store::statements::near::{self, NearTransaction};
use crate::store::{StoreError, Tx};

/// A booked line of a statement.
#[derive(Clone, Debug)]
pub(in crate::flows) struct Stated {
    /// From 1, in the order of the file.
    pub(in crate::flows) number: i64,
    /// The line or row of the file.
    pub(in crate::flows) file_line: i64,
    pub(in crate::flows) direction: Direction,
    pub(in crate::flows) amount: Vnd,
    /// The bank's time. Where the file tells only the day, its beginning: that makes nothing
    /// late.
    pub(in crate::flows) occurred_at: DateTime<Utc>,
    pub(in crate::flows) local_day: NaiveDate,
    pub(in crate::flows) content: String,
    pub(in crate::flows) bank_reference: Option<String>,
}

impl Stated {
    pub(super) fn new(number: i64, line: StatementLine) -> Self {
        Self {
            number,
            file_line: i64::try_from(line.line).unwrap_or(i64::MAX),
            direction: line.direction,
            amount: line.amount,
            occurred_at: line
                .occurred_at
                .unwrap_or_else(|| start_of_day(line.occurred_on)),
            local_day: day_of(&line),
            content: line.content,
            bank_reference: line.bank_reference,
        }
    }

    /// A line that was written down before.
    pub(in crate::flows) fn stored(row: LineRow) -> Result<Self, StoreError> {
        Ok(Self {
            number: row.number,
            file_line: row.file_line.unwrap_or_default(),
            direction: row.direction()?,
            amount: row.amount()?,
            occurred_at: row.occurred_at,
            local_day: row.local_day,
            content: row.content.unwrap_or_default(),
            bank_reference: row.bank_reference,
        })
    }

    /// Where it may name one of our references.
    pub(in crate::flows) fn texts(&self) -> Texts<'_> {
        Texts {
            content: &self.content,
            order_field: None,
        }
    }

    /// A hash over the facts as told.
    pub(in crate::flows) fn fact_hash(&self) -> Vec<u8> {
        let told = json!([
            self.direction.as_str(),
            self.amount.get(),
            self.bank_reference,
            self.local_day,
        ]);
        Sha256::digest(told.to_string()).to_vec()
    }
}

/// A line with its verdict.
#[derive(Clone, Debug)]
pub(in crate::flows) struct Compared {
    pub(in crate::flows) line: Stated,
    pub(in crate::flows) verdict: LineVerdict,
    /// The transaction that it tells of.
    pub(in crate::flows) transaction: Option<BankTransactionId>,
    /// What that transaction moved, đồng.
    pub(in crate::flows) known_amount_vnd: Option<i64>,
    /// What it adds to what was told of that transaction.
    pub(in crate::flows) news: News,
    /// What may be the same money, when the statement tells one reference twice.
    pub(in crate::flows) duplicate_of: Option<BankTransactionId>,
    /// The hash of its day and text.
    pub(in crate::flows) text_link: Vec<u8>,
    /// What its text names, as JSON, where the text is new.
    pub(in crate::flows) naming: Option<String>,
    /// Whether that was not told of its transaction.
    pub(in crate::flows) names_more: bool,
}

impl Compared {
    /// The transaction that is the same money, if there is one.
    pub(in crate::flows) fn matched(&self) -> Option<BankTransactionId> {
        self.transaction
            .filter(|_| self.verdict == LineVerdict::Matched)
    }
}

/// Compares the lines of one statement with what is stored. It remembers which transactions
/// have a line, sixteen bytes for each.
#[derive(Debug)]
pub(in crate::flows) struct Comparison {
    linker: Linker,
    import: StatementId,
    account: AccountId,
    taken: HashSet<BankTransactionId>,
}

impl Comparison {
    pub(in crate::flows) fn new(linker: Linker, import: StatementId, account: AccountId) -> Self {
        Self {
            linker,
            import,
            account,
            taken: HashSet::new(),
        }
    }

    /// The account that the statement tells of.
    pub(super) const fn account(&self) -> AccountId {
        self.account
    }

    /// Whether a line tells of this transaction.
    pub(in crate::flows) fn has(&self, transaction: BankTransactionId) -> bool {
        self.taken.contains(&transaction)
    }

    /// The verdict on some lines, in their order.
    pub(in crate::flows) async fn compare(
        &mut self,
        tx: &mut Tx,
        lines: Vec<Stated>,
    ) -> Result<Vec<Compared>, StoreError> {
        self.judge_all(tx, lines, Lines::Streamed).await
    }

    /// The verdict on a line that was written down before, and the places of a transaction
    /// that is made of it. They are read first: whoever stores the same transaction after that
    /// takes the same ones, and one of the two fails.
    pub(in crate::flows) async fn compare_again(
        &mut self,
        tx: &mut Tx,
        line: Stated,
    ) -> Result<(Compared, Places), StoreError> {
        let placed = self.linker.place(tx, &self.telling(&line)).await?;
        let mut compared = self.judge_all(tx, vec![line], Lines::Stored).await?;
        let compared = compared.pop().expect("one line has one verdict");
        Ok((compared, placed.places))
    }

    async fn judge_all(
        &mut self,
        tx: &mut Tx,
        lines: Vec<Stated>,
        whence: Lines,
    ) -> Result<Vec<Compared>, StoreError> {
        let hashes: Vec<Vec<u8>> = lines.iter().map(|line| self.text_link(line)).collect();
        let references = lines
            .iter()
            .filter_map(|line| line.bank_reference.as_deref());
        let references: Vec<&str> = references.collect();
        let near = near::find(tx, self.account, &references, &hashes).await?;
        if whence == Lines::Stored {
            let ids: Vec<_> = near.iter().map(|one| one.id).collect();
            let told = near::with_a_line(tx, self.import, &ids).await?;
            self.taken.extend(told);
        }
        let mut index = Index::default();
        for (place, one) in near.iter().enumerate() {
            index.add(place, one);
        }
        let compared = lines.into_iter().zip(hashes);
        let mut compared: Vec<Compared> = compared
            .map(|(line, text_link)| {
                self.judge(&index.around(&near, &line, &text_link), line, text_link)
            })
            .collect();
        read_new_texts(tx, &near, &mut compared).await?;
        Ok(compared)
    }

    fn teller(&self) -> Teller {
        Teller::from_uuid(self.import.uuid())
    }

    fn text_link(&self, line: &Stated) -> Vec<u8> {
        self.linker.text_link(&self.telling(line))
    }

    fn telling<'a>(&self, line: &'a Stated) -> Telling<'a> {
        Telling {
            teller: self.teller(),
            account: self.account,
            direction: line.direction,
            amount: line.amount,
            local_day: line.local_day,
            text: &line.content,
            reference: line.bank_reference.as_deref(),
        }
    }

    fn judge(&mut self, around: &[&NearTransaction], line: Stated, text_link: Vec<u8>) -> Compared {
        let same = |one: &&NearTransaction| {
            one.direction == line.direction && one.amount_vnd == line.amount.get()
        };
        let reference = line.bank_reference.as_deref();
        let equal: Vec<&NearTransaction> = around.iter().copied().filter(same).collect();
        let known: Vec<_> = equal
            .iter()
            .map(|one| self.known(one, &text_link))
            .collect();
        let (at, duplicate_of) = match place(&known, self.teller(), reference) {
            Placement::At(at) | Placement::Instead { at, .. } => (Some(at), None),
            Placement::New { duplicate_of } => (None, duplicate_of),
        };
        if let Some(at) = at {
            self.taken.insert(at);
            let told = equal.iter().find(|one| one.id == at);
            let news = told.map(|told| News::of(&line, told, &text_link));
            return Compared {
                verdict: LineVerdict::Matched,
                transaction: Some(at),
                known_amount_vnd: Some(line.amount.get()),
                news: news.unwrap_or_default(),
                duplicate_of: None,
                text_link,
                naming: None,
                names_more: false,
                line,
            };
        }
        let other = around.iter().find(|one| {
            one.direction == line.direction
                && !one.is_suspected
                && one.amount_vnd != line.amount.get()
                && reference.is_some()
                && one.has_reference(reference)
                && !self.taken.contains(&one.id)
        });
        self.taken.extend(other.map(|one| one.id));
        Compared {
            verdict: match other {
                Some(_) => LineVerdict::AmountDiffers,
                None => LineVerdict::MissingHere,
            },
            transaction: other.map(|one| one.id),
            known_amount_vnd: other.map(|one| one.amount_vnd),
            news: News::default(),
            duplicate_of,
            text_link,
            naming: None,
            names_more: false,
            line,
        }
    }

    /// A transaction as the rule of linking sees it. Lines with a reference are placed before
    /// the others, so whatever this statement told of by now, it told with one, or has no
    /// more lines with one.
    fn known(&self, one: &NearTransaction, text_link: &[u8]) -> KnownTransaction {
        let tellings = one.tellings.iter().map(|(teller, reference, told)| Told {
            teller: *teller,
            reference: reference.clone(),
            has_same_text: told.as_deref() == Some(text_link),
        });
        let own = self.taken.contains(&one.id).then(|| Told {
            teller: self.teller(),
            reference: Some(String::new()),
            has_same_text: false,
        });
        KnownTransaction {
            id: one.id,
            is_suspected: one.is_suspected,
            tellings: tellings.chain(own).collect(),
        }
    }
}

/// Where lines come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lines {
    /// The file: which transactions have a line is remembered.
    Streamed,
    /// The database: that is looked up there.
    Stored,
}

/// Transactions by what they were told with.
#[derive(Default)]
struct Index<'a> {
    by_reference: HashMap<&'a str, Vec<usize>>,
    by_link: HashMap<&'a [u8], Vec<usize>>,
}

impl<'a> Index<'a> {
    fn add(&mut self, place: usize, one: &'a NearTransaction) {
        for (_, reference, link) in &one.tellings {
            if let Some(reference) = reference {
                self.by_reference.entry(reference).or_default().push(place);
            }
            if let Some(link) = link {
                self.by_link.entry(link).or_default().push(place);
            }
        }
    }

    /// What a line may be about, first recorded first.
    fn around(
        &self,
        near: &'a [NearTransaction],
        line: &Stated,
        text_link: &[u8],
    ) -> Vec<&'a NearTransaction> {
        let reference = line.bank_reference.as_deref();
        let by_reference = reference.and_then(|it| self.by_reference.get(it));
        let by_link = self.by_link.get(text_link);
        let mut places: Vec<usize> = [by_reference, by_link]
            .into_iter()
            .flatten()
            .flatten()
            .copied()
            .collect();
        places.sort_unstable();
        places.dedup();
        places.into_iter().map(|place| &near[place]).collect()
    }
}
