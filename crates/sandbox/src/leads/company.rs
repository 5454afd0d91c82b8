//! A synthetic company.

use super::population::purpose;
use super::tables::{INDUSTRY, PLACE, list};

/// A company that there is not.
#[derive(Debug)]
pub(crate) struct Company {
    /// Its position.
    pub(crate) number: usize,
    /// What its dice are thrown with.
    pub(crate) seed: u64,
    /// For example `Amber Forge 17`.
    pub(crate) name: String,
    /// Its name in addresses.
    pub(crate) slug: String,
    /// A row of the places.
    pub(crate) place: usize,
    /// A row of the industries.
    pub(crate) industry: usize,
    /// How many it employs, known ones or not.
    pub(crate) employees: usize,
    /// Dollars a year.
    pub(crate) revenue: u64,
    /// The year.
    pub(crate) founded: usize,
}

impl Company {
    /// The nth company of a seed.
    pub(crate) fn new(seed: u64, number: usize) -> Self {
        let mut random = purpose(seed, *b"company.", number);
        let [adjective, noun] = ["adjectives", "nouns"].map(|of| random.pick(list(of)));
        let name = format!("{adjective} {noun} {}", number + 1);
        let slug = format!("synthetic-{}", name.to_lowercase().replace(' ', "-"));
        // From 1 to some 60,000, most of them small.
        let employees = 11.0_f64.mul_add(random.unit(), 0.0).exp() as usize;
        let each = 40_000 + random.below(260_000) as u64;
        Self {
            number,
            seed,
            place: random.below(PLACE.len()),
            industry: random.below(INDUSTRY.len()),
            revenue: employees as u64 * each,
            founded: 1900 + random.below(125),
            employees,
            name,
            slug,
        }
    }

    /// Its domain, which by RFC 2606 never resolves.
    pub(crate) fn domain(&self) -> String {
        format!("{}.invalid", self.name.to_lowercase().replace(' ', ""))
    }

    /// Its LinkedIn address.
    pub(crate) fn address(&self) -> String {
        format!("https://www.linkedin.com/company/{}/", self.slug)
    }

    /// One of the six documented ranges.
    pub(crate) fn revenue_bucket(&self) -> &'static str {
        const BOUNDS: [u64; 5] =
            [1_000_000, 10_000_000, 50_000_000, 100_000_000, 1_000_000_000];
        let bucket = BOUNDS.iter().filter(|bound| self.revenue >= **bound).count();
        list("revenueBuckets").get(bucket).copied().unwrap_or_default()
    }

    /// What it says of itself.
    pub(crate) fn headline(&self) -> String {
        let industry = INDUSTRY.cell(self.industry, "linkedin");
        format!("{industry} from {} (synthetic)", PLACE.cell(self.place, "city"))
    }
}
