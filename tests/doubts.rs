//! A paid call whose reply was lost: what is proved free is asked again, what is not is held, named and ended
//! by a person or by the pipeline's policy. The real binary over real sockets.

use crate::support::binary::{
    Ended, Server, Workplace, finder_pipeline, leads_csv, wait_until,
};
use leadmill_sandbox::{Fault, Options, Plan, answer_finder};
use std::time::Duration;

/// A process is killed while the provider answers one question. That it found nobody, and was free, the wallet proves:
/// it is asked again, and nobody has paid twice. What was charged is held.
#[test]
fn a_lookup_that_is_killed_in_flight_is_asked_again_only_if_it_was_free() {
    for (found, code) in [(false, 0), (true, 3)] {
        let last = (0..)
            .map(|n| format!("Byron{n}"))
            .find(|last| answer_finder(0, "Ada", last, "x.example").is_some() == found);
        let server = Server::start(Options {
            plan: Plan::Enterprise,
            single_latency: Duration::from_secs(2),
            ..Options::default()
        });
        let place = Workplace::new();
        let (last, head) = (last.unwrap(), "lead_id,first_name,last_name,domain");
        place.write("leads.csv", &format!("{head}\n1,Ada,{last},x.example\n"));
        let text = finder_pipeline(&server, "plan: enterprise", "").replace(
            "    output:",
            "    try: [{ provider: enrich, lane: single }]\n    output:",
        );
        place.write("pipeline.yaml", &text);
        let asked = || server.audit().asked.values().sum::<u32>();
        let mut child = place.spawn();
        wait_until("it is never asked", || asked() == 1);
        child.kill().unwrap();
        child.wait().unwrap();
        let json = place.run().expect(code).json();
        let (times, status) = if found { (1, "unknown_charged") } else { (2, "miss") };
        assert_eq!((asked(), rows(&json, status)), (times, 1), "{json}");
        assert_eq!(server.audit().charged, if found { 10 } else { 0 });
        server.assert_clean();
    }
}

/// Distinct questions of [`leads_csv`]`(0..100)`, in batches of twenty.
fn server(faults: Vec<Fault>) -> Server {
    Server::start(Options {
        plan: Plan::Enterprise,
        job_queued: Duration::ZERO,
        job_fixed: Duration::from_millis(50),
        job_per_item: Duration::from_micros(100),
        faults,
        ..Options::default()
    })
}

fn place(server: &Server, provider: &str) -> Workplace {
    let place = Workplace::new();
    place.write("leads.csv", &leads_csv(0..100));
    let provider = format!("plan: enterprise, batch: 20{provider}");
    let text = finder_pipeline(server, &provider, "").replace(
        "    output:",
        "    try: [{ provider: enrich, lane: bulk }]\n    output:",
    );
    place.write("pipeline.yaml", &text);
    place
}

fn rows(json: &serde_json::Value, status: &str) -> u64 {
    json["steps"][0]["status"][status].as_u64().unwrap_or(0)
}

/// The batches in doubt, by `leadmill status`.
fn doubts(place: &Workplace) -> Vec<String> {
    let status = place.leadmill(&["status", "pipeline.yaml", "--output", "json"]);
    let json = status.expect(0).json();
    let open = json["open"].as_array().unwrap();
    let in_doubt = open.iter().filter(|batch| batch["state"] == "in_doubt");
    in_doubt.map(|batch| batch["batch"].as_str().unwrap().to_owned()).collect()
}

/// The bill of a run without faults.
fn bill() -> u64 {
    let server = server(Vec::new());
    let json = place(&server, "").run().expect(0).json();
    assert_eq!(rows(&json, "unknown_charged"), 0);
    server.audit().charged
}

#[test]
fn what_was_not_charged_is_asked_again_in_the_same_run() {
    let server = server(vec![Fault::None, Fault::RefusedBefore, Fault::RefusedBefore]);
    let json = place(&server, "").run().expect(0).json();
    assert_eq!((rows(&json, "unknown_charged"), rows(&json, "deferred")), (0, 0));
    server.assert_clean();
    assert_eq!(server.audit().charged, bill());
}

/// The wallet's transactions name the job: nobody is asked.
#[test]
fn what_a_transaction_names_is_fetched_in_the_same_run() {
    let server = Server::start(Options {
        plan: Plan::Enterprise,
        job_queued: Duration::ZERO,
        job_fixed: Duration::from_millis(50),
        job_per_item: Duration::from_micros(100),
        faults: vec![Fault::LostReply],
        deductions_name_batch: true,
        ..Options::default()
    });
    let place = place(&server, "");
    let ended = place.run().expect(0);
    assert!(ended.stderr.contains("a transaction names it"), "{}", ended.stderr);
    assert_eq!(rows(&ended.json(), "unknown_charged"), 0);
    server.assert_clean();
    assert_eq!(server.audit().charged, bill());
}

#[test]
fn what_may_have_been_charged_is_held_until_a_person_names_its_job() {
    let server = server(vec![Fault::LostReply]);
    let place = place(&server, "");
    let ended = place.run().expect(3);
    assert!(ended.stderr.contains("may be for it"), "{}", ended.stderr);
    let [doubt] = doubts(&place).try_into().unwrap();
    let resolve =
        |rest: &[&str]| place.leadmill(&[&["resolve", "pipeline.yaml"], rest].concat());
    let wrong = resolve(&["0000000000000000", "--give-up"]).expect(2);
    assert!(wrong.stderr.contains("holds no batch"), "{}", wrong.stderr);
    // The person finds its name in the provider's own pages.
    let jobs = server.jobs();
    resolve(&[&doubt, "--job", &jobs[0]]).expect(0);
    let twice = resolve(&[&doubt, "--not-charged"]).expect(2);
    assert!(twice.stderr.contains(&jobs[0]), "{}", twice.stderr);
    let before = server.audit();
    let fetched =
        place.leadmill(&["fetch", "pipeline.yaml", "--output", "json"]).expect(0);
    assert_eq!(fetched.json()["status"], "done");
    assert_eq!(server.audit().jobs, before.jobs, "fetching buys nothing");
    assert_eq!(rows(&fetched.json(), "unknown_charged"), 0);
    server.assert_clean();
    assert_eq!(server.audit().charged, bill());
}

/// A job of other questions is not taken for the batch's: neither another batch's, which is known at once, nor
/// a colleague's, after which the batch is in doubt as before.
#[test]
fn a_job_that_holds_other_questions_is_not_taken() {
    let server = server(vec![Fault::LostReply]);
    let place = place(&server, "");
    place.run().expect(3);
    let [doubt] = doubts(&place).try_into().unwrap();
    let resolve = |rest: &[&str]| {
        place.leadmill(&[&["resolve", "pipeline.yaml", &doubt], rest].concat())
    };
    let taken = resolve(&["--job", &server.jobs()[1]]).expect(2);
    assert!(taken.stderr.contains("is that of batch"), "{}", taken.stderr);
    resolve(&["--job", &server.colleagues_job()]).expect(0);
    let ended = place.run();
    assert!(ended.stderr.contains("is not that of batch"), "{}", ended.stderr);
    assert!(rows(&ended.json(), "unknown_charged") > 0);
    resolve(&["--give-up"]).expect(0);
    let status = place.leadmill(&["status", "pipeline.yaml", "--output", "json"]);
    assert_eq!(status.expect(0).json()["open"], serde_json::json!([]));
    server.assert_clean();
}

#[test]
fn a_batch_that_is_given_up_counts_as_spent_and_is_not_asked_again() {
    let server = server(vec![Fault::ErrorAfter]);
    let place = place(&server, "");
    place.run().expect(3);
    let [doubt] = doubts(&place).try_into().unwrap();
    let state = place.path(".leadmill");
    let state = state.to_str().unwrap();
    place.leadmill(&["resolve", &doubt, "--give-up", "--state", state]).expect(0);
    assert!(doubts(&place).is_empty());
    // A person has seen it: there is nothing left to do about it.
    let json = place.run().expect(0).json();
    let lost = rows(&json, "unknown_charged");
    assert_eq!(json["steps"][0]["given_up"], lost, "{json}");
    assert!(lost > 0, "{json}");
    server.assert_clean();
}

/// What the pipeline took for charged and left: a person sees it, and says what became of it, once that is known.
#[test]
fn what_was_settled_without_an_answer_is_seen_and_can_be_resolved() {
    for verdict in ["--not-charged", "--ask-again", "--give-up", "--job"] {
        let server = server(vec![Fault::LostReply]);
        let place = place(&server, ", in_doubt: skip");
        let ended = place.run().expect(3);
        let json = ended.json();
        let unanswered = json["accounts"]["enrich"]["unanswered"].as_array().unwrap();
        let batch = unanswered[0]["batch"].as_str().unwrap().to_owned();
        let command = format!("leadmill resolve pipeline.yaml {batch} --not-charged");
        assert!(ended.stderr.contains(&command), "{}", ended.stderr);
        let status = place.leadmill(&["status", "pipeline.yaml", "--output", "json"]);
        let status = status.expect(0).json();
        assert_eq!(status["unanswered"][0]["batch"], batch.as_str(), "{status}");
        assert_eq!(status["resolve"], command.as_str(), "{status}");
        // It stays so, run after run, until somebody looks.
        place.run().expect(3);
        let job = server.jobs()[0].clone();
        let mut args = vec!["resolve", "pipeline.yaml", &batch[..6], verdict];
        args.extend((verdict == "--job").then_some(job.as_str()));
        place.leadmill(&args).expect(0);
        if verdict == "--job" {
            place.leadmill(&["fetch", "pipeline.yaml"]).expect(0);
        }
        let json = place.run().expect(0).json();
        let lost = rows(&json, "unknown_charged");
        assert_eq!(lost > 0, verdict == "--give-up", "{verdict}: {json}");
        assert_eq!(json["steps"][0]["given_up"], lost, "{verdict}: {json}");
        // Whoever says that nothing was charged, or lets ask again, pays again.
        if matches!(verdict, "--give-up" | "--job") {
            server.assert_clean();
        }
        if verdict == "--job" {
            assert_eq!(server.audit().charged, bill());
        }
    }
}

/// Several at once: by name, or all that wait. What is not theirs is refused, and then none is resolved.
#[test]
fn several_batches_are_resolved_at_once() {
    let server = server(vec![Fault::LostReply, Fault::ErrorAfter]);
    let place = place(&server, "");
    let ended = place.run().expect(3);
    let all = "leadmill resolve pipeline.yaml --all --not-charged";
    assert!(ended.stderr.contains(all), "{}", ended.stderr);
    let [one, two] = doubts(&place).try_into().unwrap();
    let resolve =
        |rest: &[&str]| place.leadmill(&[&["resolve", "pipeline.yaml"], rest].concat());
    resolve(&[&one, "0000000000000000", "--not-charged"]).expect(2);
    resolve(&[&one, &two, "--job", "j1"]).expect(2);
    resolve(&["--all", "--job", "j1"]).expect(2);
    resolve(&["--all", &one, "--not-charged"]).expect(2);
    assert_eq!(doubts(&place).len(), 2, "all or none");
    resolve(&[&one, &two, "--give-up"]).expect(0);
    assert!(doubts(&place).is_empty());
    // Nothing waits any more: `--all` does not mean what a person has ended.
    let nothing = resolve(&["--all", "--not-charged", "--output", "json"]).expect(0);
    assert_eq!(nothing.json()["batches"], serde_json::json!([]));
    let given_up = rows(&place.run().expect(0).json(), "unknown_charged");
    let jobs = server.jobs().len();
    // By its name it can still be said that one was not charged: its questions are asked again. Here the person is
    // wrong, and pays for that.
    resolve(&[&one, "--not-charged"]).expect(0);
    let json = place.run().expect(0).json();
    assert!(rows(&json, "unknown_charged") < given_up, "{json}");
    assert!(server.jobs().len() > jobs);
}

/// However often a scheduler starts the run again: what is in doubt in all stays within its bound, and the run says how
/// much it is and what ends it.
#[test]
fn a_run_ends_where_as_much_is_in_doubt_as_may_be() {
    let server = server(vec![Fault::LostReply; 20]);
    let place = place(&server, ", in_doubt_limit: 250 credits");
    for session in 0..3 {
        let ended = place.run().expect(4);
        let json = ended.json();
        assert_eq!(json["status"], "too_much_in_doubt", "{json}");
        let doubts = json["accounts"]["enrich"]["in_doubt"].as_array().unwrap();
        let sum: u64 =
            doubts.iter().map(|doubt| doubt["reserve"].as_u64().unwrap()).sum();
        assert!((241..=250).contains(&sum), "{session}: {json}");
        let told = format!("{sum} credits are in doubt at enrich");
        assert!(ended.stderr.contains(&told), "{}", ended.stderr);
        let command = "leadmill resolve pipeline.yaml --all --not-charged";
        assert!(ended.stderr.contains(command), "{}", ended.stderr);
    }
    assert!(server.audit().charged + server.audit().reserved <= 250);
}

/// `fetch` takes what a run left at the provider, and asks nothing.
#[test]
fn fetching_takes_what_is_paid_for_and_buys_nothing() {
    // Two batches a minute: the others are not asked when the run is killed.
    let server = Server::start(Options {
        plan: Plan::Free,
        job_fixed: Duration::from_secs(4),
        ..Options::default()
    });
    let place = place(&server, "");
    let text = std::fs::read_to_string(place.path("pipeline.yaml")).unwrap();
    place.write("pipeline.yaml", &text.replace("plan: enterprise", "plan: free"));
    let mut run = place.spawn();
    wait_until("nothing is bought", || {
        let status = place.leadmill(&["status", "pipeline.yaml", "--output", "json"]);
        let json = status.expect(0).json();
        let open = json["open"].as_array().unwrap();
        open.iter().any(|batch| batch["state"] == "running")
    });
    run.kill().unwrap();
    run.wait().unwrap();
    let jobs = server.audit().jobs;
    let fetched =
        place.leadmill(&["fetch", "pipeline.yaml", "--output", "json"]).expect(0);
    let json = fetched.json();
    assert_eq!(json["status"], "fetched");
    assert!(rows(&json, "hit") > 0 && rows(&json, "deferred") > 0, "{json}");
    assert_eq!((server.audit().jobs, server.audit().unsettled), (jobs, 0));
    server.assert_clean();
}

/// A colleague spends meanwhile: then nothing proves that the batch was not charged, until a person says so.
#[test]
fn a_person_s_word_that_nothing_was_charged_is_taken() {
    let server = server(vec![Fault::RefusedBefore]);
    let place = place(&server, "");
    let text = std::fs::read_to_string(place.path("pipeline.yaml")).unwrap();
    place.write("pipeline.yaml", &text.replace("settling: 300ms", "settling: 3s"));
    let run = place.spawn();
    wait_until("nothing is bought", || server.audit().jobs > 0);
    // As much as half of a batch: less than a quarter could not be its charge. It could be that of the other batch of
    // as many questions, and that one's deduction this batch's.
    server.top_up(-100);
    let ended = Ended::of(run.wait_with_output().unwrap()).expect(3);
    assert!(ended.stderr.contains("a deduction of 190 credits"), "{}", ended.stderr);
    let [doubt] = doubts(&place).try_into().unwrap();
    place.leadmill(&["resolve", "pipeline.yaml", &doubt, "--not-charged"]).expect(0);
    let json = place.run().expect(0).json();
    assert_eq!((rows(&json, "unknown_charged"), rows(&json, "deferred")), (0, 0));
    server.assert_clean();
    assert_eq!(server.audit().charged, bill());
}

#[test]
fn a_policy_decides_within_its_budget() {
    for (policy, code, open, retried) in [
        (", in_doubt: retry, in_doubt_budget: 200", 3, 1, 1),
        (", in_doubt: retry, in_doubt_budget: 400", 0, 0, 2),
        (", in_doubt: skip", 3, 0, 0),
        (", in_doubt: hold", 3, 2, 0),
    ] {
        let server = server(vec![Fault::LostReply, Fault::ErrorAfter]);
        let place = place(&server, policy);
        let json = place.run().expect(code).json();
        assert_eq!(rows(&json, "unknown_charged") > 0, code == 3, "{policy}");
        let twice = server.audit().asked_twice;
        assert!((retried * 15..=retried * 20).contains(&twice), "{policy}: {twice}");
        assert_eq!(doubts(&place).len(), open, "{policy}");
        // The next run has a budget of its own; without one, nothing more is spent on it.
        let before = server.audit().jobs;
        place.run();
        let is_again = retried == 1;
        assert_eq!(server.audit().jobs > before, is_again, "{policy}");
    }
}

/// Everything that `leadmill sandbox --fault` knows, at once: runs are killed and started again until one gets
/// through. Nothing is paid for twice, and what is charged is in the output or named.
#[test]
fn a_rehearsal_with_every_fault_at_once_pays_for_nothing_twice() {
    let faults = [
        "reset-before=8%",
        "reset-after=8%",
        "truncated=5%",
        "error-before=5%",
        "error-after=5%",
        "throttled=3%",
        "duplicate-item=20%",
        "extra-item=20%",
    ];
    for seed in 1..=3 {
        let server = Server::start(Options {
            plan: Plan::Enterprise,
            job_queued: Duration::ZERO,
            job_fixed: Duration::from_millis(50),
            job_per_item: Duration::from_micros(100),
            chaos: faults.iter().map(|fault| fault.parse().unwrap()).collect(),
            seed,
            ..Options::default()
        });
        let place = place(&server, "");
        let mut runs = 0;
        let last = loop {
            let mut child = place.spawn();
            if runs < 3 {
                std::thread::sleep(Duration::from_millis(300 * (runs + 1)));
                child.kill().unwrap();
            }
            let ended = Ended::of(child.wait_with_output().unwrap());
            runs += 1;
            assert!(runs < 20, "{ended:?}");
            if matches!(ended.code, Some(0 | 3)) {
                break ended;
            }
        };
        let json = last.json();
        assert_eq!(rows(&json, "deferred"), 0, "{json}");
        server.assert_clean();
        let held = doubts(&place).len();
        assert_eq!(rows(&json, "unknown_charged") > 0, held > 0, "{json}");
        assert!(server.audit().unsettled <= held as u64, "{json}");
    }
}
