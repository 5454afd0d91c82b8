//! `leadmill sandbox`: the provider's API as a local server.

use crate::{
    args::SandboxArgs,
    clock::SystemClock,
    exit::{Exit, Failure},
    signals,
    terminal::Terminal,
};
use leadmill_core::Clock;
use leadmill_sandbox::{
    Lookups, Options, Plan, Sandbox, Team,
    tomba::{self, Tomba, TombaKey},
};
use serde_json::{Value, json};
use std::{
    io,
    time::{Duration, UNIX_EPOCH},
};
use tokio::net::TcpListener;

/// Serves until it is told to stop.
pub(crate) async fn sandbox(
    args: &SandboxArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let failed = |error: io::Error| {
        Failure::failed(format!(
            "the sandbox cannot listen on {}:{}: {error}",
            args.host, args.port
        ))
    };
    let bind = || TcpListener::bind((args.host, args.port));
    match args.provider.as_str() {
        "enrich.so" => {
            let plan: Plan = args.plan.parse().map_err(|_| {
                Failure::invalid(format!(
                    "the sandbox has no plan called `{}`",
                    args.plan
                ))
                .hint("take free, growth, scale, pro or enterprise")
            })?;
            let listener = bind().await.map_err(failed)?;
            let address = listener.local_addr().map_err(failed)?;
            let credentials = json!({ "plan": args.plan, "api_key": "sk_sandbox" });
            let told = format!("plan {plan}, key sk_sandbox");
            announce(terminal, &format!("http://{address}/api/v3"), &told, credentials);
            let sandbox = Sandbox::new(options(args, plan));
            until_stopped(sandbox.serve(listener)).await.map_err(failed)
        }
        "tomba" => {
            let listener = bind().await.map_err(failed)?;
            let address = listener.local_addr().map_err(failed)?;
            let TombaKey { key, secret } = TombaKey::default();
            let told = format!("key {key}, secret {secret}");
            let credentials = json!({ "key": key, "secret": secret });
            announce(terminal, &format!("http://{address}/v1"), &told, credentials);
            let sandbox = Tomba::new(tomba_options(args));
            until_stopped(sandbox.serve(listener)).await.map_err(failed)
        }
        other => Err(Failure::invalid(format!("no sandbox serves `{other}`"))
            .hint("take enrich.so or tomba")),
    }
}

fn announce(terminal: &Terminal, base_url: &str, told: &str, mut json: Value) {
    terminal.print(&format!("{base_url}\n"));
    let books = base_url.rsplit_once("/v1").or(base_url.split_once("/api"));
    let books = books.map_or(base_url, |(address, _)| address);
    terminal.talk(&format!(
        "the sandbox serves {told} at {base_url}; its answers are made up\n\
         its books: {books}/sandbox/audit\n"
    ));
    json["base_url"] = json!(base_url);
    terminal.last_line(&json);
}

async fn until_stopped(serve: impl Future<Output = io::Result<()>>) -> io::Result<Exit> {
    let (mut stopped, interruption) = signals::listen(false)?;
    tokio::select! {
        served = serve => served.map(|()| Exit::Done),
        _ = stopped.wait_for(|stop| *stop) => {
            Ok(interruption.number().map_or(Exit::Done, Exit::Signal))
        }
    }
}

/// Those of them that Tomba's sandbox has.
fn tomba_options(args: &SandboxArgs) -> tomba::Options {
    let usual = tomba::Options::default();
    let bulk = tomba::BulkOptions {
        fixed: args.job_ms.map_or(usual.bulk.fixed, Duration::from_millis),
        queued: if args.job_ms.is_some() { Duration::ZERO } else { usual.bulk.queued },
        per_row: args.item_us.map_or(usual.bulk.per_row, Duration::from_micros),
        ..usual.bulk
    };
    tomba::Options {
        limits: !args.no_limits,
        algorithm: args.algorithm,
        rate_headers: args.rate_headers,
        header_family: args.header_family,
        foreign: args.foreign,
        chaos: args.faults.clone(),
        seed: args.seed.unwrap_or(usual.seed),
        single_latency: Duration::from_millis(args.single_ms),
        latency: Duration::from_millis(args.latency_ms),
        jitter: Duration::from_millis(args.jitter_ms),
        epoch: UNIX_EPOCH + Duration::from_millis(SystemClock.now().0.unsigned_abs()),
        team: args.team.clone(),
        calls_itself_sandbox: !args.unmarked,
        track_questions: !args.no_limits,
        bulk,
        ..usual
    }
}

/// The knobs as they were typed.
fn options(args: &SandboxArgs, plan: Plan) -> Options {
    let mut usual = Options::default();
    for setting in &args.lead_finder {
        setting.apply(&mut usual.leads);
    }
    Options {
        plan,
        windows: (!args.limits.is_empty()).then(|| args.limits.clone()),
        limits: !args.no_limits,
        algorithm: args.algorithm,
        rate_headers: args.rate_headers,
        header_family: args.header_family,
        foreign: args.foreign,
        lookups: Lookups {
            phone_miss: args.phone_miss,
            reverse_miss: args.reverse_miss,
            reverse_pages: args.reverse_pages,
            repeats_free: args.repeats_free,
        },
        chaos: args.faults.clone(),
        followers: args.followers.knobs(),
        team: Team { id: args.team.clone(), ..Team::default() },
        calls_itself_sandbox: !args.unmarked,
        seed: args.seed.unwrap_or(usual.seed),
        balance: args.balance.unwrap_or(usual.balance),
        job_fixed: args.job_ms.map_or(usual.job_fixed, Duration::from_millis),
        job_queued: if args.job_ms.is_some() { Duration::ZERO } else { usual.job_queued },
        job_per_item: args.item_us.map_or(usual.job_per_item, Duration::from_micros),
        single_latency: Duration::from_millis(args.single_ms),
        latency: Duration::from_millis(args.latency_ms),
        jitter: Duration::from_millis(args.jitter_ms),
        settles_after: args.settles_after_ms.map(Duration::from_millis),
        retention: args.retention_ms.map(Duration::from_millis),
        epoch: UNIX_EPOCH + Duration::from_millis(SystemClock.now().0.unsigned_abs()),
        track_questions: !args.no_limits,
        ..usual
    }
}
