//! The questions of a batch by their keys, and what else tells which of them a row of results is about.

use crate::{KeyMap, Query, QueryKey};
use std::{iter, ops::Deref, sync::Arc};

/// The keys of a batch's questions in request order, with the [plain keys](Query::plain_key) of those that are not spelt
/// plainly. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    keys: Arc<[QueryKey]>,
    plain: Arc<[(u32, QueryKey)]>,
}

/// Questions that a plain spelling does not tell apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Namesakes {
    /// The one that is spelt plainly itself: a row that is spelt so may be about any of them.
    pub plain: Option<QueryKey>,
    /// The others.
    pub others: Vec<QueryKey>,
}

impl Namesakes {
    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &QueryKey> {
        self.plain.iter().chain(&self.others)
    }
}

impl Keys {
    /// The keys of questions.
    pub fn of(queries: &[Query]) -> Self {
        let keys: Arc<[QueryKey]> = queries.iter().map(Query::key).collect();
        let plain = (0..).zip(queries.iter().map(Query::plain_key));
        let plain = plain.zip(&*keys).filter(|((_, plain), key)| plain != *key);
        let plain = plain.map(|(plain, _)| plain).collect();
        Self { keys, plain }
    }

    /// The keys of questions of which these, by their places, have other plain keys.
    pub fn spelt(keys: Arc<[QueryKey]>, plain: Arc<[(u32, QueryKey)]>) -> Self {
        Self { keys, plain }
    }

    /// The questions that are not spelt plainly, by their places, with their plain keys.
    pub fn plain(&self) -> &[(u32, QueryKey)] {
        &self.plain
    }

    /// The question that each plain key means, of those keys that are wanted; none where it means several.
    pub fn by_plain(
        &self,
        is_wanted: impl Fn(&QueryKey) -> bool,
    ) -> KeyMap<Option<QueryKey>> {
        let mut meant: KeyMap<Option<QueryKey>> = KeyMap::default();
        for (key, plain) in self.pairs().filter(|(_, plain)| is_wanted(plain)) {
            meant.entry(plain).and_modify(|meant| *meant = None).or_insert(Some(key));
        }
        meant
    }

    /// The questions that have one plain spelling together.
    pub fn namesakes(&self) -> Vec<Namesakes> {
        let mut groups: KeyMap<Namesakes> = KeyMap::default();
        for (index, plain) in &*self.plain {
            if let Some(key) = self.keys.get(*index as usize) {
                groups.entry(*plain).or_default().others.push(*key);
            }
        }
        for key in &*self.keys {
            if let Some(group) = groups.get_mut(key) {
                group.plain = Some(*key);
            }
        }
        let groups = groups.into_values();
        groups.filter(|group| group.all().nth(1).is_some()).collect()
    }

    /// Each question with its plain key.
    pub fn pairs(&self) -> impl Iterator<Item = (QueryKey, QueryKey)> {
        let mut plain = self.plain.iter().peekable();
        let mut index = 0;
        let mut keys = self.keys.iter();
        iter::from_fn(move || {
            let key = *keys.next()?;
            let other = plain.next_if(|(place, _)| *place == index);
            index += 1;
            Some((key, other.map_or(key, |(_, plain)| *plain)))
        })
    }
}

impl Deref for Keys {
    type Target = [QueryKey];

    fn deref(&self) -> &[QueryKey] {
        &self.keys
    }
}

impl From<Arc<[QueryKey]>> for Keys {
    fn from(keys: Arc<[QueryKey]>) -> Self {
        Self { keys, plain: Arc::default() }
    }
}

impl<const N: usize> From<[QueryKey; N]> for Keys {
    fn from(keys: [QueryKey; N]) -> Self {
        Self::from(Arc::<[QueryKey]>::from(keys))
    }
}

impl FromIterator<QueryKey> for Keys {
    fn from_iter<I: IntoIterator<Item = QueryKey>>(keys: I) -> Self {
        Self::from(keys.into_iter().collect::<Arc<[QueryKey]>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Operation;

    fn queries(names: &[&str]) -> Vec<Query> {
        let read = |name: &&str| {
            let raw = [Some(*name), Some("Li"), Some("x.io")];
            Query::read(Operation::FindEmail, raw).unwrap()
        };
        names.iter().map(read).collect()
    }

    #[test]
    fn a_plain_key_means_the_one_question_that_is_reduced_to_it() {
        let queries = queries(&["Ada", "Zoë", "Zoé", "José", "Zoe", "Eve"]);
        let keys = Keys::of(&queries);
        let places: Vec<u32> = keys.plain().iter().map(|(place, _)| *place).collect();
        assert_eq!(places, [1, 2, 3]);
        assert_eq!(keys.len(), 6);
        let meant = keys.by_plain(|_| true);
        let means = |place: usize| meant[&queries[place].plain_key()];
        assert_eq!(means(0), Some(queries[0].key()));
        assert_eq!(means(3), Some(queries[3].key()));
        assert_eq!((means(1), means(4)), (None, None));
        let jose = queries[3].plain_key();
        assert_eq!(keys.by_plain(|plain| *plain == jose).len(), 1);
    }

    #[test]
    fn namesakes_are_told_together() {
        let spelt = queries(&["Zoë", "Ada", "Zoe", "Zoé", "José"]);
        let [zoe, _, plain, other] = [0, 1, 2, 3].map(|place| spelt[place].key());
        let group = Namesakes { plain: Some(plain), others: vec![zoe, other] };
        assert_eq!(Keys::of(&spelt).namesakes(), [group]);
        let spelt = queries(&["Zoë", "Zoé", "Ada"]);
        let [zoe, other] = [0, 1].map(|place| spelt[place].key());
        let group = Namesakes { plain: None, others: vec![zoe, other] };
        assert_eq!(Keys::of(&spelt).namesakes(), [group]);
        assert_eq!(Keys::of(&queries(&["Zoë", "Ada"])).namesakes(), []);
    }
}
