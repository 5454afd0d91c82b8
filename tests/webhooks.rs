//! A callback is a hint: true, lost, doubled, late or made up, it changes nothing but the time.

use crate::support::binary::{Ended, Server, Workplace, finder_pipeline, leads_csv};
use leadmill_sandbox::{Callbacks, Chaos, Fault, Options, Percent, Plan, Trouble};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Stdio},
    time::Duration,
};

fn options() -> Options {
    Options {
        plan: Plan::Enterprise,
        job_queued: Duration::ZERO,
        job_fixed: Duration::from_millis(150),
        job_per_item: Duration::from_millis(1),
        ..Options::default()
    }
}

fn place(server: &Server, poll: &str, settling: &str) -> Workplace {
    let place = Workplace::new();
    place.write("leads.csv", &leads_csv(0..120));
    let text = finder_pipeline(server, "plan: enterprise, batch: 12", "")
        .replace("poll: 100ms", poll)
        .replace("settling: 300ms", settling);
    let text = text.replace(
        "    output:",
        "    try: [{ provider: enrich, lane: bulk }]\n    output:",
    );
    place.write("pipeline.yaml", &text);
    place
}

const SHORTLY: &str = "settling: 300ms";

const LISTEN: [&str; 5] =
    ["run", "pipeline.yaml", "--output", "json", "--webhook-listen=127.0.0.1:0"];

fn without_receipt(place: &Workplace) -> arrow::array::RecordBatch {
    let mut rows = place.rows("out/people.parquet");
    let receipt = rows.schema().index_of("_leadmill").unwrap();
    rows.remove_column(receipt);
    rows
}

#[test]
fn whatever_callbacks_say_the_output_and_the_bill_are_the_same() {
    let calm_server = Server::start(options());
    let calm = place(&calm_server, "poll: 100ms", SHORTLY);
    calm.run().expect(0);
    let trouble = [
        Trouble::WebhookLost,
        Trouble::WebhookTwice,
        Trouble::WebhookLate,
        Trouble::WebhookForged,
        Trouble::WebhookEarly,
    ];
    let all = trouble.map(|what| Chaos { what, part: Percent::new(30) });
    for chaos in [vec![], all.to_vec()] {
        let callbacks = Callbacks {
            jitter: Duration::from_millis(200),
            lateness: Duration::from_millis(500),
            ..Callbacks::default()
        };
        let server = Server::start(Options { chaos, callbacks, ..options() });
        let place = place(&server, "poll: 100ms", SHORTLY);
        place.leadmill(&LISTEN).expect(0);
        server.assert_clean();
        assert_eq!(without_receipt(&place), without_receipt(&calm));
        assert_eq!(server.audit().charged, calm_server.audit().charged);
        let heard = server.audit().callbacks;
        assert!(heard.items.acknowledged > 20, "{heard:?}");
    }
}

/// The wallet cannot tell which of two lost batches was charged, and holds both. Their callbacks do.
#[test]
fn a_batch_whose_reply_was_lost_is_fetched_by_the_job_that_its_callback_names() {
    for chaos in
        [vec![], vec![Chaos { what: Trouble::WebhookForged, part: Percent::new(90) }]]
    {
        let faults = vec![Fault::LostReply, Fault::None, Fault::LostReply];
        let server = Server::start(Options { faults, chaos, ..options() });
        let place = place(&server, "poll: 100ms", SHORTLY);
        let ended = place.leadmill(&LISTEN).expect(0);
        assert!(ended.stderr.contains("as a callback says"), "{}", ended.stderr);
        let json = ended.json();
        assert_eq!(
            json["steps"][0]["status"]["unknown_charged"],
            serde_json::Value::Null
        );
        server.assert_clean();
        assert_eq!(server.audit().unsettled, 0);
        let status = place.leadmill(&["status", "pipeline.yaml", "--output", "json"]);
        assert_eq!(status.expect(0).json()["open"], serde_json::json!([]));
    }
}

/// Jobs take seconds where an hour is expected: who hears of their ends does not wait.
#[test]
fn a_callback_wakes_a_look_long_before_it_is_due() {
    let server = Server::start(options());
    let place = place(&server, "poll: 3600s", SHORTLY);
    let mut child = {
        let mut command = place.command(&LISTEN);
        command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
    };
    let start = tokio::time::Instant::now();
    let code = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        assert!(start.elapsed() < Duration::from_secs(60), "it waits for the hour");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(code, Some(0));
    server.assert_clean();
}

/// A server of its own hears for a run that has been killed, and the next run knows.
#[test]
fn what_a_long_lived_receiver_hears_frees_a_later_run() {
    let server = Server::start(Options { faults: vec![Fault::LostReply], ..options() });
    let place = place(&server, "poll: 100ms", "settling: 3600s");
    let (mut serve, address) = serving(&place);
    let url = format!("--webhook-url=http://{address}/hooks/?team=1");
    let args = ["run", "pipeline.yaml", "--output", "json", &url];
    // It would settle for an hour where nobody tells.
    let ended = Ended::of(place.command(&args).output().unwrap()).expect(0);
    assert!(ended.stderr.contains("as a callback says"), "{}", ended.stderr);
    server.assert_clean();
    assert_eq!(server.audit().unsettled, 0);
    assert_eq!(get(&address, "/health"), 204);
    assert_eq!(get(&address, "/hooks/0123456789abcdef-00"), 404);
    let pid = serve.id().to_string();
    std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    assert_eq!(serve.wait().unwrap().code(), Some(143));
}

fn serving(place: &Workplace) -> (Child, String) {
    let args = ["serve", "pipeline.yaml", "--listen=127.0.0.1:0"];
    let mut command = place.command(&args);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("http://").unwrap().to_owned();
    (child, address)
}

fn get(address: &str, path: &str) -> u16 {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply.split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn an_address_that_no_provider_can_call_is_refused_before_anything_is_bought() {
    let server = Server::start(options());
    let place = place(&server, "poll: 100ms", SHORTLY);
    for wrong in ["hooks.example", "ftp://hooks.example"] {
        let url = format!("--webhook-url={wrong}");
        let ended = place.leadmill(&["run", "pipeline.yaml", &url]).expect(2);
        assert!(
            ended.stderr.contains("expected http(s)://host/path"),
            "{}",
            ended.stderr
        );
    }
    assert_eq!(server.audit().jobs, 0);
}
