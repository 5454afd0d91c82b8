//! What each operation takes.

use super::{Input, InputKind, Presence};

const fn always(name: &'static str, kind: InputKind, max_chars: usize) -> Input {
    Input { name, kind, max_chars, presence: Presence::Always }
}

const fn one_of(name: &'static str, kind: InputKind, max_chars: usize) -> Input {
    Input { name, kind, max_chars, presence: Presence::OneOf }
}

pub(super) const FIND_EMAIL_INPUTS: &[Input] = &[
    always("first_name", InputKind::Name, 100),
    always("last_name", InputKind::Name, 100),
    always("domain", InputKind::Domain, 253),
];

pub(super) const VERIFY_EMAIL_INPUTS: &[Input] =
    &[always("email", InputKind::Email, 254)];

/// A profile says more exactly who is meant than an address does.
pub(super) const FIND_PHONE_INPUTS: &[Input] = &[
    one_of("linkedin_url", InputKind::Profile, 500),
    one_of("email", InputKind::Email, 254),
];

pub(super) const FIND_PERSON_INPUTS: &[Input] = &[always("email", InputKind::Email, 254)];
