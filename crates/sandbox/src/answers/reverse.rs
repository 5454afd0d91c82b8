//! Whose address it is.

use super::SYNTHETIC;
use super::ending::Ending;
use super::profile::{
    Education, Locale, PartialDate, Position, Positions, Profile, Schools, StartEndDate,
};
use crate::canonical::Dice;

pub(crate) const NAME: &str = "reverse-lookup/lookup";

/// An address that nobody asked for. It is always found, since results leave out those that are not.
pub(crate) const STRANGER: &str = "stranger@unasked.example";

/// The price of a hit.
pub(crate) const PRICE: u64 = 10;

/// Of a hundred addresses, so many have a profile.
const HITS: u32 = 65;

const FIRST: &[&str] = &["Ada", "Bao", "Chidi", "Dana", "Emre", "Femi", "Grete", "Hana"];
const LAST: &[&str] =
    &["Specimen", "Sample", "Placeholder", "Muster", "Dummy", "Exemplar", "Mockford"];
const TITLES: &[&str] =
    &["Account Executive", "Data Analyst", "Head of Sales", "Engineer", "Director"];
const COMPANIES: &[&str] =
    &["Acme", "Initech", "Globex", "Umbrella", "Hooli", "Vandelay"];
const PLACES: &[(&str, &str, &str)] = &[
    ("Berlin, Germany", "DE", "de"),
    ("Lagos, Nigeria", "NG", "en"),
    ("Lyon, France", "FR", "fr"),
    ("Austin, United States", "US", "en"),
];
const SKILLS: &[&str] = &["Forecasting", "Negotiation", "SQL", "Rust", "Public Speaking"];

/// The profile behind an address, `None` for about one in three. Letter case and outer blanks do not matter.
pub fn answer_reverse(seed: u64, email: &str) -> Option<Profile> {
    (ending(seed, email) == Ending::Success).then(|| profile(seed, email))
}

/// How a question ends, without the cost of spelling the answer.
pub(crate) fn ending(seed: u64, email: &str) -> Ending {
    match email {
        STRANGER => Ending::Success,
        _ => Ending::of(&Dice::throw(seed, NAME, &[email]), HITS),
    }
}

fn profile(seed: u64, email: &str) -> Profile {
    let dice = Dice::throw(seed, NAME, &[email]);
    let more = Dice::throw(seed, "reverse-lookup/profile", &[email]);
    let (first, last) = (of(&dice, 1, FIRST, "Ada"), of(&dice, 2, LAST, "Specimen"));
    let slug = format!("{first}-{last}-{:08x}", dice.roll(3, u32::MAX)).to_lowercase();
    let (location, country, language) = of(&dice, 4, PLACES, ("Nowhere", "ZZ", "en"));
    let positions = positions(seed, email);
    let now = positions.position_history.first();
    let (title, company_name) = now.map_or(("Nobody", String::new()), |position| {
        (position.title, position.company_name.clone())
    });
    let connections = dice.roll(5, 700);
    let url = |what: &str| format!("https://profiles.invalid/{what}/{slug}");
    Profile {
        id: format!("{:08x}{:08x}", more.roll(0, u32::MAX), more.roll(1, u32::MAX)),
        display_name: format!("{first} {last}"),
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        headline: format!("{title} at {company_name}{SYNTHETIC}"),
        summary: (more.roll(2, 3) > 0)
            .then(|| format!("{title} with a made-up past{SYNTHETIC}")),
        company_name,
        location: location.to_owned(),
        photo_url: (more.roll(3, 2) > 0).then(|| url("photo")),
        profile_url: format!("https://www.linkedin.com/in/synthetic-{slug}"),
        report_profile_url: url("report"),
        connection_count: connections.min(500),
        is_connection_count_obfuscated: connections > 500,
        is_public: more.roll(4, 10) > 0,
        skills: (0..more.roll(5, 4) as usize)
            .filter_map(|nth| SKILLS.get((nth + more.roll(6, 5) as usize) % SKILLS.len()))
            .copied()
            .collect(),
        locale: Locale { country, language },
        schools: schools(seed, email),
        positions,
        credits_consumed: PRICE,
    }
}

/// One to three positions, each of which ends where the one after it begins.
fn positions(seed: u64, email: &str) -> Positions {
    let mut end = None;
    let mut year = 2026;
    let mut position_history = Vec::new();
    let count = 1 + Dice::throw(seed, "reverse-lookup/positions", &[email]).roll(0, 3);
    for nth in 0..count {
        let nth = nth.to_string();
        let dice = Dice::throw(seed, "reverse-lookup/position", &[email, &nth]);
        year -= 1 + dice.roll(0, 4);
        let start = PartialDate { month: Some(1 + dice.roll(1, 12)), year };
        let company = of(&dice, 2, COMPANIES, "Acme");
        position_history.push(Position {
            title: of(&dice, 3, TITLES, "Engineer"),
            company_name: format!("{company}{SYNTHETIC}"),
            company_location: of(&dice, 4, PLACES, ("Nowhere", "ZZ", "en")).0.to_owned(),
            company_logo: logo(company),
            description: (dice.roll(5, 2) > 0).then(|| format!("Made up{SYNTHETIC}")),
            start_end_date: StartEndDate { start, end },
        });
        end = Some(start);
    }
    Positions { positions_count: position_history.len(), position_history }
}

/// At most two schools, before any position.
fn schools(seed: u64, email: &str) -> Schools {
    let dice = Dice::throw(seed, "reverse-lookup/schools", &[email]);
    let year = |back: u32| PartialDate { month: None, year: 2_012 - back };
    let school = |nth: u32| {
        let place = of(&dice, 1 + nth as usize, PLACES, ("Nowhere", "ZZ", "en")).0;
        let city = place.split(',').next().unwrap_or_default();
        let degrees = [Some("BSc"), Some("MSc"), None];
        let (start, end) = (year(4 + 4 * nth), Some(year(4 * nth)));
        Education {
            degree_name: dice.pick(3 + nth as usize, Some("BA"), &degrees),
            school_name: format!("University of {city}{SYNTHETIC}"),
            school_location: place.to_owned(),
            school_logo: logo(city),
            start_end_date: StartEndDate { start, end },
        }
    };
    let education_history: Vec<Education> = (0..dice.roll(0, 3)).map(school).collect();
    Schools { educations_count: education_history.len(), education_history }
}

fn logo(name: &str) -> String {
    format!("https://logos.invalid/{}", name.to_lowercase())
}

fn of<T: Copy>(dice: &Dice, which: usize, list: &[T], otherwise: T) -> T {
    match list.split_first() {
        Some((first, others)) => dice.pick(which, *first, others),
        None => otherwise,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(seed: u64, nth: u32) -> Option<Profile> {
        answer_reverse(seed, &format!("ada{nth}@x.io"))
    }

    #[test]
    fn about_two_in_three_are_found() {
        let found = (0..2_000).filter(|&nth| ask(7, nth).is_some()).count();
        assert!((1_200..1_400).contains(&found), "{found} of 2000");
    }

    #[test]
    fn an_answer_depends_on_the_seed_and_the_canonical_address_only() {
        let all = |seed| (0..50).map(|nth| ask(seed, nth)).collect::<Vec<_>>();
        let shouted = |nth| answer_reverse(7, &format!(" ADA{nth}@X.io"));
        assert_eq!(all(7), (0..50).map(shouted).collect::<Vec<_>>());
        assert_ne!(all(7), all(8));
    }

    #[test]
    fn a_history_goes_back_in_time_without_gaps() {
        for profile in (0..200).filter_map(|nth| ask(7, nth)) {
            let history = &profile.positions.position_history;
            assert!((1..=3).contains(&history.len()));
            assert_eq!(profile.positions.positions_count, history.len());
            assert_eq!(history[0].start_end_date.end, None);
            assert_eq!(profile.company_name, history[0].company_name);
            for pair in history.windows(2) {
                let (later, earlier) = (pair[0].start_end_date, pair[1].start_end_date);
                assert_eq!(earlier.end, Some(later.start));
                assert!(earlier.start.year < later.start.year);
            }
            let first = history.last().unwrap().start_end_date.start.year;
            for school in &profile.schools.education_history {
                assert!(school.start_end_date.end.unwrap().year < first);
            }
        }
    }

    #[test]
    fn no_address_in_a_profile_can_be_reached() {
        for profile in (0..200).filter_map(|nth| ask(7, nth)) {
            let text = serde_json::to_string(&profile).unwrap();
            for rest in text.split("https://").skip(1) {
                let host = rest.split('/').next().unwrap();
                // Of the profile itself there is a host, and no such name at it.
                let is_nobody = rest.starts_with("www.linkedin.com/in/synthetic-");
                assert!(is_nobody || host.ends_with(".invalid"), "{host}");
            }
            assert!(profile.connection_count <= 500);
        }
    }

    #[test]
    fn the_stranger_is_always_found() {
        assert!((0..50).all(|seed| answer_reverse(seed, STRANGER).is_some()));
    }
}
