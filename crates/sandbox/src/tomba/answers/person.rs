//! A person on the wire.

use serde::Serialize;

/// Who belongs to an address, or an address to whom.
///
/// # Source
/// Section 5.2: the documentation of 2023 and Tomba's own libraries and actors.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct Person {
    /// The address; none if only the person is known.
    pub email: Option<String>,
    /// The first name.
    pub first_name: Option<String>,
    /// The last name.
    pub last_name: Option<String>,
    /// Both names.
    pub full_name: Option<String>,
    /// `male` or `female`.
    pub gender: Option<&'static str>,
    /// Two letters.
    pub country: Option<&'static str>,
    /// The title.
    pub position: Option<String>,
    /// The employer.
    pub company: Option<String>,
    /// Its domain.
    pub website_url: Option<String>,
    /// A profile.
    pub twitter: Option<String>,
    /// A profile.
    pub linkedin: Option<String>,
    /// Whether a number is known; never the number.
    pub phone_number: Option<bool>,
    /// Whether the domain takes mail for any address.
    pub accept_all: Option<bool>,
    /// Whether mailboxes there do not last.
    pub disposable: bool,
    /// Whether anybody may have a mailbox there.
    pub webmail: bool,
    /// 0 to 100.
    pub score: u32,
    /// What the verifier said of the address.
    pub verification: Verification,
    /// Where the address was seen.
    pub sources: Vec<Source>,
    /// The numbers, if they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_data: Option<Vec<PhoneEntry>>,
}

/// What the verifier said of an address.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct Verification {
    /// When.
    pub date: Option<&'static str>,
    /// One of the verifier's statuses.
    pub status: Option<&'static str>,
}

/// Where an address was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// The page.
    pub uri: String,
    /// Its site.
    pub website_url: String,
    /// When it was first read.
    pub extracted_on: &'static str,
    /// When it was last read.
    pub last_seen_on: &'static str,
    /// Whether it still stands there.
    pub still_on_page: bool,
}

/// A number of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PhoneEntry {
    /// In the form of E.164.
    pub number: String,
    /// `mobile` or `work`.
    pub r#type: &'static str,
}
