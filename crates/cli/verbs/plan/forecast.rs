//! What one step would come to, at each of the providers that it asks.

use crate::{
    chain::{Chain, Rejections},
    enriching::{At, Finished, each_batch},
    exit::Failure,
    needs::{Counts, Needs},
    pipeline::{Order, Provider},
    prepared::{Prepared, PreparedAttempt, PreparedStep},
};
use leadmill_core::{
    Account, Credits, Dearest, Ledger, Pack, QueryKey, Status, Timestamp, Window,
    chain::Turn,
    index::Need,
    pack::{Offer, Risk},
    schedule::{self, Schedule, Task},
};
use leadmill_engine::REMEMBERED;
use std::{collections::BTreeMap, num::NonZeroU64, time::Duration};

/// What one step would come to.
pub(super) struct Forecast {
    pub(super) name: String,
    pub(super) operation: &'static str,
    pub(super) order: Order,
    pub(super) counts: Counts,
    /// Questions that depend on answers of earlier steps which are not here yet: at most so many more.
    pub(super) depends: u64,
    /// Whether there may be more yet, since nobody knows how long the lists are that become rows.
    pub(super) unbounded: bool,
    /// Whom it asks, in this order.
    pub(super) shares: Vec<Share>,
}

/// What one provider would be asked in a step.
pub(super) struct Share {
    pub(super) provider: String,
    pub(super) plan: Option<String>,
    pub(super) tally: Tally,
    /// Questions that come to it at most as others answer: earlier steps, and those that are asked before it.
    pub(super) depends: u64,
    pub(super) min_rows: Option<NonZeroU64>,
    pub(super) least: Credits,
    pub(super) most: Credits,
    /// What is reserved for a single call, where one has cost more than its price.
    pub(super) single: Option<Credits>,
    /// Whether no source bounds what a single call may cost.
    pub(super) is_unbounded: bool,
    /// Most questions in one batch.
    pub(super) batch: u32,
    pub(super) batch_risk: Risk,
    /// What the limits alone allow.
    pub(super) shortest: Duration,
    pub(super) likely: Schedule,
    /// The next higher plan, and how long it would likely take under it.
    pub(super) next: Option<(String, Duration)>,
}

/// A step's questions, as they stand at one provider.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// It has answered them, or knows that it has no answer.
    pub(super) known: u64,
    /// They are open or in doubt there.
    pub(super) held: u64,
    pub(super) to_buy: u64,
    /// Of those to buy, the ones that the provider answers again at no charge.
    pub(super) free_repeats: u64,
    /// They stand at a provider before it, and may come to it.
    may_come: u64,
}

/// A step's questions, in all and at each provider.
pub(super) struct Looked {
    counts: Counts,
    tallies: Vec<Tally>,
    /// What is reserved for a single call, as far as the journal says that the price does not cover it.
    dearest: Vec<Dearest>,
}

/// Looks at a step's rows, and loads what is known of them. Nothing where there is no such step.
pub(super) async fn look<'a>(
    prepared: &'a Prepared,
    place: usize,
    finished: &[Finished<'a>],
    ledger: &Ledger,
    at: &At<'_>,
) -> Result<Option<(Looked, Finished<'a>)>, Failure> {
    let Some(step) = prepared.steps.get(place) else { return Ok(None) };
    let mut rejections = Rejections::default();
    if rejections.are_pending(ledger, step) {
        let (needs, _) = pass(prepared, place, finished, ledger, at, &rejections).await?;
        let results = &prepared.results;
        let judged = rejections.judge(step, ledger, results, at, &needs.seen).await;
        judged.map_err(|error| prepared.misfit_in(place, error))?;
    }
    let (needs, tallies) =
        pass(prepared, place, finished, ledger, at, &rejections).await?;
    let results = &prepared.results;
    let of = (place, step);
    let loaded =
        Finished::load(of, ledger, results, at, &rejections, &needs.seen).await?;
    let dearest = step.attempts.iter().map(|attempt| {
        let since = at.now.before(REMEMBERED);
        Dearest::of(ledger, &attempt.account.purse, step.operation, since)
    });
    let dearest = dearest.collect();
    Ok(Some((Looked { counts: needs.counts, tallies, dearest }, loaded)))
}

/// One pass over a step's rows.
async fn pass(
    prepared: &Prepared,
    place: usize,
    finished: &[Finished<'_>],
    ledger: &Ledger,
    at: &At<'_>,
    rejections: &Rejections,
) -> Result<(Needs, Vec<Tally>), Failure> {
    let Some(step) = prepared.steps.get(place) else {
        return Err(Failure::failed("no such step"));
    };
    let chain = Chain::new(ledger, step, at, rejections);
    let mut needs = Needs::default();
    let mut tallies = vec![Tally::default(); step.attempts.len()];
    let mut key = prepared.source.key_check()?;
    let act = async |batch| {
        if place == 0 {
            key.check(&batch).map_err(|error| prepared.misfit(error))?;
        }
        let asked = step.questions.read(&batch);
        let asked = asked.map_err(|error| prepared.misfit_in(place, error))?;
        let each = |turn, query: &leadmill_core::Query| {
            tally(&mut tallies, step, &chain, turn, &query.key(), at.now);
            Ok(())
        };
        needs
            .take(&asked, &chain, each)
            .map_err(|error| Failure::failed(error.to_string()))
    };
    each_batch(prepared, &prepared.source, finished, act).await?;
    Ok((needs, tallies))
}

/// Counts a question wherever it stands, stood, or may come to stand.
fn tally(
    tallies: &mut [Tally],
    step: &PreparedStep,
    chain: &Chain<'_>,
    turn: Turn,
    key: &QueryKey,
    now: Timestamp,
) {
    let here = match turn {
        Turn::At(place, _) | Turn::Over(place) => place,
    };
    for (place, (tally, attempt)) in tallies.iter_mut().zip(&step.attempts).enumerate() {
        let Some(look) = chain.look(place, key) else { continue };
        match turn {
            Turn::At(at, Need::Buy) if at == place => {
                tally.to_buy += 1;
                let repeats = attempt.account.offer(step.operation);
                let repeats = repeats.and_then(|offer| offer.repeats);
                let is_paid = matches!(look.status, Some(Status::Hit | Status::Miss));
                let is_free = repeats
                    .zip(look.at)
                    .is_some_and(|(repeats, at)| is_paid && now.since(at) < repeats.0);
                tally.free_repeats += u64::from(is_free);
            }
            Turn::At(at, Need::Held) if at == place => tally.held += 1,
            Turn::At(..) if here < place && look.need == Need::Buy => tally.may_come += 1,
            _ => tally.known += u64::from(look.need == Need::Reuse),
        }
    }
}

/// How many questions may come of answers that are not here yet: those of the earlier steps whose columns
/// this one looks at, and the rows that lists in them become. Tells whether there is a bound at all.
fn depends(
    prepared: &Prepared,
    place: usize,
    earlier: &[Forecast],
    no_input: u64,
) -> (u64, bool) {
    let Some(step) = prepared.steps.get(place) else { return (0, true) };
    let columns = step.questions.columns();
    let looks_at = |other: &PreparedStep| {
        columns.iter().any(|column| {
            let name = step.input.field(*column).name();
            other.spec.status_column() == *name
                || other.spec.output.iter().any(|(out, _)| out == name)
        })
    };
    let asks = |forecast: &Forecast| forecast.counts.to_buy + forecast.depends;
    let (mut more, mut is_bound, mut multiplies) = (0, true, false);
    let mut most_rows = earlier.first().map_or(0, |forecast| forecast.counts.rows);
    for (other, forecast) in prepared.steps.iter().zip(earlier) {
        let fans_out = other.spec.output.iter().any(|(_, way)| way.fan_out().is_some());
        let fans_out = fans_out && asks(forecast) > 0;
        multiplies |= fans_out;
        let of = |attempt: &PreparedAttempt| {
            attempt.account.offer(other.operation).and_then(|offer| offer.rows)
        };
        // Of several providers whose lists are bounded, the longest; of any whose are not, none.
        let rows = other.attempts.iter().map(of).collect::<Option<Vec<_>>>();
        let rows = rows.and_then(|rows| rows.into_iter().max());
        let each = rows.filter(|_| fans_out).map_or(1, |rows| u64::from(rows.get()));
        most_rows = match fans_out && rows.is_none() {
            true => u64::MAX,
            false => most_rows.saturating_mul(each),
        };
        if !looks_at(other) {
            continue;
        }
        is_bound &= !forecast.unbounded && (!fans_out || rows.is_some());
        more += asks(forecast) * each;
    }
    // Only rows that ask nothing yet can come to ask something, unless they become more.
    (if multiplies { more.min(most_rows) } else { more.min(no_input) }, is_bound)
}

/// What a step would come to, after what the steps before it would.
pub(super) fn forecast(
    prepared: &Prepared,
    place: usize,
    earlier: &[Forecast],
    looked: &Looked,
    wallets: &BTreeMap<String, Credits>,
) -> Forecast {
    let (depends, is_bound) = depends(prepared, place, earlier, looked.counts.no_input);
    let step = prepared.steps.get(place);
    let attempts = step
        .into_iter()
        .flat_map(|step| step.attempts.iter().map(move |attempt| (step, attempt)));
    let looked_at = looked.tallies.iter().zip(&looked.dearest);
    let shares = attempts.zip(looked_at).map(|((step, attempt), (tally, dearest))| {
        let provider = prepared.pipeline.providers.get(&attempt.provider);
        let wallet = wallets.get(&attempt.provider).copied();
        share(step, attempt, provider, (*tally, depends), dearest, wallet)
    });
    Forecast {
        name: step.map(|step| step.spec.name.clone()).unwrap_or_default(),
        operation: step.map(|step| step.operation.name()).unwrap_or_default(),
        order: step.map(|step| step.order).unwrap_or_default(),
        counts: looked.counts,
        depends,
        unbounded: !is_bound,
        shares: shares.collect(),
    }
}

fn share(
    step: &PreparedStep,
    attempt: &PreparedAttempt,
    provider: Option<&Provider>,
    (tally, depends): (Tally, u64),
    dearest: &Dearest,
    wallet: Option<Credits>,
) -> Share {
    let account = &attempt.account;
    let depends = tally.may_come + depends;
    let questions = tally.to_buy + depends;
    let offer = account.offer(step.operation);
    let price = offer.map_or(Credits::ZERO, |offer| offer.price);
    let in_job = offer.map_or(Credits::ZERO, Offer::price_in_job);
    let cheapest = offer.map_or(Credits::ZERO, |offer| offer.least);
    let risk = account.batch_risk.bound(wallet);
    let usual = Task::new(account, step.operation, questions).within(risk, in_job);
    let least = attempt.fewest_in_a_job();
    let task = Task { lane: attempt.lane, least, ..usual };
    let likely = schedule::best(&task);
    let next = provider.and_then(|provider| {
        let plan = higher(&account.pack, provider.plan()?)?;
        let windows = provider.windows(&account.pack, Some(plan));
        let account = Account { windows, ..account.clone() };
        let takes = schedule::best(&Task { account: &account, ..task }).takes;
        Some((plan.to_owned(), takes))
    });
    let each = offer.map_or(Credits::ZERO, |offer| dearest.bound(offer));
    Share {
        provider: attempt.provider.clone(),
        plan: provider.and_then(Provider::plan).map(str::to_owned),
        tally,
        depends,
        min_rows: attempt.min_rows,
        least: cheapest * (tally.to_buy - tally.free_repeats),
        most: in_job * questions.saturating_sub(likely.singles) + each * likely.singles,
        single: (each > price).then_some(each),
        is_unbounded: offer.is_some_and(|offer| offer.unbounded) && likely.singles > 0,
        batch: task.most,
        batch_risk: account.batch_risk,
        shortest: schedule::best(&task.at_the_shortest()).takes,
        likely,
        next,
    }
}

/// The plan above another: the next one that lets more calls through.
fn higher<'a>(pack: &'a Pack, plan: &str) -> Option<&'a str> {
    let pace = |window: &Window| f64::from(window.limit.get()) / window.per.as_secs_f64();
    // The widest scope's narrowest window: what all calls share.
    let capacity = |plan: &str| {
        let scopes = pack.plans.get(plan)?.values();
        let narrowest =
            scopes.map(|windows| windows.iter().map(pace).fold(f64::MAX, f64::min));
        narrowest.max_by(f64::total_cmp)
    };
    let known = capacity(plan)?;
    let above = pack.plans.keys().filter_map(|plan| Some((plan, capacity(plan)?)));
    let above = above.filter(|(_, capacity)| *capacity > known);
    above.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(plan, _)| plan.as_str())
}
