//! A provider's facts as data: limits per plan, prices, page and batch sizes.

use crate::{
    Credits, Endpoint, Lane, Line, Operation, Scope, State, Timestamp, Window,
    limits::{Unreadable, Written},
};
use serde::{Deserialize, Deserializer, de::Error as _};
use std::{collections::BTreeMap, fmt, num::NonZeroU32, str::FromStr, time::Duration};

/// What is known about a provider. Written in the provider's `pack.yaml`, each fact with its source.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// The provider's name, as in `use:`.
    pub name: String,
    /// Where the facts come from.
    pub source: String,
    /// The day on which they were read there.
    pub read: String,
    /// The address that calls go to unless the pipeline says otherwise.
    pub base_url: String,
    /// Windows by plan and scope.
    pub plans: BTreeMap<String, BTreeMap<Scope, Vec<Window>>>,
    /// The scopes that each call falls into. Every window of every one of them applies.
    pub scopes: BTreeMap<Endpoint, Vec<Scope>>,
    /// What the provider answers, and for how much.
    pub operations: BTreeMap<Operation, Offer>,
    /// How jobs go.
    pub jobs: Jobs,
    /// How long a charge may take to show in the wallet's transactions, from when the call was given up;
    /// none where the provider lists no transactions.
    #[serde(default)]
    pub settling: Option<Written>,
    /// How long a job may take to show in the provider's list of jobs, by the name that we gave it, from when its
    /// submit was given up; none where jobs have no names or are not listed.
    #[serde(default)]
    pub listing: Option<Written>,
    /// How long a call may take to show in the provider's log of calls, from when it was given up; none where no log is
    /// kept that says what each has cost.
    #[serde(default)]
    pub logged: Option<Written>,
    /// Words in a refusal that mean that nothing more is covered, in lower case; none where a status says it.
    #[serde(default)]
    pub exhausted: Vec<String>,
    /// The provider's words for its confidence, as numbers from 0 to 100. Our own reading.
    pub confidence: BTreeMap<String, i64>,
}

/// One operation at one provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// Credits for one answer; also what is reserved for one question.
    pub price: Credits,
    /// The least that any source says of that price, where sources differ.
    #[serde(default)]
    pub least_price: Option<Credits>,
    /// Why a question can end without a charge, for people.
    pub free: String,
    /// The fewest credits that one asked question can end up costing.
    pub least: Credits,
    /// Most questions in one batch that the provider takes.
    pub most_items: NonZeroU32,
    /// Most questions that we put into one batch by default: a lost reply holds them all.
    pub batch: NonZeroU32,
    /// Largest page of results.
    pub page: NonZeroU32,
    /// Most bytes of a request's body. Not documented: a safe default.
    pub most_bytes: usize,
    /// Most jobs of this operation that may run at once, over the whole team.
    #[serde(default)]
    pub running: Option<NonZeroU32>,
    /// What one day holds, over the whole team.
    #[serde(default)]
    pub daily: Daily,
    /// The only lane that there is; both, where none is named.
    #[serde(default)]
    pub only: Option<Lane>,
    /// Where the price is for a row of an answer: the rows that are answered with where the question does not say.
    #[serde(default)]
    pub rows: Option<NonZeroU32>,
    /// Where the price is for rows: how many of them one price buys. Rows that do not fill another price cost it.
    #[serde(default = "one")]
    pub each: NonZeroU32,
    /// Where the price is for rows: the fewest that a call can ask for. Who wants less pays for as many.
    #[serde(default)]
    pub fewest: Option<NonZeroU32>,
    /// How many answers a question may get in a job, each of which is paid.
    #[serde(default = "one")]
    pub job_answers: NonZeroU32,
    /// Whether no source bounds what a single call may cost beyond its price. Then the dearest that was seen is reserved,
    /// and where a budget binds no more calls are in flight than were answered before.
    #[serde(default)]
    pub unbounded: bool,
    /// Most searches of a calendar month that are free in part, over the whole team; a run makes one. Beyond them each
    /// row is paid.
    #[serde(default)]
    pub free_a_month: Option<NonZeroU32>,
    /// Whether results say which question each answers. Where they do not, a job can hold one question only, and a
    /// job that somebody else names cannot be told to be ours.
    #[serde(default = "yes")]
    pub echo: bool,
    /// Statuses of a single call that mean that nothing was found, and nothing charged.
    #[serde(default)]
    pub misses: Vec<u16>,
    /// Statuses of a single call that have been seen where nothing was found: a miss, if the wallet shows no
    /// charge.
    #[serde(default)]
    pub likely_misses: Vec<u16>,
    /// How long a single question can be asked again at no charge; none where each time is charged.
    #[serde(default)]
    pub repeats: Option<Written>,
    /// The least time between two polls of one of its jobs, where that is not that of [`Jobs::poll`].
    #[serde(default)]
    pub poll: Option<Written>,
    /// Whether its results may be asked for before the job has ended, where that is not as [`Jobs::early_results`] says.
    #[serde(default)]
    pub early_results: Option<bool>,
    /// Whether the team has terms of its own for it, which are read before anything is bought.
    #[serde(default)]
    pub terms: bool,
}

const fn yes() -> bool {
    true
}

const fn one() -> NonZeroU32 {
    NonZeroU32::MIN
}

/// A quota by the day. Whether a provider's day is a calendar day is seldom said, so it holds for every
/// stretch of 24 hours: whatever holds for each of those holds for each calendar day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Daily {
    /// Most jobs.
    #[serde(default)]
    pub jobs: Option<NonZeroU32>,
    /// Most questions in jobs.
    #[serde(default)]
    pub questions: Option<NonZeroU32>,
}

/// How long jobs take, for choosing a lane and for the first look.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jobs {
    /// The least time between two polls of one job.
    pub poll: Written,
    /// What a job takes before its first item, roughly.
    pub typical: Written,
    /// Items a second after that, roughly.
    pub items_per_second: NonZeroU32,
    /// What one single call takes, roughly.
    pub single: Written,
    /// Whether results may be asked for before the job has ended, at no charge: then the first page is
    /// the successful poll. Where the first fetch is the paid act it is not.
    #[serde(default)]
    pub early_results: bool,
    /// What charges for a job.
    #[serde(default)]
    pub paid: PaidAct,
    /// Whether a job that was handed over is to be launched before it runs.
    #[serde(default)]
    pub launched: bool,
    /// Which form of jobs is spoken, where the provider has had several.
    #[serde(default)]
    pub generation: Option<NonZeroU32>,
}

/// Which call charges for a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaidAct {
    /// Handing it over: the reserve is taken at once, and what is left of it comes back.
    #[default]
    Submit,
    /// The first fetch of its results.
    Fetch,
}

/// What to do with a batch of which nothing tells whether it was charged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InDoubt {
    /// Its questions wait for a person.
    #[default]
    Hold,
    /// It is taken for charged, and its questions are asked again.
    Retry,
    /// It is taken for charged, and its questions are not asked again.
    Skip,
}

/// The pipeline's word on batches in doubt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Doubtful {
    /// What to do with one.
    pub act: InDoubt,
    /// Most credits that one run may take for charged and ask again.
    pub budget: Credits,
}

/// A provider as a pipeline uses it: the pack with the chosen plan and the pipeline's overrides.
#[derive(Clone, Debug)]
pub struct Account {
    /// The name in the pipeline's `providers:`.
    pub name: String,
    /// Whose answers and whose money: equal for all pipelines that use the same provider in earnest.
    pub purse: String,
    /// The windows that apply, by scope.
    pub windows: BTreeMap<Scope, Vec<Window>>,
    /// The least time between two polls of one job.
    pub poll: Duration,
    /// The part of every window that is ours at most: a team shares its limits.
    pub share: Percent,
    /// The most credits that one batch may put at risk: a lost reply puts a whole batch in doubt.
    pub batch_risk: Risk,
    /// The most credits that may be in doubt in all, over all runs: what is in flight counts, since each reply may be
    /// lost. Where nothing else is in doubt, one question may always be asked. None where the pipeline does not say: as
    /// [`Risk::IN_ALL`], and no less than one batch.
    pub in_doubt_limit: Option<Risk>,
    /// The facts, with the pipeline's prices and sizes put in.
    pub pack: Pack,
}

/// A part of a whole, from 1 % to 100 %. Written `60%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percent(u8);

impl Percent {
    /// All of it.
    pub const WHOLE: Self = Self(100);

    /// That part of a number, rounded down.
    pub const fn of(self, whole: u64) -> u64 {
        whole / 100 * self.0 as u64 + whole % 100 * self.0 as u64 / 100
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

impl FromStr for Percent {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let number =
            text.strip_suffix('%').and_then(|number| number.trim_end().parse().ok());
        match number {
            Some(number @ 1..=100) => Ok(Self(number)),
            _ => Err(Unreadable::new(format!(
                "`{text}` is no share: write a whole number from 1% to 100%"
            ))),
        }
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// How much money one lost reply may put in doubt. Written `10%` (of the wallet) or `5000 credits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Risk {
    /// A part of the wallet as it stands when the batch is made.
    OfWallet(Percent),
    /// So many credits.
    Credits(Credits),
}

impl Default for Risk {
    fn default() -> Self {
        Self::OfWallet(Percent(10))
    }
}

impl Risk {
    /// What may be in doubt in all where a pipeline does not say.
    pub const IN_ALL: Self = Self::OfWallet(Percent(25));

    /// The most credits in one batch, with this much in the wallet; no bound where that is not known.
    pub fn bound(self, wallet: Option<Credits>) -> Credits {
        match (self, wallet) {
            (Self::Credits(credits), _) => credits,
            (Self::OfWallet(part), Some(wallet)) => Credits(part.of(wallet.0)),
            (Self::OfWallet(_), None) => Credits::MAX,
        }
    }
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OfWallet(part) => write!(f, "{part} of the wallet"),
            Self::Credits(credits) => write!(f, "{credits} credits"),
        }
    }
}

impl FromStr for Risk {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        if text.contains('%') {
            return text.parse().map(Self::OfWallet);
        }
        let number = text.strip_suffix("credits").map_or(text, str::trim_end);
        let credits = number.parse().map_err(|_| {
            Unreadable::new(format!("`{text}` is no risk: write credits, such as `5000 credits`, or a part of the wallet, such as 10%"))
        })?;
        Ok(Self::Credits(Credits(credits)))
    }
}

impl<'de> Deserialize<'de> for Risk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl Offer {
    /// The same, where the price is for all of the rows that one question asks for at most.
    pub fn of_rows(&mut self, rows: NonZeroU32) {
        let rows = self.fewest.map_or(rows, |fewest| rows.max(fewest));
        self.price = self.price * u64::from(rows.get().div_ceil(self.each.get()));
        self.rows = Some(rows);
    }

    /// What one question in a job may cost.
    pub fn price_in_job(&self) -> Credits {
        self.price * u64::from(self.job_answers.get())
    }

    /// Credits for one row of an answer, where the price is for as many as there can be.
    pub fn price_of_row(&self) -> Credits {
        let rows = self.rows.map_or(1, |rows| u64::from(rows.get()));
        Credits(self.price.0 / rows)
    }

    /// Whether a single question that was first asked then is answered again at no charge, if it was charged.
    ///
    /// Sources differ about how long: so many days, or the same calendar month, by a time zone that is not told. It is
    /// free while both hold. Clocks differ, and a call takes its time: at the very end it is not taken for free.
    pub fn is_free_repeat(&self, first: Timestamp, now: Timestamp) -> bool {
        let Some(Written(time)) = self.repeats else { return false };
        let is_soon = now.since(first) < time.saturating_sub(MARGIN.min(time / 2));
        is_soon && in_every_zone(first, now).all(|(first, now)| first.shares_month(now))
    }

    /// Whether a single question that was first asked then is surely charged again, by whichever source is right.
    pub fn is_paid_anew(&self, first: Timestamp, now: Timestamp) -> bool {
        let Some(Written(time)) = self.repeats else { return true };
        let is_late = now.since(first) > time + MARGIN;
        is_late && in_every_zone(first, now).all(|(first, now)| !first.shares_month(now))
    }

    /// Pages of the results of a job of so many questions.
    pub fn pages(&self, questions: u64) -> u64 {
        let rows = self.rows.map_or(1, |rows| u64::from(rows.get()));
        questions.saturating_mul(rows).div_ceil(u64::from(self.page.get()))
    }
}

/// What the clocks of two sides may differ by, and a reply may be late by.
const MARGIN: Duration = Duration::from_secs(3_600);

/// Two times as clocks show them in every zone: these lie up to 12 hours behind UTC and up to 14 before it, in quarters
/// of an hour.
fn in_every_zone(
    first: Timestamp,
    second: Timestamp,
) -> impl Iterator<Item = (Timestamp, Timestamp)> {
    const WEST: i64 = -48;
    const EAST: i64 = 56;
    const QUARTER: i64 = 900_000;
    let there = |at: Timestamp, zone| Timestamp(at.0.saturating_add(zone * QUARTER));
    (WEST..=EAST).map(move |zone| (there(first, zone), there(second, zone)))
}

impl Account {
    /// The least time between two polls of a job.
    pub fn poll_of(&self, operation: Operation) -> Duration {
        let own = self.offer(operation).and_then(|offer| offer.poll);
        own.map_or(self.poll, |poll| poll.0)
    }

    /// Whether the results of a job may be asked for before it has ended.
    pub fn has_early_results(&self, operation: Operation) -> bool {
        let own = self.offer(operation).and_then(|offer| offer.early_results);
        own.unwrap_or(self.pack.jobs.early_results)
    }

    /// The facts of an operation, if the provider has it.
    pub fn offer(&self, operation: Operation) -> Option<&Offer> {
        self.pack.operations.get(&operation)
    }

    /// Whether a batch in doubt is a single call whose question can be asked again at no charge, if it was charged.
    pub fn can_repeat(&self, line: &Line, now: Timestamp) -> bool {
        let offer = self.offer(line.operation);
        line.state == State::InDoubt
            && line.lane == Lane::Single
            && offer.is_some_and(|offer| offer.is_free_repeat(line.intended_at, now))
    }

    /// The scopes that a call falls into, the widest first.
    pub fn scopes_of(&self, endpoint: Endpoint) -> impl Iterator<Item = &Scope> {
        let rules = self.pack.scopes.iter();
        rules
            .filter(move |(rule, _)| rule.covers(endpoint))
            .flat_map(|(_, scopes)| scopes)
    }

    /// All windows that apply to a call.
    pub fn windows_of(
        &self,
        endpoint: Endpoint,
    ) -> impl Iterator<Item = (&Scope, Window)> {
        self.scopes_of(endpoint).flat_map(|scope| {
            let windows = self.windows.get(scope).into_iter().flatten();
            windows.map(move |window| (scope, *window))
        })
    }
}

#[cfg(test)]
mod tests;
