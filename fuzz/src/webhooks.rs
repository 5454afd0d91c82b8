//! A callback is read as anybody would read it, or not at all.

use super::providers::enrich::callback::{Callback, Family, Kind, read};
use leadmill_core::JobId;
use serde_json::Value;

/// Holds a callback's body, or what is none, against what must hold of every one. Whether it was read.
pub fn judge(data: &[u8]) -> bool {
    let found = read(data);
    if let Some(Callback { job, .. }) = &found {
        assert!((1..=128).contains(&job.0.len()), "an id of {} bytes", job.0.len());
        let plain = |c: char| c.is_ascii_alphanumeric() || "_.:-".contains(c);
        assert!(job.0.chars().all(plain), "{job}");
    }
    // Deeper than a value can be is read as well; then nothing is there to compare it with.
    let Ok(body) = serde_json::from_slice::<Value>(data) else {
        return found.is_some();
    };
    let expected = slowly(&body);
    assert!(found.is_none() || found == expected, "{found:?} is no {expected:?}");
    // Without doubled members, which are `None`, it is exactly what is there.
    assert_eq!(read(body.to_string().as_bytes()), expected, "{body}");
    found.is_some()
}

/// The same by way of the whole value and the names' parts.
fn slowly(body: &Value) -> Option<Callback> {
    const PREFIX: &str = "webhook:";
    let event = body.get("event")?.as_str()?;
    let name = event.strip_suffix(".completed")?;
    let (name, is_prefixed) = match name.strip_prefix(PREFIX) {
        Some(name) => (name, true),
        None => (name, false),
    };
    let (family, kind) = match (name, is_prefixed) {
        ("validation", false) => (Family::Validation, Kind::Completion),
        ("finder", false) => (Family::Finder, Kind::Completion),
        ("email_lookup", true) => (Family::Validation, Kind::Result),
        ("finder_lookup", true) => (Family::Finder, Kind::Result),
        (name, true) => match name.rsplit_once('_')? {
            (product, "result") => (product_of(product)?, Kind::Result),
            (product, "completion") => (product_of(product)?, Kind::Completion),
            _ => return None,
        },
        (_, false) => return None,
    };
    let job = match family {
        Family::CompanyFollower => body.get("batchId"),
        _ => body.get("data")?.get("job_id"),
    };
    let job = job?.as_str()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.:-".contains(c);
    let is_id = !job.is_empty() && job.len() <= 128 && job.chars().all(plain);
    is_id.then(|| Callback { job: JobId(job.to_owned()), kind, family })
}

fn product_of(name: &str) -> Option<Family> {
    match name {
        "phone" => Some(Family::Phone),
        "email" => Some(Family::Reverse),
        "company_follower" => Some(Family::CompanyFollower),
        _ => None,
    }
}
