//! A full disk ends a run before money is at risk, and what has left is written down all the same.

use crate::support::binary::{Server, Workplace, finder_pipeline, leads_csv, wait_until};
use leadmill_sandbox::{Options, Plan};
use std::{
    io::Write,
    process::{Command, Stdio},
    time::Duration,
};

/// Runs on a small disk of its own, which is filled when the file `fill` appears, and emptied before the
/// next run. Ends with both statuses.
const SCRIPT: &str = r#"
mount -t tmpfs -o size=40m tmpfs state || exit 125
"$1" run pipeline.yaml --output json >first.json 2>first.err &
run=$!
while [ ! -e fill ]; do sleep 0.02; done
dd if=/dev/zero of=state/filling bs=64k 2>/dev/null
wait "$run"; first=$?
"$1" run pipeline.yaml >again.json 2>again.err; again=$?
rm state/filling
"$1" run pipeline.yaml --output json >last.json 2>last.err; last=$?
echo "$first $again $last"
"#;

#[test]
fn replies_are_written_down_on_a_full_disk_and_nothing_more_leaves() {
    let server = Server::start(Options {
        plan: Plan::Enterprise,
        job_queued: Duration::ZERO,
        job_fixed: Duration::from_millis(100),
        latency: Duration::from_millis(1_500),
        ..Options::default()
    });
    let place = Workplace::new();
    place.write("leads.csv", &leads_csv(0..300));
    // Some submits at a time, so that some are to leave when the disk is full.
    let provider =
        r#"plan: enterprise, batch: 12, limits: { bulk: ["5/1s", "1000/60s"] }"#;
    let text = finder_pipeline(&server, provider, "state: state\n").replace(
        "    output:",
        "    try: [{ provider: enrich, lane: bulk }]\n    output:",
    );
    place.write("pipeline.yaml", &text);
    std::fs::create_dir(place.path("state")).unwrap();
    let mounts = Command::new("unshare")
        .args(["-rm", "sh", "-c", "mount -t tmpfs tmpfs /tmp"])
        .stderr(Stdio::null())
        .status();
    if !mounts.is_ok_and(|status| status.success()) {
        let line = "full_disk skipped: this user may not mount a disk\n";
        std::io::stderr().write_all(line.as_bytes()).unwrap();
        return;
    }
    let child = Command::new("unshare")
        .args(["-rm", "sh", "-c", SCRIPT, "sh", env!("CARGO_BIN_EXE_leadmill")])
        .current_dir(place.folder.path())
        .env("ENRICH_API_KEY", crate::support::binary::KEY)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until("nothing is bought", || server.audit().jobs >= 5);
    place.write("fill", "");
    let output = child.wait_with_output().unwrap();
    let read = |name: &str| std::fs::read_to_string(place.path(name)).unwrap();
    let ended = String::from_utf8(output.stdout).unwrap();
    let told = format!("{}{}{}", read("first.err"), read("again.err"), read("last.err"));
    assert_eq!(ended.trim(), "1 1 0", "{told}");
    // Whichever write comes first.
    let again = read("again.err");
    let is_told = again.contains("disk is full") || again.contains("No space left");
    assert!(is_told, "{told}");
    assert!(!told.contains("in doubt"), "{told}");
    server.assert_clean();
    let audit = server.audit();
    assert_eq!((audit.unsettled, audit.reserved), (0, 0), "{told}");
    let json: serde_json::Value = serde_json::from_str(read("last.json").trim()).unwrap();
    assert_eq!(json["steps"][0]["status"]["unknown_charged"], serde_json::Value::Null);
    assert_eq!(json["output"]["rows"], 300);
}
