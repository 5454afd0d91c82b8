//! The people behind the account.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::canonical::canonical;
use crate::words::worded;

/// Who is in the team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// What the provider calls it; by default a name that the seed gives.
    pub id: Option<String>,
    /// What the owner of the keys is in it. A member may neither invite nor cancel an invitation: 403.
    pub caller: Role,
    /// How long an invitation is pending; the reference's example has 30 days.
    pub invitation_lasts: Duration,
}

impl Default for Team {
    fn default() -> Self {
        Self {
            id: None,
            caller: Role::default(),
            invitation_lasts: Duration::from_secs(30 * 86_400),
        }
    }
}

/// What somebody is in a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// It is theirs.
    #[default]
    Owner,
    /// They may invite.
    Admin,
    /// They may look.
    Member,
}

worded!(Role, "role", [("owner", Owner), ("admin", Admin), ("member", Member)]);

/// Somebody in the team. Their addresses are under `.invalid`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person {
    pub(crate) email: &'static str,
    pub(crate) name: Option<&'static str>,
    pub(crate) role: Role,
}

/// One of each role; the last has given no name.
pub(crate) const PEOPLE: [Person; 3] = [
    Person { email: "owner@team.invalid", name: Some("Olga Owner"), role: Role::Owner },
    Person { email: "admin@team.invalid", name: Some("Adam Admin"), role: Role::Admin },
    Person { email: "member@team.invalid", name: None, role: Role::Member },
];

/// An invitation that was sent, or would have been.
#[derive(Clone, Debug)]
pub(crate) struct Invitation {
    /// Its id.
    pub(crate) id: String,
    /// To whom.
    pub(crate) email: String,
    /// As what.
    pub(crate) role: Role,
    /// When.
    pub(crate) created: Instant,
}

/// Drops what is pending no more.
pub(crate) fn expire(invitations: &mut Vec<Invitation>, team: &Team, now: Instant) {
    invitations.retain(|sent| now - sent.created < team.invitation_lasts);
}

/// Whether this address belongs to the team or has been invited to it.
pub(crate) fn knows(invitations: &[Invitation], email: &str) -> bool {
    let same = |other: &str| canonical(other) == canonical(email);
    PEOPLE.iter().any(|person| same(person.email))
        || invitations.iter().any(|invitation| same(&invitation.email))
}
