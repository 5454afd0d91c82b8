//! Companies that are searched for through the binary: each page is paid once, and none after the last company.

use crate::{
    support::binary::Workplace,
    tomba::{KEY, SECRET, Server},
};
use leadmill_sandbox::{
    Chaos, Percent, Trouble,
    tomba::{CostTable, Options, Pool},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, ops::RangeInclusive, time::Duration};

/// Of the two accounts of what things cost, the dearer: it is what is booked.
fn options() -> Options {
    Options {
        single_latency: Duration::from_millis(15),
        costs: CostTable::Apify,
        ..Options::default()
    }
}

/// A pipeline whose leads are companies that a word finds.
fn place(server: &Server, word: &str, most: u64) -> Workplace {
    let place = Workplace::new();
    write(&place, server, word, most, "");
    place
}

fn write(place: &Workplace, server: &Server, word: &str, most: u64, rest: &str) {
    let text = format!(
        "version: 1
name: found
source:
  tomba_reveal: {{ filters: {{ keywords: {{ include: [{word}] }} }}, max: {most} }}
  key: [domain]
providers:
  tomba: {{ use: tomba, key: \"{KEY}\", secret: \"{SECRET}\", base_url: \"{}\" }}
enrich: [{{ name: format, find_format: {{ domain: domain }}, when: 1 = 0, output: {{ format: format }} }}]
{rest}
sink: {{ ndjson: out/, receipt: true }}
",
        server.base_url
    );
    place.write("pipeline.yaml", &text);
}

fn plan(place: &Workplace) -> Value {
    place.leadmill(&["plan", "pipeline.yaml", "--output", "json"]).expect(0).json()
}

/// A word that finds so many companies, and how many. They are the same at every sandbox.
fn word(range: RangeInclusive<u64>) -> (String, u64) {
    let server = Server::start(Options { limits: false, ..Options::default() });
    for nth in 0..200 {
        let word = format!("word{nth}");
        let place = place(&server, &word, 1);
        place.run().expect(0);
        let found = plan(&place)["source"]["companies"].as_u64().unwrap_or(0);
        if range.contains(&found) {
            return (word, found);
        }
    }
    panic!("no word finds as many");
}

fn rows(place: &Workplace) -> Vec<Value> {
    place.answers("out/found.ndjson")
}

/// Searches that arrived, and what they cost.
fn bill(server: &Server) -> (u64, u64) {
    let audit = server.clean_audit();
    let asked = audit.requests.iter().filter(|(route, _)| route.contains("reveal"));
    let spent = audit.spent.get(&Pool::Searches).copied().unwrap_or_default();
    (asked.map(|(_, count)| count).sum(), spent)
}

#[track_caller]
fn assert_companies(rows: &[Value], count: u64) {
    assert_eq!(rows.len() as u64, count);
    let domains: BTreeSet<_> =
        rows.iter().map(|row| row["domain"].as_str().unwrap()).collect();
    assert_eq!(domains.len(), rows.len());
    assert!(rows.iter().all(|row| row["name"].is_string() && row["size"].is_string()));
}

/// What a run that nobody disturbs brings is what one through kills brings, at the same price: a page whose reply was
/// lost is asked for again, which is free.
#[test]
fn pages_are_right_to_the_row_and_the_credit_through_kills() {
    let (word, found) = word(260..=400);
    for (most, pages) in [(230, 5), (50_000, found.div_ceil(50))] {
        let calm = Server::start(options());
        let undisturbed = place(&calm, &word, most);
        let ended = undisturbed.run().expect(0).json();
        let expected = rows(&undisturbed);
        assert_companies(&expected, most.min(found));
        assert_eq!(bill(&calm), (pages, pages));
        assert_eq!(ended["accounts"]["tomba"]["credits_spent"], pages);
        assert_eq!(ended["steps"][0]["to_buy"], pages, "{ended}");
        for _ in 0..3 {
            let server = Server::start(options());
            let place = place(&server, &word, most);
            let (ended, kills) = place.run_through_kills();
            assert!(kills > 0, "nothing was killed");
            assert_eq!(ended.code, Some(0), "{ended:?}");
            assert_eq!(rows(&place), expected);
            let (asked, spent) = bill(&server);
            assert_eq!(spent, pages);
            assert!(asked <= pages + 2 * kills as u64, "{asked} calls");
        }
    }
}

#[test]
fn lost_replies_cost_nothing_and_lose_nothing() {
    let (word, found) = word(260..=400);
    let chaos = [Trouble::ResetBefore, Trouble::ResetAfter, Trouble::Truncated];
    let chaos = chaos.map(|what| Chaos { what, part: Percent::new(10) }).into();
    let server = Server::start(Options { chaos, ..options() });
    let place = place(&server, &word, 50_000);
    let mut ended = place.run();
    for _ in 0..8 {
        if ended.code == Some(0) {
            break;
        }
        ended = place.run();
    }
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_companies(&rows(&place), found);
    assert_eq!(bill(&server).1, found.div_ceil(50));
}

#[test]
fn no_page_after_the_last_company_is_asked_for() {
    let (word, found) = word(51..=149);
    let server = Server::start(options());
    let place = place(&server, &word, 500);
    let planned = plan(&place);
    assert_eq!(planned["source"]["pages"], json!({ "least": 1, "most": 10 }));
    let step = &planned["steps"][0];
    assert_eq!((&step["to_buy"], &step["credits_most"]), (&json!(10), &json!(10)));
    let ended = place.run().expect(0).json();
    let pages = found.div_ceil(50);
    assert_companies(&rows(&place), found);
    assert_eq!((bill(&server), pages < 4), ((pages, pages), true));
    assert_eq!(ended["steps"][0]["to_buy"], pages);
    // The next time it is known beforehand.
    let planned = plan(&place);
    assert_eq!(planned["source"]["pages"], json!({ "least": pages, "most": pages }));
    assert_eq!(planned["source"]["companies"], found);
    assert_eq!(planned["steps"][0]["credits_most"], 0);
    let again = place.run().expect(0).json();
    assert_eq!(again["accounts"], json!({}), "nothing is asked twice");
    assert_eq!(bill(&server), (pages, pages));
}

#[test]
fn pages_that_are_known_are_not_paid_again() {
    let (word, found) = word(260..=400);
    let server = Server::start(options());
    let place = place(&server, &word, 100);
    place.run().expect(0);
    assert_companies(&rows(&place), 100);
    assert_eq!(bill(&server), (2, 2));
    write(&place, &server, &word, 230, "");
    let planned = plan(&place);
    assert_eq!(planned["source"]["pages"], json!({ "least": 5, "most": 5 }));
    assert_eq!(planned["source"]["companies"], found);
    assert_eq!(planned["steps"][0]["to_buy"], 3);
    let ended = place.run().expect(0).json();
    assert_companies(&rows(&place), 230);
    assert_eq!(bill(&server), (5, 5));
    assert_eq!(
        (&ended["steps"][0]["to_buy"], &ended["steps"][0]["reused"]),
        (&json!(3), &json!(2))
    );
    // Fewer than are known.
    write(&place, &server, &word, 150, "");
    place.run().expect(0);
    assert_companies(&rows(&place), 150);
    assert_eq!(bill(&server), (5, 5));
}

/// A page that holds less than it is said to sell: all rows come, and what that costs is told.
#[test]
fn smaller_pages_lose_no_rows() {
    let (word, found) = word(51..=149);
    let server = Server::start(Options { companies_page: 10, ..options() });
    let small = place(&server, &word, 35);
    let ended = small.run().expect(0);
    let told = "a page of this search holds 10 companies: 4 of them are looked at";
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
    assert_companies(&rows(&small), 35);
    assert_eq!(bill(&server), (4, 4));
    write(&small, &server, &word, 50_000, "");
    small.run().expect(0);
    assert_companies(&rows(&small), found);
    // What was kept in part is another question to us, and none to the provider.
    assert_eq!(bill(&server).1, found.div_ceil(10));
}

#[test]
fn a_search_that_finds_nobody_costs_its_page_and_has_no_rows() {
    let (word, _) = word(0..=0);
    let server = Server::start(options());
    let place = place(&server, &word, 500);
    let ended = place.run().expect(0).json();
    assert_eq!(ended["accounts"]["tomba"]["credits_spent"], 1);
    assert_companies(&rows(&place), 0);
    assert_eq!(bill(&server), (1, 1));
    place.run().expect(0);
    assert_eq!(bill(&server), (1, 1));
}

#[test]
fn a_budget_ends_between_two_pages_and_the_next_run_goes_on() {
    let (word, found) = word(260..=400);
    let server = Server::start(options());
    let place = Workplace::new();
    for (budget, code, pages) in [(1, 75, 1), (3, 75, 3), (20, 0, found.div_ceil(50))] {
        let rest = format!("budget: {{ run: {{ tomba: {budget} }}, at_limit: stop }}");
        write(&place, &server, &word, 5_000, &rest);
        let ended = place.run().expect(code);
        assert_eq!(bill(&server), (pages, pages), "{ended:?}");
    }
    assert_companies(&rows(&place), found);
}
