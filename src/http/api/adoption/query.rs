//! Where, of which source and over which days figures are asked for.

use serde::Deserialize;
use utoipa::IntoParams;

use crate::domain::adoption::indicator::Indicator;
use crate::domain::day::Window;
use crate::domain::ids::SourceId;
use crate::domain::period::{self, Step, read_day, read_month, read_week};
use crate::domain::source::SourceName;
use crate::domain::text::TradeName;
use crate::domain::zone::ZoneCode;
use crate::flows::measure_adoption::points_allowed;
use crate::http::auth::found;
use crate::http::code::Code;
use crate::http::language::Text;
use crate::http::problem::{Explain, FieldError, Problem};
use crate::store::adoption::{Area, Place, ward_is_known};
use crate::store::reach::Reach;
use crate::store::{Tx, sources, zones};

/// How the zones whose ward is not known are asked for.
pub const UNKNOWN_WARD: &str = "unknown";

/// Where and over which days. One of `zone`, `ward` and `source`, or none of them for all
/// zones; exactly one of `day`, `week`, `month`, or `from` and `to`.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AdoptionQuery {
    /// The code of a zone, such as `TH-QK`.
    zone: Option<String>,
    /// A ward, such as `Tây Hồ`: its zones on the last day, and payments of the days on which
    /// a zone lay in it. `unknown` for the zones whose ward is not known.
    ward: Option<String>,
    /// The name of a source of notices, such as `sepay`, for who sees every zone: D1 is
    /// counted by source, every other indicator answers `not_for_source`.
    source: Option<String>,
    /// A local day, such as `2026-11-23`.
    day: Option<String>,
    /// An ISO week, such as `2026-W48`.
    week: Option<String>,
    /// A calendar month, such as `2026-11`.
    month: Option<String>,
    /// The first day of a window of at most 3660 days.
    from: Option<String>,
    /// The last day, itself in the window.
    to: Option<String>,
}

/// What is asked of a series.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SeriesQuery {
    /// The code of an indicator, such as `C1`.
    indicator: String,
    /// The step: `day`, `week` or `month`.
    by: String,
    /// The code of a zone, such as `TH-QK`.
    zone: Option<String>,
    /// A ward, such as `Tây Hồ`; `unknown` for the zones whose ward is not known.
    ward: Option<String>,
    /// The name of a source of notices, such as `sepay`, for D1 and who sees every zone.
    source: Option<String>,
    /// A local day, such as `2026-11-23`.
    day: Option<String>,
    /// An ISO week, such as `2026-W48`.
    week: Option<String>,
    /// A calendar month, such as `2026-11`.
    month: Option<String>,
    /// The first day of a window of at most 3660 days.
    from: Option<String>,
    /// The last day, itself in the window.
    to: Option<String>,
}

/// The place that is asked about, by its name.
#[derive(Clone, Debug)]
pub enum AskedPlace {
    /// All zones within reach.
    All,
    /// A zone.
    Zone(ZoneCode),
    /// A ward.
    Ward(String),
    /// The zones whose ward is not known.
    UnknownWard,
    /// A source of notices.
    Source(SourceName),
}

impl AskedPlace {
    /// The place within reach; an unknown and a foreign one are the same 404.
    pub async fn find(&self, tx: &mut Tx, reach: Reach) -> Result<Area, Problem> {
        let place = match self {
            Self::All => Place::Everywhere,
            Self::Zone(code) => {
                let zone = found(zones::id_by_code(tx, code).await?)?;
                found(zones::is_within(tx, reach, zone).await?.then_some(()))?;
                Place::Zone(zone)
            }
            Self::Ward(ward) => {
                found(ward_is_known(tx, reach, ward).await?.then_some(()))?;
                Place::Ward(ward.clone())
            }
            Self::UnknownWard => Place::UnknownWard,
            Self::Source(name) => {
                found((reach == Reach::Everything).then_some(()))?;
                let source = found(sources::find_by_name(tx, name.as_str()).await?)?;
                Place::Source(SourceId::from_uuid(source.id))
            }
        };
        Ok(Area::new(reach, place))
    }
}

impl AdoptionQuery {
    /// The place and the window, or everything that is wrong with them.
    pub fn read(&self) -> Result<(AskedPlace, Window), Problem> {
        let mut faults = Faults::default();
        let place = self.place(&mut faults);
        let window = self.window(&mut faults);
        place.zip(window).ok_or_else(|| faults.into())
    }

    fn place(&self, faults: &mut Faults) -> Option<AskedPlace> {
        let given = [
            ("zone", self.zone.as_deref()),
            ("ward", self.ward.as_deref()),
            ("source", self.source.as_deref()),
        ];
        match given_of(given)[..] {
            [] => Some(AskedPlace::All),
            [("zone", zone)] => faults
                .check("zone", ZoneCode::parse(zone))
                .map(AskedPlace::Zone),
            [("ward", UNKNOWN_WARD)] => Some(AskedPlace::UnknownWard),
            [("ward", ward)] => faults
                .check("ward", TradeName::parse(ward))
                .map(|ward| AskedPlace::Ward(ward.to_string())),
            [(_, source)] => faults
                .check("source", SourceName::parse(source))
                .map(AskedPlace::Source),
            ref given => {
                for (name, _) in given {
                    let text = Text::new(
                        "Chỉ ghi một trong ba: zone, ward hoặc source.",
                        "Give only one of zone, ward and source.",
                    );
                    faults.note::<()>(name, "contradictory_place", text);
                }
                None
            }
        }
    }

    fn window(&self, faults: &mut Faults) -> Option<Window> {
        let given = [
            ("day", self.day.as_deref()),
            ("week", self.week.as_deref()),
            ("month", self.month.as_deref()),
            ("from", self.from.as_deref()),
            ("to", self.to.as_deref()),
        ];
        let given = given_of(given);
        match given[..] {
            [("day", day)] => faults.check("day", read_day(day).map(Window::day)),
            [("week", week)] => faults.check("week", read_week(week)),
            [("month", month)] => faults.check("month", read_month(month)),
            [("from", from), ("to", to)] => {
                let from = faults.check("from", read_day(from));
                let to = faults.check("to", read_day(to));
                faults.check("to", period::between(from?, to?))
            }
            [("from", _)] => faults.missing("to"),
            [("to", _)] => faults.missing("from"),
            [] => {
                let text = Text::new(
                    "Ghi đúng một trong: day, week, month, hoặc from cùng với to.",
                    "Give exactly one of day, week, month, or from with to.",
                );
                faults.note("month", "missing_window", text)
            }
            _ => {
                for (name, _) in given {
                    let text = Text::new(
                        "Chỉ ghi một khoảng thời gian: day, week, month, hoặc from cùng với to.",
                        "Give only one window: day, week, month, or from with to.",
                    );
                    faults.note::<()>(name, "contradictory_window", text);
                }
                None
            }
        }
    }
}

/// The parameters that were given, in their order.
fn given_of<'a, const N: usize>(
    parameters: [(&'static str, Option<&'a str>); N],
) -> Vec<(&'static str, &'a str)> {
    let given = parameters.into_iter();
    given
        .filter_map(|(name, text)| Some((name, text?)))
        .collect()
}

/// What is wrong with a query; one answer names all of it.
#[derive(Default)]
struct Faults(Vec<FieldError>);

impl Faults {
    fn check<T, E: Explain>(&mut self, name: &str, read: Result<T, E>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(fault) => self.note(name, fault.code(), fault.text()),
        }
    }

    fn missing<T>(&mut self, name: &str) -> Option<T> {
        let text = Text::new("Thiếu tham số này.", "This parameter is required.");
        self.note(name, "missing_field", text)
    }

    fn note<T>(&mut self, name: &str, code: &'static str, text: Text) -> Option<T> {
        self.0.push(FieldError::query(name, code, text));
        None
    }
}

impl From<Faults> for Problem {
    fn from(Faults(faults): Faults) -> Self {
        Self::new(Code::InvalidQuery).errors(faults)
    }
}

impl SeriesQuery {
    /// The indicator, the step, the place and the window.
    pub fn read(self) -> Result<(Indicator, Step, AskedPlace, Window), Problem> {
        let mut faults = Faults::default();
        let indicator = faults.check("indicator", Indicator::parse(&self.indicator));
        let step = faults.check("by", Step::parse(&self.by));
        let asked = AdoptionQuery {
            zone: self.zone,
            ward: self.ward,
            source: self.source,
            day: self.day,
            week: self.week,
            month: self.month,
            from: self.from,
            to: self.to,
        };
        let place = asked.place(&mut faults);
        let window = asked.window(&mut faults);
        let ((Some(indicator), Some(step)), (Some(place), Some(window))) =
            ((indicator, step), (place, window))
        else {
            return Err(faults.into());
        };
        let allowed = points_allowed(indicator);
        if period::steps(window, step).count() > allowed {
            let text = Text::new(
                format!("Tối đa {allowed} điểm: chọn bước dài hơn hoặc khoảng ngắn hơn."),
                format!("At most {allowed} points: take a longer step or a shorter window."),
            );
            faults.note::<()>("by", "too_many_points", text);
            return Err(faults.into());
        }
        Ok((indicator, step, place, window))
    }
}
