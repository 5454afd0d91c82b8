//! The quotas that questions draw on. Tomba has no wallet: each plan has a quota of its own for each kind of work.

use super::wire::{Part, Quota, Requests};
use leadmill_core::{Account, Credits, Operation};

/// A quota of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pool {
    /// Most work.
    Searches,
    /// Verifications of addresses.
    Verifications,
    /// Look-ups of telephone numbers, which are searches too.
    Phones,
}

impl Pool {
    /// The quotas that a question draws on.
    ///
    /// # Source
    /// Assumption A2; that telephone numbers are billed as searches is documented for jobs (reference 4.3).
    pub(super) const fn of(operation: Operation) -> &'static [Self] {
        match operation {
            Operation::VerifyEmail => &[Self::Verifications],
            Operation::FindPhone | Operation::ValidatePhone => {
                &[Self::Searches, Self::Phones]
            }
            _ => &[Self::Searches],
        }
    }

    /// What is left of it, in the credits that questions are priced in. None where the reply does not tell.
    fn left(self, requests: &Requests, account: &Account) -> Option<Credits> {
        let left = |quota: &Part<Quota>| quota.0.as_ref().and_then(Quota::left);
        match self {
            Self::Searches => left(&requests.domains).map(Credits),
            Self::Verifications => left(&requests.verifications).map(Credits),
            // One of these is one look-up or less: which, is not told. So many look-ups cost as much at most.
            Self::Phones => {
                let offer = account.offer(Operation::FindPhone);
                let price = offer.map_or(Credits(1), |offer| offer.price);
                left(&requests.phones).map(|left| price * left)
            }
        }
    }

    /// What is left of all of these: the least. None where the reply does not tell of one that must be there; of
    /// telephone numbers not every plan has a quota.
    pub(super) fn least(
        pools: &[Self],
        requests: &Requests,
        account: &Account,
    ) -> Option<Credits> {
        let mut least = Credits::MAX;
        for pool in pools {
            match pool.left(requests, account) {
                Some(left) => least = least.min(left),
                None if *pool == Self::Phones => {}
                None => return None,
            }
        }
        Some(least)
    }
}
