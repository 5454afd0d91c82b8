//! What can be bought of a lead.

use serde::{Deserialize, Serialize};

/// A field that costs something.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Field {
    /// The address at the employer.
    Email,
    /// Every number.
    Phone,
    /// The address at home, in newer documents.
    PersonalEmail,
    /// The whole last name.
    Name,
}

impl Field {
    /// Credits for one lead.
    pub(crate) fn price(self) -> u64 {
        match self {
            Self::Email | Self::PersonalEmail => 10,
            Self::Phone => 525,
            Self::Name => 1,
        }
    }

    /// Its name on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::PersonalEmail => "personalEmail",
            Self::Name => "name",
        }
    }
}

/// Credits for one lead with all of these.
pub(crate) fn price(fields: &[Field]) -> u64 {
    fields.iter().map(|field| field.price()).sum()
}
