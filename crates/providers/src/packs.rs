//! The facts of every provider.

use crate::{enrich, tomba};
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
    Ok(vec![read("enrich.so", enrich::PACK)?, read("tomba", tomba::PACK)?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use leadmill_core::{
        Account, Call, Endpoint, Lane, Operation, Pack, Scope,
        pack::{Percent, Risk},
    };

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

    /// As a pipeline without overrides uses it.
    fn account(pack: &Pack) -> Account {
        Account {
            name: pack.name.clone(),
            purse: pack.name.clone(),
            windows: pack.plans["growth"].clone(),
            poll: pack.jobs.poll.0,
            share: Percent::WHOLE,
            batch_risk: Risk::default(),
            pack: pack.clone(),
        }
    }

    /// A call that nobody has placed in a category would break a limit.
    #[test]
    fn the_calls_of_every_operation_are_in_the_category_that_was_meant() {
        let packs = packs().unwrap();
        let account = account(&packs[0]);
        let scopes = |call, operation| {
            let scopes = account.scopes_of(Endpoint::of(call, operation));
            scopes.map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        let free = ["reveal_email", "reveal_phone", "reveal_contact", "unlock_name"];
        for (operation, offer) in &account.pack.operations {
            let is_free = free.contains(&operation.name());
            for (lane, call, category) in [
                (Lane::Single, Call::Ask, " enrich"),
                (Lane::Bulk, Call::Submit, " bulk"),
            ] {
                if offer.only.is_none_or(|only| only == lane) {
                    let category = if is_free { "" } else { category };
                    let expected = format!("global{category}");
                    assert_eq!(
                        scopes(call, *operation),
                        expected,
                        "{call:?} {operation}"
                    );
                }
            }
            assert_eq!(scopes(Call::Poll, *operation), "global");
            assert_eq!(scopes(Call::Page, *operation), "global");
        }
    }

    #[test]
    fn a_reveal_costs_what_its_fields_cost_and_travels_in_jobs_of_25() {
        let packs = packs().unwrap();
        for (wishes, price) in
            [(&["email"][..], 10), (&["phone"], 525), (&["phone", "email"], 535)]
        {
            let operation = Operation::wished("reveal_contact", wishes).unwrap();
            let offer = &packs[0].operations[&operation];
            assert_eq!((offer.price.0, offer.only), (price, Some(Lane::Bulk)));
            assert_eq!((offer.most_items.get(), offer.batch.get()), (25, 25));
        }
        let names = &packs[0].operations[&Operation::UnlockName];
        assert_eq!((names.price.0, names.only), (1, Some(Lane::Single)));
    }
}
