//! Adoption over HTTP, on both engines: figures worked out by hand, the same figures recounted
//! from the rows after any order of notices, and who may ask for what.

mod by_hand;
mod by_source;
mod orders;
mod quarter;
mod questions;
mod recount;
mod rhythm;
mod series;
mod silence;

use chrono::TimeDelta;
use phocho::domain::day::Window;
use phocho::domain::period::{read_month, read_week};
use phocho::store::rollups;
use serde_json::Value;

use by_hand::the_quarter;
use quarter::{Quarter, Told, day, noon, printed};
use recount::{Rows, Where};

const COMPUTED: [&str; 10] = ["A1", "A2", "B3", "B4", "B5", "B6", "C1", "C2", "C4", "D1"];

const PLACES: [Where; 8] = [
    Where::All,
    Where::Zone("TH-CB"),
    Where::Zone("TH-QK"),
    Where::Zone("TH-NC"),
    Where::Ward("Bưởi"),
    Where::Ward("Tây Hồ"),
    Where::Ward("Quảng An"),
    Where::UnknownWard,
];

/// Windows as a question spells them.
fn windows() -> Vec<(&'static str, Window)> {
    let between = |first, last| Window::new(day(first), day(last)).unwrap();
    vec![
        ("month=2025-05", read_month("2025-05").unwrap()),
        ("month=2025-06", read_month("2025-06").unwrap()),
        ("month=2025-07", read_month("2025-07").unwrap()),
        ("week=2025-W27", read_week("2025-W27").unwrap()),
        ("day=2025-06-30", Window::day(day("2025-06-30"))),
        ("day=2025-07-01", Window::day(day("2025-07-01"))),
        (
            "from=2025-06-25&to=2025-07-05",
            between("2025-06-25", "2025-07-05"),
        ),
        (
            "from=2025-06-01&to=2025-06-12",
            between("2025-06-01", "2025-06-12"),
        ),
        (
            "from=2025-04-01&to=2025-04-30",
            between("2025-04-01", "2025-04-30"),
        ),
    ]
}

/// A figure as `measure evidence value numerator/denominator`.
fn told(figure: &Value) -> String {
    let text = |key: &str| figure[key].as_str().unwrap().to_owned();
    let number = |key: &str| figure[key].as_i64().map_or("-".into(), |it| it.to_string());
    let value = match &figure["value"] {
        Value::Null => figure["undefined"]["code"].as_str().unwrap(),
        value => value.as_str().unwrap(),
    };
    format!(
        "{} {} {value} {}/{}",
        text("measure"),
        text("evidence"),
        number("numerator"),
        number("denominator")
    )
}

fn all_told(figures: &Value) -> Vec<String> {
    figures.as_array().unwrap().iter().map(told).collect()
}

impl Quarter {
    async fn figures(&self, indicator: &str, place: Where, window: &str) -> Vec<String> {
        let place = place.parameter();
        let path = format!("/v1/adoption/indicators/{indicator}?{place}{window}");
        all_told(&self.read(&path).await["indicator"]["figures"])
    }

    /// Delivers a credit a minute after the bank's time.
    async fn hear(&self, told: &Told) {
        self.stand_at(told.at + TimeDelta::minutes(1));
        self.tell(told).await;
    }

    /// The notices of the quarter, told as the bank knows them; see the table of figures.
    async fn hear_the_quarter(&self) {
        for told in the_quarter() {
            self.hear(&told).await;
        }
        // One of no use, twice; and one that was told before.
        self.stand_at(noon("06-10"));
        let foreign = sold(900, "06-10", 1, 77_000);
        self.tell_of_a_foreign_account(&foreign).await;
        self.tell_of_a_foreign_account(&foreign).await;
        self.tell(&the_quarter()[1]).await;
        // A repeat long after it shows that the source is not silent.
        self.stand_at(noon("08-06"));
        self.tell(&the_quarter()[1]).await;
    }
}

/// A credit at noon that names the printed code of a merchant's outlet.
fn sold(id: u64, on: &str, merchant: u8, amount: i64) -> Told {
    Told {
        id,
        at: noon(on),
        merchant: merchant.into(),
        amount,
        code: Some(printed(merchant)),
    }
}

async fn check_against_the_rows(quarter: &Quarter) {
    let days: Vec<_> = day("2025-04-01").iter_days().take(140).collect();
    let rows = Rows::read(&quarter.store, &days).await;
    for place in PLACES {
        for (spelling, window) in windows() {
            for indicator in COMPUTED {
                let found = quarter.figures(indicator, place, spelling).await;
                let wanted = rows.figures(indicator, place, window);
                assert_eq!(found, wanted, "{indicator} {place:?} {spelling}");
            }
            let place_asked = place.parameter();
            let card = format!("/v1/adoption/scorecard?{place_asked}{spelling}");
            let card = quarter.read(&card).await;
            let numbers = card["numbers"].as_array().unwrap().iter();
            for shown in numbers.flat_map(|number| number["indicators"].as_array().unwrap()) {
                let code = shown["code"].as_str().unwrap();
                if COMPUTED.contains(&code) {
                    let wanted = rows.figures(code, place, window);
                    let found = all_told(&shown["figures"]);
                    assert_eq!(found, wanted, "scorecard {code} {place:?} {spelling}");
                }
            }
        }
    }
    let mut tx = quarter.store.begin_read().await.unwrap();
    assert_eq!(rollups::differences(&mut tx, 10).await.unwrap(), []);
}
