//! `/`: the front page. A pilot shows its zones and the ways in; sample data shows everything,
//! moving.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, NaiveDate, Utc};

use super::chart::{Bars, bars};
use super::days::{DayLine, days};
use super::words::Words;
use super::{html, view};
use crate::domain::adoption::figure::{Figure, Measure};
use crate::domain::adoption::indicator::Indicator;
use crate::domain::adoption::{Answer, answer};
use crate::domain::day::{Window, local_day};
use crate::domain::hearing;
use crate::domain::payment::Flag;
use crate::domain::source_health::SourceState;
use crate::flows::measure_adoption::{Question, heard_sources, measure_one};
use crate::http::language::Language;
use crate::http::problem::Problem;
use crate::http::{AppState, FrontPage};
use crate::store::adoption::{Area, Place, by_day};
use crate::store::payments::{self, RecentPayment};
use crate::store::reach::Reach;
use crate::store::source_health::known;
use crate::store::zones::{self, Zone};
use crate::store::{StoreError, Tx, sources, suspense_ages};

/// How many payments are listed.
const NEWEST: u32 = 12;
/// The most zones of one page: more than any district has.
const ZONES_MAX: u32 = 200;

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    words: &'static Words,
    today: String,
    lunar: String,
    sample: bool,
    zones: Vec<ZoneLine>,
    live: String,
}

/// A zone as everyone may know it.
struct ZoneLine {
    name: String,
    code: String,
    ward: String,
}

#[derive(Template)]
#[template(path = "live.html")]
struct Live {
    words: &'static Words,
    all: ZoneFigures,
    zones: Vec<ZoneFigures>,
    notices: NoticeCounts,
    /// How the sources behind all of it are heard.
    hearing: HearingLine,
    chart: Bars,
    days: Vec<DayLine>,
    newest: Vec<PaymentLine>,
}

/// What became of today's notices.
struct NoticeCounts {
    accepted: String,
    repeated: String,
    refused: String,
    held: String,
    /// Credits that wait for their trader, since whenever.
    waiting: String,
}

/// What may be missing in the figures of the month.
struct HearingLine {
    text: &'static str,
    /// The class that colours it: `good` or `warn`.
    tone: &'static str,
}

struct ZoneFigures {
    name: String,
    ward: String,
    operating: String,
    registered: Share,
    active: Share,
    regular: Share,
    payments_today: String,
    value_today: String,
}

/// A rate with what it is made of.
struct Share {
    percent: String,
    parts: String,
}

struct PaymentLine {
    time: String,
    zone: String,
    place: String,
    amount: String,
    result: String,
    /// The class that colours it: `good`, `warn` or `info`.
    tone: &'static str,
}

/// The whole page.
pub(super) async fn page(
    State(state): State<AppState>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let words = words(query.as_deref(), &headers);
    let sample = state.front_page == FrontPage::SampleData;
    let today = local_day(state.clock.now());
    let mut tx = state.ledger.store.begin_read().await?;
    let zones = zones::list(&mut tx, None, None, ZONES_MAX).await?;
    let live = if sample {
        render(&read(&mut tx, &zones, words, state.clock.now()).await?)?
    } else {
        String::new()
    };
    let known = |zone: &Zone| ZoneLine {
        name: zone.name.to_string(),
        code: zone.code.to_string(),
        ward: ward(zone, today, words),
    };
    let page = HomePage {
        words,
        today: view::day(today),
        lunar: view::lunar(today),
        sample,
        zones: zones.iter().map(known).collect(),
        live,
    };
    Ok(html(render(&page)?, words.tag))
}

/// The moving part alone, for the page's script. A pilot has none.
pub(super) async fn live(
    State(state): State<AppState>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if state.front_page != FrontPage::SampleData {
        return Err(Problem::not_found());
    }
    let words = words(query.as_deref(), &headers);
    let mut tx = state.ledger.store.begin_read().await?;
    let zones = zones::list(&mut tx, None, None, ZONES_MAX).await?;
    let live = read(&mut tx, &zones, words, state.clock.now()).await?;
    Ok(html(render(&live)?, words.tag))
}

/// The words of the reader's language.
pub(super) fn words(query: Option<&str>, headers: &HeaderMap) -> &'static Words {
    Words::of(language(query, headers))
}

/// `?lang=` beats the browser's wish.
pub(super) fn language(query: Option<&str>, headers: &HeaderMap) -> Language {
    let mut named = query.unwrap_or_default().split('&');
    match named.find_map(|it| it.strip_prefix("lang=")) {
        Some("en") => Language::English,
        Some("vi") => Language::Vietnamese,
        _ => Language::from_headers(headers),
    }
}

fn render(template: &impl Template) -> Result<String, Problem> {
    template.render().map_err(|fault| Problem::internal(&fault))
}

fn ward(zone: &Zone, today: NaiveDate, words: &Words) -> String {
    let ward = zone.wards.ward_on(today);
    ward.map_or_else(|| words.unknown.to_owned(), str::to_owned)
}

async fn read(
    tx: &mut Tx,
    zones: &[Zone],
    words: &'static Words,
    now: DateTime<Utc>,
) -> Result<Live, StoreError> {
    let today = local_day(now);
    let all = figures(tx, Place::Everywhere, words, now).await?;
    let mut lines = Vec::new();
    for zone in zones {
        let line = figures(tx, Place::Zone(zone.id), words, now).await?;
        lines.push(ZoneFigures {
            name: zone.name.to_string(),
            ward: ward(zone, today, words),
            ..line
        });
    }
    let days = days(tx, words, today).await?;
    let values: Vec<_> = days
        .iter()
        .map(|(line, count)| (*count, line.peak))
        .collect();
    let newest = payments::newest(tx, NEWEST).await?;
    let line = |payment| payment_line(payment, words, today);
    Ok(Live {
        words,
        all,
        zones: lines,
        notices: notices(tx, now).await?,
        hearing: hearing_line(tx, words, now).await?,
        chart: bars(&values),
        days: days.into_iter().rev().map(|(line, _)| line).collect(),
        newest: newest.iter().map(line).collect(),
    })
}

async fn notices(tx: &mut Tx, now: DateTime<Utc>) -> Result<NoticeCounts, StoreError> {
    let today = local_day(now);
    let counts = sources::delivery_counts(tx, None, today, today).await?;
    let waiting = suspense_ages::waiting(tx, Reach::Everything, now).await?;
    Ok(NoticeCounts {
        accepted: view::number(counts.accepted),
        repeated: view::number(counts.repeated),
        refused: view::number(counts.refused),
        held: view::number(counts.quarantined + counts.conflict),
        waiting: view::number(waiting.open),
    })
}

async fn hearing_line(
    tx: &mut Tx,
    words: &Words,
    now: DateTime<Utc>,
) -> Result<HearingLine, StoreError> {
    let everywhere = Area::new(Reach::Everything, Place::Everywhere);
    let month = Window::month_of(local_day(now));
    let known = known(tx, &everywhere, month).await?;
    let sources = heard_sources(&known, month, now);
    let state = hearing::worst(sources.iter().map(|source| &source.hearing));
    Ok(HearingLine {
        text: match words.tag {
            "en" => hearing::english(state),
            _ => hearing::vietnamese(state),
        },
        tone: match state {
            SourceState::Live => "good",
            SourceState::Late | SourceState::Silent | SourceState::Closed => "warn",
        },
    })
}

async fn figures(
    tx: &mut Tx,
    place: Place,
    words: &Words,
    now: DateTime<Utc>,
) -> Result<ZoneFigures, StoreError> {
    let today = local_day(now);
    let question = Question {
        area: Area::new(Reach::Everything, place),
        window: Window::month_of(today),
        now,
    };
    // One count of establishments answers all three.
    let month = measure_one(tx, &question, Indicator::B5).await?;
    let answers = [Indicator::A1, Indicator::A2, Indicator::B5];
    let figures: Vec<Figure> = answers
        .into_iter()
        .filter_map(|it| match answer(it, &month.frame, &month.counts) {
            Answer::Figures(figures) => Some(figures),
            Answer::NotYet => None,
        })
        .flatten()
        .collect();
    let find = |measure| figures.iter().find(|figure| figure.measure() == measure);
    let share = |measure| share(find(measure), words);
    let day = by_day::payments(tx, &question.area, Window::day(today)).await?;
    let day = day.get(&today);
    Ok(ZoneFigures {
        name: String::new(),
        ward: String::new(),
        operating: find(Measure::Establishments)
            .and_then(Figure::numerator)
            .map_or_else(|| words.not_defined.to_owned(), view::number),
        registered: share(Measure::RegistrationRate),
        active: share(Measure::ActiveRate),
        regular: share(Measure::RegularRate),
        payments_today: view::number(day.map_or(0, |day| day.payments)),
        value_today: view::short_vnd(day.map_or(0, |day| day.sale_vnd), words.large_units),
    })
}

fn share(figure: Option<&Figure>, words: &Words) -> Share {
    let percent = figure.and_then(|figure| figure.percent(1));
    let parts = figure.and_then(|it| Some((it.numerator()?, it.denominator()?)));
    Share {
        percent: percent.map_or_else(|| words.not_defined.to_owned(), view::percent),
        parts: parts.map_or_else(String::new, |(part, whole)| {
            format!("{} / {}", view::number(part), view::number(whole))
        }),
    }
}

fn payment_line(payment: &RecentPayment, words: &Words, today: NaiveDate) -> PaymentLine {
    let (result, tone) = result(payment, words);
    PaymentLine {
        time: view::time(payment.occurred_at, today),
        zone: payment.zone.clone(),
        place: format!("{} · {}", payment.merchant, payment.stall),
        amount: view::vnd(payment.received_vnd),
        result,
        tone,
    }
}

/// What the seller has to know about a payment, the most urgent first.
fn result(payment: &RecentPayment, words: &Words) -> (String, &'static str) {
    let has = |flag: Flag| payment.flags.split(' ').any(|name| name == flag.as_str());
    let due = |text: &str| match payment.expected_vnd {
        Some(expected) => format!("{text} ({} {})", words.explain, view::vnd(expected)),
        None => text.to_owned(),
    };
    let (text, tone) = if has(Flag::Underpaid) {
        (due(words.short), "warn")
    } else if has(Flag::Additional) {
        (due(words.again), "info")
    } else if has(Flag::Overpaid) {
        (due(words.over), "info")
    } else if has(Flag::Split) {
        (due(words.split), "info")
    } else if has(Flag::DuplicateSuspected) || has(Flag::RetiredCode) {
        (words.other_flag.to_owned(), "info")
    } else if payment.expected_vnd.is_some() {
        (words.exact.to_owned(), "good")
    } else {
        (words.received.to_owned(), "good")
    };
    let late = has(Flag::Late);
    (
        if late {
            format!("{text}, {}", words.late)
        } else {
            text
        },
        tone,
    )
}
