//! Whether a person's address is found, and which one.

use super::SYNTHETIC;
use super::fold::{local_part, unreachable_domain};
use crate::canonical::{Dice, canonical};

pub(crate) const NAME: &str = "email-finder";

/// A synthetic address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundEmail {
    /// An address under `.invalid`.
    pub email: String,
    /// `high`, `medium` or `low`.
    pub confidence: &'static str,
    /// Whether the domain takes mail for any address.
    pub is_catch_all: bool,
    /// Who hosts the mailbox, e.g. `GOOGLE`.
    pub provider: &'static str,
    /// What the provider says of it.
    pub message: String,
}

/// The answer to one finder question, `None` for about three in ten. Letter case and outer blanks do not matter.
pub fn answer_finder(
    seed: u64,
    first: &str,
    last: &str,
    domain: &str,
) -> Option<FoundEmail> {
    let fields = [first, last, domain];
    let dice = Dice::throw(seed, NAME, &fields);
    if !found(&dice) {
        return None;
    }
    let fallback = format!("x{:06x}", dice.roll(1, 1 << 24));
    let [first, last] = [first, last].map(|name| local_part(&canonical(name), &fallback));
    let confidence = match dice.roll(2, 100) {
        0..60 => "high",
        60..85 => "medium",
        _ => "low",
    };
    let domain = unreachable_domain(&canonical(domain));
    Some(FoundEmail {
        email: format!("{first}.{last}@{domain}"),
        confidence,
        is_catch_all: confidence == "low" || dice.roll(3, 20) == 0,
        provider: dice.pick(
            4,
            "GOOGLE",
            &["MICROSOFT", "ZOHO", "FASTMAIL", "PROTONMAIL"],
        ),
        message: format!("Email found with {confidence} confidence{SYNTHETIC}"),
    })
}

/// Whether the question is a hit, without the cost of spelling the answer.
pub(crate) fn is_found(seed: u64, fields: &[&str]) -> bool {
    found(&Dice::throw(seed, NAME, fields))
}

fn found(dice: &Dice) -> bool {
    dice.roll(0, 100) < 70
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(seed: u64, nth: u32) -> Option<FoundEmail> {
        answer_finder(seed, "Ada", &format!("Byron{nth}"), "example.com")
    }

    #[test]
    fn about_seven_in_ten_are_found() {
        let found = (0..2_000).filter(|&nth| ask(7, nth).is_some()).count();
        assert!((1_300..1_500).contains(&found), "{found} of 2000");
    }

    #[test]
    fn an_answer_depends_on_the_seed_and_the_canonical_question_only() {
        for nth in 0..50 {
            let shouted =
                answer_finder(7, " ADA ", &format!("BYRON{nth}"), "Example.COM");
            assert_eq!(ask(7, nth), shouted);
        }
        assert_ne!(
            (0..50).map(|nth| ask(7, nth)).collect::<Vec<_>>(),
            (0..50).map(|nth| ask(8, nth)).collect::<Vec<_>>(),
        );
    }

    #[test]
    fn an_address_is_never_one_that_takes_mail() {
        let found = (0..50).find_map(|nth| ask(7, nth)).unwrap();
        assert!(found.email.ends_with("@example.com.invalid"), "{}", found.email);
        assert!(found.message.ends_with(" (synthetic)"));
    }

    #[test]
    fn the_quick_look_agrees_with_the_answer() {
        for nth in 0..200 {
            let last = format!("Byron{nth}");
            let quick = is_found(7, &["Ada", &last, "example.com"]);
            assert_eq!(quick, ask(7, nth).is_some());
        }
    }
}
