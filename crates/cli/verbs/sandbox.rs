//! `leadmill sandbox`: the provider's API as a local server.

use crate::{
    args::SandboxArgs,
    clock::SystemClock,
    exit::{Exit, Failure},
    signals,
    terminal::Terminal,
};
use leadmill_core::Clock;
use leadmill_sandbox::{Lookups, Options, Plan, Sandbox};
use serde_json::json;
use std::time::{Duration, UNIX_EPOCH};
use tokio::net::TcpListener;

/// Serves until it is told to stop.
pub(crate) async fn sandbox(
    args: &SandboxArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let plan: Plan = args.plan.parse().map_err(|_| {
        Failure::invalid(format!("the sandbox has no plan called `{}`", args.plan))
            .hint("take free, growth, scale, pro or enterprise")
    })?;
    let sandbox = Sandbox::new(options(args, plan));
    let failed = |error: std::io::Error| {
        Failure::failed(format!(
            "the sandbox cannot listen on {}:{}: {error}",
            args.host, args.port
        ))
    };
    let listener = TcpListener::bind((args.host, args.port)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let base_url = format!("http://{address}/api/v3");
    terminal.print(&format!("{base_url}\n"));
    terminal.talk(&format!(
        "the sandbox of enrich.so serves plan {plan} at {base_url}, key sk_sandbox; its answers are made up\n\
         its books: http://{address}/sandbox/audit\n"
    ));
    terminal.last_line(
        &json!({ "base_url": base_url, "plan": args.plan, "api_key": "sk_sandbox" }),
    );
    let (mut stopped, interruption) = signals::listen(false).map_err(failed)?;
    tokio::select! {
        served = sandbox.serve(listener) => served.map_err(failed).map(|()| Exit::Done),
        _ = stopped.wait_for(|stop| *stop) => {
            Ok(interruption.number().map_or(Exit::Done, Exit::Signal))
        }
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
