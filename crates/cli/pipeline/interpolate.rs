//! Fills in what a pipeline file takes from its variables, the environment and other files.

use super::{
    flaw::Flaw,
    nearest::meant,
    outside::Outside,
    sheet::Sheet,
    tree::{Entry, Kind, Node, Origin, Span},
    words::{Otherwise, Wanted, Word, words},
};
use std::{collections::BTreeMap, env::VarError};

/// Replaces every `${…}` in the texts of a tree. Keys are left alone.
pub(crate) fn interpolate(
    root: &mut Node,
    sheet: &Sheet,
    outside: &dyn Outside,
    overrides: &BTreeMap<String, String>,
) -> Vec<Flaw> {
    let mut filling = Filling { sheet, outside, vars: None, flaws: Vec::new() };
    let Kind::Map(sections) = &mut root.kind else { return Vec::new() };
    let vars = sections.iter_mut().find(|section| section.key == "vars");
    let declared = filling.declare(vars, overrides);
    filling.vars = Some(declared);
    for section in sections.iter_mut().filter(|section| section.key != "vars") {
        filling.fill(&mut section.value);
    }
    filling.flaws
}

struct Filling<'a> {
    sheet: &'a Sheet,
    outside: &'a dyn Outside,
    /// `None` while the variables themselves are filled in: they cannot use each other.
    vars: Option<BTreeMap<String, (String, Origin)>>,
    flaws: Vec<Flaw>,
}

/// Why something cannot be filled in, and what to do about it.
type Missing = (String, Option<String>);

impl Filling<'_> {
    /// Fills in the values of `vars:`, with those of the command line in their place.
    fn declare(
        &mut self,
        vars: Option<&mut Entry>,
        overrides: &BTreeMap<String, String>,
    ) -> BTreeMap<String, (String, Origin)> {
        let (at, entries) = match vars {
            Some(Entry { at, value: Node { kind: Kind::Map(entries), .. }, .. }) => {
                (&*at, &mut **entries)
            }
            Some(Entry { at, .. }) => (&*at, &mut [][..]),
            None => (&Span::default(), &mut [][..]),
        };
        for name in overrides.keys() {
            if !entries.iter().any(|entry| entry.key == *name) {
                let names = entries.iter().map(|entry| &*entry.key);
                let hint = meant(name, names)
                    .or_else(|| Some(format!("declare it: `vars: {{ {name}: \"…\" }}`")));
                let message =
                    format!("`--var {name}`: the file declares no such variable");
                self.flaws.push(self.sheet.flaw(at, message, hint));
            }
        }
        let mut declared = BTreeMap::new();
        for Entry { key, value, .. } in entries {
            match overrides.get(key) {
                Some(text) => {
                    value.kind = Kind::Text(text.clone());
                    value.origin = Origin::Composed;
                }
                None => self.fill(value),
            }
            if let Kind::Text(text) = &value.kind {
                declared.insert(key.clone(), (text.clone(), value.origin));
            }
        }
        declared
    }

    fn fill(&mut self, node: &mut Node) {
        match &mut node.kind {
            Kind::Text(text) if text.contains('$') => {
                let (filled, origin) = self.compose(text, &node.span);
                (*text, node.origin) = (filled, origin);
            }
            Kind::List(items) => items.iter_mut().for_each(|item| self.fill(item)),
            Kind::Map(entries) => {
                entries.iter_mut().for_each(|entry| self.fill(&mut entry.value));
            }
            _ => {}
        }
    }

    fn compose(&mut self, text: &str, span: &Span) -> (String, Origin) {
        let (mut filled, mut origin) = (String::new(), Origin::Written);
        for word in words(text) {
            let (written, found) = match word {
                Ok(Word::Plain(plain)) => {
                    filled.push_str(plain);
                    continue;
                }
                Ok(Word::Blank { written, wanted }) => (written, self.find(wanted)),
                Err(garbled) => {
                    let hint = Some("write `$$` for a plain `$`".to_owned());
                    (garbled.written, Err((garbled.message.to_owned(), hint)))
                }
            };
            match found {
                Ok((value, from)) => {
                    filled.push_str(&value);
                    origin = origin.max(from);
                }
                Err((message, hint)) => {
                    let at = self.sheet.within(span, written);
                    self.flaws.push(self.sheet.flaw(&at, message, hint));
                    origin = Origin::Broken;
                }
            }
        }
        (filled, origin)
    }

    fn find(&self, wanted: Wanted<'_>) -> Result<(String, Origin), Missing> {
        match wanted {
            Wanted::Env { name, or } => self.variable(name, or),
            Wanted::File(path) => match self.outside.file(path) {
                Ok(text) => {
                    let cut = text.strip_suffix('\n').unwrap_or(&text);
                    let cut = cut.strip_suffix('\r').unwrap_or(cut);
                    Ok((cut.to_owned(), Origin::Outside))
                }
                Err(error) => Err((format!("`{path}` cannot be read: {error}"), None)),
            },
            Wanted::Var(name) => {
                let Some(vars) = &self.vars else {
                    let message = "a variable cannot use another variable".to_owned();
                    return Err((message, None));
                };
                let (text, origin) = vars.get(name).ok_or_else(|| {
                    let hint = meant(name, vars.keys().map(String::as_str));
                    (format!("`vars` declares no `{name}`"), hint)
                })?;
                Ok((text.clone(), (*origin).max(Origin::Composed)))
            }
        }
    }

    fn variable(
        &self,
        name: &str,
        or: Otherwise<'_>,
    ) -> Result<(String, Origin), Missing> {
        let found = match self.outside.variable(name) {
            Ok(value) if value.is_empty() && or != Otherwise::Fail => None,
            Ok(value) => Some(value),
            Err(VarError::NotPresent) => None,
            Err(VarError::NotUnicode(_)) => {
                return Err((format!("the value of `{name}` is no UTF-8 text"), None));
            }
        };
        match (found, or) {
            (Some(value), _) => Ok((value, Origin::Outside)),
            (None, Otherwise::Default(text)) => Ok((text.to_owned(), Origin::Composed)),
            (None, Otherwise::Say(message)) => {
                Err((format!("`{name}`: {message}"), None))
            }
            (None, Otherwise::Fail) => {
                let hint = format!("set it, or give a default: `${{env:{name}:-…}}`");
                Err((format!("the environment has no `{name}`"), Some(hint)))
            }
        }
    }
}
