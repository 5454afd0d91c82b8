//! The answers to choose from where the reference contradicts itself or is silent.

use http::StatusCode;

use crate::words::worded;

/// How a rate that is no whole number a second is enforced (section 15, row A5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Fraction {
    /// By the least time between two calls: 400 ms for 2.5 a second, 600 ms for 1.67.
    #[default]
    Spaced,
    /// By the shortest whole seconds that hold a whole number: 5 in 2 s, 5 in 3 s.
    Widened,
    /// Rounded up: 3 and 2 a second.
    RoundedUp,
    /// Rounded down: 2 and 1 a second.
    RoundedDown,
}

worded!(
    Fraction,
    "way to enforce a fraction",
    [("spaced", Spaced), ("widened", Widened), ("up", RoundedUp), ("down", RoundedDown)]
);

/// Limits of a plan over all endpoints, beside those of each (section 15, row A7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanLimits {
    /// 10 at once, 60 a minute.
    Free,
    /// 50 at once, 600 a minute.
    Pro,
    /// 2 a minute, 5 a day.
    Trial,
}

worded!(PlanLimits, "limits of a plan", [("free", Free), ("pro", Pro), ("trial", Trial)]);

/// The status of a request with wrong keys (section 15, row A9): 400 is what was observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AuthStatus {
    /// 401.
    Unauthorized,
    /// 400.
    #[default]
    BadRequest,
}

worded!(AuthStatus, "status of wrong keys", [("401", Unauthorized), ("400", BadRequest)]);

/// What is answered where the account is asked about itself: its own limits, its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SelfTold {
    /// What was observed.
    #[default]
    Told,
    /// 404: there is no such route.
    Missing,
    /// 403.
    Forbidden,
    /// A page in HTML, with the status 200.
    Html,
}

worded!(
    SelfTold,
    "answer about the account itself",
    [("told", Told), ("404", Missing), ("403", Forbidden), ("html", Html)]
);

/// The status of a request with wrong parameters (section 15, row A10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ParamsStatus {
    /// 422.
    #[default]
    Unprocessable,
    /// 400.
    BadRequest,
}

worded!(
    ParamsStatus,
    "status of wrong parameters",
    [("422", Unprocessable), ("400", BadRequest)]
);

/// How a lookup says that it found nothing (section 15, row A8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Miss {
    /// As Tomba's own tests have it: a person without an address from `email-finder`, no list from what lists, and
    /// `null` from the others.
    #[default]
    Usual,
    /// `{"data": null}`.
    Null,
    /// `{"data": {}}`.
    Empty,
    /// `{"data": []}`.
    EmptyList,
    /// A person with `email: null` and `score: 0` from what finds people, and `null` from the others.
    Person,
    /// 404 `unknown_record`.
    NotFound,
}

worded!(
    Miss,
    "miss",
    [
        ("usual", Usual),
        ("null", Null),
        ("empty", Empty),
        ("list", EmptyList),
        ("person", Person),
        ("404", NotFound),
    ]
);

/// The status of a request that the quota does not cover (section 15, row A3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum QuotaStatus {
    /// 403.
    #[default]
    Forbidden,
    /// 402.
    PaymentRequired,
    /// 429, without a wait.
    TooMany,
}

worded!(
    QuotaStatus,
    "status of an exhausted quota",
    [("403", Forbidden), ("402", PaymentRequired), ("429", TooMany)]
);

/// What things cost (section 15, row A1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CostTable {
    /// As the page on limits has it: by what was found.
    #[default]
    Limits,
    /// As Tomba's own actors bill: by what was asked for, and five more for a phone.
    Apify,
    /// As the page of prices has it: each address of a domain, and nothing for nobody.
    Pricing,
    /// The dearest of them.
    Dearest,
}

worded!(
    CostTable,
    "table of costs",
    [("limits", Limits), ("apify", Apify), ("pricing", Pricing), ("dearest", Dearest)]
);

/// What requests are taken from (section 15, row A2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PoolRule {
    /// Searches pay for everything but verifications, and other pools count along.
    #[default]
    Searches,
    /// Every pool pays for its own tools.
    Separate,
}

worded!(PoolRule, "rule of pools", [("searches", Searches), ("separate", Separate)]);

impl AuthStatus {
    pub(super) fn code(self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::BadRequest => StatusCode::BAD_REQUEST,
        }
    }
}

impl ParamsStatus {
    pub(super) fn code(self) -> StatusCode {
        match self {
            Self::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
            Self::BadRequest => StatusCode::BAD_REQUEST,
        }
    }
}

impl QuotaStatus {
    pub(super) fn code(self) -> StatusCode {
        match self {
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::PaymentRequired => StatusCode::PAYMENT_REQUIRED,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
        }
    }
}
