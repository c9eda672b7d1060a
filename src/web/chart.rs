//! Bars drawn as SVG: one path for ordinary days, one for peak days, from a zero baseline.

use std::fmt::Write;

/// Width of a bar and of the gap behind it, in units of the drawing.
const BAR: i64 = 8;
const GAP: i64 = 2;
/// Height of the drawing, in its units.
const HEIGHT: i64 = 90;

/// A chart of one bar a day.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Bars {
    /// Width of the drawing.
    pub(super) width: i64,
    /// Height of the drawing.
    pub(super) height: i64,
    /// The bars of ordinary days.
    pub(super) ordinary: String,
    /// The bars of peak days.
    pub(super) peak: String,
}

/// Draws values from the left; `true` marks a peak day.
pub(super) fn bars(values: &[(i64, bool)]) -> Bars {
    let highest = values.iter().map(|(value, _)| *value).max().unwrap_or(0);
    let mut bars = Bars {
        width: i64::try_from(values.len()).unwrap_or(0) * (BAR + GAP),
        height: HEIGHT,
        ..Bars::default()
    };
    for (left, (value, is_peak)) in (0..).step_by(10).zip(values) {
        let tall = (value * HEIGHT).checked_div(highest).unwrap_or(0);
        let path = if *is_peak {
            &mut bars.peak
        } else {
            &mut bars.ordinary
        };
        let top = HEIGHT - tall;
        write!(path, "M{left} {HEIGHT}V{top}h{BAR}V{HEIGHT}z").expect("a text takes any length");
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_on_zero_and_the_highest_fills_the_drawing() {
        let drawn = bars(&[(50, false), (100, true), (0, false)]);
        assert_eq!((drawn.width, drawn.height), (30, 90));
        assert_eq!(drawn.ordinary, "M0 90V45h8V90zM20 90V90h8V90z");
        assert_eq!(drawn.peak, "M10 90V0h8V90z");
        assert_eq!(
            bars(&[]),
            Bars {
                height: 90,
                ..Bars::default()
            }
        );
        assert_eq!(bars(&[(0, false)]).ordinary, "M0 90V90h8V90z");
    }
}
