//! The synthetic people whom the lead finder knows, and the companies that employ them.

use std::collections::HashMap;

use super::company::Company;
use super::options::LeadOptions;
use super::person::Person;
use crate::canonical::Dice;
use crate::random::Random;

/// Everybody, the same for the same seed and sizes.
#[derive(Debug)]
pub(crate) struct Population {
    /// The companies; people name them by position.
    pub(crate) companies: Vec<Company>,
    /// The people, in the order in which searches find them.
    pub(crate) people: Vec<Person>,
    by_code: HashMap<u64, usize>,
    members: Vec<Vec<usize>>,
    seed: u64,
}

impl Population {
    /// Makes everybody up. Every company has its founder, as far as the people reach.
    pub(crate) fn new(seed: u64, options: &LeadOptions) -> Self {
        let count = options.companies.max(1);
        let mut companies: Vec<Company> =
            (0..count).map(|number| Company::new(seed, number)).collect();
        let mut people = Vec::with_capacity(options.people);
        let mut members = vec![Vec::new(); count];
        for number in 0..options.people {
            let mut random = purpose(seed, *b"person..", number);
            // Some companies have many more people than others.
            let company = match number < count {
                true => number,
                false => (random.unit().powi(2) * count as f64) as usize % count,
            };
            if let (Some(employer), Some(staff)) =
                (companies.get(company), members.get_mut(company))
            {
                let place = employer.place;
                let founder = staff.is_empty();
                staff.push(number);
                people.push(
                    Person::new(&mut random, company, place, founder)
                        .called(options.top_level),
                );
            }
        }
        for (company, staff) in companies.iter_mut().zip(&members) {
            company.employees = company.employees.max(staff.len());
        }
        let by_code = people.iter().map(|person| person.code).zip(0..).collect();
        Self { companies, people, by_code, members, seed }
    }

    /// The position of the person of an id.
    pub(crate) fn find(&self, id: &str) -> Option<usize> {
        let digits = id.strip_prefix("enc_").filter(|digits| digits.len() == 16)?;
        self.by_code.get(&u64::from_str_radix(digits, 16).ok()?).copied()
    }

    /// A person and the employer.
    pub(crate) fn at(&self, person: usize) -> Option<(&Person, &Company)> {
        let person = self.people.get(person)?;
        Some((person, self.companies.get(person.company)?))
    }

    /// The people of a company, by position.
    pub(crate) fn members(&self, company: usize) -> &[usize] {
        self.members.get(company).map_or(&[], Vec::as_slice)
    }

    /// The company of a LinkedIn address: one of its own by name, else whichever the address throws, or none.
    pub(crate) fn company_at(&self, address: &str) -> Option<usize> {
        let slug = company_slug(address)?;
        if let Some(known) = self.companies.iter().position(|known| known.slug == slug) {
            return Some(known);
        }
        let dice = Dice::throw(self.seed, "people-search", &[&slug]);
        let count = u32::try_from(self.companies.len()).unwrap_or(u32::MAX);
        (dice.roll(0, 10) < 8).then(|| dice.roll(1, count) as usize)
    }
}

/// The name of a company in its LinkedIn address, in lower case.
pub(crate) fn company_slug(address: &str) -> Option<String> {
    let address = address.trim().to_lowercase();
    let rest =
        address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"))?;
    let (host, path) = rest.split_once('/')?;
    if host != "linkedin.com" && !host.ends_with(".linkedin.com") {
        return None;
    }
    let slug = path.strip_prefix("company/")?.split(['/', '?', '#']).next()?;
    (!slug.is_empty()).then(|| slug.to_owned())
}

/// The dice of the nth thing of a purpose.
pub(crate) fn purpose(seed: u64, name: [u8; 8], nth: usize) -> Random {
    let step = (nth as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut random = Random::new(seed, u64::from_be_bytes(name) ^ step);
    random.fork()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_population_depends_on_its_seed_and_every_id_leads_back() {
        let options =
            LeadOptions { people: 500, companies: 50, ..LeadOptions::default() };
        let [first, same, other] = [1, 1, 2].map(|seed| Population::new(seed, &options));
        for nth in 0..500 {
            let id = first.people[nth].id();
            assert_eq!(first.find(&id), Some(nth));
            assert_eq!(id, same.people[nth].id());
            assert_eq!(other.find(&id), None);
        }
        assert_eq!(first.find("enc_1"), None);
        assert_eq!((0..50).map(|at| first.members(at).len()).sum::<usize>(), 500);
    }

    #[test]
    fn a_company_is_known_by_its_address() {
        let options = LeadOptions { people: 50, companies: 50, ..LeadOptions::default() };
        let population = Population::new(3, &options);
        for (at, company) in population.companies.iter().enumerate() {
            let address = format!("http://linkedin.com/company/{}", company.slug);
            assert_eq!(population.company_at(&address), Some(at));
            assert_eq!(population.company_at(&company.address()), Some(at));
        }
        assert_eq!(company_slug("https://www.linkedin.com/in/ada"), None);
        assert_eq!(company_slug("https://notlinkedin.com/company/x"), None);
        let address = |nth| format!("https://www.linkedin.com/company/other-{nth}/");
        let found =
            (0..1_000).filter(|nth| population.company_at(&address(*nth)).is_some());
        assert!((750..850).contains(&found.count()));
    }
}
