//! The two lookups of numbers.

use super::super::answer::{Answer, Wanted};
use super::super::answers::phone::{find_phones, validate_phone};
use super::super::failure::Failure;
use super::super::normal;
use super::super::options::Options;
use super::super::params::Params;
use super::super::prices::Yield;

/// `GET /phone-finder`, also `GET /phone/{email}`
pub(super) fn finder(params: &Params<'_>, options: &Options) -> Result<Answer, Failure> {
    let email = params.may("email", normal::is_email)?.map(normal::email);
    let domain = params.may("domain", normal::is_domain)?.map(normal::domain);
    let profile = params.may("linkedin", normal::is_profile)?.map(normal::profile);
    let by_domain = domain.is_some();
    let asked = [("email", email), ("domain", domain), ("linkedin", profile)];
    let given = asked.into_iter().filter_map(|(kind, value)| Some((kind, value?)));
    let given: Vec<(&str, String)> = given.collect();
    let Some((kind, value)) = given.first() else {
        return Err(params.refuse("One of email, domain and linkedin must be given."));
    };
    let phones = find_phones(options.seed, kind, value);
    let question = given.iter().map(|(kind, value)| format!("{kind}={value}")).collect();
    let full = params.flag("full");
    let Some(first) = phones.first() else {
        let wanted = if full { Wanted::List } else { Wanted::Thing };
        return Ok(Answer::missed(options, wanted, question));
    };
    let told = if full { phones.len() as u64 } else { 1 };
    let found = Yield { phones: told, by_domain, full, ..Yield::default() };
    Ok(match full {
        true => Answer::found(&phones, found, question),
        false => Answer::found(first, found, question),
    })
}

/// `GET /phone-validator`
pub(super) fn validator(
    params: &Params<'_>,
    options: &Options,
) -> Result<Answer, Failure> {
    let phone = params.need("phone", normal::is_phone)?;
    let two_letters =
        |code: &str| code.len() == 2 && code.chars().all(|c| c.is_ascii_alphabetic());
    let country = params.may("country_code", two_letters)?;
    let answer = validate_phone(options.seed, phone, country);
    let mut question = vec![normal::phone(phone)];
    question.extend(country.map(str::to_owned));
    Ok(Answer::found(answer, Yield { phones: 1, ..Yield::default() }, question))
}
