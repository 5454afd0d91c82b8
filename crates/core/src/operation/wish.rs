//! What a step may leave to choose: operations that the pipeline file knows by one key.

use super::Operation;

/// A part of a contact that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wish {
    /// The e-mail address.
    Email,
    /// The telephone numbers.
    Phone,
}

impl Wish {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Email, Self::Phone];

    /// The name in the pipeline file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
        }
    }
}

impl Wish {
    /// The fields that are null where it was not asked for.
    pub const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Email => &["email"],
            Self::Phone => &["phone", "cellphone"],
        }
    }
}

impl Operation {
    /// The key of a step that asks it.
    pub const fn key(self) -> &'static str {
        match self {
            Self::RevealEmail | Self::RevealPhone | Self::RevealContact => {
                Self::RevealContact.name()
            }
            other => other.name(),
        }
    }

    /// What it asks for, of what is to be chosen under its key. Empty where nothing is.
    pub const fn wishes(self) -> &'static [Wish] {
        match self {
            Self::RevealEmail => &[Wish::Email],
            Self::RevealPhone => &[Wish::Phone],
            Self::RevealContact => &Wish::ALL,
            _ => &[],
        }
    }

    /// The operation under a key that asks for these, named in any order.
    pub fn wished(key: &str, wishes: &[&str]) -> Option<Self> {
        let asks = |operation: &Self| {
            let named = operation.wishes().iter().map(|wish| wish.name());
            operation.key() == key
                && named.clone().all(|name| wishes.contains(&name))
                && wishes.iter().all(|wish| named.clone().any(|name| name == *wish))
        };
        Self::ALL.into_iter().find(asks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wished_for_names_one_operation() {
        let wished = Operation::wished;
        assert_eq!(wished("reveal_contact", &["email"]), Some(Operation::RevealEmail));
        assert_eq!(wished("reveal_contact", &["phone"]), Some(Operation::RevealPhone));
        for both in [&["email", "phone"][..], &["phone", "email", "phone"]] {
            assert_eq!(wished("reveal_contact", both), Some(Operation::RevealContact));
        }
        assert_eq!(wished("reveal_contact", &[]), None);
        assert_eq!(wished("reveal_contact", &["email", "fax"]), None);
        assert_eq!(wished("reveal_email", &["email"]), None);
        assert_eq!(wished("find_email", &[]), Some(Operation::FindEmail));
        assert_eq!(wished("find_email", &["email"]), None);
    }

    #[test]
    fn every_key_is_the_name_of_an_operation() {
        for operation in Operation::ALL {
            assert!(operation.key().parse::<Operation>().is_ok(), "{operation}");
        }
    }
}
