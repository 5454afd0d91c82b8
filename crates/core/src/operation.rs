//! The kinds of question, with what each takes and gives, named once for all providers.

mod companies;
mod domains;
mod fields;
mod inputs;
mod selection;
mod wish;

use companies::SEARCH_COMPANIES_FIELDS;
use domains::{
    COUNT_EMAILS_FIELDS, FIND_COMPANY_FIELDS, FIND_FORMAT_FIELDS, FIND_SIMILAR_FIELDS,
    FIND_TECHNOLOGY_FIELDS, SEARCH_DOMAIN_FIELDS,
};
use fields::{
    COUNT_FOLLOWERS_FIELDS, FIND_EMAIL_FIELDS, FIND_EMPLOYEES_FIELDS,
    FIND_FOLLOWERS_FIELDS, FIND_PERSON_FIELDS, FIND_PHONE_FIELDS, FIND_SOURCES_FIELDS,
    LEADS_FIELDS, REVEAL_FIELDS, SEARCH_PEOPLE_FIELDS, UNLOCK_NAME_FIELDS,
    VALIDATE_PHONE_FIELDS, VERIFY_EMAIL_FIELDS,
};
use inputs::{
    COUNT_FOLLOWERS_INPUTS, DOMAIN_INPUTS, EMAIL_INPUTS, EXPORT_LEADS_INPUTS,
    FIND_AUTHOR_INPUTS, FIND_EMAIL_BY_PROFILE_INPUTS, FIND_EMAIL_INPUTS,
    FIND_EMPLOYEES_INPUTS, FIND_FOLLOWERS_INPUTS, FIND_PHONE_INPUTS, LEAD_INPUTS,
    SEARCH_COMPANIES_INPUTS, SEARCH_DOMAIN_INPUTS, SEARCH_LEADS_INPUTS,
    SEARCH_PEOPLE_INPUTS, VALIDATE_PHONE_INPUTS,
};
pub use selection::{Hop, NoSuchField, Selection};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
pub use wish::Wish;

/// A kind of question that a provider can be paid to answer.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Which e-mail address does this person have at this company?
    FindEmail,
    /// Is this e-mail address deliverable?
    VerifyEmail,
    /// Which telephone numbers does this person have?
    FindPhone,
    /// Who is the person with this e-mail address?
    FindPerson,
    /// Who works at this company?
    FindEmployees,
    /// Who at this company comes nearest to an ideal customer?
    SearchPeople,
    /// Which e-mail address does this lead of the provider's own have?
    RevealEmail,
    /// Which telephone numbers does this lead of the provider's own have?
    RevealPhone,
    /// Which e-mail address and telephone numbers does this lead of the provider's own have?
    RevealContact,
    /// What is the last name of this lead of the provider's own?
    UnlockName,
    /// Who follows this company?
    FindFollowers,
    /// How many follow this company?
    CountFollowers,
    /// Which of the provider's own leads fit these filters? A page of them.
    SearchLeads,
    /// Which of the provider's own leads fit these filters? All of them at once, without the provider's names for
    /// them.
    ExportLeads,
    /// Which e-mail address does the person with this profile have?
    FindEmailByProfile,
    /// Who wrote this article, and at which e-mail address are they reached?
    FindAuthor,
    /// Is this telephone number one, and of what kind?
    ValidatePhone,
    /// Which company has this domain?
    FindCompany,
    /// Which e-mail addresses are there at this domain?
    SearchDomain,
    /// Which companies are like the one with this domain?
    FindSimilar,
    /// What is the site at this domain built with?
    FindTechnology,
    /// How many e-mail addresses are known at this domain?
    CountEmails,
    /// How are e-mail addresses formed at this domain?
    FindFormat,
    /// Where has this e-mail address been seen?
    FindSources,
    /// Which companies pass these filters, or fit this sentence? A page of them.
    SearchCompanies,
}

/// One input of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its name in the pipeline file.
    pub name: &'static str,
    /// How it is read and compared.
    pub kind: InputKind,
    /// The longest value that providers take, in characters.
    pub max_chars: usize,
    /// When it may be left out.
    pub presence: Presence,
}

/// When an input may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Never.
    Always,
    /// Where another input of this kind is there: of several, the first one that can be asked with is,
    /// alone, so that a question has one name at the provider.
    OneOf,
    /// Always. It is no matter of the lead, but the same for all of a step.
    Setting,
    /// Always: it makes the question about the lead more exact.
    Optional,
}

/// How the text of an input is read, sent and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// An e-mail address.
    Email,
    /// A part of a person's name.
    Name,
    /// A company's domain; an address with scheme, `www.` or path is cut down to it.
    Domain,
    /// The address of a person's LinkedIn profile; scheme and `www.` may be missing, query and fragment are cut
    /// off.
    Profile,
    /// The address of a company's LinkedIn page, like [`Self::Profile`].
    Company,
    /// A whole number, from 1 on.
    Count {
        /// The largest.
        most: u32,
    },
    /// JSON.
    Json,
    /// Words of the provider's own, such as countries. As one text they are set apart by `|`.
    Words,
    /// A provider's own name for something: letter case matters.
    Id,
    /// The address of a page: the scheme may be missing, the fragment is cut off. Letter case matters after the
    /// host.
    Url,
    /// A telephone number in any common form; what only parts its digits is left out.
    Phone,
    /// A country by its two letters (ISO 3166-1), in upper case.
    Country,
    /// A sentence that says what is looked for.
    Sentence,
}

/// One value of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name on the right of `output:`.
    pub name: &'static str,
    /// Its type.
    pub kind: FieldKind,
    /// One line for people.
    pub about: &'static str,
}

/// The type of a [`Field`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// UTF-8 text.
    Text,
    /// A whole number, signed, 64 bits.
    Integer,
    /// True or false.
    Flag,
    /// Any number of values of one kind, in the provider's order.
    List(&'static Self),
    /// Named values that belong together.
    Struct(&'static [Field]),
}

impl Operation {
    /// All of them. The list grows at its end: stored calls name an operation by its place.
    pub const ALL: [Self; 25] = [
        Self::FindEmail,
        Self::VerifyEmail,
        Self::FindPhone,
        Self::FindPerson,
        Self::FindEmployees,
        Self::SearchPeople,
        Self::RevealEmail,
        Self::RevealPhone,
        Self::RevealContact,
        Self::UnlockName,
        Self::FindFollowers,
        Self::CountFollowers,
        Self::SearchLeads,
        Self::ExportLeads,
        Self::FindEmailByProfile,
        Self::FindAuthor,
        Self::ValidatePhone,
        Self::FindCompany,
        Self::SearchDomain,
        Self::FindSimilar,
        Self::FindTechnology,
        Self::CountEmails,
        Self::FindFormat,
        Self::FindSources,
        Self::SearchCompanies,
    ];

    /// Its name: in packs, prices and the journal.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FindEmail => "find_email",
            Self::VerifyEmail => "verify_email",
            Self::FindPhone => "find_phone",
            Self::FindPerson => "find_person",
            Self::FindEmployees => "find_employees",
            Self::SearchPeople => "search_people",
            Self::RevealEmail => "reveal_email",
            Self::RevealPhone => "reveal_phone",
            Self::RevealContact => "reveal_contact",
            Self::UnlockName => "unlock_name",
            Self::FindFollowers => "find_followers",
            Self::CountFollowers => "count_followers",
            Self::SearchLeads => "search_leads",
            Self::ExportLeads => "export_leads",
            Self::FindEmailByProfile => "find_email_by_profile",
            Self::FindAuthor => "find_author",
            Self::ValidatePhone => "validate_phone",
            Self::FindCompany => "find_company",
            Self::SearchDomain => "search_domain",
            Self::FindSimilar => "find_similar",
            Self::FindTechnology => "find_technology",
            Self::CountEmails => "count_emails",
            Self::FindFormat => "find_format",
            Self::FindSources => "find_sources",
            Self::SearchCompanies => "search_companies",
        }
    }

    /// What it takes, in the order of [`Query::values`](crate::Query::values).
    pub const fn inputs(self) -> &'static [Input] {
        match self {
            Self::FindEmail => FIND_EMAIL_INPUTS,
            Self::VerifyEmail | Self::FindPerson | Self::FindSources => EMAIL_INPUTS,
            Self::FindPhone => FIND_PHONE_INPUTS,
            Self::FindEmployees => FIND_EMPLOYEES_INPUTS,
            Self::SearchPeople => SEARCH_PEOPLE_INPUTS,
            Self::RevealEmail
            | Self::RevealPhone
            | Self::RevealContact
            | Self::UnlockName => LEAD_INPUTS,
            Self::FindFollowers => FIND_FOLLOWERS_INPUTS,
            Self::CountFollowers => COUNT_FOLLOWERS_INPUTS,
            Self::SearchLeads => SEARCH_LEADS_INPUTS,
            Self::ExportLeads => EXPORT_LEADS_INPUTS,
            Self::FindEmailByProfile => FIND_EMAIL_BY_PROFILE_INPUTS,
            Self::FindAuthor => FIND_AUTHOR_INPUTS,
            Self::ValidatePhone => VALIDATE_PHONE_INPUTS,
            Self::SearchDomain => SEARCH_DOMAIN_INPUTS,
            Self::SearchCompanies => SEARCH_COMPANIES_INPUTS,
            Self::FindCompany
            | Self::FindSimilar
            | Self::FindTechnology
            | Self::CountEmails
            | Self::FindFormat => DOMAIN_INPUTS,
        }
    }

    /// The setting that bounds the rows of an answer, where there is one.
    pub const ROWS: &'static str = "max_results";

    /// What it gives, in the order of the values of a [`Finding::Hit`](crate::Finding::Hit).
    pub const fn fields(self) -> &'static [Field] {
        match self {
            Self::FindEmail | Self::FindEmailByProfile | Self::FindAuthor => {
                FIND_EMAIL_FIELDS
            }
            Self::VerifyEmail => VERIFY_EMAIL_FIELDS,
            Self::FindPhone => FIND_PHONE_FIELDS,
            Self::FindPerson => FIND_PERSON_FIELDS,
            Self::FindEmployees => FIND_EMPLOYEES_FIELDS,
            Self::SearchPeople => SEARCH_PEOPLE_FIELDS,
            Self::RevealEmail | Self::RevealPhone | Self::RevealContact => REVEAL_FIELDS,
            Self::UnlockName => UNLOCK_NAME_FIELDS,
            Self::FindFollowers => FIND_FOLLOWERS_FIELDS,
            Self::CountFollowers => COUNT_FOLLOWERS_FIELDS,
            Self::SearchLeads | Self::ExportLeads => LEADS_FIELDS,
            Self::ValidatePhone => VALIDATE_PHONE_FIELDS,
            Self::FindCompany => FIND_COMPANY_FIELDS,
            Self::SearchDomain => SEARCH_DOMAIN_FIELDS,
            Self::FindSimilar => FIND_SIMILAR_FIELDS,
            Self::FindTechnology => FIND_TECHNOLOGY_FIELDS,
            Self::CountEmails => COUNT_EMAILS_FIELDS,
            Self::FindFormat => FIND_FORMAT_FIELDS,
            Self::FindSources => FIND_SOURCES_FIELDS,
            Self::SearchCompanies => SEARCH_COMPANIES_FIELDS,
        }
    }

    /// The field whose items are the rows of an answer, and what each of them holds, where answers have rows.
    pub fn rows(self) -> Option<(&'static Field, &'static [Field])> {
        self.fields().iter().find_map(|field| match field.kind {
            FieldKind::List(FieldKind::Struct(fields)) => Some((field, *fields)),
            _ => None,
        })
    }

    /// The most rows that an answer can have, where answers have rows and a setting bounds them.
    pub fn most_rows(self) -> Option<u32> {
        let mut inputs = self.inputs().iter();
        inputs.find_map(|input| match input.kind {
            InputKind::Count { most } if input.name == Self::ROWS => Some(most),
            _ => None,
        })
    }

    /// Whether no lead can be asked about: every input is the same for all of a step.
    pub fn is_source_only(self) -> bool {
        self.inputs().iter().all(|input| {
            matches!(
                input.kind,
                InputKind::Count { .. }
                    | InputKind::Words
                    | InputKind::Json
                    | InputKind::Sentence
            )
        })
    }

    /// The place of a field among [`Self::fields`].
    pub fn field(self, name: &str) -> Option<usize> {
        self.fields().iter().position(|field| field.name == name)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no operation.
#[derive(Debug, thiserror::Error)]
#[error("no such operation: {0}")]
pub struct UnknownOperation(String);

impl FromStr for Operation {
    type Err = UnknownOperation;

    fn from_str(name: &str) -> Result<Self, UnknownOperation> {
        Self::ALL
            .into_iter()
            .find(|operation| operation.name() == name)
            .ok_or_else(|| UnknownOperation(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::{
        IntoDeserializer,
        value::{Error as Unread, StrDeserializer},
    };
    use std::collections::BTreeSet;

    /// Holds the fields against what makes a table of them.
    fn check(at: &str, fields: &[Field]) {
        let names: BTreeSet<_> = fields.iter().map(|field| field.name).collect();
        assert_eq!(names.len(), fields.len(), "{at} names one twice");
        for Field { name, kind, about } in fields {
            assert!(!about.is_empty() && !about.contains('\n'), "{at}.{name}");
            if let FieldKind::Struct(within)
            | FieldKind::List(FieldKind::Struct(within)) = kind
            {
                check(&format!("{at}.{name}"), within);
            }
        }
    }

    #[test]
    fn every_operation_has_one_name_and_fields_that_make_a_table() {
        let names: BTreeSet<_> = Operation::ALL.iter().map(|one| one.name()).collect();
        assert_eq!(names.len(), Operation::ALL.len());
        for operation in Operation::ALL {
            let stored: StrDeserializer<'_, Unread> =
                operation.name().into_deserializer();
            assert_eq!(Operation::deserialize(stored).unwrap(), operation);
            assert_eq!(operation.name().parse::<Operation>().unwrap(), operation);
            check(operation.name(), operation.fields());
            // Columns that stand beside the fields in the files of answers.
            for taken in ["key", "status", "reason", "credits"] {
                assert_eq!(operation.field(taken), None, "{operation}");
            }
            let inputs: BTreeSet<_> =
                operation.inputs().iter().map(|input| input.name).collect();
            assert_eq!(inputs.len(), operation.inputs().len(), "{operation}");
        }
    }

    /// Stored calls name an operation by its place.
    #[test]
    fn the_list_of_operations_only_grows_at_its_end() {
        let first = Operation::ALL.map(Operation::name);
        let expected = [
            "find_email",
            "verify_email",
            "find_phone",
            "find_person",
            "find_employees",
            "search_people",
            "reveal_email",
            "reveal_phone",
            "reveal_contact",
            "unlock_name",
        ];
        assert_eq!(first[..expected.len()], expected);
    }
}
