//! Companies that fit a search.

use serde_json::{Value, json};

use super::organization::Organization;
use crate::canonical::Dice;

/// How many companies fit a search; none for about two in ten.
pub(in crate::tomba) fn total(seed: u64, search: &str) -> u64 {
    let dice = Dice::throw(seed, "reveal", &[search]);
    if dice.roll(0, 10) < 2 { 0 } else { u64::from(1 + dice.roll(1, 400)) }
}

/// The nth of them (section 9).
pub(in crate::tomba) fn company(seed: u64, search: &str, nth: u64) -> Value {
    let code = Dice::throw(seed, "revealed", &[search]).roll(0, 1 << 30);
    let owner = Organization::of(seed, &format!("company{code:x}-{nth}.example"));
    json!({
        "name": owner.name,
        "description": format!("{} makes examples.", owner.name),
        "country": owner.place("code"),
        "state": owner.place("state"),
        "city": owner.place("city"),
        "street_address": "1 Example Street",
        "postal_code": "00000",
        "industry": owner.industry("linkedin"),
        "company_size": owner.size,
        "type": "private",
        "founded": owner.founded.to_string(),
        "website_url": owner.site,
        "total_emails": owner.founded % 40,
        "revenue": owner.revenue,
        "phone_number": "",
        "linkedin_url": null,
        "facebook_url": null,
        "twitter_url": null,
        "total_similar": 3,
    })
}
