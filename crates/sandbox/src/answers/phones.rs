//! Which numbers a person is reached at.

use super::ending::Ending;
use crate::canonical::Dice;

pub(crate) const NAME: &str = "reverse-lookup/phones";

/// Of a hundred persons, so many have a number.
const HITS: u32 = 60;

/// The answer to one phone question, by an e-mail address, the address of a profile or both; an empty text is
/// none. Case and outer blanks do not matter in an e-mail address; each letter does in that of a profile.
///
/// About six in ten have one to three numbers. All are between 555-0100 and 555-0199, which no telephone has.
pub fn answer_phones(seed: u64, email: &str, linkedin: &str) -> Vec<String> {
    let mut phones = Vec::new();
    for dice in throws(seed, email, linkedin) {
        if Ending::of(&dice, HITS) == Ending::Success {
            let count = dice.pick(1, 1, &[1, 1, 2, 2, 3]);
            for phone in (0..count).map(|nth| number(&dice, nth)) {
                if !phones.contains(&phone) {
                    phones.push(phone);
                }
            }
        }
    }
    phones
}

/// How a question ends, without the cost of spelling the answer. By two addresses it ends as well as by the
/// better one.
pub(crate) fn ending(seed: u64, email: &str, linkedin: &str) -> Ending {
    let mut worst = Ending::Error;
    for dice in throws(seed, email, linkedin) {
        match Ending::of(&dice, HITS) {
            Ending::Success => return Ending::Success,
            Ending::NoMatch => worst = Ending::NoMatch,
            Ending::Error => {}
        }
    }
    worst
}

fn throws<'a>(
    seed: u64,
    email: &'a str,
    linkedin: &'a str,
) -> impl Iterator<Item = Dice> + 'a {
    let questions = [[email, ""], ["", linkedin]];
    let given = questions.into_iter().filter(|fields| fields.concat() != "");
    given.map(move |fields| Dice::throw(seed, NAME, &fields))
}

fn number(dice: &Dice, nth: usize) -> String {
    let (area, line) = (201 + dice.roll(2 + nth * 2, 780), dice.roll(3 + nth * 2, 100));
    format!("+1{area}55501{line:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(nth: u32) -> Vec<String> {
        answer_phones(7, &format!("ada{nth}@x.io"), "")
    }

    #[test]
    fn about_six_in_ten_have_numbers_that_no_telephone_has() {
        let answers: Vec<_> = (0..2_000).map(ask).collect();
        let found = answers.iter().filter(|phones| !phones.is_empty()).count();
        assert!((1_100..1_300).contains(&found), "{found} of 2000");
        assert_eq!(answers.iter().map(Vec::len).max(), Some(3));
        for phone in answers.concat() {
            assert_eq!((phone.len(), &phone[5..10]), (12, "55501"), "{phone}");
            assert!(phone[1..].bytes().all(|byte| byte.is_ascii_digit()), "{phone}");
        }
    }

    #[test]
    fn case_matters_in_profiles_only() {
        let all = |email: &dyn Fn(u32) -> String, profile: &dyn Fn(u32) -> String| {
            (0..50).map(|nth| answer_phones(7, &email(nth), &profile(nth))).collect()
        };
        let none = |_| String::new();
        let answers: [Vec<_>; 4] = [
            all(&|nth| format!("ada{nth}@x.io"), &none),
            all(&|nth| format!(" ADA{nth}@X.io"), &none),
            all(&none, &|nth| format!("https://linkedin.com/in/ada{nth}")),
            all(&none, &|nth| format!("https://linkedin.com/in/Ada{nth}")),
        ];
        assert_eq!(answers[0], answers[1]);
        assert_ne!(answers[2], answers[3]);
    }

    #[test]
    fn two_addresses_find_what_each_finds() {
        for nth in 0..50 {
            let (email, profile) = (format!("ada{nth}@x.io"), format!("in/ada{nth}"));
            let each =
                [answer_phones(7, &email, ""), answer_phones(7, "", &profile)].concat();
            let both = answer_phones(7, &email, &profile);
            assert!(each.iter().all(|phone| both.contains(phone)));
            assert!(both.iter().all(|phone| each.contains(phone)));
        }
    }

    #[test]
    fn the_quick_look_agrees_with_the_answer() {
        let mut ends = Vec::new();
        for nth in 0..500 {
            let email = format!("ada{nth}@x.io");
            let end = ending(7, &email, "");
            assert_eq!(end == Ending::Success, !ask(nth).is_empty());
            let both = ending(7, &email, "in/ada");
            let found = !answer_phones(7, &email, "in/ada").is_empty();
            assert_eq!(both == Ending::Success, found);
            ends.push(end);
        }
        assert!(ends.contains(&Ending::Error) && ends.contains(&Ending::NoMatch));
    }
}
