//! The fuzzers' seeds, held against the fuzzers' rules.

use fuzz::{replies, tomba, webhooks};
use std::{collections::BTreeSet, ffi::OsStr, fs, panic::catch_unwind, path::Path};

#[path = "../../../fuzz/src"]
#[expect(unreachable_pub, reason = "the fuzzers reach them")]
mod fuzz {
    use crate as providers;

    mod held;
    pub(super) mod replies;
    pub(super) mod tomba;
    pub(super) mod webhooks;
    mod written;
}

/// The seeds of Tomba that are answers. The others are refused, in doubt, or say nothing.
const TOMBA_ANSWERS: &[&str] = &[
    "ask_author_without_address",
    "ask_company",
    "ask_count",
    "ask_domain_page",
    "ask_domain_without_addresses",
    "ask_finder_hit",
    "ask_finder_nobody_named",
    "ask_finder_null",
    "ask_finder_of_nulls",
    "ask_finder_unknown_record",
    "ask_finder_with_numbers",
    "ask_formats",
    "ask_hit_that_tells_the_secret",
    "ask_person",
    "ask_phone_invalid",
    "ask_phones",
    "ask_profile_two_addresses",
    "ask_similar",
    "ask_sources",
    "ask_technology",
    "ask_verifier",
    "ask_verifier_about_another",
    "balance",
    "balance_of_fractions",
    "balance_out_of_range",
    "bill_of_counts_out_of_range",
    "bill_paid",
    "estimate_exact",
    "estimate_out_of_range",
    "fetch_authors",
    "fetch_by_inputs",
    "fetch_companies",
    "fetch_domain",
    "fetch_domain_by_inputs",
    "fetch_hit_that_tells_the_key",
    "fetch_ids_and_inputs",
    "fetch_ids_that_say_another",
    "fetch_latin_1",
    "fetch_one_row_in_other_letters",
    "fetch_people",
    "fetch_phones",
    "fetch_profiles",
    "fetch_quoted",
    "fetch_similar",
    "fetch_strangers",
    "fetch_utf_16",
    "find_ours",
    "launch_409_running",
    "launch_begun",
    "launch_empty",
    "launch_every_slot_is_taken",
    "poll_cancelled",
    "poll_completed",
    "poll_flag",
    "poll_pending_of_nulls",
    "poll_running",
    "poll_word_that_is_none",
    "retry_409_not_failed",
    "submit_created",
    "submit_created_with_a_message",
    "terms_of_the_team",
];

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

#[test]
fn whatever_tomba_replies_nothing_is_made_up() {
    let answered: Vec<String> = judged("tomba", tomba::judge).into_iter().collect();
    assert_eq!(answered, TOMBA_ANSWERS);
}
