//! What holds of every state, on SQLite and on Postgres.

use crate::{Place, Run, StateError, Store, server::Postgres};
use leadmill_core::{
    Appended, BatchId, Credits, Entry, Event, Hint, HintKind, JobId, Journal, Lane,
    Ledger, Operation, Ours, Part, QueryKey, RunId, Status, Timestamp,
};
use std::{path::Path, sync::Arc};

/// A place that nobody has used, and what has to live as long as it is used.
struct Fresh {
    place: Place,
    _folder: tempfile::TempDir,
    _server: Option<Arc<Postgres>>,
}

fn folder() -> Option<Fresh> {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::Folder(folder.path().join("state"));
    Some(Fresh { place, _folder: folder, _server: None })
}

fn postgres() -> Option<Fresh> {
    let server = Postgres::start().unwrap()?;
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().file_name().unwrap().to_string_lossy().to_lowercase();
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let url = server.schema(&format!("s{name}"));
    let place = Place::read(&url, Path::new("")).unwrap();
    Some(Fresh { place, _folder: folder, _server: Some(server) })
}

/// Each of these is a test of each kind of state.
macro_rules! contract {
    ($($name:ident),+ $(,)?) => {
        mod on_a_folder {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                if let Some(fresh) = super::folder() { super::$name(fresh).await; }
            })+
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                if let Some(fresh) = super::postgres() { super::$name(fresh).await; }
            })+
        }
    };
}

contract!(
    a_run_is_taken_up_again_until_it_is_closed,
    one_process_at_a_time_is_at_work_on_a_run,
    who_takes_up_batches_takes_the_batches_and_not_the_run,
    what_was_written_is_read_again_after_the_process_has_ended,
    what_another_process_wrote_is_seen_and_its_questions_are_not_claimed_twice,
    of_many_that_claim_a_question_at_once_one_gets_it,
    many_may_open_a_new_state_at_once,
    looking_at_nothing_creates_nothing_and_changes_nothing,
    hints_are_kept_once_and_a_few_for_each_batch,
    a_secret_is_the_same_for_all,
    a_fact_is_what_was_written_first_until_it_is_replaced,
);

async fn open(fresh: &Fresh) -> Store {
    Store::open(&fresh.place).await.unwrap()
}

async fn begin(store: &Store, key: &str) -> Result<Run, StateError> {
    store.begin(key, "p", Timestamp(1)).await
}

fn intent(run: RunId, batch: u64, lane: Lane, keys: &[u8]) -> Entry {
    let event = Event::Intended {
        account: "p".into(),
        step: "s".into(),
        operation: Operation::VerifyEmail,
        lane,
        reserve: Credits(1),
        anchor: None,
        moment: None,
        keys: keys.iter().map(|key| QueryKey([*key; 16])).collect(),
    };
    Entry { at: Timestamp(1), run, batch: BatchId(batch), event }
}

async fn append(journal: &mut Box<dyn Journal>, entry: &Entry) -> Appended {
    journal.append(std::slice::from_ref(entry)).await.unwrap()
}

async fn a_run_is_taken_up_again_until_it_is_closed(fresh: Fresh) {
    let store = open(&fresh).await;
    let first = begin(&store, "k").await.unwrap();
    assert!(!first.resumed);
    drop(store);
    let store = open(&fresh).await;
    assert_eq!(begin(&store, "k").await.unwrap(), Run { resumed: true, ..first });
    store.end(first.id, Some(Timestamp(2)), "{}").await.unwrap();
    assert_eq!(store.unfinished("k").await.unwrap(), None);
    assert!(!begin(&store, "k").await.unwrap().resumed);
    let runs = store.runs().await.unwrap();
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[0].closed_at, Some(Timestamp(2)));
    assert_eq!((runs[0].summary.as_deref(), runs[1].closed_at), (Some("{}"), None));
}

async fn one_process_at_a_time_is_at_work_on_a_run(fresh: Fresh) {
    let store = open(&fresh).await;
    let run = begin(&store, "k").await.unwrap();
    let other = open(&fresh).await;
    assert!(matches!(begin(&other, "k").await, Err(StateError::Locked(_))));
    let second = begin(&other, "l").await.unwrap();
    let (ours, theirs) = ((BatchId(1), run.id), (BatchId(2), second.id));
    assert_eq!(other.at_work([ours, theirs]).await.unwrap(), [ours.0].into());
    assert!(Store::look(&fresh.place).await.unwrap().is_some());
    drop(store);
    // The server notices a moment later that the connection has ended.
    while !other.at_work([ours]).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(begin(&other, "k").await.unwrap().resumed);
}

/// What a process works on: of batches that its own run has begun and another works on, and of those that it has taken
/// up.
async fn shares(store: &Store, run: RunId, open: &[(BatchId, RunId)]) -> [Vec<u64>; 2] {
    match store.take_up(run, open.iter().copied()).await.unwrap() {
        Ours::Of { taken, left, .. } => [left, taken].map(|batches| {
            batches.into_iter().map(|batch| batch.0).collect::<Vec<u64>>()
        }),
        Ours::All => panic!("all"),
    }
}

const NOTHING: [Vec<u64>; 2] = [Vec::new(), Vec::new()];

async fn who_takes_up_batches_takes_the_batches_and_not_the_run(fresh: Fresh) {
    let killed = open(&fresh).await;
    let run = begin(&killed, "k").await.unwrap().id;
    let other = open(&fresh).await;
    let second = begin(&other, "l").await.unwrap().id;
    let old = [(BatchId(1), run), (BatchId(2), run)];
    assert_eq!(shares(&other, second, &old).await, NOTHING, "it is at work");
    drop(killed);
    while shares(&other, second, &old).await != [vec![], vec![1, 2]] {
        tokio::task::yield_now().await;
    }
    // The run goes on at once, without what the other has, and with what it begins from here on.
    let back = open(&fresh).await;
    assert_eq!(begin(&back, "k").await.unwrap(), Run { id: run, resumed: true });
    let new = [old[0], old[1], (BatchId(3), run)];
    assert_eq!(shares(&back, run, &new).await, [vec![1, 2], vec![]]);
    assert_eq!(shares(&other, second, &new).await, [vec![], vec![1, 2]]);
    let third = open(&fresh).await;
    let last = begin(&third, "m").await.unwrap().id;
    assert_eq!(shares(&third, last, &new).await, NOTHING);
    // What the other could not end goes back; what it still had when it ended may be anybody's.
    other.hand_back([old[0]]).await.unwrap();
    assert_eq!(shares(&back, run, &new).await, [vec![2], vec![]]);
    assert_eq!(shares(&other, second, &new).await, [vec![], vec![2]]);
    drop(other);
    while shares(&third, last, &new).await != [vec![], vec![2]] {
        tokio::task::yield_now().await;
    }
    drop(third);
    while shares(&back, run, &new).await != NOTHING {
        tokio::task::yield_now().await;
    }
}

fn told(ledger: &Ledger) -> String {
    format!("{:?}", ledger.lines())
}

async fn what_was_written_is_read_again_after_the_process_has_ended(fresh: Fresh) {
    let store = open(&fresh).await;
    let run = begin(&store, "k").await.unwrap().id;
    let entry =
        |batch, event| Entry { at: Timestamp(7), run, batch: BatchId(batch), event };
    let settled = Event::Settled {
        cost: Credits(1),
        statuses: [Status::Hit, Status::UnknownCharged].into(),
        part: Part::File("b.parquet".into()),
    };
    let entries = [
        intent(run, u64::MAX, Lane::Bulk, &[1, 2]),
        entry(u64::MAX, Event::Accepted { job: JobId("j".into()) }),
        entry(u64::MAX, settled),
        intent(run, 2, Lane::Single, &[3]),
        entry(
            2,
            Event::Doubted {
                reason: "a \0-full \"reason\" \u{1F980}".into(),
                likely_miss: true,
            },
        ),
    ];
    let (_, mut journal) = store.book().await.unwrap();
    journal.append(&entries[..3]).await.unwrap();
    journal.append(&entries[3..]).await.unwrap();
    assert_eq!(journal.append(&[]).await.unwrap(), Appended::Written { before: vec![] });
    let mut expected = Ledger::default();
    entries.iter().for_each(|entry| expected.apply(entry).unwrap());
    drop((store, journal));
    let store = open(&fresh).await;
    let (ledger, _) = store.book().await.unwrap();
    assert_eq!(told(&ledger), told(&expected));
    let look = Store::look(&fresh.place).await.unwrap().unwrap();
    assert_eq!(told(&look.ledger().await.unwrap()), told(&expected));
}

async fn what_another_process_wrote_is_seen_and_its_questions_are_not_claimed_twice(
    fresh: Fresh,
) {
    let stores = [open(&fresh).await, open(&fresh).await];
    let a = begin(&stores[0], "a").await.unwrap().id;
    let b = begin(&stores[1], "b").await.unwrap().id;
    let mut first = stores[0].book().await.unwrap().1;
    let mut second = stores[1].book().await.unwrap().1;
    let ours = intent(a, 1, Lane::Single, &[1]);
    assert_eq!(append(&mut first, &ours).await, Appended::Written { before: vec![] });
    let same = append(&mut second, &intent(b, 2, Lane::Single, &[1])).await;
    assert_eq!(same, Appended::Collides { before: vec![ours] });
    let other = append(&mut second, &intent(b, 2, Lane::Single, &[2])).await;
    assert_eq!(other, Appended::Written { before: vec![] });
    append(&mut second, &intent(b, 3, Lane::Bulk, &[3])).await;
    // Another job of the same operation may have taken the last slot.
    let job = intent(a, 4, Lane::Bulk, &[4]);
    let collides = append(&mut first, &job).await;
    assert!(matches!(collides, Appended::Collides { before } if before.len() == 2));
    assert!(matches!(append(&mut first, &job).await, Appended::Written { .. }));
    assert_eq!(stores[1].ledger().await.unwrap().lines().len(), 4);
}

/// Eight processes want the same forty questions at the same moments.
async fn of_many_that_claim_a_question_at_once_one_gets_it(fresh: Fresh) {
    let fresh = Arc::new(fresh);
    drop(open(&fresh).await);
    let barrier = Arc::new(tokio::sync::Barrier::new(8));
    let mut processes = tokio::task::JoinSet::new();
    for process in 0..8_u8 {
        let (fresh, barrier) = (Arc::clone(&fresh), Arc::clone(&barrier));
        processes.spawn(async move {
            let store = open(&fresh).await;
            let run = begin(&store, &process.to_string()).await.unwrap().id;
            let mut journal = store.book().await.unwrap().1;
            let mut won = 0;
            for question in 0..40_u8 {
                barrier.wait().await;
                let batch = u64::from(process) * 1_000 + u64::from(question);
                let entry = intent(run, batch, Lane::Single, &[question]);
                let written = append(&mut journal, &entry).await;
                won += u32::from(matches!(written, Appended::Written { .. }));
            }
            won
        });
    }
    let mut won = 0;
    while let Some(process) = processes.join_next().await {
        won += process.unwrap();
    }
    let ledger = open(&fresh).await.ledger().await.unwrap();
    assert_eq!((won, ledger.lines().len()), (40, 40));
}

async fn many_may_open_a_new_state_at_once(fresh: Fresh) {
    let fresh = Arc::new(fresh);
    let mut processes = tokio::task::JoinSet::new();
    for key in ["a", "b", "c", "d", "e", "f"] {
        let fresh = Arc::clone(&fresh);
        processes.spawn(async move {
            let store = open(&fresh).await;
            (begin(&store, key).await.unwrap().id, store)
        });
    }
    let runs = processes.join_all().await;
    let ids: std::collections::BTreeSet<RunId> = runs.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids.len(), 6);
}

async fn looking_at_nothing_creates_nothing_and_changes_nothing(fresh: Fresh) {
    assert!(Store::look(&fresh.place).await.unwrap().is_none());
    assert!(Store::look(&fresh.place).await.unwrap().is_none());
    drop(open(&fresh).await);
    let look = Store::look(&fresh.place).await.unwrap().unwrap();
    let hint = Hint { batch: BatchId(1), job: JobId("j".into()), kind: HintKind::Item };
    assert!(look.hint(&hint).await.is_err());
    assert!(look.end(RunId(1), None, "").await.is_err());
    assert!(look.runs().await.unwrap().is_empty());
}

async fn hints_are_kept_once_and_a_few_for_each_batch(fresh: Fresh) {
    let (one, two) = (open(&fresh).await, open(&fresh).await);
    let hint = |batch, job: &str, kind| Hint {
        batch: BatchId(batch),
        job: JobId(job.into()),
        kind,
    };
    let first = hint(u64::MAX, "j", HintKind::Item);
    assert!(one.hint(&first).await.unwrap());
    assert!(!two.hint(&first).await.unwrap());
    assert!(two.hint(&hint(u64::MAX, "j", HintKind::End)).await.unwrap());
    for forged in 0..100 {
        one.hint(&hint(u64::MAX, &forged.to_string(), HintKind::End)).await.unwrap();
    }
    assert!(one.hint(&hint(7, "k", HintKind::End)).await.unwrap());
    let hints = two.hints(0).await.unwrap();
    assert_eq!(hints.len(), 17);
    assert_eq!(hints[0].1, first);
    let later = two.hints(hints[15].0).await.unwrap();
    assert_eq!(later, [(hints[16].0, hint(7, "k", HintKind::End))]);
}

async fn a_secret_is_the_same_for_all(fresh: Fresh) {
    let (one, two) = (open(&fresh).await, open(&fresh).await);
    let secret = one.secret("callbacks").await.unwrap();
    assert_eq!(secret.len(), 32);
    assert_eq!(two.secret("callbacks").await.unwrap(), secret);
    assert_ne!(two.secret("other").await.unwrap(), secret);
    one.inherit("other", &secret).await.unwrap();
    one.inherit("third", b"of a damaged state").await.unwrap();
    assert_eq!(two.secret("other").await.unwrap(), secret);
    assert_eq!(two.secret("third").await.unwrap(), b"of a damaged state");
}

async fn a_fact_is_what_was_written_first_until_it_is_replaced(fresh: Fresh) {
    let (one, two) = (open(&fresh).await, open(&fresh).await);
    one.secret("other").await.unwrap();
    assert_eq!(one.fact("account of a", "x").await.unwrap(), "x");
    assert_eq!(two.fact("account of a", "y").await.unwrap(), "x");
    two.put_fact("account of b", "z").await.unwrap();
    two.put_fact("account of a", "y").await.unwrap();
    let facts = one.facts("account of ").await.unwrap();
    let facts: Vec<_> = facts.iter().map(|(name, fact)| (&**name, &**fact)).collect();
    assert_eq!(facts, [("account of a", "y"), ("account of b", "z")]);
    assert!(one.facts("none").await.unwrap().is_empty());
}
