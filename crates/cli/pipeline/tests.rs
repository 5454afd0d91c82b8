//! Small files with the reports that they deserve.

mod accepted;
mod companies;
mod forms;
mod meanings;
mod robust;
mod seeds;
mod surroundings;
mod values;

use super::{Hop, Loaded, Outside, read, report};
use leadmill_core::Pack;
use serde_json::json;
use std::{collections::BTreeMap, env::VarError, io};

/// Surroundings that a test makes up.
#[derive(Debug, Default)]
struct Made {
    variables: BTreeMap<String, String>,
    files: BTreeMap<String, String>,
}

impl Outside for Made {
    fn variable(&self, name: &str) -> Result<String, VarError> {
        self.variables.get(name).cloned().ok_or(VarError::NotPresent)
    }

    fn file(&self, path: &str) -> io::Result<String> {
        self.files.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// A credential that must never be seen.
const CANARY: &str = "sk_live_canary_42";

fn made() -> Made {
    let pairs = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
    };
    Made {
        variables: pairs(&[
            ("KEY", CANARY),
            ("SIZE", "500"),
            ("EMPTY", ""),
            ("ON", "true"),
        ]),
        files: pairs(&[("/run/secrets/key", "sk_live_canary_42\n")]),
    }
}

fn packs() -> Vec<Pack> {
    let offer = |price, most: u32| {
        json!({
            "price": price, "free": "misses are free", "least": 0, "most_items": most,
            "batch": 1000, "page": 1000, "most_bytes": 1_000_000,
        })
    };
    let pack = json!({
        "name": "enrich.so", "source": "https://doc.example", "read": "2026-01-01",
        "base_url": "https://api.example",
        "plans": {
            "growth": { "global": ["25/1s", "300/60s"], "bulk": ["10/60s"] },
            "scale": { "global": ["100/1s"], "bulk": ["20/60s"] },
        },
        "scopes": { "submit": ["global", "bulk"], "poll": ["global"] },
        "operations": {
            "find_email": offer(10, 5000), "verify_email": offer(1, 10_000),
            "reveal_email": offer(10, 25), "reveal_phone": offer(525, 25),
            "reveal_contact": offer(535, 25), "find_phone": offer(500, 5000),
            "find_person": offer(10, 1), "find_employees": offer(1, 1), "search_people": offer(1, 1), "unlock_name": offer(1, 1),
            "find_followers": offer(100, 1), "count_followers": offer(100, 1),
            "search_leads": offer(1, 1), "export_leads": offer(0, 1),
            "find_email_by_profile": offer(1, 1), "find_author": offer(1, 1), "validate_phone": offer(1, 1),
            "find_company": offer(1, 1), "search_domain": offer(1, 1), "find_similar": offer(1, 1),
            "find_technology": offer(1, 1), "count_emails": offer(1, 1), "find_format": offer(1, 1),
            "find_sources": offer(1, 1),
        },
        "jobs": { "poll": "5s", "typical": "30s", "items_per_second": 10, "single": "1s" },
        "confidence": {},
    });
    let mut single = offer(1, 10);
    single["only"] = json!("single");
    let verifier = json!({
        "name": "verifier", "source": "-", "read": "2026-01-01", "base_url": "https://v",
        "plans": { "free": {} }, "scopes": {},
        "operations": { "verify_email": single },
        "jobs": { "poll": "5s", "typical": "30s", "items_per_second": 10, "single": "1s" },
        "confidence": {},
    });
    let tomba = json!({
        "name": "tomba", "source": "-", "read": "2026-01-01", "base_url": "https://t",
        "plans": { "free": {}, "pro": {} }, "scopes": {},
        "operations": { "find_email": offer(1, 10), "search_companies": offer(1, 1) },
        "jobs": { "poll": "5s", "typical": "30s", "items_per_second": 10, "single": "1s", "generation": 2 },
        "confidence": {},
    });
    [pack, verifier, tomba].map(|pack| serde_json::from_value(pack).unwrap()).into()
}

fn load(text: &str) -> Result<Loaded, String> {
    load_with(text, &made(), &BTreeMap::new())
}

fn load_with(
    text: &str,
    outside: &Made,
    overrides: &BTreeMap<String, String>,
) -> Result<Loaded, String> {
    let loaded = read(text, outside, overrides, &packs());
    loaded.map_err(|flaws| {
        let report = report("p.yaml", &flaws);
        let json = serde_json::to_string(&flaws).unwrap();
        for shown in [&report, &json, &format!("{flaws:?}")] {
            assert!(!shown.contains("canary"), "{shown}");
        }
        report
    })
}

/// The report without its excerpts.
fn told(report: &str) -> String {
    let lines = report.lines().filter(|line| {
        line.starts_with("p.yaml:") || line.trim_start().starts_with("hint: ")
    });
    lines.map(|line| format!("{}\n", line.trim().trim_start_matches("p.yaml:"))).collect()
}

/// A file that is right, with one stretch of it replaced.
fn bent(from: &str, to: &str) -> String {
    assert!(PLAIN.contains(from), "{from}");
    PLAIN.replacen(from, to, 1)
}

/// What is told about the file that is right but for one stretch.
fn told_of(from: &str, to: &str) -> String {
    told(&load(&bent(from, to)).unwrap_err())
}

const PLAIN: &str = r#"version: 1
name: nightly
source:
  parquet: leads/
providers:
  enrich:
    use: enrich.so
    plan: growth
    api_key: "${env:KEY}"
enrich:
  - name: work_email
    find_email: { first_name: first, last_name: last, domain: lower(domain) }
    output: { email: email, confidence: confidence }
sink:
  parquet: out/
"#;
