//! The families of rate headers, and windows beside the plan's.

use super::client::{Reply, get, leads, post, sandbox};
use crate::{HeaderFamily, Options, Plan, Window};

const PLAIN: [&str; 3] =
    ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];
const BY_LENGTH: [&str; 7] = [
    "x-second-rate-limit",
    "x-minute-rate-limit",
    "x-minute-request-left",
    "x-minute-reset-seconds",
    "x-daily-rate-limit",
    "x-daily-request-left",
    "x-daily-reset-seconds",
];

fn read<const N: usize>(reply: &Reply, names: [&str; N]) -> [String; N] {
    names.map(|name| reply.header(name).to_owned())
}

fn windows(texts: &[&str]) -> Option<Vec<Window>> {
    Some(texts.iter().map(|text| text.parse().unwrap()).collect())
}

#[tokio::test(start_paused = true)]
async fn headers_come_in_one_family_or_in_both() {
    for (header_family, plain, by_length) in [
        (HeaderFamily::Plain, true, false),
        (HeaderFamily::ByLength, false, true),
        (HeaderFamily::Both, true, true),
    ] {
        let sandbox =
            sandbox(Options { header_family, plan: Plan::Free, ..Options::default() });
        let reply = post(&sandbox, "/email-finder/batch", leads(1)).await;
        let expected = |told, values: &[&str]| {
            values.iter().map(|v| (if told { *v } else { "" }).to_owned()).collect()
        };
        let of_plain: Vec<String> = expected(plain, &["2", "1", "60"]);
        assert_eq!(read(&reply, PLAIN).to_vec(), of_plain, "{header_family}");
        let values = ["1", "2", "1", "60", "", "", ""];
        let of_lengths: Vec<String> = expected(by_length, &values);
        assert_eq!(read(&reply, BY_LENGTH).to_vec(), of_lengths, "{header_family}");
    }
}

#[tokio::test(start_paused = true)]
async fn windows_beside_the_plans_replace_them_all() {
    let sandbox = sandbox(Options {
        windows: windows(&["global=4/1s", "global=7/60s", "global=9/1d", "bulk=1/60s"]),
        header_family: HeaderFamily::Both,
        ..Options::default()
    });
    let reply = get(&sandbox, "/wallets/balance").await;
    assert_eq!(read(&reply, PLAIN), ["7", "6", "60"]);
    assert_eq!(read(&reply, BY_LENGTH), ["4", "7", "6", "60", "9", "8", "86400"]);
    assert_eq!(post(&sandbox, "/email-finder/batch", leads(1)).await.status, 200);
    let refused = post(&sandbox, "/email-finder/batch", leads(1)).await;
    assert_eq!(refused.status, 429);
    assert_eq!(read(&refused, BY_LENGTH), ["4", "1", "0", "60", "9", "7", "86400"]);
    let limits: Vec<u32> = sandbox.audit().windows.iter().map(|w| w.limit).collect();
    assert_eq!(limits, [4, 7, 9, 1]);
}

#[tokio::test(start_paused = true)]
async fn without_limits_no_window_is_told_by_its_length() {
    let sandbox = sandbox(Options {
        limits: false,
        header_family: HeaderFamily::Both,
        ..Options::default()
    });
    let reply = get(&sandbox, "/wallets/balance").await;
    assert_eq!(read(&reply, PLAIN)[0], "1000000000");
    assert_eq!(read(&reply, BY_LENGTH).concat(), "");
}
