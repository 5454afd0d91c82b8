//! Tomba's log of calls as a bill, through the binary: what was booked by the dearer of two price lists becomes what was
//! charged.

use crate::{
    support::binary::Workplace,
    tomba::{ROWS, STEPS, Server, options, place},
};
use leadmill_sandbox::tomba::{CostTable, Options, Pool, SelfTold};

/// The steps whose calls leave rows.
fn steps() -> String {
    let (before, after) = STEPS.split_once("  - name: built").unwrap();
    let (_, alike) = after.split_once("  - name: alike").unwrap();
    format!("{before}  - name: alike{alike}")
}

fn spent(server: &Server) -> u64 {
    server.clean_audit().spent.get(&Pool::Searches).copied().unwrap_or_default()
}

/// What the journal says that all runs have cost.
fn booked(place: &Workplace) -> u64 {
    let told = place.leadmill(&["status", "pipeline.yaml", "--output", "json"]).expect(0);
    let told = told.json();
    let runs = told["runs"].as_array().unwrap().iter();
    let credits = runs.flat_map(|run| run["credits"].as_object().unwrap().values());
    credits.map(|credits| credits["spent"].as_u64().unwrap()).sum()
}

/// The price of each distinct answer, as the receipts have it.
fn receipts(place: &Workplace) -> u64 {
    let rows = place.objects("out/people.ndjson");
    let mut sum = 0;
    for step in ["mail", "person", "listed", "alike"] {
        let mut seen = std::collections::BTreeSet::new();
        for row in &rows {
            // Every seventh row repeats another one's question, but for the address, which it spells otherwise.
            let id =
                row["lead_id"].to_string().trim_matches('"').parse::<usize>().unwrap();
            let credits = row["_leadmill"][step]["credits"].as_u64();
            if (id % 7 != 6 || step == "person") && seen.insert(id) {
                sum += credits.unwrap_or_default();
            }
        }
    }
    assert!(rows.len() == ROWS && sum > 0, "{rows:?}");
    sum
}

#[test]
fn whichever_price_list_holds_the_book_says_what_was_charged() {
    for costs in [CostTable::Limits, CostTable::Pricing, CostTable::Dearest] {
        let server = Server::start(Options { costs, ..options() });
        let place = place(&server, &steps());
        let ended = place.run().expect(0).json();
        let account = &ended["accounts"]["tomba"];
        let charged = spent(&server);
        assert_eq!(account["credits_spent"], charged, "{costs}: {ended}");
        assert_eq!(account["credits_committed"], charged, "{costs}: {ended}");
        assert!(account["log_unread"].is_null(), "{ended}");
        assert!(account["billed_otherwise"]["less"].as_u64() > Some(0), "{ended}");
        assert_eq!((booked(&place), receipts(&place)), (charged, charged), "{costs}");
    }
}

/// A process that is killed leaves answers that the next one settles.
#[test]
fn the_bill_is_exact_through_kills() {
    for _ in 0..3 {
        let costs = CostTable::Limits;
        let server = Server::start(Options { costs, ..options() });
        let place = place(&server, &steps());
        let (ended, kills) = place.run_through_kills();
        assert!(kills > 0, "nothing was killed");
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(booked(&place), spent(&server), "{ended:?}");
    }
}

/// No such route, not for this key, a page of a proxy: what is booked is then by the price list, and that is told.
#[test]
fn without_a_log_the_price_list_holds() {
    for own_log in [SelfTold::Missing, SelfTold::Forbidden, SelfTold::Html] {
        let costs = CostTable::Limits;
        let server = Server::start(Options { own_log, costs, ..options() });
        let place = place(&server, &steps());
        let ended = place.run().expect(0).json();
        let account = &ended["accounts"]["tomba"];
        assert!(account["log_unread"].is_string(), "{own_log}: {ended}");
        assert_eq!(account["billed_otherwise"]["answers"], 0, "{ended}");
        assert!(booked(&place) > spent(&server), "{own_log}: never understated");
    }
}

/// The log says who was asked about: nothing of it is kept.
#[test]
fn nothing_that_the_log_alone_says_is_kept() {
    let server = Server::start(options());
    let place = place(&server, &steps());
    place.run().expect(0);
    // The address from which the calls came stands in each row of the sandbox's log.
    const ALONE: &[u8] = b"192.0.2.1";
    let mut looked = 0;
    let mut folders = vec![place.path("")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let holds = bytes.windows(ALONE.len()).any(|window| window == ALONE);
            assert!(!holds, "{}", path.display());
            looked += 1;
        }
    }
    assert!(looked > 3, "{looked}");
}

/// The bill of what was asked gives the budget back what was not charged: it buys more within it.
#[test]
fn a_budget_reckons_with_what_was_charged() {
    let bought = |own_log| {
        let costs = CostTable::Limits;
        let server = Server::start(Options { own_log, costs, ..options() });
        let (_, listed) = STEPS.split_once("  - name: listed").unwrap();
        let (listed, _) = listed.split_once("  - name: built").unwrap();
        let place = place(&server, &format!("  - name: listed{listed}"));
        let text = std::fs::read_to_string(place.path("pipeline.yaml")).unwrap();
        let text = text.replace(
            "\nenrich:",
            "\nbudget: { run: { tomba: 60 }, at_limit: stop }\nenrich:",
        );
        place.write("pipeline.yaml", &text);
        // The log is short when it is first read; a second run knows what the first has cost.
        place.run();
        place.run();
        let spent = spent(&server);
        assert!(spent <= 60, "{spent}");
        (server.clean_audit().asked.values().sum::<u32>(), spent)
    };
    let (with, without) = (bought(SelfTold::Told), bought(SelfTold::Missing));
    assert!(with.0 > without.0, "{with:?} {without:?}");
}
