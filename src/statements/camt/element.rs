//! One part of a statement as a small tree: a balance, an entry with its details.
use crate::statements::fault::Fault;
use crate::statements::reason::Reason;

/// An element that is read, without the parts that nothing here needs.
#[derive(Debug, Default)]
pub(super) struct Element {
    /// Its name without a prefix.
    pub name: &'static str,
    /// The line on which it begins, from 1.
    pub line: u64,
    /// Its attribute `Ccy`.
    pub currency: Option<String>,
    /// Its text, that of its children left out.
    pub text: String,
    /// What it holds.
    pub children: Vec<Element>,
}

/// The elements that are read; the others, payers' names and accounts among them, are passed
/// over.
const NAMES: [&str; 36] = [
    "Acct",
    "AcctSvcrRef",
    "AddtlNtryInf",
    "AddtlTxInf",
    "Amt",
    "AmtDtls",
    "Bal",
    "BookgDt",
    "Ccy",
    "Cd",
    "CdOrPrtry",
    "CdtDbtInd",
    "CdtrRefInf",
    "Dt",
    "DtTm",
    "EndToEndId",
    "FrDtTm",
    "FrToDt",
    "IBAN",
    "Id",
    "Ntry",
    "NtryDtls",
    "Othr",
    "Ref",
    "Refs",
    "RmtInf",
    "RvslInd",
    "Strd",
    "Sts",
    "ToDtTm",
    "Tp",
    "TxAmt",
    "TxDtls",
    "TxId",
    "Ustrd",
    "ValDt",
];

impl Element {
    /// The name of an element that is read.
    pub(super) fn known(name: &str) -> Option<&'static str> {
        NAMES.into_iter().find(|it| *it == name)
    }

    /// Every child of this name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |it| it.name == name)
    }

    /// The one child of this name, if it is there; two of them contradict each other.
    pub(super) fn one(&self, name: &'static str) -> Result<Option<&Self>, Fault> {
        let mut found = self.all(name);
        let first = found.next();
        match found.next() {
            Some(second) => Err(second.fault(Reason::Repeated)),
            None => Ok(first),
        }
    }

    /// The one child of this name, which has to be there.
    pub(super) fn required(&self, name: &'static str) -> Result<&Self, Fault> {
        self.one(name)?
            .ok_or_else(|| Fault::of_field(self.line, name, Reason::Missing))
    }

    /// What stands at the end of a path of names, if it is there.
    pub(super) fn at(&self, path: &[&'static str]) -> Result<Option<&Self>, Fault> {
        let mut element = self;
        for name in path {
            match element.one(name)? {
                Some(child) => element = child,
                None => return Ok(None),
            }
        }
        Ok(Some(element))
    }

    /// Its text without the blanks around it.
    pub(super) fn trimmed(&self) -> &str {
        self.text.trim()
    }

    /// A fault of this element.
    pub(super) const fn fault(&self, reason: Reason) -> Fault {
        Fault::of_field(self.line, self.name, reason)
    }
}
