//! Every documented operation, grouped by who calls it.

use axum::handler::Handler;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use super::{AppState, api, health, openapi};

type Routes = OpenApiRouter<AppState>;

/// All of them, in the order of the API document.
pub(super) fn operations() -> Routes {
    let groups = [
        access(),
        sources(),
        places(),
        merchants(),
        codes(),
        money(),
        adoption(),
        operation(),
    ];
    let frame = OpenApiRouter::with_openapi(openapi::frame());
    groups.into_iter().fold(frame, OpenApiRouter::merge)
}

/// Administrators; anyone for their own tokens; staff for alerts; whoever holds a one-time
/// link.
fn access() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(api::users::create, api::users::list))
        .routes(routes!(api::tokens::create, api::tokens::list))
        .routes(routes!(api::tokens::revoke))
        .routes(routes!(api::tokens::redeem))
        .routes(routes!(api::audit::list))
        .routes(routes!(api::alerts::list))
        .routes(routes!(api::alerts::settle))
}

/// The same operations, with every other method given to the handler: it knows which of them
/// the address takes, and counts what it refuses.
fn whatever_the_method<H, T>(
    (schemas, paths, methods): UtoipaMethodRouter<AppState>,
    handler: H,
) -> UtoipaMethodRouter<AppState>
where
    H: Handler<T, AppState>,
    T: 'static,
{
    (schemas, paths, methods.fallback(handler))
}

/// Administrators; staff read; banks and aggregators deliver; anybody tries.
fn sources() -> Routes {
    OpenApiRouter::new()
        .routes(whatever_the_method(
            routes!(api::callbacks::deliver, api::callbacks::deliver_by_query),
            api::callbacks::deliver,
        ))
        .routes(whatever_the_method(
            routes!(api::callbacks::vietqr_log_in),
            api::callbacks::vietqr_log_in,
        ))
        .routes(whatever_the_method(
            routes!(api::callbacks::vietqr_deliver),
            api::callbacks::vietqr_deliver,
        ))
        .routes(routes!(api::trials::create))
        .routes(routes!(api::trials::read))
        .routes(routes!(api::trials::report))
        .routes(whatever_the_method(
            routes!(
                api::trial_callbacks::deliver,
                api::trial_callbacks::deliver_by_query
            ),
            api::trial_callbacks::deliver,
        ))
        .routes(routes!(api::trial_callbacks::vietqr_log_in))
        .routes(routes!(api::trial_callbacks::vietqr_deliver))
        .routes(routes!(api::sources::create, api::sources::list))
        .routes(routes!(api::sources::read))
        .routes(routes!(api::source_changes::approve))
        .routes(routes!(api::source_changes::discard))
        .routes(routes!(api::source_changes::disable))
        .routes(routes!(api::source_changes::enable))
        .routes(routes!(api::source_changes::rotate))
        .routes(routes!(api::source_changes::approve_secret))
        .routes(routes!(api::source_entry::propose))
        .routes(routes!(api::source_entry::approve))
        .routes(routes!(api::source_changes::bind))
        .routes(routes!(api::source_changes::unbind))
        .routes(routes!(api::source_pulls::set, api::source_pulls::forget))
        .routes(routes!(api::source_pulls::approve))
        .routes(routes!(api::source_pulls::pull))
        .routes(routes!(api::source_delays::read))
}

/// Every caller reads zones; administrators add them; staff keep the census.
fn places() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(api::zones::create, api::zones::list))
        .routes(routes!(api::zones::create_first_list))
        .routes(routes!(api::zones::read))
        .routes(routes!(
            api::establishments::create,
            api::establishments::list
        ))
        .routes(routes!(api::imports::establishments))
        .routes(routes!(api::establishments::read))
        .routes(routes!(api::establishments::confirm_change))
        .routes(routes!(api::censuses::create, api::censuses::list))
        .routes(routes!(api::censuses::read))
}

/// Staff; a merchant reads itself.
fn merchants() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(api::merchants::create, api::merchants::list))
        .routes(routes!(api::merchants::read, api::merchants::amend))
        .routes(routes!(api::imports::merchants))
        .routes(routes!(api::merchant_steps::submit))
        .routes(routes!(api::merchant_steps::start_review))
        .routes(routes!(api::merchant_steps::approve))
        .routes(routes!(api::merchant_steps::request_changes))
        .routes(routes!(api::merchant_steps::reject))
        .routes(routes!(api::merchant_steps::suspend))
        .routes(routes!(api::merchant_steps::resume))
        .routes(routes!(api::merchant_steps::close))
        .routes(routes!(api::outlets::create, api::outlets::list))
        .routes(routes!(api::outlets::read))
        .routes(routes!(api::outlets::open))
        .routes(routes!(api::outlets::pause))
        .routes(routes!(api::outlets::resume))
        .routes(routes!(api::outlets::close))
        .routes(routes!(api::outlet_changes::test))
        .routes(routes!(api::outlet_changes::match_by_account))
        .routes(routes!(api::accounts::create, api::accounts::list))
        .routes(routes!(api::accounts::read))
        .routes(routes!(api::accounts::approve))
        .routes(routes!(api::accounts::reject))
        .routes(routes!(api::accounts::retire))
        .routes(routes!(
            api::account_links::create,
            api::account_links::list
        ))
        .routes(routes!(api::account_links::read))
        .routes(routes!(api::account_links::consent))
        .routes(routes!(api::account_links::revoke))
}

/// A merchant, its tills and staff; every caller checks.
fn codes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(
            api::code_creation::create,
            api::payment_codes::list
        ))
        .routes(routes!(api::code_creation::register))
        .routes(routes!(
            api::payment_codes::read,
            api::code_revisions::amend
        ))
        .routes(routes!(api::code_revisions::list))
        .routes(routes!(api::payment_codes::cancel))
        .routes(routes!(api::code_pictures::svg))
        .routes(routes!(api::code_pictures::png))
        .routes(routes!(api::code_checks::check))
}

/// A merchant and its tills; staff for a recorded case.
fn money() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(api::payments::list))
        .routes(routes!(api::payments::read))
        .routes(routes!(api::payment_explanations::read))
        .routes(routes!(api::payment_moves::propose))
        .routes(routes!(api::payment_moves::list))
        .routes(routes!(api::payment_moves::read))
        .routes(routes!(api::payment_moves::approve))
        .routes(routes!(api::payment_moves::reject))
        .routes(routes!(
            api::reversals::record,
            api::reversals::list_of_payment
        ))
        .routes(routes!(api::reversals::list))
        .routes(routes!(api::reversals::read))
        .routes(routes!(api::reversal_matching::candidates))
        .routes(routes!(api::reversal_matching::cancel))
        .routes(routes!(api::reversal_matching::choose))
        .routes(routes!(api::suspense::list))
        .routes(routes!(api::suspense_ages::read))
        .routes(routes!(api::suspense_export::export))
        .routes(routes!(api::suspense::read))
        .routes(routes!(api::suspense_settlement::suggestions))
        .routes(routes!(api::suspense_settlement::settle))
        .routes(routes!(api::doubts::list))
        .routes(routes!(api::doubts::read))
        .routes(routes!(api::doubts::decide))
        .routes(routes!(api::doubts::approve))
        .routes(routes!(api::doubts::reject))
        .routes(routes!(api::bank_transactions::list))
        .routes(routes!(api::bank_transactions::read))
        .routes(routes!(api::day_summaries::read))
        .routes(routes!(api::statements::create, api::statements::list))
        .routes(routes!(api::statements::read))
        .routes(routes!(api::statement_lines::list))
        .routes(routes!(api::statement_proposals::create))
        .routes(routes!(api::statement_proposals::list))
        .routes(routes!(api::statement_proposals::read))
        .routes(routes!(api::statement_proposals::approve))
        .routes(routes!(api::statement_proposals::reject))
        .routes(routes!(api::events::list))
}

/// Staff, within their zones.
fn adoption() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(api::adoption::scorecard))
        .routes(routes!(api::adoption::indicators))
        .routes(routes!(api::adoption::indicator))
        .routes(routes!(api::adoption::series))
}

/// Whoever runs it.
fn operation() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(health::livez))
        .routes(routes!(health::readyz))
}
