//! Adoption over HTTP, on both engines: figures worked out by hand, the same figures recounted
//! from the rows after any order of notices, and who may ask for what.

mod quarter;
mod recount;

use chrono::{Days, NaiveDate, TimeDelta};
use phocho::domain::day::{Window, start_of_day};
use phocho::domain::lunar::LunarDay;
use phocho::domain::period::{Step, read_month, read_week, steps};
use phocho::store::rollups;
use serde_json::{Value, json};

use crate::database::{Database, on_both_engines};
use quarter::{ONCE, Quarter, TEST, Told, day, noon, printed, zone_id};
use recount::{Rows, Where};

on_both_engines!(
    a_quarter_comes_to_the_figures_worked_out_by_hand,
    a_late_notice_raises_a_numbered_revision_that_says_what_moved,
    figures_are_those_of_a_recount_in_the_order_of_the_bank,
    figures_are_those_of_a_recount_in_reverse_order,
    figures_are_those_of_a_recount_in_a_shuffled_order,
    a_series_says_at_each_step_what_a_question_about_it_says,
    staff_are_told_of_their_zones_only,
    a_faulty_question_is_refused_by_name,
    what_cannot_be_given_yet_is_there_with_its_reason,
    a_day_on_which_a_daily_source_was_silent_leaves_figures_incomplete,
    the_lunar_day_stands_beside_each_day,
);

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
        self.stand_at(noon("08-06"));
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

fn the_quarter() -> Vec<Told> {
    let mut told = vec![Told {
        code: Some(TEST),
        ..sold(1, "06-01", 1, 1_000)
    }];
    for (id, date) in (2..=9).map(|date| (date, format!("06-0{date}"))) {
        told.push(sold(id, &date, 1, 10_000));
    }
    let midnight = start_of_day(day("2025-07-01"));
    let at = |told: Told, at| Told { at, ..told };
    let minutes = TimeDelta::minutes;
    told.extend([
        sold(10, "06-10", 2, 50_000),
        at(sold(11, "06-10", 2, 50_000), noon("06-10") + minutes(1)),
        sold(12, "06-30", 4, 15_000),
        at(
            sold(13, "06-30", 1, 20_000),
            midnight - TimeDelta::seconds(1),
        ),
        at(sold(14, "07-01", 1, 30_000), midnight),
        sold(15, "07-01", 4, 25_000),
        sold(16, "07-02", 6, 9_000),
        // By its account alone: its text names no code.
        Told {
            code: None,
            ..at(sold(17, "07-02", 6, 80_000), noon("07-02") + minutes(5))
        },
        sold(18, "07-03", 2, 40_000),
        sold(19, "07-04", 8, 200_000),
    ]);
    // 100 000 in two parts, the second too much; then what nobody asked for.
    for (id, minute, amount) in [(20, 0, 60_000), (21, 5, 70_000), (22, 10, 5_000)] {
        let part = at(
            sold(id, "07-05", 3, amount),
            noon("07-05") + minutes(minute),
        );
        told.push(Told {
            code: Some(ONCE),
            ..part
        });
    }
    told
}

async fn a_quarter_comes_to_the_figures_worked_out_by_hand(database: Database) {
    let quarter = Quarter::open(&database).await;
    quarter.hear_the_quarter().await;
    use Where::{All, UnknownWard, Ward, Zone};
    let (june, july) = ("month=2025-06", "month=2025-07");
    let (week, first_of_july) = ("week=2025-W27", "day=2025-07-01");
    #[rustfmt::skip]
    let table: &[(&str, Where, &str, &[&str])] = &[
        // 1, 2 and 5 in the market, 6 and 7 in the street.
        ("A1", All, june, &["establishments census 5 5/-"]),
        ("A1", Zone("TH-CB"), june, &["establishments census 3 3/-"]),
        ("A1", Ward("Bưởi"), june, &["establishments census 3 3/-"]),
        // 3 opened again in the week, 7 closed.
        ("A1", Zone("TH-CB"), week, &["establishments census 4 4/-"]),
        ("A1", Zone("TH-QK"), week, &["establishments census 1 1/-"]),
        // The second census: 2 ceased, 4 trades.
        ("A1", Ward("Tây Hồ"), july, &["establishments census 4 4/-"]),
        ("A1", Ward("Bưởi"), july, &["establishments census no_census -/-"]),
        ("A1", UnknownWard, july, &["establishments census 1 1/-"]),
        ("A1", Zone("TH-NC"), july, &["establishments census no_census -/-"]),
        ("A2", Zone("TH-CB"), "month=2025-05", &["registration_rate census 0.666667 2/3", "registered_outside_census census 0 0/-"]),
        ("A2", All, june, &["registration_rate census 1 5/5", "registered_outside_census census 2 2/-"]),
        ("A2", Zone("TH-CB"), july, &["registration_rate census 0.5 2/4", "registered_outside_census census 0 0/-"]),
        ("A2", All, july, &["registration_rate census 0.6 3/5", "registered_outside_census census 2 2/-"]),
        ("A2", Zone("TH-NC"), july, &["registration_rate census no_census -/-", "registered_outside_census census 1 1/-"]),
        ("B3", All, june, &["active verified 3 3/-", "active_outside_census verified 0 0/-"]),
        ("B3", All, july, &["active verified 3 3/-", "active_outside_census verified 2 2/-"]),
        ("B3", Zone("TH-CB"), july, &["active verified 2 2/-", "active_outside_census verified 0 0/-"]),
        ("B4", All, june, &["regular verified 1 1/-"]),
        ("B4", All, week, &["regular verified calendar_month_only -/-"]),
        ("B5", Zone("TH-CB"), june, &["active_rate verified 0.666667 2/3", "regular_rate verified 0.333333 1/3"]),
        ("B5", Zone("TH-CB"), july, &["active_rate verified 0.5 2/4", "regular_rate verified 0 0/4"]),
        // Approved by 05-31: 1, 2 and 5, of which 5 was never paid.
        ("B6", All, june, &["never_active_share verified 0.333333 1/3"]),
        ("B6", Zone("TH-QK"), june, &["never_active_share verified 1 1/1"]),
        ("B6", Zone("TH-CB"), "month=2025-05", &["never_active_share verified 1 1/1"]),
        // 5 closed, and with it what never paid.
        ("B6", All, july, &["never_active_share verified 0 0/3"]),
        ("B6", Ward("Quảng An"), "from=2025-06-01&to=2025-06-10", &["never_active_share verified no_denominator 0/0"]),
        ("C1", All, june, &["payments verified 12 12/-", "payments by_account 0 0/-"]),
        ("C1", All, july, &["payments verified 7 7/-", "payments by_account 1 1/-"]),
        // One second apart, in two wards.
        ("C1", Ward("Bưởi"), "day=2025-06-30", &["payments verified 1 1/-", "payments by_account 0 0/-"]),
        ("C1", Ward("Tây Hồ"), "day=2025-06-30", &["payments verified 0 0/-", "payments by_account 0 0/-"]),
        ("C1", Ward("Tây Hồ"), first_of_july, &["payments verified 1 1/-", "payments by_account 0 0/-"]),
        ("C1", Ward("Bưởi"), first_of_july, &["payments verified 0 0/-", "payments by_account 0 0/-"]),
        ("C1", Ward("Bưởi"), week, &["payments verified 1 1/-", "payments by_account 0 0/-"]),
        ("C1", Ward("Tây Hồ"), week, &["payments verified 5 5/-", "payments by_account 0 0/-"]),
        ("C1", UnknownWard, week, &["payments verified 2 2/-", "payments by_account 1 1/-"]),
        ("C2", All, june, &["sale_vnd verified 215000 215000/-", "received_vnd verified 215000 215000/-", "sale_vnd by_account 0 0/-"]),
        ("C2", All, july, &["sale_vnd verified 404000 404000/-", "received_vnd verified 434000 434000/-", "sale_vnd by_account 80000 80000/-"]),
        ("C2", Ward("Bưởi"), week, &["sale_vnd verified 20000 20000/-", "received_vnd verified 20000 20000/-", "sale_vnd by_account 0 0/-"]),
        ("C2", Ward("Tây Hồ"), week, &["sale_vnd verified 370000 370000/-", "received_vnd verified 400000 400000/-", "sale_vnd by_account 0 0/-"]),
        ("C2", UnknownWard, week, &["sale_vnd verified 34000 34000/-", "received_vnd verified 34000 34000/-", "sale_vnd by_account 80000 80000/-"]),
        ("C4", All, june, &["ticket_median_vnd verified 10000 10000/-", "ticket_p25_vnd verified 10000 10000/-", "ticket_p75_vnd verified 15000 15000/-", "ticket_mean_vnd verified 17916.67 215000/12"]),
        ("C4", Zone("TH-NC"), june, &["ticket_median_vnd verified no_denominator -/-", "ticket_p25_vnd verified no_denominator -/-", "ticket_p75_vnd verified no_denominator -/-", "ticket_mean_vnd verified no_denominator 0/0"]),
        // The test and the foreign account are notices too; repeats are none.
        ("D1", All, june, &["notices_accepted verified 0.923077 12/13"]),
        ("D1", All, july, &["notices_accepted verified 1 10/10"]),
        ("D1", Zone("TH-CB"), june, &["notices_accepted verified not_for_zones -/-"]),
        ("D1", All, "day=2025-06-20", &["notices_accepted verified no_denominator 0/0"]),
    ];
    for (indicator, place, window, wanted) in table {
        let found = quarter.figures(indicator, *place, window).await;
        assert_eq!(found, *wanted, "{indicator} {place:?} {window}");
    }
    check_against_the_rows(&quarter).await;
    let card = quarter
        .read(&format!("/v1/adoption/scorecard?{july}"))
        .await;
    assert_eq!(card["completeness"], "final");
    assert_eq!(
        card["revision"],
        json!({"number": 0, "changes": 0, "moved": []})
    );
    let census = json!([
        {"zone": "TH-CB", "version": 1, "surveyed_on": "2025-07-10", "stale": false},
        {"zone": "TH-QK", "version": 1, "surveyed_on": "2025-06-01", "stale": false},
    ]);
    assert_eq!(card["census"], census);
    quarter.stand_at(noon("08-05"));
    let month = quarter
        .read(&format!("/v1/adoption/indicators/C1?{july}"))
        .await;
    assert_eq!(
        month["completeness"], "provisional",
        "a month closes on the fifth"
    );
    assert_eq!(month["computed_at"], "2025-08-05T12:00:00+07:00");
    quarter.stand_at(start_of_day(day("2026-03-01")));
    let later = "/v1/adoption/indicators/A1?day=2026-02-28&zone=TH-QK";
    assert_eq!(quarter.read(later).await["census"][0]["stale"], true);
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
        }
    }
    let mut tx = quarter.store.begin_read().await.unwrap();
    assert_eq!(rollups::differences(&mut tx, 10).await.unwrap(), []);
}

async fn a_late_notice_raises_a_numbered_revision_that_says_what_moved(database: Database) {
    let quarter = Quarter::open(&database).await;
    quarter.hear(&sold(1, "07-20", 4, 15_000)).await;
    let path = "/v1/adoption/indicators/C1?day=2025-07-20&zone=TH-QK";
    // The third day after is in time.
    quarter.stand_at(start_of_day(day("2025-07-24")) - TimeDelta::minutes(1));
    quarter.tell(&sold(2, "07-20", 4, 16_000)).await;
    let in_time = quarter.read(path).await;
    assert_eq!(
        (&in_time["revision"]["number"], &in_time["completeness"]),
        (&json!(0), &json!("provisional"))
    );
    quarter.stand_at(start_of_day(day("2025-07-24")));
    assert_eq!(quarter.read(path).await["completeness"], "final");
    quarter.tell(&sold(3, "07-20", 4, 33_000)).await;
    quarter.stand_at(noon("08-10"));
    for id in [4, 4, 5] {
        quarter.tell(&sold(id, "07-20", 4, 1_000)).await;
    }
    let late = quarter.read(path).await;
    assert_eq!(
        all_told(&late["indicator"]["figures"])[0],
        "payments verified 5 5/-"
    );
    assert_eq!(
        (&late["revision"]["number"], &late["revision"]["changes"]),
        (&json!(3), &json!(3))
    );
    assert_eq!(late["completeness"], "final");
    let moved = late["revision"]["moved"].as_array().unwrap();
    let first = json!({
        "zone": "TH-QK", "day": "2025-07-20", "revision": 1, "at": "2025-07-24T00:00:00+07:00",
        "payments_delta": 1, "sale_delta_vnd": 33_000, "cause": "late notice",
    });
    assert_eq!((moved.len(), &moved[2]), (3, &first));
    let elsewhere = quarter
        .read("/v1/adoption/scorecard?month=2025-07&zone=TH-CB")
        .await;
    assert_eq!(elsewhere["revision"]["number"], 0);
    let series = "/v1/adoption/series?indicator=C1&by=day&from=2025-07-19&to=2025-07-21";
    let series = quarter.read(series).await;
    let numbers = series["points"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| point["revision"].as_i64());
    assert_eq!(numbers.collect::<Vec<_>>(), [Some(0), Some(3), Some(0)]);
}

/// Numbers that look like chance and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Sixty credits of four weeks around the first of July, in the order of the bank.
fn four_weeks() -> Vec<Told> {
    let mut dice = Dice(20_250_701);
    let mut told: Vec<_> = (0..60)
        .map(|number| {
            let merchant = [1, 2, 3, 4, 6, 8][usize::try_from(dice.below(6)).unwrap()];
            let seconds = i64::try_from(dice.below(28 * 86_400)).unwrap();
            let (merchant, code) = match dice.below(12) {
                0 => (6, None),
                1 => (1, Some(TEST)),
                2 | 3 => (3, Some(ONCE)),
                _ => (merchant, Some(printed(merchant))),
            };
            Told {
                id: 1_000 + number,
                at: start_of_day(day("2025-06-17")) + TimeDelta::seconds(seconds),
                merchant: merchant.into(),
                amount: 1_000 * (1 + i64::try_from(dice.below(90)).unwrap()),
                code,
            }
        })
        .collect();
    told.sort_by_key(|one| one.at);
    told
}

/// Tells four weeks in an order, a third of it again at random, half of it late.
async fn tell_in_order(database: &Database, order: impl Fn(&mut Vec<Told>)) -> Quarter {
    let quarter = Quarter::open(database).await;
    let mut notices = four_weeks();
    order(&mut notices);
    let mut dice = Dice(7);
    let half = notices.len() / 2;
    for (place, told) in notices.iter().enumerate() {
        quarter.stand_at(noon(if place < half { "07-15" } else { "07-25" }));
        quarter.tell(told).await;
        if dice.below(3) == 0 {
            let before = usize::try_from(dice.below(u64::try_from(place + 1).unwrap())).unwrap();
            quarter.tell(&notices[before]).await;
        }
    }
    check_against_the_rows(&quarter).await;
    // What was told is all there, once, whatever the order.
    let known = quarter
        .figures("C2", Where::All, "from=2025-06-01&to=2025-07-31")
        .await;
    let (mut sale, mut by_account) = (0, 0);
    for told in four_weeks() {
        match told.code {
            None => by_account += told.amount,
            Some(TEST | ONCE) => {}
            Some(_) => sale += told.amount,
        }
    }
    // The parts of the one sale reach its amount and no more.
    let parts: i64 = four_weeks()
        .iter()
        .filter(|one| one.code == Some(ONCE))
        .map(|one| one.amount)
        .sum();
    sale += parts.min(100_000);
    assert!(parts > 100_000, "the parts go beyond the amount");
    assert_eq!(known[0], format!("sale_vnd verified {sale} {sale}/-"));
    assert_eq!(
        known[2],
        format!("sale_vnd by_account {by_account} {by_account}/-")
    );
    quarter
}

async fn figures_are_those_of_a_recount_in_the_order_of_the_bank(database: Database) {
    tell_in_order(&database, |_| {}).await;
}

async fn figures_are_those_of_a_recount_in_reverse_order(database: Database) {
    tell_in_order(&database, |notices| notices.reverse()).await;
}

async fn figures_are_those_of_a_recount_in_a_shuffled_order(database: Database) {
    let shuffle = |notices: &mut Vec<Told>| {
        let mut dice = Dice(11);
        for place in (1..notices.len()).rev() {
            let other = usize::try_from(dice.below(u64::try_from(place + 1).unwrap())).unwrap();
            notices.swap(place, other);
        }
    };
    tell_in_order(&database, shuffle).await;
}

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

async fn staff_are_told_of_their_zones_only(database: Database) {
    let quarter = Quarter::open(&database).await;
    quarter.hear_the_quarter().await;
    let market = quarter.staff(&[zone_id(0)]).await;
    let nobody = quarter.staff(&[]).await;
    for path in [
        "scorecard?month=2025-06",
        "indicators/C1?month=2025-06",
        "series?indicator=C1&by=day&month=2025-06",
    ] {
        let path = |more: &str| format!("/v1/adoption/{path}{more}");
        for (more, wanted) in [
            ("", 200),
            ("&zone=TH-CB", 200),
            ("&zone=TH-QK", 404),
            ("&zone=TH-XX", 404),
            ("&ward=B%C6%B0%E1%BB%9Fi", 200),
            ("&ward=Qu%E1%BA%A3ng%20An", 404),
            ("&ward=Nowhere", 404),
            ("&ward=unknown", 200),
        ] {
            let (status, body) = quarter.get(&market, &path(more)).await;
            assert_eq!(status, wanted, "{more}: {body}");
        }
        assert_eq!(quarter.get("", &path("")).await.0, 401);
    }
    let figures = async |token: &str, indicator: &str| {
        let path = format!("/v1/adoption/indicators/{indicator}?month=2025-06");
        let (_, body) = quarter.get(token, &path).await;
        all_told(&body["indicator"]["figures"])
    };
    for indicator in COMPUTED.into_iter().filter(|indicator| *indicator != "D1") {
        let zone = quarter
            .figures(indicator, Where::Zone("TH-CB"), "month=2025-06")
            .await;
        assert_eq!(figures(&market, indicator).await, zone, "{indicator}");
    }
    let sources = ["notices_accepted verified not_for_zones -/-"];
    assert_eq!(figures(&market, "D1").await, sources);
    let (_, card) = quarter
        .get(&market, "/v1/adoption/scorecard?month=2025-06")
        .await;
    assert_eq!(card["census"].as_array().unwrap().len(), 1);
    assert_eq!(
        figures(&nobody, "A1").await,
        ["establishments census no_census -/-"]
    );
    assert_eq!(figures(&nobody, "C1").await[0], "payments verified 0 0/-");
}

async fn a_faulty_question_is_refused_by_name(database: Database) {
    let quarter = Quarter::open(&database).await;
    let card = "/v1/adoption/scorecard";
    let series = "/v1/adoption/series?month=2025-06";
    for (path, wanted) in [
        (card.to_owned(), "?month missing_window"),
        (format!("{card}?day=2025-6-1"), "?day wrong_form"),
        (format!("{card}?week=2025-W53"), "?week wrong_form"),
        (format!("{card}?month=2025-13"), "?month wrong_form"),
        (format!("{card}?month=1999-12"), "?month out_of_range"),
        (format!("{card}?from=2025-06-01"), "?to missing_field"),
        (format!("{card}?to=2025-06-01"), "?from missing_field"),
        (
            format!("{card}?from=2025-06-02&to=2025-06-01"),
            "?to reversed",
        ),
        (
            format!("{card}?from=2005-06-02&to=2025-06-01"),
            "?to too_long",
        ),
        (
            format!("{card}?day=2025-06-01&month=2025-06"),
            "?day contradictory_window ?month contradictory_window",
        ),
        (
            format!("{card}?week=2025-W27&from=2025-06-01&to=2025-06-02"),
            "?week contradictory_window ?from contradictory_window ?to contradictory_window",
        ),
        (
            format!("{card}?month=2025-06&zone=TH-CB&ward=unknown"),
            "?zone contradictory_place ?ward contradictory_place",
        ),
        (format!("{card}?month=2025-06&zone=th"), "?zone wrong_form"),
        (
            format!("{card}?month=x&ward="),
            "?ward empty ?month wrong_form",
        ),
        (
            format!("{card}?month=2025-06&colour=red"),
            "?colour unknown_field",
        ),
        (
            format!("{card}?month=2025-06&month=2025-06"),
            "?month repeated_parameter",
        ),
        (format!("{series}&by=day"), "?indicator missing_field"),
        (format!("{series}&indicator=C1"), "?by missing_field"),
        (
            format!("{series}&indicator=F1&by=year"),
            "?indicator unknown_word ?by unknown_word",
        ),
        (
            "/v1/adoption/series?indicator=C1&by=day&from=2024-01-01&to=2025-02-04".to_owned(),
            "?by too_many_points",
        ),
        (
            "/v1/adoption/series?indicator=B5&by=day&from=2025-01-01&to=2025-03-04".to_owned(),
            "?by too_many_points",
        ),
    ] {
        let (status, body) = quarter.get(&quarter.admin, &path).await;
        assert_eq!(
            (status, &body["code"]),
            (400, &json!("invalid_query")),
            "{path}"
        );
        let errors = body["errors"].as_array().unwrap().iter().map(|error| {
            format!(
                "{} {}",
                error["pointer"].as_str().unwrap(),
                error["code"].as_str().unwrap()
            )
        });
        assert_eq!(errors.collect::<Vec<_>>().join(" "), wanted, "{path}");
    }
    for path in [
        "/v1/adoption/series?indicator=C1&by=day&from=2024-01-01&to=2025-02-03",
        "/v1/adoption/series?indicator=B5&by=day&from=2025-01-01&to=2025-03-03",
    ] {
        assert_eq!(quarter.get(&quarter.admin, path).await.0, 200, "{path}");
    }
    let (status, _) = quarter
        .get(&quarter.admin, "/v1/adoption/indicators/F1?month=2025-06")
        .await;
    assert_eq!(status, 404);
}

async fn what_cannot_be_given_yet_is_there_with_its_reason(database: Database) {
    let quarter = Quarter::open(&database).await;
    quarter.stand_at(noon("07-01"));
    let list = quarter.read("/v1/adoption/indicators").await;
    let list = list["data"].as_array().unwrap();
    assert_eq!(list.len(), 29);
    let available = list.iter().filter(|one| one["available"] == true);
    let available: Vec<_> = available.map(|one| one["code"].as_str().unwrap()).collect();
    assert_eq!(available, COMPUTED);
    for definition in list {
        let reason = &definition["reason"];
        assert_eq!(
            definition["available"] == true,
            reason.is_null(),
            "{definition}"
        );
        let code = definition["code"].as_str().unwrap();
        let path = format!("/v1/adoption/indicators/{code}?month=2025-06");
        let mut answered = quarter.read(&path).await["indicator"].clone();
        let figures = answered["figures"].as_array().unwrap().len();
        assert_eq!(figures > 0, reason.is_null(), "{code}");
        for key in ["figures", "completeness"] {
            answered.as_object_mut().unwrap().remove(key);
        }
        assert_eq!(&answered, definition);
    }
    let card = quarter.read("/v1/adoption/scorecard?month=2025-06").await;
    let numbers = card["numbers"].as_array().unwrap();
    let codes: Vec<_> = numbers
        .iter()
        .map(|number| {
            let codes = number["indicators"].as_array().unwrap().iter();
            codes
                .map(|one| one["code"].as_str().unwrap())
                .collect::<Vec<_>>()
                .join("+")
        })
        .collect();
    assert_eq!(
        codes,
        ["A2", "A4", "B5", "B7", "C6", "C1+C2+C7", "D3", "E1"]
    );
    let survey = &numbers[4]["indicators"][0];
    assert_eq!(
        (&survey["available"], &survey["figures"]),
        (&json!(false), &json!([]))
    );
    assert_eq!(
        survey["reason"]["vi"],
        "Cần điều tra doanh số, hiện chưa thực hiện"
    );
    let series = "/v1/adoption/series?indicator=C6&by=day&month=2025-06";
    let series = quarter.read(series).await;
    assert_eq!(
        (&series["points"], &series["indicator"]["available"]),
        (&json!([]), &json!(false))
    );
}

async fn a_day_on_which_a_daily_source_was_silent_leaves_figures_incomplete(database: Database) {
    let quarter = Quarter::open(&database).await;
    // Four weeks a notice each day, then two days without, then one again.
    let days = day("2025-06-01").iter_days().take(28);
    for (id, on) in (1..).zip(days.chain([day("2025-07-01")])) {
        let on = on.format("%m-%d").to_string();
        quarter.hear(&sold(id, &on, 1, 10_000)).await;
    }
    quarter.stand_at(noon("07-20"));
    let completeness = async |indicator: &str, more: &str| {
        let path = format!("/v1/adoption/indicators/{indicator}?{more}");
        quarter.read(&path).await["completeness"].clone()
    };
    for (indicator, more, wanted) in [
        ("C1", "day=2025-06-28", "final"),
        ("C1", "day=2025-06-29", "incomplete"),
        ("C1", "day=2025-06-30&zone=TH-CB", "incomplete"),
        ("C1", "day=2025-07-01", "final"),
        // Heard on 26 of the 28 days to 07-01: two days of silence do not end its habit.
        ("C1", "day=2025-07-05", "incomplete"),
        ("C1", "month=2025-06", "incomplete"),
        ("B5", "month=2025-06", "incomplete"),
        ("A1", "month=2025-06", "final"),
        ("C1", "day=2025-05-20", "final"),
    ] {
        assert_eq!(
            completeness(indicator, more).await,
            wanted,
            "{indicator} {more}"
        );
    }
    let card = quarter.read("/v1/adoption/scorecard?month=2025-06").await;
    let silent =
        json!([{"source": "sepay", "days": 2, "first": "2025-06-29", "last": "2025-06-30"}]);
    assert_eq!(card["silent_sources"], silent);
    assert_eq!(card["completeness"], "incomplete");
    assert_eq!(card["numbers"][0]["indicators"][0]["completeness"], "final");
    let series = "/v1/adoption/series?indicator=C1&by=day&from=2025-06-28&to=2025-07-01";
    let series = quarter.read(series).await;
    let points = series["points"].as_array().unwrap().iter();
    let points: Vec<_> = points
        .map(|point| point["completeness"].as_str().unwrap())
        .collect();
    assert_eq!(points, ["final", "incomplete", "incomplete", "final"]);
}

async fn the_lunar_day_stands_beside_each_day(database: Database) {
    let quarter = Quarter::open(&database).await;
    let csv = include_str!("../data/lunar_pairs.csv");
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
