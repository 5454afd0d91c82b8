use super::*;
use crate::{Place, VERSION, samples, server};
use leadmill_core::{
    Call, Credits, Entry, Event, Journal, Lane, Leases, Operation, QueryKey,
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
    let end = "SELECT pg_terminate_backend($1)";
    client.execute(end, &[&store.session.backend]).await.unwrap();
    while other.begin("k", "p", Timestamp(2)).await.is_err() {}
    assert!(journal.append(&[intent(RunId(1), 3)]).await.is_err());
    assert_eq!(other.ledger().await.unwrap().lines().len(), 2);
}

/// As behind a pooler of transactions: the statement comes from another session than the locks.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_does_not_hold_the_locks_cannot_write() {
    let Some((address, _server, _)) = fresh("pooled").await else { return };
    let (store, journal) = written(&address).await;
    let mut session = Session::open(&address).await.unwrap();
    session.backend = store.session.backend;
    let seen = journal.seen();
    let mut pooled = PostgresJournal::new(Arc::new(session), seen).await.unwrap();
    let error = pooled.append(&[intent(RunId(1), 3)]).await.unwrap_err();
    assert!(error.to_string().contains("pooler"), "{error}");
    assert_eq!(store.ledger().await.unwrap().lines().len(), 2);
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

#[tokio::test(flavor = "multi_thread")]
async fn a_process_shares_its_windows_and_leaves_them_to_others_when_it_ends() {
    let Some((address, _server, _)) = fresh("shared").await else { return };
    drop(Postgres::open(&address).await.unwrap());
    let open = |process| {
        let address = address.clone();
        tokio::task::block_in_place(|| {
            PostgresLeases::open(address, samples::account("5/60s"), ProcessId(process))
                .unwrap()
        })
    };
    let (mut first, mut second) = (open(1), open(2));
    let trade = |leases: &mut PostgresLeases, now| {
        let wants = samples::wants("5/60s", 5);
        tokio::task::block_in_place(|| {
            leases.trade(Timestamp(now), &[wants]).unwrap().deals.remove(0)
        })
    };
    assert_eq!(trade(&mut first, 0).held, 5);
    assert_eq!(trade(&mut second, 0).held, 0);
    let call = leadmill_core::Sent { at: Timestamp(100), to: Call::Poll.into() };
    tokio::task::block_in_place(|| first.note(&[call]).unwrap());
    tokio::task::block_in_place(|| first.freeze(Timestamp(0), Timestamp(9_000)).unwrap());
    let frozen =
        tokio::task::block_in_place(|| second.trade(Timestamp(50), &[]).unwrap());
    // What passed between the two is real time.
    let until = frozen.frozen_until.unwrap().0;
    assert!((1..9_100).contains(&until), "{until}");
    drop(first);
    // Its connection ends a moment later. What it sent is known to the call.
    let deal = loop {
        let deal = trade(&mut second, 1_000);
        if deal.held > 0 {
            break deal;
        }
    };
    assert_eq!((deal.held, deal.cooling.len()), (5, 1), "{deal:?}");
    assert!((60_000..70_000).contains(&deal.cooling[0].0), "{deal:?}");
}
