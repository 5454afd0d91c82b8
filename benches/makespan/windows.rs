//! How many calls windows let through, and when: the arithmetic of the bound.

use leadmill_sandbox::{Category, Window};

/// Windows of one scope, the shortest first. `A_X(t)` of performance.md, for any number of windows.
#[derive(Clone, Debug, Default)]
struct Curve(Vec<(f64, f64)>);

/// The windows of all scopes that a call falls into.
#[derive(Clone, Debug, Default)]
pub(crate) struct Windows(Vec<Curve>);

impl Windows {
    /// Of all windows of an account, those that count a category, each sustained one without the part that
    /// others take of it.
    pub(crate) fn of(windows: &[Window], category: Category, foreign: f64) -> Self {
        let mut scopes = vec![Category::Global, category];
        scopes.dedup();
        Self(scopes.iter().map(|scope| Curve::of(windows, *scope, foreign)).collect())
    }

    /// Most calls that pass in `[0, time]`, starting with empty windows.
    pub(crate) fn admitted(&self, time: f64) -> f64 {
        if time < 0.0 {
            return 0.0;
        }
        self.0
            .iter()
            .map(|curve| Curve::admitted(&curve.0, time))
            .fold(f64::MAX, f64::min)
    }

    /// When the last of so many calls can pass at the soonest.
    pub(crate) fn earliest(&self, calls: f64) -> f64 {
        self.0.iter().map(|curve| Curve::earliest(&curve.0, calls)).fold(0.0, f64::max)
    }

    /// The longest window.
    pub(crate) fn longest(&self) -> Option<f64> {
        let windows = self.0.iter().flat_map(|curve| &curve.0);
        windows.map(|(_, per)| *per).max_by(f64::total_cmp)
    }
}

impl Curve {
    fn of(windows: &[Window], scope: Category, foreign: f64) -> Self {
        let own = windows.iter().filter(|window| window.category == scope);
        let mut curve: Vec<(f64, f64)> = own
            .map(|window| {
                let left = if window.is_sustained() { 1.0 - foreign } else { 1.0 };
                (f64::from(window.limit) * left, window.length.as_secs_f64())
            })
            .collect();
        curve.sort_by(|(_, a), (_, b)| a.total_cmp(b));
        Self(curve)
    }

    /// Whole lengths of the longest window hold its limit each; what is left of the time is the next
    /// window's, and at most the limit again.
    fn admitted(windows: &[(f64, f64)], time: f64) -> f64 {
        let Some(((limit, per), shorter)) = windows.split_last() else { return f64::MAX };
        let whole = (time / per).floor();
        limit * whole + Self::admitted(shorter, time - whole * per).min(*limit)
    }

    /// The inverse of [`Self::admitted`].
    fn earliest(windows: &[(f64, f64)], calls: f64) -> f64 {
        let Some(((limit, per), shorter)) = windows.split_last() else { return 0.0 };
        let whole = ((calls / limit).ceil() - 1.0).max(0.0);
        per * whole + Self::earliest(shorter, calls - limit * whole)
    }
}
