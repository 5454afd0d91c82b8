use super::*;
use crate::VERSION;
use leadmill_core::{
    BatchId, Credits, Entry, Event, Journal, Lane, Operation, Part, QueryKey, Status,
};

fn begin(store: &Folder, key: &str) -> Result<Run, StateError> {
    store.begin(key, "p", Timestamp(1))
}

#[test]
fn a_newer_state_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = Folder::open(folder.path()).unwrap();
    store.database().pragma_update(None, "user_version", VERSION + 1).unwrap();
    drop(store);
    assert!(matches!(
        Folder::open(folder.path()),
        Err(StateError::Newer { found, .. }) if found == VERSION + 1
    ));
    assert!(matches!(
        Folder::look(folder.path()),
        Err(StateError::Newer { found, .. }) if found == VERSION + 1
    ));
}

/// Some records, and the folder they lie in.
async fn written() -> (tempfile::TempDir, Vec<Entry>) {
    let folder = tempfile::tempdir().unwrap();
    let store = Folder::open(folder.path()).unwrap();
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
        moment: None,
        keys: [QueryKey([1; 16]), QueryKey([2; 16])].into(),
    };
    let entries =
        vec![entry(1, intent), entry(1, Event::Accepted { job: JobId("j1".into()) })];
    let mut journal = store.book().unwrap().1;
    journal.append(&entries).await.unwrap();
    (folder, entries)
}

/// Every bit of every column of every record, one at a time.
#[tokio::test]
async fn a_record_that_was_changed_is_never_read_as_another() {
    let (folder, _) = written().await;
    let store = Folder::open(folder.path()).unwrap();
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
    let store = Folder::open(folder.path()).unwrap();
    store.database().execute("DELETE FROM journal WHERE seq = 1", []).unwrap();
    assert!(matches!(store.ledger(), Err(StateError::Corrupt(_))));
    assert!(matches!(store.book(), Err(StateError::Corrupt(_))));
    drop(entries);
}

/// A state of version 1, whose records carry no sums.
#[tokio::test]
async fn an_older_state_is_brought_up_to_date() {
    let (folder, _) = written().await;
    let store = Folder::open(folder.path()).unwrap();
    let back = "ALTER TABLE journal DROP COLUMN sum; DROP TABLE hints; DROP TABLE secrets; PRAGMA user_version = 1";
    store.database().execute_batch(back).unwrap();
    drop(store);
    assert!(matches!(Folder::look(folder.path()), Err(StateError::Older)));
    let store = Folder::open(folder.path()).unwrap();
    assert_eq!(store.ledger().unwrap().lines().len(), 1);
    let old =
        "INSERT INTO journal (at, run, batch, event, body) VALUES (1, 1, 1, '', '')";
    assert!(store.database().execute(old, []).is_err(), "an older process must end");
    store.database().execute("UPDATE journal SET at = 6 WHERE seq = 2", []).unwrap();
    assert!(store.ledger().is_err(), "from here on it has sums");
}

/// A state of the version before: all that it holds is all there, and more can be written behind it.
#[tokio::test]
async fn a_state_of_the_version_before_is_taken_over_as_it_is() {
    let (folder, entries) = written().await;
    let store = Folder::open(folder.path()).unwrap();
    store.database().pragma_update(None, "user_version", VERSION - 1).unwrap();
    drop(store);
    assert!(matches!(Folder::look(folder.path()), Err(StateError::Older)));
    let store = Folder::open(folder.path()).unwrap();
    let (ledger, mut journal) = store.book().unwrap();
    assert_eq!(ledger.lines().len(), 1);
    let part = Part::Inline([].into());
    let statuses = [Status::UnknownCharged; 2].into();
    let settled = Event::Settled { cost: Credits(2), statuses, part };
    let statuses = [Status::Deferred; 2].into();
    let resolved = Event::Resolved { cost: Credits(0), statuses };
    for event in [settled, resolved] {
        journal.append(&[Entry { event, ..entries[0].clone() }]).await.unwrap();
    }
    let ledger = store.ledger().unwrap();
    assert!(ledger.lines()[0].resolved && ledger.adds_up());
}

/// A power cut within the last write: at whatever byte the file ends, the records are those before it or all
/// of them.
#[tokio::test]
async fn a_last_record_that_was_cut_short_is_written_or_was_never_there() {
    let (folder, entries) = written().await;
    let store = Folder::open(folder.path()).unwrap();
    let (_, mut journal) = store.book().unwrap();
    let wal = folder.path().join("state.db-wal");
    let before = fs::metadata(&wal).unwrap().len();
    let run = entries[0].run;
    let refused = Event::Settled {
        cost: Credits(1),
        statuses: [Status::Miss; 2].into(),
        part: Part::Inline([].into()),
    };
    let last = Entry { at: Timestamp(6), run, batch: BatchId(1), event: refused };
    journal.append(std::slice::from_ref(&last)).await.unwrap();
    let whole = fs::read(&wal).unwrap();
    let database = fs::read(folder.path().join("state.db")).unwrap();
    assert!((whole.len() as u64) > before, "the last write is at the end");
    let settled = |bytes: &[u8]| {
        let copy = tempfile::tempdir().unwrap();
        fs::write(copy.path().join("state.db"), &database).unwrap();
        fs::write(copy.path().join("state.db-wal"), bytes).unwrap();
        let look = Folder::look(copy.path()).unwrap().unwrap();
        let ledger = look.ledger().unwrap();
        let line = ledger.line(BatchId(1)).unwrap();
        matches!(line.state, leadmill_core::State::Settled { .. })
    };
    assert!(settled(&whole));
    for length in before as usize..whole.len() {
        assert!(!settled(&whole[..length]), "{length}");
    }
    // A bit of it turns: then it was never written either.
    for byte in (before as usize..whole.len()).step_by(7) {
        let mut bent = whole.clone();
        bent[byte] ^= 1 << (byte % 8);
        let is_there = settled(&bent);
        assert!(!is_there, "{byte}");
    }
}
