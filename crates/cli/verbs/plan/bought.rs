//! What is known of leads that are to be bought: how many there are, what the team has agreed on. Asked for at no
//! charge; what cannot be asked is not known.

use crate::{
    accounts, counting,
    enriching::At,
    exit::Failure,
    pages,
    pipeline::{Bought, Pages, TOMBA},
    prepared::{Prepared, PreparedAttempt, PreparedStep},
};
use leadmill_core::{Call, Ledger, Operation, QueryKey, State};
use leadmill_engine::{Again, VisitError};
use leadmill_providers::enrich::account::{FollowerLimit, LeadCount};
use leadmill_state::Store;
use leadmill_tables::{Answers, Bought as Purchase, Counts, StepSpec};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fmt::Write};

/// What is known.
#[derive(Default)]
pub(super) struct Outlook {
    /// Leads that pass the filters.
    count: Option<LeadCount>,
    /// What the team may.
    limit: Option<FollowerLimit>,
    /// Followers in all, by an estimate that was bought.
    followers: Option<i64>,
    /// The most that are taken.
    most: u64,
    /// Pages of a search for companies: at least, and at most.
    pages: Option<(u32, u32)>,
    /// Companies that it finds, where a page is known that tells.
    companies: Option<u32>,
    /// Why something could not be asked.
    unknown: Option<String>,
}

/// Asks, where leads are to be bought or a team has terms of its own. Its prices are put in, and pages of leads that
/// there are not are left out.
pub(super) async fn look(
    prepared: &mut Prepared,
    ledger: &Ledger,
    at: &At<'_>,
) -> Result<Option<Outlook>, Failure> {
    let bought = prepared.pipeline.source.bought.clone();
    let mut outlook = Outlook::default();
    if let (Some(bought), Some(step)) = (&bought, prepared.steps.first()) {
        outlook.most = u64::from(bought.most().unwrap_or_default());
        outlook.followers = estimated(prepared, step, bought, ledger).await?;
    }
    turn(prepared, ledger, at, &mut outlook).await?;
    let counts = bought.as_ref().is_some_and(|bought| bought.filters().is_some());
    // Tomba's terms are of sizes and days, not of prices: a run reads them.
    let has_terms = |step: &PreparedStep, attempt: &PreparedAttempt| {
        let offer = attempt.account.offer(step.operation);
        attempt.account.pack.name != TOMBA && offer.is_some_and(|offer| offer.terms)
    };
    let teams: BTreeSet<String> = attempts(prepared)
        .filter(|(step, attempt)| has_terms(step, attempt))
        .map(|(_, attempt)| attempt.provider.clone())
        .collect();
    if !counts && teams.is_empty() {
        return Ok(bought.map(|_| outlook));
    }
    let store = Store::open(&prepared.state).await?;
    match counting::count(prepared, &store).await? {
        Some(Ok(count)) => {
            counting::narrow(prepared, ledger, &count).await?;
            outlook.count = Some(count);
        }
        Some(Err(error)) => outlook.unknown = Some(error.to_string()),
        None => {}
    }
    for team in teams {
        match limit(prepared, &team, &store).await? {
            Ok(limit) => {
                price(prepared, &team, &limit);
                outlook.limit = Some(limit);
            }
            Err(error) => outlook.unknown = Some(error.to_string()),
        }
    }
    Ok(Some(outlook))
}

/// Looks at as many pages of a search for companies as there are, or can be.
async fn turn(
    prepared: &mut Prepared,
    ledger: &Ledger,
    at: &At<'_>,
    outlook: &mut Outlook,
) -> Result<(), Failure> {
    let Some((bought, most)) = pages::search(prepared) else { return Ok(()) };
    let known = pages::after(Pages::FIRST, prepared, ledger, at).await?;
    let (least, pages) = match known {
        None => (1, Pages::most(most)),
        // It ends here, or says where it does.
        Some((pages, first)) if pages.count == 1 || first.total.is_some() => {
            outlook.companies = first.total;
            (pages.count, pages)
        }
        Some((pages, _)) => (pages.count, Pages::most(most)),
    };
    outlook.pages = Some((least, pages.count));
    let rows = bought.rows_of(pages);
    prepared.source = prepared.source_of(rows).await?;
    Ok(())
}

/// Every attempt of every step.
fn attempts(
    prepared: &Prepared,
) -> impl Iterator<Item = (&PreparedStep, &PreparedAttempt)> {
    let steps = prepared.steps.iter();
    steps.flat_map(|step| step.attempts.iter().map(move |attempt| (step, attempt)))
}

async fn limit(
    prepared: &Prepared,
    team: &str,
    store: &Store,
) -> Result<Result<FollowerLimit, VisitError>, Failure> {
    let attempt = attempts(prepared).find(|(_, attempt)| attempt.provider == team);
    let provider = prepared.pipeline.providers.get(team);
    let (Some((_, attempt)), Some(provider)) = (attempt, provider) else {
        return Err(Failure::failed("no provider"));
    };
    let (mut visit, enrich) =
        accounts::visit(provider, attempt.account.clone(), store).await?;
    let read = async || enrich.follower_limit().await;
    Ok(visit.call(Call::Account, Again::Harmless, read).await)
}

/// Puts in what a team pays.
fn price(prepared: &mut Prepared, team: &str, limit: &FollowerLimit) {
    let Some(price) = limit.terms().ok().and_then(|terms| terms.price) else { return };
    let attempts = prepared.steps.iter_mut().flat_map(|step| &mut step.attempts);
    for attempt in attempts.filter(|attempt| attempt.provider == team) {
        let offers = attempt.account.pack.operations.values_mut();
        for offer in offers.filter(|offer| offer.terms) {
            offer.price = price * offer.rows.map_or(1, |rows| u64::from(rows.get()));
        }
    }
}

/// What an estimate of the same company by the same filters said, if one was bought and its answer is still good.
async fn estimated(
    prepared: &Prepared,
    step: &PreparedStep,
    bought: &Bought,
    ledger: &Ledger,
) -> Result<Option<i64>, Failure> {
    let (Some(key), Some(attempt), Ok(total)) =
        (bought.estimate(), step.first(), Operation::CountFollowers.select("total"))
    else {
        return Ok(None);
    };
    let lines = ledger.lines().iter().filter(|line| {
        line.operation == Operation::CountFollowers
            && *line.account == *attempt.account.purse
            && line.keys.contains(&key)
    });
    let estimates: Vec<_> = lines
        .filter_map(|line| match &line.state {
            State::Settled { at, part, .. } => Some(Purchase {
                part,
                provider: attempt.provider.as_str().into(),
                job: None,
                at: *at,
                reused: true,
                sandbox: false,
            }),
            _ => None,
        })
        .collect();
    let spec = StepSpec {
        name: "estimate".to_owned(),
        operation: Operation::CountFollowers,
        when: None,
        inputs: Vec::new(),
        output: vec![("total".to_owned(), total)],
        receipt: false,
        asks_for_rows: false,
    };
    let counts = |_: usize, other: &QueryKey| match *other == key {
        true => Counts::Whole,
        false => Counts::Not,
    };
    let answers = Answers::load(&spec, &prepared.results, &estimates, &counts).await?;
    Ok(answers.integer(0, &key))
}

impl Outlook {
    /// For people.
    pub(super) fn text(&self) -> String {
        let mut text = self.pages_text();
        let mut line =
            |count: String, what: &str| _ = writeln!(text, "  {count:>12} {what}");
        if let Some(count) = &self.count {
            let about = if count.is_approximate { ", approximately" } else { "" };
            line(count.count.to_string(), &format!("leads pass the filters{about}"));
            line(count.count.min(self.most).to_string(), "of them at most are taken");
        }
        if let Some(limit) = &self.limit {
            match limit.terms() {
                Err(why) => line(String::new(), &why),
                Ok(terms) => {
                    if let (Some(left), Some(daily)) = (terms.left, terms.daily) {
                        let waits = match () {
                            () if self.most > daily => {
                                "; a day never holds what is asked for"
                            }
                            () if self.most > left => {
                                "; the rest of today does not hold what is asked for: the run ends with 75 until it does"
                            }
                            () => "",
                        };
                        let what =
                            format!("profiles of {daily} are left of this day{waits}");
                        line(left.to_string(), &what);
                    }
                    if let Some(price) = terms.price {
                        line(
                            price.to_string(),
                            "credits for each that is found; the whole reserve is taken at the start",
                        );
                    }
                }
            }
            match self.followers {
                Some(followers) => {
                    line(followers.to_string(), "followers in all, by an estimate")
                }
                None => line(
                    String::new(),
                    "how many there are is not known: a step `count_followers` asks, for 100 credits",
                ),
            }
        }
        if let Some(unknown) = &self.unknown {
            line(String::new(), &format!("could not be asked: {unknown}"));
        }
        text
    }

    fn pages_text(&self) -> String {
        let mut text = String::new();
        let mut line =
            |count: String, what: &str| _ = writeln!(text, "  {count:>12} {what}");
        if let Some(companies) = self.companies {
            line(
                companies.to_string(),
                "companies are found, as a page that is known says",
            );
        }
        match self.pages {
            Some((least, most)) if least < most => {
                let what = "pages are looked at: the first one tells how many there are";
                line(format!("{least}..{most}"), what);
            }
            Some((_, pages)) => line(pages.to_string(), "pages are looked at"),
            None => {}
        }
        text
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        json!({
            "most": self.most,
            "leads": self.count,
            "companies": self.companies,
            "pages": self.pages.map(|(least, most)| json!({ "least": least, "most": most })),
            "limit": self.limit,
            "followers_estimated": self.followers,
            "unknown": self.unknown,
        })
    }
}
