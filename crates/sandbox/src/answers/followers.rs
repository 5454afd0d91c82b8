//! Who follows a company.

use std::ops::RangeInclusive;

use serde::Serialize;

use super::SYNTHETIC;
use super::fold::unreachable_domain;
use crate::canonical::Dice;
use crate::followers::lists::{
    COUNTRIES, DEPARTMENTS, JOB_TITLES, LEVELS, STATES, STATES_OF,
};
use crate::random::Random;

pub(crate) const NAME: &str = "company-follower";

const FIRST_NAMES: [&str; 12] = [
    "Ada", "Bela", "Chidi", "Dana", "Emre", "Farah", "Goran", "Hana", "Ines", "Jaro",
    "Keiko", "Lino",
];
const INDUSTRIES: [&str; 5] = [
    "Made-up Software",
    "Made-up Retail",
    "Made-up Energy",
    "Made-up Media",
    "Made-up Law",
];

/// All followers of one company, before any filter.
#[derive(Clone, Debug)]
pub(crate) struct Crowd {
    slug: String,
    /// What its followers are drawn from.
    base: u64,
    /// Where every other follower lives.
    home: usize,
    /// How many there are.
    pub(crate) size: u32,
}

/// One follower: places in the lists of filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Follower {
    /// Which one of the company's.
    pub(crate) nth: u32,
    /// Where they live.
    pub(crate) country: usize,
    /// In a country with states, in which of them.
    pub(crate) state: Option<usize>,
    /// What they do.
    pub(crate) job_title: usize,
    /// Where in their company.
    pub(crate) department: usize,
    /// At which level.
    pub(crate) level: usize,
}

/// A follower on the wire, the same in results and in callbacks.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FollowerProfile {
    pub(crate) profile_url: String,
    #[serde(rename = "objectURN")]
    pub(crate) object_urn: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) profile_picture_url: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) company_name: Option<String>,
    pub(crate) company_profile_url: Option<String>,
    pub(crate) company_website: Option<String>,
    pub(crate) company_domain: Option<String>,
    pub(crate) company_logo_url: Option<String>,
    pub(crate) company_location: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) summary: Option<String>,
    pub(crate) connection_degree: Option<u8>,
    pub(crate) tenure_at_company: Option<String>,
    pub(crate) industry: Option<String>,
    pub(crate) is_premium: Option<bool>,
    pub(crate) is_open_profile: Option<bool>,
    pub(crate) is_saved: Option<bool>,
    pub(crate) spotlights: Vec<&'static str>,
}

impl Crowd {
    /// The followers of the company of this name in its address. How many they are lies in `sizes`.
    pub(crate) fn new(seed: u64, slug: &str, sizes: &RangeInclusive<u32>) -> Self {
        let dice = Dice::throw(seed, NAME, &[slug]);
        let base =
            u64::from(dice.roll(0, u32::MAX)) << 32 | u64::from(dice.roll(1, u32::MAX));
        let (least, most) = (*sizes.start(), *sizes.end());
        let span = most.saturating_sub(least).saturating_add(1);
        Self {
            slug: slug.to_owned(),
            base,
            home: dice.roll(2, 1 << 16) as usize % COUNTRIES.len().max(1),
            size: least.saturating_add(dice.roll(3, span)),
        }
    }

    /// All of them.
    pub(crate) fn followers(&self) -> impl Iterator<Item = Follower> {
        (0..self.size).map(|nth| self.follower(nth))
    }

    /// One of them.
    pub(crate) fn follower(&self, nth: u32) -> Follower {
        let mut random = Random::new(self.base, u64::from(nth));
        let country = match one_of(&mut random, 2) {
            0 => self.home,
            _ => one_of(&mut random, COUNTRIES.len()),
        };
        let states = STATES_OF.get(country).map_or(&[][..], Vec::as_slice);
        let state = states.get(one_of(&mut random, states.len())).copied();
        Follower {
            nth,
            country,
            state,
            job_title: one_of(&mut random, JOB_TITLES.len()),
            department: one_of(&mut random, DEPARTMENTS.len()),
            level: one_of(&mut random, LEVELS.len()),
        }
    }

    /// What the provider says of a follower. All addresses are under `.invalid`.
    pub(crate) fn profile(&self, follower: Follower) -> FollowerProfile {
        let Follower { nth, .. } = follower;
        let mut random = Random::new(self.base, u64::from(nth) | 1 << 32);
        let mut sometimes = |one_in| one_of(&mut random, one_in) == 0;
        let some = |text: String, there: bool| there.then_some(text);
        let first = FIRST_NAMES.get(nth as usize % FIRST_NAMES.len()).copied();
        let first = first.unwrap_or_default();
        let (last, employer) = (format!("Follower{nth}"), nth % 97);
        let domain = unreachable_domain(&format!("employer{employer}"));
        let country = COUNTRIES.get(follower.country).copied().unwrap_or_default();
        let state = follower.state.and_then(|state| STATES.get(state).copied());
        let location = match state {
            Some(state) => format!("{state}, {country}"),
            None => country.to_owned(),
        };
        let title = JOB_TITLES.get(follower.job_title).copied().map(str::to_owned);
        let open = sometimes(4);
        FollowerProfile {
            profile_url: format!(
                "https://www.linkedin.com/in/synthetic-{}-{nth}",
                self.slug
            ),
            object_urn: Some(format!(
                "urn:synthetic:member:{:08x}-{nth}",
                self.base >> 32
            )),
            name: Some(format!("{first} {last}")),
            first_name: Some(first.to_owned()),
            last_name: Some(last),
            profile_picture_url: some(
                format!("https://profiles.invalid/photo/{}-{nth}.jpg", self.slug),
                !sometimes(3),
            ),
            title,
            company_name: Some(format!("Employer {employer}{SYNTHETIC}")),
            company_profile_url: Some(format!(
                "https://profiles.invalid/company/{employer}"
            )),
            company_website: Some(format!("https://www.{domain}")),
            company_domain: Some(domain),
            company_logo_url: None,
            company_location: some(country.to_owned(), !sometimes(3)),
            location: Some(location),
            summary: some(format!("Follows {}{SYNTHETIC}", self.slug), !sometimes(2)),
            connection_degree: Some(if sometimes(5) { 2 } else { 3 }),
            tenure_at_company: some(format!("{} years", nth % 11 + 1), !sometimes(4)),
            industry: INDUSTRIES.get(nth as usize % 5).map(|name| (*name).to_owned()),
            is_premium: Some(sometimes(3)),
            is_open_profile: Some(open),
            is_saved: Some(false),
            spotlights: if open { vec!["OPEN_PROFILE"] } else { Vec::new() },
        }
    }
}

fn one_of(random: &mut Random, count: usize) -> usize {
    (random.unit() * count as f64) as usize
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn crowd(seed: u64, slug: &str) -> Crowd {
        Crowd::new(seed, slug, &(300..=6_000))
    }

    #[test]
    fn a_company_has_as_many_followers_as_may_be_and_others_have_others() {
        let sizes = |seed: u64| -> Vec<u32> {
            (0..300).map(|nth| crowd(seed, &format!("company{nth}")).size).collect()
        };
        let some = sizes(7);
        assert!(some.iter().all(|size| (300..=6_000).contains(size)));
        assert!(some.iter().any(|size| *size < 1_000));
        assert!(some.iter().any(|size| *size > 5_000));
        assert_eq!(some, sizes(7));
        assert_ne!(some, sizes(8));
        assert_eq!(Crowd::new(7, "acme", &(342..=342)).size, 342);
    }

    #[test]
    fn followers_depend_on_the_seed_and_the_company_only() {
        let some =
            |seed, slug| crowd(seed, slug).followers().take(200).collect::<Vec<_>>();
        assert_eq!(some(7, "acme"), some(7, "acme"));
        assert_ne!(some(7, "acme"), some(8, "acme"));
        assert_ne!(some(7, "acme"), some(7, "globex"));
    }

    #[test]
    fn followers_come_from_everywhere_and_half_of_them_from_home() {
        let crowd = Crowd::new(7, "acme", &(20_000..=20_000));
        let at_home = crowd.followers().filter(|one| one.country == crowd.home).count();
        assert!((9_700..10_700).contains(&at_home), "{at_home}");
        let seen = |of: fn(&Follower) -> usize| -> usize {
            crowd.followers().map(|one| of(&one)).collect::<BTreeSet<_>>().len()
        };
        assert_eq!(seen(|one| one.country), 58);
        assert_eq!(seen(|one| one.department), 26);
        assert_eq!(seen(|one| one.level), 10);
        assert_eq!(seen(|one| one.job_title), 642);
        assert!(crowd.followers().any(|one| one.state.is_none()));
    }

    #[test]
    fn a_profile_is_one_of_nobody_and_leads_nowhere() {
        let crowd = crowd(7, "acme");
        let profiles: Vec<_> =
            crowd.followers().take(100).map(|one| crowd.profile(one)).collect();
        let urls: BTreeSet<&str> =
            profiles.iter().map(|profile| profile.profile_url.as_str()).collect();
        assert_eq!(urls.len(), 100);
        for profile in &profiles {
            let json = serde_json::to_string(profile).unwrap();
            // The profile's own address is of a name that there is not; the others are of no host.
            assert!(profile.profile_url.contains("/in/synthetic-"));
            assert_eq!(
                json.matches("https://").count() - 1,
                json.matches(".invalid").count() - 1
            );
            assert!(json.contains(SYNTHETIC));
        }
        assert!(profiles.iter().any(|profile| profile.summary.is_none()));
    }
}
