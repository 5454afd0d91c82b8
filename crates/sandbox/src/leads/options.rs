//! The knobs of the lead finder and the people search.

use std::time::Duration;

use crate::access::Access;
use crate::words::worded;

/// How the lead finder behaves. The defaults are the published contract of August 2026.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadOptions {
    /// How many people there are.
    pub people: usize,
    /// How many companies employ them.
    pub companies: usize,
    /// Whether the team has access; without it every lead-finder operation is 403 (row 27).
    pub access: Access,
    /// Whether a `jobLevel` that is none of the options is 400, as seen live. If not, it matches nobody.
    pub strict_levels: bool,
    /// What the highest `jobLevel` is called, of which there are two accounts.
    pub top_level: TopLevel,
    /// Whether technologies match in any letter case, as seen live.
    pub any_case_technology: bool,
    /// Whether `employeeCount` is the exact number, as one client saw, and no minimum.
    pub exact_employee_count: bool,
    /// Whether preview fields without a value hold the text `0`, as one client saw, and not null.
    pub zero_for_empty: bool,
    /// Whether the `meta` of a search has `freePageLimit`, as one client saw.
    pub tells_free_pages: bool,
    /// Whether the first three pages are free whatever their size. If not, at most 75 of their results are.
    pub free_by_page: bool,
    /// How many distinct searches of a calendar month have free pages.
    pub free_searches: usize,
    /// The last page of a search that can be asked for.
    pub last_page: usize,
    /// What is said of more than 10,000 matches.
    pub counts: LargeCounts,
    /// The form of the filter options.
    pub filter_options: FilterOptions,
    /// Whether contacts have the field `personalEmail`, as newer documents say.
    pub personal_email: bool,
    /// How long a revealed field stays free.
    pub reveal_cache: Duration,
    /// Whether the reply to the submit of a reveal has `creditsReserved`, which its schema requires and its example
    /// lacks.
    pub tells_reserved: bool,
    /// The form of an export's status.
    pub export_status: ExportStatus,
    /// Whether to delete a saved search that there is not is 404, which is not declared. If not, it is deleted.
    pub strict_delete: bool,
}

/// The name of the highest `jobLevel`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum TopLevel {
    /// `C-Team`, among the filter options.
    #[default]
    Team,
    /// `C-Suite`, in an example.
    Suite,
}

worded!(TopLevel, "top level", [("C-Team", Team), ("C-Suite", Suite)]);

/// What is said of more than 10,000 matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LargeCounts {
    /// A quarter less, and that it is approximate.
    #[default]
    Discounted,
    /// The number itself, and that it is not approximate, as seen live.
    Exact,
}

worded!(LargeCounts, "large counts", [("discounted", Discounted), ("exact", Exact)]);

/// The form of the filter options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FilterOptions {
    /// A list of values for each filter.
    #[default]
    Lists,
    /// An object with a label, a category and the values, as seen live.
    Objects,
}

worded!(
    FilterOptions,
    "form of filter options",
    [("lists", Lists), ("objects", Objects)]
);

/// The form of an export's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ExportStatus {
    /// As its schema: one level, all keys always there.
    #[default]
    Flat,
    /// As its examples: `progress` and `results` are objects.
    Nested,
}

worded!(ExportStatus, "form of export status", [("flat", Flat), ("nested", Nested)]);

impl Default for LeadOptions {
    fn default() -> Self {
        Self {
            people: 20_000,
            companies: 2_000,
            access: Access::default(),
            strict_levels: false,
            top_level: TopLevel::default(),
            any_case_technology: false,
            exact_employee_count: false,
            zero_for_empty: false,
            tells_free_pages: false,
            free_by_page: false,
            free_searches: 50,
            last_page: 40,
            counts: LargeCounts::default(),
            filter_options: FilterOptions::default(),
            personal_email: false,
            reveal_cache: Duration::from_secs(24 * 60 * 60),
            tells_reserved: true,
            export_status: ExportStatus::default(),
            strict_delete: false,
        }
    }
}
