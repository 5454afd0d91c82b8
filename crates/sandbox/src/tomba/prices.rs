//! What lookups cost.

use super::endpoint::Endpoint;
use super::knobs::CostTable;
use super::options::Options;

/// What a lookup brought, as far as its price goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Yield {
    /// Whether there is anything at all.
    pub(super) present: bool,
    /// Addresses, also those that were asked about.
    pub(super) emails: u64,
    /// Numbers.
    pub(super) phones: u64,
    /// Those of the addresses that have a number.
    pub(super) phoned: u64,
    /// Companies.
    pub(super) companies: u64,
    /// How many results were asked for.
    pub(super) limit: u64,
    /// Whether the question names a domain.
    pub(super) by_domain: bool,
    /// Whether every result was asked for.
    pub(super) full: bool,
}

/// The credits that a lookup costs; nothing if it brought nothing.
///
/// # Source
/// <https://docs.tomba.io/rate-limits> for `Limits`; Tomba's own actors for `Apify` (section 4.1); the page of prices for
/// `Pricing` (section 3 of what was observed).
pub(super) fn price(options: &Options, endpoint: Endpoint, found: &Yield) -> u64 {
    let by = |costs| priced(options, endpoint, found, costs);
    match (found.present, options.costs) {
        (false, _) => 0,
        (true, CostTable::Dearest) => {
            let tables = [CostTable::Limits, CostTable::Apify, CostTable::Pricing];
            tables.map(by).into_iter().max().unwrap_or_default()
        }
        (true, costs) => by(costs),
    }
}

fn priced(options: &Options, endpoint: Endpoint, found: &Yield, costs: CostTable) -> u64 {
    match (endpoint, costs) {
        (Endpoint::DomainSearch, CostTable::Limits) => found.emails.div_ceil(10),
        (Endpoint::DomainSearch, CostTable::Apify) => {
            found.limit.div_ceil(10) + 5 * found.phoned
        }
        (Endpoint::DomainSearch, CostTable::Pricing) => found.emails,
        (Endpoint::EmailFinder | Endpoint::Enrich, CostTable::Limits) => 1,
        (Endpoint::EmailFinder | Endpoint::Enrich, CostTable::Apify) => {
            1 + 5 * found.phones.min(1)
        }
        (Endpoint::Linkedin, CostTable::Limits) => found.emails,
        (Endpoint::Linkedin, CostTable::Apify) if found.full => {
            found.emails + 5 * found.phones
        }
        (Endpoint::Linkedin, CostTable::Apify) => 1 + 5 * found.phones.min(1),
        (Endpoint::EmailVerifier, CostTable::Apify) => 1 + 5 * found.phones,
        (Endpoint::PhoneFinder, CostTable::Limits) => 10 * found.phones.div_ceil(10),
        (Endpoint::PhoneFinder, CostTable::Pricing) => 5,
        (Endpoint::PhoneFinder, CostTable::Apify) => 5 - 4 * u64::from(found.by_domain),
        (Endpoint::Combined, _) => 2,
        (Endpoint::Reveal, CostTable::Limits) => found.companies.div_ceil(50),
        (
            Endpoint::EmailSources
            | Endpoint::EmailFormat
            | Endpoint::Location
            | Endpoint::DomainSuggestions,
            _,
        ) => options.unlisted_cost,
        (Endpoint::DomainStatus, _) => 0,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prices(endpoint: Endpoint, found: Yield) -> [u64; 2] {
        [CostTable::Limits, CostTable::Apify].map(|costs| by(costs, endpoint, found))
    }

    fn by(costs: CostTable, endpoint: Endpoint, found: Yield) -> u64 {
        price(&Options { costs, ..Options::default() }, endpoint, &found)
    }

    #[test]
    fn the_page_of_prices_counts_addresses_and_the_dearest_table_is_the_dearest() {
        let page = Yield { present: true, emails: 7, limit: 10, ..Yield::default() };
        let fewer = Yield { emails: 3, limit: 50, ..page };
        for (endpoint, found, pricing, dearest) in [
            (Endpoint::DomainSearch, page, 7, 7),
            (Endpoint::DomainSearch, fewer, 3, 5),
            (Endpoint::PhoneFinder, Yield { phones: 1, ..page }, 5, 10),
            (Endpoint::EmailFinder, page, 1, 1),
            (Endpoint::EmailFinder, Yield { present: false, ..page }, 0, 0),
        ] {
            assert_eq!(by(CostTable::Pricing, endpoint, found), pricing, "{endpoint}");
            assert_eq!(by(CostTable::Dearest, endpoint, found), dearest, "{endpoint}");
        }
    }

    #[test]
    fn the_two_tables_are_the_published_ones() {
        let one = Yield { present: true, emails: 1, ..Yield::default() };
        let phoned = Yield { phones: 2, phoned: 1, ..one };
        let page = |emails, limit| Yield { emails, limit, ..one };
        for (endpoint, found, expected) in [
            (Endpoint::DomainSearch, page(0, 10), [0, 1]),
            (Endpoint::DomainSearch, page(1, 10), [1, 1]),
            (Endpoint::DomainSearch, page(11, 20), [2, 2]),
            (Endpoint::DomainSearch, page(11, 50), [2, 5]),
            (Endpoint::DomainSearch, Yield { limit: 10, ..phoned }, [1, 6]),
            (Endpoint::EmailFinder, one, [1, 1]),
            (Endpoint::EmailFinder, phoned, [1, 6]),
            (Endpoint::Enrich, phoned, [1, 6]),
            (Endpoint::Linkedin, phoned, [1, 6]),
            (Endpoint::Linkedin, Yield { emails: 2, full: true, ..phoned }, [2, 12]),
            (Endpoint::AuthorFinder, one, [1, 1]),
            (Endpoint::EmailVerifier, phoned, [1, 11]),
            (Endpoint::PhoneFinder, phoned, [10, 5]),
            (Endpoint::PhoneFinder, Yield { by_domain: true, ..phoned }, [10, 1]),
            (Endpoint::PhoneValidator, one, [1, 1]),
            (Endpoint::People, one, [1, 1]),
            (Endpoint::Combined, one, [2, 2]),
            (Endpoint::Similar, one, [1, 1]),
            (Endpoint::Reveal, Yield { companies: 50, ..one }, [1, 1]),
            (Endpoint::Reveal, Yield { companies: 0, ..one }, [0, 1]),
            (Endpoint::DomainStatus, one, [0, 0]),
            (Endpoint::EmailFinder, Yield { present: false, ..phoned }, [0, 0]),
        ] {
            assert_eq!(prices(endpoint, found), expected, "{endpoint} {found:?}");
        }
    }
}
