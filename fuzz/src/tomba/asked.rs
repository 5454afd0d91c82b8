//! What is asked: the same in every seed.

use leadmill_core::{Operation, Query};

/// Two questions of an operation.
pub(super) fn questions(operation: Operation) -> Vec<Query> {
    let raw: [&[&str]; 2] = match operation {
        Operation::FindEmail => {
            [&["Ada", "Byron", "example.com"], &["José", "Núñez", "example.org"]]
        }
        Operation::VerifyEmail | Operation::FindPerson | Operation::FindSources => {
            [&["ada@example.com"], &["bob@example.org"]]
        }
        Operation::FindPhone => [&["linkedin.com/in/ada"], &["", "bob@example.org"]],
        Operation::FindEmailByProfile => {
            [&["linkedin.com/in/ada"], &["linkedin.com/in/bob"]]
        }
        Operation::FindAuthor => {
            [&["https://blog.example.com/a"], &["https://blog.example.org/B"]]
        }
        Operation::ValidatePhone => [&["+14155550100"], &["4155550101", "us"]],
        Operation::SearchDomain => [&["example.com", "50"], &["example.org", "50"]],
        _ => [&["example.com"], &["example.org"]],
    };
    let read = |raw: &[&str]| {
        let told = raw.iter().map(|text| Some(*text).filter(|text| !text.is_empty()));
        Query::read(operation, told).ok()
    };
    raw.into_iter().filter_map(read).collect()
}
