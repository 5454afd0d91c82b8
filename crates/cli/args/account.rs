//! What an account is asked beside enriching.

use super::{FileArgs, pair};
use clap::{Args, Subcommand, ValueEnum};
use leadmill_providers::enrich::account::{Id, Kind, Role};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct AccountArgs {
    /// The provider, by its name among the file's `providers:`.
    #[arg(env = "LEADMILL_PROVIDER")]
    pub(crate) provider: String,
    #[command(subcommand)]
    pub(crate) action: Action,
    /// The pipeline file that declares it.
    #[arg(long, global = true, env = "LEADMILL_FILE", default_value = "pipeline.yaml")]
    pub(crate) file: PathBuf,
    /// Sets a variable of the file's `vars:`; may be given several times.
    #[arg(long = "var", global = true, value_name = "NAME=TEXT", env = "LEADMILL_VAR", value_delimiter = ',', value_parser = pair)]
    pub(crate) vars: Vec<(String, String)>,
    /// The state whose windows these calls count in, a folder or `postgres://…`, instead of the file's `state:`.
    #[arg(
        long,
        global = true,
        value_name = "PLACE",
        env = "LEADMILL_STATE",
        hide_env_values = true
    )]
    pub(crate) state: Option<String>,
}

impl AccountArgs {
    /// As for other verbs on a file.
    pub(crate) fn file_args(&self) -> FileArgs {
        let (file, vars, state) =
            (self.file.clone(), self.vars.clone(), self.state.clone());
        FileArgs { file, vars, state, run_key: None }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Shows the credits in the wallet.
    Balance,
    /// Lists what has moved the wallet, newest first.
    Transactions {
        /// The page, counted from 1.
        #[arg(long, env = "LEADMILL_ACCOUNT_PAGE", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        page: u32,
        /// Most transactions on the page, up to 100.
        #[arg(long, env = "LEADMILL_ACCOUNT_TRANSACTIONS", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100))]
        limit: u32,
        /// Only those of one type.
        #[arg(
            long = "type",
            value_name = "TYPE",
            env = "LEADMILL_ACCOUNT_TYPE",
            value_enum
        )]
        kind: Option<TransactionType>,
    },
    /// Lists who is in the team.
    Team(TeamArgs),
    /// Invites somebody into the team.
    Invite {
        /// Their address.
        #[arg(env = "LEADMILL_ACCOUNT_EMAIL")]
        email: String,
        /// As what.
        #[arg(long, env = "LEADMILL_ACCOUNT_ROLE", value_enum)]
        role: InvitedAs,
        #[command(flatten)]
        team: TeamArgs,
    },
    /// Lists the invitations that are pending.
    Invitations(TeamArgs),
    /// Takes an invitation back.
    Cancel {
        /// Its id, as `invitations` tells it.
        #[arg(env = "LEADMILL_ACCOUNT_INVITATION")]
        invitation: Id,
        #[command(flatten)]
        team: TeamArgs,
    },
    /// Lists the filters of the lead finder, or what one of them can be set to.
    Options {
        /// The filter.
        #[arg(env = "LEADMILL_ACCOUNT_FILTER")]
        filter: Option<String>,
    },
    /// Suggests names of companies for filters.
    Suggest {
        /// What they hold: at least two characters.
        #[arg(env = "LEADMILL_ACCOUNT_TEXT", value_parser = two_characters)]
        text: String,
        /// Most names, up to 50.
        #[arg(long, env = "LEADMILL_ACCOUNT_SUGGESTIONS", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=50))]
        limit: u32,
    },
    /// Lists the saved searches of the lead finder.
    Searches,
    /// Saves a search of the lead finder under a name.
    SaveSearch {
        /// The name: up to 100 characters.
        #[arg(env = "LEADMILL_ACCOUNT_SEARCH_NAME", value_parser = hundred_characters)]
        name: String,
        /// What it looks for: a JSON object, or the file that holds one.
        #[arg(long, value_name = "JSON|@FILE", env = "LEADMILL_ACCOUNT_FILTERS")]
        filters: String,
    },
    /// Deletes a saved search.
    DeleteSearch {
        /// Its id, as `searches` tells it.
        #[arg(env = "LEADMILL_ACCOUNT_SEARCH")]
        search: Id,
    },
    /// Counts the leads of a search.
    Count {
        /// What it looks for: a JSON object, or the file that holds one.
        #[arg(long, value_name = "JSON|@FILE", env = "LEADMILL_ACCOUNT_FILTERS")]
        filters: String,
        /// What is left out, likewise.
        #[arg(long, value_name = "JSON|@FILE", env = "LEADMILL_ACCOUNT_EXCLUDE")]
        exclude: Option<String>,
    },
    /// Shows how many followers of companies may be collected today.
    Limit,
    /// Shows whose account at Tomba it is, its plan and its quotas.
    Me,
    /// Shows what was used at Tomba.
    Usage,
    /// Lists what was asked of Tomba lately.
    Logs {
        /// The page, counted from 1.
        #[arg(long, env = "LEADMILL_ACCOUNT_PAGE", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        page: u32,
        /// Most entries on the page, up to 100.
        #[arg(long, env = "LEADMILL_ACCOUNT_LOGS", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100))]
        limit: u32,
    },
}

#[derive(Debug, Args)]
pub(crate) struct TeamArgs {
    /// The team's id, by default that of the wallet's owner.
    #[arg(long, value_name = "ID", env = "LEADMILL_ACCOUNT_TEAM")]
    pub(crate) team: Option<Id>,
}

/// Why credits come and go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TransactionType {
    /// They were spent, or reserved.
    Deduction,
    /// They were bought.
    Topup,
    /// The provider put something right.
    Adjustment,
    /// They came back.
    Refund,
}

impl From<TransactionType> for Kind {
    fn from(kind: TransactionType) -> Self {
        match kind {
            TransactionType::Deduction => Self::Deduction,
            TransactionType::Topup => Self::Topup,
            TransactionType::Adjustment => Self::Adjustment,
            TransactionType::Refund => Self::Refund,
        }
    }
}

/// As what somebody is invited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum InvitedAs {
    /// They may invite others.
    Admin,
    /// They may not.
    Member,
}

impl From<InvitedAs> for Role {
    fn from(role: InvitedAs) -> Self {
        match role {
            InvitedAs::Admin => Self::Admin,
            InvitedAs::Member => Self::Member,
        }
    }
}

fn two_characters(text: &str) -> Result<String, String> {
    match text.trim().chars().nth(1) {
        Some(_) => Ok(text.to_owned()),
        None => Err("write at least two characters".to_owned()),
    }
}

fn hundred_characters(text: &str) -> Result<String, String> {
    match text.chars().count() {
        1..=100 => Ok(text.to_owned()),
        _ => Err("write 1 to 100 characters".to_owned()),
    }
}
