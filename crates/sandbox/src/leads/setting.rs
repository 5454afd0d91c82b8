//! A knob of the lead finder as a command line spells it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::options::LeadOptions;

/// One knob and its value, such as `people=500`. A switch needs no value: `strict-levels`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadSetting {
    name: String,
    value: String,
}

/// There is no such knob, or it has no such value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnreadableLeadSetting(String);

/// The knobs by their names.
const NAMES: [&str; 19] = [
    "people",
    "companies",
    "access",
    "strict-levels",
    "top-level",
    "any-case-technology",
    "exact-employee-count",
    "zero-for-empty",
    "tells-free-pages",
    "free-by-page",
    "free-searches",
    "last-page",
    "counts",
    "filter-options",
    "personal-email",
    "reveal-cache-s",
    "tells-reserved",
    "export-status",
    "strict-delete",
];

impl LeadSetting {
    /// Turns the knob.
    pub fn apply(&self, options: &mut LeadOptions) {
        // It was tried when it was read.
        drop(set(options, &self.name, &self.value));
    }
}

impl FromStr for LeadSetting {
    type Err = UnreadableLeadSetting;

    fn from_str(text: &str) -> Result<Self, UnreadableLeadSetting> {
        let (name, value) = text.split_once('=').unwrap_or((text, "true"));
        set(&mut LeadOptions::default(), name, value).map_err(UnreadableLeadSetting)?;
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }
}

impl fmt::Display for LeadSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.value)
    }
}

fn set(options: &mut LeadOptions, name: &str, value: &str) -> Result<(), String> {
    let seconds = || read::<u64>(name, value).map(Duration::from_secs);
    match name {
        "people" => options.people = read(name, value)?,
        "companies" => options.companies = read(name, value)?,
        "access" => options.access = read(name, value)?,
        "strict-levels" => options.strict_levels = read(name, value)?,
        "top-level" => options.top_level = read(name, value)?,
        "any-case-technology" => options.any_case_technology = read(name, value)?,
        "exact-employee-count" => options.exact_employee_count = read(name, value)?,
        "zero-for-empty" => options.zero_for_empty = read(name, value)?,
        "tells-free-pages" => options.tells_free_pages = read(name, value)?,
        "free-by-page" => options.free_by_page = read(name, value)?,
        "free-searches" => options.free_searches = read(name, value)?,
        "last-page" => options.last_page = read(name, value)?,
        "counts" => options.counts = read(name, value)?,
        "filter-options" => options.filter_options = read(name, value)?,
        "personal-email" => options.personal_email = read(name, value)?,
        "reveal-cache-s" => options.reveal_cache = seconds()?,
        "tells-reserved" => options.tells_reserved = read(name, value)?,
        "export-status" => options.export_status = read(name, value)?,
        "strict-delete" => options.strict_delete = read(name, value)?,
        _ => {
            let names = NAMES.join(", ");
            return Err(format!("unknown knob {name:?}: expected {names}"));
        }
    }
    Ok(())
}

fn read<T: FromStr>(name: &str, value: &str) -> Result<T, String>
where
    T::Err: fmt::Display,
{
    value.parse().map_err(|error| format!("{name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::super::options::ExportStatus;
    use super::*;
    use crate::access::Access;

    #[test]
    fn every_knob_is_turned_by_its_name() {
        let texts = [
            "people=5",
            "companies=4",
            "access=pending",
            "strict-levels",
            "top-level=C-Suite",
            "any-case-technology",
            "exact-employee-count",
            "zero-for-empty=true",
            "tells-free-pages",
            "free-by-page",
            "free-searches=3",
            "last-page=2",
            "counts=exact",
            "filter-options=objects",
            "personal-email",
            "reveal-cache-s=60",
            "tells-reserved=false",
            "export-status=nested",
            "strict-delete",
        ];
        let mut options = LeadOptions::default();
        for (text, name) in texts.iter().zip(NAMES) {
            let before = options.clone();
            let setting: LeadSetting = text.parse().unwrap();
            assert_eq!(setting.name, name);
            assert_eq!(setting.to_string().parse(), Ok(setting.clone()));
            setting.apply(&mut options);
            assert_ne!(options, before, "{text} turns something");
        }
        assert_eq!((options.people, options.access), (5, Access::Pending));
        assert_eq!(options.export_status, ExportStatus::Nested);
        assert_eq!(options.reveal_cache, Duration::from_secs(60));
    }

    #[test]
    fn what_cannot_be_turned_says_why() {
        let why = |text: &str| text.parse::<LeadSetting>().unwrap_err().to_string();
        assert!(why("poeple=5").starts_with("unknown knob \"poeple\": expected people,"));
        assert_eq!(why("people=many"), "people: invalid digit found in string");
        assert_eq!(
            why("counts=rough"),
            "counts: unknown large counts \"rough\": expected discounted, exact"
        );
    }
}
