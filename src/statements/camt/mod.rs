//! ISO 20022 statements (camt.053) and notifications (camt.054), versions 02 to 13.
//!
//! The two share their entries; a statement has balances beside. One part of the document (a
//! balance, an entry with its details) is in memory at a time.

mod element;
mod entry;
mod markup;

use std::collections::VecDeque;
use std::io::Read;

use self::element::Element;
use self::markup::{Markup, Token};
use super::fault::{Fault, Scope, found};
use super::input::Input;
use super::reason::Reason;
use super::{Item, amount, date, text};
use crate::domain::credit::Direction;
use crate::domain::statement::{Balance, LineOrder, StatementEnd, StatementForm, StatementHead};

/// What VND is called.
const CURRENCY: &str = "VND";

/// The statements of a document, in its order.
pub struct Camt<R> {
    markup: Markup<R>,
    /// What is read but not yet told.
    told: VecDeque<Result<Item, Fault>>,
    statement: Option<Open>,
    is_over: bool,
}

/// A statement at work.
struct Open {
    head: StatementHead,
    /// Whether the head was told: what belongs to it stands before the first entry.
    is_told: bool,
    end: StatementEnd,
}

impl<R: Read> Camt<R> {
    /// Reads a document from its beginning.
    pub fn new(bytes: R) -> Self {
        Self {
            markup: Markup::new(Input::new(bytes)),
            told: VecDeque::new(),
            statement: None,
            is_over: false,
        }
    }

    fn step(&mut self) -> Result<(), Fault> {
        let (line, token) = self.markup.next()?;
        match token {
            Token::Open { name, currency } => self.open(line, &name, currency),
            Token::Close => {
                if self.markup.depth() < STATEMENT_DEPTH {
                    self.close();
                }
                Ok(())
            }
            Token::Text(_) => Ok(()),
            Token::Over => {
                self.is_over = true;
                Ok(())
            }
        }
    }

    fn open(&mut self, line: u64, name: &str, currency: Option<String>) -> Result<(), Fault> {
        let form = self.markup.form().expect("the first element says it");
        let (message, statement) = names(form);
        match self.markup.depth() {
            1 => Ok(()),
            2 if name == message => Ok(()),
            2 => Err(Fault::of_line(
                line,
                Reason::OtherMessage { found: found(name) },
            )),
            STATEMENT_DEPTH if name == statement => {
                self.statement = Some(Open::new(line, form));
                Ok(())
            }
            _ if self.statement.is_none() => self.markup.pass_over(),
            _ => match Element::known(name) {
                Some(name) => {
                    let part = self.markup.tree(name, line, currency)?;
                    self.take(&part);
                    Ok(())
                }
                None => self.markup.pass_over(),
            },
        }
    }

    /// Takes one part of a statement.
    fn take(&mut self, part: &Element) {
        let open = self
            .statement
            .as_mut()
            .expect("a part stands in a statement");
        if part.name != "Ntry" {
            if let Err(fault) = open.learn(part) {
                self.told.push_back(Err(fault));
            }
            return;
        }
        if !std::mem::replace(&mut open.is_told, true) {
            self.told.push_back(Ok(Item::Head(open.head.clone())));
        }
        match entry::lines(part) {
            Ok(lines) => {
                open.end.lines += u64::try_from(lines.len()).expect("an entry is bounded");
                let lines = lines.into_iter().map(|line| Ok(Item::Line(line)));
                self.told.extend(lines);
            }
            Err(fault) => self.told.push_back(Err(fault)),
        }
    }

    fn close(&mut self) {
        let Some(open) = self.statement.take() else {
            return;
        };
        if !open.is_told {
            self.told.push_back(Ok(Item::Head(open.head)));
        }
        self.told.push_back(Ok(Item::End(open.end)));
    }
}

impl<R: Read> Iterator for Camt<R> {
    type Item = Result<Item, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.told.is_empty() && !self.is_over {
            if let Err(fault) = self.step() {
                self.is_over = fault.reason.scope() == Scope::File;
                self.told.push_back(Err(fault));
            }
        }
        self.told.pop_front()
    }
}

/// How deep a statement stands in its document.
const STATEMENT_DEPTH: usize = 3;

/// The elements that hold the message and each of its statements.
const fn names(form: StatementForm) -> (&'static str, &'static str) {
    match form {
        StatementForm::Camt053 => ("BkToCstmrStmt", "Stmt"),
        _ => ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
    }
}

impl Open {
    const fn new(line: u64, form: StatementForm) -> Self {
        Self {
            head: StatementHead {
                line,
                form,
                account_number: None,
                currency: None,
                from: None,
                to: None,
                opening: None,
                order: LineOrder::OldestFirst,
            },
            is_told: false,
            end: StatementEnd {
                line,
                closing: None,
                lines: 0,
            },
        }
    }

    /// Takes what a part says about the statement as a whole.
    fn learn(&mut self, part: &Element) -> Result<(), Fault> {
        match part.name {
            "Acct" => {
                self.head.account_number = account_of(part)?;
                if let Some(currency) = part.one("Ccy")? {
                    check_currency(currency, currency.trimmed())?;
                    self.head.currency = Some(currency.trimmed().to_owned());
                }
            }
            "FrToDt" => {
                for (name, day) in [
                    ("FrDtTm", &mut self.head.from),
                    ("ToDtTm", &mut self.head.to),
                ] {
                    if let Some(time) = part.one(name)? {
                        let moment = date::iso_time(time.trimmed());
                        *day = Some(moment.map_err(|reason| time.fault(reason))?.on);
                    }
                }
            }
            "Bal" => match part.at(&["Tp", "CdOrPrtry", "Cd"])?.map(Element::trimmed) {
                Some("OPBD" | "PRCD") if self.head.opening.is_none() => {
                    self.head.opening = Some(balance_of(part)?);
                }
                Some("CLBD") => {
                    self.end.closing = Some(balance_of(part)?);
                    self.end.line = part.line;
                }
                _ => {}
            },
            _ => {}
        }
        Ok(())
    }
}

fn account_of(account: &Element) -> Result<Option<String>, Fault> {
    let paths: [&[&str]; 2] = [&["Id", "Othr", "Id"], &["Id", "IBAN"]];
    for path in paths {
        if let Some(number) = account.at(path)? {
            let name = text::name(number.trimmed());
            return name.map_err(|reason| number.fault(reason));
        }
    }
    Ok(None)
}

fn balance_of(part: &Element) -> Result<Balance, Fault> {
    let amount = part.required("Amt")?;
    check_currency(amount, amount.currency.as_deref().unwrap_or(CURRENCY))?;
    let magnitude = amount::whole(amount.trimmed(), '.').map_err(|it| amount.fault(it))?;
    let balance = Balance::default().after(direction_of(part)?, magnitude);
    Ok(balance.expect("an amount is smaller than the largest balance"))
}

fn direction_of(part: &Element) -> Result<Direction, Fault> {
    let word = part.required("CdtDbtInd")?;
    match word.trimmed() {
        "CRDT" => Ok(Direction::Credit),
        "DBIT" => Ok(Direction::Debit),
        other => Err(word.fault(Reason::UnknownWord {
            found: found(other),
        })),
    }
}

fn check_currency(element: &Element, currency: &str) -> Result<(), Fault> {
    if currency == CURRENCY {
        return Ok(());
    }
    Err(element.fault(Reason::OtherCurrency {
        found: found(currency),
    }))
}

#[cfg(test)]
mod tests;
