//! The answers to choose from where the reference contradicts itself or is silent.

use crate::words::worded;

/// What the rate headers describe (section 14, row 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum RateHeaders {
    /// The sustained window with the fewest requests left, among those that count the request.
    #[default]
    TightestSustained,
    /// The window with the fewest requests left, bursts included.
    Tightest,
}

worded!(
    RateHeaders,
    "subject of rate headers",
    [("sustained", TightestSustained), ("tightest", Tightest),]
);

/// The names of the rate headers: providers use two families, of which a client must read both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum HeaderFamily {
    /// `X-RateLimit-Limit`, `-Remaining` and `-Reset`, of the one window that [`RateHeaders`] chooses.
    #[default]
    Plain,
    /// `x-second-rate-limit`, `x-minute-rate-limit`, `x-minute-request-left`…, as Tomba's: for each of these
    /// lengths the window with the fewest requests left, among those that count the request.
    ByLength,
    /// Both families.
    Both,
    /// None: a client is told nothing.
    Neither,
}

worded!(
    HeaderFamily,
    "family of rate headers",
    [("x-ratelimit", Plain), ("x-minute", ByLength), ("both", Both), ("none", Neither)]
);

/// The body of a 429 (section 14, row 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ThrottleBody {
    /// Problem JSON.
    #[default]
    Problem,
    /// The flat body of the rate-limits page, with `retryAfter`.
    Flat,
    /// The authentication page's `{"error": …}`.
    Auth,
}

/// The body of a 402 (section 14, row 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum NoCreditBody {
    /// Variant 1: problem JSON with `currentBalance`, `required` and `shortfall`.
    #[default]
    Extended,
    /// Variant 2: plain problem JSON.
    Plain,
    /// Variant 3: a flat body whose `detail` is an object.
    Flat,
}

/// The reply to a fetch of results before the job has ended (section 14, row 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum EarlyResults {
    /// 200 with the items finished so far; nothing is settled.
    #[default]
    Partial,
    /// 409.
    Conflict,
}

/// The `result_id` and `email` in the callback of a finder item that found nobody (section 14, row 22).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum MissId {
    /// `firstname.lastname@domain` as they were asked for, in lower case. It echoes the question and is no
    /// answer, so it is not under `.invalid`.
    #[default]
    Guess,
    /// An empty text.
    Empty,
}
