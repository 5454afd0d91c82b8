//! One rolling window, kept exactly.

use leadmill_core::Window;
use std::{collections::VecDeque, time::Duration};
use tokio::time::Instant;

/// What a window holds: calls without a reply, and calls whose slot is not free yet.
///
/// The server counts a call when it arrives, which we do not see. It lies between our send and our
/// receipt of the reply, so a slot that is taken from the send until one window length after the reply
/// can never be free too early, whatever the network does in between.
#[derive(Debug)]
pub(crate) struct Log {
    window: Window,
    in_flight: usize,
    releases: VecDeque<Instant>,
}

/// When a slot is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// At once.
    Now,
    /// Not before this.
    At(Instant),
    /// When a reply comes, and then a window length later.
    AfterReply,
}

impl Log {
    pub(crate) const fn new(window: Window) -> Self {
        Self { window, in_flight: 0, releases: VecDeque::new() }
    }

    /// Whether one more call may leave.
    pub(crate) fn room(&mut self, now: Instant) -> Room {
        while self.releases.front().is_some_and(|release| *release <= now) {
            self.releases.pop_front();
        }
        let limit = self.window.limit.get() as usize;
        if self.in_flight + self.releases.len() < limit {
            return Room::Now;
        }
        match self.releases.front() {
            Some(release) => Room::At(*release),
            None => Room::AfterReply,
        }
    }

    /// A call leaves.
    pub(crate) const fn take(&mut self) {
        self.in_flight += 1;
    }

    /// Its reply came, or its connection is closed.
    pub(crate) fn replied(&mut self, at: Instant) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.hold_until(at + self.window.per + slack(self.window.per));
    }

    /// A call of an earlier process left `age` ago, and its reply was not seen.
    pub(crate) fn remember(&mut self, now: Instant, age: Duration) {
        /// How long a call of a killed process may still have been on its way.
        const ON_ITS_WAY: Duration = Duration::from_secs(1);
        let hold = self.window.per + slack(self.window.per) + ON_ITS_WAY;
        if let Some(left) = hold.checked_sub(age) {
            self.hold_until(now + left);
        }
    }

    fn hold_until(&mut self, release: Instant) {
        let place = self.releases.partition_point(|other| *other <= release);
        self.releases.insert(place, release);
    }
}

/// Two clocks differ by up to 500 parts in a million; one millisecond more keeps the ends apart.
fn slack(per: Duration) -> Duration {
    per / 2000 + Duration::from_millis(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tokio::time::{advance, pause};

    fn window(text: &str) -> Window {
        text.parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_slot_is_free_one_window_after_the_reply() {
        let mut log = Log::new(window("2/60s"));
        let start = Instant::now();
        log.take();
        log.take();
        assert_eq!(log.room(start), Room::AfterReply);
        advance(Duration::from_secs(2)).await;
        log.replied(Instant::now());
        let Room::At(release) = log.room(Instant::now()) else { panic!("there is room") };
        assert_eq!((release - start).as_millis(), 62_031);
        advance(Duration::from_millis(60_031)).await;
        assert_eq!(log.room(Instant::now()), Room::Now);
        log.take();
        assert_eq!(log.room(Instant::now()), Room::AfterReply);
    }

    proptest! {
        /// The server sees no more than the limit in any window, wherever between send and reply it
        /// counts a call; and a call never waits while there is room for it in every case.
        #[test]
        fn no_window_at_the_server_ever_holds_more_than_its_limit(
            limit in 1u32..5, delays in prop::collection::vec((0u64..900, 0u64..900), 1..60),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(async {
                pause();
                let per = Duration::from_secs(1);
                let mut log = Log::new(window(&format!("{limit}/1s")));
                let mut arrivals: Vec<Instant> = Vec::new();
                let mut replies: Vec<Instant> = Vec::new();
                for (there, back) in delays {
                    loop {
                        let now = Instant::now();
                        replies.sort();
                        while replies.first().is_some_and(|reply| *reply <= now) {
                            log.replied(replies.remove(0));
                        }
                        match log.room(now) {
                            Room::Now => break,
                            Room::At(at) => tokio::time::sleep_until(replies.first().map_or(at, |r| at.min(*r))).await,
                            Room::AfterReply => tokio::time::sleep_until(replies[0]).await,
                        }
                    }
                    log.take();
                    let arrival = Instant::now() + Duration::from_millis(there);
                    arrivals.push(arrival);
                    replies.push(arrival + Duration::from_millis(back));
                }
                arrivals.sort();
                for pair in arrivals.windows(limit as usize + 1) {
                    assert!(pair[limit as usize] - pair[0] > per, "{limit} in {per:?}");
                }
            });
        }
    }
}
