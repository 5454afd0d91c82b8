//! Each family of questions, single and in jobs, through kills: right to the row and to the credit.

use crate::support::binary::{Server, Workplace};
use leadmill_sandbox::{Audit, Chaos, Options, Percent, Plan, Trouble};
use serde_json::Value;
use std::{thread, time::Duration};

const ROWS: usize = 60;

/// A family's step, and the columns in which its answers are.
struct Family {
    step: &'static str,
    columns: &'static [&'static str],
    /// Questions in a job.
    batch: u32,
}

const FAMILIES: [Family; 4] = [
    Family {
        step: "find_email: { first_name: first, last_name: last, domain: domain }
    output: { email: email, sure: confidence }",
        columns: &["email", "sure", "answer_status"],
        batch: 7,
    },
    Family {
        step: "verify_email: { email: mail }
    output: { verdict: verdict, catch_all: is_catch_all }",
        columns: &["verdict", "catch_all", "answer_status"],
        batch: 7,
    },
    Family {
        step: "find_phone: { linkedin_url: profile, email: mail }
    output: { phone: phone, phones: phones }",
        columns: &["phone", "phones", "answer_status"],
        batch: 7,
    },
    Family {
        step: "find_person: { email: mail }
    output: { url: linkedin_url, title: \"positions[0].title\", since: \"positions[0].start_year\", skills: skills, education: education }",
        columns: &["url", "title", "since", "skills", "education", "answer_status"],
        // Results name no question: a job holds one.
        batch: 1,
    },
];

fn options() -> Options {
    Options {
        plan: Plan::Enterprise,
        job_queued: Duration::ZERO,
        job_fixed: Duration::from_millis(60),
        job_per_item: Duration::from_millis(2),
        single_latency: Duration::from_millis(15),
        ..Options::default()
    }
}

fn place(server: &Server, family: &Family, lane: &str) -> Workplace {
    let place = Workplace::new();
    let mut leads = String::from("lead_id,first,last,domain,mail,profile\n");
    for row in 0..ROWS {
        // Every seventh repeats an earlier person in another spelling, every eleventh says nothing.
        let person = if row % 7 == 6 { row - 5 } else { row };
        let (mail, profile) = (
            format!("ada{person}@c{person}.example"),
            match person % 3 {
                0 => String::new(),
                _ => format!("linkedin.com/in/ada-{person}"),
            },
        );
        leads.push_str(&match (row % 11, row % 7) {
            (10, _) => format!("{row},,,,,\n"),
            (_, 6) => format!(
                "{row}, ADA{person} ,byron-{person},www.c{person}.example,{},{profile}/\n",
                mail.to_uppercase()
            ),
            _ => format!("{row},Ada{person},Byron-{person},c{person}.example,{mail},{profile}\n"),
        });
    }
    place.write("leads.csv", &leads);
    let Family { step, batch, .. } = family;
    let text = format!(
        "version: 1
name: people
source: {{ csv: leads.csv, key: [lead_id] }}
providers:
  enrich: {{ use: enrich.so, api_key: \"${{env:ENRICH_API_KEY}}\", base_url: \"{}\", plan: enterprise, poll: 100ms, settling: 8s, batch: {batch} }}
enrich:
  - name: answer
    {step}
    try: [{{ provider: enrich, lane: {lane} }}]
sink: {{ ndjson: out/ }}
",
        server.base_url
    );
    place.write("pipeline.yaml", &text);
    place
}

fn rows(place: &Workplace) -> Vec<Value> {
    place.objects("out/people.ndjson")
}

fn calm(family: &Family, lane: &str) -> (Vec<Value>, Audit) {
    let server = Server::start(options());
    let place = place(&server, family, lane);
    place.run().expect(0);
    server.assert_clean();
    (rows(&place), server.audit())
}

/// Whoever was charged and whose answer was lost with the process is held; nobody is asked twice.
fn killed(family: &Family, lane: &str, expected: &[Value], bill: &Audit) -> usize {
    let server = Server::start(options());
    let place = place(&server, family, lane);
    let (ended, kills) = place.run_through_kills();
    let told = format!("{} {lane}: {ended:?}", family.step);
    server.assert_clean();
    let audit = server.audit();
    let mut held = 0;
    let rows = rows(&place);
    assert_eq!(rows.len(), ROWS, "{told}");
    for (row, expected) in rows.iter().zip(expected) {
        match row["answer_status"].as_str() {
            Some("unknown_charged") => held += 1,
            _ => {
                for column in family.columns {
                    assert_eq!(row[column], expected[column], "{column}: {row} {told}");
                }
            }
        }
    }
    assert_eq!(ended.code, Some(if held > 0 { 3 } else { 0 }), "{told}");
    // Of what is held the provider alone knows whether it was charged, or which job it is.
    match held {
        0 => {
            assert_eq!(audit.charged, bill.charged, "{told}");
            assert_eq!((audit.reserved, audit.unsettled), (0, 0), "{told}");
        }
        _ => assert!(audit.charged <= bill.charged, "{told}"),
    }
    kills
}

#[test]
fn each_family_is_right_to_the_row_and_the_credit_through_kills() {
    thread::scope(|scope| {
        for family in &FAMILIES {
            for lane in ["single", "bulk"] {
                scope.spawn(move || {
                    let (expected, bill) = calm(family, lane);
                    let found =
                        expected.iter().filter(|row| row["answer_status"] == "hit");
                    assert!(found.count() > ROWS / 4, "{}", family.step);
                    assert!(bill.charged > 0);
                    let kills: usize =
                        (0..3).map(|_| killed(family, lane, &expected, &bill)).sum();
                    assert!(kills > 0, "{} {lane}: nothing was killed", family.step);
                });
            }
        }
    });
}

/// The two lanes agree, to the byte of the answers and to the credit.
#[test]
fn single_calls_and_jobs_give_the_same_answers() {
    thread::scope(|scope| {
        for family in &FAMILIES {
            scope.spawn(move || {
                let (single, cheap) = calm(family, "single");
                let (bulk, dear) = calm(family, "bulk");
                assert_eq!(cheap.charged, dear.charged, "{}", family.step);
                for (one, other) in single.iter().zip(&bulk) {
                    for column in family.columns {
                        assert_eq!(one[column], other[column], "{one} {other}");
                    }
                }
            });
        }
    });
}

/// Live, most misses of the reverse lookup come as an HTTP 500. What the wallet shows no charge for is a miss,
/// and is not asked again.
#[test]
fn an_http_500_is_a_miss_once_the_wallet_shows_no_charge() {
    let person = &FAMILIES[3];
    let (expected, bill) = calm(person, "single");
    let chaos = vec![Chaos { what: Trouble::MissAsError, part: Percent::new(100) }];
    let server = Server::start(Options { chaos, ..options() });
    let place = place(&server, person, "single");
    place.run().expect(0);
    server.assert_clean();
    assert_eq!(server.audit().charged, bill.charged);
    for (row, expected) in rows(&place).iter().zip(&expected) {
        for column in person.columns {
            assert_eq!(row[column], expected[column], "{row}");
        }
    }
    let asked = server.audit().asked.values().sum::<u32>();
    place.run().expect(0);
    assert_eq!(server.audit().asked.values().sum::<u32>(), asked, "misses are kept");
}
