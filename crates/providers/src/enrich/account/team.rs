//! Who is in the team, and who is invited.

use super::{super::Action, Id};
use crate::Enrich;
use leadmill_core::{ProviderError, Reply};
use serde::{Deserialize, Serialize};

/// Somebody in the team.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "camelCase"))]
pub struct Member {
    /// The membership.
    pub id: String,
    /// The person.
    pub user_id: String,
    /// Their address.
    pub email: String,
    /// What they are called, if they have said.
    pub name: Option<String>,
    /// `owner`, `admin` or `member`, or a newer one.
    pub role: String,
    /// Since when, as RFC 3339.
    pub created_at: String,
}

/// Somebody who is invited and has not come yet.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "camelCase"))]
pub struct Invitation {
    /// Its name, by which it can be cancelled.
    pub id: Id,
    /// Who.
    pub email: String,
    /// As what.
    pub role: String,
    /// `pending`.
    pub status: String,
    /// Until when, as RFC 3339.
    pub expires_at: String,
    /// Since when, as RFC 3339.
    pub created_at: String,
}

/// As what somebody can be invited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// They may invite others.
    Admin,
    /// They may not.
    Member,
}

#[derive(Serialize)]
struct Invited<'a> {
    email: &'a str,
    role: Role,
}

#[derive(Deserialize)]
struct Cancelled {
    success: bool,
}

impl Enrich {
    /// Lists who is in a team.
    pub async fn members(&self, team: &Id) -> Result<Reply<Vec<Member>>, ProviderError> {
        let action = Action::job(format!("listing the members of team {team}"));
        self.look(&action, &format!("/teams/{team}/members")).await
    }

    /// Lists the invitations of a team that are pending.
    pub async fn invitations(
        &self,
        team: &Id,
    ) -> Result<Reply<Vec<Invitation>>, ProviderError> {
        let action = Action::job(format!("listing the invitations of team {team}"));
        self.look(&action, &format!("/teams/{team}/invitations")).await
    }

    /// Invites somebody into a team. **Changes it**, each time that it is made.
    pub async fn invite(
        &self,
        team: &Id,
        email: &str,
        role: Role,
    ) -> Result<Reply<Invitation>, ProviderError> {
        let action = Action::job(format!("inviting {email} into team {team}"));
        let path = format!("/teams/{team}/invitations");
        self.hand_over(&action, &path, &Invited { email, role }).await
    }

    /// Takes an invitation back. **Changes the team**: one that was taken back is not known any more.
    pub async fn cancel(
        &self,
        team: &Id,
        invitation: &Id,
    ) -> Result<Reply<()>, ProviderError> {
        let action =
            Action::job(format!("cancelling invitation {invitation} of team {team}"));
        let path = format!("/teams/{team}/invitations/{invitation}");
        self.take_away(&action, &path, |done: Cancelled| done.success).await
    }
}
