//! The fuzzers' seeds, held against the fuzzers' rules.

use fuzz::{replies, webhooks};
use std::{collections::BTreeSet, ffi::OsStr, fs, panic::catch_unwind, path::Path};

#[path = "../../../fuzz/src"]
#[expect(unreachable_pub, reason = "the fuzzers reach them")]
mod fuzz {
    use crate as providers;

    mod held;
    pub(super) mod replies;
    pub(super) mod webhooks;
    mod written;
}

/// The names of the seeds for which `judge` says yes. What a fuzzer has added has no extension.
fn judged(target: &str, judge: fn(&[u8]) -> bool) -> BTreeSet<String> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let seeds =
        fs::read_dir(corpus.join(target)).unwrap().map(|seed| seed.unwrap().path());
    let mut names = BTreeSet::new();
    for seed in seeds.filter(|seed| seed.extension().is_some()) {
        let name = seed.file_stem().and_then(OsStr::to_str).unwrap().to_owned();
        let bytes = fs::read(&seed).unwrap();
        let yes = catch_unwind(|| judge(&bytes));
        if yes.unwrap_or_else(|_| panic!("{} breaks a rule", seed.display())) {
            names.insert(name);
        }
    }
    names
}

#[test]
fn every_reply_is_told_right() {
    let judged = judged("replies", |reply| {
        replies::judge(reply);
        true
    });
    assert!(judged.len() >= 30, "{judged:?}");
}

#[test]
fn every_callback_is_read_or_none() {
    let read: Vec<String> = judged("webhooks", webhooks::judge).into_iter().collect();
    let expected = [
        "all_marks_of_an_id",
        "blanks_and_a_number_out_of_range",
        "deep",
        "escapes",
        "finder_completion",
        "finder_miss_without_an_address",
        "finder_result",
        "follower_completion",
        "follower_result",
        "id_of_128",
        "null_data",
        "phone_completion",
        "phone_error",
        "phone_result",
        "reverse_completion",
        "reverse_result",
        "validation_completion",
        "validation_result",
    ];
    assert_eq!(read, expected);
}
