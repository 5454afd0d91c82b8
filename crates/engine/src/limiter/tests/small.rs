//! Accounts that may do far less than the pack says: what their replies teach, and how few 429s that takes.

use super::*;
use leadmill_core::OwnLimit;

const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

/// How long a reply takes. The server judges a call half of it after it left.
const WAY: Duration = Duration::from_millis(20);

/// What a 429 tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Nothing,
    RetryAfter,
    Headers,
}

/// A server with an exact log of what it has let through.
struct Server {
    windows: Vec<(u32, Duration)>,
    told: Told,
    seen: Vec<Instant>,
}

/// What it makes of a call.
struct Verdict {
    /// None where it passed.
    refused: Option<Option<Duration>>,
    rates: Vec<RateSignal>,
}

impl Server {
    fn new(windows: &[(u32, Duration)], told: Told) -> Self {
        Self { windows: windows.to_vec(), told, seen: Vec::new() }
    }

    fn used(&self, per: Duration, at: Instant) -> usize {
        self.seen.iter().filter(|seen| **seen + per > at).count()
    }

    /// When the window has room again.
    fn opens(&self, (limit, per): (u32, Duration), at: Instant) -> Duration {
        let inside: Vec<Instant> =
            self.seen.iter().copied().filter(|seen| *seen + per > at).collect();
        let surplus = inside.len().checked_sub(limit as usize);
        surplus.map_or(Duration::ZERO, |first| inside[first] + per - at)
    }

    fn judge(&mut self, at: Instant) -> Verdict {
        let waits = self.windows.iter().map(|window| self.opens(*window, at));
        let wait = waits.max().unwrap();
        let passes = wait.is_zero();
        if passes {
            self.seen.push(at);
        }
        let whole =
            |time: Duration| Duration::from_secs(time.as_secs_f64().ceil() as u64);
        let rates = self.windows.iter().map(|(limit, per)| {
            let remaining = u64::from(*limit).saturating_sub(self.used(*per, at) as u64);
            let oldest = self.seen.iter().find(|seen| **seen + *per > at);
            let reset = oldest.map(|seen| whole(*seen + *per - at));
            // The header of a second comes alone.
            let (remaining, reset) = match *per > SECOND {
                true => (Some(remaining), reset),
                false => (None, None),
            };
            RateSignal {
                per: Some(*per),
                limit: Some(u64::from(*limit)),
                remaining,
                reset,
            }
        });
        let rates = match self.told {
            Told::Headers => rates.collect(),
            Told::Nothing | Told::RetryAfter => Vec::new(),
        };
        let told = (self.told != Told::Nothing).then(|| whole(wait));
        Verdict { refused: (!passes).then_some(told), rates }
    }
}

/// Asks so many questions. Tells how long it took, and when each 429 came.
async fn ask(
    client: &mut Client,
    server: &mut Server,
    questions: usize,
) -> Vec<Duration> {
    let start = Instant::now();
    let (mut left, mut passed, mut refusals) = (questions, 0, Vec::new());
    let mut open: std::collections::VecDeque<(Permit, Verdict)> = Default::default();
    while passed < questions {
        let mut wake = None;
        while left > 0 && open.len() < 48 {
            match client.admit(Call::Poll) {
                Ok(permit) => {
                    left -= 1;
                    let verdict = server.judge(permit.sent + WAY / 2);
                    open.push_back((permit, verdict));
                }
                Err(wait) => {
                    wake = Some(wait);
                    break;
                }
            }
        }
        let reply = open.front().map(|(permit, _)| permit.sent + WAY);
        let until = match wake {
            Some(Wait::Until(until)) => reply.map_or(until, |reply| reply.min(until)),
            _ => reply.expect("a reply is waited for"),
        };
        sleep_until(until).await;
        while open.front().is_some_and(|(permit, _)| permit.sent + WAY <= Instant::now())
        {
            let (permit, verdict) = open.pop_front().unwrap();
            client.limiter.hear(&permit, &verdict.rates);
            match verdict.refused {
                None => {
                    client.limiter.replied(&permit, true);
                    client.limiter.passed(&permit);
                    passed += 1;
                }
                Some(wait) => {
                    client.limiter.throttled(&permit, &verdict.rates);
                    client.limiter.replied(&permit, true);
                    client.limiter.refuse(permit.endpoint, wait);
                    client.limiter.freeze(wait);
                    refusals.push(start.elapsed());
                    left += 1;
                }
            }
        }
        assert!(start.elapsed() < MINUTE * 60, "{passed} of {questions}");
    }
    refusals
}

/// The most 429s in any stretch of a minute, those of the first moment left out: what left together before anything was
/// known of the account.
fn worst(refusals: &[Duration]) -> usize {
    let later: Vec<Duration> =
        refusals.iter().copied().filter(|at| *at > SECOND / 2).collect();
    let within = |from: &Duration| {
        later.iter().filter(|at| (*from..*from + MINUTE).contains(at)).count()
    };
    later.iter().map(within).max().unwrap_or_default()
}

const SMALL: [(u32, Duration); 2] = [(1, SECOND), (5, MINUTE)];

/// Ten questions at one a second and five a minute take 64 seconds at the least.
#[tokio::test(start_paused = true)]
async fn limits_that_the_headers_teach_are_as_good_as_those_of_the_file() {
    for windows in [["1/1s", "5/60s"], ["15/1s", "900/60s"]] {
        let mut client = client(&account(&windows, &[]));
        let start = Instant::now();
        let mut server = Server::new(&SMALL, Told::Headers);
        let refusals = ask(&mut client, &mut server, 10).await;
        let took = start.elapsed().as_secs_f64();
        assert!(took <= 65.0, "{windows:?}: {took} s, {refusals:?}");
        assert!(worst(&refusals) <= 1, "{windows:?}: {refusals:?}");
        let learnt = client.limiter.gates.iter().map(Gate::cap).collect::<Vec<_>>();
        assert_eq!(learnt, [1, 5]);
    }
}

/// Nothing tells what the limits are: they are found by what passes, and not by asking again and again.
#[tokio::test(start_paused = true)]
async fn limits_that_nobody_tells_are_found_by_what_passes() {
    for told in [Told::Nothing, Told::RetryAfter] {
        let mut client = client(&account(&["15/1s", "900/60s"], &[]));
        let start = Instant::now();
        let mut server = Server::new(&SMALL, told);
        let refusals = ask(&mut client, &mut server, 10).await;
        let took = start.elapsed().as_secs_f64();
        assert!(took < 200.0, "{told:?}: {took} s, {refusals:?}");
        assert!(worst(&refusals) <= 1, "{told:?}: {refusals:?}");
        let refusals = ask(&mut client, &mut server, 40).await;
        assert!(worst(&refusals) <= 1, "{told:?}: {refusals:?}");
        let took = start.elapsed().as_secs_f64();
        assert!(took < 1_500.0, "{told:?}: {took} s");
    }
}

/// Others have used up the window, which opens in three seconds: so long is waited, and not for a window's length.
#[tokio::test(start_paused = true)]
async fn a_reset_in_three_seconds_is_waited_for_and_no_longer() {
    for told in [Told::Headers, Told::RetryAfter] {
        let mut client = client(&account(&["15/1s", "900/60s"], &[]));
        let mut server = Server::new(&[(5, MINUTE)], told);
        let now = Instant::now();
        let used = now.checked_sub(Duration::from_millis(57_500)).unwrap();
        server.seen = vec![used; 5];
        let refusals = ask(&mut client, &mut server, 3).await;
        let took = now.elapsed().as_secs_f64();
        assert!((3.0..5.0).contains(&took), "{told:?}: {took} s, {refusals:?}");
        assert!(worst(&refusals) <= 1, "{told:?}: {refusals:?}");
    }
}

/// A day that is used up is closed until its reset, also for a process that comes later, and only for its own calls.
#[tokio::test(start_paused = true)]
async fn a_day_that_is_used_up_stays_closed_for_the_next_process() {
    let account = account(&["15/1s", "900/60s"], &[]);
    let mut first = client(&account);
    let permit = first.permit(Call::Poll).await;
    let day = Duration::from_secs(86_400);
    let hour = Duration::from_secs(3_600);
    let rate = RateSignal {
        per: Some(day),
        limit: Some(5),
        remaining: Some(0),
        reset: Some(hour),
    };
    first.limiter.hear(&permit, &[rate]);
    first.limiter.replied(&permit, true);
    first.limiter.passed(&permit);
    assert!(first.limiter.next_trade() <= Instant::now(), "it is told at once");
    first.trade();
    let mut slots = first.slots;
    slots.bury(ProcessId(1), Moment(1_000), &[], |_| Vec::new());
    let mut second = Client::new(&account, slots, 1_000);
    let start = Instant::now();
    second.send(Call::Submit).await;
    assert!(start.elapsed() < SECOND);
    second.send(Call::Poll).await;
    let waited = start.elapsed();
    assert!((hour - SECOND * 2..hour + SECOND * 2).contains(&waited), "{waited:?}");
}

fn own(limits: &[(&str, Option<u32>)]) -> Vec<OwnLimit> {
    let limit = |(window, used): &(&str, Option<u32>)| OwnLimit {
        scope: Scope("global".into()),
        window: window.parse().unwrap(),
        used: *used,
    };
    limits.iter().map(limit).collect()
}

#[tokio::test(start_paused = true)]
async fn the_account_s_own_limits_are_as_good_as_those_of_the_file() {
    let mut client = client(&account(&["15/1s", "900/60s"], &[]));
    client.limiter.expect_own_limits();
    client.limiter.agree(&own(&[("1/1s", None), ("5/60s", Some(0)), ("20/1d", Some(0))]));
    let start = Instant::now();
    let mut server = Server::new(&SMALL, Told::Headers);
    let refusals = ask(&mut client, &mut server, 10).await;
    let took = start.elapsed().as_secs_f64();
    assert!(refusals.is_empty() && took < 65.0, "{took} s, {refusals:?}");
}

/// A day is a window like any other, and what the provider counts in it is used.
#[tokio::test(start_paused = true)]
async fn what_is_used_of_a_day_is_not_there() {
    let mut client = client(&account(&["100/1s", "900/60s"], &[]));
    client.limiter.agree(&own(&[("20/1d", Some(18))]));
    let start = Instant::now();
    client.send(Call::Poll).await;
    client.send(Call::Poll).await;
    assert!(start.elapsed() < SECOND);
    // Asked again it says that less is used.
    client.limiter.agree(&own(&[("20/1d", Some(5))]));
    client.clear();
    let more = (0..20).filter_map(|_| client.admit(Call::Poll).ok()).count();
    assert_eq!(more, 15);
}

/// The headers of a day count what was used before too: that is not taken for colleagues that come on top.
#[tokio::test(start_paused = true)]
async fn what_is_used_of_a_day_is_counted_once() {
    let mut client = client(&account(&["100/1s", "900/60s"], &[]));
    client.limiter.agree(&own(&[("20/1d", Some(12))]));
    let day = Duration::from_secs(86_400);
    let mut sent = 0;
    while sent < 20
        && let Ok(permit) = client.admit(Call::Poll)
    {
        sent += 1;
        let left = RateSignal { per: Some(day), ..rate(20, 8 - sent.min(8), 80_000) };
        tokio::time::advance(WAY).await;
        client.limiter.hear(&permit, &[left]);
        client.limiter.replied(&permit, true);
        client.limiter.passed(&permit);
        tokio::time::advance(SECOND).await;
    }
    assert_eq!(sent, 8);
}

/// Of all sources the strictest holds, and a limit that was raised is one.
#[tokio::test(start_paused = true)]
async fn no_source_goes_beyond_the_account_s_own_limit() {
    let mut client = client(&account(&["100/60s"], &[]));
    let cap = |client: &Client| client.limiter.gates[0].cap();
    client.limiter.agree(&own(&[("900/60s", None)]));
    assert_eq!(cap(&client), 100);
    client.limiter.agree(&own(&[("8/60s", None)]));
    assert_eq!(cap(&client), 8);
    for _ in 0..3 {
        let permit = client.permit(Call::Poll).await;
        client.limiter.hear(&permit, &[rate(50, 40, 60)]);
        client.limiter.replied(&permit, true);
    }
    assert_eq!(cap(&client), 8, "a header that says more");
    client.limiter.agree(&own(&[("30/60s", None)]));
    assert_eq!(cap(&client), 30);
}

/// Where the account's limits cannot be read the first reply is waited for, which may tell.
#[tokio::test(start_paused = true)]
async fn an_account_of_which_nothing_is_known_is_asked_one_question_first() {
    let mut account = account(&["15/1s", "900/60s"], &[]);
    let scopes = vec![Scope("global".into())];
    account.pack.scopes.insert(Call::Ask.into(), scopes);
    let mut client = client(&account);
    client.limiter.expect_own_limits();
    let first = client.permit(Call::Ask).await;
    assert_eq!(client.admit(Call::Ask).unwrap_err(), Wait::ForReply);
    client.limiter.hear(&first, &[RateSignal { per: Some(MINUTE), ..rate(5, 4, 60) }]);
    client.limiter.replied(&first, true);
    client.limiter.passed(&first);
    let more = (0..9).filter_map(|_| client.admit(Call::Ask).ok()).count();
    assert_eq!(more, 4);
}
