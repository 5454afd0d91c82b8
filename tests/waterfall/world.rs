//! Two providers at once, and what each lead must come to by what they know.

use crate::support::binary::{Server, Workplace};
use leadmill_sandbox::{
    Chaos, Fault, Options, Percent, Plan, Trouble, answer_finder, question,
    tomba::{self, BulkOptions, Miss, Pool, Tomba, TombaKey, find_email},
};
use serde_json::Value;
use std::{collections::BTreeSet, net::Ipv4Addr, time::Duration};
use tokio::runtime::{Builder, Runtime};

/// The two do not know the same people.
const SEED: u64 = 7;

const TOMBA: (&str, &str) = ("ta_test", "ts_test");

/// Both providers as servers, and a folder with leads.
pub(super) struct World {
    pub(super) enrich: Server,
    tomba: Tomba,
    tomba_url: String,
    pub(super) place: Workplace,
    rows: usize,
    _runtime: Runtime,
}

/// What a lead must come to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fate {
    pub(super) status: &'static str,
    pub(super) email: Option<String>,
    pub(super) provider: &'static str,
    pub(super) credits: u64,
}

impl World {
    /// Leads of which every seventh repeats an earlier one in another spelling, and every eleventh asks nothing.
    pub(super) fn new(rows: usize, faults: Vec<Fault>) -> Self {
        Self::troubled(rows, faults, &[])
    }

    /// Like [`Self::new`], where things go wrong at random at Enrich.so.
    pub(super) fn troubled(rows: usize, faults: Vec<Fault>, chaos: &[Trouble]) -> Self {
        let chaos = chaos.iter().map(|what| Chaos { what: *what, part: Percent::new(5) });
        let chaos = chaos.collect();
        let runtime =
            Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let keys = vec![TombaKey { key: TOMBA.0.into(), secret: TOMBA.1.into() }];
        let (tomba, tomba_url) = runtime.block_on(async {
            let tomba = Tomba::new(tomba::Options {
                keys,
                limits: false,
                seed: SEED,
                // What says that there is nothing is free, and said to be.
                miss: Miss::NotFound,
                single_latency: Duration::from_millis(5),
                bulk: BulkOptions {
                    queued: Duration::ZERO,
                    fixed: Duration::from_millis(60),
                    per_row: Duration::from_millis(1),
                    ..BulkOptions::default()
                },
                ..tomba::Options::default()
            });
            let listener =
                tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let port = listener.local_addr().unwrap().port();
            tokio::spawn(tomba.serve(listener));
            (tomba, format!("http://127.0.0.1:{port}/v1"))
        });
        let enrich = Server::start(Options {
            plan: Plan::Enterprise,
            job_queued: Duration::ZERO,
            job_fixed: Duration::from_millis(60),
            job_per_item: Duration::from_millis(1),
            single_latency: Duration::from_millis(10),
            faults,
            chaos,
            ..Options::default()
        });
        let place = Workplace::new();
        let mut leads = String::from("lead_id,first,last,domain\n");
        for row in 0..rows {
            let line = match Self::lead(row) {
                None => format!("{row},,,\n"),
                Some([first, last, domain]) if row % 7 == 6 => {
                    format!("{row},{},{last},www.{domain}\n", first.to_uppercase())
                }
                Some([first, last, domain]) => format!("{row},{first},{last},{domain}\n"),
            };
            leads.push_str(&line);
        }
        place.write("leads.csv", &leads);
        Self { enrich, tomba, tomba_url, place, rows, _runtime: runtime }
    }

    fn lead(row: usize) -> Option<[String; 3]> {
        let n = if row % 7 == 6 { row - 5 } else { row };
        (row % 11 != 10).then(|| {
            [format!("Ada{n}"), format!("Byron{n}"), format!("company{n}.example")]
        })
    }

    /// Writes the pipeline, whose step asks as `entries` says.
    pub(super) fn pipeline(&self, entries: &str, rest: &str) {
        let (key, secret) = TOMBA;
        let text = format!(
            "version: 1
name: people
source: {{ csv: leads.csv, key: [lead_id] }}
providers:
  enrich: {{ use: enrich.so, api_key: \"${{env:ENRICH_API_KEY}}\", base_url: \"{}\", plan: enterprise, poll: 100ms, settling: 400ms, batch: 7, credit: 0.01 }}
  tomba: {{ use: tomba, key: {key}, secret: {secret}, base_url: \"{}\", credit: 0.004, poll: 100ms, settling: 400ms, limits: {{ email_finder: [\"400/1s\"], bulk: [\"400/1s\"] }} }}
enrich:
  - name: mail
    find_email: {{ first_name: first, last_name: last, domain: domain }}
    try: {entries}
    output: {{ email: email, sure: confidence }}
sink: {{ ndjson: out/, receipt: true }}
{rest}
",
            self.enrich.base_url, self.tomba_url
        );
        self.place.write("pipeline.yaml", &text);
    }

    pub(super) fn output(&self) -> Vec<Value> {
        let rows = self.place.objects("out/people.ndjson");
        assert_eq!(rows.len(), self.rows);
        rows
    }

    /// What a row must come to where Enrich.so is asked first, and its answers must be as sure as that.
    pub(super) fn fate(row: usize, least: u8) -> Option<Fate> {
        let [first, last, domain] = Self::lead(row)?;
        let found = answer_finder(0, &first, &last, &domain);
        let sure = |word: &str| match word {
            "high" => 90,
            "medium" => 70,
            _ => 40,
        };
        let paid = if found.is_some() { 10 } else { 0 };
        let good = found.filter(|found| sure(found.confidence) >= least);
        if let Some(found) = good {
            let email = Some(found.email);
            return Some(Fate {
                status: "hit",
                email,
                provider: "enrich",
                credits: paid,
            });
        }
        let found = find_email(SEED, &first, &last, &domain);
        let email = found.map(|found| found.email.unwrap());
        let credits = paid + u64::from(email.is_some());
        let status = if email.is_some() { "hit" } else { "miss" };
        Some(Fate { status, email, provider: "tomba", credits })
    }

    /// The name of a row's question, in the books of both.
    pub(super) fn name(row: usize) -> Option<String> {
        let lead = Self::lead(row)?;
        let [first, last, domain] = &lead;
        Some(question("email-finder", &[first, last, domain]))
    }

    /// The questions that must come to Tomba.
    pub(super) fn for_tomba(&self, least: u8) -> BTreeSet<String> {
        let rows = (0..self.rows).filter(|row| {
            Self::fate(*row, least).is_some_and(|fate| fate.provider == "tomba")
        });
        rows.filter_map(Self::name).collect()
    }

    /// All questions.
    pub(super) fn questions(&self) -> BTreeSet<String> {
        (0..self.rows).filter_map(Self::name).collect()
    }

    /// The questions that came to Tomba.
    pub(super) fn asked_tomba(&self) -> BTreeSet<String> {
        let audit = self.tomba.audit();
        assert_eq!((audit.throttled, audit.paid_twice), (0, 0), "{audit:?}");
        audit.asked.into_keys().collect()
    }

    /// The questions that came to Enrich.so.
    pub(super) fn asked_enrich(&self) -> BTreeSet<String> {
        self.enrich.assert_clean();
        self.enrich.audit().asked.into_keys().collect()
    }

    /// What both were paid.
    pub(super) fn paid(&self) -> (u64, u64) {
        let tomba = self.tomba.audit().spent;
        (self.enrich.audit().charged, tomba.get(&Pool::Searches).copied().unwrap_or(0))
    }

    /// Holds a row against what it must come to.
    #[track_caller]
    pub(super) fn assert_row(row: &Value, number: usize, least: u8) {
        let receipt = &row["_leadmill"]["mail"];
        let Some(fate) = Self::fate(number, least) else {
            assert_eq!(row["mail_status"], "invalid_input", "{row}");
            return;
        };
        assert_eq!(row["mail_status"], fate.status, "{row}");
        assert_eq!(row["email"].as_str(), fate.email.as_deref(), "{row}");
        assert_eq!(receipt["provider"], fate.provider, "{row}");
        assert_eq!(receipt["status"], fate.status, "{row}");
        assert_eq!(receipt["credits"], fate.credits, "{row}");
    }

    /// Holds every row against what it must come to.
    #[track_caller]
    pub(super) fn assert_rows(&self, least: u8) {
        for (number, row) in self.output().iter().enumerate() {
            Self::assert_row(row, number, least);
        }
    }

    /// Rows of the output with a status.
    pub(super) fn with_status(&self, status: &str) -> BTreeSet<String> {
        let rows = self.output();
        let rows = rows.iter().enumerate();
        let rows = rows.filter(|(_, row)| row["mail_status"] == status);
        rows.filter_map(|(row, _)| Self::name(row)).collect()
    }
}
