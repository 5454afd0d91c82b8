//! Who is in the team, and who is invited.

use super::{Desk, Told, wallet};
use crate::{
    args::account::TeamArgs,
    exit::Failure,
    table::{plain, table},
};
use leadmill_core::Call;
use leadmill_providers::enrich::account::{Id, Invitation, Member, Role};
use serde_json::json;

/// The team that was named, or the wallet's owner.
async fn team(desk: &mut Desk<'_>, args: &TeamArgs) -> Result<Id, Failure> {
    match &args.team {
        Some(team) => Ok(team.clone()),
        None => Ok(wallet::read(desk).await?.organization_id),
    }
}

/// Lists who is in the team.
pub(super) async fn members(
    desk: &mut Desk<'_>,
    args: &TeamArgs,
) -> Result<Told, Failure> {
    let team = team(desk, args).await?;
    let members =
        desk.look(Call::Account, async |enrich| enrich.members(&team).await).await?;
    let row = |member: &Member| {
        let Member { email, name, role, created_at, .. } = member.clone();
        [email, name.unwrap_or_default(), role, created_at]
    };
    let text = table(["email", "name", "role", "since"], members.iter().map(row));
    Ok(Told { text, json: json!({ "team": team, "members": members }) })
}

/// Lists the invitations that are pending.
pub(super) async fn invitations(
    desk: &mut Desk<'_>,
    args: &TeamArgs,
) -> Result<Told, Failure> {
    let team = team(desk, args).await?;
    let invitations =
        desk.look(Call::Account, async |enrich| enrich.invitations(&team).await).await?;
    let row = |invitation: &Invitation| {
        let Invitation { id, email, role, status, expires_at, .. } = invitation.clone();
        [id.to_string(), email, role, status, expires_at]
    };
    let heads = ["id", "email", "role", "status", "expires"];
    let text = table(heads, invitations.iter().map(row));
    Ok(Told { text, json: json!({ "team": team, "invitations": invitations }) })
}

/// Invites somebody.
pub(super) async fn invite(
    desk: &mut Desk<'_>,
    args: &TeamArgs,
    email: &str,
    role: Role,
) -> Result<Told, Failure> {
    let team = team(desk, args).await?;
    let invitation = desk
        .change("invitations", async |enrich| enrich.invite(&team, email, role).await)
        .await?;
    let Invitation { id, email, role, expires_at, .. } = &invitation;
    let line = format!("invited {email} as {role} until {expires_at}: invitation {id}");
    let json = json!({ "team": team, "invitation": invitation });
    Ok(Told { text: format!("{}\n", plain(&line)), json })
}

/// Takes an invitation back.
pub(super) async fn cancel(
    desk: &mut Desk<'_>,
    args: &TeamArgs,
    invitation: &Id,
) -> Result<Told, Failure> {
    let team = team(desk, args).await?;
    desk.change("invitations", async |enrich| enrich.cancel(&team, invitation).await)
        .await?;
    let text = format!("cancelled invitation {invitation}\n");
    Ok(Told { text, json: json!({ "team": team, "cancelled": invitation }) })
}
