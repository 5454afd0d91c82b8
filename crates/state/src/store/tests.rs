use super::*;
use leadmill_core::{
    Appended, BatchId, Credits, Entry, Event, Journal, Lane, Operation, QueryKey,
};

fn begin(store: &Store, key: &str) -> Result<Run, StateError> {
    store.begin(key, "p", Timestamp(1))
}

#[test]
fn a_run_is_taken_up_again_until_it_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let begin = |store: &Store| begin(store, "k").unwrap();
    let store = Store::open(folder.path()).unwrap();
    let first = begin(&store);
    assert!(!first.resumed);
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(begin(&store), Run { resumed: true, ..first });
    store.end(first.id, Some(Timestamp(2)), "{}").unwrap();
    assert!(!begin(&store).resumed);
}

#[test]
fn one_process_at_a_time_is_at_work_on_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let run = begin(&store, "k").unwrap();
    let other = Store::open(folder.path()).unwrap();
    assert!(matches!(begin(&other, "k"), Err(StateError::Locked(_))));
    let second = begin(&other, "l").unwrap();
    assert!(store.others([run.id]).unwrap().is_empty());
    assert_eq!(other.others([run.id, second.id]).unwrap(), [run.id].into());
    assert!(Store::look(folder.path()).unwrap().is_some());
    drop(store);
    assert!(other.others([run.id]).unwrap().is_empty());
    assert!(begin(&other, "k").unwrap().resumed);
}

#[tokio::test]
async fn what_another_process_wrote_is_seen_and_its_questions_are_not_claimed_twice() {
    let folder = tempfile::tempdir().unwrap();
    let stores =
        [Store::open(folder.path()).unwrap(), Store::open(folder.path()).unwrap()];
    let runs =
        ["a", "b"].iter().zip(&stores).map(|(key, store)| begin(store, key).unwrap());
    let runs: Vec<RunId> = runs.map(|run| run.id).collect();
    let mut journals = stores.iter().map(|store| store.book().unwrap().1);
    let (mut first, mut second) = (journals.next().unwrap(), journals.next().unwrap());
    let intent = |run: RunId, batch: u64, lane, keys: &[u8]| Entry {
        at: Timestamp(1),
        run,
        batch: BatchId(batch),
        event: Event::Intended {
            account: "p".into(),
            step: "s".into(),
            operation: Operation::VerifyEmail,
            lane,
            reserve: Credits(1),
            anchor: None,
            keys: keys.iter().map(|key| QueryKey([*key; 16])).collect(),
        },
    };
    let (a, b) = (runs[0], runs[1]);
    let ours = intent(a, 1, Lane::Single, &[1]);
    let written = first.append(std::slice::from_ref(&ours)).await.unwrap();
    assert_eq!(written, Appended::Written { before: vec![] });
    let same = second.append(&[intent(b, 2, Lane::Single, &[1])]).await.unwrap();
    assert_eq!(same, Appended::Collides { before: vec![ours] });
    let other = second.append(&[intent(b, 2, Lane::Single, &[2])]).await.unwrap();
    assert_eq!(other, Appended::Written { before: vec![] });
    let theirs = intent(b, 3, Lane::Bulk, &[3]);
    second.append(std::slice::from_ref(&theirs)).await.unwrap();
    // Another job of the same operation may have taken the last slot.
    let job = first.append(&[intent(a, 4, Lane::Bulk, &[4])]).await.unwrap();
    assert!(matches!(job, Appended::Collides { before } if before.len() == 2));
    assert!(matches!(
        first.append(&[intent(a, 4, Lane::Bulk, &[4])]).await.unwrap(),
        Appended::Written { .. }
    ));
    assert_eq!(stores[1].ledger().unwrap().lines().len(), 4);
}

#[test]
fn many_may_open_a_new_state_at_once() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for key in ["a", "b", "c", "d"] {
                let folder = folder.path();
                scope.spawn(move || begin(&Store::open(folder).unwrap(), key).unwrap());
            }
        });
    }
}

#[test]
fn a_newer_state_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    store.database().pragma_update(None, "user_version", 3).unwrap();
    drop(store);
    assert!(matches!(
        Store::open(folder.path()),
        Err(StateError::Newer { found: 3, .. })
    ));
    assert!(matches!(
        Store::look(folder.path()),
        Err(StateError::Newer { found: 3, .. })
    ));
}

/// Some records, and the folder they lie in.
async fn written() -> (tempfile::TempDir, Vec<Entry>) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let run = begin(&store, "k").unwrap().id;
    let entry =
        |batch: u64, event| Entry { at: Timestamp(5), run, batch: BatchId(batch), event };
    let intent = Event::Intended {
        account: "p".into(),
        step: "s".into(),
        operation: Operation::VerifyEmail,
        lane: Lane::Bulk,
        reserve: Credits(2),
        anchor: Some("t".into()),
        keys: [QueryKey([1; 16]), QueryKey([2; 16])].into(),
    };
    let entries = vec![
        entry(1, intent),
        entry(1, Event::Accepted { job: leadmill_core::JobId("j1".into()) }),
    ];
    let mut journal = store.book().unwrap().1;
    journal.append(&entries).await.unwrap();
    (folder, entries)
}

/// Every bit of every column of every record, one at a time.
#[tokio::test]
async fn a_record_that_was_changed_is_never_read_as_another() {
    let (folder, _) = written().await;
    let store = Store::open(folder.path()).unwrap();
    let mut flips = 0;
    for seq in 1..=2 {
        for column in ["at", "run", "batch", "event", "body", "bytes", "sum"] {
            let read =
                format!("SELECT CAST({column} AS BLOB) FROM journal WHERE seq = {seq}");
            let kind = format!("SELECT typeof({column}) FROM journal WHERE seq = {seq}");
            let database = store.database();
            let kind: String = database.query_row(&kind, [], |row| row.get(0)).unwrap();
            let whole: Option<Vec<u8>> =
                database.query_row(&read, [], |row| row.get(0)).unwrap();
            let Some(whole) = whole else { continue };
            drop(database);
            for bit in 0..whole.len() * 8 {
                let mut bent = whole.clone();
                bent[bit / 8] ^= 1 << (bit % 8);
                let write = |bytes: &[u8]| {
                    let text = match kind.as_str() {
                        "integer" => "CAST(CAST(? AS TEXT) AS INTEGER)",
                        "text" => "CAST(? AS TEXT)",
                        _ => "?",
                    };
                    let update =
                        format!("UPDATE journal SET {column} = {text} WHERE seq = {seq}");
                    store.database().execute(&update, [bytes]).unwrap();
                };
                write(&bent);
                let read: Option<Vec<u8>> =
                    store.database().query_row(&read, [], |row| row.get(0)).unwrap();
                if read.as_ref() != Some(&whole) {
                    assert!(store.ledger().is_err(), "{column} of {seq}, bit {bit}");
                    flips += 1;
                }
                write(&whole);
            }
        }
    }
    assert!(flips > 1_000, "{flips}");
    assert_eq!(store.ledger().unwrap().lines().len(), 1);
}

#[tokio::test]
async fn a_record_that_is_lost_in_between_is_noticed() {
    let (folder, entries) = written().await;
    let store = Store::open(folder.path()).unwrap();
    store.database().execute("DELETE FROM journal WHERE seq = 1", []).unwrap();
    assert!(matches!(store.ledger(), Err(StateError::Corrupt(_))));
    assert!(matches!(store.book(), Err(StateError::Corrupt(_))));
    drop(entries);
}

/// A state of version 1, whose records carry no sums.
#[tokio::test]
async fn an_older_state_is_brought_up_to_date() {
    let (folder, _) = written().await;
    let store = Store::open(folder.path()).unwrap();
    let back = "ALTER TABLE journal DROP COLUMN sum; PRAGMA user_version = 1";
    store.database().execute_batch(back).unwrap();
    drop(store);
    assert!(matches!(Store::look(folder.path()), Err(StateError::Older)));
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.ledger().unwrap().lines().len(), 1);
    let old =
        "INSERT INTO journal (at, run, batch, event, body) VALUES (1, 1, 1, '', '')";
    assert!(store.database().execute(old, []).is_err(), "an older process must end");
    store.database().execute("UPDATE journal SET at = 6 WHERE seq = 2", []).unwrap();
    assert!(store.ledger().is_err(), "from here on it has sums");
}
