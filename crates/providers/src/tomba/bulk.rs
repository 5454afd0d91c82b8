//! Jobs of many questions, which the provider calls bulks: reference 11.
//!
//! A job is created, launched, asked after, and downloaded: the first download is what charges for it.

mod calls;
mod columns;
mod draft;
mod launch;
mod namesakes;
mod refusal;
mod results;
mod settings;
mod sheet;
mod ties;
mod wire;

#[cfg(test)]
mod tests;

use leadmill_core::{BatchId, Operation, Pack};

/// Which form of jobs is spoken: both share their paths.
///
/// # Source
/// Reference 11.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Generation {
    /// Columns count from one, statuses are flags, and there is no estimate.
    First,
    /// Columns count from zero, and statuses are words.
    Second,
}

impl Generation {
    /// The one that the pack or the pipeline names, else the newest.
    fn of(pack: &Pack) -> Self {
        match pack.jobs.generation.map_or(2, u32::from) {
            1 => Self::First,
            _ => Self::Second,
        }
    }
}

/// The name of the tool in paths that answers an operation. None where none takes what it asks with.
///
/// # Source
/// Reference 11.2. The tool that finds telephone numbers asks with domains, and not with people.
const fn tool(operation: Operation) -> Option<&'static str> {
    Some(match operation {
        Operation::FindEmail => "finder",
        Operation::VerifyEmail => "verifier",
        Operation::FindPerson => "enrich",
        Operation::FindEmailByProfile => "linkedin",
        Operation::FindAuthor => "author",
        Operation::ValidatePhone => "phone-validator",
        Operation::FindCompany => "company",
        Operation::FindSimilar => "similar",
        Operation::SearchDomain => "search",
        _ => return None,
    })
}

/// What the columns are called that a tool asks with, in the order of the operation's inputs. What an operation takes
/// beyond them goes for the whole job.
///
/// # Source
/// Reference 11.2.
const fn fields(operation: Operation) -> &'static [&'static str] {
    match operation {
        Operation::FindEmail => &["first_name", "last_name", "domain"],
        Operation::VerifyEmail | Operation::FindPerson => &["email"],
        Operation::FindEmailByProfile => &["linkedin_url"],
        Operation::FindAuthor => &["url"],
        Operation::ValidatePhone => &["phone", "country"],
        Operation::FindCompany | Operation::FindSimilar | Operation::SearchDomain => {
            &["domain"]
        }
        _ => &[],
    }
}

/// The name of a batch's job.
///
/// # Source
/// Reference 11.4: 3 to 200 characters.
fn name(batch: BatchId) -> String {
    format!("leadmill-{batch}")
}
