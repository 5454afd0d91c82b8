//! The bound against the figures that performance.md publishes.

use super::Model;
use crate::service::Service;

/// How far ours may lie below a published figure: they are rounded, and read to about 1 %.
const BELOW: f64 = 0.02;

/// How far above. Ours counts pages by whole windows, the published ones seem to let them flow, which
/// is below what a rolling log allows where only a few bursts of pages are fetched.
const ABOVE: f64 = 0.03;

/// The headline table of performance.md: plan, questions, seconds.
const PUBLISHED: &[(&str, u64, f64)] = &[
    ("free", 1_000, 18.1),
    ("free", 100_000, 16.1 * MINUTE),
    ("free", 1_000_000, 2.8 * HOUR),
    ("free", 10_000_000, 27.8 * HOUR),
    ("growth", 1_000, 16.3),
    ("growth", 100_000, 3.1 * MINUTE),
    ("growth", 1_000_000, 33.1 * MINUTE),
    ("growth", 10_000_000, 5.6 * HOUR),
    ("scale", 100_000, 52.0),
    ("scale", 1_000_000, 9.3 * MINUTE),
    ("scale", 10_000_000, 99.0 * MINUTE),
    ("pro", 1_000, 9.9),
    ("pro", 100_000, 31.0),
    ("pro", 1_000_000, 2.4 * MINUTE),
    ("pro", 10_000_000, 20.4 * MINUTE),
    ("enterprise", 1_000_000, 64.0),
    ("enterprise", 10_000_000, 10.1 * MINUTE),
    ("email-finder", 100_000, 4.3 * MINUTE),
    ("email-finder", 1_000_000, 15.7 * HOUR),
    ("email-finder", 10_000_000, 6.9 * DAY),
];

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3_600.0;
const DAY: f64 = 86_400.0;

/// Every published figure beside ours, and whether all of them agree.
pub(crate) fn check(services: &[Service]) -> (String, bool) {
    let mut lines = String::from("| plan | questions | published s | ours s | off |\n");
    lines.push_str("| --- | --- | --- | --- | --- |\n");
    let mut agree = true;
    for (plan, questions, published) in PUBLISHED {
        let Some(service) = services.iter().find(|service| service.plan == *plan) else {
            return (format!("no plan is called {plan}\n"), false);
        };
        let model = Model { published: true, ..service.model(*questions, 0.0) };
        let ours = model.bound().time;
        let off = ours / published - 1.0;
        agree &= (-BELOW..=ABOVE).contains(&off);
        let line = format!(
            "| {plan} | {questions} | {published:.1} | {ours:.1} | {:+.1} % |\n",
            off * 100.0
        );
        lines.push_str(&line);
    }
    (lines, agree)
}
