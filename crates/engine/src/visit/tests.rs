//! A visit keeps to the windows, and repeats only what does no harm.

use super::*;
use crate::{
    limiter::tests::account,
    reconciliation::tests::{Called, Memory, lister, reply},
};
use leadmill_core::{ErrorKind, slots::Slots};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use tokio::time::Instant;

fn visit(window: &str) -> Visit {
    let mut provider = lister(None);
    provider.account = account(&[window], &[]);
    let memory = || Memory(Slots::default());
    Visit::new(Arc::new(provider), Arc::new(memory()), Box::new(memory()))
}

fn failure(kind: ErrorKind) -> ProviderError {
    ProviderError {
        provider: "p".into(),
        action: "looking".into(),
        kind,
        status: None,
        detail: String::new(),
        signals: Box::default(),
    }
}

/// Makes a call that fails in this way so often, and tells how it ended and how often it was made.
async fn call(
    kind: ErrorKind,
    failures: usize,
    again: Again,
) -> (Result<u8, VisitError>, usize) {
    let made = AtomicUsize::new(0);
    let send = async || -> Called<u8> {
        match made.fetch_add(1, SeqCst) < failures {
            true => Err(failure(kind)),
            false => reply(7),
        }
    };
    let ended = visit("100/1s").call(Call::Poll, again, send).await;
    (ended, made.load(SeqCst))
}

#[tokio::test(start_paused = true)]
async fn a_full_window_is_waited_for() {
    let (mut visit, mut sends) = (visit("2/60s"), Vec::new());
    for _ in 0..5 {
        let sent = visit.call(Call::Poll, Again::Harmful, async || reply(Instant::now()));
        sends.push(sent.await.unwrap());
    }
    for three in sends.windows(3) {
        let took = (three[2] - three[0]).as_secs();
        assert!((60..=125).contains(&took), "{took}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_is_asked_for_again_only_where_that_is_harmless() {
    let (ended, made) = call(ErrorKind::InDoubt, 3, Again::Harmless).await;
    assert_eq!((ended.unwrap(), made), (7, 4));
    let (ended, made) = call(ErrorKind::InDoubt, 4, Again::Harmless).await;
    assert!(matches!(ended, Err(VisitError::Provider(_))), "{ended:?}");
    assert_eq!(made, 4);
    let (ended, made) = call(ErrorKind::InDoubt, 1, Again::Harmful).await;
    assert!(matches!(ended, Err(VisitError::Provider(_))), "{ended:?}");
    assert_eq!(made, 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_not_sent_or_came_too_soon_is_repeated_after_a_while() {
    let wait = Some(Duration::from_secs(30));
    for (kind, least) in [(ErrorKind::Unsent, 0), (ErrorKind::Throttled(wait), 30)] {
        let start = Instant::now();
        let (ended, made) = call(kind, 1, Again::Harmful).await;
        assert_eq!((ended.unwrap(), made), (7, 2), "{kind:?}");
        assert!(start.elapsed() >= Duration::from_secs(least), "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_not_repeated() {
    for kind in [ErrorKind::Refused, ErrorKind::Fatal, ErrorKind::Gone] {
        let (ended, made) = call(kind, 1, Again::Harmless).await;
        assert!(matches!(ended, Err(VisitError::Provider(_))), "{kind:?}: {ended:?}");
        assert_eq!(made, 1, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_hour_is_not_waited_for() {
    let hour = Duration::from_secs(3600);
    let start = Instant::now();
    let (ended, made) = call(ErrorKind::Throttled(Some(hour)), 9, Again::Harmless).await;
    let Err(VisitError::Closed(closed)) = ended else { panic!("{ended:?}") };
    assert_eq!(closed.as_secs(), 3600);
    assert_eq!((made, start.elapsed().as_secs()), (1, 0));
}
