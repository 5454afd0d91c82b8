//! `leadmill report`: what each step has got for its money at each provider, by the journal.

use crate::{
    args::ReportArgs,
    exit::{Exit, Failure},
    prepared, stale,
    table::table,
    terminal::Terminal,
    whose,
};
use leadmill_core::{
    Credits, KeyMap, Ledger, Line, Operation, RunId, State, Status, identity::provider_of,
};
use leadmill_state::{RunRecord, Store};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// What a step's questions have come to at one account.
#[derive(Debug)]
struct Entry {
    step: Arc<str>,
    operation: Operation,
    /// Whose wallet.
    account: Arc<str>,
    asked: u64,
    hits: u64,
    misses: u64,
    /// Neither: failed, or still open.
    other: u64,
    /// Spent, and held by what is open.
    credits: Credits,
    /// Questions of which it has the last word, and that is a hit: what it adds to the others of the step.
    added: u64,
}

/// Which entry had the last word on each question of a step, and whether that was a hit.
type LastWords = KeyMap<(usize, bool)>;

/// Shows what the runs of a state have asked and paid, by step and provider. A state folder may be given in place
/// of the file's.
pub(crate) async fn report(
    args: &ReportArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let place = prepared::state_of(&args.file, terminal)?;
    let (ledger, runs) = match Store::look(&place).await? {
        Some(store) => (whose::ledger(&store).await?, store.runs().await?),
        None => (Ledger::default(), Vec::new()),
    };
    // What rows have come to is told by the latest output.
    let of_run = |run: &&RunRecord| match args.run {
        Some(id) => run.id == RunId(id),
        None => run.summary.is_some(),
    };
    let stale = runs.iter().rev().find(of_run).map(stale::of).unwrap_or_default();
    let entries = entries(&ledger, args.run.map(RunId));
    match entries.is_empty() {
        true => terminal.print("nothing was asked\n"),
        false => terminal.print(&text(&entries)),
    }
    for (step, rows) in &stale {
        terminal.print(&format!("{}\n", stale::told(step, *rows)));
    }
    terminal.last_line(&json!({
        "stale": stale,
        "state": place.to_string(),
        "run": args.run,
        "steps": entries.iter().map(|entry| json(entry, &entries)).collect::<Vec<_>>(),
    }));
    Ok(Exit::Done)
}

/// By step and account, in the order in which they were first asked; of one run, or of all.
fn entries(ledger: &Ledger, run: Option<RunId>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut words: BTreeMap<Arc<str>, LastWords> = BTreeMap::new();
    let lines = ledger.lines().iter();
    let lines = lines.filter(|line| run.is_none_or(|run| line.run == run));
    for line in lines.filter(|line| !matches!(line.state, State::Refused { .. })) {
        let place = place_of(&mut entries, line);
        let Some(entry) = entries.get_mut(place) else { continue };
        let last = words.entry(Arc::clone(&line.step)).or_default();
        entry.asked += line.keys.len() as u64;
        entry.credits += line.credits;
        let State::Settled { statuses, .. } = &line.state else {
            entry.other += line.keys.len() as u64;
            continue;
        };
        for (key, status) in line.keys.iter().zip(statuses.iter()) {
            match status {
                Status::Hit => entry.hits += 1,
                Status::Miss => entry.misses += 1,
                _ => {
                    entry.other += 1;
                    continue;
                }
            }
            last.insert(*key, (place, *status == Status::Hit));
        }
    }
    for (place, is_hit) in words.values().flat_map(|last| last.values()) {
        if let (true, Some(entry)) = (*is_hit, entries.get_mut(*place)) {
            entry.added += 1;
        }
    }
    entries
}

fn place_of(entries: &mut Vec<Entry>, line: &Line) -> usize {
    let known = entries.iter().position(|entry| {
        (&entry.step, &entry.account, entry.operation)
            == (&line.step, &line.account, line.operation)
    });
    known.unwrap_or_else(|| {
        entries.push(Entry {
            step: Arc::clone(&line.step),
            operation: line.operation,
            account: Arc::clone(&line.account),
            asked: 0,
            hits: 0,
            misses: 0,
            other: 0,
            credits: Credits::ZERO,
            added: 0,
        });
        entries.len() - 1
    })
}

impl Entry {
    /// The part of the answers that are hits.
    fn hit_rate(&self) -> Option<f64> {
        let answered = self.hits + self.misses;
        (answered > 0).then(|| self.hits as f64 / answered as f64)
    }

    fn cost_per(&self, hits: u64) -> Option<f64> {
        (hits > 0).then(|| self.credits.0 as f64 / hits as f64)
    }

    /// Whether others are asked in the same step.
    fn is_of_waterfall(&self, entries: &[Self]) -> bool {
        entries.iter().filter(|entry| entry.step == self.step).count() > 1
    }
}

fn text(entries: &[Entry]) -> String {
    let heads = [
        "step",
        "operation",
        "provider",
        "asked",
        "hits",
        "misses",
        "other",
        "hit rate",
        "credits",
        "per hit",
        "added",
        "per added",
    ];
    let number = |number: Option<f64>| {
        number.map_or_else(|| "-".to_owned(), |number| format!("{number:.2}"))
    };
    let row = |entry: &Entry| {
        let rate = entry.hit_rate().map(|rate| format!("{:.1}%", rate * 100.0));
        let (added, marginal) = match entry.is_of_waterfall(entries) {
            true => (entry.added.to_string(), number(entry.cost_per(entry.added))),
            false => ("-".to_owned(), "-".to_owned()),
        };
        [
            entry.step.to_string(),
            entry.operation.to_string(),
            entry.account.to_string(),
            entry.asked.to_string(),
            entry.hits.to_string(),
            entry.misses.to_string(),
            entry.other.to_string(),
            rate.unwrap_or_else(|| "-".to_owned()),
            entry.credits.to_string(),
            number(entry.cost_per(entry.hits)),
            added,
            marginal,
        ]
    };
    table(heads, entries.iter().map(row))
}

fn json(entry: &Entry, entries: &[Entry]) -> Value {
    let is_of_waterfall = entry.is_of_waterfall(entries);
    json!({
        "step": &*entry.step,
        "operation": entry.operation.name(),
        "provider": provider_of(&entry.account),
        "account": &*entry.account,
        "asked": entry.asked,
        "hits": entry.hits,
        "misses": entry.misses,
        "other": entry.other,
        "hit_rate": entry.hit_rate(),
        "credits": entry.credits.0,
        "credits_per_hit": entry.cost_per(entry.hits),
        "hits_added": is_of_waterfall.then_some(entry.added),
        "credits_per_added_hit":
            is_of_waterfall.then(|| entry.cost_per(entry.added)).flatten(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use leadmill_core::{
        BatchId, Entry as Written, Event, Lane, Part, QueryKey, Timestamp,
    };

    fn bought(
        ledger: &mut Ledger,
        run: i64,
        account: &str,
        (cost, keys): (u64, &[(u8, Status)]),
    ) {
        let batch = BatchId(ledger.lines().len() as u64);
        let intended = Event::Intended {
            account: account.into(),
            step: "mail".into(),
            operation: Operation::FindEmail,
            lane: Lane::Single,
            reserve: Credits(cost),
            anchor: None,
            moment: None,
            keys: keys.iter().map(|(key, _)| QueryKey([*key; 16])).collect(),
        };
        let statuses = keys.iter().map(|(_, status)| *status).collect();
        let (cost, part) = (Credits(cost), Part::Inline([].into()));
        let settled = Event::Settled { cost, statuses, part };
        for event in [intended, settled] {
            let (at, run) = (Timestamp(1), RunId(run));
            ledger.apply(&Written { at, run, batch, event }).unwrap();
        }
    }

    /// The first finds three, of which one is turned down and one of those that it misses is found by the second.
    #[test]
    fn what_a_provider_adds_is_what_the_others_did_not_find() {
        use Status::{Failed, Hit, Miss};
        let mut ledger = Ledger::default();
        let first = [(1, Hit), (2, Hit), (3, Hit), (4, Miss), (5, Miss), (6, Failed)];
        bought(&mut ledger, 1, "enrich.so", (30, &first));
        bought(&mut ledger, 1, "tomba", (3, &[(3, Hit), (4, Hit), (5, Miss)]));
        bought(&mut ledger, 2, "enrich.so", (10, &[(7, Hit)]));
        let all = entries(&ledger, None);
        let counts = |entry: &Entry| {
            let Entry { asked, hits, misses, other, credits, added, .. } = entry;
            (*asked, *hits, *misses, *other, credits.0, *added)
        };
        let told: Vec<_> = all.iter().map(counts).collect();
        assert_eq!(told, [(7, 4, 2, 1, 40, 3), (3, 2, 1, 0, 3, 2)]);
        let shown = json(&all[1], &all);
        assert_eq!(shown["credits_per_added_hit"], 1.5);
        assert_eq!(shown["credits_per_hit"], 1.5);
        let alone = entries(&ledger, Some(RunId(2)));
        assert_eq!(alone.iter().map(counts).collect::<Vec<_>>(), [(1, 1, 0, 0, 10, 1)]);
        assert_eq!(json(&alone[0], &alone)["hits_added"], Value::Null);
        assert!(
            text(&all)
                .lines()
                .nth(1)
                .unwrap()
                .ends_with("66.7%     40       10.00    3      13.33"),
            "{}",
            text(&all)
        );
    }
}
