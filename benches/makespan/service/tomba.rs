//! Tomba: endpoints with windows of their own, 15 jobs a day and 2 at once for each of them.
//!
//! # Source
//! <https://docs.tomba.io/rate-limits>: the windows of single calls, the job quotas. Fractional limits are
//! written as whole calls in whole seconds: 2.5 a second as 5 in 2 s, 1.67 a second as 5 in 3 s. What calls
//! about jobs are limited to is not said; here it is the pace of the slower endpoints, and it never binds.

use super::{BATCH, FIXED, ITEM, OPERATION, SINGLE, Service, enrich::per_second};
use leadmill_core::{
    Account, Call, Credits, Endpoint, Pack, Scope,
    limits::Written,
    pack::{Daily, Jobs, Offer, PaidAct, Percent, Risk},
};
use leadmill_sandbox::{Category, Window};
use std::{collections::BTreeMap, error::Error, num::NonZeroU32, time::Duration};

/// The windows of single calls.
const ENDPOINTS: [(&str, [&str; 2]); 4] = [
    ("email-finder", ["15/1s", "900/60s"]),
    ("enrichment", ["5/1s", "300/60s"]),
    ("email-verifier", ["5/2s", "150/60s"]),
    ("linkedin", ["5/3s", "100/60s"]),
];

const BULK: [&str; 2] = ["5/1s", "300/60s"];

const DAILY: NonZeroU32 = NonZeroU32::new(15).unwrap();
const RUNNING: NonZeroU32 = NonZeroU32::new(2).unwrap();

pub(super) fn services() -> Result<Vec<Service>, Box<dyn Error>> {
    ENDPOINTS.into_iter().map(|(name, windows)| service(name, windows)).collect()
}

fn service(
    plan: &'static str,
    singles: [&'static str; 2],
) -> Result<Service, Box<dyn Error>> {
    let scopes = [(Scope(plan.into()), singles), (Scope("bulk".into()), BULK)];
    let read = |(scope, windows): (Scope, [&str; 2])| {
        let windows: Result<Vec<_>, _> =
            windows.iter().map(|text| text.parse()).collect();
        Ok::<_, leadmill_core::limits::Unreadable>((scope, windows?))
    };
    let windows: BTreeMap<_, _> =
        scopes.into_iter().map(read).collect::<Result<_, _>>()?;
    let account = Account {
        name: "tomba".into(),
        purse: "tomba".into(),
        windows,
        poll: Duration::from_secs(5),
        share: Percent::WHOLE,
        batch_risk: Risk::Credits(Credits::MAX),
        in_doubt_limit: None,
        pack: pack(plan)?,
    };
    let server = |category: &str, windows: [&str; 2]| {
        windows.map(|window| format!("{category}={window}").parse::<Window>())
    };
    let windows = server("enrich", singles).into_iter().chain(server("bulk", BULK));
    Ok(Service {
        provider: "tomba",
        plan,
        account,
        windows: windows.collect::<Result<_, _>>()?,
        category: |call| match call {
            Call::Ask => Category::Enrich,
            _ => Category::Bulk,
        },
        tokens: Category::Bulk,
        page: BATCH,
        running: Some(RUNNING),
        daily: Some(DAILY),
    })
}

fn pack(plan: &str) -> Result<Pack, Box<dyn Error>> {
    let scope = |name: &str| vec![Scope(name.into())];
    let endpoint = |call: Call| {
        let scope = if call == Call::Ask { scope(plan) } else { scope("bulk") };
        (Endpoint::from(call), scope)
    };
    let offer = Offer {
        price: Credits(1),
        least_price: None,
        free: "a miss".into(),
        least: Credits::ZERO,
        most_items: BATCH,
        batch: BATCH,
        // The download of a job is one file.
        page: BATCH,
        most_bytes: 1 << 30,
        running: Some(RUNNING),
        daily: Daily { jobs: Some(DAILY), questions: None },
        only: None,
        rows: None,
        each: NonZeroU32::MIN,
        fewest: None,
        unbounded: false,
        job_answers: NonZeroU32::MIN,
        echo: true,
        misses: Vec::new(),
        likely_misses: Vec::new(),
        repeats: None,
        poll: None,
        early_results: None,
        terms: false,
        free_a_month: None,
    };
    Ok(Pack {
        name: "tomba".into(),
        source: "https://docs.tomba.io/rate-limits".into(),
        read: String::new(),
        base_url: String::new(),
        plans: BTreeMap::new(),
        scopes: Call::ALL.map(endpoint).into(),
        operations: [(OPERATION, offer)].into(),
        jobs: Jobs {
            poll: Written(Duration::from_secs(5)),
            typical: Written(FIXED),
            items_per_second: per_second(ITEM)?,
            single: Written(SINGLE),
            // The first download is the paid act.
            early_results: false,
            paid: PaidAct::default(),
            launched: false,
            generation: None,
        },
        settling: None,
        listing: None,
        logged: None,
        exhausted: Vec::new(),
        confidence: BTreeMap::new(),
    })
}
