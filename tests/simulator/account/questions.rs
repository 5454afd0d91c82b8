//! What is asked in scenes, and what a calm run answers.

use crate::{
    life::{PEOPLE, all_people, text},
    simulation::{World, addresses, rows},
};
use leadmill_core::{Finding, Operation, Query, QueryKey};
use leadmill_sandbox::{Options, tomba};
use std::{collections::HashMap, sync::OnceLock, thread};
use tokio::runtime::Builder;

/// The seed of all answers: the two providers do not know the same people.
pub(crate) const ANSWERS: u64 = 7;

/// What pipelines ask.
pub(crate) const OPERATIONS: [Operation; 3] =
    [Operation::FindEmail, Operation::FindPerson, Operation::VerifyEmail];

/// All questions of an operation.
pub(crate) fn questions(operation: Operation) -> &'static [Query] {
    static PERSONS: OnceLock<Vec<Query>> = OnceLock::new();
    static ADDRESSES: OnceLock<Vec<Query>> = OnceLock::new();
    match operation {
        Operation::FindEmail => all_people(),
        Operation::VerifyEmail => ADDRESSES.get_or_init(|| addresses(PEOPLE)),
        _ => PERSONS.get_or_init(|| {
            let person = |n| {
                let address = format!("ada{n}@company{}.example", n % 13);
                Query::read(operation, [Some(&*address)]).unwrap()
            };
            (0..PEOPLE).map(person).collect()
        }),
    }
}

/// What a provider says of a question when nothing goes wrong, as [`text`] has it; none where it knows nothing.
pub(crate) fn calm_answer(is_tomba: bool, query: &Query) -> Option<String> {
    static ALL: OnceLock<HashMap<(bool, QueryKey), Option<String>>> = OnceLock::new();
    ALL.get_or_init(|| {
        let runtime =
            Builder::new_current_thread().enable_time().start_paused(true).build();
        // A runtime within a runtime wants a thread of its own.
        thread::scope(|scope| {
            let calm = scope.spawn(|| runtime.unwrap().block_on(calm_answers()));
            calm.join().unwrap()
        })
    })[&(is_tomba, query.key())]
        .clone()
}

async fn calm_answers() -> HashMap<(bool, QueryKey), Option<String>> {
    let mut all = HashMap::new();
    for operation in OPERATIONS {
        let options = Options { seed: ANSWERS, ..Options::default() };
        let enrich = World::new("enterprise", options);
        let options = tomba::Options { seed: ANSWERS, ..tomba::Options::default() };
        for world in [enrich, World::of_tomba(options)] {
            let asked = questions(operation);
            world.run(asked, None).await.ending.unwrap();
            for (query, row) in asked.iter().zip(rows(&[&world], asked)) {
                let hit = |finding: &Finding| matches!(finding, Finding::Hit(_));
                let answer = row.finding.filter(hit).map(|hit| text(Some(&hit)));
                all.insert((world.tomba.is_some(), query.key()), answer);
            }
        }
    }
    all
}
