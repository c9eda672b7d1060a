//! Documents of ours as pages show them: the part of Markdown that they are written in, with
//! headings, paragraphs, lists, tables, `code` and **weight**.
//!
//! A document in `docs` is the one home of what it says; a page shows it whole.

use askama::Template;

/// A document, read.
pub(super) struct Document {
    /// Its heading.
    pub(super) title: Line,
    pub(super) blocks: Vec<Block>,
}

/// What stands between two empty lines.
pub(super) enum Block {
    Heading(Line),
    Paragraph(Line),
    List(Vec<Line>),
    Table(Table),
}

/// A table with one line of headings.
pub(super) struct Table {
    pub(super) head: Vec<Line>,
    pub(super) rows: Vec<Vec<Cell>>,
}

/// A cell, which names its column where columns stand under one another.
pub(super) struct Cell {
    pub(super) column: String,
    pub(super) line: Line,
}

/// A line of text; it writes itself as HTML.
#[derive(Template)]
#[template(path = "line.html")]
pub(super) struct Line {
    pieces: Vec<Piece>,
}

/// A part of a line.
enum Piece {
    Plain(&'static str),
    Code(&'static str),
    Strong(&'static str),
}

impl Piece {
    const fn text(&self) -> &'static str {
        match self {
            Self::Plain(text) | Self::Code(text) | Self::Strong(text) => text,
        }
    }
}

impl Line {
    /// Reads a line. A mark that does not end is text.
    pub(super) fn read(text: &'static str) -> Self {
        let mut pieces = Vec::new();
        let (mut rest, mut searched) = (text, 0);
        while let Some(found) = rest[searched..].find(['`', '*']) {
            let start = searched + found;
            let mark = if rest[start..].starts_with('`') {
                "`"
            } else {
                "**"
            };
            let marked = rest[start..].strip_prefix(mark);
            let Some((inside, behind)) = marked.and_then(|text| text.split_once(mark)) else {
                searched = start + 1;
                continue;
            };
            if start > 0 {
                pieces.push(Piece::Plain(&rest[..start]));
            }
            pieces.push(match mark {
                "`" => Piece::Code(inside),
                _ => Piece::Strong(inside),
            });
            (rest, searched) = (behind, 0);
        }
        if !rest.is_empty() {
            pieces.push(Piece::Plain(rest));
        }
        Self { pieces }
    }

    /// Its text without marks.
    pub(super) fn plain(&self) -> String {
        self.pieces.iter().map(Piece::text).collect()
    }
}

impl Document {
    /// Reads a document. Its first line is the title; a line that is a link leads to the same
    /// document in another language, which a page does in its own way.
    pub(super) fn read(text: &'static str) -> Self {
        let (title, rest) = text.split_once('\n').unwrap_or((text, ""));
        let blocks = rest.split("\n\n").map(str::trim);
        let blocks = blocks.filter(|block| !block.is_empty() && !block.starts_with('['));
        Self {
            title: Line::read(title.trim_start_matches("# ")),
            blocks: blocks.map(Block::read).collect(),
        }
    }
}

impl Block {
    fn read(text: &'static str) -> Self {
        if let Some(heading) = text.strip_prefix("## ") {
            Self::Heading(Line::read(heading))
        } else if text.starts_with('|') {
            Self::Table(Table::read(text))
        } else if text.starts_with("- ") {
            let items = text.lines().map(|item| item.trim_start_matches("- "));
            Self::List(items.map(Line::read).collect())
        } else {
            Self::Paragraph(Line::read(text))
        }
    }
}

impl Table {
    fn read(text: &'static str) -> Self {
        let mut lines = text.lines();
        let head: Vec<_> = cells(lines.next().unwrap_or_default()).collect();
        let row = |line| {
            let named = cells(line).zip(&head);
            let cell = |(line, column): (Line, &Line)| Cell {
                column: column.plain(),
                line,
            };
            named.map(cell).collect()
        };
        // Below the headings stands their rule.
        let rows = lines.skip(1).map(row).collect();
        Self { head, rows }
    }
}

fn cells(line: &'static str) -> impl Iterator<Item = Line> {
    let inside = line.trim().trim_matches('|').split('|');
    inside.map(|cell| Line::read(cell.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_written_with_its_marks_and_nothing_of_it_is_markup() {
        for (text, html, plain) in [
            ("plain", "plain", "plain"),
            (
                "`a` or **b**",
                "<code>a</code> or <strong>b</strong>",
                "a or b",
            ),
            ("2 * 3 ` 4", "2 * 3 ` 4", "2 * 3 ` 4"),
            ("* `a`", "* <code>a</code>", "* a"),
            ("`<b>`", "<code>&#60;b&#62;</code>", "<b>"),
            ("", "", ""),
        ] {
            let line = Line::read(text);
            assert_eq!(line.render().unwrap(), html);
            assert_eq!(line.plain(), plain);
        }
    }

    #[test]
    fn a_document_is_read_block_by_block() {
        let document = Document::read(
            "# Title\n\n[Other](other.md)\n\nSome `words`.\n\n## Part\n\n| a | `b` |\n|---|---|\n\
             | one | two |\n| three | |\n\n- first\n- second\n",
        );
        assert_eq!(document.title.plain(), "Title");
        let [paragraph, heading, table, list] = &document.blocks[..] else {
            panic!("four blocks");
        };
        assert!(matches!(paragraph, Block::Paragraph(line) if line.plain() == "Some words."));
        assert!(matches!(heading, Block::Heading(line) if line.plain() == "Part"));
        assert!(matches!(list, Block::List(items) if items.len() == 2));
        let Block::Table(table) = table else {
            panic!("a table");
        };
        let rows = table.rows.iter().map(|row| {
            let cells = row
                .iter()
                .map(|it| format!("{}={}", it.column, it.line.plain()));
            cells.collect::<Vec<_>>().join(" ")
        });
        assert_eq!(rows.collect::<Vec<_>>(), ["a=one b=two", "a=three b="]);
    }
}
