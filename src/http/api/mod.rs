//! The resources of the API, one file each.

pub mod account_links;
pub mod accounts;
pub mod adoption;
pub mod alerts;
pub mod audit;
pub mod bank_transactions;
pub mod callbacks;
pub mod censuses;
mod code_amounts;
pub mod code_checks;
pub mod code_creation;
pub mod code_pictures;
pub mod code_revisions;
pub mod completeness;
pub mod day_summaries;
pub mod doubts;
pub mod establishments;
pub mod events;
pub mod first_notices;
pub mod imports;
pub mod merchant_steps;
pub mod merchants;
mod money;
pub mod outlet_changes;
pub mod outlets;
pub mod payment_codes;
pub mod payment_explanations;
pub mod payment_moves;
pub mod payments;
pub mod registry;
pub mod reversal_matching;
pub mod reversals;
pub mod source_changes;
pub mod source_delays;
pub mod source_documents;
pub mod source_entry;
pub mod source_pulls;
pub mod sources;
pub mod statement_documents;
pub mod statement_lines;
pub mod statement_proposals;
pub mod statements;
pub mod suspense;
pub mod suspense_ages;
pub mod suspense_export;
pub mod suspense_settlement;
pub mod tokens;
pub mod trial_callbacks;
pub(crate) mod trial_documents;
mod trial_reports;
pub mod trials;
pub mod users;
pub mod wording;
pub mod zones;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

use super::code::Code;
use super::page::Position;
use super::problem::Problem;
use crate::domain::day::to_microseconds;

/// Which part of a list is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many rows, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The instant that a cursor of a list sorted by time stands at.
fn instant_of(position: &Position) -> Result<DateTime<Utc>, Problem> {
    let at: DateTime<Utc> = position.sort.parse().map_err(|_| Code::InvalidCursor)?;
    Ok(to_microseconds(at))
}
