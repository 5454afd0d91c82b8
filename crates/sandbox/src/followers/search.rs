//! A company and filters: the question of a scrape and of an estimate.

use http::Uri;

use super::filters::{Filters, SentFilters};
use crate::answers::followers::Crowd;
use crate::options::Options;
use crate::problem::Problem;

/// What is asked, in one form: two that are equal are the same question.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Search {
    /// The company's name in its address.
    pub(crate) slug: String,
    /// Which of its followers.
    pub(crate) filters: Filters,
}

impl Search {
    /// Refuses what is no address of a company's page, and what no filter takes.
    ///
    /// The schema asks for an address alone; that it must be such a page is what its description says.
    pub(crate) fn read(url: &str, filters: &SentFilters) -> Result<Self, Problem> {
        let slug = slug(url)
            .ok_or_else(|| Problem::validation("body/companyUrl Invalid url"))?;
        Ok(Self { slug, filters: filters.read()? })
    }

    /// The followers of the company, whatever the filters.
    pub(crate) fn crowd(&self, options: &Options) -> Crowd {
        Crowd::new(options.seed, &self.slug, &options.followers.sizes)
    }

    /// What names the question in the audit.
    pub(crate) fn fields(&self) -> [String; 2] {
        let filters = self.filters.applied();
        let filters = filters.and_then(|filters| serde_json::to_string(&filters).ok());
        [self.slug.clone(), filters.unwrap_or_default()]
    }
}

/// The company's name in `https://www.linkedin.com/company/{name}`, whatever follows it.
fn slug(url: &str) -> Option<String> {
    let uri: Uri = url.trim().parse().ok()?;
    let web = matches!(uri.scheme_str(), Some("http" | "https"));
    let host = uri.host()?.to_ascii_lowercase();
    let there = host == "linkedin.com" || host.ends_with(".linkedin.com");
    let mut segments = uri.path().split('/').filter(|segment| !segment.is_empty());
    let company = segments.next() == Some("company");
    let slug = segments.next()?.to_ascii_lowercase();
    (web && there && company).then_some(slug)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_company_is_known_by_its_name_in_the_address() {
        for url in [
            "https://www.linkedin.com/company/acme",
            " http://linkedin.com/company/ACME/ ",
            "https://de.linkedin.com/company/acme/about/?x=1",
        ] {
            assert_eq!(slug(url).as_deref(), Some("acme"), "{url}");
        }
    }

    #[test]
    fn other_addresses_are_no_companies() {
        for url in [
            "",
            "acme",
            "linkedin.com/company/acme",
            "https://www.linkedin.com/in/ada",
            "https://www.linkedin.com/company/",
            "https://notlinkedin.com/company/acme",
            "https://linkedin.com.example/company/acme",
            "ftp://linkedin.com/company/acme",
        ] {
            assert_eq!(slug(url), None, "{url}");
        }
    }
}
