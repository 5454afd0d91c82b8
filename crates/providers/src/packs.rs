//! The facts of every provider.

use crate::enrich;
use leadmill_core::Pack;

/// A pack that cannot be read. It is compiled in, so this is a defect of the build.
#[derive(Debug, thiserror::Error)]
#[error("pack of {provider}: {reason}")]
pub struct PackError {
    provider: &'static str,
    reason: String,
}

/// All packs, by the order of their names.
pub fn packs() -> Result<Vec<Pack>, PackError> {
    let read = |provider, text| {
        serde_saphyr::from_str(text)
            .map_err(|error| PackError { provider, reason: error.to_string() })
    };
    Ok(vec![read("enrich.so", enrich::PACK)?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use leadmill_core::{Operation, Scope};

    #[test]
    fn the_limits_are_those_of_the_published_table() {
        let packs = packs().unwrap();
        let pack = &packs[0];
        let windows = |plan: &str, scope: &str| {
            let windows = pack.plans[plan].get(&Scope(scope.into()));
            windows
                .into_iter()
                .flatten()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" ")
        };
        for (plan, global, enrich, bulk) in [
            ("free", "5/1s 60/60s", "10/60s", "1/1s 2/60s"),
            ("growth", "25/1s 300/60s", "100/60s", "3/1s 10/60s"),
            ("scale", "50/1s 1000/60s", "500/60s", "5/1s 20/60s"),
            ("pro", "100/1s 5000/60s", "2000/60s", "10/1s 50/60s"),
            ("enterprise", "200/1s 10000/60s", "", ""),
        ] {
            assert_eq!(windows(plan, "global"), global, "{plan}");
            assert_eq!(windows(plan, "enrich"), enrich, "{plan}");
            assert_eq!(windows(plan, "bulk"), bulk, "{plan}");
        }
        assert_eq!(pack.operations[&Operation::FindEmail].price.0, 10);
        assert_eq!(pack.operations[&Operation::VerifyEmail].price.0, 1);
    }
}
