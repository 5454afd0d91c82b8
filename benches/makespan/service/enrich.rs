//! Enrich.so: five plans. The engine gets the pack as it is shipped, the server the sandbox's own table.

use super::{BATCH, FIXED, ITEM, OPERATION, SINGLE, Service};
use leadmill_core::{
    Account, Call, Credits, Pack,
    limits::Written,
    pack::{Percent, Risk},
};
use leadmill_sandbox::{Category, Plan};
use std::{error::Error, num::NonZeroU32, time::Duration};

/// As it is shipped. The engine must not know the crate that it is shipped in.
const PACK: &str = include_str!("../../../crates/providers/src/enrich/pack.yaml");

const PLANS: [&str; 5] = ["free", "growth", "scale", "pro", "enterprise"];

pub(super) fn services(page: NonZeroU32) -> Result<Vec<Service>, Box<dyn Error>> {
    let pack: Pack = serde_saphyr::from_str(PACK)?;
    PLANS.into_iter().map(|plan| service(plan, page, pack.clone())).collect()
}

fn service(
    plan: &'static str,
    page: NonZeroU32,
    mut pack: Pack,
) -> Result<Service, Box<dyn Error>> {
    let offer = pack.operations.get_mut(&OPERATION);
    let offer = offer.ok_or("enrich.so does not verify addresses")?;
    (offer.page, offer.batch) = (page, BATCH);
    pack.jobs.typical = Written(FIXED);
    pack.jobs.items_per_second = per_second(ITEM)?;
    pack.jobs.single = Written(SINGLE);
    let windows = pack.plans.get(plan).ok_or("the pack lacks a plan")?.clone();
    let account = Account {
        name: "enrich".into(),
        purse: "enrich.so".into(),
        windows,
        poll: pack.jobs.poll.0,
        share: Percent::WHOLE,
        batch_risk: Risk::Credits(Credits::MAX),
        in_doubt_limit: None,
        pack,
    };
    Ok(Service {
        provider: "enrich",
        plan,
        account,
        windows: plan.parse::<Plan>()?.windows(),
        category: |call| match call {
            Call::Ask => Category::Enrich,
            Call::Submit => Category::Bulk,
            Call::Balance
            | Call::Transactions
            | Call::Poll
            | Call::Page
            | Call::Find
            | Call::Account
            | Call::Launch
            | Call::Estimate
            | Call::Terms => Category::Global,
        },
        tokens: Category::Global,
        page,
        running: None,
        daily: None,
    })
}

/// Items a second, where one takes this long.
pub(super) fn per_second(item: Duration) -> Result<NonZeroU32, Box<dyn Error>> {
    let items = Duration::from_secs(1).as_nanos() / item.as_nanos().max(1);
    Ok(u32::try_from(items)?.try_into()?)
}
