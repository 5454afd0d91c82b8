//! What is right, and what becomes of it.

use super::{Hop, PLAIN, bent, load, packs};
use crate::pipeline::{
    TableFormat,
    attempt::{Attempt, Order},
    location::Location,
    step::Output,
};
use leadmill_core::{Credits, Lane, Operation, Scope, limits::Written};
use std::{
    collections::BTreeMap,
    num::{NonZeroU32, NonZeroU64},
    time::Duration,
};

const FULL: &str = include_str!("full.yaml");

#[test]
fn every_key_of_the_grammar_is_accepted() {
    let loaded = load(FULL).unwrap();
    let pipeline = loaded.pipeline;
    assert_eq!(pipeline.name, "nightly-2");
    assert_eq!(pipeline.vars["day"], "2026-01-01");
    assert_eq!(pipeline.source.location.path, "s3://lake/dt=2026-01-01/");
    assert_eq!(pipeline.source.location.format, TableFormat::Csv);
    assert_eq!(pipeline.source.key, ["lead_id"]);
    assert_eq!(pipeline.source.filter.as_deref(), Some("cost = '$5' and x ~ '^a$'"));
    assert_eq!(pipeline.source.sql.as_deref(), Some("SELECT *\nFROM source\n"));
    let sink = Location { format: TableFormat::Ndjson, path: "out.ndjson".into() };
    assert_eq!(pipeline.sink.location, sink);
    assert!(pipeline.sink.receipt);
    assert_eq!(pipeline.sink.errors.as_deref(), Some("errors/"));
    assert_eq!(pipeline.state, "/var/lib/leadmill");
    assert_eq!(pipeline.results.as_deref(), Some("/var/lib/leadmill/answers"));
    assert_eq!(pipeline.budget.run["live"], Credits(40_000));
    let grace = Written(Duration::from_secs(20));
    let patience = Written(Duration::from_secs(7_200));
    assert_eq!(pipeline.grace, Some(grace));
    assert_eq!(pipeline.providers["live"].patience, Some(patience));
    let secrets: Vec<_> = pipeline.secrets().map(|secret| secret.expose()).collect();
    let canary = super::CANARY;
    assert_eq!(secrets, [canary, "anything", canary, canary, canary]);
    assert!(!format!("{pipeline:?} {:?}", loaded.document).contains("canary"));
}

#[test]
fn a_step_keeps_its_order_and_its_durations() {
    let pipeline = load(FULL).unwrap().pipeline;
    let [first, second, ..] = &*pipeline.enrich else { panic!() };
    assert_eq!(first.operation, Operation::FindEmail);
    let inputs = ["first_name", "last_name", "lower(domain)"];
    assert_eq!(first.inputs, inputs.map(|sql| Some(sql.to_owned())));
    assert_eq!(first.when.as_deref(), Some("domain IS NOT NULL"));
    let accept = Some("confidence >= 70".to_owned());
    let bulk = Attempt { lane: Some(Lane::Bulk), accept, ..Attempt::of("live") };
    let few = Attempt { min_rows: NonZeroU64::new(500), ..Attempt::of("other") };
    assert_eq!((&first.attempts[..], first.order), (&[bulk, few][..], Order::File));
    assert_eq!(pipeline.providers["live"].credit, Some(0.005));
    let other = pipeline.account("other", &packs()).unwrap();
    assert_eq!(other.pack.jobs.generation, NonZeroU32::new(1));
    let output =
        |column: &str, field: &str| Output { column: column.into(), field: field.into() };
    assert_eq!(first.output, [output("z", "email"), output("a", "confidence")]);
    assert_eq!(first.reuse.hit, Duration::from_secs(90 * 86_400));
    assert_eq!(first.reuse.miss, Duration::from_secs(12 * 3600));
    assert_eq!(second.attempts, [Attempt::of("mock")]);
    assert_eq!(second.reuse, leadmill_core::index::Reuse::default());
}

#[test]
fn an_account_is_the_pack_with_the_overrides_put_in() {
    let pipeline = load(FULL).unwrap().pipeline;
    let account = pipeline.account("live", &packs()).unwrap();
    let windows = |account: &leadmill_core::Account, scope: &str| -> Vec<_> {
        let windows = account.windows.get(&Scope(scope.into()));
        windows.into_iter().flatten().map(ToString::to_string).collect()
    };
    assert_eq!((&*account.name, &*account.purse), ("live", "enrich.so"));
    assert_eq!(windows(&account, "global"), ["5/1s", "60/60s"]);
    assert_eq!(windows(&account, "bulk"), ["10/60s"]);
    assert_eq!(account.poll, Duration::from_millis(250));
    assert_eq!(account.pack.jobs.poll.0, account.poll);
    assert_eq!(account.pack.base_url, "http://127.0.0.1:9000/v2");
    let offer = account.offer(Operation::FindEmail).unwrap();
    assert_eq!(
        (offer.batch.get(), offer.page.get(), offer.price),
        (500, 100, Credits(7))
    );

    let sandbox = pipeline.account("mock", &packs()).unwrap();
    assert_eq!(sandbox.purse, "enrich.so (embedded sandbox)");
    assert_eq!(windows(&sandbox, "global"), ["25/1s", "300/60s"]);

    let own = pipeline.account("own", &packs()).unwrap();
    assert_eq!(windows(&own, "bulk"), ["1/1s"]);
    assert!(pipeline.account("nobody", &packs()).is_none());
}

#[test]
fn a_short_file_has_sensible_defaults() {
    let pipeline = load(PLAIN).unwrap().pipeline;
    assert_eq!(pipeline.state, ".leadmill");
    assert!(!pipeline.sink.receipt);
    assert_eq!(pipeline.enrich[0].attempts[0].provider, "enrich");
    assert!(
        load(&bent("version", "# a remark\r\nversion").replace('\n', "\r\n")).is_ok()
    );
    assert!(load(&format!("\u{feff}{PLAIN}")).is_ok());
}

#[test]
fn later_errors_find_their_place() {
    let document = load(PLAIN).unwrap().document;
    let place = |path: &[Hop<'_>]| {
        let at = document.flaw(path, "", None).at;
        (at.line, at.column, at.len)
    };
    let step = ["enrich".into(), 0.into(), "find_email".into()];
    assert_eq!(place(&[&step[..], &["domain".into()]].concat()), (12, 63, 13));
    assert_eq!(place(&[&step[..], &["nothing".into()]].concat()), (12, 5, 10));
    assert_eq!(place(&["enrich".into(), 7.into(), "when".into()]), (10, 1, 6));
    assert_eq!(place(&["source".into(), "sql".into()]), (3, 1, 6));
    assert_eq!(place(&[]), (1, 1, 1));
}

/// [`PLAIN`] with a step that reveals.
fn revealing(fields: &str) -> String {
    bent(
        "find_email: { first_name: first, last_name: last, domain: lower(domain) }",
        &format!("reveal_contact: {{ lead_id: lead, fields: {fields} }}"),
    )
    .replace("email: email, confidence: confidence", "email: email, mobile: cellphone")
}

#[test]
fn what_a_reveal_is_to_tell_chooses_the_operation() {
    for (fields, operation) in [
        ("[email]", Operation::RevealEmail),
        ("[phone]", Operation::RevealPhone),
        ("[email, phone]", Operation::RevealContact),
        ("[phone, email]", Operation::RevealContact),
        ("[\"${env:FIELD}\"]", Operation::RevealPhone),
    ] {
        let mut outside = super::made();
        outside.variables.insert("FIELD".into(), "phone".into());
        let loaded = super::load_with(&revealing(fields), &outside, &BTreeMap::new());
        let pipeline = loaded.unwrap().pipeline;
        assert_eq!(pipeline.enrich[0].operation, operation, "{fields}");
        assert_eq!(pipeline.enrich[0].inputs, [Some("lead".to_owned())]);
    }
}

#[test]
fn a_column_that_a_reveal_leaves_out_draws_a_warning() {
    let remarks = |fields| {
        let loaded = load(&revealing(fields)).unwrap();
        super::told(&crate::pipeline::warn("p.yaml", &loaded.remarks))
    };
    assert_eq!(remarks("[email, phone]"), "");
    let expected = "13:37: warning: `cellphone` is always null: `fields` leaves it out\n\
        hint: add `phone` to `fields`\n";
    assert_eq!(remarks("[email]"), expected);
    assert!(remarks("[phone]").contains("`email` is always null"));
}

#[test]
fn a_source_that_is_bought_is_a_question_with_settings() {
    let asked = "enrich_people: { company: linkedin.com/company/x, max: 30, cascade: [{ job_levels: [VP] }] }";
    let loaded = load(&bent("parquet: leads/", asked)).unwrap();
    let bought = loaded.pipeline.source.bought.unwrap();
    assert_eq!((bought.operation(), bought.rows()), (Operation::SearchPeople, Some(30)));
    let row: serde_json::Value = serde_json::from_str(&bought.questions(1)).unwrap();
    let about = serde_json::json!({ "company_linkedin_url": "linkedin.com/company/x" });
    assert_eq!(row, about);
    let step = bought.step(Some("enrich"));
    let inputs: Vec<_> = step.inputs.iter().map(Option::as_deref).collect();
    let cascade = r#"'[{"job_levels":["VP"]}]'"#;
    assert_eq!(inputs, [Some("company_linkedin_url"), Some("'30'"), None, Some(cascade)]);
    assert_eq!(step.attempts[0].provider, "enrich");
    assert!(
        step.output.iter().all(|output| step.operation.select(&output.field).is_ok())
    );
}
