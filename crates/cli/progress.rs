//! How far a step is: a bar for a person who watches, a line every half minute otherwise.

use crate::terminal::Terminal;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use leadmill_engine::Snapshot;
use std::time::Duration;
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval_at},
};

/// The time between two lines where nobody watches.
const LINE: Duration = Duration::from_secs(30);

/// Shows snapshots of a step until it is dropped.
pub(crate) async fn show(
    step: &str,
    provider: &str,
    snapshots: watch::Receiver<Snapshot>,
    terminal: &Terminal,
) {
    if terminal.is_quiet() {
        return std::future::pending().await;
    }
    let target = ProgressDrawTarget::stderr_with_hz(5);
    let bar = terminal.is_watched().then(|| {
        let bar = ProgressBar::with_draw_target(Some(0), target);
        styled(bar, step, terminal.has_colours())
    });
    run(step, provider, snapshots, terminal, bar).await
}

/// Shows the providers of a step that are at work at the same time, one line each.
#[derive(Debug)]
pub(crate) struct Together<'a> {
    step: &'a str,
    terminal: &'a Terminal,
    bars: MultiProgress,
}

impl<'a> Together<'a> {
    /// Nobody yet.
    pub(crate) fn new(step: &'a str, terminal: &'a Terminal) -> Self {
        let target = ProgressDrawTarget::stderr_with_hz(5);
        Self { step, terminal, bars: MultiProgress::with_draw_target(target) }
    }

    /// Shows snapshots of one of them until it is dropped.
    pub(crate) async fn show(
        &self,
        provider: &str,
        snapshots: watch::Receiver<Snapshot>,
    ) {
        if self.terminal.is_quiet() {
            return std::future::pending().await;
        }
        let bar = self.terminal.is_watched().then(|| {
            let bar = self.bars.add(ProgressBar::new(0));
            styled(bar, self.step, self.terminal.has_colours())
        });
        run(self.step, provider, snapshots, self.terminal, bar).await
    }
}

async fn run(
    step: &str,
    provider: &str,
    mut snapshots: watch::Receiver<Snapshot>,
    terminal: &Terminal,
    bar: Option<ProgressBar>,
) {
    let start = Instant::now();
    let every = if terminal.is_watched() { Duration::from_millis(200) } else { LINE };
    let mut ticks = interval_at(start + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let _clear = Clear(bar.clone());
    loop {
        ticks.tick().await;
        let snapshot = *snapshots.borrow_and_update();
        let text = line(&snapshot, start.elapsed(), provider);
        match &bar {
            Some(bar) => {
                bar.set_length(snapshot.questions);
                bar.set_position(snapshot.done);
                bar.set_message(text);
            }
            None => {
                let Snapshot { done, questions, .. } = snapshot;
                terminal
                    .talk(&format!("{step}: {done} of {questions} questions, {text}\n"));
            }
        }
    }
}

/// Takes the bar away when the step has ended, however it did.
struct Clear(Option<ProgressBar>);

impl Drop for Clear {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

fn styled(bar: ProgressBar, step: &str, colours: bool) -> ProgressBar {
    let template = match colours {
        true => "{prefix:.bold} {bar:30.cyan/dim} {pos}/{len} {msg}",
        false => "{prefix} {bar:30} {pos}/{len} {msg}",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("━╸─"));
    }
    bar.set_prefix(step.to_owned());
    bar
}

fn line(snapshot: &Snapshot, elapsed: Duration, provider: &str) -> String {
    let Snapshot { questions, done, hits, committed, jobs, frozen, settling } = *snapshot;
    let mut text = format!("{hits} hits, {committed} credits at {provider}");
    if jobs > 0 {
        text.push_str(&format!(", {jobs} jobs open"));
    }
    if done > 0 && elapsed.as_secs() > 0 {
        let rate = done as f64 / elapsed.as_secs_f64();
        text.push_str(&format!(", {rate:.0}/s"));
        let left = questions.saturating_sub(done) as f64 / rate;
        if left >= 1.0 {
            text.push_str(&format!(
                ", about {} left",
                duration(Duration::from_secs_f64(left))
            ));
        }
    }
    if settling {
        text.push_str(", waits until a charge in doubt would show");
    }
    if let Some(seconds) = frozen {
        text.push_str(&format!(", told to wait {seconds} s"));
    }
    text
}

/// A length of time for people: `42 s`, `3 min 20 s`, `5 h 10 min`, `2 d 3 h`.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64().ceil() as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}
