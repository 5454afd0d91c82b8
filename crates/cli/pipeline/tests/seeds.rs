//! The fuzzer's seeds, held against the fuzzer's rules.

use fuzz::files;
use std::{collections::BTreeSet, ffi::OsStr, fs, panic::catch_unwind, path::Path};

#[path = "../../../../fuzz/src"]
#[expect(unreachable_pub, reason = "the fuzzer reaches them")]
mod fuzz {
    use crate::pipeline;

    pub(super) mod files;
}

#[test]
fn every_seed_is_judged_and_these_are_accepted() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/pipeline");
    let seeds = fs::read_dir(corpus).unwrap().map(|seed| seed.unwrap().path());
    let mut accepted = BTreeSet::new();
    // What a fuzzer has added has no extension.
    for seed in seeds.filter(|seed| seed.extension().is_some()) {
        let bytes = fs::read(&seed).unwrap();
        let is_accepted = catch_unwind(|| files::judge(&bytes));
        if is_accepted.unwrap_or_else(|_| panic!("{} breaks a rule", seed.display())) {
            accepted.insert(seed.file_stem().and_then(OsStr::to_str).unwrap().to_owned());
        }
    }
    let accepted: Vec<String> = accepted.into_iter().collect();
    let expected = [
        "anchors_and_aliases",
        "block_texts",
        "byte_order_mark_and_crlf",
        "full",
        "json",
        "lone_carriage_returns",
        "plain",
        "references_of_every_kind",
        "share_without_a_call",
    ];
    assert_eq!(accepted, expected);
}
