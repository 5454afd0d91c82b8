//! A person and the employer.

use crate::leads::{Company, JOB, PLACE, Person, Population};

/// Someone who may be returned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<'a> {
    pub(crate) person: &'a Person,
    pub(crate) company: &'a Company,
}

/// Those who work for the company at this address.
pub(crate) fn employees<'a>(
    population: &'a Population,
    address: &str,
) -> impl Iterator<Item = Candidate<'a>> {
    let company = population.company_at(address);
    let members = company.map_or(&[] as &[_], |company| population.members(company));
    let employees = members.iter().filter_map(|at| population.at(*at));
    employees.map(|(person, company)| Candidate { person, company })
}

impl Candidate<'_> {
    /// Where the person lives, by a column of the places.
    pub(crate) fn place(&self, column: &str) -> &'static str {
        PLACE.cell(self.person.place, column)
    }

    /// What the person does.
    pub(crate) fn function(&self) -> &'static str {
        JOB.cell(self.person.job, "function")
    }
}
