//! Whose account a key opens is asked within that account's windows, although they are known only from the answer: whoever
//! is killed before it has come, and whichever account the key opens.

use crate::{
    support::{
        binary::{Server, Workplace, finder_pipeline_at, leads_csv, wait_until},
        wire::Wire,
    },
    tomba,
};
use leadmill_sandbox::{Options, Team, tomba::Options as TombaOptions};
use std::time::Duration;

/// Sessions that are killed while they wait for the answer. With the one after them they fill the window.
const KILLS: u64 = 13;

/// A window that is small, and long enough to hold every session that is killed.
const WINDOW: &str = "14/5s";

/// Replies come so much later than calls, which leaves time to kill whoever has made one.
const LATENCY: Duration = Duration::from_millis(400);

/// Kills one session after the other when its first call has arrived, of those that `arrived` counts.
fn kill_all(place: &Workplace, arrived: impl Fn() -> u64) {
    for _ in 0..KILLS {
        let before = arrived();
        let mut child = place.spawn();
        wait_until("nothing was asked", || arrived() > before);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(arrived(), before + 1, "one call a session");
    }
}

fn enrich(team: &str) -> Server {
    enrich_with(team, LATENCY)
}

fn enrich_with(team: &str, latency: Duration) -> Server {
    Server::start(Options {
        windows: Some(vec![format!("global={WINDOW}").parse().unwrap()]),
        team: Team { id: Some(team.to_owned()), ..Team::default() },
        latency,
        ..Options::default()
    })
}

/// Every call of a short run, and no plan's windows beside the small one.
fn at_enrich(base_url: &str) -> Workplace {
    let place = Workplace::new();
    place.write("leads.csv", &leads_csv(0..8));
    let limits = format!("plan: enterprise, limits: {{ global: [\"{WINDOW}\"] }}");
    let text = finder_pipeline_at(base_url, &limits, "");
    let single = "    try: [{ provider: enrich, lane: single }]\n    output:";
    place.write("pipeline.yaml", &text.replace("    output:", single));
    place
}

fn arrived(server: &Server) -> u64 {
    server.audit().requests.values().sum()
}

#[test]
fn sessions_that_are_killed_before_they_know_the_account_break_no_limit_of_enrich() {
    let server = enrich("acme");
    let place = at_enrich(&server.base_url);
    kill_all(&place, || arrived(&server));
    place.run().expect(0);
    server.assert_clean();
    assert!(arrived(&server) > KILLS + 5, "it bought nothing");
}

/// A key that has opened another account is asked by the windows of that one, and counted in those of the new one.
#[test]
fn sessions_that_are_killed_before_they_know_that_the_account_has_changed_break_no_limit()
{
    let (acme, other) = (enrich("acme"), enrich("other"));
    let wire = Wire::to(&acme.base_url, Duration::ZERO);
    let place = at_enrich(wire.address());
    place.run().expect(0);
    wire.lead_to(&other.base_url);
    place.write("leads.csv", &leads_csv(0..16));
    kill_all(&place, || arrived(&other));
    place.run().expect(1);
    place.run().expect(0);
    [&acme, &other].iter().for_each(|server| server.assert_clean());
    assert!(arrived(&other) > KILLS + 5, "it bought nothing");
}

#[test]
fn sessions_that_are_killed_before_they_know_the_account_break_no_limit_of_tomba() {
    let windows = [format!("account={WINDOW}"), "email-finder=15/1s".to_owned()];
    let windows = windows.map(|window| window.parse().unwrap()).into();
    let options =
        TombaOptions { windows: Some(windows), latency: LATENCY, ..tomba::options() };
    let server = tomba::Server::start(options);
    let (steps, _) = tomba::STEPS.split_once("  - name: person").unwrap();
    let place = tomba::place(&server, steps);
    let text = std::fs::read_to_string(place.path("pipeline.yaml")).unwrap();
    let limits = format!("use: tomba, limits: {{ account: [\"{WINDOW}\"] }},");
    place.write("pipeline.yaml", &text.replace("use: tomba,", &limits));
    let arrived = || -> u64 { server.tomba.audit().requests.values().sum() };
    kill_all(&place, arrived);
    place.run().expect(0);
    server.clean_audit();
    assert!(arrived() > KILLS + 5, "it bought nothing");
}

/// What is asked by hand of an account that the state does not know counts as well.
#[test]
fn calls_by_hand_of_an_unknown_account_are_counted_in_its_windows() {
    let server = enrich_with("acme", Duration::ZERO);
    let place = at_enrich(&server.base_url);
    for _ in 0..KILLS {
        let balance = ["account", "enrich", "balance", "--file", "pipeline.yaml"];
        place.leadmill(&balance).expect(0);
    }
    place.run().expect(0);
    server.assert_clean();
}
