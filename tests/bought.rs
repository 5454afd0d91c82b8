//! Leads that are bought: people, followers, the lead finder's own. Paid once, and a row each.

use crate::support::binary::{Ended, Server, Workplace, wait_until};
use leadmill_sandbox::{
    Access, Chaos, EarlyFollowers, Followers, LeadOptions, Options, Percent, Plan,
    Trouble,
};
use serde_json::Value;
use std::{collections::BTreeSet, fs, time::Duration};

fn options() -> Options {
    Options {
        plan: Plan::Enterprise,
        job_queued: Duration::ZERO,
        job_fixed: Duration::from_millis(80),
        job_per_item: Duration::from_micros(50),
        single_latency: Duration::from_millis(15),
        balance: 1_000_000,
        ..Options::default()
    }
}

/// A pipeline whose leads are bought.
fn place(server: &Server, source: &str, rest: &str) -> Workplace {
    let place = Workplace::new();
    let text = format!(
        "version: 1
name: people
source: {{ {source} }}
providers:
  enrich: {{ use: enrich.so, api_key: \"${{env:ENRICH_API_KEY}}\", base_url: \"{}\", plan: enterprise, poll: 100ms, settling: 8s }}
{rest}
sink: {{ ndjson: out/, receipt: true }}
",
        server.base_url
    );
    place.write("pipeline.yaml", &text);
    place
}

const FOLLOWERS: &str = "enrich_followers: { company: linkedin.com/company/acme-3, max: 1200, levels: [CXO, Director, Senior] }";
const VERIFY: &str = "enrich: [{ name: answer, find_email: { first_name: first_name, last_name: last_name, domain: company_domain }, when: 1 = 0, output: { email: email } }]";

fn leads(place: &Workplace) -> Vec<Value> {
    place.objects("out/people.ndjson")
}

/// Distinct values of a column that none of the leads lacks.
fn distinct(leads: &[Value], column: &str) -> usize {
    let values = leads.iter().map(|lead| {
        let value = lead[column].as_str();
        value.unwrap_or_else(|| panic!("no {column}: {lead}"))
    });
    values.collect::<BTreeSet<_>>().len()
}

/// What a run that nobody disturbs brings is what one through kills brings, at the same price; but for what is held,
/// since of a call whose reply was lost nobody knows whether it was charged.
fn through_kills(options: &Options, source: &str, rest: &str) -> (Vec<Value>, u64) {
    let server = Server::start(options.clone());
    let calm = place(&server, source, rest);
    let ended = calm.run().expect(0).json();
    server.assert_clean();
    let (expected, charged) = (leads(&calm), server.audit().charged);
    assert_eq!(ended["accounts"]["enrich"]["credits_spent"], charged);
    let known: BTreeSet<String> = expected.iter().map(told).collect();
    for _ in 0..4 {
        let server = Server::start(options.clone());
        let place = place(&server, source, rest);
        let (ended, kills) = place.run_through_kills();
        assert!(kills > 0, "nothing was killed");
        server.assert_clean();
        let (audit, found) = (server.audit(), leads(&place));
        let is_held = |lead: &&Value| lead["source_status"] == "unknown_charged";
        let held = found.iter().filter(is_held).count();
        assert_eq!(ended.code, Some(if held > 0 { 3 } else { 0 }), "{ended:?}");
        let whole = found.iter().filter(|lead| !is_held(lead));
        let whole: BTreeSet<String> = whole.map(told).collect();
        assert!(whole.is_subset(&known), "{:?}", whole.difference(&known).next());
        match held {
            0 => assert_eq!((whole.len(), audit.charged), (known.len(), charged)),
            _ => assert!(audit.charged <= charged),
        }
    }
    (expected, charged)
}

/// A lead without its receipt, which tells of times and jobs.
fn told(lead: &Value) -> String {
    let mut lead = lead.clone();
    lead.as_object_mut().unwrap().remove("_leadmill");
    lead.to_string()
}

#[test]
fn followers_are_leads_of_several_pages_through_kills() {
    let followers = Followers { sizes: 4_000..=4_000, ..Followers::default() };
    let options = Options { followers, ..options() };
    let (leads, charged) = through_kills(&options, FOLLOWERS, VERIFY);
    assert!(leads.len() > 500, "{}", leads.len());
    assert_eq!(distinct(&leads, "linkedin_url"), leads.len());
    assert_eq!(charged, 100 * leads.len() as u64);
    let followed =
        leads.iter().all(|lead| lead["followed"] == "linkedin.com/company/acme-3");
    assert!(followed, "{}", leads[0]);
}

/// The team's price is read before the reserve is counted against the budget.
#[test]
fn the_teams_own_price_counts() {
    for (budget, code) in [(60 * 130, 0), (60 * 130 - 1, 75)] {
        let followers = Followers { price: 130, ..Followers::default() };
        let server = Server::start(Options { followers, ..options() });
        let source =
            "enrich_followers: { company: linkedin.com/company/acme-3, max: 60 }";
        let rest = format!(
            "{VERIFY}\nbudget: {{ run: {{ enrich: {budget} }}, at_limit: stop }}"
        );
        let place = place(&server, source, &rest);
        let planned = place
            .leadmill(&["plan", "pipeline.yaml", "--output", "json"])
            .expect(0)
            .json();
        assert_eq!(planned["steps"][0]["credits_most"], 60 * 130);
        assert_eq!(planned["source"]["limit"]["credits_per_profile"], 130);
        let ended = place.run().expect(code).json();
        let spent = if code == 0 { 60 * 130 } else { 0 };
        assert_eq!(server.audit().charged, spent, "{ended}");
        server.assert_clean();
    }
}

/// What is left of the day is never exceeded: the run ends, and says when it can go on.
#[test]
fn a_day_that_is_used_up_is_waited_for_and_never_asked_for_more() {
    let followers = Followers { daily_limit: 100, ..Followers::default() };
    let server = Server::start(Options { followers, ..options() });
    let source = |company: u32, max: u32| {
        format!(
            "enrich_followers: {{ company: linkedin.com/company/acme-{company}, max: {max} }}"
        )
    };
    place(&server, &source(3, 60), VERIFY).run().expect(0);
    let second = place(&server, &source(4, 60), VERIFY);
    let planned = second.leadmill(&["plan", "pipeline.yaml"]).expect(0).stdout;
    assert!(planned.contains("40 profiles of 100 are left of this day"), "{planned}");
    let ended = second.run().expect(75).json();
    assert!(ended["resume_after"].is_string(), "{ended}");
    let third = place(&server, &source(5, 40), VERIFY);
    third.run().expect(0);
    // No day holds it.
    let Ended { code, stderr, .. } = place(&server, &source(6, 101), VERIFY).run();
    assert!(
        code == Some(4)
            && stderr.contains("day holds 100")
            && stderr.contains("lower `max`"),
        "{code:?} {stderr}"
    );
    server.assert_clean();
    assert_eq!(server.audit().charged, 100 * 100);
}

#[test]
fn a_team_that_may_not_is_told_so_before_anything_is_asked() {
    let followers = Followers { access: Access::Pending, ..Followers::default() };
    let server = Server::start(Options { followers, ..options() });
    let ended = place(&server, FOLLOWERS, VERIFY).run();
    assert!(ended.stderr.contains("pending"), "{ended:?}");
    assert_ne!(ended.code, Some(0));
    let audit = server.audit();
    assert_eq!((audit.jobs, audit.charged), (0, 0));
}

/// Where results may be had early, nothing in them tells that they are.
#[test]
fn followers_are_not_taken_before_their_scrape_is_done() {
    let followers = Followers {
        sizes: 900..=900,
        early_results: EarlyFollowers::Partial,
        ..Followers::default()
    };
    let job_per_item = Duration::from_millis(4);
    let server = Server::start(Options { followers, job_per_item, ..options() });
    let source = "enrich_followers: { company: linkedin.com/company/acme-3, max: 600 }";
    let place = place(&server, source, VERIFY);
    // Whoever goes on with a job looks at it at once.
    let mut child = place.spawn();
    wait_until("the scrape is never looked at", || {
        let looks = server.audit().requests.into_iter();
        looks.filter(|(route, _)| route.ends_with("/progress")).count() > 0
    });
    child.kill().unwrap();
    child.wait().unwrap();
    place.run().expect(0);
    assert_eq!((leads(&place).len(), server.audit().charged), (600, 60_000));
}

/// Pages of 25: the first three cost nothing, and no more than was wanted is looked at.
#[test]
fn leads_with_their_names_are_looked_at_page_by_page_through_kills() {
    let source =
        "enrich_leads: { filters: { jobLevel: [VP, Director] }, max: 210, by: search }";
    let (leads, charged) = through_kills(&options(), source, VERIFY_LEADS);
    // The nearest below that pages make: 210 in one size.
    assert_eq!((leads.len(), charged), (210, 210 - 75));
    assert_eq!(distinct(&leads, "lead_id"), 210);
    assert_eq!(distinct(&leads, "search_page"), 3);
}

const VERIFY_LEADS: &str = "enrich: [{ name: answer, find_email: { first_name: first_name, last_name: last_name, domain: domain }, when: 1 = 0, output: { email: email } }]";

#[test]
fn pages_past_the_last_lead_add_no_rows() {
    let leads_of = LeadOptions { people: 60, companies: 20, ..LeadOptions::default() };
    let server = Server::start(Options { leads: leads_of, ..options() });
    let source = "enrich_leads: { filters: { countryName: [Germany, France, United States, Spain] }, max: 500, by: search }";
    let place = place(&server, source, VERIFY_LEADS);
    place.run().expect(0);
    let found = leads(&place);
    assert!((1..=60).contains(&found.len()), "{}", found.len());
    assert_eq!(distinct(&found, "lead_id"), found.len());
    let audit = server.audit();
    assert_eq!(audit.charged, 0, "the first 75 are free");
    let searches = audit.requests.iter().find(|(route, _)| route.ends_with("/search"));
    assert_eq!(searches.map(|(_, count)| *count), Some(1), "there is one page of them");
}

/// Whichever pipeline goes on with a job, and whatever it would ask for itself: what was paid for is fetched whole.
#[test]
fn a_scrape_is_fetched_whole_whoever_goes_on_with_it() {
    let followers = Followers { sizes: 2_000..=2_000, ..Followers::default() };
    let job_per_item = Duration::from_millis(1);
    let server = Server::start(Options { followers, job_per_item, ..options() });
    let source = |max: u32| {
        format!(
            "enrich_followers: {{ company: linkedin.com/company/acme-3, max: {max} }}"
        )
    };
    let place = place(&server, &source(1_200), VERIFY);
    let text = fs::read_to_string(place.path("pipeline.yaml")).unwrap();
    let mut child = place.spawn();
    wait_until("the scrape is never looked at", || {
        let looks = server.audit().requests.into_iter();
        looks.filter(|(route, _)| route.ends_with("/progress")).count() > 0
    });
    child.kill().unwrap();
    child.wait().unwrap();
    place.write("pipeline.yaml", &text.replace("max: 1200", "max: 50"));
    place.run().expect(0);
    assert_eq!(leads(&place).len(), 50);
    place.write("pipeline.yaml", &text);
    let ended = place.run().expect(0).json();
    assert_eq!(leads(&place).len(), 1_200);
    assert_eq!((server.audit().charged, server.audit().jobs), (125_000, 2), "{ended}");
}

/// A scrape that ends early: what it found is charged and kept, and the run says so.
#[test]
fn a_scrape_that_ends_early_is_told() {
    let chaos = vec![Chaos { what: Trouble::JobFailed, part: Percent::new(100) }];
    let server = Server::start(Options { chaos, ..options() });
    let source = "enrich_followers: { company: linkedin.com/company/acme-3, max: 100 }";
    let place = place(&server, source, VERIFY);
    let ended = place.run().expect(0).json();
    let found = leads(&place).len() as u64;
    assert!(0 < found && found < 100, "{found}");
    assert_eq!(ended["accounts"]["enrich"]["partial_jobs"], 1, "{ended}");
    assert_eq!(server.audit().charged, 100 * found);
}

/// Several companies at once: each job takes its part of the day, and the one too much is not begun.
#[test]
fn a_step_keeps_to_the_teams_day_and_price() {
    let followers = Followers { daily_limit: 300, price: 130, ..Followers::default() };
    let server = Server::start(Options { followers, ..options() });
    let place = Workplace::new();
    let companies = (0..5).map(|n| format!("linkedin.com/company/acme-{n}\n"));
    place.write("companies.csv", &format!("url\n{}", companies.collect::<String>()));
    let text = format!(
        "version: 1
name: people
source: {{ csv: companies.csv }}
providers:
  enrich: {{ use: enrich.so, api_key: \"${{env:ENRICH_API_KEY}}\", base_url: \"{}\", plan: enterprise, poll: 100ms }}
enrich:
  - name: crowd
    find_followers: {{ company_linkedin_url: url, max_results: 100 }}
    output: {{ who: \"followers[].full_name\" }}
sink: {{ ndjson: out/ }}
",
        server.base_url
    );
    place.write("pipeline.yaml", &text);
    let planned =
        place.leadmill(&["plan", "pipeline.yaml", "--output", "json"]).expect(0).json();
    assert_eq!(planned["credits"]["enrich"]["most"], 5 * 100 * 130);
    let ended = place.run().expect(75).json();
    server.assert_clean();
    assert!(ended["resume_after"].is_string(), "{ended}");
    assert_eq!((server.audit().jobs, server.audit().charged), (3, 300 * 130));
    assert_eq!(leads(&place).len(), 300 + 2);
}

/// Thousands of leads cost nothing where their names are not needed.
#[test]
fn leads_without_their_names_are_exported_at_no_charge_through_kills() {
    let source = "enrich_leads: { filters: { jobLevel: [VP, Director] }, max: 3000 }";
    let (leads, charged) = through_kills(&options(), source, VERIFY_LEADS);
    assert_eq!((leads.len(), charged), (3_000, 0));
    assert!(distinct(&leads, "first_name") > 5);
    assert!(
        leads.iter().all(|lead| lead["lead_id"].is_null() && lead["title"].is_string())
    );
}

/// A step that asks by the leads' names makes the source tell them.
#[test]
fn what_is_found_can_be_revealed() {
    let server = Server::start(options());
    let source = "enrich_leads: { filters: { jobLevel: [VP, Director] }, max: 100 }";
    let rest = "enrich: [{ name: contact, reveal_contact: { lead_id: lead_id, fields: [email] }, output: { email: email } }]";
    let place = place(&server, source, rest);
    let planned =
        place.leadmill(&["plan", "pipeline.yaml", "--output", "json"]).expect(0).json();
    assert!(planned["source"]["leads"]["count"].as_u64() > Some(100), "{planned}");
    place.run().expect(0);
    let found = leads(&place);
    let hits = found.iter().filter(|lead| lead["contact_status"] == "hit").count();
    assert_eq!((found.len(), hits > 20), (100, true));
    assert_eq!(server.audit().charged, 25 + 10 * hits as u64);
    server.assert_clean();
}

/// How many follow a company is a question like every other; its answer helps to plan.
#[test]
fn an_estimate_is_bought_once_and_told_by_the_plan() {
    let followers =
        Followers { estimate_takes: Duration::from_millis(200), ..Followers::default() };
    let server = Server::start(Options { followers, ..options() });
    let source = "enrich_followers: { company: linkedin.com/company/acme-3, max: 10 }";
    let rest = "enrich: [{ name: crowd, count_followers: { company_linkedin_url: followed }, output: { size: total, functions: functions } }]";
    let place = place(&server, source, rest);
    let look = || {
        let planned = place.leadmill(&["plan", "pipeline.yaml", "--output", "json"]);
        planned.expect(0).json()["source"]["followers_estimated"].clone()
    };
    assert_eq!(look(), Value::Null);
    place.run().expect(0);
    let found = leads(&place);
    let size = found[0]["size"].as_i64().unwrap();
    assert!((300..=6_000).contains(&size), "{size}");
    assert!(
        found[0]["functions"][0]["seniorities"][0]["name"].is_string(),
        "{}",
        found[0]
    );
    assert_eq!(server.audit().charged, 10 * 100 + 100);
    assert_eq!(look(), size);
    server.assert_clean();
}

/// The leads are the answer to one question: paid once, and a row each.
#[test]
fn people_who_are_bought_are_leads() {
    let server = Server::start(options());
    let place = Workplace::new();
    let text = format!(
        "version: 1
name: people
source:
  enrich_people:
    company: https://www.linkedin.com/company/acme-3
    max: 30
    cascade: [ {{ job_levels: [VP, Director] }}, {{ include_title: [Engineer], location: [WORLD] }} ]
providers:
  enrich: {{ use: enrich.so, api_key: \"${{env:ENRICH_API_KEY}}\", base_url: \"{}\", plan: enterprise }}
enrich:
  - name: answer
    find_email: {{ first_name: first_name, last_name: last_name, domain: email_domain }}
    output: {{ email: email }}
budget: {{ run: {{ enrich: 400 }} }}
sink: {{ ndjson: out/, receipt: true }}
",
        server.base_url
    );
    place.write("pipeline.yaml", &text);
    let planned =
        place.leadmill(&["plan", "pipeline.yaml", "--output", "json"]).expect(0);
    assert_eq!(planned.json()["credits"]["enrich"]["most"], 30 + 300);
    place.run().expect(0);
    let (leads, audit) = (place.objects("out/people.ndjson"), server.audit());
    assert!(leads.len() > 2, "{leads:?}");
    assert!(
        leads.iter().all(|lead| lead["last_name"].is_string() && lead["score"].is_u64())
    );
    let profiles: BTreeSet<_> =
        leads.iter().map(|lead| lead["linkedin_url"].to_string()).collect();
    assert_eq!(profiles.len(), leads.len());
    let hits = leads.iter().filter(|lead| lead["answer_status"] == "hit").count();
    assert_eq!(audit.charged, (leads.len() + 10 * hits) as u64);
    place.run().expect(0);
    assert_eq!(server.audit().charged, audit.charged);
    server.assert_clean();
}
