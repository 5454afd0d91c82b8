//! Contacts and names of the lead finder's people: each row right, each credit spent once, and none without cover.

use crate::support::binary::{Ended, Server, Workplace, wait_until};
use arrow::array::{Array, AsArray, RecordBatch};
use http::Method;
use leadmill_sandbox::{LeadOptions, Options, Plan};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

fn options(balance: u64, job: Duration) -> Options {
    Options {
        plan: Plan::Enterprise,
        balance,
        job_queued: Duration::ZERO,
        job_fixed: job,
        job_per_item: Duration::ZERO,
        leads: LeadOptions { people: 300, companies: 40, ..LeadOptions::default() },
        ..Options::default()
    }
}

/// The ids of as many people as a search gives away: three pages of 25.
fn ids(server: &Server) -> Vec<String> {
    let page = |page: u32| {
        let body = json!({ "filters": {}, "page": page, "pageSize": 25 }).to_string();
        let found = server.call(Method::POST, "lead-finder/search", &body);
        found["data"]["results"].as_array().unwrap().clone()
    };
    let people = (1..=3).flat_map(page);
    people.map(|person| person["id"].as_str().unwrap().to_owned()).collect()
}

/// A pipeline that asks about these leads, and about one that there is not.
fn place(server: &Server, ids: &[String], provider: &str, asked: &str) -> Workplace {
    let place = Workplace::new();
    let rows = ids.iter().map(|id| format!("{id}\n"));
    place.write("leads.csv", &format!("lead\n{}enc_nobody\n", rows.collect::<String>()));
    pipeline(&place, server, provider, asked);
    place
}

fn pipeline(place: &Workplace, server: &Server, provider: &str, asked: &str) {
    let text = format!(
        "version: 1
name: contacts
source: {{ csv: leads.csv, key: [lead] }}
providers:
  enrich: {{ use: enrich.so, plan: enterprise, api_key: \"${{env:ENRICH_API_KEY}}\", base_url: \"{}\", poll: 100ms, settling: 300ms{provider} }}
enrich:
  - name: contact
{asked}
sink: {{ parquet: out/ }}
",
        server.base_url
    );
    place.write("pipeline.yaml", &text);
}

const EMAIL: &str = "    reveal_contact: { lead_id: lead, fields: [email] }
    output: { email: email, last_name: last_name, phone: phone }";

/// What the provider has on file, by lead: already revealed, so at no charge.
fn on_file(server: &Server, ids: &[String]) -> BTreeMap<String, Value> {
    let mut contacts = BTreeMap::new();
    for ids in ids.chunks(25) {
        let leads: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
        let body = json!({ "leads": leads, "fields": ["email"] }).to_string();
        let begun = server.call(Method::POST, "lead-finder/enrich", &body);
        let job = begun["data"]["jobId"].as_str().unwrap();
        let path = format!("lead-finder/reveal-jobs/{job}");
        let mut data = Value::Null;
        wait_until("the job never ends", || {
            data = server.call(Method::GET, &path, "")["data"].take();
            data["status"] == "completed"
        });
        let revealed = data["results"]["revealed"].as_array().unwrap().clone();
        for contact in revealed {
            contacts.insert(contact["id"].as_str().unwrap().to_owned(), contact);
        }
    }
    contacts
}

fn text<'a>(rows: &'a RecordBatch, column: &str, row: usize) -> Option<&'a str> {
    let column = rows.column_by_name(column).unwrap().as_string::<i32>();
    column.is_valid(row).then(|| column.value(row))
}

fn statuses(rows: &RecordBatch) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for row in 0..rows.num_rows() {
        let status = text(rows, "contact_status", row).unwrap();
        *counts.entry(status.to_owned()).or_default() += 1;
    }
    counts
}

/// Panics unless every row is right, and the bill is what that costs.
#[track_caller]
fn assert_revealed(place: &Workplace, server: &Server, ids: &[String]) {
    let audit = server.audit();
    server.assert_clean();
    let rows = place.rows("out/contacts.parquet");
    let known = on_file(server, ids);
    assert_eq!(rows.num_rows(), ids.len() + 1);
    let mut hits = 0;
    for row in 0..rows.num_rows() {
        let lead = text(&rows, "lead", row).unwrap();
        let contact = known.get(lead).unwrap_or(&Value::Null);
        let email = contact["emailAddress"].as_str();
        let name = email.and_then(|_| contact["lastName"].as_str());
        hits += u64::from(email.is_some());
        let status = if email.is_some() { "hit" } else { "miss" };
        assert_eq!(text(&rows, "contact_status", row), Some(status), "{lead}");
        assert_eq!(text(&rows, "email", row), email, "{lead}");
        assert_eq!(text(&rows, "last_name", row), name, "{lead}");
        assert_eq!(text(&rows, "phone", row), None, "{lead}");
    }
    assert!(0 < hits && hits < ids.len() as u64, "{hits} of {}", ids.len());
    assert_eq!(audit.charged, 10 * hits);
    assert_eq!(audit.reserved, 0);
}

/// How many jobs the book knows by their names, all durable.
fn running(place: &Workplace) -> u64 {
    let state = place.leadmill(&["status", "pipeline.yaml", "--output", "json"]);
    // Before the first entry there is no state.
    let open = state.code.filter(|code| *code == 0).map(|_| state.json());
    let open = open.and_then(|state| state["open"].as_array().cloned());
    let is_running = |batch: &&Value| batch["state"] == "running";
    open.map_or(0, |open| open.iter().filter(is_running).count() as u64)
}

/// What is to happen to the only step.
fn planned(place: &Workplace) -> Value {
    let planned = place.leadmill(&["plan", "pipeline.yaml", "--output", "json"]);
    planned.expect(0).json()["steps"][0].take()
}

fn kill_when_running(place: &Workplace, jobs: u64) {
    let mut child = place.spawn();
    wait_until("the jobs are not begun", || running(place) == jobs);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_reveal_that_is_killed_goes_on_and_is_right_to_the_row_and_the_credit() {
    let server = Server::start(options(1_000_000, Duration::from_secs(3)));
    let ids = ids(&server);
    assert_eq!(ids.len(), 75);
    let place = place(&server, &ids, ", batch: 5", EMAIL);
    let step = planned(&place);
    assert_eq!(
        (&step["operation"], &step["lane"]),
        (&json!("reveal_email"), &json!("bulk"))
    );
    assert_eq!((&step["to_buy"], &step["credits_most"]), (&json!(76), &json!(760)));
    kill_when_running(&place, 16);
    let json = place.run().expect(0).json();
    assert_eq!(json["resumed"], true);
    assert_eq!(server.audit().jobs, 16, "nothing was asked again");
    assert_eq!(json["accounts"]["enrich"]["credits_spent"], server.audit().charged);
    assert_revealed(&place, &server, &ids);
}

/// The price of the file is a tenth of the provider's: so the job is begun and not covered, as where a colleague
/// was quicker.
const TOO_CHEAP: &str = ", batch_risk: 100%, prices: { reveal_email: 1 }";

#[test]
fn an_uncovered_reveal_needs_a_person_and_loses_nothing() {
    let server = Server::start(options(30, Duration::from_millis(300)));
    let ids = &ids(&server)[..15];
    let place = place(&server, ids, TOO_CHEAP, EMAIL);
    let ended = place.run().expect(4);
    assert!(ended.stderr.contains("Insufficient credits (balance: 30"), "{ended:?}");
    let audit = server.audit();
    assert!(audit.jobs > 0, "nothing was begun");
    assert_eq!((audit.charged, audit.balance), (0, 30));
    let rows = place.rows("out/contacts.parquet");
    assert_eq!(statuses(&rows), BTreeMap::from([("deferred".to_owned(), 16)]));
    let json = ended.json();
    assert_eq!(json["status"], "no_credit");
    assert_eq!(json["accounts"]["enrich"]["credits_spent"], 0);

    server.top_up(1_000);
    pipeline(&place, &server, ", batch_risk: 100%", EMAIL);
    place.run().expect(0);
    assert_revealed(&place, &server, ids);
}

/// What the wallet did not cover for a process that was killed is asked again by the next, which finds it full.
#[test]
fn an_uncovered_reveal_of_a_killed_run_goes_again_in_the_next() {
    let server = Server::start(options(30, Duration::from_secs(2)));
    let ids = &ids(&server)[..15];
    let place = place(&server, ids, TOO_CHEAP, EMAIL);
    let begun = planned(&place)["batches"].as_u64().unwrap();
    kill_when_running(&place, begun);
    server.top_up(1_000);
    pipeline(&place, &server, ", batch_risk: 100%", EMAIL);
    let json = place.run().expect(0).json();
    assert_eq!(json["resumed"], true);
    assert!(server.audit().jobs > begun);
    assert_revealed(&place, &server, ids);
}

#[test]
fn names_are_unlocked_one_by_one_at_a_credit_each() {
    let server = Server::start(options(1_000, Duration::ZERO));
    let ids = &ids(&server)[..20];
    let asked = "    unlock_name: { lead_id: lead }
    output: { last_name: last_name }";
    let place = place(&server, ids, "", asked);
    let json = place.run().expect(0).json();
    assert_eq!(json["steps"][0]["lane"], "single");
    let rows = place.rows("out/contacts.parquet");
    let hits = [("hit".to_owned(), 20), ("miss".to_owned(), 1)];
    assert_eq!(statuses(&rows), BTreeMap::from(hits));
    assert_eq!(server.audit().charged, 20);
    for row in 0..rows.num_rows() {
        let is_masked = |name: &str| name.ends_with('.');
        assert!(!text(&rows, "last_name", row).is_some_and(is_masked));
    }
    server.assert_clean();
}

#[test]
fn a_team_without_access_is_told_how_its_application_stands() {
    let mut options = options(1_000, Duration::ZERO);
    options.leads.access = "pending".parse().unwrap();
    let server = Server::start(options);
    let place = place(&server, &[], "", EMAIL);
    let ended: Ended = place.run().expect(4);
    assert!(ended.stderr.contains("(access status: pending)"), "{ended:?}");
    assert_eq!(server.audit().charged, 0);
}
