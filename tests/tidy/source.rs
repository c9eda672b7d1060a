//! A Rust file as the rules see it: its tokens without tests and documentation, its comments,
//! its syntax.

use std::ops::RangeInclusive;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::spanned::Spanned as _;

/// A file that parses.
pub struct Source {
    /// From the root of the tree, with `/` between the parts.
    pub path: String,
    /// Number of lines, tests not counted.
    pub length: usize,
    /// What the compiler sees outside tests, documentation left out.
    pub tokens: Vec<Token>,
    /// Every line of a comment, documentation and tests included.
    pub comments: Vec<(usize, String)>,
    /// The parsed file, tests included.
    pub syntax: syn::File,
    tests: Vec<RangeInclusive<usize>>,
}

/// A token and the line (from 1) it stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// From 1.
    pub line: usize,
    /// What it is.
    pub kind: Kind,
}

/// The kinds of token that rules tell apart. Brackets are `Mark`s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A name or a keyword.
    Word(String),
    /// One character of punctuation or a bracket.
    Mark(char),
    /// A literal as written.
    Literal(String),
}

impl Token {
    /// Whether this is the name or keyword `word`.
    pub fn is_word(&self, word: &str) -> bool {
        matches!(&self.kind, Kind::Word(it) if it == word)
    }

    /// Whether this is the mark `mark`.
    pub fn is_mark(&self, mark: char) -> bool {
        self.kind == Kind::Mark(mark)
    }
}

impl Source {
    /// Reads `text` as the Rust file `path`.
    pub fn parse(path: &str, text: &str) -> Result<Self, syn::Error> {
        let syntax = syn::parse_file(text)?;
        let whole_file = path.starts_with("tests/") || path.ends_with("/tests.rs");
        let tests: Vec<_> = if whole_file {
            vec![1..=usize::MAX]
        } else {
            syntax.items.iter().filter_map(test_lines).collect()
        };
        let mut tokens = Vec::new();
        flatten(text.parse::<TokenStream>()?, &mut tokens);
        tokens.retain(|token| !tests.iter().any(|lines| lines.contains(&token.line)));
        let length = (1..=text.lines().count())
            .filter(|line| !tests.iter().any(|lines| lines.contains(line)))
            .count();
        Ok(Self {
            path: path.to_owned(),
            length,
            tokens,
            comments: comments(text),
            syntax,
            tests,
        })
    }

    /// Whether `line` belongs to tests.
    pub fn is_test(&self, line: usize) -> bool {
        self.tests.iter().any(|lines| lines.contains(&line))
    }

    /// The module below the crate's root that the file belongs to: `store` for
    /// `src/store/audit.rs`, `clock` for `src/clock.rs`. None outside `src`.
    pub fn layer(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        let first = inside.split('/').next()?;
        Some(first.strip_suffix(".rs").unwrap_or(first))
    }

    /// Whether the tokens from `index` spell `pattern`: words and marks separated by blanks.
    pub fn spells(&self, index: usize, pattern: &str) -> bool {
        pattern.split(' ').enumerate().all(|(offset, part)| {
            self.tokens.get(index + offset).is_some_and(|token| {
                let mut characters = part.chars();
                match (characters.next(), characters.next()) {
                    (Some(mark), None) if mark.is_ascii_punctuation() => token.is_mark(mark),
                    _ => token.is_word(part),
                }
            })
        })
    }
}

/// The lines of an item that is compiled for tests only, its attributes included.
fn test_lines(item: &syn::Item) -> Option<RangeInclusive<usize>> {
    let attributes = match item {
        syn::Item::Mod(it) => &it.attrs,
        syn::Item::Fn(it) => &it.attrs,
        syn::Item::Impl(it) => &it.attrs,
        syn::Item::Use(it) => &it.attrs,
        _ => return None,
    };
    let for_tests = attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Ident>()
                .is_ok_and(|argument| argument == "test")
    });
    for_tests.then(|| item.span().start().line..=item.span().end().line)
}

fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    let trees: Vec<TokenTree> = stream.into_iter().collect();
    let mut index = 0;
    while let Some(tree) = trees.get(index) {
        if let Some(length) = documentation_length(&trees[index..]) {
            index += length;
            continue;
        }
        let line = tree.span().start().line;
        let mut push = |line, kind| tokens.push(Token { line, kind });
        match tree {
            TokenTree::Ident(it) => push(line, Kind::Word(it.to_string())),
            TokenTree::Punct(it) => push(line, Kind::Mark(it.as_char())),
            TokenTree::Literal(it) => push(line, Kind::Literal(it.to_string())),
            TokenTree::Group(it) => {
                let marks = match it.delimiter() {
                    Delimiter::Parenthesis => Some(('(', ')')),
                    Delimiter::Brace => Some(('{', '}')),
                    Delimiter::Bracket => Some(('[', ']')),
                    Delimiter::None => None,
                };
                if let Some((open, _)) = marks {
                    push(line, Kind::Mark(open));
                }
                flatten(it.stream(), tokens);
                if let Some((_, close)) = marks {
                    tokens.push(Token {
                        line: it.span_close().start().line,
                        kind: Kind::Mark(close),
                    });
                }
            }
        }
        index += 1;
    }
}

/// How many trees a documentation comment takes at the start of `trees`: `#`, perhaps `!`, and
/// `[doc = ..]`.
fn documentation_length(trees: &[TokenTree]) -> Option<usize> {
    let is_mark =
        |tree: &TokenTree, mark| matches!(tree, TokenTree::Punct(it) if it.as_char() == mark);
    if !is_mark(trees.first()?, '#') {
        return None;
    }
    let at = if is_mark(trees.get(1)?, '!') { 2 } else { 1 };
    let TokenTree::Group(group) = trees.get(at)? else {
        return None;
    };
    let first = group.stream().into_iter().next()?;
    matches!(first, TokenTree::Ident(it) if it == "doc").then_some(at + 1)
}

/// Every line of every comment; what looks like one inside a string is none.
fn comments(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let (length, is_comment) = if rest.starts_with("//") {
            (rest.find('\n').unwrap_or(rest.len()), true)
        } else if rest.starts_with("/*") {
            (block_comment_length(rest), true)
        } else if let Some(length) = literal_length(rest) {
            (length, false)
        } else if first.is_alphanumeric() || first == '_' {
            let end = |it: char| !(it.is_alphanumeric() || it == '_');
            (rest.find(end).unwrap_or(rest.len()), false)
        } else {
            (first.len_utf8(), false)
        };
        let (piece, after) = rest.split_at(length);
        if is_comment {
            let lines = piece.lines().enumerate();
            found.extend(lines.map(|(offset, it)| (line + offset, it.to_owned())));
        }
        line += piece.matches('\n').count();
        rest = after;
    }
    found
}

/// Rust's block comments nest.
fn block_comment_length(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

/// The length of a string or character literal at the start of `text`; none for a lifetime.
fn literal_length(text: &str) -> Option<usize> {
    let prefix = text.find(|it| !matches!(it, 'b' | 'c' | 'r'))?;
    let body = &text[prefix..];
    let hashes = body.len() - body.trim_start_matches('#').len();
    if prefix > 0 && text[..prefix].ends_with('r') && body[hashes..].starts_with('"') {
        let end = format!("\"{}", "#".repeat(hashes));
        let start = prefix + hashes + 1;
        return Some(
            text[start..]
                .find(&end)
                .map_or(text.len(), |at| start + at + end.len()),
        );
    }
    let quote = body.chars().next().filter(|it| matches!(it, '"' | '\''))?;
    if quote == '\'' {
        let mut inside = body[1..].chars();
        let (first, second) = (inside.next()?, inside.next()?);
        if first != '\\' && second != '\'' {
            return None;
        }
    }
    let mut escaped = false;
    for (at, character) in body.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            it if it == quote => return Some(prefix + at + 1),
            _ => {}
        }
    }
    Some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_told_from_strings() {
        let text = concat!(
            "//! one\n",
            "const A: &str = \"// no\"; // two\n",
            "const B: &str = r#\"\"// no\"#; /* three\n",
            "/* four */ five */ const C: char = '\"'; // six\n",
            "fn f<'a>(x: &'a str) -> char { '\\'' } // seven\n",
            "const D: &[u8] = b\"\\\"// no\";\n",
        );
        let expected = [
            (1, "//! one"),
            (2, "// two"),
            (3, "/* three"),
            (4, "/* four */ five */"),
            (4, "// six"),
            (5, "// seven"),
        ]
        .map(|(line, text)| (line, text.to_owned()));
        assert_eq!(comments(text), expected);
    }

    #[test]
    fn tests_and_documentation_give_no_tokens() {
        let text = concat!(
            "/// documented\n",
            "fn kept() {}\n",
            "#[cfg(test)]\n",
            "mod tests {\n",
            "    fn dropped() {}\n",
            "}\n",
        );
        let source = Source::parse("src/a.rs", text).expect("Rust");
        assert_eq!(source.length, 2);
        assert!(source.spells(0, "fn kept ( ) { }"), "{:?}", source.tokens);
        assert_eq!(source.tokens.len(), 6);
        assert!(source.is_test(5) && !source.is_test(2));
    }

    #[test]
    fn a_file_belongs_to_the_module_below_the_root() {
        for (path, layer) in [
            ("src/store/audit.rs", Some("store")),
            ("src/clock.rs", Some("clock")),
            ("tests/it/main.rs", None),
        ] {
            let source = Source::parse(path, "").expect("Rust");
            assert_eq!(source.layer(), layer, "{path}");
        }
    }
}
