//! Whether an address takes mail.

use super::SYNTHETIC;
use crate::canonical::{Dice, canonical};

pub(crate) const NAME: &str = "email-validation";

/// A synthetic verdict on an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// `valid`, `invalid` or `risky`.
    pub result: &'static str,
    /// What the provider says of it.
    pub message: String,
    /// Whether the domain takes mail for any address.
    pub is_catch_all: bool,
    /// Whether the domain signs in through a federation.
    pub is_federated: bool,
    /// The secure gateway in front of the mailbox, if any.
    pub seg_provider: Option<&'static str>,
    /// `GOOGLE`, `MICROSOFT` or `SMTP`.
    pub provider: &'static str,
    /// `definitive`, `high`, `medium`, `low`, `temporary` or `none`.
    pub confidence: &'static str,
}

/// The three ends of a validation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mailbox {
    Valid,
    Invalid,
    Risky,
}

/// The verdict on an address: about 60 % valid, 25 % invalid, 15 % risky, and what is no address is invalid.
/// Letter case and outer blanks do not matter.
pub fn answer_validation(seed: u64, email: &str) -> Verdict {
    let dice = Dice::throw(seed, NAME, &[email]);
    let mailbox = judge(&dice, email);
    let is_catch_all = mailbox == Mailbox::Risky && dice.roll(1, 5) > 0;
    let (result, confidence, message) = match (mailbox, is_catch_all) {
        (Mailbox::Valid, _) => (
            "valid",
            dice.pick(2, "definitive", &["high"]),
            "The mailbox exists and is accepting mail",
        ),
        (Mailbox::Invalid, _) => {
            ("invalid", "definitive", "The mailbox does not exist on this server")
        }
        (Mailbox::Risky, true) => (
            "risky",
            dice.pick(2, "low", &["medium"]),
            "The domain accepts all addresses (catch-all) so delivery cannot be guaranteed",
        ),
        (Mailbox::Risky, false) => {
            ("risky", "temporary", "The mail server could not be asked at this time")
        }
    };
    Verdict {
        result,
        message: format!("{message}{SYNTHETIC}"),
        is_catch_all,
        is_federated: dice.roll(3, 10) == 0,
        seg_provider: (dice.roll(4, 10) == 0).then_some("Proofpoint"),
        provider: dice.pick(5, "GOOGLE", &["MICROSOFT", "SMTP"]),
        confidence,
    }
}

/// The end of a validation, without the cost of spelling the verdict.
pub(crate) fn mailbox(seed: u64, email: &str) -> Mailbox {
    judge(&Dice::throw(seed, NAME, &[email]), email)
}

fn judge(dice: &Dice, email: &str) -> Mailbox {
    if !looks_like_email(&canonical(email)) {
        return Mailbox::Invalid;
    }
    match dice.roll(0, 100) {
        0..60 => Mailbox::Valid,
        60..85 => Mailbox::Invalid,
        _ => Mailbox::Risky,
    }
}

/// Whether there is something on both sides of an `@`.
pub(crate) fn looks_like_email(email: &str) -> bool {
    email.rsplit_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !email.contains(char::is_whitespace)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_come_in_their_shares() {
        let verdicts: Vec<Verdict> = (0..2_000)
            .map(|nth| answer_validation(7, &format!("ada{nth}@x.io")))
            .collect();
        let share = |result| verdicts.iter().filter(|v| v.result == result).count();
        assert!((1_100..1_300).contains(&share("valid")));
        assert!((400..600).contains(&share("invalid")));
        assert!((200..400).contains(&share("risky")));
        assert!(verdicts.iter().all(|v| !v.is_catch_all || v.result == "risky"));
    }

    #[test]
    fn case_does_not_matter_and_the_seed_does() {
        let ask = |seed, email| answer_validation(seed, email);
        assert_eq!(ask(7, " ADA@x.io"), ask(7, "ada@X.io "));
        assert!((0..50).any(|seed| ask(seed, "ada@x.io") != ask(7, "ada@x.io")));
    }

    #[test]
    fn what_is_no_address_is_invalid() {
        for garbage in ["", "ada", "@x.io", "ada@", "ada b@x.io"] {
            assert!(
                (0..20).all(|seed| answer_validation(seed, garbage).result == "invalid")
            );
        }
    }

    #[test]
    fn the_quick_look_agrees_with_the_verdict() {
        for nth in 0..200 {
            let email = format!("ada{nth}@x.io");
            let result = match mailbox(7, &email) {
                Mailbox::Valid => "valid",
                Mailbox::Invalid => "invalid",
                Mailbox::Risky => "risky",
            };
            assert_eq!(answer_validation(7, &email).result, result);
        }
    }
}
