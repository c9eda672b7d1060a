//! `/docs/errors`: what each error code means and what to do, in both languages at once, for
//! whoever follows the `type` of a problem document.

use askama::Template;
use axum::extract::RawQuery;
use axum::http::HeaderMap;
use axum::response::Response;

use super::home::words;
use super::html;
use super::words::Words;
use crate::http::code::Code;
use crate::http::extract::Path;
use crate::http::language::Language;
use crate::http::problem::Problem;

#[derive(Template)]
#[template(path = "errors.html")]
struct ErrorsPage {
    words: &'static Words,
    /// Where this page is.
    here: String,
    codes: Vec<CodeLine>,
    /// Whether these are all of them.
    all: bool,
}

struct CodeLine {
    name: &'static str,
    status: String,
    texts: [CodeText; 2],
}

/// A code in the words of one language.
struct CodeText {
    tag: &'static str,
    title: String,
    what_to_do: String,
}

/// Every code.
pub(super) async fn list(
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let words = words(query.as_deref(), &headers);
    page(&ErrorsPage {
        words,
        here: "/docs/errors".to_owned(),
        codes: Code::ALL.iter().copied().map(line).collect(),
        all: true,
    })
}

/// One code.
pub(super) async fn one(
    Path(code): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let words = words(query.as_deref(), &headers);
    let code = Code::parse(&code).ok_or_else(Problem::not_found)?;
    page(&ErrorsPage {
        words,
        here: format!("/docs/errors/{}", code.as_str()),
        codes: vec![line(code)],
        all: false,
    })
}

fn page(page: &ErrorsPage) -> Result<Response, Problem> {
    let text = page.render().map_err(|fault| Problem::internal(&fault))?;
    Ok(html(text, page.words.tag))
}

fn line(code: Code) -> CodeLine {
    let texts = [Language::Vietnamese, Language::English].map(|language| CodeText {
        tag: language.tag(),
        title: code.title().get(language).to_owned(),
        what_to_do: code.what_to_do().get(language).to_owned(),
    });
    CodeLine {
        name: code.as_str(),
        status: code.status().to_string(),
        texts,
    }
}
