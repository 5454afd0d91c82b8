//! A state never answers for an account that it was not bought by: a sandbox's answers are not a provider's, and one
//! team's are not another's.

use crate::{
    support::{
        binary::{
            Ended, KEY, OTHER_KEY, Server, Workplace, finder_pipeline_at, leads_csv,
        },
        wire::Wire,
    },
    tomba,
};
use arrow::array::AsArray;
use leadmill_core::{Appended, Entry, Event, Ledger, State, Timestamp};
use leadmill_sandbox::{Options, Plan, Team};
use leadmill_state::{Place, Store};
use serde_json::Value;
use std::{path::Path, sync::Arc, time::Duration};
use tokio::runtime::Builder;

/// A provider of which nobody can tell that it is none, and whose wallet is a team's.
fn provider(team: &str) -> Server {
    server(team, false)
}

fn server(team: &str, calls_itself_sandbox: bool) -> Server {
    let team = Team { id: Some(team.to_owned()), ..Team::default() };
    Server::start(Options {
        plan: Plan::Enterprise,
        job_queued: Duration::ZERO,
        job_fixed: Duration::from_millis(50),
        team,
        calls_itself_sandbox,
        ..Options::default()
    })
}

fn place() -> Workplace {
    let place = Workplace::new();
    place.write("leads.csv", &leads_csv(0..40));
    place
}

/// Runs the pipeline at a server.
fn run(place: &Workplace, server: &Server, key: &str) -> Ended {
    run_at(place, &server.base_url, key).expect(0)
}

fn run_at(place: &Workplace, base_url: &str, key: &str) -> Ended {
    let text = finder_pipeline_at(base_url, "plan: enterprise", "");
    // Single answers are in the journal itself.
    let single = "    try: [{ provider: enrich, lane: single }]\n    output:";
    place.write("pipeline.yaml", &text.replace("    output:", single));
    let mut command = place.command(&["run", "pipeline.yaml", "--output", "json"]);
    Ended::of(command.env("ENRICH_API_KEY", key).output().unwrap())
}

fn to_buy(ended: &Ended) -> u64 {
    ended.json()["steps"][0]["to_buy"].as_u64().unwrap()
}

/// Whether the receipts of the output say that its answers are a sandbox's: all of them, or none.
fn is_marked(place: &Workplace) -> bool {
    let rows = place.rows("out/people.parquet");
    let receipt = rows.column_by_name("_leadmill").unwrap().as_struct();
    let mail = receipt.column_by_name("mail").unwrap().as_struct();
    let sandbox = mail.column_by_name("sandbox").unwrap().as_boolean();
    let marks: Vec<bool> = sandbox.iter().flatten().collect();
    assert!(!marks.is_empty() && marks.iter().all(|mark| mark == &marks[0]), "{marks:?}");
    marks[0]
}

#[test]
fn a_sandbox_never_answers_for_a_provider() {
    let (sandbox, live) = (server("acme", true), provider("acme"));
    let place = place();
    let all = to_buy(&run(&place, &sandbox, KEY));
    assert!(all > 20 && is_marked(&place), "{all}");
    let first = run(&place, &live, KEY);
    assert_eq!(to_buy(&first), all, "{first:?}");
    assert!(
        first.stderr.contains(
            "what the state holds of enrich.so (sandbox, team acme) is not used"
        ),
        "{first:?}"
    );
    assert!(!is_marked(&place));
    // Each has its own from here on, and another sandbox of the same team is the same.
    for (server, marked) in
        [(&live, false), (&sandbox, true), (&server("acme", true), true)]
    {
        let again = run(&place, server, KEY);
        assert_eq!((to_buy(&again), is_marked(&place)), (0, marked), "{again:?}");
    }
    assert_eq!(sandbox.audit().charged, live.audit().charged);
    live.assert_clean();
    let status = place.leadmill(&["status", "pipeline.yaml"]).expect(0).stdout;
    for account in
        ["enrich.so (sandbox, team acme): ", "enrich.so (team acme at 127.0.0.1): "]
    {
        assert!(status.contains(account), "{status}");
    }
}

#[test]
fn keys_of_one_team_share_its_answers_and_those_of_another_do_not() {
    let (acme, other) = (provider("acme"), provider("other"));
    let place = place();
    let all = to_buy(&run(&place, &acme, KEY));
    let same = run(&place, &acme, OTHER_KEY);
    assert_eq!(
        (to_buy(&same), same.json()["steps"][0]["reused"].as_u64()),
        (0, Some(all))
    );
    let planned = place.leadmill(&["plan", "pipeline.yaml", "--output", "json"]);
    assert_eq!(planned.expect(0).json()["steps"][0]["to_buy"], 0);
    let foreign = run(&place, &other, KEY);
    assert_eq!(to_buy(&foreign), all, "{foreign:?}");
    let account = &foreign.json()["accounts"]["enrich"]["account"];
    assert_eq!(account, "enrich.so (team other at 127.0.0.1)");
    assert_eq!(acme.audit().charged, other.audit().charged);
    [acme, other].iter().for_each(Server::assert_clean);
}

/// A key that the state knows opens another account than before: its team was switched, or it was given away. That is
/// found out before anything is bought, and nothing of the one account is the other's from then on, in both directions.
#[test]
fn a_known_key_that_opens_another_account_does_not_answer_for_the_old_one() {
    let (acme, other) = (provider("acme"), provider("other"));
    let wire = Wire::to(&acme.base_url, Duration::ZERO);
    let place = place();
    place.write("leads.csv", &leads_csv(0..20));
    let first = to_buy(&run_at(&place, wire.address(), KEY).expect(0));
    let paid = acme.audit().charged;
    let output = || std::fs::read(place.path("out/people.parquet")).unwrap();
    let before = output();
    wire.lead_to(&other.base_url);
    place.write("leads.csv", &leads_csv(0..40));
    let ended = run_at(&place, wire.address(), KEY).expect(1);
    let told = "enrich was enrich.so (team acme at 127.0.0.1) and is enrich.so (team other at 127.0.0.1) now: nothing was asked";
    assert!(ended.stderr.contains(told), "{ended:?}");
    assert_eq!((other.audit().charged, output()), (0, before));
    // All of it is the other account's: the questions that the first one has answered too.
    let switched = run_at(&place, wire.address(), KEY).expect(0);
    let all = to_buy(&switched);
    assert!(all > first, "{switched:?}");
    let json = switched.json();
    let account = &json["accounts"]["enrich"];
    assert_eq!(account["account"], "enrich.so (team other at 127.0.0.1)", "{json}");
    assert_eq!(account["credits_spent"], other.audit().charged, "{json}");
    assert_eq!(account["credits_committed"], other.audit().charged, "{json}");
    assert_eq!(acme.audit().charged, paid);
    // And back again: only what is new is asked.
    wire.lead_to(&acme.base_url);
    place.write("leads.csv", &leads_csv(0..41));
    let ended = run_at(&place, wire.address(), KEY).expect(1);
    assert!(ended.stderr.contains("is enrich.so (team acme at 127.0.0.1) now"));
    let back = run_at(&place, wire.address(), KEY).expect(0);
    assert_eq!(back.json()["steps"][0]["reused"], first, "{back:?}");
    [acme, other].iter().for_each(Server::assert_clean);
}

/// What was paid for within 30 days is free for the account that has paid, and not for the one that the same key opens now.
#[test]
fn a_known_key_that_opens_another_account_has_no_free_repeats() {
    let (one, two) = (user(1), user(2));
    let wire = Wire::to(&one.base_url, Duration::ZERO);
    let place = tomba::place(&one, &asked_anew());
    let text = std::fs::read_to_string(place.path("pipeline.yaml")).unwrap();
    place.write("pipeline.yaml", &text.replace(&one.base_url, wire.address()));
    let paid = spent(&place);
    assert!(paid.as_u64().unwrap() > 5, "{paid}");
    wire.lead_to(&two.base_url);
    let ended = place.run().expect(1);
    assert!(ended.stderr.contains("tomba was "), "{ended:?}");
    assert!(two.clean_audit().asked.is_empty(), "nothing was asked");
    assert_eq!(spent(&place), paid, "each is booked as paid");
    assert_eq!(two.clean_audit().spent, one.clean_audit().spent);
    // For the one that has paid they are free.
    assert_eq!(spent(&place), 0);
}

fn user(user: u64) -> tomba::Server {
    tomba::Server::start(leadmill_sandbox::tomba::Options { user, ..tomba::options() })
}

/// A step whose hits are bought again each time. What is not found may be charged, and is no free repeat.
fn asked_anew() -> String {
    let (steps, _) = tomba::STEPS.split_once("  - name: person").unwrap();
    format!("{steps}    reuse: {{ hit: 1ms }}")
}

/// Runs the pipeline, and tells what that was booked as.
fn spent(place: &Workplace) -> Value {
    place.run().expect(0).json()["accounts"]["tomba"]["credits_spent"].clone()
}

/// Of another account nothing is free.
#[test]
fn a_repeat_is_free_for_the_account_alone_that_has_paid() {
    let (one, two) = (user(1), user(2));
    let place = tomba::place(&one, &asked_anew());
    let paid = spent(&place);
    assert!(paid.as_u64().unwrap() > 5, "{paid}");
    let text = std::fs::read_to_string(place.path("pipeline.yaml")).unwrap();
    place.write("pipeline.yaml", &text.replace(&one.base_url, &two.base_url));
    assert_eq!(spent(&place), paid);
    assert_eq!(two.clean_audit().spent, one.clean_audit().spent);
}

/// The batches of a state as earlier versions wrote them: they name the provider and no account.
fn without_accounts(from: &Path, to: &Path, anchor: Option<&str>) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let look = Store::look(&Place::Folder(from.into())).await.unwrap().unwrap();
        let ledger: Ledger = look.ledger().await.unwrap();
        let store = Store::open(&Place::Folder(to.into())).await.unwrap();
        let run = store.begin("earlier", "people", Timestamp(1)).await.unwrap().id;
        let (_, mut journal) = store.book().await.unwrap();
        for line in ledger.lines() {
            let State::Settled { at, statuses, part, .. } = &line.state else {
                panic!("{line:?}")
            };
            let intended = Event::Intended {
                account: "enrich.so".into(),
                step: Arc::clone(&line.step),
                operation: line.operation,
                lane: line.lane,
                reserve: line.reserve,
                anchor: anchor.map(Into::into),
                moment: line.moment,
                keys: line.keys.clone(),
            };
            let settled = Event::Settled {
                cost: line.credits,
                statuses: Arc::clone(statuses),
                part: part.clone(),
            };
            let entry = |at, event| Entry { at, run, batch: line.batch, event };
            let entries = [entry(line.intended_at, intended), entry(*at, settled)];
            let written = journal.append(&entries).await.unwrap();
            assert!(matches!(written, Appended::Written { .. }));
        }
        store.end(run, Some(Timestamp(2)), "{}").await.unwrap();
    });
}

#[test]
fn a_state_that_names_no_account_is_taken_over_once() {
    let (acme, other, sandbox) =
        (provider("acme"), provider("other"), server("acme", true));
    let bought = place();
    bought.write("leads.csv", &leads_csv(0..6));
    let all = to_buy(&run(&bought, &acme, KEY));
    let of_old = |anchor| {
        let place = place();
        place.write("leads.csv", &leads_csv(0..6));
        without_accounts(&bought.path(".leadmill"), &place.path(".leadmill"), anchor);
        place
    };
    // What the provider has named is the provider's: a sandbox takes none of it.
    let known = of_old(Some("665b12cf3e4c9200138eaf10"));
    assert_eq!(to_buy(&run(&known, &sandbox, KEY)), all);
    // Whoever comes first has it, and nobody else.
    for (place, anchor) in [(known, "known"), (of_old(None), "unknown")] {
        let first = run(&place, &acme, KEY);
        assert_eq!(to_buy(&first), 0, "{anchor}: {first:?}");
        let told = "are taken for those of enrich.so (team acme at 127.0.0.1)";
        assert!(first.stderr.contains(told), "{first:?}");
        assert_eq!(to_buy(&run(&place, &other, KEY)), all, "{anchor}");
        let again = run(&place, &acme, KEY);
        assert!(
            to_buy(&again) == 0 && !again.stderr.contains("are taken for"),
            "{again:?}"
        );
    }
    // What a sandbox has named is made up.
    let made_up = of_old(Some("f00000000000000000000007"));
    assert_eq!(to_buy(&run(&made_up, &acme, KEY)), all);
    assert_eq!(to_buy(&run(&made_up, &sandbox, KEY)), 0);
}

/// What is paid for can be had also where nobody says whose it is.
#[test]
fn a_fetch_goes_by_the_state_where_the_provider_does_not_answer() {
    let (acme, place) = (provider("acme"), place());
    run(&place, &acme, KEY);
    let rows = place.rows("out/people.parquet").num_rows();
    std::fs::remove_file(place.path("out/people.parquet")).unwrap();
    drop(acme);
    let mut command = place.command(&["fetch", "pipeline.yaml", "--output", "json"]);
    let ended = Ended::of(command.env("ENRICH_API_KEY", "sk_unknown").output().unwrap());
    let json = ended.expect(0).json();
    assert_eq!(json["steps"][0]["status"]["deferred"], Value::Null, "{json}");
    assert_eq!(place.rows("out/people.parquet").num_rows(), rows);
}
