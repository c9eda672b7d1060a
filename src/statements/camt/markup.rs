//! XML with nothing in it that could mean more than it shows: no document type, no entities
//! beyond the five that XML has itself, no processing instructions, one vocabulary, bounded
//! depth and length.

use std::io::Read;

use quick_xml::errors::{Error, SyntaxError};
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::{NsReader, XmlVersion};

use super::element::Element;
use crate::domain::statement::StatementForm;
use crate::statements::fault::{Column, Fault, found};
use crate::statements::input::{BeyondBound, Input, Place};
use crate::statements::reason::{Construct, Reason};

/// The largest token: a tag, a text between two tags.
const TOKEN_MAX_BYTES: usize = 64 * 1024;
/// The deepest nesting.
const DEPTH_MAX: usize = 32;
/// The most that one part of a statement may hold, in bytes of text and of tags.
const PART_MAX_BYTES: usize = 4 * 1024 * 1024;
/// What an element costs beside its text.
const ELEMENT_BYTES: usize = 128;

/// The messages that are read, each without its version.
const NAMESPACES: [(&str, StatementForm); 2] = [
    (
        "urn:iso:std:iso:20022:tech:xsd:camt.053.001.",
        StatementForm::Camt053,
    ),
    (
        "urn:iso:std:iso:20022:tech:xsd:camt.054.001.",
        StatementForm::Camt054,
    ),
];
/// The versions that are read.
const VERSIONS: std::ops::RangeInclusive<u8> = 2..=13;

/// What follows in the file.
#[derive(Debug)]
pub(super) enum Token {
    /// An element begins.
    Open {
        /// Its name, if it is one that is read or a container of such.
        name: String,
        /// Its attribute `Ccy`.
        currency: Option<String>,
    },
    /// An element ends.
    Close,
    /// Text of the element.
    Text(String),
    /// The document is over.
    Over,
}

/// What one event of the reader says.
enum Said {
    Open(Tag),
    Close,
    Text(String),
    Nothing,
    Over,
}

/// The beginning of an element.
struct Tag {
    name: String,
    namespace: String,
    currency: Option<String>,
    is_empty: bool,
}

/// The tokens of a document.
pub(super) struct Markup<R> {
    reader: NsReader<Input<R>>,
    buffer: Vec<u8>,
    form: Option<StatementForm>,
    namespace: String,
    /// How many elements are open.
    depth: usize,
    /// How many elements were open around the foreign content that is being passed over.
    foreign: Option<usize>,
    began: bool,
    pending_close: bool,
}

impl<R: Read> Markup<R> {
    pub(super) fn new(input: Input<R>) -> Self {
        let mut reader = NsReader::from_reader(input);
        reader.config_mut().check_comments = true;
        Self {
            reader,
            buffer: Vec::new(),
            form: None,
            namespace: String::new(),
            depth: 0,
            foreign: None,
            began: false,
            pending_close: false,
        }
    }

    /// What the document is, once its first element was read.
    pub(super) const fn form(&self) -> Option<StatementForm> {
        self.form
    }

    /// How many elements are open.
    pub(super) const fn depth(&self) -> usize {
        self.depth
    }

    fn place(&mut self) -> Place {
        self.reader.get_mut().place()
    }

    /// The next token, and the line on which it begins.
    pub(super) fn next(&mut self) -> Result<(u64, Token), Fault> {
        loop {
            let place = self.place();
            if std::mem::take(&mut self.pending_close) {
                self.depth -= 1;
                return Ok((place.line, Token::Close));
            }
            let token = self.step().map_err(|reason| Fault {
                line: place.line,
                column: Some(Column::Byte(place.byte)),
                reason,
            })?;
            if let Some(token) = token {
                return Ok((place.line, token));
            }
        }
    }

    /// One event; `None` for one that says nothing.
    fn step(&mut self) -> Result<Option<Token>, Reason> {
        self.reader.get_mut().allow(TOKEN_MAX_BYTES);
        self.buffer.clear();
        let is_first = !std::mem::replace(&mut self.began, true);
        let (namespace, event) = self
            .reader
            .read_resolved_event_into(&mut self.buffer)
            .map_err(|error| reason_of(&error))?;
        match said(&namespace, &event, is_first)? {
            Said::Nothing => Ok(None),
            Said::Open(tag) => self.open(tag),
            Said::Close => {
                self.depth -= 1;
                Ok((!self.leaves_foreign()).then_some(Token::Close))
            }
            Said::Text(text) => self.text(text),
            Said::Over if self.depth > 0 || self.form.is_none() => Err(Reason::CutOff),
            Said::Over => Ok(Some(Token::Over)),
        }
    }

    fn open(&mut self, tag: Tag) -> Result<Option<Token>, Reason> {
        let Tag {
            name,
            namespace,
            currency,
            is_empty,
        } = tag;
        if self.depth == DEPTH_MAX {
            return Err(Reason::TooDeep);
        }
        if self.depth == 0 {
            if self.form.is_some() {
                return Err(Reason::NotXml);
            }
            let form = form_of(&namespace).filter(|_| name == "Document");
            let shown = if namespace.is_empty() {
                &name
            } else {
                &namespace
            };
            self.form = Some(form.ok_or_else(|| Reason::OtherMessage {
                found: found(shown),
            })?);
            self.namespace.clone_from(&namespace);
        }
        if self.foreign.is_none() && namespace != self.namespace {
            return Err(Reason::OtherMessage {
                found: found(&name),
            });
        }
        // What is put into an envelope of its own may speak any vocabulary.
        if self.foreign.is_none() && name == "SplmtryData" && !is_empty {
            self.foreign = Some(self.depth);
        }
        if self.foreign.is_some() {
            self.depth += usize::from(!is_empty);
            return Ok(None);
        }
        self.depth += 1;
        self.pending_close = is_empty;
        Ok(Some(Token::Open { name, currency }))
    }

    /// Whether the element that ended was passed over.
    fn leaves_foreign(&mut self) -> bool {
        let is_foreign = self.foreign.is_some();
        if self.foreign == Some(self.depth) {
            self.foreign = None;
        }
        is_foreign
    }

    fn text(&self, text: String) -> Result<Option<Token>, Reason> {
        let is_legal = |it: char| matches!(it, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{1_0000}'..);
        if !text.chars().all(is_legal) {
            return Err(Reason::NotXml);
        }
        if self.depth == 0 && !text.trim().is_empty() {
            return Err(Reason::NotXml);
        }
        Ok(self.foreign.is_none().then_some(Token::Text(text)))
    }

    /// Reads the element that was just opened as a tree.
    pub(super) fn tree(
        &mut self,
        name: &'static str,
        line: u64,
        currency: Option<String>,
    ) -> Result<Element, Fault> {
        let new = |name, line, currency| Element {
            name,
            line,
            currency,
            ..Element::default()
        };
        let mut open = vec![new(name, line, currency)];
        let mut size = 0;
        loop {
            let (line, token) = self.next()?;
            match token {
                Token::Open { name, currency } => match Element::known(&name) {
                    Some(name) => {
                        size += ELEMENT_BYTES;
                        open.push(new(name, line, currency));
                    }
                    None => self.pass_over()?,
                },
                Token::Text(text) => {
                    size += text.len();
                    let element = open.last_mut().expect("the outermost is open");
                    element.text.push_str(&text);
                }
                Token::Close => {
                    let element = open.pop().expect("the outermost is open");
                    match open.last_mut() {
                        Some(parent) => parent.children.push(element),
                        None => return Ok(element),
                    }
                }
                // The end of the file within an element is a fault.
                Token::Over => return Err(Fault::of_line(line, Reason::CutOff)),
            }
            if size > PART_MAX_BYTES {
                return Err(Fault::of_line(line, Reason::TooLong));
            }
        }
    }

    /// Passes over the element that was just opened.
    pub(super) fn pass_over(&mut self) -> Result<(), Fault> {
        let outside = self.depth - 1;
        while self.depth > outside {
            self.next()?;
        }
        Ok(())
    }
}

/// What a namespace says a document is.
fn form_of(namespace: &str) -> Option<StatementForm> {
    NAMESPACES.iter().find_map(|(start, form)| {
        let version = namespace.strip_prefix(start)?;
        let is_number = version.len() == 2 && version.bytes().all(|it| it.is_ascii_digit());
        let number = version.parse().ok().filter(|_| is_number)?;
        VERSIONS.contains(&number).then_some(*form)
    })
}

/// Takes from an event what is read, and refuses what a statement must not hold.
fn said(namespace: &ResolveResult<'_>, event: &Event<'_>, is_first: bool) -> Result<Said, Reason> {
    let forbidden = |construct| Err(Reason::Forbidden { construct });
    let open = |tag: &BytesStart<'_>, is_empty| {
        let namespace = match namespace {
            ResolveResult::Bound(Namespace(name)) => (*name).to_owned(),
            ResolveResult::Unbound => String::new(),
            ResolveResult::Unknown(_) => return Err(Reason::NotXml),
        };
        Ok(Said::Open(Tag {
            name: tag.local_name().as_ref().to_owned(),
            namespace,
            currency: currency_of(tag)?,
            is_empty,
        }))
    };
    match event {
        Event::Start(tag) => open(tag, false),
        Event::Empty(tag) => open(tag, true),
        Event::End(_) => Ok(Said::Close),
        Event::Text(text) => Ok(Said::Text(text.xml10_content().into_owned())),
        Event::CData(text) => Ok(Said::Text(text.xml10_content().into_owned())),
        Event::GeneralRef(reference) => {
            if let Some(character) = reference.resolve_char_ref().map_err(|_| Reason::NotXml)? {
                return Ok(Said::Text(character.to_string()));
            }
            match quick_xml::escape::resolve_predefined_entity(&reference.xml10_content()) {
                Some(text) => Ok(Said::Text(text.to_owned())),
                None => forbidden(Construct::Entity),
            }
        }
        Event::Comment(_) => Ok(Said::Nothing),
        Event::Decl(declaration) if is_first => {
            let encoding = declaration.encoding().transpose();
            let encoding = encoding.map_err(|_| Reason::NotXml)?;
            let is_utf8 = encoding.is_none_or(|it| it.eq_ignore_ascii_case("utf-8"));
            is_utf8.then_some(Said::Nothing).ok_or(Reason::XmlEncoding)
        }
        Event::Decl(_) | Event::PI(_) => forbidden(Construct::ProcessingInstruction),
        Event::DocType(_) => forbidden(Construct::DocumentType),
        Event::Eof => Ok(Said::Over),
    }
}

/// The attribute `Ccy`; every attribute is checked.
fn currency_of(tag: &BytesStart<'_>) -> Result<Option<String>, Reason> {
    let mut currency = None;
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|_| Reason::NotXml)?;
        if attribute.key.as_ref() == "Ccy" {
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|_| Reason::NotXml)?;
            currency = Some(value.into_owned());
        }
    }
    Ok(currency)
}

fn reason_of(error: &Error) -> Reason {
    match error {
        Error::Io(error) => BeyondBound::reason_of(error),
        Error::Syntax(SyntaxError::InvalidBangMarkup) => Reason::NotXml,
        Error::Syntax(_) => Reason::CutOff,
        _ => Reason::NotXml,
    }
}
