//! How fast a lane can be, judged from the windows alone.

use crate::{Account, Call, Lane, Operation, Window};
use std::time::Duration;

/// Most calls that are in flight at once.
pub const AT_ONCE: u64 = 256;

/// The soonest that the last of `calls` can be sent under all of `windows`, starting with empty ones.
///
/// The k-th call of a window of n in t cannot leave before t × ⌊k / n⌋.
pub fn soonest(windows: &[Window], calls: u64) -> Duration {
    let Some(last) = calls.checked_sub(1) else { return Duration::ZERO };
    // A burst within a longer window repeats in each of its stretches, so the two add up.
    let mut windows = windows.to_vec();
    windows.sort_by_key(|window| window.per);
    let mut left = last;
    let mut wait = Duration::ZERO;
    for window in windows.iter().rev() {
        let limit = u64::from(window.limit.get());
        wait += multiply(window.per, left / limit);
        left %= limit;
    }
    let alone = windows.iter().map(|w| multiply(w.per, last / u64::from(w.limit.get())));
    alone.max().unwrap_or_default().max(wait)
}

fn multiply(time: Duration, times: u64) -> Duration {
    Duration::from_secs_f64((time.as_secs_f64() * times as f64).min(1e15))
}

/// The windows of a call.
pub fn windows(account: &Account, call: Call) -> Vec<Window> {
    account.windows_of(call).map(|(_, window)| window).collect()
}

/// About how long `questions` take in a lane, under the limits and the pack's typical times.
pub fn estimate(
    account: &Account,
    operation: Operation,
    lane: Lane,
    questions: u64,
) -> Duration {
    let Some(offer) = account.offer(operation) else { return Duration::ZERO };
    if questions == 0 {
        return Duration::ZERO;
    }
    let jobs = &account.pack.jobs;
    match lane {
        Lane::Single => {
            let rounds = questions.div_ceil(AT_ONCE);
            let every = soonest(&windows(account, Call::Ask), questions) + jobs.single.0;
            every.max(multiply(jobs.single.0, rounds))
        }
        Lane::Bulk => {
            let size = u64::from(offer.batch.get()).min(questions);
            let batches = questions.div_ceil(size);
            let pages = batches * size.div_ceil(u64::from(offer.page.get()));
            let polls = batches;
            let submit = soonest(&windows(account, Call::Submit), batches);
            let every = soonest(&windows(account, Call::Page), batches + pages + polls);
            let items =
                Duration::from_secs(size / u64::from(jobs.items_per_second.get()));
            submit.max(every) + jobs.typical.0 + items
        }
    }
}

/// The least time that `questions` take in a lane: what the windows alone allow, were every job instant.
pub fn shortest(
    account: &Account,
    operation: Operation,
    lane: Lane,
    questions: u64,
) -> Duration {
    let Some(offer) = account.offer(operation) else { return Duration::ZERO };
    match lane {
        Lane::Single => soonest(&windows(account, Call::Ask), questions),
        Lane::Bulk => {
            let batches = questions.div_ceil(u64::from(offer.batch.get()));
            let pages = questions.div_ceil(u64::from(offer.page.get()));
            let submit = soonest(&windows(account, Call::Submit), batches);
            submit.max(soonest(&windows(account, Call::Page), batches + pages))
        }
    }
}

/// The lane that ends sooner; single calls where it makes no difference.
pub fn faster(account: &Account, operation: Operation, questions: u64) -> Lane {
    let single = estimate(account, operation, Lane::Single, questions);
    match single <= estimate(account, operation, Lane::Bulk, questions) {
        true => Lane::Single,
        false => Lane::Bulk,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soonest_secs(windows: &[&str], calls: u64) -> u64 {
        let windows: Vec<Window> = windows.iter().map(|w| w.parse().unwrap()).collect();
        soonest(&windows, calls).as_secs()
    }

    #[test]
    fn the_soonest_end_honours_every_window() {
        assert_eq!(soonest_secs(&["25/1s", "300/60s"], 25), 0);
        assert_eq!(soonest_secs(&["25/1s", "300/60s"], 26), 1);
        assert_eq!(soonest_secs(&["25/1s", "300/60s"], 300), 11);
        assert_eq!(soonest_secs(&["25/1s", "300/60s"], 301), 60);
        assert_eq!(soonest_secs(&["25/1s", "300/60s", "100/60s"], 101), 60);
        assert_eq!(soonest_secs(&[], 1_000_000), 0);
        assert_eq!(soonest_secs(&["1/1s"], 0), 0);
    }
}
