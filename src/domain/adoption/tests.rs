use rust_decimal::Decimal;

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn census() -> Vec<CensusUsed> {
    vec![CensusUsed {
        zone: ZoneCode::parse("TH-QK").unwrap(),
        version: 2,
        surveyed_on: day("2026-01-10"),
    }]
}

fn frame(scope: Scope, window: Window) -> Frame {
    Frame {
        scope,
        window,
        today: day("2026-04-20"),
        censuses: census(),
        sources: SourceHealth::Heard,
    }
}

fn march() -> Window {
    Window::month_of(day("2026-03-01"))
}

fn counts() -> Counts {
    let vnd = |amount| crate::domain::money::Vnd::new(amount).unwrap();
    Counts {
        operating: 80,
        registered: 60,
        registered_outside: 3,
        active: 40,
        active_outside: 2,
        regular: 20,
        seasoned: 50,
        never_active: 5,
        payments: 4,
        sale_vnd: 100_000,
        received_vnd: 120_000,
        by_account_payments: 9,
        by_account_sale_vnd: 900_000,
        tickets: [(vnd(10_000), 2), (vnd(30_000), 1), (vnd(50_000), 1)]
            .into_iter()
            .collect(),
        notices: Notices {
            accepted: 90,
            ignored: 4,
            failed: 3,
            quarantined: 2,
            conflict: 1,
        },
    }
}

fn figures(indicator: Indicator, frame: &Frame, counts: &Counts) -> Vec<Figure> {
    match answer(indicator, frame, counts) {
        Answer::Figures(figures) => figures,
        Answer::NotYet => panic!("{indicator} is not computed"),
    }
}

/// Measure, evidence, value, numerator and denominator of a figure, as text.
fn told(figure: &Figure) -> String {
    let value = match figure.value() {
        Ok(value) => value.normalize().to_string(),
        Err(reason) => reason.to_string(),
    };
    let number = |part: Option<i64>| part.map_or("-".to_owned(), |part| part.to_string());
    let parts = [number(figure.numerator()), number(figure.denominator())];
    format!(
        "{} {} {value} {}",
        figure.measure(),
        figure.evidence(),
        parts.join("/")
    )
}

#[test]
fn a_month_of_a_zone_gives_every_figure_with_its_parts() {
    let frame = frame(Scope::Zones, march());
    for (indicator, wanted) in [
        (Indicator::A1, vec!["establishments census 80 80/-"]),
        (
            Indicator::A2,
            vec![
                "registration_rate census 0.75 60/80",
                "registered_outside_census census 3 3/-",
            ],
        ),
        (
            Indicator::B3,
            vec![
                "active verified 40 40/-",
                "active_outside_census verified 2 2/-",
            ],
        ),
        (Indicator::B4, vec!["regular verified 20 20/-"]),
        (
            Indicator::B5,
            vec![
                "active_rate verified 0.5 40/80",
                "regular_rate verified 0.25 20/80",
            ],
        ),
        (Indicator::B6, vec!["never_active_share verified 0.1 5/50"]),
        (
            Indicator::C1,
            vec!["payments verified 4 4/-", "payments by_account 9 9/-"],
        ),
        (
            Indicator::C2,
            vec![
                "sale_vnd verified 100000 100000/-",
                "received_vnd verified 120000 120000/-",
                "sale_vnd by_account 900000 900000/-",
            ],
        ),
        (
            Indicator::C4,
            vec![
                "ticket_median_vnd verified 10000 10000/-",
                "ticket_p25_vnd verified 10000 10000/-",
                "ticket_p75_vnd verified 30000 30000/-",
                "ticket_mean_vnd verified 25000 100000/4",
            ],
        ),
        (
            Indicator::D1,
            vec!["notices_accepted verified not_for_zones -/-"],
        ),
    ] {
        let found: Vec<_> = figures(indicator, &frame, &counts())
            .iter()
            .map(told)
            .collect();
        assert_eq!(found, wanted, "{indicator}");
    }
}

#[test]
fn an_empty_zone_has_zero_counts_and_no_rates() {
    let frame = frame(Scope::Zones, march());
    for (indicator, wanted) in [
        (Indicator::A1, "establishments census 0 0/-"),
        (Indicator::A2, "registration_rate census no_denominator 0/0"),
        (Indicator::B3, "active verified 0 0/-"),
        (Indicator::B5, "active_rate verified no_denominator 0/0"),
        (
            Indicator::B6,
            "never_active_share verified no_denominator 0/0",
        ),
        (Indicator::C1, "payments verified 0 0/-"),
        (
            Indicator::C4,
            "ticket_median_vnd verified no_denominator -/-",
        ),
    ] {
        let found = figures(indicator, &frame, &Counts::default());
        assert_eq!(told(&found[0]), wanted, "{indicator}");
    }
}

#[test]
fn regularity_exists_for_calendar_months_only() {
    for (name, window, defined) in [
        ("calendar month", march(), true),
        ("day", Window::day(day("2026-03-03")), false),
        ("week", Window::iso_week_of(day("2026-03-03")), false),
        (
            "lunar month",
            Window::new(day("2026-02-17"), day("2026-03-18")).unwrap(),
            false,
        ),
        (
            "31 days across two months",
            Window::new(day("2026-03-15"), day("2026-04-14")).unwrap(),
            false,
        ),
    ] {
        let frame = frame(Scope::Zones, window);
        let regular = &figures(Indicator::B4, &frame, &counts())[0];
        let rates = figures(Indicator::B5, &frame, &counts());
        let wanted = if defined {
            Ok(Decimal::from(20))
        } else {
            Err(Undefined::CalendarMonthOnly)
        };
        assert_eq!(regular.value(), wanted, "{name}");
        assert_eq!(rates[1].value().is_ok(), defined, "{name}");
        assert!(rates[0].value().is_ok(), "{name}");
    }
}

#[test]
fn a_figure_is_given_only_where_it_is_counted() {
    let by_source = frame(Scope::Source, march());
    let everything = frame(Scope::Everything, march());
    let accepted = &figures(Indicator::D1, &by_source, &counts())[0];
    assert_eq!(told(accepted), "notices_accepted verified 0.9 90/100");
    assert!(
        figures(Indicator::D1, &everything, &counts())[0]
            .value()
            .is_ok()
    );
    for indicator in [Indicator::A1, Indicator::B5, Indicator::C1, Indicator::C4] {
        for figure in figures(indicator, &by_source, &counts()) {
            assert_eq!(figure.value(), Err(Undefined::NotForSource));
            assert_eq!(figure.numerator(), None);
        }
    }
}

#[test]
fn without_a_census_nothing_is_divided_and_payments_still_count() {
    let mut frame = frame(Scope::Zones, march());
    frame.censuses.clear();
    for indicator in Indicator::ALL.iter().copied() {
        let Answer::Figures(figures) = answer(indicator, &frame, &counts()) else {
            continue;
        };
        for figure in figures {
            let missing = figure.value() == Err(Undefined::NoCensus);
            let wanted = indicator.needs_census() && !figure.measure().is_outside_census();
            assert_eq!(missing, wanted, "{indicator} {}", figure.measure());
        }
    }
}

#[test]
fn a_silent_source_leaves_what_it_told_of_incomplete_and_the_census_alone() {
    let mut frame = frame(Scope::Zones, march());
    frame.sources = SourceHealth::Gap;
    assert_eq!(frame.completeness(), Completeness::Incomplete);
    for indicator in Indicator::ALL.iter().copied() {
        let wanted = match indicator {
            Indicator::A1 | Indicator::A2 => Completeness::Final,
            _ => Completeness::Incomplete,
        };
        assert_eq!(frame.completeness_of(indicator), wanted, "{indicator}");
    }
}

#[test]
fn flows_of_two_days_add_up_and_stocks_do_not() {
    let mut sum = counts();
    sum.add_flows(&counts());
    assert_eq!(
        (sum.payments, sum.sale_vnd, sum.received_vnd),
        (8, 200_000, 240_000)
    );
    assert_eq!(
        (sum.by_account_payments, sum.by_account_sale_vnd),
        (18, 1_800_000)
    );
    assert_eq!((sum.notices.accepted, sum.notices.received()), (180, 200));
    assert_eq!((sum.operating, sum.active, sum.regular), (80, 40, 20));
}

#[test]
fn an_indicator_that_is_not_computed_answers_not_yet() {
    let frame = frame(Scope::Everything, march());
    for indicator in Indicator::ALL.iter().copied() {
        let computed = indicator.availability() == Availability::Computed;
        let answered = answer(indicator, &frame, &counts()) != Answer::NotYet;
        assert_eq!(answered, computed, "{indicator}");
    }
}

#[test]
fn a_census_is_stale_after_six_months_and_seasoning_takes_thirty_days() {
    let frame = frame(Scope::Zones, march());
    assert_eq!(frame.seasoned_by(), day("2026-03-01"));
    assert_eq!(frame.completeness(), Completeness::Final);
    let census = &frame.censuses[0];
    assert!(!census.is_stale_on(day("2026-07-10")));
    assert!(census.is_stale_on(day("2026-07-11")));
}
