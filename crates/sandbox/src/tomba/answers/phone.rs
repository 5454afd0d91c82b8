//! Numbers: whose, and whether they are any.

use serde::Serialize;

use crate::canonical::Dice;
use crate::tomba::normal;

/// A number on the wire.
///
/// # Source
/// Section 7.2: Tomba's own libraries and actors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Phone {
    /// The address that was asked about, or was found with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The domain that was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// The profile that was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linkedin: Option<String>,
    /// Whether it is a number.
    pub valid: bool,
    /// As it is written at home.
    pub local_format: Option<String>,
    /// As it is written abroad.
    pub intl_format: Option<String>,
    /// By E.164.
    pub e164_format: Option<String>,
    /// By RFC 3966.
    pub rfc3966_format: Option<String>,
    /// Two letters.
    pub country_code: Option<&'static str>,
    /// `MOBILE`, `FIXED_LINE` or `TOLL_FREE`.
    pub line_type: Option<&'static str>,
    /// Whose network it is in; often not known.
    pub carrier: Option<&'static str>,
    /// Where it is.
    pub region: Region,
    /// The same, for a clock.
    pub timezones: Vec<&'static str>,
}

/// Where a number is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Region {
    /// The country.
    pub name: Option<&'static str>,
    /// Two letters.
    pub code: Option<&'static str>,
}

/// Area codes in which the exchange 555 has numbers for fiction.
const AREAS: [u32; 6] = [202, 303, 404, 505, 606, 707];

/// A number that nobody has: 555-0100 to 555-0199 of some area.
pub(in crate::tomba) fn synthetic_number(dice: &Dice, nth: usize) -> String {
    let area = dice.pick(nth, 212, &AREAS);
    format!("+1{area}55501{:02}", (dice.roll(5, 100) as usize + nth) % 100)
}

/// The numbers of what was asked about, up to three; none for about four in ten.
pub fn find_phones(seed: u64, kind: &str, value: &str) -> Vec<Phone> {
    let dice = Dice::throw(seed, "phone-finder", &[kind, value]);
    let count = match dice.roll(7, 100) {
        0..40 => 0,
        40..80 => 1,
        80..92 => 2,
        _ => 3,
    };
    let named = |name: &str| (name == kind).then(|| value.to_owned());
    let phone = |nth: usize| Phone {
        email: named("email"),
        domain: named("domain"),
        linkedin: named("linkedin"),
        ..described(&dice, &synthetic_number(&dice, nth))
    };
    (0..count).map(phone).collect()
}

/// What a number is: of eight that look like one, seven are.
pub fn validate_phone(seed: u64, phone: &str, country: Option<&str>) -> Phone {
    let number = normal::phone(phone);
    let country = country.unwrap_or_default().to_ascii_uppercase();
    let dice = Dice::throw(seed, "phone-validator", &[&number, &country]);
    let number = if number.starts_with('+') { number } else { format!("+1{number}") };
    match dice.roll(7, 8) {
        0 => Phone {
            valid: false,
            local_format: None,
            intl_format: None,
            e164_format: None,
            rfc3966_format: None,
            country_code: None,
            line_type: None,
            carrier: None,
            region: Region { name: None, code: None },
            timezones: Vec::new(),
            ..described(&dice, &number)
        },
        _ => described(&dice, &number),
    }
}

fn described(dice: &Dice, number: &str) -> Phone {
    let national = number.strip_prefix("+1").unwrap_or(number);
    let grouped = match (national.get(..3), national.get(3..6), national.get(6..)) {
        (Some(area), Some(exchange), Some(line)) => format!("{area}-{exchange}-{line}"),
        _ => national.to_owned(),
    };
    Phone {
        email: None,
        domain: None,
        linkedin: None,
        valid: true,
        local_format: Some(national.to_owned()),
        intl_format: Some(format!("+1 {grouped}")),
        e164_format: Some(number.to_owned()),
        rfc3966_format: Some(format!("tel:+1-{grouped}")),
        country_code: Some("US"),
        line_type: Some(dice.pick(1, "MOBILE", &["FIXED_LINE", "TOLL_FREE"])),
        carrier: dice.pick(2, None, &[Some("Carrier (synthetic)")]),
        region: Region { name: Some("United States"), code: Some("US") },
        timezones: vec!["America/New_York"],
    }
}
