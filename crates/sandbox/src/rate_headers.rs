//! The rate headers of a response, in the families that are in use.

use std::time::Duration;

use http::{HeaderName, HeaderValue};
use tokio::time::Instant;

use crate::kind::Kind;
use crate::knobs::HeaderFamily;
use crate::limits::{Limits, Rates};

/// Names and values, to be put into a response.
pub(crate) type RateHeaderList = Vec<(HeaderName, HeaderValue)>;

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
const SECOND_LIMIT: HeaderName = HeaderName::from_static("x-second-rate-limit");
const MINUTE_LIMIT: HeaderName = HeaderName::from_static("x-minute-rate-limit");
const MINUTE_LEFT: HeaderName = HeaderName::from_static("x-minute-request-left");
const MINUTE_RESET: HeaderName = HeaderName::from_static("x-minute-reset-seconds");
const DAILY_LIMIT: HeaderName = HeaderName::from_static("x-daily-rate-limit");
const DAILY_LEFT: HeaderName = HeaderName::from_static("x-daily-request-left");
const DAILY_RESET: HeaderName = HeaderName::from_static("x-daily-reset-seconds");

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// What a response says of the windows that count its request, `rates` among it.
pub(crate) fn rate_headers<K: Kind>(
    family: HeaderFamily,
    rates: Rates,
    limits: &mut Limits<K>,
    category: K,
    now: Instant,
) -> RateHeaderList {
    let mut headers = Vec::new();
    if matches!(family, HeaderFamily::Plain | HeaderFamily::Both) {
        add(&mut headers, [LIMIT, REMAINING, RESET], rates);
    }
    if matches!(family, HeaderFamily::ByLength | HeaderFamily::Both) {
        let mut of = |length| limits.rates_of(category, length, now);
        if let Some(rates) = of(SECOND) {
            headers.push((SECOND_LIMIT, HeaderValue::from(rates.limit)));
        }
        if let Some(rates) = of(MINUTE) {
            add(&mut headers, [MINUTE_LIMIT, MINUTE_LEFT, MINUTE_RESET], rates);
        }
        if let Some(rates) = of(DAY) {
            add(&mut headers, [DAILY_LIMIT, DAILY_LEFT, DAILY_RESET], rates);
        }
    }
    headers
}

fn add(headers: &mut RateHeaderList, names: [HeaderName; 3], rates: Rates) {
    let values = [u64::from(rates.limit), u64::from(rates.remaining), rates.reset];
    headers.extend(names.into_iter().zip(values.map(HeaderValue::from)));
}
