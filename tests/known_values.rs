//! A known value is never taken away: where a newer answer could not be bought, the older one stands, as `stale`.

use crate::support::binary::{Server, Workplace, asking_pipeline};
use leadmill_sandbox::{Fault, Options, Plan, answer_finder};
use serde_json::{Value, json};
use std::time::Duration;

const ROWS: usize = 40;

/// What was known before is too old for the next run.
const EXPIRED: &str = "    reuse: { hit: 1ms, miss: 1ms }\n";

fn server(faults: Vec<Fault>) -> Server {
    Server::start(Options {
        plan: Plan::Enterprise,
        job_queued: Duration::ZERO,
        job_fixed: Duration::from_millis(60),
        job_per_item: Duration::ZERO,
        faults,
        ..Options::default()
    })
}

fn place(server: &Server, lane: &str, rest: &str) -> Workplace {
    let place = Workplace::new();
    place.write("leads.csv", &leads(false));
    write(&place, server, lane, "", rest);
    place
}

/// People of whom the provider knows some, or all.
fn leads(are_known: bool) -> String {
    let mut leads = String::from("lead_id,first,last,domain\n");
    let names =
        (0..).map(|n| [format!("Ada{n}"), format!("Byron{n}"), format!("c{n}.example")]);
    let is_known = |[first, last, domain]: &[String; 3]| {
        answer_finder(0, first, last, domain).is_some()
    };
    for (row, [first, last, domain]) in
        names.filter(|names| !are_known || is_known(names)).take(ROWS).enumerate()
    {
        leads.push_str(&format!("{row},{first},{last},{domain}\n"));
    }
    leads
}

fn write(place: &Workplace, server: &Server, lane: &str, step: &str, rest: &str) {
    const STEP: &str = "mail
    find_email: { first_name: first, last_name: last, domain: domain }
    output: { email: email }";
    let rest = format!("{step}sink: {{ ndjson: out/, receipt: true }}\n{rest}");
    let text = asking_pipeline(server, STEP, lane, &rest);
    place.write("pipeline.yaml", &text);
}

fn rows(place: &Workplace) -> Vec<Value> {
    place.objects("out/people.ndjson")
}

fn with_status<'r>(rows: &'r [Value], status: &str) -> Vec<&'r Value> {
    rows.iter().filter(|row| row["mail_status"] == status).collect()
}

/// Panics unless each value that was known before is still there. Tells how many of them are stale.
#[track_caller]
fn assert_kept(before: &[Value], after: &[Value]) -> usize {
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(after) {
        let status = after["mail_status"].as_str().unwrap();
        if ["hit", "stale"].contains(&before["mail_status"].as_str().unwrap()) {
            assert!(["hit", "stale"].contains(&status), "{after}");
            assert_eq!(before["email"], after["email"], "{after}");
        } else {
            assert_ne!(status, "stale", "there is nothing to keep: {after}");
        }
        if status == "stale" {
            let (old, new) = (&before["_leadmill"]["mail"], &after["_leadmill"]["mail"]);
            for field in ["provider", "credits", "job", "fetched_at"] {
                assert_eq!(old[field], new[field], "{field}: {after}");
            }
            assert_eq!((&new["status"], &new["reused"]), (&json!("stale"), &json!(true)));
        }
    }
    with_status(after, "stale").len()
}

/// The wallet holds so much after the first run.
fn leave(server: &Server, credits: i64) {
    let balance = server.call(http::Method::GET, "wallets/balance", "");
    let balance = balance["data"]["balance"].as_i64().unwrap();
    server.top_up(credits - balance);
}

#[test]
fn what_an_empty_wallet_does_not_buy_anew_stays_as_it_was() {
    for lane in ["single", "bulk"] {
        let server = server(Vec::new());
        let place = place(&server, lane, "");
        place.run().expect(0);
        let before = rows(&place);
        write(&place, &server, lane, EXPIRED, "");
        leave(&server, 120);
        let ended = place.run().expect(4);
        let (json, after) = (ended.json(), rows(&place));
        let stale = assert_kept(&before, &after);
        assert!(stale > ROWS / 4, "{json}");
        let step = &json["steps"][0];
        assert_eq!(
            (&step["status"]["stale"], &step["stale"]),
            (&json!(stale), &json!(stale))
        );
        let told = format!("{stale} rows keep an older answer");
        assert!(ended.stderr.contains(&told), "{}", ended.stderr);
        for verb in ["status", "report"] {
            let shown = place.leadmill(&[verb, "pipeline.yaml"]).expect(0);
            assert!(shown.stdout.contains(&told), "{verb}: {}", shown.stdout);
        }
        let report = place.leadmill(&["report", "pipeline.yaml", "--output", "json"]);
        assert_eq!(report.json()["stale"]["mail"], stale);
        // It is asked again once that can be paid for.
        server.top_up(10_000);
        let json = place.run().expect(0).json();
        let after = rows(&place);
        assert_eq!(assert_kept(&before, &after), 0, "{json}");
        assert_eq!(with_status(&before, "hit").len(), with_status(&after, "hit").len());
        assert_eq!(step["name"], "mail");
    }
}

#[test]
fn what_a_budget_leaves_out_stays_as_it_was() {
    for (at_limit, code, unfinished) in [("stop", 75, false), ("finish", 3, true)] {
        let server = server(Vec::new());
        let place = place(&server, "single", "");
        place.run().expect(0);
        let before = rows(&place);
        let budget =
            format!("budget: {{ run: {{ enrich: 100 }}, at_limit: {at_limit} }}\n");
        write(&place, &server, "single", EXPIRED, &budget);
        let json = place.run().expect(code).json();
        let after = rows(&place);
        assert!(assert_kept(&before, &after) > 0, "{json}");
        assert!(!with_status(&after, "hit").is_empty(), "{json}");
        assert_eq!(json["closed"], unfinished, "{json}");
    }
}

/// A newer question that is in doubt is held, counted and named as any other; the older answer stands meanwhile.
#[test]
fn what_is_held_in_doubt_stays_as_it_was() {
    let server = server([vec![Fault::None; ROWS], vec![Fault::LostReply]].concat());
    let place = place(&server, "single", "");
    place.write("leads.csv", &leads(true));
    place.run().expect(0);
    let before = rows(&place);
    write(&place, &server, "single", EXPIRED, "");
    for _ in 0..2 {
        let json = place.run().expect(3).json();
        assert_eq!(assert_kept(&before, &rows(&place)), 1, "{json}");
        assert_eq!(json["accounts"]["enrich"]["in_doubt"].as_array().unwrap().len(), 1);
        let asked = server.audit().asked;
        assert_eq!(asked.values().min(), Some(&2), "what is held is asked again");
    }
    let status = place.leadmill(&["status", "pipeline.yaml", "--output", "json"]).json();
    assert_eq!(status["open"].as_array().unwrap().len(), 1, "{status}");
    // Nothing is bought by a fetch, and what is held still makes it end with 3.
    let before = rows(&place);
    place.leadmill(&["fetch", "pipeline.yaml", "--output", "json"]).expect(3);
    assert_eq!(assert_kept(&before, &rows(&place)), ROWS, "all are too old");
}

#[test]
fn what_is_refused_stays_as_it_was() {
    // A proxy that finds a call too long has passed nothing on.
    let faults = [vec![Fault::None; ROWS], vec![Fault::PageBefore(413); ROWS]].concat();
    let server = server(faults);
    let place = place(&server, "single", "");
    place.run().expect(0);
    let before = rows(&place);
    write(&place, &server, "single", EXPIRED, "");
    let json = place.run().expect(3).json();
    let after = rows(&place);
    let hits = with_status(&before, "hit").len();
    assert_eq!(assert_kept(&before, &after), hits, "{json}");
    assert_eq!(with_status(&after, "failed").len(), ROWS - hits, "{json}");
    let json = place.run().expect(0).json();
    assert_eq!(assert_kept(&before, &rows(&place)), 0, "{json}");
}

/// What a newer answer says counts, also where it says that there is nothing; a fetch asks nothing and keeps all.
#[test]
fn a_newer_answer_takes_the_place_of_the_older_one() {
    let server = server(Vec::new());
    let place = place(&server, "single", "");
    place.run().expect(0);
    let before = rows(&place);
    write(&place, &server, "single", EXPIRED, "");
    place.leadmill(&["fetch", "pipeline.yaml"]).expect(0);
    let hits = with_status(&before, "hit").len();
    assert_eq!(assert_kept(&before, &rows(&place)), hits);
    let json = place.run().expect(0).json();
    assert_eq!(json["steps"][0]["stale"], 0, "{json}");
    let after = rows(&place);
    assert_eq!(with_status(&after, "hit").len(), hits);
    for (before, after) in before.iter().zip(&after) {
        let at = |row: &Value| row["_leadmill"]["mail"]["fetched_at"].to_string();
        assert!(at(before) < at(after), "{after}");
    }
}
