use super::*;
use crate::{Place, VERSION, samples, server};
use leadmill_core::{
    Appended, Call, Credits, Entry, Event, Journal, Lane, Leases, Moment, Operation,
    QueryKey,
    slots::{Deal, Noted},
};
use std::path::Path;
use tokio_postgres::Client;

/// An address in a schema of its own, its server, and a connection to meddle with.
async fn fresh(schema: &str) -> Option<(Address, Arc<server::Postgres>, Client)> {
    let server = server::Postgres::start().unwrap()?;
    let address = address(&server.schema(schema));
    let (client, connection) =
        address.config.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    Some((address, server, client))
}

fn address(url: &str) -> Address {
    match Place::read(url, Path::new("")).unwrap() {
        Place::Postgres(address) => *address,
        Place::Folder(_) => panic!("a folder"),
    }
}

fn intent(run: RunId, batch: u64) -> Entry {
    let event = Event::Intended {
        account: "p".into(),
        step: "s".into(),
        operation: Operation::VerifyEmail,
        lane: Lane::Single,
        reserve: Credits(1),
        anchor: Some("t".into()),
        moment: None,
        keys: [QueryKey([u8::try_from(batch).unwrap(); 16])].into(),
    };
    Entry { at: Timestamp(5), run, batch: BatchId(batch), event }
}

/// A state with two records.
async fn written(address: &Address) -> (Postgres, PostgresJournal) {
    let store = Postgres::open(address).await.unwrap();
    let run = store.begin("k", "p", Timestamp(1)).await.unwrap().id;
    let (_, mut journal) = store.book().await.unwrap();
    journal.append(&[intent(run, 1), intent(run, 2)]).await.unwrap();
    (store, journal)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_state_is_refused() {
    let Some((address, _server, client)) = fresh("newer").await else { return };
    drop(Postgres::open(&address).await.unwrap());
    let newer = format!("UPDATE newer.state SET version = {}", VERSION + 1);
    client.batch_execute(&newer).await.unwrap();
    for error in [
        Postgres::open(&address).await.unwrap_err(),
        Postgres::look(&address).await.unwrap_err(),
    ] {
        assert!(matches!(error, StateError::Newer { found, .. } if found == VERSION + 1));
    }
}

/// The server ends the session of a process that goes on: another one takes over, and the first can write
/// nothing more.
#[tokio::test(flavor = "multi_thread")]
async fn who_has_lost_its_locks_cannot_write() {
    let Some((address, _server, client)) = fresh("fenced").await else { return };
    let (store, mut journal) = written(&address).await;
    let other = Postgres::open(&address).await.unwrap();
    assert!(matches!(
        other.begin("k", "p", Timestamp(2)).await,
        Err(StateError::Locked(_))
    ));
    end_session(&client, &store).await;
    while other.begin("k", "p", Timestamp(2)).await.is_err() {}
    let error = journal.append(&[intent(RunId(1), 3)]).await.unwrap_err();
    assert!(error.to_string().contains("another process"), "{error}");
    assert_eq!(other.ledger().await.unwrap().lines().len(), 2);
}

/// The same where the other one works for another run: it takes up the batches, and lets the run go on at once.
#[tokio::test(flavor = "multi_thread")]
async fn who_has_lost_a_batch_meanwhile_cannot_write() {
    let Some((address, _server, client)) = fresh("fenced_batch").await else { return };
    let (store, mut journal) = written(&address).await;
    let other = Postgres::open(&address).await.unwrap();
    let run = other.begin("l", "p", Timestamp(2)).await.unwrap().id;
    let open: Open = [(BatchId(1), RunId(1))].into();
    end_session(&client, &store).await;
    let taken = || async {
        let ours = other.take_up(run, &open).await.unwrap();
        ours.taken().count()
    };
    while taken().await == 0 {}
    let error = journal.append(&[intent(RunId(1), 3)]).await.unwrap_err();
    assert!(error.to_string().contains("another process"), "{error}");
    drop((store, journal));
    let back = Postgres::open(&address).await.unwrap();
    let resumed = back.begin("k", "p", Timestamp(3)).await.unwrap();
    assert_eq!(resumed, Run { id: RunId(1), resumed: true });
    let (_, mut journal) = back.book().await.unwrap();
    journal.append(&[intent(RunId(1), 3)]).await.unwrap();
    end_session(&client, &back).await;
    journal.append(&[intent(RunId(1), 4)]).await.unwrap();
}

async fn end_session(client: &Client, store: &Postgres) {
    let backend = store.session.client().await.backend;
    client.execute("SELECT pg_terminate_backend($1)", &[&backend]).await.unwrap();
}

/// As a server does that is restarted or fails over.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_renewed_with_its_locks_if_nobody_has_taken_over() {
    let Some((address, _server, client)) = fresh("renewed").await else { return };
    let (store, mut journal) = written(&address).await;
    for batch in 3..6 {
        end_session(&client, &store).await;
        let written = journal.append(&[intent(RunId(1), batch)]).await.unwrap();
        assert_eq!(written, Appended::Written { before: vec![] });
    }
    assert_eq!(store.ledger().await.unwrap().lines().len(), 5);
    let other = Postgres::open(&address).await.unwrap();
    assert!(matches!(
        other.begin("k", "p", Timestamp(2)).await,
        Err(StateError::Locked(_))
    ));
}

/// The connection was lost after the server had written and before it said so.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_unseen_is_not_written_twice() {
    let Some((address, _server, _)) = fresh("unseen").await else { return };
    let (store, journal) = written(&address).await;
    let seen = journal.seen();
    let mut other = PostgresJournal::new(Arc::clone(&store.session), seen);
    let ours = [intent(RunId(1), 3), intent(RunId(1), 4)];
    other.append(&ours).await.unwrap();
    other.append(&[intent(RunId(2), 5)]).await.unwrap();
    let mut blind = PostgresJournal::new(Arc::clone(&store.session), seen);
    let appended = blind.append_again(&ours).await.unwrap();
    assert_eq!(appended, Appended::Written { before: vec![] });
    assert_eq!(blind.seen().seq, 4);
    let next = blind.append(&[]).await.unwrap();
    assert_eq!(next, Appended::Written { before: vec![intent(RunId(2), 5)] });
    assert_eq!(store.ledger().await.unwrap().lines().len(), 5);
}

/// A pooler of transactions hands one session of the server to several clients.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_not_ours_alone_is_refused() {
    let Some((address, _server, _)) = fresh("pooled").await else { return };
    let (store, mut journal) = written(&address).await;
    // Another client has taken this lock through the same session.
    let key = lock_key("pooled", "key l");
    let client = store.session.client().await;
    client.execute("SELECT pg_advisory_lock($1)", &[&key]).await.unwrap();
    drop(client);
    let error = store.begin("l", "p", Timestamp(2)).await.unwrap_err();
    assert!(error.to_string().contains("pooler"), "{error}");
    // Another client has begun to use it.
    let set = "SELECT set_config('leadmill.session', 'other', false)";
    store.session.client().await.execute(set, &[]).await.unwrap();
    let error = journal.append(&[intent(RunId(1), 3)]).await.unwrap_err();
    assert!(error.to_string().contains("pooler"), "{error}");
    assert!(store.at_work(&[(BatchId(9), RunId(9))].into()).await.is_err());
    assert_eq!(store.ledger().await.unwrap().lines().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_hold_every_answer_is_refused() {
    let Some((_, server, client)) = fresh("latin").await else { return };
    let create = "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'";
    client.batch_execute(create).await.unwrap();
    let url = server.schema("latin").replace("/postgres?", "/latin?");
    let error = Postgres::open(&address(&url)).await.unwrap_err().to_string();
    assert!(error.contains("LATIN1"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_release_at_work_keeps_an_older_one_from_writing() {
    let Some((address, _server, client)) = fresh("newer_at_work").await else { return };
    let (_store, mut journal) = written(&address).await;
    let newer = format!("UPDATE newer_at_work.state SET version = {}", VERSION + 1);
    client.batch_execute(&newer).await.unwrap();
    let error = journal.append(&[intent(RunId(1), 3)]).await.unwrap_err();
    assert!(error.to_string().contains("version"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_was_changed_is_refused() {
    let Some((address, _server, client)) = fresh("changed").await else { return };
    let (store, mut journal) = written(&address).await;
    for (change, back) in [
        ("UPDATE changed.journal SET at = 6 WHERE seq = 2", "at = 5"),
        ("UPDATE changed.journal SET batch = 3 WHERE seq = 2", "batch = 2"),
        ("UPDATE changed.journal SET sum = sum + 1 WHERE seq = 2", "sum = sum - 1"),
        (
            "UPDATE changed.journal SET bytes = '' WHERE seq = 2",
            "bytes = decode(repeat('02', 16), 'hex')",
        ),
    ] {
        client.batch_execute(change).await.unwrap();
        let error = store.ledger().await.unwrap_err();
        assert!(matches!(error, StateError::Corrupt(_)), "{change}: {error}");
        let back = format!("UPDATE changed.journal SET {back} WHERE seq = 2");
        client.batch_execute(&back).await.unwrap();
        assert_eq!(store.ledger().await.unwrap().lines().len(), 2);
    }
    // The last record is gone, as after a restore from an older backup.
    client.batch_execute("DELETE FROM changed.journal WHERE seq = 2").await.unwrap();
    assert!(matches!(store.ledger().await, Err(StateError::Corrupt(_))));
    let first = "UPDATE changed.state SET seq = 1, sum = (SELECT sum FROM changed.journal WHERE seq = 1)";
    client.batch_execute(first).await.unwrap();
    assert_eq!(store.ledger().await.unwrap().lines().len(), 1, "it contradicts nothing");
    // Whoever has seen the record does notice.
    let error = journal.append(&[intent(RunId(1), 3)]).await.unwrap_err();
    assert!(error.to_string().contains("2 was seen before"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_is_verified_or_the_address_says_not_to() {
    let Some(server) = server::Postgres::start().unwrap() else { return };
    let roots = server.certificate();
    let roots = roots.display();
    let open = async |end: &str| {
        Session::open(&address(&format!("{}?{end}", server.url()))).await.map(drop)
    };
    open(&format!("sslmode=verify-full&sslrootcert={roots}")).await.unwrap();
    open("sslmode=disable").await.unwrap();
    // Its certificate is no authority's that this machine knows, and a name is no other name.
    let error = open("sslmode=require").await.unwrap_err().to_string();
    assert!(error.contains("certificate"), "{error}");
    let url = server.url().replace("localhost", "127.0.0.1");
    let other = address(&format!("{url}?sslmode=verify-full&sslrootcert={roots}"));
    assert!(Session::open(&other).await.is_err());
    let wrong = server.url().replace("secret", "guess");
    let error = Session::open(&address(&format!("{wrong}?sslmode=disable"))).await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("password authentication failed"), "{error}");
}

/// A process that shares a window of five calls a minute.
fn sharing(address: &Address, process: u64) -> PostgresLeases {
    let (address, account) = (address.clone(), samples::account("5/60s"));
    tokio::task::block_in_place(|| {
        PostgresLeases::open(address, account, ProcessId(process)).unwrap()
    })
}

/// What a process has of that window once it has wanted so many more slots, by its time `now`.
fn trade(leases: &mut PostgresLeases, now: i64, want: u32) -> Deal {
    let wants = samples::wants("5/60s", want);
    tokio::task::block_in_place(|| {
        leases.trade(Moment(now), &[wants]).unwrap().deals.remove(0)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_shares_its_windows_and_leaves_them_to_others_when_it_ends() {
    let Some((address, _server, _)) = fresh("shared").await else { return };
    drop(Postgres::open(&address).await.unwrap());
    let (mut first, mut second) = (sharing(&address, 1), sharing(&address, 2));
    assert_eq!(trade(&mut first, 0, 5).held, 5);
    assert_eq!(trade(&mut second, 0, 5).held, 0);
    let call = leadmill_core::Sent::leaving(Moment(100), Call::Poll);
    let noted = tokio::task::block_in_place(|| first.note(&[call; 2]).unwrap());
    assert_eq!(noted, Noted::Written);
    first.heard(Moment(400), Call::Poll.into()).unwrap();
    tokio::task::block_in_place(|| first.freeze(Moment(0), Moment(9_000)).unwrap());
    let frozen = tokio::task::block_in_place(|| second.trade(Moment(50), &[]).unwrap());
    // What passed between the two is real time.
    let until = frozen.frozen_until.unwrap().0;
    assert!((1..9_100).contains(&until), "{until}");
    drop(first);
    // Its connection ends a moment later. What it sent is known to the call.
    let deal = loop {
        let deal = trade(&mut second, 1_000, 5);
        if deal.held > 0 {
            break deal;
        }
    };
    assert_eq!((deal.held, deal.cooling.len()), (5, 2), "{deal:?}");
    // One was heard of, and of the other nobody knows how long it was on its way.
    assert!((60_000..70_000).contains(&deal.cooling[0].0), "{deal:?}");
    assert!((90_000..100_000).contains(&deal.cooling[1].0), "{deal:?}");
}

/// The server was started anew, and another process was back before this one: it took its slots.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_whose_slots_were_taken_back_lets_nothing_leave_and_gets_new_ones() {
    let Some((address, _server, client)) = fresh("back_late").await else { return };
    drop(Postgres::open(&address).await.unwrap());
    let (mut late, mut first) = (sharing(&address, 1), sharing(&address, 2));
    assert_eq!(trade(&mut late, 0, 5).held, 5);
    let call = leadmill_core::Sent::leaving(Moment(100), Call::Poll);
    let note = |leases: &mut PostgresLeases| {
        tokio::task::block_in_place(|| leases.note(&[call]).unwrap())
    };
    assert_eq!(note(&mut late), Noted::Written);
    let key = lock_key("back_late", &format!("process {:016x}", 1));
    let end = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'
               AND classid = (($1::bigint >> 32) & 4294967295)::oid
               AND objid = ($1::bigint & 4294967295)::oid";
    assert_eq!(client.execute(end, &[&key]).await.unwrap(), 1);
    let deal = loop {
        let deal = trade(&mut first, 1_000, 3);
        if deal.held > 0 {
            break deal;
        }
    };
    assert_eq!(deal.held, 3);
    assert_eq!(note(&mut late), Noted::SlotsAreGone);
    let deal = trade(&mut late, 2_000, 5);
    assert_eq!((deal.held, deal.others, deal.cooling.len()), (2, 3, 1), "{deal:?}");
    assert_eq!(note(&mut late), Noted::Written);
}

/// The version before knew no jobs whose fetch is the paid act: what it has written is all there.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_state_is_taken_over() {
    let Some((address, _server, client)) = fresh("older").await else { return };
    let (store, _) = written(&address).await;
    client.batch_execute("UPDATE older.state SET version = 3").await.unwrap();
    drop(store);
    drop(Postgres::open(&address).await.unwrap());
    client.batch_execute("UPDATE older.state SET version = 4").await.unwrap();
    let store = Postgres::open(&address).await.unwrap();
    let (ledger, mut journal) = store.book().await.unwrap();
    assert_eq!(ledger.lines().len(), 2);
    let run = ledger.lines()[0].run;
    journal.append(&[intent(run, 3)]).await.unwrap();
}
