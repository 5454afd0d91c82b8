//! The kinds of question, with what each takes and gives, named once for all providers.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

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
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::FindEmail, Self::VerifyEmail];

    /// The name in the pipeline file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FindEmail => "find_email",
            Self::VerifyEmail => "verify_email",
        }
    }

    /// What it takes, in the order of [`Query::values`](crate::Query::values).
    pub const fn inputs(self) -> &'static [Input] {
        match self {
            Self::FindEmail => FIND_EMAIL_INPUTS,
            Self::VerifyEmail => VERIFY_EMAIL_INPUTS,
        }
    }

    /// What it gives, in the order of the values of a [`Finding::Hit`](crate::Finding::Hit).
    pub const fn fields(self) -> &'static [Field] {
        match self {
            Self::FindEmail => FIND_EMAIL_FIELDS,
            Self::VerifyEmail => VERIFY_EMAIL_FIELDS,
        }
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

const fn text(name: &'static str, about: &'static str) -> Field {
    Field { name, kind: FieldKind::Text, about }
}

const fn flag(name: &'static str, about: &'static str) -> Field {
    Field { name, kind: FieldKind::Flag, about }
}

const fn integer(name: &'static str, about: &'static str) -> Field {
    Field { name, kind: FieldKind::Integer, about }
}

const FIND_EMAIL_INPUTS: &[Input] = &[
    Input { name: "first_name", kind: InputKind::Name, max_chars: 100 },
    Input { name: "last_name", kind: InputKind::Name, max_chars: 100 },
    Input { name: "domain", kind: InputKind::Domain, max_chars: 253 },
];

const VERIFY_EMAIL_INPUTS: &[Input] =
    &[Input { name: "email", kind: InputKind::Email, max_chars: 254 }];

const FIND_EMAIL_FIELDS: &[Field] = &[
    text("email", "the address found"),
    integer("confidence", "0 to 100; a provider's word is mapped by its pack"),
    text("confidence_level", "the provider's own word for its confidence"),
    flag("is_catch_all", "the domain takes mail for every address"),
    text("mail_provider", "who runs the mailbox, such as GOOGLE"),
    text("message", "the provider's remark"),
];

const VERIFY_EMAIL_FIELDS: &[Field] = &[
    text("verdict", "valid, invalid or risky"),
    integer("confidence", "0 to 100; a provider's word is mapped by its pack"),
    text("confidence_level", "the provider's own word for its confidence"),
    flag("is_catch_all", "the domain takes mail for every address"),
    flag("is_federated", "sign-on is federated"),
    flag("has_seg", "a secure e-mail gateway stands in front"),
    text("seg_provider", "whose gateway it is"),
    text("mail_provider", "GOOGLE, MICROSOFT or SMTP"),
    text("message", "the provider's remark"),
];
