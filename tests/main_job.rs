//! The main job over real sockets: every row once, each value right, the bill exact.

use crate::support::binary::{Server, Workplace, finder_pipeline, leads_csv};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use leadmill_core::{Operation, Query};
use leadmill_sandbox::{Options, Plan, answer_finder};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// What the provider would say about each line of a leads file.
struct Expected {
    /// By lead: status, and the address of a hit.
    rows: BTreeMap<i64, (&'static str, Option<String>)>,
    questions: usize,
    hits: usize,
}

fn expected(csv: &str) -> Expected {
    let seed = Options::default().seed;
    let mut questions = BTreeMap::new();
    let mut rows = BTreeMap::new();
    for line in csv.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let id: i64 = cells[0].parse().unwrap();
        let query =
            Query::read(Operation::FindEmail, cells[1..].iter().map(|cell| Some(*cell)));
        let Ok(query) = query else {
            rows.insert(id, ("invalid_input", None));
            continue;
        };
        let values: Vec<&str> = query.values().collect();
        let found = answer_finder(seed, values[0], values[1], values[2]);
        questions.insert(query.key(), found.is_some());
        let address = found.map(|found| found.email.to_string());
        rows.insert(id, (if address.is_some() { "hit" } else { "miss" }, address));
    }
    let hits = questions.values().filter(|hit| **hit).count();
    Expected { rows, questions: questions.len(), hits }
}

/// Panics unless the output holds every lead once, with the provider's own answers.
#[track_caller]
fn assert_output(output: &RecordBatch, expected: &Expected) {
    let column = |name: &str| {
        output.column_by_name(name).unwrap_or_else(|| panic!("no column {name}"))
    };
    let ids = column("lead_id").as_primitive::<Int64Type>();
    let (status, mail) = (
        column("mail_status").as_string::<i32>(),
        column("work_email").as_string::<i32>(),
    );
    let mut seen = BTreeSet::new();
    for row in 0..output.num_rows() {
        let id = ids.value(row);
        assert!(seen.insert(id), "lead {id} is there twice");
        let (wanted, address) = &expected.rows[&id];
        assert_eq!(status.value(row), *wanted, "lead {id}");
        let got = mail.is_valid(row).then(|| mail.value(row).to_owned());
        assert_eq!(got, *address, "lead {id}");
    }
    assert_eq!(seen.len(), expected.rows.len());
}

fn quick(plan: Plan) -> Options {
    Options {
        plan,
        job_queued: Duration::ZERO,
        job_fixed: Duration::from_millis(300),
        job_per_item: Duration::ZERO,
        ..Options::default()
    }
}

#[test]
fn five_thousand_leads_are_enriched_to_the_row_and_to_the_credit() {
    let server = Server::start(Options { shuffled: true, ..quick(Plan::Growth) });
    let place = Workplace::new();
    let leads = leads_csv(0..5_000);
    place.write("leads.csv", &leads);
    place.write(
        "pipeline.yaml",
        &finder_pipeline(&server, "plan: growth, batch: 700", ""),
    );
    let planned =
        place.leadmill(&["plan", "pipeline.yaml", "--output", "json"]).expect(0).json();
    let expected = expected(&leads);
    assert_eq!(planned["steps"][0]["to_buy"], expected.questions);
    assert_eq!(planned["steps"][0]["credits_most"], 10 * expected.questions);
    assert_eq!(server.audit().requests.len(), 0, "a plan asks nothing");

    let ended = place.run().expect(0);
    let json = ended.json();
    assert_output(&place.rows("out/people.parquet"), &expected);
    let audit = server.audit();
    assert_eq!(audit.charged, 10 * expected.hits as u64);
    assert_eq!((audit.reserved, audit.unsettled), (0, 0));
    assert_eq!(audit.jobs, expected.questions.div_ceil(700) as u64);
    server.assert_clean();
    assert_eq!(json["status"], "done");
    assert_eq!(json["accounts"]["enrich"]["credits_spent"], audit.charged);
    assert_eq!(json["accounts"]["enrich"]["balance"], audit.balance);
    assert_eq!(json["output"]["rows"], 5_000);

    // Again: nothing is asked. With 500 more leads: only their own new questions.
    place.run().expect(0);
    assert_eq!(server.audit().charged, audit.charged);
    assert_eq!(server.audit().jobs, audit.jobs);
    let more = leads_csv(0..5_500);
    place.write("leads.csv", &more);
    place.run().expect(0);
    let more = self::expected(&more);
    assert_output(&place.rows("out/people.parquet"), &more);
    assert_eq!(server.audit().charged, 10 * more.hits as u64);
    assert_eq!(server.audit().asked.len(), more.questions);
    server.assert_clean();
}

#[test]
fn a_few_leads_travel_as_single_calls() {
    let server = Server::start(quick(Plan::Growth));
    let place = Workplace::new();
    let leads = leads_csv(0..30);
    place.write("leads.csv", &leads);
    place.write("pipeline.yaml", &finder_pipeline(&server, "plan: growth", ""));
    let json = place.run().expect(0).json();
    assert_eq!(json["steps"][0]["lane"], "single");
    let expected = expected(&leads);
    assert_output(&place.rows("out/people.parquet"), &expected);
    assert_eq!(server.audit().jobs, 0);
    assert_eq!(server.audit().charged, 10 * expected.hits as u64);
    server.assert_clean();
}

#[test]
fn two_plans_worth_of_batches_break_no_window_and_end_paced() {
    // Free: two submits a minute would take long, so the contract of this test allows more.
    let windows =
        "limits: { global: [\"20/1s\"], enrich: [\"20/1s\"], bulk: [\"2/1s\"] }";
    let bulk = |category, limit| leadmill_sandbox::Window {
        category,
        length: Duration::from_secs(1),
        limit,
    };
    let server = Server::start(Options {
        windows: Some(vec![
            bulk(leadmill_sandbox::Category::Global, 20),
            bulk(leadmill_sandbox::Category::Bulk, 2),
        ]),
        ..quick(Plan::Growth)
    });
    let place = Workplace::new();
    let leads = leads_csv(0..200);
    place.write("leads.csv", &leads);
    let provider = format!("batch: 10, {windows}");
    let rest = "";
    let text = finder_pipeline(&server, &provider, rest).replace(
        "    output:",
        "    try: [{ provider: enrich, lane: bulk }]\n    output:",
    );
    place.write("pipeline.yaml", &text);
    place.run().expect(0);
    let expected = expected(&leads);
    assert_output(&place.rows("out/people.parquet"), &expected);
    assert_eq!(server.audit().jobs, expected.questions.div_ceil(10) as u64);
    server.assert_clean();
}

#[test]
fn what_the_results_leave_out_double_or_invent_is_noticed() {
    use leadmill_sandbox::Quirks;
    let quirks =
        Quirks { drop: Some(3), duplicate: Some(5), extra: true, ..Quirks::default() };
    let server = Server::start(Options { quirks, ..quick(Plan::Growth) });
    let place = Workplace::new();
    let leads = leads_csv(0..400);
    place.write("leads.csv", &leads);
    place.write(
        "pipeline.yaml",
        &finder_pipeline(&server, "plan: growth, batch: 500", ""),
    );
    let json = place.run().expect(3).json();
    let account = &json["accounts"]["enrich"];
    // One of each job.
    let jobs = server.audit().jobs;
    assert_eq!(account["missing_items"], jobs, "{json}");
    assert_eq!(account["duplicated_items"], jobs, "{json}");
    assert!(account["foreign_items"].as_u64().unwrap() >= 1, "{json}");
    let output = place.rows("out/people.parquet");
    let status = output.column_by_name("mail_status").unwrap().as_string::<i32>().clone();
    let lost = status
        .iter()
        .flatten()
        .filter(|s| ["failed", "unknown_charged"].contains(s))
        .count();
    assert!(lost >= 1);
    assert_eq!(account["credits_spent"], server.audit().charged);
}
