//! A lookup, from its faults to its bill.

use axum::Json;
use axum::extract::Request;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::account::Logged;
use super::answer::Answer;
use super::book::Book;
use super::endpoint::Endpoint;
use super::failure::Failure;
use super::handle::Tomba;
use super::memory::count;
use super::options::Options;
use super::params::Params;
use super::pools::{Pool, debited};
use super::prices::price;
use super::route::InPath;
use super::tools;
use crate::canonical::{canonical, question};
use crate::chaos::Trouble;
use crate::host::Host;
use crate::routes::body::drain;

/// What was asked: the answer to it, and what makes a repeat of it one.
struct Asked {
    answer: Answer,
    identity: String,
    logged: Logged,
}

/// A lookup by its query.
pub(super) async fn lookup(
    tomba: &Tomba,
    endpoint: Endpoint,
    in_path: InPath,
    request: Request,
) -> Response {
    let uri = request.uri().clone();
    drain(request).await;
    dealt(tomba, endpoint, |options| {
        let params = Params::of(&uri, options);
        let params = match in_path {
            Some((name, value)) => params.with(name, value),
            None => params,
        };
        let answer = tools::answer(endpoint, &params, options)?;
        let identity = question(&endpoint.to_string(), &borrowed(&params.identity()));
        let params = params.pairs().iter().cloned().collect();
        let logged = Logged { uri: uri.path().to_owned(), params };
        Ok(Asked { answer, identity, logged })
    })
    .await
}

/// `POST /reveal/search`
pub(super) async fn reveal(tomba: &Tomba, request: Request) -> Response {
    let body = super::body::read_json(request, tomba.options()).await;
    dealt(tomba, Endpoint::Reveal, |options| {
        let body = body?;
        let answer = tools::reveal(&body, options)?;
        let texts = body.as_object().into_iter().flatten().map(|(name, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            (name.clone(), text)
        });
        let uri = "/v1/reveal/search".to_owned();
        let logged = Logged { uri, params: texts.collect() };
        let mut same = body;
        if let Some(same) = same.as_object_mut() {
            same.remove("webhook_url");
        }
        let identity = format!("{}:{}", Endpoint::Reveal, canonical(&same.to_string()));
        Ok(Asked { answer, identity, logged })
    })
    .await
}

/// What goes wrong with a lookup goes wrong here.
async fn dealt(
    tomba: &Tomba,
    endpoint: Endpoint,
    ask: impl FnOnce(&Options) -> Result<Asked, Failure>,
) -> Response {
    let options = tomba.options();
    if let Some(refused) = odd(tomba, endpoint) {
        return refused;
    }
    let fault = tomba.book().next_fault();
    if let Some(refused) = fault.refusal_as(Tomba::unavailable) {
        return refused;
    }
    let answered = ask(options).and_then(|asked| charged(tomba, endpoint, asked));
    let mut latency = options.single_latency;
    if tomba.book().is_odd(options.oddities.slow) {
        latency += options.oddities.slow_by;
    }
    if !latency.is_zero() {
        sleep(latency).await;
    }
    let response = match answered {
        Ok(body) => Json(body).into_response(),
        Err(failure) => failure.into_response(),
    };
    fault.strike_as(response, Tomba::internal).await
}

/// A reply that is no answer, and has no effect.
fn odd(tomba: &Tomba, endpoint: Endpoint) -> Option<Response> {
    let (book, odd) = (&mut *tomba.book(), tomba.options().oddities);
    if let Some(status) = book.refusals.pop_front() {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::IM_A_TEAPOT);
        let failure = Failure::new(status, "refused_on_demand", "Refused on demand.");
        return Some(failure.into_response());
    }
    if book.is_odd(odd.errors_in_success) {
        return Some(Failure::internal().in_success());
    }
    if book.is_odd(odd.html) {
        let page = Html("<html><body><h1>502 Bad Gateway</h1></body></html>");
        return Some((StatusCode::BAD_GATEWAY, page).into_response());
    }
    if endpoint == Endpoint::EmailVerifier && book.is_odd(odd.smtp) {
        let message = "The mail server answered unexpectedly, please try again later.";
        let failure = Failure::new(StatusCode::PAYMENT_REQUIRED, "smtp_error", message);
        return Some(failure.into_response());
    }
    None
}

/// Takes the price of an answer and gives the body.
fn charged(tomba: &Tomba, endpoint: Endpoint, asked: Asked) -> Result<Value, Failure> {
    let (options, now) = (tomba.options(), Instant::now());
    let Asked { answer, identity, logged } = asked;
    let book = &mut *tomba.book();
    book.pools.advance(now);
    if !answer.found.present && book.chance.strikes(Trouble::MissAsError) {
        return Err(Failure::internal());
    }
    let credits = price(options, endpoint, &answer.found);
    let repeated = book.memory.is_paid(&identity, options.memory, now);
    if !repeated && endpoint != Endpoint::DomainStatus {
        // What is asked for must be there before anybody knows whether it is found.
        let least = debited(options.pool_rule, endpoint, credits.max(1));
        let lacking = |pool: Pool| Failure::quota(options, pool);
        book.pools.lacking(&least).map_or(Ok(()), |pool| Err(lacking(pool)))?;
        let bill = debited(options.pool_rule, endpoint, credits);
        book.pools.take(&bill).map_err(lacking)?;
        if credits > 0 {
            book.memory.pay(identity, now);
        }
    }
    let paid = if repeated { 0 } else { credits };
    note(book, options, endpoint, &answer.question, paid, repeated);
    book.usage.add(tomba.wall_time(now), endpoint, paid, false);
    book.log.add(tomba.wall_time(now), endpoint, logged, paid);
    match answer.refusal {
        Some(refusal) => Err(refusal),
        None => Ok(answer.body),
    }
}

fn note(
    book: &mut Book,
    options: &Options,
    endpoint: Endpoint,
    fields: &[String],
    paid: u64,
    repeated: bool,
) {
    book.repeats += u64::from(repeated);
    if !options.track_questions {
        return;
    }
    let name = question(&endpoint.to_string(), &borrowed(fields));
    let memory = &mut book.memory;
    count(&mut memory.asked, &name);
    if paid > 0 {
        count(&mut memory.paid, &name);
    }
    if repeated {
        count(&mut memory.repeats, &name);
    }
}

fn borrowed(fields: &[String]) -> Vec<&str> {
    fields.iter().map(String::as_str).collect()
}
