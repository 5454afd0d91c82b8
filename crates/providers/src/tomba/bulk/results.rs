//! From the file of a job to its answers.

use super::{
    super::{
        families::{self, Answer, Asked},
        reading::{ADDRESSES, price_of_unit},
        wire::Meta,
    },
    Generation,
    columns::Columns,
    namesakes,
    sheet::Sheet,
    ties::{Tied, Ties},
};
use csv::StringRecord;
use leadmill_core::{Answered, Credits, Finding, KeyMap, Keys, Operation, pack::Offer};

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// Rows, whatever they are about.
    pub(super) rows: u64,
    /// Those of them that are about no question of the job's.
    pub(super) untied: u64,
    /// The questions that rows are about, in the order of their first rows.
    pub(super) answers: Vec<Answered>,
}

/// Why a file cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is none, or not all of one.
    NoFile(String),
    /// Nothing in it says what it is about: it will not say so another time.
    Untied(String),
}

/// Reads the file of a job that asked these questions.
pub(super) fn read(
    operation: Operation,
    offer: &Offer,
    generation: Generation,
    keys: &Keys,
    body: &[u8],
) -> Result<Read, Unread> {
    let sheet = Sheet::read(body).map_err(Unread::NoFile)?;
    if sheet.rows.is_empty() {
        return Ok(Read::default());
    }
    let ties = Ties::of(operation, keys, &sheet).ok_or_else(|| untied(&sheet))?;
    let (mut order, mut untied_rows) = (Vec::new(), 0);
    let mut rows_of: KeyMap<Vec<&StringRecord>> = KeyMap::default();
    // One that is damaged may have been about any of them.
    let tie = |row| (row, ties.tie(row).filter(|_| sheet.holds(row)));
    let mut tied: Vec<_> = sheet.rows.iter().map(tie).collect();
    let says_something = tied.iter().any(|(_, tied)| tied.is_some());
    namesakes::tell_apart(operation, keys, ties.is_echoed(), &mut tied);
    for (row, tied) in tied {
        let Some(key) = tied.map(Tied::key) else {
            untied_rows += 1;
            continue;
        };
        let rows = rows_of.entry(key).or_default();
        if rows.is_empty() {
            order.push(key);
        }
        rows.push(row);
    }
    if !says_something && !ties.is_sure() {
        return Err(untied(&sheet));
    }
    let columns = Columns::of(operation, &sheet);
    let answers = order.into_iter().map(|key| {
        let rows = rows_of.remove(&key).unwrap_or_default();
        let wanted = ties.wanted();
        let asked = Asked { operation, key, wanted, is_filtered: false };
        answer(asked, offer, generation, &columns, &ties, &rows)
    });
    let rows = sheet.rows.len() as u64;
    Ok(Read { answers: answers.collect(), rows, untied: untied_rows })
}

fn untied(sheet: &Sheet) -> Unread {
    /// Most letters of the names that are told.
    const MOST: usize = 400;
    // A file without a header has somebody's row there.
    let name = |name: &String| match name.contains('@') {
        true => "(an address)".to_owned(),
        false => name.clone(),
    };
    // One that is cut could be what is left of a secret.
    let mut letters = 0;
    let told: Vec<String> = sheet
        .names
        .iter()
        .map(name)
        .take_while(|name| {
            letters += name.len();
            letters <= MOST
        })
        .collect();
    let more = if told.len() < sheet.names.len() { " …" } else { "" };
    Unread::Untied(format!(
        "its {} rows do not say which question each answers: the columns are {}{more}",
        sheet.rows.len(),
        told.join(", ")
    ))
}

/// What the rows of one question say. The bill is that of the whole job: what is told of each answer is its share by the
/// prices.
fn answer(
    asked: Asked,
    offer: &Offer,
    generation: Generation,
    columns: &Columns,
    ties: &Ties,
    rows: &[&StringRecord],
) -> Answered {
    let key = asked.key;
    let Some((data, count)) = columns.data(rows) else {
        return Answered { key, finding: Finding::Miss, credits: Some(Credits::ZERO) };
    };
    let price = charge(asked, offer, generation, count);
    let is_another = families::echo(asked.operation, &data)
        .is_some_and(|echo| ties.is_another(key, echo));
    let finding = match is_another {
        true => Some(Finding::Unknown("the row is about another address".into())),
        false => families::finding(asked, Answer { data, meta: Meta::default() }),
    };
    let finding = finding.unwrap_or_else(|| {
        Finding::Unknown("the rows are no answer of this operation's".into())
    });
    let credits = match finding {
        Finding::Miss => Credits::ZERO,
        _ => price,
    };
    Answered { key, finding, credits: Some(credits) }
}

/// What an answer of so many rows costs.
///
/// # Source
/// Reference 4.1: addresses of a domain by the ten, or as many as were asked for, addresses of a profile each. By the page
/// of prices each address of a domain is one: the dearer counts where the job has no bill. Where it has, what is told here
/// is what an answer certainly costs, since what the bill holds beyond that may be for answers that are missing.
fn charge(asked: Asked, offer: &Offer, generation: Generation, count: u64) -> Credits {
    let units = match asked.operation {
        Operation::SearchDomain => {
            let most = count.max(asked.wanted.map_or(0, u64::from));
            let tens = most.div_ceil(ADDRESSES);
            match generation {
                Generation::First => count.max(tens),
                Generation::Second => tens,
            }
        }
        Operation::FindEmailByProfile => count,
        _ => 1,
    };
    price_of_unit(offer) * units
}
