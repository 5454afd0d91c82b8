//! Providers that give names back in small letters and without accents: everybody gets the own answer or, where a namesake's
//! could be taken for it, none. What is paid and not told apart is held, and not bought again.

use crate::{
    support::binary::{Server, Workplace},
    tomba::{self, KEY, SECRET},
};
use leadmill_sandbox::{
    Chaos, Options, Percent, Quirks, Trouble, answer_finder,
    tomba::{BulkOptions, Echo, FileForm, Options as TombaOptions, find_email},
};
use serde_json::Value;
use std::{collections::BTreeMap, time::Duration};

/// People of several companies: each in a spelling that is nobody else's.
const PEOPLE: [[&str; 3]; 12] = [
    ["Zoë", "Müller", "a.example"],
    ["Zoë", "Müller", "b.example"],
    ["Seán", "O'Neill", "a.example"],
    ["Anne-Marie", "de la Cruz", "a.example"],
    ["Łukasz", "Groß", "a.example"],
    ["Søren", "Æbelø", "b.example"],
    ["Ada", "Byron", "a.example"],
    ["Ada", "Byron", "b.example"],
    ["José", "Núñez", "c.example"],
    ["François", "Léger", "c.example"],
    ["Ana", "Ibáñez", "c.example"],
    ["Émile", "Zölch", "c.example"],
];

/// Namesakes of one company.
const TWINS: [[&str; 3]; 6] = [
    ["Zoë", "Li", "a.example"],
    ["Zoe", "Li", "a.example"],
    ["René", "Noël", "b.example"],
    ["Rene", "Noel", "b.example"],
    ["Rene", "Noël", "b.example"],
    ["Chloé", "O'Dea", "c.example"],
];

fn place(people: &[[&str; 3]], lane: &str, provider: &str) -> Workplace {
    let place = Workplace::new();
    let mut leads = String::from("lead_id,first,last,domain\n");
    for (row, person) in people.iter().enumerate() {
        leads += &format!("{row},{}\n", person.join(","));
    }
    place.write("leads.csv", &leads);
    let text = format!(
        "version: 1
name: people
source: {{ csv: leads.csv, key: [lead_id] }}
providers:
  it: {{ {provider}, poll: 100ms, settling: 300ms }}
enrich:
  - name: mail
    find_email: {{ first_name: first, last_name: last, domain: domain }}
    try: [{{ provider: it, lane: {lane} }}]
    output: {{ email: email }}
sink: {{ ndjson: out/ }}
"
    );
    place.write("pipeline.yaml", &text);
    place
}

/// By lead: its status and its address.
fn rows(place: &Workplace) -> BTreeMap<usize, (String, Option<String>)> {
    let read = |row: Value| {
        let text = |name: &str| row[name].as_str().map(str::to_owned);
        let id = row["lead_id"].as_u64().map(|id| id.to_string()).or(text("lead_id"));
        let id = id.unwrap().parse().unwrap();
        (id, (text("mail_status").unwrap(), text("email")))
    };
    place.objects("out/people.ndjson").into_iter().map(read).collect()
}

fn enrich(server: &Server) -> String {
    format!(
        "use: enrich.so, api_key: \"${{env:ENRICH_API_KEY}}\", base_url: \"{}\", plan: growth",
        server.base_url
    )
}

fn found([first, last, domain]: [&str; 3]) -> Option<String> {
    answer_finder(0, first, last, domain).map(|found| found.email)
}

fn options() -> Options {
    Options {
        job_queued: Duration::ZERO,
        job_fixed: Duration::from_millis(200),
        job_per_item: Duration::ZERO,
        quirks: Quirks { plain: true, ..Quirks::default() },
        ..Options::default()
    }
}

#[test]
fn in_a_job_of_enrich_everybody_gets_the_own_answer_and_namesakes_none() {
    let server = Server::start(Options { shuffled: true, ..options() });
    let people = [&PEOPLE[..], &TWINS[..]].concat();
    let place = place(&people, "bulk", &enrich(&server));
    place.run().expect(3);
    // One of the last ones has no namesake.
    let told_apart = |row: usize| row < PEOPLE.len() || row == people.len() - 1;
    for (row, (status, email)) in rows(&place) {
        let expected = found(people[row]);
        match told_apart(row) {
            true => assert_eq!(email, expected, "{:?}", people[row]),
            false => assert_eq!((&*status, email), ("unknown_charged", None)),
        }
    }
    let bill = people.iter().filter(|person| found(**person).is_some()).count() as u64;
    assert_eq!(server.audit().charged, 10 * bill);
    let again = place.run().expect(3).json();
    assert_eq!(again["status"], "partial", "{again}");
    assert_eq!(server.audit().charged, 10 * bill, "what is held is not bought again");
    server.assert_clean();
}

/// What keeps its accents tells namesakes apart, on whichever pages their items stand.
#[test]
fn namesakes_get_the_own_answers_where_names_come_back_as_they_were() {
    let server = Server::start(Options { quirks: Quirks::default(), ..options() });
    let mut people = TWINS.to_vec();
    let last: Vec<String> = (0..150).map(|n| format!("Byron{n}")).collect();
    people.splice(1..1, last.iter().map(|last| ["Ada", last.as_str(), "a.example"]));
    let place = place(&people, "bulk", &enrich(&server));
    place.run().expect(0);
    for (row, (_, email)) in rows(&place) {
        assert_eq!(email, found(people[row]), "{:?}", people[row]);
    }
    server.assert_clean();
}

#[test]
fn alone_everybody_gets_the_own_answer() {
    let plain =
        Chaos { what: Trouble::PlainEcho, part: "100".parse::<Percent>().unwrap() };
    let server = Server::start(Options { chaos: vec![plain], ..options() });
    let people = [&PEOPLE[..], &TWINS[..]].concat();
    let place = place(&people, "single", &enrich(&server));
    place.run().expect(0);
    for (row, (_, email)) in rows(&place) {
        assert_eq!(email, found(people[row]), "{:?}", people[row]);
    }
    server.assert_clean();
}

/// With the ids that were sent, and with the inputs alone. What was found alone ties to nothing here, which ends the run.
#[test]
fn in_a_file_of_tomba_nobody_gets_a_namesake_s_answer() {
    let people = [&PEOPLE[..], &TWINS[..]].concat();
    let found = |[first, last, domain]: [&str; 3]| {
        find_email(0, first, last, domain).and_then(|person| person.email)
    };
    // It takes namesakes of one company for one question: what it drops is not answered, and not paid.
    let is_dropped = |row: usize| (13..18).contains(&row) && row != 14 && row != 17;
    let asked = people.iter().enumerate().filter(|(row, _)| !is_dropped(*row));
    let hits = asked.filter(|(_, person)| found(**person).is_some()).count();
    for echo in [Echo::All, Echo::Asked] {
        let bulk = BulkOptions {
            queued: Duration::from_millis(50),
            fixed: Duration::from_millis(150),
            per_row: Duration::ZERO,
            quirks: Quirks { plain: true, ..Quirks::default() },
            file: FileForm { echo, ..FileForm::default() },
            ..BulkOptions::default()
        };
        let options = TombaOptions { bulk, ..TombaOptions::default() };
        let server = tomba::Server::start(options);
        let provider = format!(
            "use: tomba, key: \"{KEY}\", secret: \"{SECRET}\", base_url: \"{}\"",
            server.base_url
        );
        let place = place(&people, "bulk", &provider);
        place.run().expect(3);
        let mut told = 0;
        for (row, (status, email)) in rows(&place) {
            let expected = found(people[row]);
            if is_dropped(row) {
                let is_open = matches!(&*status, "failed" | "unknown_charged");
                assert!(is_open && email.is_none(), "{echo}: {row} {status}");
            } else if echo == Echo::All || row < PEOPLE.len() && expected.is_some() {
                assert_eq!(email, expected, "{echo}: {:?}", people[row]);
            }
            assert!(email.is_none() || email == expected, "{echo}: {:?}", people[row]);
            assert!(status != "miss" || expected.is_none(), "{echo}: {:?}", people[row]);
            told += usize::from(email.is_some());
        }
        assert!(
            told == hits || echo != Echo::All && told > 6,
            "{echo}: {told} of {hits}"
        );
        assert_eq!(server.clean_audit().bulk.credits, hits as u64);
    }
}
