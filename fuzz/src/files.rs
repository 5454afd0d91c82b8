//! Any text is judged as a pipeline file, nothing breaks, and what is said about it is true of it.

use super::pipeline::{Flaw, Loaded, Outside, read, report, warn};
use leadmill_core::Pack;
use leadmill_providers::packs;
use std::{collections::BTreeMap, env::VarError, io, sync::LazyLock};

/// What stands in the made-up environment, and must never be seen.
const SECRET: &str = "sk_live_canary_42";

static PACKS: LazyLock<Vec<Pack>> = LazyLock::new(|| packs().unwrap_or_default());

/// Holds a pipeline file, or what is none, against what must hold of every one. Whether it is accepted.
pub fn judge(data: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(data) else { return false };
    let read = load(text);
    match &read {
        Ok(loaded) => accepted(text, loaded),
        Err(flaws) => {
            assert!(!flaws.is_empty(), "refused without a reason");
            assert!(flaws.is_sorted(), "not in the order of the file: {flaws:?}");
            shown(text, flaws, &report("p.yaml", flaws));
        }
    }
    read.is_ok()
}

fn load(text: &str) -> Result<Loaded, Vec<Flaw>> {
    read(text, &Made, &BTreeMap::new(), &PACKS)
}

/// What was accepted is accepted again, also behind a byte order mark, and can be worked with.
fn accepted(text: &str, loaded: &Loaded) {
    shown(text, &loaded.remarks, &warn("p.yaml", &loaded.remarks));
    same(loaded, load(text));
    if !text.starts_with('\u{feff}') {
        same(loaded, load(&format!("\u{feff}{text}")));
    }
    let pipeline = &loaded.pipeline;
    assert!(!pipeline.providers.is_empty() && !pipeline.enrich.is_empty());
    for name in pipeline.providers.keys() {
        let account = pipeline.account(name, &PACKS);
        assert!(account.is_some_and(|account| account.name == *name), "no account");
    }
    for step in &pipeline.enrich {
        assert_eq!(step.inputs.len(), step.operation.inputs().len());
        for attempt in &step.attempts {
            assert!(pipeline.providers.contains_key(&attempt.provider));
        }
        for output in &step.output {
            assert!(step.operation.field(&output.field).is_some(), "no such field");
        }
    }
    assert!(pipeline.enrich.iter().all(|step| !step.attempts.is_empty()));
}

fn same(loaded: &Loaded, again: Result<Loaded, Vec<Flaw>>) {
    assert!(again.is_ok(), "accepted only once");
    if let Ok(again) = again {
        assert_eq!(format!("{loaded:?}"), format!("{again:?}"), "it reads otherwise");
        let keys = (loaded.pipeline.secrets(), again.pipeline.secrets());
        assert!(keys.0.eq(keys.1), "it holds other keys");
    }
}

/// Every flaw stands inside the text, and nothing from outside is told.
fn shown(text: &str, flaws: &[Flaw], report: &str) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let breaks = text.replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<&str> = breaks.split('\n').collect();
    for flaw in flaws {
        let at = flaw.at;
        assert!((1..=lines.len()).contains(&at.line), "{at:?} of {} lines", lines.len());
        let line = lines.get(at.line - 1).copied().unwrap_or_default();
        let chars = line.chars().count();
        assert!(at.column >= 1 && at.len >= 1, "{at:?} is no place");
        let end = at.column + at.len - 1;
        assert!(end <= chars.max(at.column), "{at:?} in a line of {chars}");
        assert!(at.column <= chars + 1, "{at:?} in a line of {chars}");
        assert!(!flaw.message.contains(char::is_control), "{:?}", flaw.message);
        pointed(line, flaw);
    }
    let told = format!("{report}{flaws:?}");
    assert!(!told.contains(SECRET) || text.contains("canary"), "{told}");
}

/// What is missing in the environment is what stands at the place, where it is written once and plainly.
fn pointed(line: &str, flaw: &Flaw) {
    let name = flaw.message.strip_prefix("the environment has no `");
    let Some(name) = name.and_then(|name| name.strip_suffix('`')) else { return };
    let written = format!("${{env:{name}}}");
    if line.contains(&written) && line.matches(&format!("env:{name}}}")).count() == 1 {
        let there = line.chars().skip(flaw.at.column - 1).take(flaw.at.len);
        assert_eq!(there.collect::<String>(), written, "{flaw:?}");
    }
}

/// Fixed surroundings: nothing of the machine's own is read.
#[derive(Debug)]
struct Made;

impl Outside for Made {
    fn variable(&self, name: &str) -> Result<String, VarError> {
        match name {
            "KEY" => Ok(SECRET.to_owned()),
            "SIZE" => Ok("500".to_owned()),
            "ON" => Ok("true".to_owned()),
            "EMPTY" => Ok(String::new()),
            "BAD" => Err(VarError::NotUnicode("bad".into())),
            _ => Err(VarError::NotPresent),
        }
    }

    fn file(&self, path: &str) -> io::Result<String> {
        match path {
            "/run/secrets/key" => Ok(format!("{SECRET}\n")),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }
}
