//! What helps to write the filters of a lead search.

use super::{super::Action, Id};
use crate::Enrich;
use leadmill_core::{ProviderError, Reply};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use url::form_urlencoded::Serializer;

/// Filters, or what is excluded, as the provider takes them: which there are and what they take is its to know.
pub type Filters = Map<String, Value>;

/// What one filter can be set to.
///
/// # Source
/// Reference §9.3: a list of values in the schema, an object with more about the filter live. Both are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Filter {
    /// What people call it.
    pub label: Option<String>,
    /// What it is about: `person`, `organization` or `insights`, or a newer one.
    pub category: Option<String>,
    /// How values count, such as `IN`.
    pub mode: Option<String>,
    /// The values; none where any text is one.
    pub values: Vec<String>,
    /// Most values at once.
    pub max_selections: Option<u64>,
}

impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "neither a list of values nor an object with one")]
        enum Form {
            Values(Vec<String>),
            #[serde(rename_all = "camelCase")]
            Whole {
                label: Option<String>,
                category: Option<String>,
                mode: Option<String>,
                values: Vec<String>,
                max_selections: Option<u64>,
            },
        }

        Ok(match Form::deserialize(deserializer)? {
            Form::Values(values) => Self { values, ..Self::default() },
            Form::Whole { label, category, mode, values, max_selections } => {
                Self { label, category, mode, values, max_selections }
            }
        })
    }
}

/// Filters that were kept under a name.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "camelCase"))]
pub struct SavedSearch {
    /// Its id, by which it can be deleted.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// What it looks for.
    pub filters: Filters,
    /// Since when, as RFC 3339.
    pub created_at: Option<String>,
    /// When it was changed last, as RFC 3339.
    pub updated_at: Option<String>,
}

/// How many leads there are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "camelCase"))]
pub struct LeadCount {
    /// Leads; never more than can be paged through.
    pub count: u64,
    /// What was looked for: `people`, `company` or `unified`.
    pub search_type: String,
    /// Whether the provider calls its count approximate. A large one need not be.
    pub is_approximate: bool,
    /// Leads before anything was taken off or capped.
    pub searched_total_result: Option<u64>,
}

#[derive(Deserialize)]
struct Suggested {
    values: Vec<String>,
}

#[derive(Serialize)]
struct Saved<'a> {
    name: &'a str,
    filters: &'a Filters,
}

#[derive(Deserialize)]
struct Deleted {
    deleted: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Counted<'a> {
    filters: &'a Filters,
    #[serde(skip_serializing_if = "Option::is_none")]
    exclude_filters: Option<&'a Filters>,
}

impl Enrich {
    /// Lists what the filters can be set to.
    pub async fn filter_options(
        &self,
    ) -> Result<Reply<BTreeMap<String, Filter>>, ProviderError> {
        let action = Action::fixed("reading the filter options");
        self.look(&action, "/lead-finder/filter-options").await
    }

    /// Lists at most 50 names of companies that hold a text of at least two characters.
    pub async fn suggest(
        &self,
        text: &str,
        limit: u32,
    ) -> Result<Reply<Vec<String>>, ProviderError> {
        let action = Action::fixed(format!("suggesting companies for `{text}`"));
        let mut query = Serializer::new(String::new());
        query.append_pair("q", text).append_pair("limit", &limit.to_string());
        let path = format!("/lead-finder/suggest?{}", query.finish());
        let Reply { value: Suggested { values }, signals } =
            self.look(&action, &path).await?;
        Ok(Reply { value: values, signals })
    }

    /// Lists the saved searches.
    pub async fn searches(&self) -> Result<Reply<Vec<SavedSearch>>, ProviderError> {
        self.look(&Action::fixed("listing the saved searches"), SEARCHES).await
    }

    /// Keeps filters under a name. **Changes the searches**: each time that it is made there is one more.
    pub async fn save_search(
        &self,
        name: &str,
        filters: &Filters,
    ) -> Result<Reply<SavedSearch>, ProviderError> {
        let action = Action::fixed(format!("saving the search `{name}`"));
        self.hand_over(&action, SEARCHES, &Saved { name, filters }).await
    }

    /// Deletes a saved search. **Changes the searches**. The provider may call one deleted that there never was.
    pub async fn delete_search(&self, search: &Id) -> Result<Reply<()>, ProviderError> {
        let action = Action::job(format!("deleting the saved search {search}"));
        let path = format!("{SEARCHES}/{search}");
        self.take_away(&action, &path, |done: Deleted| done.deleted).await
    }

    /// Counts the leads of a search, at no charge and however many there are.
    pub async fn count_leads(
        &self,
        filters: &Filters,
        exclude_filters: Option<&Filters>,
    ) -> Result<Reply<LeadCount>, ProviderError> {
        let action = Action::fixed("counting leads");
        let body = Counted { filters, exclude_filters };
        self.hand_over(&action, "/lead-finder/count", &body).await
    }
}

/// Where the saved searches stand.
const SEARCHES: &str = "/lead-finder/saved";
