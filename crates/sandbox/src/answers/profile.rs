//! A person's profile as the provider spells it.

use serde::Serialize;

/// A synthetic profile. Every address in it is under `.invalid`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// Opaque.
    pub id: String,
    /// First and last name.
    pub display_name: String,
    /// The first name.
    pub first_name: String,
    /// The last name.
    pub last_name: String,
    /// Title and company.
    pub headline: String,
    /// A few words; a third of the profiles have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The company of the present position.
    pub company_name: String,
    /// City and country.
    pub location: String,
    /// A picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub photo_url: Option<String>,
    /// The profile itself.
    pub profile_url: String,
    /// Where to complain about it.
    pub report_profile_url: String,
    /// Up to 500.
    pub connection_count: u32,
    /// Whether there are more connections than that.
    pub is_connection_count_obfuscated: bool,
    /// Whether strangers may see it.
    pub is_public: bool,
    /// Skills; may be none.
    pub skills: Vec<&'static str>,
    /// Country and language.
    pub locale: Locale,
    /// Schools, latest first.
    pub schools: Schools,
    /// Positions, latest first.
    pub positions: Positions,
    /// The price of a hit, also where a repeat was free.
    pub credits_consumed: u64,
}

/// Country and language of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Locale {
    /// Two letters, e.g. `US`.
    pub country: &'static str,
    /// Two letters, e.g. `en`.
    pub language: &'static str,
}

/// Where someone learnt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Schools {
    /// The length of the history.
    pub educations_count: usize,
    /// Latest first; may be empty.
    pub education_history: Vec<Education>,
}

/// One school.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Education {
    /// The degree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub degree_name: Option<&'static str>,
    /// The school.
    pub school_name: String,
    /// Its city and country.
    pub school_location: String,
    /// Its logo.
    pub school_logo: String,
    /// From when to when, in years.
    pub start_end_date: StartEndDate,
}

/// Where someone worked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Positions {
    /// The length of the history.
    pub positions_count: usize,
    /// Latest first; the first has no end.
    pub position_history: Vec<Position>,
}

/// One position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    /// The title.
    pub title: &'static str,
    /// The company.
    pub company_name: String,
    /// Its city and country.
    pub company_location: String,
    /// Its logo.
    pub company_logo: String,
    /// A few words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// From when to when.
    pub start_end_date: StartEndDate,
}

/// A stretch of time; `end` is null while it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct StartEndDate {
    /// Its first month or year.
    pub start: PartialDate,
    /// Its last month or year.
    pub end: Option<PartialDate>,
}

/// A month, or only a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PartialDate {
    /// 1 to 12.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month: Option<u32>,
    /// The year.
    pub year: u32,
}
