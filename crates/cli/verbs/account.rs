//! `leadmill account`: looks after the account behind a provider. None of it costs credits.

mod desk;
mod failures;
mod followers;
mod leads;
mod team;
mod tomba;
mod wallet;

use crate::{
    args::account::{AccountArgs, Action},
    exit::{Exit, Failure},
    terminal::Terminal,
};
use desk::Desk;
use serde_json::Value;

/// What an action has to tell.
struct Told {
    /// For people.
    text: String,
    /// For programs.
    json: Value,
}

/// Does one thing at the account, within its windows.
pub(crate) async fn account(
    args: &AccountArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let mut desk = Desk::open(args, terminal).await?;
    let Told { text, json } = act(&args.action, &mut desk).await?;
    terminal.print(&text);
    terminal.last_line(&json);
    Ok(Exit::Done)
}

async fn act(action: &Action, desk: &mut Desk<'_>) -> Result<Told, Failure> {
    match action {
        Action::Balance => wallet::balance(desk).await,
        Action::Transactions { page, limit, kind } => {
            wallet::transactions(desk, *page, *limit, kind.map(Into::into)).await
        }
        Action::Team(team) => team::members(desk, team).await,
        Action::Invite { email, role, team } => {
            team::invite(desk, team, email, (*role).into()).await
        }
        Action::Invitations(team) => team::invitations(desk, team).await,
        Action::Cancel { invitation, team } => team::cancel(desk, team, invitation).await,
        Action::Options { filter } => leads::options(desk, filter.as_deref()).await,
        Action::Suggest { text, limit } => leads::suggest(desk, text, *limit).await,
        Action::Searches => leads::searches(desk).await,
        Action::SaveSearch { name, filters } => leads::save(desk, name, filters).await,
        Action::DeleteSearch { search } => leads::delete(desk, search).await,
        Action::Count { filters, exclude } => {
            leads::count(desk, filters, exclude.as_deref()).await
        }
        Action::Limit => followers::limit(desk).await,
        Action::Me => tomba::me(desk).await,
        Action::Usage => tomba::usage(desk).await,
        Action::Logs { page, limit } => tomba::logs(desk, *page, *limit).await,
    }
}
