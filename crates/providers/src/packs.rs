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
mod reserves;
#[cfg(test)]
mod tests {
    use super::*;
    use leadmill_core::{
        Account, Call, Endpoint, Lane, Operation, Pack, Scope,
        pack::{PaidAct, Percent, Risk},
    };
    use std::{collections::BTreeSet, num::NonZeroU32, time::Duration};

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
            in_doubt_limit: None,
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
        let free = [
            "reveal_email",
            "reveal_phone",
            "reveal_contact",
            "unlock_name",
            "count_followers",
            "search_leads",
        ];
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

    /// The page's table, in calls a second and a minute.
    #[test]
    fn tomba_s_limits_are_those_of_the_published_table_on_every_plan() {
        let packs = packs().unwrap();
        let pack = packs.iter().find(|pack| pack.name == "tomba").unwrap();
        let table = [
            ("search_domain", 15.0, 900),
            ("find_email", 15.0, 900),
            ("find_similar", 15.0, 900),
            ("find_technology", 15.0, 900),
            ("find_person", 5.0, 300),
            ("search_companies", 5.0, 300),
            ("find_author", 2.5, 150),
            ("verify_email", 2.5, 150),
            ("find_email_by_profile", 1.67, 100),
            // Beside the table.
            ("find_company", 5.0, 300),
            ("find_phone", 2.5, 150),
            ("validate_phone", 2.5, 150),
            // Assumed.
            ("count_emails", 5.0, 300),
            ("find_format", 5.0, 300),
            ("find_sources", 5.0, 300),
        ];
        assert_eq!(table.len(), pack.operations.len());
        let plans: Vec<_> = pack.plans.keys().map(String::as_str).collect();
        assert_eq!(plans, ["enterprise", "free", "growth", "pro", "starter"]);
        for (plan, (name, second, minute)) in
            plans.iter().flat_map(|plan| table.map(|row| (plan, row)))
        {
            let account = Account { windows: pack.plans[*plan].clone(), ..account(pack) };
            let operation: Operation = name.parse().unwrap();
            let windows: Vec<_> =
                account.windows_of(Endpoint::of(Call::Ask, operation)).collect();
            let [(_, short), (_, long)] = windows[..] else {
                panic!("{name}: {windows:?}")
            };
            assert_eq!(long.to_string(), format!("{minute}/60s"), "{plan} {name}");
            let rate = f64::from(short.limit.get()) / short.per.as_secs_f64();
            assert!((rate - second).abs() < 0.005, "{plan} {name}: {short}");
            assert!(short.per.as_secs() <= 3, "{plan} {name}: {short}");
        }
    }

    /// The calls of an operation that no scope names would break a limit, and one that has another's would waste it.
    #[test]
    fn tomba_s_calls_each_have_windows_and_each_question_its_own() {
        let packs = packs().unwrap();
        let pack = packs.iter().find(|pack| pack.name == "tomba").unwrap();
        let account = Account { windows: pack.plans["free"].clone(), ..account(pack) };
        let mut asked = Vec::new();
        for operation in pack.operations.keys() {
            let endpoint = Endpoint::of(Call::Ask, *operation);
            assert!(pack.scopes.contains_key(&endpoint), "{operation}");
            let scopes: Vec<_> = account.scopes_of(endpoint).collect();
            assert_eq!(scopes.len(), 1, "{operation}");
            asked.extend(scopes);
            for call in Call::ALL {
                let endpoint = Endpoint::of(call, *operation);
                let windows = account.windows_of(endpoint).count();
                // The log has a route of its own, and may be counted with the account's others.
                let expected = if call == Call::Transactions { 4 } else { 2 };
                assert_eq!(windows, expected, "{call:?} {operation}");
            }
        }
        let distinct: BTreeSet<_> = asked.iter().collect();
        assert_eq!(distinct.len(), asked.len(), "the limits are by endpoint");
    }

    #[test]
    fn tomba_s_prices_are_the_larger_of_both_lists_and_its_facts_stand_by_them() {
        let packs = packs().unwrap();
        let pack = packs.iter().find(|pack| pack.name == "tomba").unwrap();
        for (operation, offer) in &pack.operations {
            let price = if *operation == Operation::FindPhone { 10 } else { 1 };
            assert_eq!(offer.price.0, price, "{operation}");
            let has_jobs = offer.most_items.get() > 1;
            let only = (!has_jobs).then_some(Lane::Single);
            assert_eq!((offer.only, offer.terms), (only, has_jobs), "{operation}");
            assert!(offer.echo, "{operation}");
            assert_eq!(offer.misses, [404], "{operation}");
            let month = Duration::from_secs(30 * 86_400);
            assert_eq!(
                offer.repeats.map(|repeats| repeats.0),
                Some(month),
                "{operation}"
            );
            let jobs = (offer.daily.jobs, offer.running);
            let expected = (has_jobs.then_some(15), has_jobs.then_some(2));
            assert_eq!((jobs.0.map(u32::from), jobs.1.map(u32::from)), expected);
        }
        let single: Vec<_> = pack
            .operations
            .iter()
            .filter(|(_, offer)| offer.most_items.get() == 1)
            .map(|(operation, _)| operation.name())
            .collect();
        let expected = [
            "find_phone",
            "find_technology",
            "count_emails",
            "find_format",
            "find_sources",
            "search_companies",
        ];
        assert_eq!(single, expected);
        let page = &pack.operations[&Operation::SearchCompanies];
        assert_eq!((page.rows.map(u32::from), page.each.get()), (Some(50), 50));
        let page = &pack.operations[&Operation::SearchDomain];
        assert_eq!((page.rows.map(u32::from), page.each.get()), (Some(10), 1));
        assert_eq!(page.fewest.map(u32::from), Some(10));
        let half_a_minute = Some(Duration::from_secs(30));
        assert_eq!(pack.listing.map(|listing| listing.0), half_a_minute);
        assert!(pack.settling.is_none());
        let jobs = &pack.jobs;
        assert_eq!((jobs.paid, jobs.launched), (PaidAct::Fetch, true));
        assert!(!jobs.early_results && jobs.generation == NonZeroU32::new(2));
        assert_eq!(pack.exhausted, ["quota", "limit", "credit"]);
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
