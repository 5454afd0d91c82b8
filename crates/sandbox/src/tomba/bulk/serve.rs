//! The endpoints of bulk jobs.

use axum::Json;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::Uri;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::job::Job;
use super::kinds::BulkKind;
use super::options::Generation;
use super::{actions, create, download, first, stats, views};
use crate::faults::Fault;
use crate::host::Host;
use crate::routes::body::drain;
use crate::tomba::body;
use crate::tomba::failure::Failure;
use crate::tomba::handle::Tomba;
use crate::tomba::params::Params;
use crate::tomba::route::{BulksRoute, JobRoute, Route};

/// Serves what is asked of bulk jobs. What makes something happen meets its faults here.
pub(in crate::tomba) async fn serve(
    tomba: &Tomba,
    route: Route,
    request: Request,
) -> Response {
    if !is_paid(&route) {
        return answer(tomba, route, request, Fault::None).await.into_response();
    }
    let fault = tomba.book().next_fault();
    if let Some(refused) = fault.refusal_as(Tomba::unavailable) {
        drain(request).await;
        return refused;
    }
    let answered = answer(tomba, route, request, fault).await.into_response();
    fault.strike_as(answered, Tomba::internal).await
}

/// Whether a request may cost something: a creation, a launch, or a download.
fn is_paid(route: &Route) -> bool {
    use JobRoute::{Download, Launch, Retry};
    matches!(route, Route::Create(_) | Route::Job(_, _, Launch | Retry | Download))
}

async fn answer(
    tomba: &Tomba,
    route: Route,
    request: Request,
    fault: Fault,
) -> Result<Response, Failure> {
    let uri = request.uri().clone();
    match route {
        Route::Create(kind) => create::create(tomba, kind, request, fault).await,
        Route::Job(kind, id, JobRoute::Rename) => {
            let body = body::read_json(request, tomba.options()).await?;
            actions::rename(tomba, kind, id, &body).map(IntoResponse::into_response)
        }
        other => {
            drain(request).await;
            match other {
                Route::Bulks(what) => of_all(tomba, what, &uri),
                Route::List(kind) => list(tomba, kind, &uri).map(told),
                Route::Job(kind, id, JobRoute::Download) => {
                    download::download(tomba, kind, id, &uri)
                }
                Route::Job(kind, id, what) => of_one(tomba, kind, id, what, &uri, fault),
                _ => Err(Failure::unknown_route()),
            }
        }
    }
}

fn of_all(tomba: &Tomba, what: BulksRoute, uri: &Uri) -> Result<Response, Failure> {
    let options = tomba.options();
    Ok(match what {
        BulksRoute::Types => told(json!({ "data": views::types(options) })),
        BulksRoute::Stats => told(stats::stats(tomba, uri)?),
        BulksRoute::Secret => told(views::secret(&tomba.book().bulks.secret, options)),
        BulksRoute::Rotate => actions::rotate(tomba)?.into_response(),
    })
}

fn of_one(
    tomba: &Tomba,
    kind: BulkKind,
    id: i64,
    what: JobRoute,
    uri: &Uri,
    fault: Fault,
) -> Result<Response, Failure> {
    let done = match what {
        JobRoute::Launch => actions::launch(tomba, kind, id, fault),
        JobRoute::Retry => actions::retry(tomba, kind, id, fault),
        JobRoute::Cancel => actions::cancel(tomba, kind, id),
        JobRoute::Delete => actions::delete(tomba, kind, id),
        JobRoute::Archive => actions::archive(tomba, kind, id, true),
        JobRoute::Restore => actions::archive(tomba, kind, id, false),
        other => return look(tomba, kind, id, other, uri).map(told),
    };
    done.map(IntoResponse::into_response)
}

/// What is only looked at.
fn look(
    tomba: &Tomba,
    kind: BulkKind,
    id: i64,
    what: JobRoute,
    uri: &Uri,
) -> Result<Value, Failure> {
    let (options, now) = (tomba.options(), Instant::now());
    let second = options.bulk.generation == Generation::Second;
    let job = actions::find(&mut tomba.book(), kind, id)?.clone();
    Ok(match what {
        JobRoute::Progress if second => views::progress(tomba, &job, now),
        JobRoute::Progress => first::progress(tomba, &job, now),
        JobRoute::Estimate => {
            let pools = &mut tomba.book().pools;
            pools.advance(now);
            json!({ "data": views::estimate(options, pools, &job, now) })
        }
        JobRoute::History => paged(views::history(tomba, &job), uri, tomba)?,
        _ if second => json!({ "data": views::detail(tomba, &job, now) }),
        _ => json!({ "data": [first::job(tomba, &job, now)] }),
    })
}

/// `GET /bulk/{type}`
fn list(tomba: &Tomba, kind: BulkKind, uri: &Uri) -> Result<Value, Failure> {
    let (options, now) = (tomba.options(), Instant::now());
    let params = Params::of(uri, options);
    let second = options.bulk.generation == Generation::Second;
    let name = params.get("q").map(str::to_lowercase);
    let states = ["pending", "running", "completed", "failed", "cancelled"];
    let state = params.word("status", &states)?;
    let filter = params.word("filter", &["archived", "all"])?;
    let archived = params.flag("archived") || filter == Some("archived");
    let oldest_first = params.word("direction", &["asc", "desc"])? == Some("asc");
    let wanted = |job: &&Job| {
        job.kind == kind
            && (filter == Some("all") || job.archived == archived)
            && name.as_ref().is_none_or(|name| job.name.to_lowercase().contains(name))
            && state.is_none_or(|state| json!(job.state(&options.bulk, now)) == state)
    };
    let book = tomba.book();
    let mut jobs: Vec<Job> = book.bulks.jobs.values().filter(wanted).cloned().collect();
    drop(book);
    if !oldest_first {
        jobs.reverse();
    }
    let view = |job: &Job| match second {
        true => views::job(tomba, job, now),
        false => first::job(tomba, job, now),
    };
    paged(jobs.iter().map(view).collect(), uri, tomba)
}

/// A page of a list (section 11.5).
fn paged(rows: Vec<Value>, uri: &Uri, tomba: &Tomba) -> Result<Value, Failure> {
    let params = Params::of(uri, tomba.options());
    let page = params.number("page", 1, 1..=1_000_000)? as usize;
    let limit = params.number("limit", 10, 1..=50)? as usize;
    let total = rows.len();
    let shown: Vec<Value> =
        rows.into_iter().skip((page - 1) * limit).take(limit).collect();
    Ok(json!({ "data": shown, "meta": {
        "total": total,
        "pageSize": limit,
        "current": page,
        "total_pages": total.div_ceil(limit),
    } }))
}

fn told(body: Value) -> Response {
    Json(body).into_response()
}
