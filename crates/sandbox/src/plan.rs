//! The plans and the windows that each of them opens.
//!
//! # Source
//! <https://doc.enrich.so/rate-limits-1951030m0>, modified 2026-02-02.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use http::Method;
use serde::{Deserialize, Serialize};

use crate::kind::Kind;
use crate::window::Window;
use crate::words::worded;

/// The plan of an account, which decides its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Plan {
    /// 5 a second, 60 a minute.
    Free,
    /// 25 a second, 300 a minute.
    #[default]
    Growth,
    /// 50 a second, 1,000 a minute.
    Scale,
    /// 100 a second, 5,000 a minute.
    Pro,
    /// 200 a second, 10,000 a minute; no tighter limit for any category.
    Enterprise,
}

/// No plan has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown plan {0:?}: expected free, growth, scale, pro or enterprise")]
pub struct UnknownPlan(pub String);

/// The kind of a request that a window counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// Every request of the account.
    Global,
    /// Single paid lookups.
    Enrich,
    /// Submits of batches, each one request whatever its size.
    Bulk,
}

worded!(Category, "category", [("global", Global), ("enrich", Enrich), ("bulk", Bulk)]);

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

impl Plan {
    /// The windows of this plan: global ones first, bursts before sustained ones.
    pub fn windows(self) -> Vec<Window> {
        let (burst, sustained, enrich, bulk) = match self {
            Self::Free => (5, 60, Some(10), Some((1, 2))),
            Self::Growth => (25, 300, Some(100), Some((3, 10))),
            Self::Scale => (50, 1_000, Some(500), Some((5, 20))),
            Self::Pro => (100, 5_000, Some(2_000), Some((10, 50))),
            Self::Enterprise => (200, 10_000, None, None),
        };
        let window = |category, length, limit| Window { category, length, limit };
        let mut windows = vec![
            window(Category::Global, SECOND, burst),
            window(Category::Global, MINUTE, sustained),
        ];
        windows.extend(enrich.map(|limit| window(Category::Enrich, MINUTE, limit)));
        windows.extend(bulk.map(|(burst, _)| window(Category::Bulk, SECOND, burst)));
        windows.extend(bulk.map(|(_, limit)| window(Category::Bulk, MINUTE, limit)));
        windows
    }
}

impl Category {
    /// The category of a request, by its path below `/api/v3`.
    ///
    /// The published paths `/api/enrich/*` and `/api/bulk/*` match none of the API;
    /// this mapping is the reference's proposal (section 14, row 1).
    pub(crate) fn of(method: &Method, path: &str) -> Self {
        let path = path.trim_matches('/');
        match (method.as_str(), path) {
            ("POST", "email-validation" | "email-finder" | "reverse-lookup/lookup")
            | ("POST", "ip-to-company")
            | ("GET", "reverse-lookup/phones") => Self::Enrich,
            ("POST", _) if path.starts_with("people-search/") => Self::Enrich,
            ("POST", "reverse-lookup/bulk-lookup" | "reverse-lookup/phones/bulk")
            | ("POST", "company-follower" | "lead-finder/export") => Self::Bulk,
            ("POST", _) if path.ends_with("/batch") => Self::Bulk,
            _ => Self::Global,
        }
    }
}

impl Kind for Category {
    const WRITTEN: &'static str =
        "a category (global, enrich or bulk), calls and a length, such as bulk=10/60s";

    fn includes(self, other: Self) -> bool {
        self == Self::Global || self == other
    }
}

impl FromStr for Plan {
    type Err = UnknownPlan;

    fn from_str(name: &str) -> Result<Self, UnknownPlan> {
        match name {
            "free" => Ok(Self::Free),
            "growth" => Ok(Self::Growth),
            "scale" => Ok(Self::Scale),
            "pro" => Ok(Self::Pro),
            "enterprise" => Ok(Self::Enterprise),
            other => Err(UnknownPlan(other.to_owned())),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Free => "free",
            Self::Growth => "growth",
            Self::Scale => "scale",
            Self::Pro => "pro",
            Self::Enterprise => "enterprise",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_published_one() {
        let table: Vec<Vec<u32>> = ["free", "growth", "scale", "pro", "enterprise"]
            .iter()
            .map(|name| name.parse::<Plan>().unwrap())
            .map(|plan| plan.windows().iter().map(|window| window.limit).collect())
            .collect();
        assert_eq!(
            table,
            [
                vec![5, 60, 10, 1, 2],
                vec![25, 300, 100, 3, 10],
                vec![50, 1_000, 500, 5, 20],
                vec![100, 5_000, 2_000, 10, 50],
                vec![200, 10_000],
            ]
        );
    }

    #[test]
    fn a_name_is_read_as_it_is_written() {
        for plan in [Plan::Free, Plan::Growth, Plan::Scale, Plan::Pro, Plan::Enterprise] {
            assert_eq!(plan.to_string().parse(), Ok(plan));
        }
        assert_eq!("Growth".parse::<Plan>(), Err(UnknownPlan("Growth".to_owned())));
    }

    #[test]
    fn submits_are_bulk_lookups_are_enrich_and_polls_are_neither() {
        let of = |method: Method, path: &str| Category::of(&method, path);
        assert_eq!(of(Method::POST, "/email-finder"), Category::Enrich);
        assert_eq!(of(Method::POST, "/email-finder/batch"), Category::Bulk);
        assert_eq!(of(Method::GET, "/email-finder/batch/6"), Category::Global);
        assert_eq!(of(Method::GET, "/wallets/balance"), Category::Global);
    }
}
