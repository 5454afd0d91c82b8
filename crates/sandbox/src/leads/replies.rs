//! What replies of the lead finder have in common.

use crate::account::Account;
use crate::envelope::{Envelope, RequestMeta};
use crate::random::Random;
use crate::sandbox::Sandbox;

/// An id for one request of the lead finder.
pub(crate) fn request_id(sandbox: &Sandbox, account: &mut Account) -> String {
    format!("req_{:016x}", opaque(sandbox, account))
}

/// A number that tells nothing and that no other thing has.
pub(crate) fn opaque(sandbox: &Sandbox, account: &mut Account) -> u64 {
    Random::new(sandbox.options().seed, account.next_number()).number()
}

/// A success whose `meta` has the request's id and no credits.
pub(crate) fn envelope<D>(
    sandbox: &Sandbox,
    account: &mut Account,
    data: D,
) -> Envelope<D> {
    Envelope::new(data, RequestMeta { request_id: request_id(sandbox, account) })
}
