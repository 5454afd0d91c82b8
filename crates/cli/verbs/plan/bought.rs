//! What is known of leads that are to be bought: how many there are, what the team has agreed on. Asked for at no
//! charge; what cannot be asked is not known.

use crate::{
    accounts,
    exit::Failure,
    pipeline::{Bought, BoughtKind},
    prepared::{Prepared, PreparedStep},
};
use leadmill_core::{Call, Credits, Ledger, Operation, QueryKey, State};
use leadmill_engine::{Again, Visit, VisitError};
use leadmill_providers::{
    Enrich,
    enrich::account::{FollowerLimit, LeadCount},
};
use leadmill_state::Store;
use leadmill_tables::{Answers, Bought as Purchase, StepSpec};
use serde_json::{Value, json};
use std::fmt::Write;

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
    /// Why something could not be asked.
    unknown: Option<String>,
}

/// Asks, where leads are to be bought. The prices of the team are put in.
pub(super) async fn look(
    prepared: &mut Prepared,
    ledger: &Ledger,
) -> Result<Option<Outlook>, Failure> {
    let Some(bought) = prepared.pipeline.source.bought.clone() else { return Ok(None) };
    let mut outlook = Outlook {
        most: u64::from(bought.most().unwrap_or_default()),
        ..Outlook::default()
    };
    let Some(step) = prepared.steps.first() else { return Ok(None) };
    outlook.followers = estimated(prepared, step, &bought, ledger).await?;
    if bought.kind != BoughtKind::People {
        match ask(prepared, step, &bought).await? {
            Ok((count, limit)) => (outlook.count, outlook.limit) = (count, limit),
            Err(error) => outlook.unknown = Some(error.to_string()),
        }
    }
    let step = prepared.steps.first_mut();
    if let (Some(step), Some(price)) = (step, outlook.price()) {
        let offers = &mut step.account.pack.operations;
        if let Some(offer) = offers.get_mut(&Operation::FindFollowers) {
            offer.price = price * offer.rows.map_or(1, |rows| u64::from(rows.get()));
        }
    }
    Ok(Some(outlook))
}

type Told = (Option<LeadCount>, Option<FollowerLimit>);

async fn ask(
    prepared: &Prepared,
    step: &PreparedStep,
    bought: &Bought,
) -> Result<Result<Told, VisitError>, Failure> {
    let Some(provider) = prepared.pipeline.providers.get(&step.provider) else {
        return Ok(Ok((None, None)));
    };
    let store = Store::open(&prepared.state).await?;
    let (mut visit, enrich) =
        accounts::visit(provider, step.account.clone(), &store).await?;
    Ok(match bought.filters() {
        Some((filters, exclude)) => {
            let count = async || enrich.count_leads(filters, exclude).await;
            let count = visit.call(Call::Account, Again::Harmless, count).await;
            count.map(|count| (Some(count), None))
        }
        None => limit(&mut visit, &enrich).await.map(|limit| (None, Some(limit))),
    })
}

async fn limit(visit: &mut Visit, enrich: &Enrich) -> Result<FollowerLimit, VisitError> {
    visit
        .call(Call::Account, Again::Harmless, async || enrich.follower_limit().await)
        .await
}

/// What an estimate of the same company by the same filters said, if one was bought and its answer is still good.
async fn estimated(
    prepared: &Prepared,
    step: &PreparedStep,
    bought: &Bought,
    ledger: &Ledger,
) -> Result<Option<i64>, Failure> {
    let (Some(key), Ok(total)) =
        (bought.estimate(), Operation::CountFollowers.select("total"))
    else {
        return Ok(None);
    };
    let lines = ledger.lines().iter().filter(|line| {
        line.operation == Operation::CountFollowers
            && *line.account == *step.account.purse
            && line.keys.contains(&key)
    });
    let estimates: Vec<_> = lines
        .filter_map(|line| match &line.state {
            State::Settled { at, part, .. } => Some(Purchase {
                part,
                provider: step.provider.as_str().into(),
                job: None,
                at: *at,
                reused: true,
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
    let wanted = |other: &QueryKey| *other == key;
    let answers = Answers::load(&spec, &prepared.results, &estimates, &wanted).await?;
    Ok(answers.integer(0, &key))
}

impl Outlook {
    /// What the team pays for a profile, where it is told.
    fn price(&self) -> Option<Credits> {
        self.limit.as_ref()?.terms().ok()?.price
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
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

    /// For programs.
    pub(super) fn json(&self) -> Value {
        json!({
            "most": self.most,
            "leads": self.count,
            "limit": self.limit,
            "followers_estimated": self.followers,
            "unknown": self.unknown,
        })
    }
}
