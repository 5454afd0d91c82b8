//! The file of a job: each answer is one that its rows give, and a row that is damaged costs none of the others.

use super::super::held::finding;
use super::{Judge, told::Told};
use leadmill_core::{Credits, Finding, Operation, Page, Query};
use std::collections::HashSet;

/// What holds of every page.
pub(super) fn page(judge: &Judge<'_>, asked: &[Query], page: &Page) {
    let (told, answers) = (judge.told, &page.answers);
    assert!(!page.failed && page.cost.is_none(), "made up");
    assert_eq!(page.total.is_some(), page.ready, "a file has records");
    if told.status() == Some(409) {
        assert!(!page.ready && page.items == 0 && answers.is_empty(), "too early");
        return;
    }
    assert!(page.ready && told.is_success(), "{page:?}");
    assert!(!judge.said.json.is_object(), "an object is no file");
    assert!(answers.len() as u64 <= page.items, "more answers than there are");
    assert!(
        page.total.is_some_and(|rows| page.items <= rows),
        "more than there are rows"
    );
    let mut keys = HashSet::new();
    for answer in answers {
        assert!(keys.insert(answer.key), "two answers to one question");
        let query = asked.iter().find(|query| query.key() == answer.key);
        assert!(query.is_some_and(|query| is_about(told, query)), "a stranger's answer");
        finding(told.operation, &answer.finding);
        let free = Some(Credits::ZERO);
        match answer.finding {
            Finding::Miss => assert_eq!(answer.credits, free, "a miss is free"),
            Finding::Hit(_) => {
                assert!(answer.credits.is_some_and(|credits| credits > Credits::ZERO));
            }
            Finding::Unknown(_) => assert_ne!(answer.credits, free, "it may be charged"),
            Finding::Failed(_) => assert_eq!(answer.credits, free, "it is charged"),
        }
    }
}

/// Whether a file names a question somewhere: by the id that was sent, or by all that must be asked with.
fn is_about(told: &Told, query: &Query) -> bool {
    let text = plain(&String::from_utf8_lossy(told.body()));
    let latin: String = told.body().iter().map(|byte| char::from(*byte)).collect();
    let latin = plain(&latin);
    let is_there = |value: &str| text.contains(value) || latin.contains(value);
    let id: String = query.key().0.iter().map(|byte| format!("{byte:02x}")).collect();
    let needed = match query.operation() {
        Operation::FindEmail => 3,
        _ => 1,
    };
    // How the address of a page begins may differ.
    let inputs = query.values().take(needed).map(|input| {
        let begun = input.split_once("linkedin.com/").or(input.split_once("://"));
        plain(begun.map_or(input, |(_, rest)| rest))
    });
    is_there(&id) || inputs.into_iter().all(|input| is_there(&input))
}

/// Letters and digits alone.
fn plain(text: &str) -> String {
    let letters = text.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// Rows that say nothing, each in its own way: too short, of no letters, too long.
const DAMAGED: [&[u8]; 3] = [b"x\n", b"\xff\xfe\xff\n", b"?,,,,,,,,,,;;;;;;;;;;|\t?\n"];

/// Puts a damaged row among those of a file.
pub(super) fn damaged(told: &Told, page: &Page, fetch: impl Fn(&Told) -> Option<Page>) {
    let body = told.body();
    // In other files nobody can say where a row ends, or in which letters it is written.
    if body.contains(&b'"') || str::from_utf8(body).is_err() {
        return;
    }
    let Some(place) = place(told, body) else { return };
    let (before, after) = body.split_at_checked(place).unwrap_or((body, &[]));
    let with = |row: &[u8]| {
        let end: &[u8] = if before.ends_with(b"\n") { b"" } else { b"\n" };
        told.with([before, end, row, after].concat())
    };
    for row in DAMAGED {
        let read = fetch(&with(row));
        assert!(read.is_some(), "a damaged row costs all of the others");
        let Some(read) = read else { return };
        assert_eq!(read.items, page.items + 1, "a damaged row is about nothing known");
        assert_eq!(read.total, page.total.map(|rows| rows + 1), "a damaged row is a row");
        assert_eq!(read.answers, page.answers, "a damaged row costs others");
    }
    // What opens a quote and does not close it hides what follows: none of that is to be taken for a miss.
    let open = fetch(&with(b"\"x,"));
    assert!(open.is_none_or(|open| open.answers == page.answers), "rows are hidden");
}

/// Where a row can stand: about in the middle, and not before the header.
fn place(told: &Told, body: &[u8]) -> Option<usize> {
    let header = body.iter().position(|byte| !b"\r\n".contains(byte))?;
    let ends = body.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let ends: Vec<usize> =
        ends.map(|(place, _)| place + 1).filter(|end| *end > header).collect();
    // What goes for a whole search is tried on its first rows.
    match told.operation {
        Operation::SearchDomain => Some(body.len()),
        _ => ends.get(ends.len() / 2).copied().or(Some(body.len())),
    }
}
