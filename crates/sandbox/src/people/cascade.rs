//! Whom a waterfall looks for, level by level.

use serde::Deserialize;

use crate::problem::Problem;

/// One level, as sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Level {
    pub(crate) include_title: Vec<String>,
    pub(crate) exclude_title: Vec<String>,
    pub(crate) job_levels: Vec<String>,
    pub(crate) job_functions: Vec<String>,
    pub(crate) skills: Vec<String>,
    /// Country codes, continents such as `NORTH_AMERICA`, or `WORLD`.
    pub(crate) location: Vec<String>,
    pub(crate) include_headline_search: bool,
    pub(crate) priority_bonus: u32,
}

/// The levels of a search: 1 to 10, or the usual four.
pub(crate) fn levels(sent: Option<Vec<Level>>) -> Result<Vec<Level>, Problem> {
    let Some(levels) = sent else { return Ok(usual()) };
    let refuse = |why: String| Err(Problem::validation(format!("body/cascade{why}")));
    match levels.len() {
        0 => return refuse(" Array must contain at least 1 element(s)".to_owned()),
        11.. => return refuse(" Array must contain at most 10 element(s)".to_owned()),
        _ => {}
    }
    match levels.iter().position(|level| level.priority_bonus > 30) {
        Some(at) => refuse(format!(
            "/{at}/priority_bonus Number must be less than or equal to 30"
        )),
        None => Ok(levels),
    }
}

/// Founders, then everyone else at the top, then vice presidents, then directors.
fn usual() -> Vec<Level> {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let by_level =
        |level: &str| Level { job_levels: owned(&[level]), ..Level::default() };
    let heads = ["CEO", "Chief Executive Officer", "Founder"];
    vec![
        Level { include_title: owned(&heads), ..Level::default() },
        by_level("C-Suite"),
        by_level("VP"),
        by_level("Director"),
    ]
}
