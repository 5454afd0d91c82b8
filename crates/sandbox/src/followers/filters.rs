//! Which followers of a company are asked for.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::lists::{
    COUNTRIES, COUNTRY_OF, DEPARTMENTS, JOB_TITLES, LEVELS, List, STATES,
};
use crate::answers::followers::Follower;
use crate::problem::Problem;

/// Filters as sent.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SentFilters {
    countries: Vec<String>,
    states: Vec<String>,
    job_titles: Vec<String>,
    departments: Vec<String>,
    levels: Vec<String>,
}

/// Filters in one form, whatever their order: places in the lists. A filter without values lets all pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Filters {
    countries: BTreeSet<usize>,
    states: BTreeSet<usize>,
    job_titles: BTreeSet<usize>,
    departments: BTreeSet<usize>,
    levels: BTreeSet<usize>,
}

/// Filters as an estimate echoes them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FiltersApplied {
    countries: Vec<&'static str>,
    states: Vec<&'static str>,
    job_titles: Vec<&'static str>,
    departments: Vec<&'static str>,
    levels: Vec<&'static str>,
}

impl SentFilters {
    /// Refuses a value that is in no list; letter case matters.
    pub(crate) fn read(&self) -> Result<Filters, Problem> {
        Ok(Filters {
            countries: places("countries", &self.countries, &COUNTRIES)?,
            states: places("states", &self.states, &STATES)?,
            job_titles: places("jobTitles", &self.job_titles, &JOB_TITLES)?,
            departments: places("departments", &self.departments, &DEPARTMENTS)?,
            levels: places("levels", &self.levels, &LEVELS)?,
        })
    }
}

impl Filters {
    /// Whether a follower passes every filter.
    pub(crate) fn pass(&self, follower: &Follower) -> bool {
        let passes =
            |set: &BTreeSet<usize>, place| set.is_empty() || set.contains(&place);
        passes(&self.job_titles, follower.job_title)
            && passes(&self.departments, follower.department)
            && passes(&self.levels, follower.level)
            && self.pass_place(follower)
    }

    /// A state stands for its country and narrows it: with Germany, France and Bavaria come the followers in
    /// France and those in Bavaria.
    fn pass_place(&self, follower: &Follower) -> bool {
        let of = |state: &usize| COUNTRY_OF.get(*state).copied();
        let narrowed =
            self.states.iter().any(|state| of(state) == Some(follower.country));
        if narrowed {
            return follower.state.is_some_and(|state| self.states.contains(&state));
        }
        let anywhere = self.countries.is_empty() && self.states.is_empty();
        anywhere || self.countries.contains(&follower.country)
    }

    /// The names of the values, or `None` if nothing is filtered.
    pub(crate) fn applied(&self) -> Option<FiltersApplied> {
        (*self != Self::default()).then(|| FiltersApplied {
            countries: names(&self.countries, &COUNTRIES),
            states: names(&self.states, &STATES),
            job_titles: names(&self.job_titles, &JOB_TITLES),
            departments: names(&self.departments, &DEPARTMENTS),
            levels: names(&self.levels, &LEVELS),
        })
    }
}

fn places(name: &str, sent: &[String], list: &List) -> Result<BTreeSet<usize>, Problem> {
    let place = |(at, value): (usize, &String)| {
        list.iter().position(|known| known == value).ok_or_else(|| {
            Problem::validation(format!("body/{name}/{at} Invalid enum value"))
        })
    };
    sent.iter().enumerate().map(place).collect()
}

fn names(places: &BTreeSet<usize>, list: &List) -> Vec<&'static str> {
    places.iter().filter_map(|place| list.get(*place).copied()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filters(sent: serde_json::Value) -> Result<Filters, Problem> {
        serde_json::from_value::<SentFilters>(sent).unwrap().read()
    }

    fn follower(state: &str) -> Follower {
        let state = STATES.iter().position(|known| *known == state).unwrap();
        let country = COUNTRY_OF[state];
        Follower {
            nth: 0,
            country,
            state: Some(state),
            job_title: 3,
            department: 4,
            level: 5,
        }
    }

    #[test]
    fn the_order_of_values_and_their_copies_do_not_matter() {
        let some = filters(json!({ "levels": ["CXO", "Senior"] })).unwrap();
        let same = filters(json!({ "levels": ["Senior", "CXO", "Senior"] })).unwrap();
        assert_eq!(some, same);
        let applied = serde_json::to_value(some.applied()).unwrap();
        assert_eq!(applied["levels"], json!(["CXO", "Senior"]));
        assert_eq!(applied["jobTitles"], json!([]));
        assert!(filters(json!({})).unwrap().applied().is_none());
    }

    #[test]
    fn a_value_of_no_list_is_named() {
        let sent = json!({ "jobTitles": ["Accountant", "accountant"] });
        let refused = Problem::validation("body/jobTitles/1 Invalid enum value");
        assert_eq!(filters(sent), Err(refused));
    }

    #[test]
    fn a_state_narrows_its_country_and_no_other() {
        let passes = |sent, state| filters(sent).unwrap().pass(&follower(state));
        let both =
            || json!({ "countries": ["Germany", "France"], "states": ["Bavaria"] });
        assert!(passes(both(), "Bavaria") && passes(both(), "Corse"));
        assert!(!passes(both(), "Berlin") && !passes(both(), "Ohio"));
        let alone = || json!({ "states": ["Bavaria"] });
        assert!(passes(alone(), "Bavaria") && !passes(alone(), "Berlin"));
        assert!(!passes(alone(), "Corse"));
        assert!(passes(json!({ "countries": ["Germany"] }), "Berlin"));
        assert!(passes(json!({}), "Ohio"));
    }

    #[test]
    fn all_filters_must_pass() {
        let (title, level) = (JOB_TITLES[3], LEVELS[5]);
        let passes = |sent| filters(sent).unwrap().pass(&follower("Ohio"));
        assert!(passes(json!({ "jobTitles": [title], "levels": [level] })));
        assert!(!passes(json!({ "jobTitles": [title], "levels": [LEVELS[6]] })));
        assert!(!passes(json!({ "departments": [DEPARTMENTS[0]] })));
    }
}
