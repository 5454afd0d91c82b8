//! `kill -9` of the real binary at every write of its journal, and at any time, with replies that get lost:
//! then the output is that of a calm run, to the byte, and so is the bill.

use crate::support::binary::{Server, Workplace, finder_pipeline, leads_csv};
use leadmill_sandbox::{Fault, Options, Plan};
use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
    sync::Mutex,
    time::Duration,
};

/// Twenty batches, of which every fifth loses the reply to its submit.
fn server(loses: bool) -> Server {
    let mut faults = vec![Fault::None; 40];
    if loses {
        faults.iter_mut().skip(1).step_by(5).for_each(|fault| *fault = Fault::LostReply);
    }
    Server::start(Options {
        plan: Plan::Enterprise,
        job_queued: Duration::ZERO,
        job_fixed: Duration::from_millis(100),
        job_per_item: Duration::from_millis(2),
        faults,
        // What a callback named explains no deduction that does not name it: then what was killed between its
        // intent and its call would wait for a person.
        deductions_name_batch: true,
        ..Options::default()
    })
}

/// One submit at a time, so that each is a write of the journal.
const PROVIDER: &str =
    r#"plan: enterprise, batch: 12, limits: { bulk: ["1/100ms", "1000/60s"] }"#;

fn place(server: &Server) -> Workplace {
    let place = Workplace::new();
    place.write("leads.csv", &leads_csv(0..320));
    let text = finder_pipeline(server, PROVIDER, "")
        .replace("settling: 300ms", "settling: 8s")
        .replace("receipt: true", "receipt: false")
        .replace(
            "    output:",
            "    try: [{ provider: enrich, lane: bulk }]\n    output:",
        );
    place.write("pipeline.yaml", &text);
    place
}

/// A receiver that lives on while runs are killed.
struct Serving {
    child: Child,
    url: String,
}

impl Serving {
    fn start(place: &Workplace) -> Self {
        let args = ["serve", "pipeline.yaml", "--listen=127.0.0.1:0"];
        let mut command = place.command(&args);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, url: format!("--webhook-url={}", line.trim()) }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Where a run is killed.
#[derive(Clone, Copy, Debug)]
enum Kill {
    Before(u64),
    After(u64),
    /// Milliseconds after its start.
    Time(u64),
}

/// Runs, is killed, and runs again. `None` if it ended before it could be killed.
fn killed(kill: Kill) -> Option<(Vec<u8>, u64)> {
    let server = server(true);
    let place = place(&server);
    let serving = Serving::start(&place);
    let command = || {
        let args = ["run", "pipeline.yaml", "--output", "json", &serving.url];
        let mut command = place.command(&args);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command
    };
    let at = match kill {
        Kill::Before(write) => format!("before:{write}"),
        Kill::After(write) => format!("after:{write}"),
        Kill::Time(_) => String::new(),
    };
    let mut child = command().env("LEADMILL_KILL_AT", at).spawn().unwrap();
    if let Kill::Time(millis) = kill {
        std::thread::sleep(Duration::from_millis(millis));
        child.kill().unwrap();
    }
    let was_killed = child.wait_with_output().unwrap().status.code().is_none();
    let ended = command().output().unwrap();
    let told = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(0), "{kill:?}: {told}");
    server.assert_clean();
    let audit = server.audit();
    assert_eq!((audit.unsettled, audit.reserved), (0, 0), "{kill:?}: {told}");
    let output = std::fs::read(place.path("out/people.parquet")).unwrap();
    was_killed.then_some((output, audit.charged))
}

/// Some at a time: they mostly wait.
fn all(kills: &[Kill], check: impl Fn(Kill, Option<(Vec<u8>, u64)>) + Sync) {
    let next = Mutex::new(kills.iter());
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| {
                loop {
                    let Some(kill) = next.lock().unwrap().next() else { return };
                    check(*kill, killed(*kill));
                }
            });
        }
    });
}

#[test]
fn a_kill_at_any_write_of_the_journal_or_at_any_time_leaves_no_trace() {
    let calm_server = server(false);
    let calm = place(&calm_server);
    let start = tokio::time::Instant::now();
    calm.run().expect(0);
    let took = u64::try_from(start.elapsed().as_millis()).unwrap();
    assert_eq!(calm_server.audit().jobs, 20);
    let expected = std::fs::read(calm.path("out/people.parquet")).unwrap();
    let bill = calm_server.audit().charged;
    let happened = Mutex::new(0);
    let check = |kill, killed: Option<(Vec<u8>, u64)>| {
        let Some((output, charged)) = killed else { return };
        assert!(output == expected, "{kill:?}: the output differs");
        assert_eq!(charged, bill, "{kill:?}");
        *happened.lock().unwrap() += 1;
    };
    // Replies are written together, so that how many writes there are is not the same each time: about three
    // a batch.
    let writes = (0..60).flat_map(|write| [Kill::Before(write), Kill::After(write)]);
    all(&writes.collect::<Vec<_>>(), check);
    let at_writes = std::mem::take(&mut *happened.lock().unwrap());
    // A golden ratio of the time, again and again, comes near to every moment of it.
    let times =
        (1..=100_u64).map(|nth| Kill::Time(nth * 618 % 1_000 * (took + 200) / 1_000));
    all(&times.collect::<Vec<_>>(), check);
    let at_times = *happened.lock().unwrap();
    assert!(at_writes >= 80 && at_times >= 60, "{at_writes} and {at_times} kills");
}
