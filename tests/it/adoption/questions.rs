//! Who may ask for what, and how a faulty question is refused.

use serde_json::json;

use super::quarter::{Quarter, noon, zone_id};
use super::recount::Where;
use super::{COMPUTED, all_told};
use crate::database::{Database, on_both_engines};

on_both_engines!(
    staff_are_told_of_their_zones_only,
    a_faulty_question_is_refused_by_name,
    what_cannot_be_given_yet_is_there_with_its_reason,
);

async fn staff_are_told_of_their_zones_only(database: Database) {
    let quarter = Quarter::open(&database).await;
    quarter.hear_the_quarter().await;
    let market = quarter.staff(&[zone_id(0)]).await;
    let nobody = quarter.staff(&[]).await;
    let trader = quarter.trader(1).await;
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
            // The same name, its marks written as characters of their own.
            ("&ward=Bu%CC%9Bo%CC%9B%CC%89i", 200),
            ("&ward=Qu%E1%BA%A3ng%20An", 404),
            ("&ward=Nowhere", 404),
            ("&ward=unknown", 200),
        ] {
            let (status, body) = quarter.get(&market, &path(more)).await;
            assert_eq!(status, wanted, "{more}: {body}");
        }
        assert_eq!(quarter.get("", &path("")).await.0, 401);
        assert_eq!(quarter.get(&trader, &path("")).await.0, 403);
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
        (
            format!("{card}?month=2025-06&zone=TH-CB&source=sepay"),
            "?zone contradictory_place ?source contradictory_place",
        ),
        (
            format!("{card}?month=2025-06&source=Se-Pay"),
            "?source wrong_form",
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
