//! An account is looked after from the command line: nothing of it costs credits, breaks a limit or is done twice.

use crate::support::binary::{Ended, KEY, Server, Workplace, finder_pipeline};
use leadmill_sandbox::{Access, FilterOptions, Options, Role, Team};
use serde_json::{Value, json};
use tokio::time::Instant;

/// The team of the sandbox's keys.
const TEAM: &str = "a00000000000000000000000";

/// A place with a pipeline file whose leads need not be there, and the sandbox that it names.
fn office(options: Options, provider: &str) -> (Server, Workplace) {
    let server = Server::start(options);
    let place = Workplace::new();
    place.write("pipeline.yaml", &finder_pipeline(&server, provider, ""));
    (server, place)
}

/// Does one thing at the account. The key is not to be seen, however it ends.
fn ask(place: &Workplace, args: &[&str]) -> Ended {
    let ended = place.leadmill(&[&["account", "enrich"], args].concat());
    assert!(!ended.stdout.contains(KEY) && !ended.stderr.contains(KEY), "{ended:?}");
    ended
}

#[track_caller]
fn text(place: &Workplace, args: &[&str]) -> String {
    ask(place, args).expect(0).stdout
}

#[track_caller]
fn json(place: &Workplace, args: &[&str]) -> Value {
    let ended = ask(place, &[args, &["--output", "json"]].concat()).expect(0);
    assert_eq!(ended.stdout.lines().count(), 1, "one document: {ended:?}");
    ended.json()
}

/// The lines of a table, without blanks that align them.
fn lines(text: &str) -> Vec<String> {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    text.lines().map(words).collect()
}

#[test]
fn the_wallet_and_what_has_moved_it_are_shown() {
    let (server, place) =
        office(Options { balance: 70, ..Options::default() }, "plan: growth");
    server.top_up(30);
    server.top_up(-5);
    let line = text(&place, &["balance"]);
    assert!(
        line.starts_with(&format!("95 credits in the wallet of team {TEAM}, ")),
        "{line}"
    );
    let wallet = &json(&place, &["balance"])["wallet"];
    assert_eq!(
        (&wallet["balance"], &wallet["organization_id"]),
        (&json!(95), &json!(TEAM))
    );
    let rows = lines(&text(&place, &["transactions"]));
    assert_eq!(rows[0], "WHEN TYPE AMOUNT BALANCE DESCRIPTION MORE");
    assert!(rows[1].contains(" -5 95 ") && rows[2].contains(" 30 100 "), "{rows:?}");
    let page = json(&place, &["transactions", "--limit", "1", "--page", "2"]);
    assert_eq!(page["transactions"][0]["amount"], 30);
    assert_eq!(page["pagination"]["total_pages"], 2);
    let topups = json(&place, &["transactions", "--type", "topup"]);
    assert_eq!(topups["pagination"]["total"], 1, "{topups}");
    assert_eq!(server.audit().balance, 95);
    server.assert_clean();
}

#[test]
fn the_team_is_shown_and_people_are_invited_and_uninvited() {
    let (server, place) = office(Options::default(), "plan: growth");
    let rows = lines(&text(&place, &["team"]));
    assert_eq!(rows[0], "EMAIL NAME ROLE SINCE");
    assert!(rows[1].starts_with("owner@team.invalid Olga Owner owner "), "{rows:?}");
    let team = json(&place, &["team", "--team", TEAM]);
    assert_eq!(
        (&team["team"], &team["members"][2]["name"]),
        (&json!(TEAM), &Value::Null)
    );

    let line = text(&place, &["invite", "eve@example.com", "--role", "admin"]);
    assert!(line.starts_with("invited eve@example.com as admin until "), "{line}");
    let invited = json(&place, &["invite", "bob@example.com", "--role", "member"]);
    assert_eq!(invited["invitation"]["role"], "member");
    let rows = lines(&text(&place, &["invitations"]));
    assert_eq!((rows.len(), &*rows[0]), (3, "ID EMAIL ROLE STATUS EXPIRES"));
    let listed = json(&place, &["invitations"]);
    let ids = listed["invitations"].as_array().unwrap().iter();
    let ids: Vec<&str> =
        ids.map(|invitation| invitation["id"].as_str().unwrap()).collect();
    assert!(rows[1].starts_with(ids[0]), "{rows:?}");

    let line = text(&place, &["cancel", ids[0]]);
    assert_eq!(line, format!("cancelled invitation {}\n", ids[0]));
    let cancelled = json(&place, &["cancel", ids[1], "--team", TEAM]);
    assert_eq!(cancelled, json!({ "team": TEAM, "cancelled": ids[1] }));
    assert_eq!(json(&place, &["invitations"])["invitations"], json!([]));
    server.assert_clean();
}

#[test]
fn filters_are_found_in_both_shapes_and_searches_are_kept() {
    for form in [FilterOptions::Lists, FilterOptions::Objects] {
        let mut options = Options::default();
        (options.leads.people, options.leads.companies) = (500, 50);
        options.leads.filter_options = form;
        let (server, place) = office(options, "plan: growth");
        let rows = lines(&text(&place, &["options"]));
        assert_eq!(rows[0], "FILTER CATEGORY VALUES AT MOST");
        let title = rows.iter().find(|row| row.starts_with("jobTitle "));
        assert!(title.is_some_and(|row| row.contains("any text")), "{rows:?}");
        assert!(text(&place, &["options", "jobLevel"]).contains("\nVP\n"));
        assert_eq!(text(&place, &["options", "jobTitle"]), "any text\n");
        let level = json(&place, &["options", "jobLevel"]);
        assert_eq!(level["filters"]["jobLevel"]["values"][1], "VP");
        let wrong = ask(&place, &["options", "joblevel"]).expect(2);
        assert!(wrong.stderr.contains("did you mean `jobLevel`?"), "{}", wrong.stderr);

        assert_eq!(lines(&text(&place, &["suggest", "an", "--limit", "2"])).len(), 2);
        let names = json(&place, &["suggest", "an"]);
        assert!(names["values"].as_array().unwrap().len() > 2, "{names}");

        place.write("chiefs.json", r#"{ "jobLevel": ["VP"] }"#);
        let typed = ["count", "--filters", r#"{"jobLevel":["VP"]}"#];
        let counted = json(&place, &typed);
        assert_eq!(counted, json(&place, &["count", "--filters", "@chiefs.json"]));
        let left = [&typed[..], &["--exclude", r#"{"jobTitle":"a"}"#]].concat();
        assert!(json(&place, &left)["count"].as_u64() < counted["count"].as_u64());
        let line = text(&place, &typed);
        let begins = format!("{} leads, by people", counted["count"]);
        assert!(line.starts_with(&begins), "{line}");

        let saved = text(&place, &["save-search", "chiefs", "--filters", "@chiefs.json"]);
        assert!(saved.starts_with("saved `chiefs`: search "), "{saved}");
        let saved = json(&place, &["save-search", "all", "--filters", "{}"]);
        let rows = lines(&text(&place, &["searches"]));
        assert!(
            rows[1].contains(" chiefs ") && rows[1].ends_with(r#"{"jobLevel":["VP"]}"#),
            "{rows:?}"
        );
        let searches = json(&place, &["searches"])["searches"].clone();
        assert_eq!(searches[1], saved["search"]);
        let [first, second] = [0, 1].map(|n: usize| searches[n]["id"].as_str().unwrap());
        assert_eq!(
            text(&place, &["delete-search", first]),
            format!("deleted search {first}\n")
        );
        assert_eq!(
            json(&place, &["delete-search", second]),
            json!({ "deleted": second })
        );
        assert_eq!(json(&place, &["searches"]), json!({ "searches": [] }));
        let audit = server.audit();
        assert_eq!((audit.charged, audit.reserved), (0, 0));
        server.assert_clean();
    }
}

#[test]
fn the_day_s_followers_are_shown_with_the_team_s_access() {
    let mut options = Options::default();
    options.followers.daily_limit = 900;
    let (_server, place) = office(options.clone(), "plan: growth");
    let line = text(&place, &["limit"]);
    assert_eq!(
        line,
        "access to company followers: approved; 900 of 900 profiles are left today; 100 credits each\n"
    );
    assert_eq!(json(&place, &["limit"])["daily_remaining"], 900);
    options.followers.access = Access::None;
    let (_server, place) = office(options, "plan: growth");
    assert_eq!(text(&place, &["limit"]), "access to company followers: none\n");
    assert_eq!(json(&place, &["limit"])["daily_remaining"], Value::Null);
}

#[test]
fn the_embedded_sandbox_and_the_environment_do_too() {
    let place = Workplace::new();
    let server = Server::start(Options::default());
    let text = finder_pipeline(&server, "", "").replace(
        &format!(
            "api_key: \"${{env:ENRICH_API_KEY}}\", base_url: \"{}\"",
            server.base_url
        ),
        "sandbox: true",
    );
    place.write("other.yaml", &text);
    let file = ["account", "enrich", "--file", "other.yaml", "balance"];
    assert!(place.leadmill(&file).expect(0).stdout.starts_with("1000000 credits "));
    let mut named = place.command(&["account", "balance"]);
    named.env("LEADMILL_PROVIDER", "enrich").env("LEADMILL_FILE", "other.yaml");
    Ended::of(named.output().unwrap()).expect(0);
    assert!(server.audit().requests.is_empty(), "the embedded one was asked");
}

#[test]
fn what_is_refused_ends_with_the_status_of_its_cause() {
    let team = Team { caller: Role::Member, ..Team::default() };
    let mut closed = Options { team, ..Options::default() };
    closed.leads.access = Access::Pending;
    let (_server, place) = office(closed, "plan: growth");
    let filters = ["--filters", r#"{"shoeSize":42}"#];
    let count = [&["count"], &filters[..]].concat();
    for (args, code, said) in [
        (&["invite", "eve@example.com", "--role", "admin"][..], 4, "HTTP 403"),
        (&["cancel", "f1"], 4, "HTTP 403"),
        (&["options"], 4, "pending"),
        (&count, 4, "pending"),
        (&["team", "--team", "b1"], 2, "HTTP 404"),
        (&["team", "--team", "../b1"], 2, "is no id"),
        (&["count", "--filters", "@missing.json"], 2, "missing.json"),
        (&["save-search", "x", "--filters", "[1]"], 2, "no JSON object"),
        (&["suggest", "a"], 2, "two characters"),
        (&["transactions", "--limit", "101"], 2, "101"),
        (&["invite", "eve@example.com", "--role", "owner"], 2, "owner"),
    ] {
        let ended = ask(&place, args).expect(code);
        assert!(ended.stderr.contains(said), "{args:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{args:?}");
    }
    let ended = ask(&place, &["options", "--output", "json"]).expect(4).json();
    assert_eq!((&ended["status"], &ended["exit_code"]), (&json!("error"), &json!(4)));
}

#[test]
fn a_wrong_provider_key_or_address_is_told_as_such() {
    let (server, place) = office(Options::default(), "plan: growth");
    let unknown = place.leadmill(&["account", "enrico", "balance"]).expect(2);
    assert!(unknown.stderr.contains("did you mean `enrich`?"), "{}", unknown.stderr);
    let mut stranger = place.command(&["account", "enrich", "balance"]);
    stranger.env("ENRICH_API_KEY", "sk_test_of_nobody");
    let ended = Ended::of(stranger.output().unwrap()).expect(4);
    assert!(ended.stderr.contains("check the API key"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("sk_test_of_nobody"), "{}", ended.stderr);
    let pipeline = finder_pipeline(&server, "plan: growth", "");
    place.write("pipeline.yaml", &pipeline.replace("/api/v3", "/api/v2"));
    let ended = ask(&place, &["balance"]).expect(2);
    assert!(ended.stderr.contains("check the base_url"), "{}", ended.stderr);
    place.write(
        "pipeline.yaml",
        &pipeline.replace(&server.base_url, "http://127.0.0.1:9"),
    );
    ask(&place, &["balance"]).expect(1);
}

#[test]
fn filters_that_the_provider_does_not_take_are_refused() {
    let (_server, place) = office(Options::default(), "plan: growth");
    for verb in [&["count"][..], &["save-search", "feet"]] {
        let args = [verb, &["--filters", r#"{"shoeSize":42}"#]].concat();
        let ended = ask(&place, &args).expect(2);
        assert!(ended.stderr.contains("shoeSize"), "{}", ended.stderr);
    }
}

/// What was lost may have been done: whoever asks is told where to look, and nothing is done twice.
#[test]
fn only_what_changes_nothing_is_asked_again_when_its_reply_is_lost() {
    let chaos = vec!["reset-after=100%".parse().unwrap()];
    let (server, place) = office(Options { chaos, ..Options::default() }, "plan: growth");
    ask(&place, &["balance"]).expect(1);
    let args = ["invite", "eve@example.com", "--role", "admin", "--team", TEAM];
    let ended = ask(&place, &args).expect(1);
    let hint = "`leadmill account enrich invitations` shows it";
    assert!(ended.stderr.contains(hint), "{}", ended.stderr);
    let requests = server.audit().requests;
    let counts: Vec<u64> = requests.values().copied().collect();
    assert_eq!(counts, [4, 1], "{requests:?}");
}

/// Every call counts in the windows that all processes on the state share.
#[test]
fn calls_of_one_process_after_the_other_break_no_window() {
    let windows = Some(vec!["global=3/2s".parse().unwrap()]);
    let (server, place) = office(
        Options { windows, ..Options::default() },
        "plan: growth, limits: { global: [\"3/2s\"] }",
    );
    let start = Instant::now();
    for _ in 0..2 {
        text(&place, &["team"]);
    }
    assert!(start.elapsed().as_millis() >= 2000, "{:?}", start.elapsed());
    assert_eq!(server.audit().requests.values().sum::<u64>(), 4);
    server.assert_clean();
}

/// Where the server says that it is closed for long, nobody waits for it.
#[test]
fn a_window_that_opens_much_later_is_not_waited_for() {
    let windows = Some(vec!["global=1/3600s".parse().unwrap()]);
    let (server, place) =
        office(Options { windows, ..Options::default() }, "plan: growth");
    text(&place, &["balance"]);
    let ended = ask(&place, &["balance"]).expect(75);
    assert!(ended.stderr.contains("let nothing through for"), "{}", ended.stderr);
    let ended = ask(&place, &["limit", "--output", "json"]).expect(75).json();
    assert_eq!(ended["exit_code"], 75);
    assert_eq!(server.audit().statuses[&429], 1, "what it said once is known");
}
