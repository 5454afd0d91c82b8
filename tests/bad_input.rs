//! Bad input: status 2 with the place and a hint, within a second, before any request.

use crate::support::binary::{Server, Workplace, finder_pipeline, leads_csv};
use leadmill_sandbox::Options;
use std::{fs, time::Duration};
use tokio::time::Instant;

struct Case {
    name: &'static str,
    /// Replaces the first text by the second in a good pipeline.
    change: (&'static str, &'static str),
    /// Must all stand on stderr.
    says: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        name: "an unknown key",
        change: ("sink: { parquet", "sinc: { parquet"),
        says: &["pipeline.yaml:10:1", "`sinc`", "did you mean `sink`"],
    },
    Case {
        name: "a key that is not supported yet",
        change: ("sink: { parquet: out/", "sink: { parquet: out/, mode: append"),
        says: &["pipeline.yaml:10:", "`mode` is not supported yet"],
    },
    Case {
        name: "a credential of another provider",
        change: ("poll: 100ms", "secret: x"),
        says: &["pipeline.yaml:5:", "`enrich.so` has no `secret`", "write `api_key`"],
    },
    Case {
        name: "a share of more than all",
        change: ("poll: 100ms", "share: 160%"),
        says: &["pipeline.yaml:5:", "no share", "from 1% to 100%"],
    },
    Case {
        name: "an unknown plan",
        change: ("plan: growth", "plan: grwth"),
        says: &["pipeline.yaml:5:", "grwth", "growth"],
    },
    Case {
        name: "an unknown provider",
        change: ("use: enrich.so", "use: enrich.io"),
        says: &["pipeline.yaml:5:", "enrich.so"],
    },
    Case {
        name: "an unknown field",
        change: ("work_email: email", "work_email: e_mail"),
        says: &["pipeline.yaml:9:", "e_mail", "email"],
    },
    Case {
        name: "a missing variable of the environment",
        change: ("${env:ENRICH_API_KEY}", "${env:NO_SUCH_KEY}"),
        says: &["pipeline.yaml:5:", "NO_SUCH_KEY"],
    },
    Case {
        name: "a source that is not there",
        change: ("csv: leads.csv", "csv: leeds.csv"),
        says: &["pipeline.yaml:3:", "leeds.csv"],
    },
    Case {
        name: "a column that is not there",
        change: ("first_name: first_name", "first_name: frist_name"),
        says: &["pipeline.yaml:8:", "frist_name", "first_name"],
    },
    Case {
        name: "a key column that is not there",
        change: ("key: [lead_id]", "key: [leadid]"),
        says: &["pipeline.yaml:3:", "leadid", "lead_id"],
    },
    Case {
        name: "an input of the wrong type",
        change: ("first_name: first_name", "first_name: lead_id"),
        says: &["pipeline.yaml:8:", "CAST"],
    },
    Case {
        name: "bad SQL",
        change: ("key: [lead_id]", "where: \"lead_id >> AND\""),
        says: &["pipeline.yaml:3:"],
    },
    Case {
        name: "a condition that is none",
        change: ("key: [lead_id]", "where: \"lead_id + 1\""),
        says: &["pipeline.yaml:3:", "where"],
    },
    Case {
        name: "an output that the leads have already",
        change: ("level: confidence_level", "DOMAIN: confidence_level"),
        says: &["pipeline.yaml:9:", "DOMAIN"],
    },
    Case {
        name: "a wrong version",
        change: ("version: 1", "version: 2"),
        says: &["pipeline.yaml:1:", "version 1"],
    },
    Case {
        name: "broken YAML",
        change: ("enrich:\n  - name", "enrich:\n  - : name ["),
        says: &["pipeline.yaml:"],
    },
];

#[test]
fn what_is_wrong_is_told_with_its_place_before_any_request() {
    let server = Server::start(Options::default());
    for case in CASES {
        for verb in ["check", "plan", "run"] {
            let place = Workplace::new();
            place.write("leads.csv", &leads_csv(0..20));
            let good = finder_pipeline(&server, "plan: growth", "");
            let bad = good.replacen(case.change.0, case.change.1, 1);
            assert_ne!(good, bad, "{}", case.name);
            place.write("pipeline.yaml", &bad);
            let start = Instant::now();
            let ended = place.leadmill(&[verb, "pipeline.yaml"]).expect(2);
            assert!(start.elapsed() < Duration::from_secs(5), "{}", case.name);
            for text in case.says {
                assert!(
                    ended.stderr.contains(text),
                    "{}: `{text}` is not in\n{}",
                    case.name,
                    ended.stderr
                );
            }
            assert!(
                !place.path(".leadmill").exists(),
                "{}: a state was begun",
                case.name
            );
        }
    }
    assert_eq!(server.audit().requests.len(), 0);
}

#[test]
fn several_errors_are_shown_at_once() {
    let server = Server::start(Options::default());
    let place = Workplace::new();
    place.write("leads.csv", &leads_csv(0..5));
    let text = finder_pipeline(&server, "plan: growth", "")
        .replace("first_name: first_name", "first_name: frist")
        .replace("last_name: last_name", "last_name: lead_id");
    place.write("pipeline.yaml", &text);
    let ended = place.leadmill(&["check", "pipeline.yaml", "--output", "json"]).expect(2);
    assert_eq!(ended.json()["errors"].as_array().unwrap().len(), 2, "{ended:?}");
}

#[test]
fn broken_sources_are_told_before_any_request() {
    let server = Server::start(Options::default());
    let leads = leads_csv(0..3_000);
    let good = format!("{leads}1,a,b,c.example\n");
    let cases: [(&str, &str, &[&str]); 4] = [
        (
            "a truncated CSV",
            &leads[..leads.trim_end().rfind('\n').unwrap() + 8],
            &["leads.csv", "line"],
        ),
        ("a double key", &good, &["rows 2 and 3001", "same lead_id"]),
        ("a null key", &format!("{leads},a,b,c.example\n"), &["null"]),
        ("no header at all", "", &["leads.csv"]),
    ];
    for (name, text, says) in cases {
        let place = Workplace::new();
        place.write("leads.csv", text);
        place.write("pipeline.yaml", &finder_pipeline(&server, "plan: growth", ""));
        let ended = place.run().expect(2);
        for text in says {
            assert!(
                ended.stderr.contains(text),
                "{name}: `{text}` is not in\n{}",
                ended.stderr
            );
        }
    }
    // Parquet: cut off, and not Parquet at all.
    let whole =
        fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/pipelines/data/leads.parquet"))
            .unwrap();
    let mut flipped = whole.clone();
    flipped[5_000..5_400].fill(0xff);
    for (name, bytes) in [
        ("cut", &whole[..whole.len() / 2]),
        ("text", b"lead_id\n1\n".as_slice()),
        ("damaged", &flipped),
    ] {
        let place = Workplace::new();
        fs::write(place.path("leads.parquet"), bytes).unwrap();
        let text = finder_pipeline(&server, "plan: growth", "")
            .replace("csv: leads.csv", "parquet: leads.parquet");
        place.write("pipeline.yaml", &text);
        let ended = place.run().expect(2);
        assert!(ended.stderr.contains("leads.parquet"), "{name}: {}", ended.stderr);
    }
    assert_eq!(server.audit().requests.len(), 0);
}

#[test]
fn empty_inputs_give_an_empty_output() {
    let server = Server::start(Options::default());
    let place = Workplace::new();
    place.write("leads.csv", "lead_id,first_name,last_name,domain\n");
    place.write("pipeline.yaml", &finder_pipeline(&server, "plan: growth", ""));
    place.run().expect(0);
    assert_eq!(place.rows("out/people.parquet").num_rows(), 0);
    place.leadmill(&["run", "pipeline.yaml", "--empty", "skip"]).expect(99);
    assert_eq!(server.audit().requests.len(), 0);
}

#[test]
fn a_rejected_key_needs_a_person_and_a_dead_address_a_retry() {
    let server = Server::start(Options::default());
    let place = Workplace::new();
    place.write("leads.csv", &leads_csv(0..20));
    place.write("pipeline.yaml", &finder_pipeline(&server, "plan: growth", ""));
    let mut command = place.command(&["run", "pipeline.yaml"]);
    let ended = crate::support::binary::Ended::of(
        command.env("ENRICH_API_KEY", "sk_wrong").output().unwrap(),
    );
    let ended = ended.expect(4);
    assert!(ended.stderr.contains("invalid or has been revoked"), "{ended:?}");
    let dead = finder_pipeline(&server, "plan: growth", "")
        .replace(&server.base_url, "http://127.0.0.1:9/api/v3");
    place.write("pipeline.yaml", &dead);
    let ended = place.run().expect(1);
    assert!(ended.stderr.to_lowercase().contains("connection refused"), "{ended:?}");
}

/// Nobody takes an earlier run's result for this one's, and a file that cannot be written is found out
/// before anything is spent.
#[test]
fn the_result_file_tells_of_this_run_however_it_ends() {
    let server = Server::start(Options::default());
    let place = Workplace::new();
    place.write("leads.csv", &leads_csv(0..20));
    place.write("pipeline.yaml", &finder_pipeline(&server, "plan: growth", ""));
    let run =
        |file: &str| place.leadmill(&["run", "pipeline.yaml", "--result-file", file]);
    let kept = || fs::read_to_string(place.path("result.json")).unwrap();
    run("no/such/folder.json").expect(2);
    assert_eq!(server.audit().requests.len(), 0);
    run("result.json").expect(0);
    assert!(kept().contains("\"status\":\"done\""), "{}", kept());
    place.write("pipeline.yaml", "version: 2\n");
    run("result.json").expect(2);
    assert!(kept().contains("\"exit_code\":2"), "{}", kept());
}
