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

fn tomba(server: &tomba::Server) -> String {
    format!(
        "use: tomba, key: \"{KEY}\", secret: \"{SECRET}\", base_url: \"{}\"",
        server.base_url
    )
}

/// Files of these columns, in which names are spelt plainly.
fn files(echo: Echo) -> tomba::Server {
    let bulk = BulkOptions {
        queued: Duration::from_millis(50),
        fixed: Duration::from_millis(150),
        per_row: Duration::ZERO,
        quirks: Quirks { plain: true, ..Quirks::default() },
        file: FileForm { echo, ..FileForm::default() },
        ..BulkOptions::default()
    };
    tomba::Server::start(TombaOptions { bulk, ..TombaOptions::default() })
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

/// With the ids that were sent, with the inputs alone, and with nothing but what was found. A site that is found is that of
/// the question only where it takes no mail: the sandbox moves all others to one that does not.
#[test]
fn in_a_file_of_tomba_nobody_gets_a_namesake_s_answer() {
    let moved = |domain| match domain {
        "a.example" => "a.invalid",
        "b.example" => "b.invalid",
        _ => "c.invalid",
    };
    let people = PEOPLE.iter().chain(&TWINS);
    let people = people.map(|[first, last, domain]| [*first, *last, moved(*domain)]);
    let people: Vec<[&str; 3]> = people.collect();
    let found = |[first, last, domain]: [&str; 3]| {
        find_email(0, first, last, domain).and_then(|person| person.email)
    };
    // It takes namesakes of one company for one question: what it drops is not answered, and not paid.
    let is_dropped = |row: usize| (13..18).contains(&row) && row != 14 && row != 17;
    let asked = people.iter().enumerate().filter(|(row, _)| !is_dropped(*row));
    let hits = asked.filter(|(_, person)| found(**person).is_some()).count();
    for echo in [Echo::All, Echo::Asked, Echo::None] {
        let server = files(echo);
        let place = place(&people, "bulk", &tomba(&server));
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

/// A file that names other sites than were asked about, and nothing of what was sent, says of no row whose it is: not even
/// of those whose names are spelt as they were asked. Nothing more is paid for, and a person ends it.
#[test]
fn a_file_of_tomba_that_says_nothing_of_its_questions_waits_for_a_person() {
    let server = files(Echo::None);
    let place = place(&PEOPLE, "bulk", &tomba(&server));
    for _ in 0..2 {
        let ended = place.run().expect(4);
        let told = "rows do not say which question each answers: the columns are email, first_name, last_name, full_name";
        assert!(ended.stderr.contains(told), "{ended:?}");
        assert!(!ended.stderr.contains("API key"), "{ended:?}");
    }
    let status = place.leadmill(&["status", "pipeline.yaml", "--output", "json"]);
    let status = status.expect(0).json();
    let batch = status["open"][0]["batch"].as_str().unwrap();
    let ended = place.run().expect(4);
    assert!(ended.stderr.contains(&format!("resolve FILE {batch}")), "{ended:?}");
    let audit = server.clean_audit();
    let paid = audit.bulk.credits;
    assert_eq!((audit.bulk.created.values().sum::<u64>(), audit.bulk.billed), (1, 1));
    place.leadmill(&["resolve", "pipeline.yaml", batch, "--ask-again"]).expect(0);
    let text = std::fs::read_to_string(place.path("pipeline.yaml")).unwrap();
    place.write("pipeline.yaml", &text.replace("lane: bulk", "lane: single"));
    let ended = place.run().expect(0).json();
    let found = |[first, last, domain]: [&str; 3]| {
        find_email(0, first, last, domain).and_then(|person| person.email)
    };
    for (row, (_, email)) in rows(&place) {
        assert_eq!(email, found(PEOPLE[row]), "{:?}", PEOPLE[row]);
    }
    let account = &ended["accounts"]["it"];
    let booked = paid + account["credits_spent"].as_u64().unwrap();
    assert_eq!(account["credits_committed"], booked, "both are booked: {ended}");
}
