//! What is told of a waterfall: its order, what it has found for how much, and what is free.

use super::{PICKY, ROWS, world::World};
use leadmill_sandbox::answer_finder;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Until each has answered enough the file's order holds, then that of what a hit has cost; a question that is known is
/// asked of nobody in any order.
#[test]
fn the_cheapest_is_asked_first_once_it_is_known_who_that_is() {
    let world = World::new(320, Vec::new());
    let cheapest = "{ order: cheapest, of: [enrich, { provider: tomba }] }";
    world.pipeline(cheapest, "");
    let ended = world.place.run().expect(0);
    assert!(ended.stderr.contains("mail asks in the order of the file"), "{ended:?}");
    world.assert_rows(0);
    let names = |json: &Value| {
        let providers = json["steps"][0]["providers"].as_array().unwrap();
        providers.iter().map(|one| one["provider"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&ended.json()), ["enrich", "tomba"]);
    world.pipeline("[tomba]", "");
    world.place.run().expect(0);
    let (enrich, tomba) = (world.asked_enrich(), world.asked_tomba());
    world.pipeline("{ order: cheapest }", "");
    let ended = world.place.run().expect(0);
    assert!(ended.stderr.contains("mail asks the cheapest first: tomba (0.0040 a hit), then enrich (0.1000 a hit)"), "{ended:?}");
    let json = ended.json();
    assert_eq!(
        (names(&json), &json["steps"][0]["order"]),
        (vec![json!("tomba"), json!("enrich")], &json!("cheapest"))
    );
    assert_eq!((world.asked_enrich(), world.asked_tomba()), (enrich, tomba));
    let known = |row: usize| World::fate(row, 0).is_some_and(|fate| fate.status == "hit");
    for (number, row) in world.output().iter().enumerate() {
        assert_eq!(row["mail_status"] == "hit", known(number), "{row}");
    }
}

#[test]
fn a_report_tells_what_each_provider_has_found_and_added() {
    let world = World::new(ROWS, Vec::new());
    world.pipeline(PICKY, "");
    world.place.run().expect(0);
    let report = |rest: &[&str]| {
        let args = [&["report", "pipeline.yaml", "--output", "json"], rest].concat();
        world.place.leadmill(&args).expect(0).json()
    };
    let json = report(&[]);
    let (enrich, tomba) = (&json["steps"][0], &json["steps"][1]);
    let (paid_enrich, paid_tomba) = world.paid();
    let (all, fell) = (world.questions().len() as u64, world.for_tomba(70).len() as u64);
    let is_found = |row: usize| {
        let name = World::name(row)?;
        let lead = name.strip_prefix("email-finder:")?.split('|').collect::<Vec<_>>();
        answer_finder(0, lead[0], lead[1], lead[2]).map(|_| name)
    };
    let found: BTreeSet<_> = (0..ROWS).filter_map(is_found).collect();
    assert_eq!(
        (&enrich["provider"], &tomba["provider"]),
        (&json!("enrich.so"), &json!("tomba"))
    );
    assert_eq!((&enrich["asked"], &enrich["hits"]), (&json!(all), &json!(found.len())));
    assert_eq!((&tomba["asked"], &tomba["hits"]), (&json!(fell), &json!(paid_tomba)));
    assert_eq!(
        (&enrich["credits"], &tomba["credits"]),
        (&json!(paid_enrich), &json!(paid_tomba))
    );
    let stood = all - fell;
    assert_eq!(
        (&enrich["hits_added"], &tomba["hits_added"]),
        (&json!(stood), &json!(paid_tomba))
    );
    assert_eq!(enrich["credits_per_added_hit"], json!(paid_enrich as f64 / stood as f64));
    assert_eq!(tomba["credits_per_added_hit"], json!(1.0));
    assert_eq!(report(&["--run", "1"])["steps"], json["steps"]);
    assert_eq!(report(&["--run", "2"])["steps"], json!([]));
    let shown = world.place.leadmill(&["report", "pipeline.yaml"]).expect(0).stdout;
    assert!(shown.starts_with("STEP  OPERATION   PROVIDER "), "{shown}");
}

/// The same question is free at Tomba for 30 days: a plan counts nothing for it at least.
#[test]
fn a_plan_tells_what_is_asked_again_at_no_charge() {
    let world = World::new(ROWS, Vec::new());
    world.pipeline("[tomba]\n    reuse: { hit: 1ms, miss: 1ms }", "");
    world.place.run().expect(0);
    let plan = |rest: &[&str]| {
        world.place.leadmill(&[&["plan", "pipeline.yaml"], rest].concat()).expect(0)
    };
    let planned = plan(&["--output", "json"]).json();
    let step = &planned["steps"][0];
    assert_eq!(step["to_buy"], world.questions().len());
    assert_eq!(
        (&step["free_repeats"], &step["credits_least"]),
        (&step["to_buy"], &json!(0))
    );
    assert!(plan(&[]).stdout.contains("of them are free"), "{:?}", plan(&[]));
}
