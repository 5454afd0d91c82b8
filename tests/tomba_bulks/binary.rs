//! The real binary, real sockets, real `kill -9`.

use crate::{
    support::binary::Workplace,
    tomba::{KEY, SECRET, Server},
};
use leadmill_sandbox::tomba::{BulkOptions, CostTable, Generation, Options};
use serde_json::Value;
use std::time::Duration;

const ROWS: usize = 20;

fn options() -> Options {
    let bulk = BulkOptions {
        queued: Duration::from_millis(50),
        fixed: Duration::from_millis(150),
        per_row: Duration::from_millis(2),
        ..BulkOptions::default()
    };
    Options { bulk, costs: CostTable::Dearest, ..Options::default() }
}

/// Leads, every seventh of them an earlier one in another spelling.
fn place(server: &Server, steps: &str, provider: &str) -> Workplace {
    let place = Workplace::new();
    let mut leads = String::from("lead_id,first,last,domain,mail,phone,profile,url\n");
    for row in 0..ROWS {
        let n = if row % 7 == 6 { row - 5 } else { row };
        let line = format!(
            "{row},Ada{n},Byron-{n},company{n}.example,ada{n}@company{n}.example,+1415555{:04},linkedin.com/in/ada-{n},https://news.example/{n}\n",
            100 + n
        );
        leads.push_str(&match row % 7 {
            6 => line.replace("Ada", "ADA").replace("company", "www.Company"),
            _ => line,
        });
    }
    place.write("leads.csv", &leads);
    let text = format!(
        "version: 1
name: people
source: {{ csv: leads.csv, key: [lead_id] }}
providers:
  tomba: {{ use: tomba, key: \"{KEY}\", secret: \"{SECRET}\", base_url: \"{}\", poll: 200ms, settling: 2s{provider} }}
enrich:
{steps}
sink: {{ ndjson: out/, receipt: true }}
",
        server.base_url
    );
    place.write("pipeline.yaml", &text);
    place
}

/// One step for each kind of job.
fn steps(lane: &str) -> String {
    [
        ("mail", "find_email: { first_name: first, last_name: last, domain: domain }", "email: email"),
        ("person", "find_person: { email: mail }", "title: title"),
        ("verified", "verify_email: { email: mail }", "verdict: verdict"),
        ("profile", "find_email_by_profile: { linkedin_url: profile }", "reached: email"),
        ("author", "find_author: { url: url }", "author: email"),
        ("number", "validate_phone: { phone: phone }", "valid: is_valid"),
        ("firm", "find_company: { domain: domain }", "firm: name"),
        ("alike", "find_similar: { domain: domain }", "alike: similar"),
        ("listed", "search_domain: { domain: domain, max_results: 10 }", "listed: emails"),
    ]
    .map(|(name, ask, output)| {
        format!("  - name: {name}\n    {ask}\n    try: [{{ provider: tomba, lane: {lane} }}]\n    output: {{ {output} }}\n")
    })
    .concat()
}

fn rows(place: &Workplace) -> Vec<Value> {
    place.answers("out/people.ndjson")
}

/// Who is found, and what of it is one word, is the same in a job as alone, in both generations.
#[test]
fn a_job_of_each_kind_says_what_single_questions_say() {
    let single = Server::start(options());
    let alone = place(&single, &steps("single"), "");
    alone.run().expect(0);
    let expected = rows(&alone);
    for generation in [Generation::First, Generation::Second] {
        let bulk = BulkOptions { generation, ..options().bulk };
        let server = Server::start(Options { bulk, ..options() });
        let spoken = if generation == Generation::First { ", generation: 1" } else { "" };
        let place = place(&server, &steps("bulk"), spoken);
        let ended = place.run().expect(0).json();
        let audit = server.clean_audit();
        assert_eq!(audit.bulk.created.values().sum::<u64>(), 9, "one of each kind");
        // Jobs of the first generation say nothing of what they found: what was not is in a file of its own.
        // Those of the second say it; but where addresses are billed one by one, a bill of domain search leaves room for
        // answers that the file lacks, and what was not found is asked for too.
        let most = if generation == Generation::First { 18 } else { 11 };
        assert!(audit.bulk.billed == 9 && audit.bulk.downloads <= most, "{audit:?}");
        assert_eq!(ended["accounts"]["tomba"]["calls"]["submit"], 9);
        let credits = &ended["accounts"]["tomba"]["credits_spent"];
        assert_eq!(*credits, audit.bulk.credits, "{:?}", audit.spent);
        for (row, single) in rows(&place).iter().zip(&expected) {
            for name in
                ["mail", "person", "verified", "profile", "author", "number", "firm"]
            {
                let status = format!("{name}_status");
                assert_eq!(row[&status], single[&status], "{name}: {row} {single}");
            }
            for column in
                ["email", "title", "verdict", "reached", "author", "valid", "firm"]
            {
                assert_eq!(row[column], single[column], "{column}: {row} {single}");
            }
        }
    }
}

#[test]
fn jobs_are_right_to_the_row_and_the_credit_through_kills() {
    let calm = Server::start(options());
    let undisturbed = place(&calm, &steps("bulk"), "");
    undisturbed.run().expect(0);
    let bill = calm.clean_audit();
    let expected = rows(&undisturbed);
    let server = Server::start(options());
    let place = place(&server, &steps("bulk"), "");
    let (ended, kills) = place.run_through_kills();
    assert!(kills > 0, "nothing was killed");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let audit = server.clean_audit();
    assert_eq!(audit.spent, bill.spent);
    assert_eq!(audit.bulk.created, bill.bulk.created, "no job was begun twice");
    assert_eq!(rows(&place), expected);
}

/// What a day holds is used up: the run ends cleanly, and says when to go on.
#[test]
fn a_day_s_jobs_that_are_used_up_end_the_run_cleanly() {
    let bulk = BulkOptions { creates_per_day: 2, ..options().bulk };
    let server = Server::start(Options { bulk, ..options() });
    let step = "  - name: mail
    find_email: { first_name: first, last_name: last, domain: domain }
    try: [{ provider: tomba, lane: bulk }]
    output: { email: email }";
    let place = place(&server, step, ", batch: 5");
    let ended = place.run();
    assert_eq!(ended.code, Some(75), "{ended:?}");
    let json = ended.json();
    assert_eq!(json["status"], "daily_quota");
    assert!(json["resume_after"].is_string(), "{json}");
    // Two full jobs, and the rows that ask the same.
    assert_eq!(json["accounts"]["tomba"]["asked"], 10, "{json}");
    assert_eq!(json["steps"][0]["to_buy"], 18, "{json}");
    let audit = server.clean_audit();
    assert_eq!(audit.bulk.created.values().sum::<u64>(), 2);
    assert_eq!(audit.bulk.refused_creations, 0);
}

/// A job that has ended and that nobody has paid for is paid for by a run, and not by `fetch`.
#[test]
fn fetching_pays_for_nothing() {
    let bulk = BulkOptions { fixed: Duration::from_secs(1), ..options().bulk };
    let server = Server::start(Options { bulk, ..options() });
    let step = "  - name: mail
    find_email: { first_name: first, last_name: last, domain: domain }
    try: [{ provider: tomba, lane: bulk }]
    output: { email: email }";
    let place = place(&server, step, "");
    let mut child = place.spawn();
    crate::support::binary::wait_until("no job was launched", || {
        server.tomba.audit().bulk.launched == 1
    });
    child.kill().unwrap();
    child.wait().unwrap();
    std::thread::sleep(Duration::from_millis(1_500));
    let fetched = place.leadmill(&["fetch", "pipeline.yaml", "--output", "json"]);
    let json = fetched.expect(0).json();
    assert_eq!(json["accounts"]["tomba"]["unpaid_jobs"], 1, "{json}");
    assert_eq!(server.tomba.audit().bulk.credits, 0);
    place.run().expect(0);
    let audit = server.clean_audit();
    assert_eq!((audit.bulk.created.values().sum::<u64>(), audit.bulk.billed), (1, 1));
}

/// The job was reserved without a budget, and has ended when there is one: it is held against that, and another
/// pipeline never pays for it.
#[test]
fn a_job_is_paid_for_by_its_own_pipeline_from_the_budget_of_the_moment() {
    let bulk = BulkOptions { fixed: Duration::from_secs(1), ..options().bulk };
    let server = Server::start(Options { bulk, ..options() });
    let step = "  - name: mail
    find_email: { first_name: first, last_name: last, domain: domain }
    try: [{ provider: tomba, lane: bulk }]
    output: { email: email }";
    let place = place(&server, step, "");
    let mut child = place.spawn();
    crate::support::binary::wait_until("no job was launched", || {
        server.tomba.audit().bulk.launched == 1
    });
    child.kill().unwrap();
    child.wait().unwrap();
    std::thread::sleep(Duration::from_millis(1_500));
    let text = std::fs::read_to_string(place.path("pipeline.yaml")).unwrap();
    let spent = |budget: u32, name: &str| {
        let budget = format!("{text}budget: {{ run: {{ tomba: {budget} }} }}\n");
        place.write(&format!("{name}.yaml"), &budget.replace("people", name));
        let file = format!("{name}.yaml");
        let ended = place.leadmill(&["run", &file, "--output", "json"]);
        (ended, server.tomba.audit().bulk.credits)
    };
    // Its own pipeline, with less than it costs.
    let (ended, paid) = spent(2, "people");
    let json = ended.expect(3).json();
    assert_eq!((paid, &json["status"]), (0, &"at_limit".into()), "{json}");
    let unpaid = &json["accounts"]["tomba"]["unpaid"];
    assert_eq!(unpaid[0]["lacks"], "budget", "{json}");
    let cost = unpaid[0]["credits"].as_u64().unwrap();
    assert!(cost > 2, "{json}");
    // Another one, with money enough.
    let (ended, paid) = spent(1_000, "strangers");
    let json = ended.expect(3).json();
    let account = &json["accounts"]["tomba"];
    assert_eq!((paid, &account["unpaid_jobs"]), (0, &1.into()), "{json}");
    assert_eq!(account["unpaid"][0]["lacks"], "its_pipeline", "{json}");
    assert_eq!(account["unpaid"][0]["pipeline"], "people", "{json}");
    assert_eq!(account["credits_committed"], 0, "{json}");
    // The next run of its own, from a budget of its own.
    let (ended, paid) = spent(u32::try_from(cost).unwrap(), "people");
    let json = ended.expect(0).json();
    assert_eq!((paid, &json["accounts"]["tomba"]["unpaid_jobs"]), (cost, &0.into()));
    assert_eq!(json["accounts"]["tomba"]["credits_committed"], cost, "{json}");
    // What is paid for is everybody's.
    let (ended, paid) = spent(0, "strangers");
    ended.expect(0);
    let audit = server.clean_audit();
    assert_eq!((audit.bulk.created.values().sum::<u64>(), audit.bulk.billed), (1, 1));
    assert_eq!(paid, cost);
}
