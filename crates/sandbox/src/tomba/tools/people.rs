//! The four lookups that find people.

use super::super::answer::{Answer, Wanted};
use super::super::answers::people::{
    enrich_email, find_author, find_email, find_linkedin, with_phones,
};
use super::super::answers::person::Person;
use super::super::failure::Failure;
use super::super::normal;
use super::super::options::Options;
use super::super::params::Params;
use super::super::prices::Yield;

/// `GET /email-finder`
pub(super) fn finder(params: &Params<'_>, options: &Options) -> Result<Answer, Failure> {
    let domain = domain_or_company(params)?;
    let (first, last) = match params.get("full_name") {
        Some(full) => normal::split_name(full),
        None => {
            let first = params.need("first_name", |_| true)?;
            let last = params.need("last_name", |_| true)?;
            (first.to_owned(), last.to_owned())
        }
    };
    let person = find_email(options.seed, &first, &last, &domain);
    let question = vec![normal::name(&first), normal::name(&last), domain];
    Ok(one(person, params, options, Wanted::Address, question))
}

/// `GET /author-finder`
pub(super) fn author(params: &Params<'_>, options: &Options) -> Result<Answer, Failure> {
    let url = params.need("url", normal::is_page)?;
    let person = find_author(options.seed, url);
    let question = vec![normal::page(url)];
    Ok(one(person, params, options, Wanted::Person, question))
}

/// `GET /linkedin`
pub(super) fn linkedin(
    params: &Params<'_>,
    options: &Options,
) -> Result<Answer, Failure> {
    let url = params.need("url", normal::is_profile)?;
    let people = find_linkedin(options.seed, url);
    let question = vec![normal::profile(url)];
    if !params.flag("full") {
        let first = people.into_iter().next();
        return Ok(one(first, params, options, Wanted::Person, question));
    }
    let enriched = |person| enriched(person, params, options);
    let people: Vec<Person> = people.into_iter().map(enriched).collect();
    if people.is_empty() {
        return Ok(Answer::missed(options, Wanted::List, question));
    }
    let phones = people.iter().map(phones_of).sum();
    let emails = people.len() as u64;
    let found = Yield { emails, phones, full: true, ..Yield::default() };
    Ok(Answer::found(people, found, question))
}

/// `GET /enrich`
pub(super) fn enrich(params: &Params<'_>, options: &Options) -> Result<Answer, Failure> {
    let email = params.need("email", normal::is_email)?;
    let person = enrich_email(options.seed, email);
    let question = vec![normal::email(email)];
    Ok(one(person, params, options, Wanted::Person, question))
}

/// The domain that a question names, or one made of the company's name.
pub(super) fn domain_or_company(params: &Params<'_>) -> Result<String, Failure> {
    if let Some(domain) = params.may("domain", normal::is_domain)? {
        return Ok(normal::domain(domain));
    }
    let length = |name: &str| (3..=75).contains(&name.chars().count());
    match params.may("company", length)? {
        Some(company) => Ok(format!("{}.example", normal::name(company))),
        None => Err(params.refuse("One of domain and company must be given.")),
    }
}

fn one(
    person: Option<Person>,
    params: &Params<'_>,
    options: &Options,
    wanted: Wanted,
    question: Vec<String>,
) -> Answer {
    let Some(person) = person.map(|person| enriched(person, params, options)) else {
        return Answer::missed(options, wanted, question);
    };
    let emails = u64::from(person.email.is_some());
    let found = Yield { emails, phones: phones_of(&person), ..Yield::default() };
    Answer::found(person, found, question)
}

fn enriched(person: Person, params: &Params<'_>, options: &Options) -> Person {
    match params.flag("enrich_mobile") {
        true => with_phones(options.seed, person),
        false => person,
    }
}

fn phones_of(person: &Person) -> u64 {
    person.phone_data.as_ref().map_or(0, |phones| phones.len() as u64)
}
