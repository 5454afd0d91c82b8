//! Leads from an object store and back, on a real S3 server.

use crate::support::{
    binary::{Ended, Server, Workplace, finder_pipeline, leads_csv},
    s3::S3,
};
use leadmill_sandbox::Options;
use std::time::Duration;

#[test]
fn leads_come_from_s3_and_go_back_as_one_object() {
    let Some(s3) = S3::start().unwrap() else { return };
    let server = Server::start(Options {
        job_queued: Duration::ZERO,
        job_fixed: Duration::from_millis(100),
        ..Options::default()
    });
    let lake = s3.bucket("lake").unwrap();
    let leads = leads_csv(0..400);
    let (header, lines) = leads.split_once('\n').unwrap();
    let half = lines.match_indices('\n').nth(199).unwrap().0 + 1;
    for (name, part) in [("a", &lines[..half]), ("b", &lines[half..])] {
        s3.put(
            "lake",
            &format!("leads/dt=1/{name}.csv"),
            format!("{header}\n{part}").as_bytes(),
        )
        .unwrap();
    }
    s3.put("lake", "leads/_SUCCESS", b"").unwrap();
    let place = Workplace::new();
    let text = finder_pipeline(&server, "plan: growth", "")
        .replace("csv: leads.csv", &format!("csv: {lake}/leads/"))
        .replace("parquet: out/", &format!("csv: {lake}/enriched/"))
        .replace("receipt: true", "receipt: false");
    place.write("pipeline.yaml", &text);
    let run = || {
        let mut command = place.command(&["run", "pipeline.yaml", "--output", "json"]);
        Ended::of(command.envs(s3.env()).output().unwrap())
    };
    let done = run().expect(0).json();
    assert_eq!(done["output"]["rows"], 400);
    let written = s3.get("lake", "enriched/people.csv").unwrap();
    let written = String::from_utf8(written).unwrap();
    assert_eq!(written.lines().count(), 401);
    assert!(written.starts_with(
        "lead_id,first_name,last_name,domain,work_email,level,mail_status\n"
    ));
    let charged = server.audit().charged;
    run().expect(0);
    assert_eq!(server.audit().charged, charged);
    assert_eq!(s3.get("lake", "enriched/people.csv").unwrap(), written.as_bytes());
    place.leadmill(&["check", "pipeline.yaml"]).expect(0);
    let text = text.replace("/leads/", "/no_such_leads/");
    place.write("pipeline.yaml", &text);
    run().expect(2);
}
