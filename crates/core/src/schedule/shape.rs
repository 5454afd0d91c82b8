//! Sizes of batches worth trying.

use super::{Task, course};
use crate::Call;

/// How many times as many batches as needed are tried, and how far apart they are to end.
const COUNTS: [f64; 7] = [1.0, 1.2, 1.5, 2.0, 3.0, 4.0, 6.0];
const STAGGERS: [f64; 4] = [1.0, 0.0, 0.5, 1.5];

/// At most `most` ways to cut the questions into batches, the plainest first.
pub(super) fn candidates(task: &Task<'_>, most: usize) -> Vec<Vec<u32>> {
    let least = usize::try_from(task.questions.div_ceil(u64::from(task.most.max(1))))
        .unwrap_or(usize::MAX)
        .max(1);
    // Where a day has only so many jobs, each is filled: what several small ones win would be lost on the next run.
    if task.is_short_of_jobs() {
        return vec![filled(task.questions, task.most)];
    }
    let mut shapes = vec![equal(task.questions, least, task.most)];
    let mut counts: Vec<usize> =
        COUNTS.iter().map(|times| (least as f64 * times).ceil() as usize).collect();
    // As many batches as the submit windows let through before they are full for the first times.
    for (_, window) in task.windows(Call::Submit) {
        counts.extend([1, 2, 3].map(|times| window.limit.get() as usize * times));
    }
    // A batch of less than a page wastes the rest of it, but for the first few.
    let page = task.offer().map_or(1, |offer| offer.page.get());
    let enough =
        usize::try_from(task.questions.div_ceil(u64::from(page))).unwrap_or(usize::MAX);
    counts.extend([3, 5, 10].map(|times| least * times));
    counts.extend([1, 2, 4].map(|times| enough.saturating_mul(times)));
    let most_batches = enough.saturating_mul(4).max(10);
    counts.retain(|count| *count >= least && (*count <= most_batches || *count == least));
    counts.sort_unstable();
    counts.dedup();
    for count in counts {
        for stagger in STAGGERS {
            shapes.extend(staggered(task, task.questions, count, stagger));
        }
        shapes.push(equal(task.questions, count, task.most));
    }
    for part in [1.0, 0.95, 0.8, 0.6] {
        shapes.extend(in_rounds(task, part));
    }
    shapes.dedup();
    // The rounds stand last: they must not be what is cut.
    let rounds = shapes.split_off(shapes.len().saturating_sub(4));
    shapes.truncate(most.clamp(1, 90));
    shapes.extend(rounds);
    shapes
}

/// As many batches as the submits' longest window lets through at a time, and in each such round as many
/// questions as its pages can be fetched of meanwhile; the last round has the rest, in equal parts.
fn in_rounds(task: &Task<'_>, part: f64) -> Option<Vec<u32>> {
    let longest = |call| {
        let windows = task.windows(call).map(|(_, window)| window);
        windows.max_by_key(|window| (window.per, std::cmp::Reverse(window.limit)))
    };
    let (submits, pages) = (longest(Call::Submit)?, longest(Call::Page)?);
    let count = u64::from(submits.limit.get());
    if submits.per != pages.per || count * 4 > u64::from(pages.limit.get()) {
        return None;
    }
    let fetched = (f64::from(pages.limit.get()) * part) as u64;
    let page = u64::from(task.offer()?.page.get());
    let round = fetched.saturating_sub(count + 4) * page;
    let size = (round / count / page).max(1) * page;
    let size = u32::try_from(size).unwrap_or(task.most).min(task.most);
    let rounds = task.questions / (u64::from(size) * count);
    if rounds == 0 || rounds > 40 {
        return None;
    }
    let whole = usize::try_from(rounds * count).ok()?;
    let rest = task.questions - u64::from(size) * rounds * count;
    let mut sizes = vec![size; whole];
    sizes.extend(equal(rest, usize::try_from(count).ok()?, task.most));
    Some(sizes)
}

/// Full batches, and the rest.
pub(super) fn filled(questions: u64, most: u32) -> Vec<u32> {
    equal(questions, 0, most)
}

/// Batches of equal size.
pub(super) fn equal(questions: u64, count: usize, most: u32) -> Vec<u32> {
    let (mut left, mut sizes) = (questions, Vec::new());
    for nth in 0..count {
        let size = left.div_ceil((count - nth) as u64).min(u64::from(most));
        let size = u32::try_from(size).unwrap_or(most);
        if size > 0 {
            sizes.push(size);
        }
        left -= u64::from(size);
    }
    while left > 0 {
        let size = u32::try_from(left.min(u64::from(most))).unwrap_or(most);
        sizes.push(size);
        left -= u64::from(size);
    }
    sizes
}

/// Batches that end one after the other, each when the pages of the one before are fetched, however late
/// they are submitted: large ones first, small ones last. `stagger` stretches the distance of their ends.
pub(super) fn staggered(
    task: &Task<'_>,
    questions: u64,
    count: usize,
    stagger: f64,
) -> Option<Vec<u32>> {
    let (jobs, most) = (task.jobs, f64::from(task.most));
    if jobs.item <= 0.0 || questions == 0 || count as u64 > questions {
        return None;
    }
    let page = f64::from(task.offer()?.page.get());
    let per_page = task
        .windows(Call::Page)
        .filter(|(_, window)| window.per.as_secs_f64() <= 1.0)
        .map(|(_, window)| window.per.as_secs_f64() / f64::from(window.limit.get()))
        .fold(0.0, f64::max);
    let pages = (questions as f64 / count as f64 / page).ceil();
    let apart = pages * per_page * stagger;
    let begins = course::submit_times(task, count);
    let size = |end: f64, nth: usize, begin: f64| {
        let end = end - apart * (count - 1 - nth) as f64;
        ((end - begin - jobs.fixed) / jobs.item).clamp(0.0, most)
    };
    let sum = |end: f64| -> f64 {
        begins.iter().enumerate().map(|(nth, begin)| size(end, nth, *begin)).sum()
    };
    let (mut low, mut high) =
        (0.0, begins.last()? + apart * count as f64 + jobs.fixed + most * jobs.item);
    if sum(high) < questions as f64 {
        return None;
    }
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if sum(middle) < questions as f64 { low = middle } else { high = middle }
    }
    let mut left = questions;
    let mut sizes: Vec<u32> = Vec::new();
    for (nth, begin) in begins.iter().enumerate() {
        let size = size(high, nth, *begin);
        // Where a batch has several pages, a last one that is not full is a call too many.
        let unit = if size > page * 1.5 { page } else { 1.0 };
        let size = u64::from(((size / unit).round() * unit).min(most) as u32).min(left);
        left -= size;
        if size > 0 {
            sizes.push(u32::try_from(size).unwrap_or(task.most));
        }
    }
    // What rounding left over goes where there is room.
    for size in &mut sizes {
        let more = left.min(u64::from(task.most - *size));
        *size += u32::try_from(more).unwrap_or_default();
        left -= more;
    }
    (left == 0).then_some(sizes)
}
