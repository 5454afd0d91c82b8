//! What a run came to: for people on stderr, for programs as one line of JSON.

mod unpaid;

use crate::{
    calendar::time,
    exit::{BETWEEN, Exit},
    needs::Counts,
    pipeline::{AtLimit, Order},
    progress::duration,
    remedy::Remedy,
};
use leadmill_core::{Credits, RunId, Status, Timestamp, schedule::Lanes};
use leadmill_engine::{Billed, Doubt, Ending, Report};
use leadmill_tables::Written;
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt::Write, sync::Arc, time::Duration};
use unpaid::{unpaid_json, unpaid_text};

/// One step.
#[derive(Debug)]
pub(crate) struct StepSummary {
    pub(crate) name: String,
    pub(crate) operation: &'static str,
    /// How the order of its providers came about.
    pub(crate) order: Order,
    /// Whom it asks, in this order.
    pub(crate) providers: Vec<ProviderSummary>,
    pub(crate) counts: Counts,
    pub(crate) ending: Ending,
    /// Rows of the output, by status.
    pub(crate) rows: BTreeMap<Status, u64>,
    /// Rows of the output without an answer of which a person has said that it is given up.
    pub(crate) given_up: u64,
    /// Rows of the output for which an older answer stands, and whose newer question has failed or is held.
    pub(crate) stale_held: u64,
}

/// One provider that a step asks.
#[derive(Debug)]
pub(crate) struct ProviderSummary {
    pub(crate) name: String,
    /// How questions have travelled, if any has.
    pub(crate) lanes: Option<Lanes>,
    /// Questions that were put to it in this session.
    pub(crate) asked: u64,
    pub(crate) ending: Ending,
    /// Leads whose answer is its own, whenever it was given.
    pub(crate) rows: u64,
}

impl StepSummary {
    fn providers(&self) -> String {
        let names = self.providers.iter().map(|provider| provider.name.as_str());
        names.collect::<Vec<_>>().join(", ")
    }

    /// Rows of the output for which an older answer stands.
    fn stale(&self) -> u64 {
        self.rows.get(&Status::Stale).copied().unwrap_or_default()
    }

    /// How questions have travelled, to whomever.
    fn lanes(&self) -> Option<Lanes> {
        let mut lanes = self.providers.iter().filter_map(|provider| provider.lanes);
        let first = lanes.next()?;
        Some(match lanes.all(|lanes| lanes == first) {
            true => first,
            false => Lanes::Both,
        })
    }
}

/// One provider.
#[derive(Debug)]
pub(crate) struct AccountSummary {
    /// Whose account it is.
    pub(crate) account: Option<Arc<str>>,
    pub(crate) report: Report,
    /// Every batch at this account whose fate is unknown, whichever session bought it.
    pub(crate) doubts: Vec<Doubt>,
    /// Every batch at this account with questions that were settled without an answer, until a person resolves it.
    pub(crate) unanswered: Vec<Doubt>,
    /// Spent and held by the whole run.
    pub(crate) committed: Credits,
    pub(crate) budget: Option<Credits>,
    /// The names of the pipelines that have begun jobs which nobody has paid for.
    pub(crate) pipelines: BTreeMap<RunId, String>,
    /// What the run has spent, or may have: without the reserves of jobs that are not paid for.
    pub(crate) spent: Credits,
}

/// A session of a run.
#[derive(Debug)]
pub(crate) struct Summary {
    pub(crate) pipeline: String,
    pub(crate) run: i64,
    pub(crate) resumed: bool,
    pub(crate) exit: Exit,
    pub(crate) ending: Ending,
    /// What the pipeline does at the end of its budget.
    pub(crate) at_limit: AtLimit,
    pub(crate) steps: Vec<StepSummary>,
    pub(crate) accounts: BTreeMap<String, AccountSummary>,
    pub(crate) output: Option<Written>,
    pub(crate) errors: Option<Written>,
    pub(crate) took: Duration,
    /// The command that ends doubts.
    pub(crate) remedy: Remedy,
}

impl Summary {
    /// Whether there is nothing left to do in this run: the next one begins anew.
    pub(crate) fn is_closed(&self) -> bool {
        match self.ending {
            Ending::Complete => true,
            Ending::AtLimit => self.at_limit == AtLimit::Finish,
            _ => false,
        }
    }

    /// Rows whose question has failed, is held or, where this run will not ask it any more, deferred; also where an older
    /// answer stands.
    pub(crate) fn unfinished(&self) -> u64 {
        let bad: &[Status] = match self.is_closed() {
            true => &[Status::Failed, Status::UnknownCharged, Status::Deferred],
            false => &[Status::Failed, Status::UnknownCharged],
        };
        let rows = self.steps.iter().flat_map(|step| &step.rows);
        let rows: u64 =
            rows.filter(|(status, _)| bad.contains(status)).map(|(_, rows)| rows).sum();
        let stale = self.steps.iter().map(|step| match self.is_closed() {
            true => step.stale(),
            false => step.stale_held,
        });
        let rows = rows + stale.sum::<u64>();
        // A person has seen those, and nothing is to be done about them.
        rows - self.steps.iter().map(|step| step.given_up).sum::<u64>().min(rows)
    }

    /// Whether nothing had to be asked, and nothing had to be fetched.
    pub(crate) fn did_nothing(&self) -> bool {
        self.accounts.values().all(|AccountSummary { report, .. }| {
            report.asked + report.hits + report.misses + report.failed == 0
        })
    }

    const fn status(&self) -> &'static str {
        match (self.ending, self.exit) {
            (Ending::Interrupted, _) => "interrupted",
            (Ending::Fetched, _) => "fetched",
            (Ending::AtLimit, _) => "at_limit",
            (Ending::DailyQuota, _) => "daily_quota",
            (Ending::NoJobSlot, _) => "no_job_slot",
            (Ending::AtOthers, _) => "at_others",
            (Ending::Throttled, _) => "throttled",
            (Ending::NoCredit, _) => "no_credit",
            (Ending::GaveUp, _) => "gave_up",
            (Ending::Intercepted, _) => "intercepted",
            (Ending::TooMuchInDoubt, _) => "too_much_in_doubt",
            (Ending::Complete, Exit::Partial) => "partial",
            (Ending::Complete, Exit::NothingToDo) => "nothing_to_do",
            (Ending::Complete, _) => "done",
        }
    }

    /// When a quota that ended the run is open again.
    fn resume_after(&self) -> Option<Timestamp> {
        self.accounts.values().filter_map(|account| account.report.resume_at).max()
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        let written = |written: &Option<Written>| {
            written.as_ref().map(|written| {
                json!({ "location": written.location, "rows": written.rows, "bytes": written.bytes })
            })
        };
        json!({
            "status": self.status(),
            "exit_code": self.exit.code(),
            "retryable": matches!(self.exit, Exit::Failed | Exit::Later | Exit::Signal(_)),
            "resume_after": self.resume_after().map(time),
            "pipeline": self.pipeline,
            "run": self.run,
            "resumed": self.resumed,
            "closed": self.is_closed(),
            "rows": self.steps.first().map(|step| step.counts.rows),
            "steps": self.steps.iter().map(step_json).collect::<Vec<_>>(),
            "accounts": self.accounts.iter().map(|(name, account)| (name, account_json(account)))
                .collect::<BTreeMap<_, _>>(),
            "resolve": self.remedy.json(&self.waiting()),
            "output": written(&self.output),
            "errors": written(&self.errors),
            "seconds": (self.took.as_secs_f64() * 1000.0).round() / 1000.0,
        })
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for step in &self.steps {
            let Counts { rows, no_input, duplicates, reused, held, to_buy } = step.counts;
            let lanes =
                step.lanes().map_or_else(String::new, |lanes| format!(", {lanes}"));
            let providers = step.providers();
            _ = writeln!(
                text,
                "{} ({} at {providers}{lanes})",
                step.name, step.operation
            );
            _ = writeln!(
                text,
                "  {rows} rows: {no_input} without a question, {duplicates} duplicates, {reused} known, {held} held, {to_buy} to ask"
            );
            for provider in step.providers.iter().filter(|_| step.providers.len() > 1) {
                let ProviderSummary { name, lanes, asked, rows, .. } = provider;
                let lanes = lanes.map_or_else(String::new, |lanes| format!(" ({lanes})"));
                _ = writeln!(
                    text,
                    "  {name}: {asked} asked{lanes}, {rows} rows answered"
                );
            }
            let counts: Vec<String> = step
                .rows
                .iter()
                .map(|(status, rows)| format!("{rows} {status}"))
                .collect();
            if !counts.is_empty() {
                _ = writeln!(text, "  output: {}", counts.join(", "));
            }
            if step.stale() > 0 {
                _ = writeln!(
                    text,
                    "  {} rows keep an older answer (stale): a newer one could not be bought",
                    step.stale()
                );
            }
            if step.given_up > 0 {
                _ = writeln!(
                    text,
                    "  {} rows without an answer were given up by `leadmill resolve`",
                    step.given_up
                );
            }
        }
        self.accounts
            .iter()
            .for_each(|(name, account)| account_text(&mut text, name, account));
        text.extend(self.remedy.line(&self.waiting()));
        for (what, written) in [("output", &self.output), ("errors", &self.errors)] {
            if let Some(Written { location, rows, bytes }) = written {
                _ = writeln!(text, "{what}: {location} ({rows} rows, {bytes} bytes)");
            }
        }
        _ = writeln!(text, "{} (took {})", self.sentence(), duration(self.took));
        text
    }

    fn too_much_in_doubt(&self) -> String {
        let bounds = self.accounts.iter().filter_map(|(name, account)| {
            let (sum, limit) = account.report.in_doubt?;
            Some(format!(
                "{sum} credits are in doubt at {name}, and `in_doubt_limit` allows {limit}"
            ))
        });
        let bounds: Vec<String> = bounds.collect();
        format!(
            "stopped: {}. End doubts with `{}` (or --job ID, --ask-again, --give-up), or raise the limit, and run again",
            bounds.join("; "),
            self.remedy.command(&self.waiting())
        )
    }

    /// The batches that wait for a person.
    fn waiting(&self) -> Vec<String> {
        let batches = self.accounts.values().flat_map(|account| {
            let AccountSummary { doubts, unanswered, .. } = account;
            doubts.iter().chain(unanswered).map(|doubt| doubt.batch.to_string())
        });
        batches.collect()
    }

    fn later(&self, why: &str) -> String {
        let after = self.resume_after().map(|at| format!(" after {}", time(at)));
        format!("stopped: {why}; run again{} to go on", after.unwrap_or_default())
    }

    fn sentence(&self) -> String {
        match (self.ending, self.exit) {
            (Ending::Interrupted, _) => "interrupted: run again to go on".to_owned(),
            (Ending::Fetched, _) => {
                "fetched what was paid for; `leadmill run` asks the rest".to_owned()
            }
            (Ending::AtLimit, _) if self.is_closed() => format!(
                "finished at the budget, with {} failed or deferred rows; the next run begins anew, with a budget of its own",
                self.unfinished()
            ),
            (Ending::AtLimit, _) => {
                "stopped at the budget: raise `budget.run` and run again to go on"
                    .to_owned()
            }
            (Ending::DailyQuota, _) => self.later("the day's jobs are used up"),
            (Ending::NoJobSlot, _) => self.later("every job slot is taken"),
            (Ending::AtOthers, _) => {
                self.later("another process still works on batches of this run")
            }
            (Ending::Throttled, _) => self.later("the rate limits let nothing through"),
            (Ending::NoCredit, _) => {
                "stopped: the wallet is empty; top it up and run again to go on"
                    .to_owned()
            }
            (Ending::GaveUp, _) => {
                "stopped: the provider lost one reply after the other; run again later to go on"
                    .to_owned()
            }
            (Ending::Intercepted, _) => format!(
                "stopped: somebody else than the provider answers paid calls; {BETWEEN}, then run again to go on"
            ),
            (Ending::TooMuchInDoubt, _) => self.too_much_in_doubt(),
            (Ending::Complete, Exit::Partial) => {
                format!("done, with {} failed or held rows", self.unfinished())
            }
            (Ending::Complete, _) => "done".to_owned(),
        }
    }
}

fn step_json(step: &StepSummary) -> Value {
    let Counts { rows, no_input, duplicates, reused, held, to_buy } = step.counts;
    let statuses: BTreeMap<&str, u64> =
        step.rows.iter().map(|(status, rows)| (status.name(), *rows)).collect();
    json!({
        "name": step.name,
        "operation": step.operation,
        "provider": step.providers(),
        "providers": step.providers.iter().map(provider_json).collect::<Vec<_>>(),
        "order": step.order.name(),
        "lane": step.lanes().map(|lanes| lanes.to_string()),
        "complete": step.ending == Ending::Complete,
        "rows": rows,
        "no_input": no_input,
        "duplicates": duplicates,
        "reused": reused,
        "held": held,
        "to_buy": to_buy,
        "status": statuses,
        "given_up": step.given_up,
        "stale": step.stale(),
    })
}

fn provider_json(provider: &ProviderSummary) -> Value {
    json!({
        "provider": provider.name,
        "lane": provider.lanes.map(|lanes| lanes.to_string()),
        "complete": provider.ending == Ending::Complete,
        "asked": provider.asked,
        "rows": provider.rows,
    })
}

fn account_json(account: &AccountSummary) -> Value {
    let AccountSummary { report, doubts, unanswered, committed, budget, .. } = account;
    let doubts: Vec<Value> = doubts.iter().map(doubt_json).collect();
    let unanswered: Vec<Value> = unanswered.iter().map(doubt_json).collect();
    json!({
        "account": account.account.as_deref(),
        "asked": report.asked,
        "hits": report.hits,
        "misses": report.misses,
        "failed": report.failed,
        "credits_spent": report.spent.0,
        "credits_committed": committed.0,
        "budget": budget.map(|budget| budget.0),
        "balance": report.balance.map(|balance| balance.0),
        "calls": report.calls,
        "throttled": report.throttled,
        "left_to_others": report.left_to_others,
        "learnt_limits": report.learnt.iter().map(|learnt| json!({
            "scope": learnt.scope,
            "known": learnt.known.map(|known| known.to_string()),
            "found": learnt.found.to_string(),
            "by": learnt.source.name(),
        })).collect::<Vec<_>>(),
        "limits_unread": report.limits_unread,
        "billed_otherwise": {
            "answers": report.billed.answers,
            "less": report.billed.less.0,
            "more": report.billed.more.0,
        },
        "log_unread": report.log_unread,
        "missing_items": report.missing,
        "partial_jobs": report.partial,
        "reserved_for_one": report.dearer.iter()
            .map(|(operation, credits)| (operation.name(), credits.0))
            .collect::<BTreeMap<_, _>>(),
        "unpaid_jobs": report.unpaid.len(),
        "unpaid": unpaid_json(account),
        "duplicated_items": report.duplicated,
        "foreign_items": report.foreign,
        "in_doubt": doubts,
        "in_doubt_limit": report.in_doubt.map(|(_, limit)| limit.0),
        "unanswered": unanswered,
        "trouble": report.trouble,
        "lost_jobs": report.gone,
        "refusals": report.refusals,
    })
}

/// What was found out of limits, and what was not.
fn limits_text(text: &mut String, report: &Report) {
    for learnt in &report.learnt {
        _ = writeln!(text, "  noticed: another limit than known: {learnt}");
    }
    if let Some(reason) = &report.limits_unread {
        _ = writeln!(text, "  noticed: the account's own limits are not known: {reason}");
    }
}

/// What the provider's log of calls says of what was booked, and that it says nothing.
fn bills_text(text: &mut String, report: &Report) {
    let Billed { answers, less, more } = report.billed;
    if answers > 0 {
        _ = writeln!(
            text,
            "  billed by the provider's log: {answers} answers, {less} credits less and {more} more than booked",
        );
    }
    if let Some(reason) = &report.log_unread {
        _ = writeln!(
            text,
            "  noticed: the provider's log of calls cannot be read, so credits are by the price list: {reason}"
        );
    }
}

fn doubt_json(doubt: &Doubt) -> Value {
    json!({
        "batch": doubt.batch.to_string(),
        "at": doubt.at.0,
        "questions": doubt.questions,
        "reserve": doubt.reserve.0,
        "reason": doubt.reason,
    })
}

fn account_text(text: &mut String, name: &str, account: &AccountSummary) {
    let AccountSummary { report, doubts, unanswered, committed, .. } = account;
    let calls: u64 = report.calls.values().sum();
    let balance = report
        .balance
        .map_or_else(String::new, |left| format!(", {left} left in the wallet"));
    _ = writeln!(
        text,
        "{name}: {} asked, {} credits spent now, {committed} spent or held by the run{balance}; {calls} calls, {} times throttled",
        report.asked, report.spent, report.throttled
    );
    for (count, what) in [
        (
            report.left_to_others,
            "questions that another run is asking: run again for their answers",
        ),
        (report.missing, "items missing from the results"),
        (report.partial, "jobs that the provider ended before they had found everything"),
        (report.duplicated, "items more than once in the results"),
        (report.foreign, "items in the results that nobody asked for or nobody can read"),
    ] {
        if count > 0 {
            _ = writeln!(text, "  noticed: {count} {what}");
        }
    }
    unpaid_text(text, account);
    for (operation, credits) in &report.dearer {
        _ = writeln!(
            text,
            "  noticed: an answer to {operation} has cost more than was reserved for it: {credits} credits are reserved for each single call"
        );
    }
    limits_text(text, report);
    bills_text(text, report);
    for (reason, questions) in &report.refusals {
        _ = writeln!(text, "  refused: {questions} questions: {reason}");
    }
    if let Some(trouble) = &report.trouble {
        _ = writeln!(text, "  reason: {trouble}");
    }
    for doubt in doubts {
        _ = writeln!(
            text,
            "  in doubt: batch {} of {} questions, at most {} credits: {}",
            doubt.batch, doubt.questions, doubt.reserve, doubt.reason
        );
    }
    for doubt in unanswered {
        _ = writeln!(
            text,
            "  without an answer: {} questions of batch {}, {} credits: {}",
            doubt.questions, doubt.batch, doubt.reserve, doubt.reason
        );
    }
    for job in &report.gone {
        _ = writeln!(text, "  lost: {job}");
    }
}
