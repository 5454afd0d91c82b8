//! Jobs that nobody has paid for: how many, what they cost, and what would pay for them.

use super::AccountSummary;
use leadmill_core::Credits;
use leadmill_engine::{Lacks, Unpaid};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt::Write};

/// For programs: each job.
pub(super) fn unpaid_json(account: &AccountSummary) -> Value {
    let job = |(batch, unpaid): (_, &Unpaid)| {
        let lacks = match unpaid.lacks {
            Lacks::Budget => "budget",
            Lacks::Quota => "quota",
            Lacks::Buying => "run",
            Lacks::ItsPipeline => "its_pipeline",
        };
        json!({
            "batch": format!("{batch}"),
            "job": unpaid.job.0,
            "run": unpaid.run.0,
            "pipeline": account.pipelines.get(&unpaid.run),
            "credits": unpaid.charge.0,
            "lacks": lacks,
        })
    };
    account.report.unpaid.iter().map(job).collect()
}

/// For people: a line for each thing that would pay for some.
pub(super) fn unpaid_text(text: &mut String, account: &AccountSummary) {
    let mut groups: BTreeMap<(Lacks, Option<&str>), (u64, Credits)> = BTreeMap::new();
    for unpaid in account.report.unpaid.values() {
        let pipeline = account.pipelines.get(&unpaid.run).map(String::as_str);
        let pipeline = pipeline.filter(|_| unpaid.lacks == Lacks::ItsPipeline);
        let (jobs, credits) = groups.entry((unpaid.lacks, pipeline)).or_default();
        *jobs += 1;
        *credits += unpaid.charge;
    }
    for ((lacks, pipeline), (jobs, credits)) in groups {
        let pays = match lacks {
            Lacks::Budget => {
                let budget = account.spent + credits;
                format!(
                    "the next run pays if its budget holds them, and this one if `budget.run` is {budget}"
                )
            }
            Lacks::Quota => {
                "the next run pays once the provider's quota covers them".to_owned()
            }
            Lacks::Buying => "`leadmill run` pays for their results".to_owned(),
            Lacks::ItsPipeline => format!(
                "only their own pipeline, `{}`, pays for them; until then nobody else asks their questions",
                pipeline.unwrap_or("unknown")
            ),
        };
        let jobs = match jobs {
            1 => "1 job that is not paid for".to_owned(),
            jobs => format!("{jobs} jobs that are not paid for"),
        };
        _ = writeln!(text, "  noticed: {jobs} ({credits} credits): {pays}");
    }
}
