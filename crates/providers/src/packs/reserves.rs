//! What is reserved for a question, held against what the references say of its price.

use super::*;
use leadmill_core::{
    Lane::{self, Bulk, Single},
    Operation,
};
use std::{collections::BTreeSet, num::NonZeroU32};

const BOTH: &[Lane] = &[Bulk, Single];

/// An operation, the rows that are asked for, lanes, the bound, and its source.
type Row = (&'static str, u32, &'static [Lane], u64, &'static str);

const ENRICH: &[Row] = &[
    ("find_email", 0, BOTH, 10, "5.2: 10 a lead"),
    ("verify_email", 0, BOTH, 1, "5.2: 1 an address"),
    ("find_phone", 0, BOTH, 500, "5.2: 500, whatever the prose says"),
    ("find_person", 0, BOTH, 10, "5.2: 10 a profile"),
    ("find_employees", 1, &[Single], 1, "5.2: 1 a row returned"),
    ("find_employees", 100, &[Single], 100, "2.4: max_results up to 100"),
    ("search_people", 40, &[Single], 40, "5.2: 1 a profile returned"),
    ("reveal_email", 0, &[Bulk], 10, "5.2: an address"),
    ("reveal_phone", 0, &[Bulk], 525, "5.2: numbers"),
    ("reveal_contact", 0, &[Bulk], 535, "5.2: both"),
    ("unlock_name", 0, &[Single], 1, "5.2: 1 a lead"),
    ("find_followers", 500, &[Bulk], 50_000, "5.2: max_limit × 100, or the team's"),
    ("count_followers", 0, &[Bulk], 100, "5.2: 100 fixed"),
    ("search_leads", 100, &[Single], 100, "5.2: 1 a row behind the free ones"),
    ("export_leads", 1_000, &[Bulk], 0, "5.2: columns of previews"),
];
const TOMBA: &[Row] = &[
    ("find_email", 0, BOTH, 1, "4.1: 1; 5 for numbers, which are declined"),
    ("verify_email", 0, BOTH, 1, "4.1: the same"),
    ("find_person", 0, BOTH, 1, "4.1: the same"),
    ("find_email_by_profile", 0, &[Single], 1, "4.1: the same; `full` is not asked for"),
    ("find_email_by_profile", 0, &[Bulk], 2, "4.1: up to 2 addresses, 1 each"),
    ("find_author", 0, BOTH, 1, "4.1: 1 for an address or a name"),
    ("find_phone", 0, &[Single], 10, "4.1: 10 for up to 10; observed 3: 5 by e-mail"),
    ("validate_phone", 0, BOTH, 1, "4.1: 1, also of what is no number"),
    ("find_company", 0, BOTH, 1, "4.1: 1"),
    ("search_domain", 1, BOTH, 10, "observed 3: 1 an address; 5.1: `limit` 10"),
    ("search_domain", 10, BOTH, 10, "the same"),
    ("search_domain", 30, BOTH, 30, "the same: `limit` 20, in jobs 30"),
    ("search_domain", 50, BOTH, 50, "the same: `limit` 50"),
    ("find_similar", 0, BOTH, 1, "4.1: 1"),
    ("find_technology", 0, &[Single], 1, "4.1: 1"),
    ("count_emails", 0, &[Single], 1, "4.1: 1; observed 3: not in the log"),
    ("find_format", 0, &[Single], 1, "observed 3: 1"),
    ("find_sources", 0, &[Single], 1, "observed 3: 1 (unknown)"),
    ("search_companies", 50, &[Single], 1, "4.1: 1 a page of 50"),
];

/// A reserve is an upper bound of what a question may cost: of each operation, with the fewest and the most rows that
/// it may ask for, in each lane that it has. Sections are those of the references.
#[test]
fn every_reserve_is_the_most_that_a_question_may_cost() {
    for (pack, table) in packs().unwrap().iter().zip([ENRICH, TOMBA]) {
        let (mut held, mut known) = (BTreeSet::new(), BTreeSet::new());
        for (name, rows, lanes, bound, source) in table {
            let operation: Operation = name.parse().unwrap();
            let mut offer = pack.operations[&operation].clone();
            let has_rows = offer.rows.is_some();
            assert_eq!(has_rows, *rows > 0, "{name}: whether it asks for rows");
            NonZeroU32::new(*rows).into_iter().for_each(|rows| offer.of_rows(rows));
            for lane in *lanes {
                let reserve = match lane {
                    Bulk => offer.price_in_job(),
                    Single => offer.price,
                };
                assert_eq!(reserve.0, *bound, "{} {name} {lane:?}: {source}", pack.name);
                assert!(offer.only.is_none_or(|only| only == *lane), "{name} {lane:?}");
            }
            held.extend(lanes.iter().map(|lane| (*name, format!("{lane:?}"))));
            let lanes = BOTH.iter().filter(|lane| offer.only.is_none_or(|o| o == **lane));
            known.extend(lanes.map(|lane| (*name, format!("{lane:?}"))));
        }
        assert_eq!(held, known, "{}: each lane has a row", pack.name);
        let named: BTreeSet<&str> = table.iter().map(|(name, ..)| *name).collect();
        let all = pack.operations.keys().map(|operation| operation.name());
        assert_eq!(named, all.collect(), "{}: each operation has a row", pack.name);
    }
}
