//! Which banks reach us how: the document in `docs`, in both languages, and the page for banks
//! say the same.

use crate::database::run_on_sqlite;
use crate::street::Street;

const VIETNAMESE: &str = include_str!("../../docs/banks-and-links.vi.md");
const ENGLISH: &str = include_str!("../../docs/banks-and-links.md");

/// The headings, paragraphs, items and cells of a document, with its marks.
fn told(document: &str) -> Vec<String> {
    let lines = document.lines().map(str::trim);
    let lines = lines.filter(|line| !line.starts_with("|---") && !line.starts_with('['));
    let texts = lines.flat_map(|line| match line.strip_prefix('|') {
        Some(cells) => cells.trim_end_matches('|').split('|').collect(),
        None => vec![line.trim_start_matches(['#', '-', ' '])],
    });
    let texts = texts.map(|text| text.trim().to_owned());
    texts.filter(|text| !text.is_empty()).collect()
}

/// The same of the page's part, its tags written as the marks of a document.
fn shown(part: &str) -> Vec<String> {
    let marks = [
        ("<code>", "`"),
        ("</code>", "`"),
        ("<strong>", "**"),
        ("</strong>", "**"),
    ];
    let marked = marks
        .iter()
        .fold(part.to_owned(), |text, (tag, mark)| text.replace(tag, mark));
    let texts = marked.split('<').filter_map(|piece| piece.split_once('>'));
    let letters = [("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    let texts = texts.map(|(_, text)| {
        let text = text.trim().to_owned();
        letters
            .iter()
            .fold(text, |text, (mark, letter)| text.replace(mark, letter))
    });
    texts.filter(|text| !text.is_empty()).collect()
}

#[test]
fn the_page_for_banks_shows_the_whole_document() {
    run_on_sqlite(async |database| {
        let street = Street::open(database.store().await).await;
        for (language, document) in [("vi", VIETNAMESE), ("en", ENGLISH)] {
            let url = format!("http://{}/docs/banks?lang={language}", street.address);
            let page = reqwest::get(url).await.unwrap().text().await.unwrap();
            let (_, part) = page.split_once("<h2 id=\"links\"").unwrap();
            let (part, _) = part.split_once("</main>").unwrap();
            let mut shown = shown(&format!("<h2{part}"));
            let own = shown.pop().unwrap();
            assert!(own.ends_with('.'), "the page's last word is its own: {own}");
            assert_eq!(shown, told(document), "{language}");
        }
    });
}

#[test]
fn both_languages_say_the_same_line_by_line() {
    let (vi, en) = (told(VIETNAMESE), told(ENGLISH));
    assert_eq!(vi.len(), en.len());
    let names = |text: &str| -> Vec<String> {
        let mut names: Vec<_> = text
            .split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect();
        names.sort();
        names
    };
    for (vi, en) in vi.iter().zip(&en) {
        assert_eq!(names(vi), names(en), "{vi}\n{en}");
        let unknown = (vi.starts_with("chưa rõ"), en.starts_with("unknown"));
        assert_eq!(unknown.0, unknown.1, "{vi}\n{en}");
    }
}
