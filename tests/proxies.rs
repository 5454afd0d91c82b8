//! Somebody in between answers: a proxy's page or a redirect is neither a miss nor a verdict on the key, and a paid call
//! that it stands for is in doubt where the provider may have served it.

use crate::{
    support::binary::{Ended, Server, Workplace, asking_pipeline},
    tomba::{self, KEY, SECRET},
};
use leadmill_sandbox::{
    Chaos, Fault, Options, Percent, Plan, Trouble,
    tomba::{BulkOptions, Options as TombaOptions},
};
use serde_json::Value;
use std::time::Duration;

const ROWS: usize = 12;

fn options(faults: Vec<Fault>) -> Options {
    Options {
        plan: Plan::Enterprise,
        job_queued: Duration::ZERO,
        job_fixed: Duration::from_millis(60),
        job_per_item: Duration::from_millis(2),
        faults,
        ..Options::default()
    }
}

fn place(server: &Server, step: &str, lane: &str) -> Workplace {
    let place = Workplace::new();
    let mut leads = String::from("lead_id,mail\n");
    for row in 0..ROWS {
        leads.push_str(&format!("{row},ada{row}@c{row}.example\n"));
    }
    place.write("leads.csv", &leads);
    let step = format!("answer\n    {step}");
    let sink = "sink: { ndjson: out/, receipt: true }\n";
    let text = asking_pipeline(server, &step, lane, sink);
    place.write("pipeline.yaml", &text);
    place
}

const PERSON: &str = "find_person: { email: mail }\n    output: { url: linkedin_url }";
const PHONE: &str = "find_phone: { email: mail }\n    output: { phone: phone }";

/// The rows without their receipts, and the bill, where nobody is in between.
fn calm(step: &str, lane: &str, seed: u64) -> (Vec<Value>, u64) {
    let server = Server::start(Options { seed, ..options(Vec::new()) });
    let place = place(&server, step, lane);
    place.run().expect(0);
    (rows(&place), server.audit().charged)
}

fn rows(place: &Workplace) -> Vec<Value> {
    place.answers("out/people.ndjson")
}

/// Panics unless the provider is said not to have answered, and nobody is sent to look at the key.
#[track_caller]
fn assert_told(ended: &Ended, shown: &str) {
    assert_told_of("Enrich.so", ended, shown);
}

#[track_caller]
fn assert_told_of(provider: &str, ended: &Ended, shown: &str) {
    let told = format!("{}{}", ended.stderr, ended.stdout);
    assert!(told.contains(&format!("the reply is not {provider}'s: ")), "{told}");
    assert!(told.contains("is a proxy in between?"), "{told}");
    assert!(told.contains(shown), "{told}");
    assert!(!told.contains("API key"), "{told}");
    assert!(!told.contains("at line 1"), "{told}");
}

/// A page that was taken for the provider's word would end the question for a week.
#[test]
fn a_page_that_turns_a_question_away_is_no_miss() {
    for step in [PERSON, PHONE] {
        let (expected, bill) = calm(step, "single", 0);
        for status in [401, 402, 403, 404, 407] {
            let server = Server::start(options(vec![Fault::PageBefore(status)]));
            let place = place(&server, step, "single");
            assert_told(&place.run().expect(4), "it begins `<html>` …");
            place.run().expect(0);
            assert_eq!(rows(&place), expected, "{status}");
            assert_eq!(server.audit().charged, bill, "{status}");
            server.assert_clean();
        }
    }
}

#[test]
fn a_redirect_names_where_it_leads_and_not_the_key() {
    let (expected, bill) = calm(PHONE, "bulk", 0);
    let server = Server::start(options(vec![Fault::Redirect]));
    let place = place(&server, PHONE, "bulk");
    let ended = place.run().expect(4);
    assert_told(&ended, "it redirects to `https://login.gateway.invalid/`");
    place.run().expect(0);
    assert_eq!((rows(&place), server.audit().charged), (expected, bill));
    server.assert_clean();
}

/// Pages with these statuses end the run; with the others it goes on.
const REFUSALS: [u16; 4] = [302, 403, 404, 451];

/// What was not served the wallet proves; what was is held, and nobody pays for it twice. A proxy refuses replies too, and
/// its status does not tell whether it has passed the call on.
#[test]
fn a_page_that_may_stand_for_an_answer_is_in_doubt() {
    let step = PHONE;
    let (expected, bill) = calm(step, "bulk", 0);
    for status in [&[200, 400, 502][..], &REFUSALS].concat() {
        let is_refusal = REFUSALS.contains(&status);
        let server = Server::start(options(vec![Fault::PageBefore(status)]));
        let before = place(&server, step, "bulk");
        if is_refusal {
            assert_intercepted("Enrich.so", &before.run().expect(4));
        }
        before.run().expect(0);
        assert_eq!((rows(&before), server.audit().charged), (expected.clone(), bill));
        server.assert_clean();
        let server = Server::start(options(vec![Fault::PageAfter(status)]));
        let after = place(&server, step, "bulk");
        for is_first in [true, false] {
            let ended = after.run().expect(if is_first && is_refusal { 4 } else { 3 });
            let json = ended.json();
            let doubts = json["accounts"]["enrich"]["in_doubt"].as_array().unwrap();
            let [doubt] = &**doubts else { panic!("{status} {json}") };
            let held = rows(&after);
            let held =
                held.iter().filter(|row| row["answer_status"] == "unknown_charged");
            assert_eq!(doubt["questions"], held.count(), "{status} {json}");
        }
        server.assert_clean();
    }
}

/// Panics unless a run has ended since somebody in between refuses paid calls.
#[track_caller]
fn assert_intercepted(provider: &str, ended: &Ended) {
    let json = ended.json();
    assert_eq!(
        (&json["status"], &json["retryable"]),
        (&"intercepted".into(), &false.into())
    );
    let told = format!("{}{}", ended.stderr, ended.stdout);
    assert!(told.contains(&format!("the reply is not {provider}'s: ")), "{told}");
    assert!(told.contains("a proxy, a login page"), "{told}");
    assert!(!told.contains("API key"), "{told}");
}

/// Each run finds out that nothing was charged, and asks once more: what is in doubt does not grow.
#[test]
fn a_proxy_that_refuses_every_paid_call_fills_nothing_and_ends_with_itself() {
    // More than leave together.
    for (lane, refused) in [("single", 2 * ROWS), ("bulk", 8)] {
        let (expected, bill) = calm(PHONE, lane, 0);
        let server = Server::start(options(vec![Fault::PageBefore(403); refused]));
        let place = place(&server, PHONE, lane);
        let mut ended = place.run().expect(4);
        let mut runs = 1;
        while ended.code != Some(0) {
            assert_intercepted("Enrich.so", &ended);
            let json = ended.json();
            let doubts = json["accounts"]["enrich"]["in_doubt"].as_array().unwrap();
            let held: u64 = doubts.iter().map(|d| d["questions"].as_u64().unwrap()).sum();
            assert!((1..=ROWS as u64).contains(&held), "{json}");
            runs += 1;
            assert!(runs < 2 * refused, "it never gets through");
            ended = place.run();
        }
        assert!(runs > 2, "{runs}");
        assert_eq!((rows(&place), server.audit().charged), (expected, bill), "{lane}");
        server.assert_clean();
    }
}

/// A job that the wallet's transactions name comes back by itself, although its submit seemed to be refused.
#[test]
fn a_job_behind_a_page_is_fetched_where_the_wallet_names_it() {
    let (expected, bill) = calm(PHONE, "bulk", 0);
    for status in REFUSALS {
        let options = Options {
            deductions_name_batch: true,
            ..options(vec![Fault::PageAfter(status)])
        };
        let server = Server::start(options);
        let place = place(&server, PHONE, "bulk");
        assert_intercepted("Enrich.so", &place.run().expect(4));
        place.run().expect(0);
        assert_eq!((rows(&place), server.audit().charged), (expected.clone(), bill));
        server.assert_clean();
    }
}

fn tomba_place(faults: Vec<Fault>, lane: &str) -> (tomba::Server, Workplace) {
    let bulk = BulkOptions {
        queued: Duration::from_millis(20),
        fixed: Duration::from_millis(50),
        ..BulkOptions::default()
    };
    let server = tomba::Server::start(TombaOptions { faults, bulk, ..tomba::options() });
    let place = Workplace::new();
    let mut leads = String::from("lead_id,first,last,domain\n");
    for row in 0..ROWS {
        leads.push_str(&format!("{row},Ada{row},Byron-{row},company{row}.example\n"));
    }
    place.write("leads.csv", &leads);
    let text = format!(
        "version: 1
name: people
source: {{ csv: leads.csv, key: [lead_id] }}
providers:
  tomba: {{ use: tomba, key: \"{KEY}\", secret: \"{SECRET}\", base_url: \"{}\", poll: 100ms, settling: 300ms }}
enrich:
  - name: mail
    find_email: {{ first_name: first, last_name: last, domain: domain }}
    output: {{ email: email }}
    try: [{{ provider: tomba, lane: {lane} }}]
sink: {{ ndjson: out/, receipt: true }}
",
        server.base_url
    );
    place.write("pipeline.yaml", &text);
    (server, place)
}

/// Tomba answers a single question again at no charge, finds jobs by their names and gives out a paid file again: whatever
/// is refused on its way back, nothing is lost, and nothing is paid twice. Of a job the call that is refused is its
/// creation, or the download that pays for it.
#[test]
fn what_is_refused_on_its_way_back_from_tomba_is_found_again() {
    for (lane, before) in [("single", 0), ("bulk", 0), ("bulk", 2)] {
        let (calm, undisturbed) = tomba_place(Vec::new(), lane);
        undisturbed.run().expect(0);
        let (expected, bill) = (rows(&undisturbed), calm.clean_audit());
        for fault in [Fault::PageAfter, Fault::PageBefore] {
            for status in [403, 404] {
                let faults = std::iter::repeat_n(Fault::None, before);
                let faults = faults.chain([fault(status)]).collect();
                let (server, place) = tomba_place(faults, lane);
                let case = format!("{lane} {:?}", fault(status));
                let first = place.run();
                // A file that is not to be had at once is fetched again.
                if before == 0 {
                    assert_eq!(first.code, Some(4), "{case}: {first:?}");
                    assert_intercepted("Tomba", &first);
                    place.run().expect(0);
                }
                assert_eq!(rows(&place), expected, "{case}");
                let audit = server.clean_audit();
                assert_eq!(audit.spent, bill.spent, "{case}");
                assert_eq!(audit.bulk.created, bill.bulk.created, "{case}");
                assert_eq!(audit.bulk.billed, bill.bulk.billed, "{case}");
            }
        }
    }
}

/// A miss may come as an HTTP 500 in the provider's words: in somebody else's it is an error.
#[test]
fn an_http_500_of_somebody_else_is_no_likely_miss() {
    let (expected, bill) = calm(PERSON, "single", 0);
    let server = Server::start(options(vec![Fault::PageBefore(500); 2]));
    let place = place(&server, PERSON, "single");
    place.run().expect(0);
    assert_eq!((rows(&place), server.audit().charged), (expected, bill));
    server.assert_clean();
}

/// Free calls say what they have got instead of an answer.
#[test]
fn free_calls_tell_a_page_from_an_answer() {
    for what in [Trouble::PageBefore, Trouble::PageAfter, Trouble::Redirect] {
        for seed in 0..4 {
            let chaos = vec![Chaos { what, part: Percent::new(100) }];
            let server = Server::start(Options { chaos, seed, ..options(Vec::new()) });
            let place = place(&server, PERSON, "single");
            let shown = match what {
                Trouble::Redirect => "`https://login.gateway.invalid/`",
                _ => "it begins `<html>` …",
            };
            let ended = place.run();
            assert_told(&ended, shown);
            assert!(matches!(ended.code, Some(1 | 4)), "{ended:?}");
            let account = place.leadmill(&[
                "account",
                "enrich",
                "balance",
                "--file",
                "pipeline.yaml",
            ]);
            assert_told(&account, shown);
            assert!(matches!(account.code, Some(1 | 4)), "{account:?}");
            assert_eq!(server.audit().charged, 0);
        }
    }
}

/// Whatever comes in between, nothing is paid twice, and in the end all is as if nobody had been there.
#[test]
fn pages_at_random_cost_nothing_and_lose_nothing() {
    for (lane, seed) in [("single", 0), ("single", 1), ("bulk", 2), ("bulk", 3)] {
        let (expected, bill) = calm(PHONE, lane, seed);
        let chaos = vec![
            Chaos { what: Trouble::PageBefore, part: Percent::new(10) },
            Chaos { what: Trouble::Redirect, part: Percent::new(5) },
        ];
        let server = Server::start(Options { chaos, seed, ..options(Vec::new()) });
        let place = place(&server, PHONE, lane);
        let done = (0..60).any(|_| place.run().code == Some(0));
        assert!(done, "it never gets through");
        assert_eq!((rows(&place), server.audit().charged), (expected, bill));
        assert_eq!(server.audit().asked_twice, 0);
    }
}
