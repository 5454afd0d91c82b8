//! The real binary, as a user runs it, and the sandbox on real sockets.

use leadmill_sandbox::{ApiKey, Audit, Options, Sandbox};
use leadmill_tables::{Format, RecordBatch, Source, SourceSpec};
use serde_json::Value;
use std::{
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

/// The API key that the tests hand over; it must never be seen again.
pub(crate) const KEY: &str = "sk_test_canary+/7f3a==9c";

/// Another key of the same team.
pub(crate) const OTHER_KEY: &str = "sk_test_other_canary";

/// A folder with a pipeline file, leads and a state.
#[derive(Debug)]
pub(crate) struct Workplace {
    pub(crate) folder: TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The JSON that ends stdout.
    pub(crate) fn json(&self) -> Value {
        assert!(self.stdout.ends_with('\n'), "{self:?}");
        let line =
            self.stdout.lines().last().unwrap_or_else(|| panic!("no output: {self:?}"));
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Panics unless it ended with this status.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "stdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }
}

impl Workplace {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// The command, with an environment of its own.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_leadmill"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .env("ENRICH_API_KEY", KEY)
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn leadmill(&self, args: &[&str]) -> Ended {
        Ended::of(self.command(args).output().unwrap())
    }

    /// Runs the pipeline for a program to read.
    pub(crate) fn run(&self) -> Ended {
        self.leadmill(&["run", "pipeline.yaml", "--output", "json"])
    }

    pub(crate) fn spawn(&self) -> Child {
        let mut command = self.command(&["run", "pipeline.yaml", "--output", "json"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Kills the run again and again, a few times, and lets it get through. Tells how many times it was killed.
    pub(crate) fn run_through_kills(&self) -> (Ended, usize) {
        /// Whatever they have left, the run after them gets through.
        const KILLS: usize = 6;
        for kills in 0..KILLS {
            let mut child = self.spawn();
            std::thread::sleep(Duration::from_millis(60 + 45 * kills as u64));
            if child.try_wait().unwrap().is_some() {
                return (Ended::of(child.wait_with_output().unwrap()), kills);
            }
            child.kill().unwrap();
            child.wait().unwrap();
        }
        (self.run(), KILLS)
    }

    /// All rows of an NDJSON file, in order.
    pub(crate) fn objects(&self, name: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.path(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// All rows of an NDJSON file, in order, without their receipts: what they cost, and when, is another matter.
    pub(crate) fn answers(&self, name: &str) -> Vec<Value> {
        let mut rows = self.objects(name);
        for row in &mut rows {
            row.as_object_mut().unwrap().remove("_leadmill");
        }
        rows
    }

    /// All rows of a Parquet file, in order.
    pub(crate) fn rows(&self, name: &str) -> RecordBatch {
        read_parquet(&self.path(name))
    }
}

/// All rows of a Parquet file, in order.
pub(crate) fn read_parquet(path: &Path) -> RecordBatch {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let spec = SourceSpec {
            format: Format::Parquet,
            location: path.display().to_string(),
            base: PathBuf::from("/"),
            sql: None,
            filter: None,
            key: vec![],
        };
        let source = Source::open(spec).await.unwrap();
        let batches: Vec<_> =
            futures::TryStreamExt::try_collect(source.scan().await.unwrap())
                .await
                .unwrap();
        arrow::compute::concat_batches(source.schema(), &batches).unwrap()
    })
}

/// The sandbox on a port of its own.
pub(crate) struct Server {
    sandbox: Sandbox,
    pub(crate) base_url: String,
    runtime: Runtime,
}

impl Server {
    pub(crate) fn start(options: Options) -> Self {
        let runtime =
            Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (sandbox, base_url) = runtime.block_on(async {
            let api_keys = [KEY, OTHER_KEY].map(ApiKey::active).into();
            let sandbox = Sandbox::new(Options { api_keys, ..options });
            let listener =
                tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let port = listener.local_addr().unwrap().port();
            tokio::spawn(sandbox.serve(listener));
            (sandbox, format!("http://127.0.0.1:{port}/api/v3"))
        });
        Self { sandbox, base_url, runtime }
    }

    pub(crate) fn audit(&self) -> Audit {
        self.sandbox.audit()
    }

    pub(crate) fn top_up(&self, credits: i64) {
        self.sandbox.top_up(credits);
    }

    /// The jobs, oldest first, as a person finds them in the provider's own pages.
    pub(crate) fn jobs(&self) -> Vec<String> {
        self.sandbox.batches()
    }

    /// A colleague's job.
    pub(crate) fn colleagues_job(&self) -> String {
        let lead =
            r#"{"leads":[{"firstName":"Eve","lastName":"X","domain":"other.example"}]}"#;
        let json = self.call(http::Method::POST, "email-finder/batch", lead);
        json["data"]["batchId"].as_str().unwrap().to_owned()
    }

    /// A call of the API, as anybody makes it.
    pub(crate) fn call(&self, method: http::Method, path: &str, body: &str) -> Value {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("/api/v3/{path}"))
            .header("x-api-key", KEY)
            .header("content-type", "application/json")
            .body(axum::body::Body::from(body.to_owned()))
            .unwrap();
        let router = self.sandbox.router();
        let body = self.runtime.block_on(async {
            let response = router.oneshot(request).await.unwrap();
            axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap()
        });
        serde_json::from_slice(&body).unwrap()
    }

    /// Panics if any limit was broken, or any question paid for twice.
    #[track_caller]
    pub(crate) fn assert_clean(&self) {
        let audit = self.audit();
        assert_eq!(audit.throttled, 0, "429s of our own making: {:?}", audit.windows);
        for window in &audit.windows {
            assert!(window.offered <= u64::from(window.limit), "{window:?}");
        }
        assert_eq!(audit.asked_twice, 0, "questions were paid for twice");
    }
}

/// Waits until something is so, for half a minute.
#[track_caller]
pub(crate) fn wait_until(otherwise: &str, mut is_so: impl FnMut() -> bool) {
    let start = tokio::time::Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(30), "{otherwise}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A finder pipeline over `leads.csv` at a server.
pub(crate) fn finder_pipeline(server: &Server, provider: &str, rest: &str) -> String {
    finder_pipeline_at(&server.base_url, provider, rest)
}

/// The same at an address.
pub(crate) fn finder_pipeline_at(base_url: &str, provider: &str, rest: &str) -> String {
    format!(
        "version: 1
name: people
source: {{ csv: leads.csv, key: [lead_id] }}
providers:
  enrich: {{ use: enrich.so, api_key: \"${{env:ENRICH_API_KEY}}\", base_url: \"{base_url}\", poll: 100ms, settling: 300ms, {provider} }}
enrich:
  - name: mail
    find_email: {{ first_name: first_name, last_name: last_name, domain: domain }}
    output: {{ work_email: email, level: confidence_level }}
sink: {{ parquet: out/, receipt: true }}
{rest}"
    )
}

/// A pipeline over `leads.csv` at a server that asks `step`, whose name comes first.
pub(crate) fn asking_pipeline(
    server: &Server,
    step: &str,
    lane: &str,
    rest: &str,
) -> String {
    format!(
        "version: 1
name: people
source: {{ csv: leads.csv, key: [lead_id] }}
providers:
  enrich: {{ use: enrich.so, api_key: \"${{env:ENRICH_API_KEY}}\", base_url: \"{}\", plan: enterprise, poll: 100ms, settling: 300ms }}
enrich:
  - name: {step}
    try: [{{ provider: enrich, lane: {lane} }}]
{rest}",
        server.base_url
    )
}

/// Leads for [`finder_pipeline`]: every fifth repeats an earlier one in another spelling, and every
/// eleventh has no domain.
pub(crate) fn leads_csv(rows: std::ops::Range<usize>) -> String {
    let mut text = String::from("lead_id,first_name,last_name,domain\n");
    for n in rows {
        let person = if n % 5 == 4 { n - 3 } else { n };
        let (first, last) = (format!("Zoë{person}"), format!("Müller-{}", person % 97));
        let domain = format!("company{}.example", person % 389);
        let line = match (n % 11, n % 5) {
            (10, _) => format!("{n},{first},{last},\n"),
            (_, 4) => format!(
                "{n}, {} ,{},https://www.{domain}/team\n",
                first.to_uppercase(),
                last.to_lowercase()
            ),
            _ => format!("{n},{first},{last},{domain}\n"),
        };
        text.push_str(&line);
    }
    text
}
