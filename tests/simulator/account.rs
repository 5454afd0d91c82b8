//! Scenes at one account or two, of one provider or both: several pipelines and their runs, whose budgets and policies change between sessions, on
//! one journal.

mod laws;
mod questions;
mod rates;
mod scene;
pub(crate) mod till;

use crate::{
    dice::Dice,
    life::{story, text},
    simulation::{World, rows},
    storm::{Shut, Storm},
};
use laws::{Laws, Terms, is_written_off};
use leadmill_core::{
    BatchId, Credits, Event, Finding, Lane, Line, Query, QueryKey, RunId, State, Status,
    Timestamp,
    pack::{Doubtful, InDoubt},
};
use leadmill_engine::{Ending, Unpaid};
use questions::{OPERATIONS, questions};
use rates::Rates;
pub(crate) use scene::slowness;
use scene::{End, Work};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fmt,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use till::{Books, Till};
use tokio::{runtime::Builder, task::JoinHandle, time::sleep};

/// Sessions of a pipeline until it has ended, once the faults have stopped.
const CALM: usize = 8;

/// Answers are bought again after so long.
const OLD: Duration = Duration::from_secs(29 * 86_400);

/// Credits for whatever a scene may buy.
const ENOUGH: u64 = 1_000_000;

const DAY: Duration = Duration::from_secs(86_400);

/// What happened in all scenes.
#[derive(Debug, Default)]
pub(crate) struct Seen([AtomicU64; KINDS.len()]);

/// What is counted.
const KINDS: [&str; 15] = [
    "crashes",
    "ends by a signal",
    "at the limit",
    "complete",
    "doubts",
    "repeats",
    "authorised",
    "held to the end",
    "written off",
    "left unpaid",
    "throttled for long",
    "bought again",
    "older answers that stand",
    "short of credits",
    "refused where limits were lowered",
];

impl Seen {
    pub(crate) fn count(&self, what: &str, times: u64) {
        let place = KINDS.iter().position(|kind| *kind == what).unwrap();
        self.0[place].fetch_add(times, Ordering::Relaxed);
    }

    /// A test in which nothing goes wrong shows nothing.
    pub(crate) fn assert_all_happened(&self) {
        for (what, count) in KINDS.iter().zip(&self.0) {
            let count = count.load(Ordering::Relaxed);
            let is_rare = matches!(*what, "written off" | "left unpaid");
            assert!(count > 5 || is_rare, "{what}: {count}");
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (what, count)) in KINDS.iter().zip(&self.0).enumerate() {
            let count = count.load(Ordering::Relaxed);
            write!(f, "{}{count} {what}", if place > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

/// Some questions that somebody has asked again and again, at one account.
pub(crate) struct Pipeline {
    /// Whom it tries, one after the other: places among the accounts of the scene.
    pub(crate) accounts: Vec<usize>,
    /// Its budget at each of them.
    pub(crate) budgets: Vec<Credits>,
    pub(crate) people: Vec<Query>,
    /// The run that is not closed, and those that are.
    pub(crate) run: RunId,
    pub(crate) closed: BTreeSet<RunId>,
    pub(crate) doubtful: Doubtful,
    /// What its last session has left at the provider.
    pub(crate) unpaid: BTreeMap<BatchId, Unpaid>,
}

/// Accounts, and who works with them.
pub(crate) struct Scene {
    /// Accounts, on one disk.
    pub(crate) worlds: Vec<World>,
    pub(crate) tills: Vec<Till>,
    pub(crate) rates: Vec<Rates>,
    pub(crate) pipelines: Vec<Pipeline>,
    pub(crate) laws: Arc<Laws>,
    pub(crate) storm: Arc<Storm>,
    pub(crate) stragglers: bool,
    /// Nothing goes wrong but that processes are stopped.
    pub(crate) is_quiet: bool,
    /// Runs so far.
    pub(crate) runs: i64,
    pub(crate) began: Timestamp,
}

/// With `LEADMILL_STORY` a scene that breaks a promise tells what has happened.
impl Drop for Scene {
    fn drop(&mut self) {
        if std::thread::panicking() && std::env::var_os("LEADMILL_STORY").is_some() {
            for pipeline in &self.pipelines {
                eprintln!(
                    "{:?} {:?} {:?} {:?} {:?}",
                    pipeline.accounts,
                    pipeline.budgets,
                    pipeline.doubtful,
                    pipeline.run,
                    pipeline.closed
                );
            }
            eprintln!("{}", story(&self.worlds[0]));
        }
    }
}

/// Lives through a scene at accounts of one provider, panics if a promise is broken, and tells its trace.
pub(crate) fn live(seed: u64, seen: &Seen) -> String {
    calmly(lived(seed, Scene::of_accounts, seen))
}

/// The same, where pipelines try two providers.
pub(crate) fn live_with_both(seed: u64, seen: &Seen) -> String {
    calmly(lived(seed, Scene::of_waterfalls, seen))
}

fn calmly(scene: impl Future<Output = String>) -> String {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(scene)
}

async fn lived(
    seed: u64,
    scene: impl FnOnce(u64, &mut Dice) -> Scene,
    seen: &Seen,
) -> String {
    let mut dice = Dice::new(seed);
    let mut scene = scene(seed, &mut dice);
    for _ in 0..1 + dice.below(5) {
        scene.episode(&mut dice, seen).await;
    }
    scene.storm.end();
    for (rates, till) in scene.rates.iter_mut().zip(&scene.tills) {
        till.leave(ENOUGH);
        rates.settle(till);
    }
    // What was on its way has arrived.
    sleep(Duration::from_secs(90)).await;
    scene.calm(seen).await;
    scene.judge(seen);
    format!("{:?}", scene.worlds[0].entries())
}

/// What was to happen later has happened.
async fn all_of(later: Vec<JoinHandle<()>>) {
    for one in later {
        one.await.unwrap();
    }
}

impl Scene {
    /// Time goes by, and one pipeline or two at once are at work.
    async fn episode(&mut self, dice: &mut Dice, seen: &Seen) {
        let wait = dice.of(&[0, 0, 0, 60, 3_600, 8 * 86_400, 31 * 86_400]);
        sleep(Duration::from_secs(wait)).await;
        for pipeline in &mut self.pipelines {
            scene::change(pipeline, dice);
        }
        self.lower_budgets(dice);
        for till in &self.tills {
            if dice.chance(0.1) {
                till.leave(dice.below(100));
            }
        }
        let mut later = Vec::new();
        for (rates, till) in self.rates.iter_mut().zip(&self.tills) {
            rates.change(dice, till);
            later.extend(rates.change_later(dice, till));
        }
        if std::env::var_os("LEADMILL_STORY").is_some() {
            eprintln!("{:?} {:?}", self.worlds[0].now(), self.rates);
        }
        self.storm.shut(dice.chance(0.15).then(|| Shut::by(dice)));
        let count = self.pipelines.len() as u64;
        let (one, other) = (dice.below(count) as usize, dice.below(count) as usize);
        let ends = [End::by(dice), End::by(dice)];
        let delay = Duration::from_millis(dice.below(20_000));
        let closes = [dice.chance(0.5), dice.chance(0.5)];
        let full = dice.below(8) as usize;
        let fails = if dice.chance(0.1) { full..full + 3 } else { 0..0 };
        if one == other || dice.chance(0.5) {
            let work = self.work(one, &[], ends[0], &fails);
            let ended = self.session(&work, one, ends[0], seen).await;
            self.ended(one, ended, closes[0]);
            return all_of(later).await;
        }
        let first = self.work(one, &[other], ends[0], &fails);
        let second = self.work(other, &[one], ends[1], &(0..0));
        let after = async {
            sleep(delay).await;
            self.session(&second, other, ends[1], seen).await
        };
        let (ours, theirs) =
            tokio::join!(self.session(&first, one, ends[0], seen), after);
        self.ended(one, ours, closes[0]);
        self.ended(other, theirs, closes[1]);
        all_of(later).await;
    }

    /// Now and then a budget is lowered to less than what the jobs will cost that were begun under it, and still more than
    /// some of them.
    fn lower_budgets(&mut self, dice: &mut Dice) {
        let ledger = self.worlds[0].ledger();
        for pipeline in &mut self.pipelines {
            for (account, budget) in pipeline.accounts.iter().zip(&mut pipeline.budgets) {
                let purse: Arc<str> = self.worlds[*account].account.purse.as_str().into();
                let undecided = ledger.undecided(pipeline.run, &purse);
                if undecided > Credits::ZERO && dice.chance(0.5) {
                    let committed = ledger.committed(pipeline.run, &purse);
                    *budget =
                        committed.less(Credits(1 + dice.below(undecided.0 / 2 + 1)));
                }
            }
        }
    }

    /// A process of a pipeline, beside those of others. Some writes to its journal fail.
    fn work(
        &self,
        pipeline: usize,
        beside: &[usize],
        end: End,
        fails: &Range<usize>,
    ) -> Work {
        let Pipeline { accounts, budgets, run, closed, doubtful, .. } =
            &self.pipelines[pipeline];
        let mut worlds = Vec::new();
        let mut before = None;
        for (account, budget) in accounts.iter().zip(budgets) {
            let mut world = self.worlds[*account].beside(*run);
            self.rates[*account].put_into(&mut world);
            let others = beside.iter().map(|other| self.pipelines[*other].run);
            (world.others, world.siblings) = (others.collect(), closed.clone());
            (world.budget, world.doubtful) = (*budget, Some(*doubtful));
            (world.grace, world.fails) = (end.grace(), fails.clone());
            let terms = Terms {
                pipeline,
                budget: *budget,
                before: before.take(),
                others: world.others.clone(),
                began: world.now(),
                in_doubt: scene::in_doubt(&world),
                written_off: match doubtful.act {
                    InDoubt::Retry => doubtful.budget,
                    InDoubt::Hold | InDoubt::Skip => Credits::ZERO,
                },
            };
            let purse: Arc<str> = world.account.purse.as_str().into();
            before = Some(Arc::clone(&purse));
            self.laws.agree(*run, purse, terms);
            worlds.push(world);
        }
        Work::of(worlds)
    }

    /// One process. Nothing if it died.
    async fn session(
        &self,
        work: &Work,
        pipeline: usize,
        end: End,
        seen: &Seen,
    ) -> Option<scene::Session> {
        let began = self.worlds[0].now();
        let session = work.session(&self.pipelines[pipeline].people, end).await;
        let Some(session) = session else {
            seen.count("crashes", 1);
            return None;
        };
        seen.count("doubts", session.doubts);
        if session.ending == Some(Ending::NoCredit) {
            seen.count("short of credits", 1);
        }
        self.keeps_what_is_known(work, pipeline, seen);
        if session.ending == Some(Ending::Interrupted) {
            seen.count("ends by a signal", 1);
            if self.is_quiet && end.has_time() {
                let ledger = self.worlds[0].ledger();
                let run = work.worlds()[0].run;
                let left = ledger.lines().iter().find(|line| {
                    // What says that it is broken may be a miss, which is a reply too.
                    line.state == State::InDoubt
                        && !line.likely_miss
                        && line.run == run
                        && line.intended_at >= began
                });
                assert!(left.is_none(), "I2: there was time for the reply to {left:?}");
            }
        }
        Some(session)
    }

    /// I17: what was ever known is in the output, as it is or as an older answer.
    fn keeps_what_is_known(&self, work: &Work, pipeline: usize, seen: &Seen) {
        let (worlds, people) = (work.worlds(), &self.pipelines[pipeline].people);
        for (query, row) in people.iter().zip(rows(&worlds, people)) {
            let is_known = worlds
                .iter()
                .any(|world| self.laws.has_known(&world.account.purse, query.key()));
            let has_value = matches!(row.finding, Some(Finding::Hit(_)));
            assert!(has_value || !is_known, "I17: {query:?} was known, and is {row:?}");
            seen.count(
                "older answers that stand",
                u64::from(row.status == Status::Stale),
            );
        }
    }

    /// A run is closed once it is complete, and at its limit if the pipeline says so.
    fn ended(&mut self, pipeline: usize, ended: Option<scene::Session>, closes: bool) {
        let Some(session) = ended else { return };
        self.pipelines[pipeline].unpaid = session.unpaid;
        let is_over = match session.ending {
            Some(Ending::Complete) => true,
            Some(Ending::AtLimit) => closes,
            _ => false,
        };
        if is_over {
            self.close(pipeline);
        }
    }

    fn close(&mut self, pipeline: usize) {
        self.runs += 1;
        let pipeline = &mut self.pipelines[pipeline];
        pipeline.closed.insert(pipeline.run);
        pipeline.run = RunId(self.runs);
    }

    /// I11: the faults have stopped, and each pipeline ends, twice over since one may wait for the other.
    async fn calm(&mut self, seen: &Seen) {
        for pipeline in (0..self.pipelines.len()).chain(0..self.pipelines.len()) {
            let mut endings = Vec::new();
            loop {
                assert!(endings.len() < CALM, "I11: it does not end: {endings:?}");
                let work = self.work(pipeline, &[], End::Not, &(0..0));
                let ended = self.session(&work, pipeline, End::Not, seen).await.unwrap();
                let now = self.worlds[0].now();
                let (ending, resume) = (ended.ending, ended.resume);
                endings.push(ended.said.clone());
                if std::env::var_os("LEADMILL_STORY").is_some() {
                    eprintln!(
                        "calm {now:?} {pipeline} {ending:?} {resume:?} {:?}",
                        endings.last()
                    );
                }
                self.ended(pipeline, Some(ended), false);
                let wait = match ending {
                    Some(Ending::Complete) => {
                        seen.count("complete", 1);
                        break;
                    }
                    Some(Ending::AtLimit) => {
                        seen.count("at the limit", 1);
                        break;
                    }
                    Some(Ending::TooMuchInDoubt) => match resume {
                        // The provider lets nothing through before: what is paid for is fetched then.
                        Some(at) if at > now => at.since(now),
                        _ => break,
                    },
                    Some(Ending::Throttled) => {
                        seen.count("throttled for long", 1);
                        resume.unwrap_or_else(|| panic!("I13: until when?")).since(now)
                    }
                    Some(Ending::DailyQuota | Ending::NoJobSlot) => {
                        resume.map_or(DAY, |at| at.since(now))
                    }
                    _ => Duration::ZERO,
                };
                sleep(wait).await;
            }
        }
    }
}

impl Scene {
    /// Everything else, by the providers' books.
    fn judge(&self, seen: &Seen) {
        let ledger = self.worlds[0].ledger();
        let count = |what, is_so: fn(&Event) -> bool| {
            let entries = self.worlds[0].entries();
            seen.count(
                what,
                entries.iter().filter(|entry| is_so(&entry.event)).count() as u64,
            );
        };
        count("repeats", |event| matches!(event, Event::Repeated { .. }));
        count("authorised", |event| matches!(event, Event::Authorized { .. }));
        let written_off = ledger.lines().iter().filter(|line| is_written_off(line));
        seen.count("written off", written_off.count() as u64);
        for (account, world) in self.worlds.iter().enumerate() {
            let ours = ledger.lines().iter();
            let ours = ours.filter(|line| *line.account == *world.account.purse);
            self.judge_account(account, &ours.collect::<Vec<_>>(), seen);
        }
        for pipeline in &self.pipelines {
            self.judge_output(pipeline, seen);
        }
    }

    fn judge_account(&self, account: usize, lines: &[&Line], seen: &Seen) {
        let (world, till) = (&self.worlds[account], &self.tills[account]);
        let books = till.books();
        let age = world.now().since(self.began);
        let times = 1 + u32::try_from(age.as_secs() / OLD.as_secs()).unwrap();
        let all = OPERATIONS.iter().flat_map(|operation| questions(*operation));
        let mut asked: BTreeMap<String, (u32, &Query)> = BTreeMap::new();
        for query in all {
            asked.entry(books.name(query)).or_insert((0, query)).0 += 1;
        }
        let extra = asked.into_values().map(|(namesakes, query)| {
            let paid = books.paid(query);
            if paid > namesakes {
                seen.count("bought again", 1);
            }
            let more = paid.saturating_sub(times * namesakes);
            u64::from(more) * till.price(query.operation())
        });
        let extra: u64 = extra.sum();
        let written_off = lines.iter().filter(|line| is_written_off(line));
        let allowed: Credits = written_off.map(|line| line.credits).sum();
        assert!(
            extra <= allowed.0,
            "I1: {extra} credits are paid twice, {allowed} may be"
        );
        self.judge_rates(&self.rates[account], &books, seen);
        self.judge_jobs(world, lines, seen);
        let is_known = |line: &&Line| match &line.state {
            State::Settled { statuses, .. } => statuses.iter().all(|status| {
                !matches!(status, Status::UnknownCharged | Status::Deferred)
            }),
            State::Refused { .. } => true,
            _ => false,
        };
        if lines.iter().all(is_known) {
            // Whether nobody found is free is not known of every single call.
            let is_sure = |line: &&&Line| match &line.state {
                State::Settled { statuses, .. } => {
                    line.lane == Lane::Bulk || statuses.contains(&Status::Hit)
                }
                _ => true,
            };
            let sure = lines.iter().filter(is_sure).map(|line| line.credits);
            let (sure, taken) = (sure.sum::<Credits>(), till.taken());
            assert!(sure.0 <= taken, "I3: {taken} are taken, and {sure} surely written");
        }
    }

    /// I7: no window holds more than it should, and no call is refused. Where the server lets less pass than the file says
    /// that is found out, and not tried again and again.
    fn judge_rates(&self, rates: &Rates, books: &Books, seen: &Seen) {
        let refused = books.throttled;
        if !rates.is_known() {
            seen.count("refused where limits were lowered", refused);
            let most = rates.most_refused();
            assert!(refused <= most, "I7: {refused} refused of {most}: {rates:?}");
            return;
        }
        for (length, limit, offered) in &books.windows {
            let is_kept = *length > 5_000 || !self.stragglers;
            assert!(
                !is_kept || offered <= limit,
                "I7: {offered} of {limit} in {length} ms"
            );
        }
        assert!(refused == 0 || self.stragglers, "I7: {:?}", books.windows);
    }

    /// I2: no job is left but those that nobody pays for, which are told.
    fn judge_jobs(&self, world: &World, lines: &[&Line], seen: &Seen) {
        let left = lines.iter().filter(|line| matches!(line.state, State::Accepted(_)));
        for line in left {
            let told = self.pipelines.iter().any(|pipeline| {
                let is_ours =
                    pipeline.run == line.run || pipeline.closed.contains(&line.run);
                is_ours && pipeline.unpaid.contains_key(&line.batch)
            });
            assert!(told, "I2: nobody fetches {line:?}");
            seen.count("left unpaid", 1);
            assert!(world.tomba.is_some(), "I2: it is paid for, and left: {line:?}");
        }
    }

    fn judge_output(&self, pipeline: &Pipeline, seen: &Seen) {
        let ledger = self.worlds[0].ledger();
        let written_off: HashSet<QueryKey> = ledger
            .lines()
            .iter()
            .filter(|line| is_written_off(line))
            .flat_map(|line| line.keys.iter().copied())
            .collect();
        for account in &pipeline.accounts {
            let (world, till) = (&self.worlds[*account], &self.tills[*account]);
            let books = till.books();
            let output = world.output(&pipeline.people);
            // Where namesakes are one to the provider, the other one may have paid.
            let all = questions(pipeline.people[0].operation());
            let found = all.iter().zip(world.output(all));
            let found = found.filter(|(_, (status, finding))| {
                finding.is_some() || *status == Status::UnknownCharged
            });
            let found: BTreeSet<_> = found.map(|(query, _)| books.name(query)).collect();
            for (query, (status, finding)) in pipeline.people.iter().zip(output) {
                let answer = till.answer(query);
                match status {
                    Status::Hit | Status::Stale => {
                        assert!(books.is_asked(query), "I9: {query:?} was never asked");
                        let said = text(finding.as_ref());
                        assert_eq!(Some(said), answer, "I6, I9: {query:?}");
                    }
                    Status::Miss => {
                        assert!(books.is_asked(query), "I9: {query:?} was never asked");
                        assert_eq!(None, answer, "I6, I9: {query:?}");
                    }
                    Status::UnknownCharged => seen.count("held to the end", 1),
                    other => {
                        let is_lost = books.paid(query) > 0
                            && !written_off.contains(&query.key())
                            && !found.contains(&books.name(query));
                        assert!(!is_lost, "I2: {query:?} was charged and is {other:?}");
                    }
                }
            }
        }
    }
}
