//! Reveals, enrichments and exports at work. Unlike batches they settle themselves when they end.

use std::sync::Arc;

use tokio::time::Instant;

use super::export::Columns;
use super::field::{Field, price};
use super::population::Population;
use super::replies::opaque;
use super::settlement::settle;
use crate::account::Account;
use crate::batches::counted;
use crate::faults::Fault;
use crate::items::Items;
use crate::job::{Job, JobState, Progress};
use crate::sandbox::Sandbox;
use crate::wallet::NotCovered;

/// A job of the lead finder, beside its [`Job`].
#[derive(Clone, Debug)]
pub(crate) struct LeadJob {
    /// `rj_…` or `ej_…`.
    pub(crate) id: String,
    /// What it does.
    pub(crate) work: Work,
    /// To whom, in order.
    pub(crate) leads: Vec<JobLead>,
    /// The balance that did not cover it, and what it would have taken.
    pub(crate) not_covered: Option<(u64, u64)>,
}

/// What a job does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Reveals these fields.
    Reveal(Vec<Field>),
    /// The same by another path.
    Enrich(Vec<Field>),
    /// Writes a file of this name.
    Export(String, Columns),
}

/// A lead of a job.
#[derive(Clone, Debug)]
pub(crate) struct JobLead {
    /// As it was sent.
    pub(crate) id: String,
    /// Whose it is, if anybody's.
    pub(crate) person: Option<usize>,
    /// What is paid for, unless nothing is on file.
    pub(crate) paid: Vec<Field>,
}

/// A job as it is now.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) lead_job: Arc<LeadJob>,
    pub(crate) job: Job,
    pub(crate) progress: Progress,
    /// Credits taken and given back; nothing before the end.
    pub(crate) used: u64,
    pub(crate) refunded: u64,
    /// When it began and, if it has, ended.
    pub(crate) created: Instant,
    pub(crate) ended: Option<Instant>,
}

impl Work {
    /// What transactions call it.
    pub(crate) fn title(&self) -> &'static str {
        match self {
            Self::Reveal(_) => "Lead reveal",
            Self::Enrich(_) => "Lead enrichment",
            Self::Export(..) => "Lead export",
        }
    }

    /// Whether it makes a file.
    pub(crate) fn is_export(&self) -> bool {
        matches!(self, Self::Export(..))
    }
}

/// The credits for everything that leads are to be paid for.
pub(crate) fn required(leads: &[JobLead]) -> u64 {
    leads.iter().map(|lead| price(&lead.paid)).sum()
}

/// The credits for what is not on file.
pub(crate) fn refund(leads: &[JobLead], population: &Population) -> u64 {
    let missing = |lead: &JobLead, field: Field| {
        let person = lead.person.and_then(|person| population.people.get(person));
        person.is_none_or(|person| !person.has(field))
    };
    let of = |lead: &JobLead| -> u64 {
        let fields = lead.paid.iter().filter(|field| missing(lead, **field));
        fields.map(|field| field.price()).sum()
    };
    leads.iter().map(of).sum()
}

/// Takes what a job may cost and begins it. A reveal that is not covered begins nevertheless, and fails.
pub(crate) fn begin(
    sandbox: &Sandbox,
    account: &mut Account,
    work: Work,
    leads: Vec<JobLead>,
    fault: Fault,
) -> Result<Arc<LeadJob>, NotCovered> {
    let (now, total) = (Instant::now(), leads.len());
    let prefix = if work.is_export() { "ej" } else { "rj" };
    let id = format!("{prefix}_{:016x}", opaque(sandbox, account));
    let named = sandbox.options().deductions_name_batch.then(|| id.clone());
    let description = format!("{}: {}", work.title(), counted(total as u64, "lead"));
    let note = sandbox.note(description, named, now);
    let (balance, required) = (account.wallet.balance(), required(&leads));
    let covered = account.wallet.reserve(required, note);
    if work.is_export() {
        covered?;
    }
    let fault = match fault {
        Fault::None => account.chance.job_fault(total),
        planned => planned,
    };
    let not_covered = covered.is_err().then_some((balance, required));
    // Only their number matters: ids that differ in letter case are not the same.
    let places: Vec<String> = (0..total).map(|place| place.to_string()).collect();
    let job = Job {
        product: work.title(),
        items: Arc::new(Items::distinct(
            work.title(),
            places.iter().map(|place| [place.as_str()]),
        )),
        reserved: if covered.is_ok() { required } else { 0 },
        submitted: now,
        fails_after: not_covered.map_or_else(|| fault.fails_after(), |_| Some(0)),
        delay: fault.delays_by(),
        quirks: account.chance.job_quirks(sandbox.options().quirks, total),
        settlement: None,
    };
    if not_covered.is_none() {
        for lead in &leads {
            for field in &lead.paid {
                let fields = [lead.id.as_str(), field.name()];
                sandbox.note_asked(account, "lead-finder", || fields);
            }
        }
    }
    account.settling.add(job.ends_at(sandbox.options()), &id, settle);
    account.jobs.insert(id.clone(), job);
    let lead_job = Arc::new(LeadJob { id, work, leads, not_covered });
    account.leads.jobs.push(Arc::clone(&lead_job));
    Ok(lead_job)
}

/// A job as it is at `now`, until which all has been settled; if it is known still.
pub(crate) fn see(
    sandbox: &Sandbox,
    account: &Account,
    lead_job: &Arc<LeadJob>,
    now: Instant,
) -> Option<Seen> {
    let options = sandbox.options();
    let job = account.jobs.get(&lead_job.id)?;
    if job.is_forgotten(options, now) {
        return None;
    }
    let progress = job.progress(options, now);
    let ended = progress.state.is_terminal();
    let settled = job.settlement.filter(|_| ended);
    Some(Seen {
        lead_job: Arc::clone(lead_job),
        used: settled.map_or(0, |settled| settled.used + settled.refunded),
        refunded: settled.map_or(0, |settled| settled.refunded),
        created: job.submitted,
        ended: ended.then(|| job.ends_at(options)),
        job: job.clone(),
        progress,
    })
}

impl Seen {
    /// The name of its state; what batches call `queued` is `pending` here.
    pub(crate) fn status(&self) -> &'static str {
        match self.progress.state {
            JobState::Queued => "pending",
            JobState::Processing => "processing",
            JobState::Completed => "completed",
            JobState::Failed => "failed",
        }
    }

    /// Why it failed.
    pub(crate) fn error(&self) -> Option<String> {
        let (done, total) = (self.progress.processed, self.lead_job.leads.len());
        (self.progress.state == JobState::Failed).then(|| {
            match self.lead_job.not_covered {
                Some((balance, required)) => {
                    format!(
                        "Insufficient credits (balance: {balance}, required: {required})"
                    )
                }
                None => {
                    format!("The job stopped after {done} of {total} leads (synthetic)")
                }
            }
        })
    }
}
