//! Tomba's single questions through the binary: right to the row and to the credit, whatever is killed.

use crate::support::binary::Workplace;
use leadmill_sandbox::{
    Chaos, Percent, Trouble,
    tomba::{Audit, CostTable, Miss, Options, Pool, SelfTold, Tomba, TombaKey},
};
use serde_json::Value;
use std::{net::Ipv4Addr, time::Duration};
use tokio::runtime::{Builder, Runtime};

pub(crate) const KEY: &str = "ta_canary7f3a";
pub(crate) const SECRET: &str = "ts_7f3a0000-0000-4000-8000-00000000ca9a";

/// The sandbox of Tomba on a port of its own.
pub(crate) struct Server {
    pub(crate) tomba: Tomba,
    pub(crate) base_url: String,
    _runtime: Runtime,
}

impl Server {
    pub(crate) fn start(options: Options) -> Self {
        let runtime =
            Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let keys = vec![TombaKey { key: KEY.into(), secret: SECRET.into() }];
        let (tomba, base_url) = runtime.block_on(async {
            let tomba = Tomba::new(Options { keys, ..options });
            let listener =
                tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let port = listener.local_addr().unwrap().port();
            tokio::spawn(tomba.serve(listener));
            (tomba, format!("http://127.0.0.1:{port}/v1"))
        });
        Self { tomba, base_url, _runtime: runtime }
    }

    /// Panics if any limit was broken, or any question paid for twice.
    #[track_caller]
    pub(crate) fn clean_audit(&self) -> Audit {
        let audit = self.tomba.audit();
        assert_eq!(audit.throttled, 0, "429s of our own making: {:?}", audit.windows);
        assert_eq!((audit.worst_excess, audit.paid_twice), (0, 0), "{audit:?}");
        audit
    }
}

pub(crate) const ROWS: usize = 24;

pub(crate) fn place(server: &Server, steps: &str) -> Workplace {
    let place = Workplace::new();
    let mut leads = String::from("lead_id,first,last,domain,mail,phone,profile,url\n");
    for row in 0..ROWS {
        // Every seventh repeats an earlier one in another spelling, every eleventh says nothing.
        let n = if row % 7 == 6 { row - 5 } else { row };
        let line = format!(
            "{row},Ada{n},Byron-{n},company{n}.example,ada{n}@company{n}.example,+1415555{:04},linkedin.com/in/ada-{n},https://news.example/{n}\n",
            100 + n
        );
        leads.push_str(&match (row % 11, row % 7) {
            (10, _) => format!("{row},,,,,,,\n"),
            (_, 6) => line.replace("Ada", "ADA").replace("company", "www.Company"),
            _ => line,
        });
    }
    place.write("leads.csv", &leads);
    let text = format!(
        "version: 1
name: people
source: {{ csv: leads.csv, key: [lead_id] }}
providers:
  tomba: {{ use: tomba, key: \"{KEY}\", secret: \"{SECRET}\", base_url: \"{}\" }}
enrich:
{steps}
sink: {{ ndjson: out/, receipt: true }}
",
        server.base_url
    );
    place.write("pipeline.yaml", &text);
    place
}

pub(crate) const STEPS: &str = "  - name: mail
    find_email: { first_name: first, last_name: last, domain: domain }
    output: { email: email, sure: confidence }
  - name: person
    find_person: { email: mail }
    output: { title: title, company: company }
  - name: listed
    search_domain: { domain: domain, max_results: 10 }
    output: { addresses: emails, listed_total: total }
  - name: built
    find_technology: { domain: domain }
    output: { technologies: technologies }
  - name: alike
    find_similar: { domain: domain }
    output: { alike: similar }";

/// Of the accounts of what things cost, the dearest: it is what is booked.
pub(crate) fn options() -> Options {
    Options {
        single_latency: Duration::from_millis(10),
        costs: CostTable::Dearest,
        ..Options::default()
    }
}

fn rows(place: &Workplace) -> Vec<Value> {
    place.answers("out/people.ndjson")
}

/// A question whose reply was lost with its process is asked again: what is repeated within 30 days is free, so that
/// nothing is held.
#[test]
fn single_questions_are_right_to_the_row_and_the_credit_through_kills() {
    let calm = Server::start(options());
    let undisturbed = place(&calm, STEPS);
    let ended = undisturbed.run().expect(0).json();
    let bill = calm.clean_audit();
    // A person without an address may be charged, and is here not: so the log says.
    let spent = bill.spent[&Pool::Searches];
    assert_eq!(ended["accounts"]["tomba"]["credits_spent"], spent, "{ended} {bill:?}");
    assert_eq!(bill.repeats, 0);
    let expected = rows(&undisturbed);
    for step in ["mail", "person", "listed", "built", "alike"] {
        let status = format!("{step}_status");
        let hits = expected.iter().filter(|row| row[&status] == "hit").count();
        assert!(hits > ROWS / 4, "{step}: {hits}");
    }
    for _ in 0..3 {
        let server = Server::start(options());
        let place = place(&server, STEPS);
        let (ended, kills) = place.run_through_kills();
        assert!(kills > 0, "nothing was killed");
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let audit = server.clean_audit();
        assert_eq!(audit.spent, bill.spent);
        assert_eq!(rows(&place), expected);
    }
}

/// Lost replies, errors in a success and pages of a proxy: nothing is paid twice, and all of it is answered.
#[test]
fn faults_cost_nothing_and_lose_nothing() {
    let calm = Server::start(options());
    let undisturbed = place(&calm, STEPS);
    undisturbed.run().expect(0);
    let chaos = [Trouble::ResetBefore, Trouble::ResetAfter, Trouble::Truncated];
    let chaos =
        chaos.map(|what| Chaos { what, part: Percent::new(3) }).into_iter().collect();
    let server = Server::start(Options { chaos, ..options() });
    let place = place(&server, STEPS);
    let mut ended = place.run();
    for _ in 0..5 {
        if ended.code == Some(0) {
            break;
        }
        ended = place.run();
    }
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(server.clean_audit().spent, calm.clean_audit().spent);
    assert_eq!(rows(&place), rows(&undisturbed));
}

/// What was paid for within 30 days is answered again at no charge, and counted as nothing: in the books of both.
#[test]
fn what_is_asked_again_within_thirty_days_costs_nothing() {
    let server = Server::start(options());
    let (steps, _) = STEPS.split_once("  - name: person").unwrap();
    let place = place(&server, steps);
    let paid = place.run().expect(0).json();
    let before = server.clean_audit();
    let hits = paid["accounts"]["tomba"]["hits"].as_u64().unwrap();
    assert!(hits > 5 && before.repeats == 0, "{paid}");
    let text = std::fs::read_to_string(place.path("pipeline.yaml")).unwrap();
    let again = text.replace("\nsink:", "\n    reuse: { hit: 1ms }\nsink:");
    place.write("pipeline.yaml", &again);
    let planned = place.leadmill(&["plan", "pipeline.yaml", "--output", "json"]);
    assert_eq!(planned.expect(0).json()["steps"][0]["free_repeats"], hits);
    let free = place.run().expect(0).json();
    let account = &free["accounts"]["tomba"];
    assert_eq!((&account["asked"], &account["hits"]), (&hits.into(), &hits.into()));
    assert_eq!(account["credits_spent"], 0, "{free}");
    assert_eq!(account["credits_committed"], 0, "{free}");
    let after = server.clean_audit();
    assert_eq!((after.repeats, after.spent), (hits, before.spent));
}

/// However nothing is said, it is a miss, and free.
#[test]
fn every_way_of_saying_nothing_is_a_miss() {
    let of = |miss| {
        let server = Server::start(Options { miss, ..options() });
        let (steps, _) = STEPS.split_once("  - name: listed").unwrap();
        let place = place(&server, steps);
        place.run().expect(0);
        (rows(&place), server.clean_audit().spent)
    };
    let usual = of(Options::default().miss);
    for miss in [Miss::Null, Miss::Empty, Miss::EmptyList, Miss::NotFound] {
        assert_eq!(of(miss), usual, "{miss}");
    }
}

/// 2.5 a second are one in 400 ms, whoever counts.
#[test]
fn verifications_and_profiles_keep_their_distance() {
    let server = Server::start(options());
    let steps = "  - name: verified
    verify_email: { email: mail }
    when: CAST(lead_id AS BIGINT) < 9
    output: { verdict: verdict }
  - name: profile
    find_email_by_profile: { linkedin_url: profile }
    when: CAST(lead_id AS BIGINT) < 6
    output: { email: email }";
    let place = place(&server, steps);
    place.run().expect(0);
    server.clean_audit();
}

/// The log, the output, the state: neither credential is anywhere.
#[test]
fn neither_credential_is_ever_seen() {
    let server = Server::start(Options { keys: Vec::new(), ..options() });
    let place = place(&server, STEPS);
    let text = std::fs::read_to_string(place.path("pipeline.yaml")).unwrap();
    place.write("pipeline.yaml", &text.replace("ca9a\"", "ca9b\""));
    let ended = place.run();
    assert_eq!(ended.code, Some(4), "{ended:?}");
    let told = format!("{ended:?}");
    assert!(!told.contains("canary") && !told.contains("4000-8000"), "{told}");
    assert!(told.contains("key"), "{told}");
}

/// Three of Tomba's routes answer the key alone: whether the pair is right the first call tells, which is `/me`.
#[test]
fn a_wrong_secret_is_told_before_anything_is_asked() {
    let server = Server::start(options());
    let place = place(
        &server,
        "  - name: counted
    count_emails: { domain: domain }
    output: { addresses: total }",
    );
    let text = std::fs::read_to_string(place.path("pipeline.yaml")).unwrap();
    place.write("pipeline.yaml", &text.replace("ca9a\"", "ca9b\""));
    let ended = place.run();
    assert_eq!(ended.code, Some(4), "{ended:?}");
    assert!(server.tomba.audit().asked.is_empty());
    let me = place.leadmill(&["account", "tomba", "me"]);
    assert_eq!(me.code, Some(4), "{me:?}");
    assert!(format!("{me:?}").contains("secret"), "{me:?}");
}

/// The account may ask three a second and five a day, where far more is published: no 429 is of our making, and the next
/// run knows.
#[test]
fn the_account_s_own_limits_are_read_first_and_kept() {
    let windows = ["email-count=3/1s", "email-count=300/60s", "email-count=5/1d"];
    let windows = windows.map(|window| window.parse().unwrap()).into();
    let server = Server::start(Options { windows: Some(windows), ..options() });
    let place = place(
        &server,
        "  - name: counted
    count_emails: { domain: domain }
    output: { addresses: total }",
    );
    for _ in 0..2 {
        let ended = place.run().expect(75).json();
        let audit = server.clean_audit();
        let asked: u32 = audit.asked.values().sum();
        assert_eq!(asked, 5, "{ended}");
        let account = &ended["accounts"]["tomba"];
        assert_eq!(
            (&account["throttled"], &account["limits_unread"]),
            (&0.into(), &Value::Null)
        );
        let learnt = account["learnt_limits"].as_array().unwrap();
        let day = learnt.iter().find(|limit| limit["found"] == "5/1d").unwrap();
        assert_eq!(
            (&day["scope"], &day["by"]),
            (&"email_count".into(), &"account".into())
        );
    }
    for verb in ["plan", "status"] {
        let told = place.leadmill(&[verb, "pipeline.yaml", "--output", "json"]).expect(0);
        let told = told.json();
        let limits = told["limits"]["tomba"].as_array().unwrap();
        let day = serde_json::json!({ "scope": "email_count", "window": "5/1d" });
        assert!(limits.contains(&day), "{verb}: {told}");
    }
}

/// No such route, not for this key, a page of a proxy: then all goes on as it would without, and that is told.
#[test]
fn what_the_account_does_not_tell_of_itself_changes_nothing_but_what_is_told() {
    let steps = "  - name: counted
    count_emails: { domain: domain }
    output: { addresses: total }";
    for told in [SelfTold::Missing, SelfTold::Forbidden, SelfTold::Html] {
        let server =
            Server::start(Options { own_limits: told, own_log: told, ..options() });
        let place = place(&server, steps);
        let ended = place.run().expect(0).json();
        server.clean_audit();
        let account = &ended["accounts"]["tomba"];
        assert!(account["limits_unread"].is_string(), "{told}: {ended}");
        // These leave no row in the log: it is not read.
        assert!(account["log_unread"].is_null(), "{told}: {ended}");
    }
}
