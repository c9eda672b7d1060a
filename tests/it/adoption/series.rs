//! Series: each step says what a question about it says, and its lunar day.

use chrono::{Days, NaiveDate};
use phocho::domain::day::Window;
use phocho::domain::lunar::LunarDay;
use phocho::domain::period::{Step, steps};
use serde_json::{Value, json};

use super::quarter::{Quarter, day};
use super::recount::Rows;
use super::{COMPUTED, PLACES, all_told};
use crate::database::{Database, on_both_engines};

on_both_engines!(
    a_series_says_at_each_step_what_a_question_about_it_says,
    the_lunar_day_stands_beside_each_day,
);

async fn a_series_says_at_each_step_what_a_question_about_it_says(database: Database) {
    let quarter = Quarter::open(&database).await;
    quarter.hear_the_quarter().await;
    let window = Window::new(day("2025-06-25"), day("2025-07-12")).unwrap();
    let days: Vec<_> = day("2025-04-01").iter_days().take(140).collect();
    let rows = Rows::read(&quarter.store, &days).await;
    for indicator in COMPUTED {
        for place in PLACES {
            for step in Step::ALL {
                let path = format!(
                    "/v1/adoption/series?{}indicator={indicator}&by={step}&from={}&to={}",
                    place.parameter(),
                    window.first(),
                    window.last()
                );
                let series = quarter.read(&path).await;
                let points = series["points"].as_array().unwrap();
                let parts: Vec<_> = steps(window, *step).collect();
                assert_eq!(points.len(), parts.len(), "{path}");
                for (point, part) in points.iter().zip(parts) {
                    let (first, last) = (part.first().to_string(), part.last().to_string());
                    assert_eq!(point["window"], json!({"from": first, "to": last}));
                    let wanted = rows.figures(indicator, place, part);
                    assert_eq!(all_told(&point["figures"]), wanted, "{path} {part:?}");
                }
            }
        }
    }
    let path = "/v1/adoption/series?indicator=A1&by=month&from=2025-06-01&to=2025-07-31&zone=TH-CB";
    let points = quarter.read(path).await["points"].clone();
    let surveyed = [0, 1].map(|place| points[place]["census"][0]["surveyed_on"].clone());
    assert_eq!(surveyed, [json!("2025-05-10"), json!("2025-07-10")]);
}

async fn the_lunar_day_stands_beside_each_day(database: Database) {
    let quarter = Quarter::open(&database).await;
    let csv = include_str!("../../data/lunar_pairs.csv");
    let pairs = csv
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect::<Vec<_>>());
    let mut shown = 0;
    for pair in pairs {
        let path = format!("/v1/adoption/series?indicator=C1&by=day&day={}", pair[0]);
        let point = quarter.read(&path).await["points"][0].clone();
        let number = |place: usize| pair[place].parse::<i64>().unwrap();
        let wanted = json!({
            "year": number(4), "month": number(2), "leap": pair[3] == "yes", "day": number(1),
        });
        assert_eq!(point["lunar"], wanted, "{}", pair[0]);
        shown += 1;
    }
    assert_eq!(shown, 57);
    let month = "/v1/adoption/series?indicator=C1&by=day&month=2025-07";
    let month = quarter.read(month).await;
    for (point, on) in month["points"].as_array().unwrap().iter().zip(july()) {
        let lunar = LunarDay::of(on).unwrap();
        assert_eq!(point["lunar"]["day"], lunar.day());
        assert_eq!(point["lunar"]["leap"], lunar.month().leap);
    }
    for path in [
        "/v1/adoption/series?indicator=C1&by=week&month=2025-07",
        "/v1/adoption/series?indicator=C1&by=day&day=2060-01-01",
    ] {
        assert_eq!(quarter.read(path).await["points"][0]["lunar"], Value::Null);
    }
}

fn july() -> impl Iterator<Item = NaiveDate> {
    let first = day("2025-07-01");
    (0..31).map(move |days| first + Days::new(days))
}
