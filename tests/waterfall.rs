//! A waterfall asks the next provider only what the one before provably does not know: right to the row and to the
//! credit by the books of both, whatever is killed, lost, refused or used up.

mod older;
mod telling;
mod world;

use leadmill_sandbox::{Fault, Trouble};
use serde_json::{Value, json};
use std::{collections::BTreeSet, thread};
use world::World;

const ROWS: usize = 66;
const BULK: &str = "[{ provider: enrich, lane: bulk }, tomba]";
const JOBS: &str = "[{ provider: enrich, lane: bulk }, { provider: tomba, lane: bulk }]";
const PICKY: &str =
    "[{ provider: enrich, lane: bulk, accept: confidence >= 70 }, { provider: tomba }]";

/// The credits on the receipts of distinct questions.
fn billed(world: &World) -> u64 {
    let mut seen = BTreeSet::new();
    let rows = world.output();
    let rows = rows.iter().enumerate();
    let first =
        rows.filter(|(row, _)| World::name(*row).is_some_and(|name| seen.insert(name)));
    first.filter_map(|(_, row)| row["_leadmill"]["mail"]["credits"].as_u64()).sum()
}

#[test]
fn every_lead_is_answered_by_whom_it_must_be_for_what_it_must_cost() {
    for (entries, least) in [
        (BULK, 0),
        ("[{ provider: enrich, lane: single }, tomba]", 0),
        ("[enrich, { provider: tomba }]", 0),
        (JOBS, 0),
        (PICKY, 70),
        ("[{ provider: enrich, accept: confidence > 90 }, tomba]", 91),
    ] {
        let world = World::new(ROWS, Vec::new());
        world.pipeline(entries, "");
        let planned =
            world.place.leadmill(&["plan", "pipeline.yaml", "--output", "json"]);
        let planned = planned.expect(0).json();
        let done = world.place.run().expect(0).json();
        world.assert_rows(least);
        let (enrich, tomba) = world.paid();
        assert_eq!(billed(&world), enrich + tomba, "{entries}");
        assert_eq!(world.asked_enrich(), world.questions(), "{entries}");
        let for_tomba = world.for_tomba(least);
        assert!(for_tomba.len() > 10, "{for_tomba:?}");
        assert_eq!(world.asked_tomba(), for_tomba, "{entries}");
        let step = &done["steps"][0];
        let rows = |provider: &str| {
            let rows = (0..ROWS).filter_map(|row| World::fate(row, least));
            rows.filter(|fate| fate.provider == provider && fate.status == "hit").count()
        };
        let summary = |at: usize| {
            let provider = &step["providers"][at];
            (
                provider["provider"].clone(),
                provider["asked"].clone(),
                provider["rows"].clone(),
            )
        };
        let expected =
            |name: &str, asked: usize| (json!(name), json!(asked), json!(rows(name)));
        assert_eq!(summary(0), expected("enrich", world.questions().len()), "{step}");
        assert_eq!(summary(1), expected("tomba", for_tomba.len()), "{step}");
        assert_eq!(
            (&step["provider"], &step["order"]),
            (&json!("enrich, tomba"), &json!("file"))
        );
        assert_eq!(done["accounts"]["enrich"]["credits_spent"], enrich);
        assert_eq!(done["accounts"]["tomba"]["credits_spent"], tomba);
        // The plan knew what may come to whom, at most.
        let shares = &planned["steps"][0]["providers"];
        let all = world.questions().len();
        assert_eq!(
            (&shares[0]["to_buy"], &shares[0]["depends"]),
            (&json!(all), &json!(0))
        );
        assert_eq!(
            (&shares[1]["to_buy"], &shares[1]["depends"]),
            (&json!(0), &json!(all))
        );
        assert_eq!(planned["credits"]["tomba"], json!({ "least": 0, "most": all }));
        // Nothing is asked twice, and the answers are the same.
        let again = world.place.run().expect(0).json();
        assert_eq!(again["accounts"], json!({}));
        world.assert_rows(least);
    }
}

/// Whoever cannot be asked at all is found out before anybody is.
#[test]
fn a_rejected_key_at_the_last_is_noticed_before_the_first_is_paid() {
    let world = World::new(ROWS, Vec::new());
    world.pipeline(BULK, "");
    let text = std::fs::read_to_string(world.place.path("pipeline.yaml")).unwrap();
    world.place.write("pipeline.yaml", &text.replace("key: ta_", "key: ta_x"));
    let ended = world.place.run();
    assert_eq!(ended.code, Some(4), "{ended:?}");
    assert_eq!((world.paid(), world.asked_enrich().len()), ((0, 0), 0));
}

/// The next provider does not wait until the first is through.
#[test]
fn the_next_is_asked_while_the_first_still_works() {
    let world = World::new(ROWS, Vec::new());
    world.pipeline("[{ provider: enrich, lane: single }, tomba]", "");
    let text = std::fs::read_to_string(world.place.path("pipeline.yaml")).unwrap();
    let slow = "plan: enterprise, limits: { enrich: [\"20/1s\"] },";
    world.place.write("pipeline.yaml", &text.replace("plan: enterprise,", slow));
    world.place.run().expect(0);
    world.assert_rows(0);
    let times = |provider: &str| {
        let rows = world.output();
        let receipts = rows.iter().map(|row| row["_leadmill"]["mail"].clone());
        let receipts = receipts.filter(|receipt| receipt["provider"] == provider);
        let times = receipts.map(|it| it["fetched_at"].as_str().unwrap().to_owned());
        times.collect::<BTreeSet<String>>()
    };
    let (first, last) = (times("tomba").pop_first(), times("enrich").pop_last());
    assert!(first.is_some() && first < last, "{first:?} {last:?}");
}

/// What the last one finds and nobody takes is a miss that was paid for.
#[test]
fn a_hit_that_nobody_accepts_is_a_miss_and_its_credits_are_told() {
    let world = World::new(ROWS, Vec::new());
    world.pipeline("[{ provider: tomba, accept: email LIKE '%nobody%' }]", "");
    world.place.run().expect(0);
    let mut found = 0;
    for row in world.output() {
        let credits = row["_leadmill"]["mail"]["credits"].as_u64();
        let (status, email) = (&row["mail_status"], &row["email"]);
        assert!(status == "miss" || status == "invalid_input", "{row}");
        assert_eq!((email, &row["sure"]), (&Value::Null, &Value::Null), "{row}");
        found += u64::from(credits == Some(1));
    }
    assert!(found > 10 && billed(&world) == world.paid().1, "{found}");
    // Whoever is asked next is asked what was turned down, too, and nothing twice.
    world.pipeline("[{ provider: tomba, accept: email LIKE '%nobody%' }, enrich]", "");
    world.place.run().expect(0);
    assert_eq!(world.asked_enrich(), world.questions());
    let (enrich, tomba) = world.paid();
    assert_eq!(billed(&world), enrich + tomba);
}

/// Whatever is killed, the next provider has seen proven misses only, and the bill is the same.
#[test]
fn through_kills_it_ends_as_if_there_had_been_none() {
    let mut kills = 0;
    let picky = |lane: &str| {
        format!("[{{ provider: enrich, lane: {lane}, accept: confidence >= 70 }}, tomba]")
    };
    let jobs = JOBS.replace("bulk }, ", "bulk, accept: confidence >= 70 }, ");
    for entries in [&*picky("bulk"), &picky("single"), &jobs] {
        let calm = World::new(ROWS, Vec::new());
        calm.pipeline(entries, "");
        calm.place.run().expect(0);
        for _ in 0..2 {
            let world = World::new(ROWS, Vec::new());
            world.pipeline(entries, "");
            let (ended, times) = world.place.run_through_kills();
            kills += times;
            // Of what is held the provider alone knows whether it was charged, or which job it is.
            let held = world.with_status("unknown_charged");
            assert_eq!(
                ended.code,
                Some(if held.is_empty() { 0 } else { 3 }),
                "{ended:?}"
            );
            for (number, row) in world.output().iter().enumerate() {
                if row["mail_status"] != "unknown_charged" {
                    World::assert_row(row, number, 70);
                }
            }
            let asked = world.asked_tomba();
            assert!(asked.is_subset(&world.for_tomba(70)) && asked.is_disjoint(&held));
            match held.is_empty() {
                true => assert_eq!(world.paid(), calm.paid(), "{ended:?}"),
                false => assert!(world.paid().0 <= calm.paid().0, "{ended:?}"),
            }
        }
    }
    assert!(kills > 0, "nothing was killed");
}

/// What was not asked is nobody's miss.
#[test]
fn what_a_budget_keeps_from_the_first_is_not_asked_of_the_next() {
    let world = World::new(ROWS, Vec::new());
    world.pipeline(PICKY, "budget: { run: { enrich: 150 }, at_limit: stop }");
    let done = world.place.run().expect(75).json();
    assert_eq!(done["status"], "at_limit");
    let open = world.with_status("deferred");
    assert!(!open.is_empty() && world.paid().0 <= 150, "{done}");
    let (asked, enrich) = (world.asked_tomba(), world.asked_enrich());
    assert!(asked.is_disjoint(&open) && asked.is_subset(&enrich), "{asked:?}");
    assert!(!asked.is_empty(), "what it has missed goes on");
    let expected: BTreeSet<_> =
        world.for_tomba(70).intersection(&enrich).cloned().collect();
    assert_eq!(asked, expected);
    assert_eq!(billed(&world), world.paid().0 + world.paid().1);
    world.pipeline(PICKY, "budget: { run: { enrich: 100000 } }");
    world.place.run().expect(0);
    world.assert_rows(70);
    assert_eq!(world.asked_tomba(), world.for_tomba(70));
}

/// A stop at the second leaves its rows open there: what the first was paid for them is on the receipt.
#[test]
fn what_a_budget_keeps_from_the_last_stays_open() {
    let world = World::new(ROWS, Vec::new());
    world.pipeline(PICKY, "budget: { run: { tomba: 5 }, at_limit: stop }");
    world.place.run().expect(75);
    assert!(world.asked_tomba().is_subset(&world.for_tomba(70)));
    let open = world.with_status("deferred");
    assert!(!open.is_empty() && open.is_subset(&world.for_tomba(70)), "{open:?}");
    assert_eq!(billed(&world), world.paid().0 + world.paid().1);
    world.pipeline(PICKY, "");
    world.place.run().expect(0);
    world.assert_rows(70);
}

/// A job that fails is no miss, and neither is one whose reply was lost.
#[test]
fn errors_and_doubts_at_the_first_are_not_asked_of_the_next() {
    for (fault, status) in
        [(Fault::FailedJob(2), "failed"), (Fault::ErrorAfter, "unknown_charged")]
    {
        let world = World::new(ROWS, vec![fault]);
        world.pipeline(BULK, "");
        let ended = world.place.run().expect(3);
        let open = world.with_status(status);
        assert!(!open.is_empty(), "{ended:?}");
        assert!(world.asked_tomba().is_disjoint(&open), "{status}");
        for (number, row) in world.output().iter().enumerate() {
            if row["mail_status"] != status {
                World::assert_row(row, number, 0);
            }
        }
        if status == "failed" {
            world.place.run().expect(0);
            world.assert_rows(0);
            assert_eq!(world.asked_tomba(), world.for_tomba(0));
        } else {
            world.place.run().expect(3);
            assert_eq!(world.with_status(status), open, "held until a person says more");
            assert!(world.asked_tomba().is_disjoint(&open));
        }
    }
}

/// Lost replies, errors, jobs that fail and results that are not whole: none of it is a miss.
#[test]
fn whatever_goes_wrong_at_the_first_the_next_sees_proven_misses_only() {
    let troubles = [
        Trouble::ResetBefore,
        Trouble::ResetAfter,
        Trouble::Truncated,
        Trouble::ErrorBefore,
        Trouble::ErrorAfter,
        Trouble::JobFailed,
        Trouble::MissingItem,
        Trouble::DuplicateItem,
        Trouble::ExtraItem,
    ];
    thread::scope(|scope| {
        for lane in ["bulk", "single"] {
            scope.spawn(move || {
                let world = World::troubled(ROWS, Vec::new(), &troubles);
                let entries = format!(
                    "[{{ provider: enrich, lane: {lane}, accept: confidence >= 70 }}, tomba]"
                );
                world.pipeline(&entries, "");
                let mut ended = world.place.run();
                for _ in 0..4 {
                    let asked = world.asked_tomba();
                    assert!(asked.is_subset(&world.for_tomba(70)), "{lane}: {ended:?}");
                    if ended.code == Some(0) {
                        break;
                    }
                    ended = world.place.run();
                }
                let open = ["failed", "deferred", "unknown_charged"];
                let open: BTreeSet<_> =
                    open.into_iter().flat_map(|status| world.with_status(status)).collect();
                assert!(world.asked_tomba().is_disjoint(&open), "{lane}: {ended:?}");
                for (number, row) in world.output().iter().enumerate() {
                    if !World::name(number).is_some_and(|name| open.contains(&name)) {
                        World::assert_row(row, number, 70);
                    }
                }
            });
        }
    });
}

/// What is to be asked of the next is not asked where nothing is to be bought.
#[test]
fn fetching_asks_nobody() {
    let world = World::new(ROWS, Vec::new());
    world.pipeline("[enrich]", "");
    world.place.run().expect(0);
    world.pipeline(PICKY, "");
    let fetched = world.place.leadmill(&["fetch", "pipeline.yaml", "--output", "json"]);
    assert_eq!(fetched.expect(0).json()["status"], "fetched");
    assert!(world.asked_tomba().is_empty());
    assert_eq!(world.with_status("deferred"), world.for_tomba(70));
    world.place.run().expect(0);
    world.assert_rows(70);
}

/// What earlier runs were told counts, whichever provider was asked then.
#[test]
fn what_is_known_is_used_and_not_asked_again() {
    let world = World::new(ROWS, Vec::new());
    world.pipeline("[enrich]", "");
    world.place.run().expect(0);
    let (before, _) = world.paid();
    world.pipeline(PICKY, "");
    let planned = world.place.leadmill(&["plan", "pipeline.yaml", "--output", "json"]);
    let planned = planned.expect(0).json();
    let shares = &planned["steps"][0]["providers"];
    let for_tomba = world.for_tomba(70).len();
    assert_eq!(
        (&shares[0]["to_buy"], &shares[1]["to_buy"]),
        (&json!(0), &json!(for_tomba))
    );
    assert_eq!(shares[1]["depends"], 0);
    let done = world.place.run().expect(0).json();
    world.assert_rows(70);
    assert_eq!((world.paid().0, world.asked_tomba()), (before, world.for_tomba(70)));
    assert_eq!(done["steps"][0]["providers"][0]["asked"], 0);
    // The other way round: whoever was found by Tomba is not asked of Enrich.so.
    let world = World::new(ROWS, Vec::new());
    world.pipeline("[tomba]", "");
    world.place.run().expect(0);
    let known = world.with_status("hit");
    world.pipeline(BULK, "");
    world.place.run().expect(0);
    let expected: BTreeSet<_> = world.questions().difference(&known).cloned().collect();
    assert_eq!(world.asked_enrich(), expected);
    let (enrich, tomba) = world.paid();
    assert_eq!(billed(&world), enrich + tomba);
}
