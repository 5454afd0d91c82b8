//! The team: who is in it, and who is invited. The team is the organization that owns the keys.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::routing::{delete, get};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::body;
use crate::account::Account;
use crate::answers::validation::looks_like_email;
use crate::envelope::Envelope;
use crate::gate::BASE;
use crate::problem::Problem;
use crate::sandbox::Sandbox;
use crate::team::{Invitation, PEOPLE, Role, expire, knows};
use crate::timestamp;

/// The routes of the family.
pub(crate) fn routes() -> Router<Sandbox> {
    let team = format!("{BASE}/teams/{{team}}");
    let invitations = format!("{team}/invitations");
    Router::new()
        .route(&format!("{team}/members"), get(members))
        .route(&invitations, get(pending).post(invite))
        .route(&format!("{invitations}/{{id}}"), delete(cancel))
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TeamMember {
    id: String,
    user_id: String,
    email: &'static str,
    name: Option<&'static str>,
    role: Role,
    created_at: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvitationData {
    id: String,
    email: String,
    role: Role,
    status: &'static str,
    expires_at: String,
    created_at: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Cancelled {
    success: bool,
}

#[derive(Debug, Deserialize)]
struct InviteBody {
    email: String,
    role: String,
}

/// `GET /teams/{teamId}/members`
async fn members(
    State(sandbox): State<Sandbox>,
    Path(team): Path<String>,
) -> Result<Envelope<Vec<TeamMember>>, Problem> {
    check_team(&sandbox, &team)?;
    let since = timestamp::format(sandbox.options().epoch);
    let people = PEOPLE.iter().zip(1..).map(|(person, nth)| TeamMember {
        id: sandbox.id('9', nth),
        user_id: sandbox.id('8', nth),
        email: person.email,
        name: person.name,
        role: person.role,
        created_at: since.clone(),
    });
    Ok(Envelope::bare(people.collect()))
}

/// `POST /teams/{teamId}/invitations`. Whoever is in the team or invited is not invited again: 400, since no
/// other status is declared for it.
async fn invite(
    State(sandbox): State<Sandbox>,
    Path(team): Path<String>,
    request: Request,
) -> Result<Envelope<InvitationData>, Problem> {
    let body = body::read::<InviteBody>(request, sandbox.options()).await;
    check_team(&sandbox, &team)?;
    check_caller(&sandbox)?;
    let InviteBody { email, role } = body?;
    if !looks_like_email(&email) {
        return Err(Problem::validation("body/email Invalid email"));
    }
    let role = match role.parse() {
        Ok(role @ (Role::Admin | Role::Member)) => role,
        _ => return Err(Problem::validation("body/role Invalid enum value")),
    };
    let (account, created) = (&mut *sandbox.account(), Instant::now());
    if knows(invitations(&sandbox, account, created), &email) {
        let detail = "body/email Already a member of the team or invited to it";
        return Err(Problem::validation(detail));
    }
    let id = sandbox.id('f', account.next_number());
    let invitation = Invitation { id, email, role, created };
    account.invitations.push(invitation.clone());
    Ok(Envelope::bare(wire(&sandbox, &invitation)))
}

/// `GET /teams/{teamId}/invitations`
async fn pending(
    State(sandbox): State<Sandbox>,
    Path(team): Path<String>,
) -> Result<Envelope<Vec<InvitationData>>, Problem> {
    check_team(&sandbox, &team)?;
    let account = &mut *sandbox.account();
    let invitations = invitations(&sandbox, account, Instant::now());
    let wire = |invitation| wire(&sandbox, invitation);
    Ok(Envelope::bare(invitations.iter().map(wire).collect()))
}

/// `DELETE /teams/{teamId}/invitations/{invitationId}`
async fn cancel(
    State(sandbox): State<Sandbox>,
    Path((team, id)): Path<(String, String)>,
) -> Result<Envelope<Cancelled>, Problem> {
    check_team(&sandbox, &team)?;
    check_caller(&sandbox)?;
    let account = &mut *sandbox.account();
    let invitations = invitations(&sandbox, account, Instant::now());
    let place = invitations.iter().position(|invitation| invitation.id == id);
    let place = place.ok_or_else(|| Problem::not_found("Invitation not found"))?;
    invitations.remove(place);
    Ok(Envelope::bare(Cancelled { success: true }))
}

/// What is still pending.
fn invitations<'a>(
    sandbox: &Sandbox,
    account: &'a mut Account,
    now: Instant,
) -> &'a mut Vec<Invitation> {
    expire(&mut account.invitations, &sandbox.options().team, now);
    &mut account.invitations
}

fn wire(sandbox: &Sandbox, invitation: &Invitation) -> InvitationData {
    let time = |at| timestamp::format(sandbox.wall_time(at));
    let expires = invitation.created + sandbox.options().team.invitation_lasts;
    InvitationData {
        id: invitation.id.clone(),
        email: invitation.email.clone(),
        role: invitation.role,
        status: "pending",
        expires_at: time(expires),
        created_at: time(invitation.created),
    }
}

/// Another organization's team is as unknown as none.
fn check_team(sandbox: &Sandbox, team: &str) -> Result<(), Problem> {
    if *team == sandbox.organization() {
        return Ok(());
    }
    Err(Problem::not_found("Team not found"))
}

/// Refuses what only an admin or the owner may do. The reference names no status: 403 is plausible.
fn check_caller(sandbox: &Sandbox) -> Result<(), Problem> {
    if sandbox.options().team.caller == Role::Member {
        return Err(Problem::forbidden(
            "Only admins and the owner of the team may do this",
        ));
    }
    Ok(())
}
