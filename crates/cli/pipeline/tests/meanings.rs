//! Errors of meaning: all at once, offline.

use super::{bent, load, told, told_of};

#[test]
fn all_errors_of_meaning_come_at_once() {
    let text = bent("plan: growth", "plan: growht")
        .replace("use: enrich.so", "use: enrich.so\n    poll: 0s")
        .replace(
            "email: email,",
            "email: emial, work_email_STATUS: message, EMAIL: email,",
        )
        .replace("parquet: out/", "parquet: leads/")
        .replace("sink:", "budget: { run: { enrihc: 5 } }\nsink:")
        + "state: postgres://host/db\n";
    let expected = "\
8:11: error: a poll needs a pause of more than 0s
9:11: error: `enrich.so` has no plan `growht`
hint: did you mean `growth`?
14:22: error: `find_email` has no field `emial`
hint: did you mean `email`?
14:29: error: the column `work_email_STATUS` is taken: it is the status of step `work_email`
14:57: error: the column `EMAIL` is taken: it is an output of step `work_email`
15:18: error: `enrihc` is no provider of this file
hint: did you mean `enrich`?
17:12: error: the sink would overwrite the source
18:8: error: a state on Postgres needs `results:`, where the answers are kept
hint: add `results: s3://bucket/leadmill/`, or a folder that all machines share
";
    assert_eq!(told(&load(&text).unwrap_err()), expected);
}

#[test]
fn each_provider_has_credentials_of_its_own() {
    let expected = "6:3: error: `key` is missing\n\
        hint: write `${env:NAME}` or `${file:/run/secrets/name}`\n\
        6:3: error: `secret` is missing\n\
        hint: write `${env:NAME}` or `${file:/run/secrets/name}`\n\
        8:11: error: `tomba` has no plan `growth`\n\
        hint: one of `free`, `pro`\n\
        9:5: error: `tomba` has no `api_key`\n\
        hint: one of `key`, `secret`\n";
    assert_eq!(told_of("use: enrich.so\n", "use: tomba\n"), expected);
}

#[test]
fn providers_are_held_against_their_packs() {
    for (from, to, expected) in [
        (
            "enrich.so",
            "enrich.si",
            "7:10: error: no provider is called `enrich.si`\n\
            hint: did you mean `enrich.so`?\n",
        ),
        (
            "    plan: growth\n",
            "",
            "6:3: error: `plan` is missing\n\
            hint: one of `growth`, `scale`\n",
        ),
        (
            "    plan: growth\n",
            "    limits: { global: [5/1s] }\n",
            "8:5: error: without a \
            plan, `limits` must give windows for `bulk`\n\
            hint: or name a plan: one of `growth`, `scale`\n",
        ),
        (
            "plan: growth",
            "plan: growth\n    limits: { globl: [5/1s] }",
            "9:15: error: `enrich.so` limits no scope `globl`\n\
            hint: did you mean `global`?\n",
        ),
        (
            "plan: growth",
            "plan: growth\n    batch: 5001",
            "9:12: error: `enrich.so` takes \
            at most 5000 for `find_email`\n",
        ),
        (
            "plan: growth",
            "plan: growth\n    page: 1001",
            "9:11: error: `enrich.so` takes \
            at most 1000 for `find_email`\n",
        ),
        (
            "use: enrich.so\n    plan: growth",
            "use: verifier\n    plan: free\n    \
            prices: { find_email: 1 }",
            "9:15: error: `verifier` offers no `find_email`\n\
            hint: write `verify_email`\n13:5: error: `verifier` offers no `find_email`\n\
            hint: write `verify_email`\n",
        ),
    ] {
        assert_eq!(told_of(from, to), expected, "{to}");
    }
    assert!(load(&bent("    plan: growth\n", "    sandbox: true\n")).is_ok());
}

#[test]
fn steps_know_whom_they_ask() {
    let two = "providers:\n  other: { use: enrich.so, sandbox: true }\n";
    let expected = "\
12:5: error: `try` is missing: there are several providers
hint: one of `enrich`, `other`
";
    assert_eq!(told_of("providers:\n", two), expected);
    for entry in ["enrihc", "{ provider: enrihc }"] {
        let told = told_of("output:", &format!("try: [{entry}]\n    output:"));
        let expected =
            "error: `enrihc` is no provider of this file\nhint: did you mean `enrich`?\n";
        assert!(told.ends_with(expected), "{told}");
    }
    let second = "  - name: work_email\n    verify_email: { email: email }\n    \
        output: { verdict: verdict, Email: message }\nsink:";
    let expected = "\
14:11: error: another step is called `work_email` already
16:33: error: the column `Email` is taken: it is an output of step `work_email`
";
    assert_eq!(told_of("sink:", second), expected);
}

#[test]
fn the_receipts_column_is_taken() {
    let expected = "13:15: error: the column `_LeadMill` is taken: it is the receipt\n";
    assert_eq!(told_of("email: email,", "_LeadMill: email,"), expected);
}

#[test]
fn a_lane_that_the_provider_does_not_have_is_an_error() {
    let file = |lane| {
        bent("enrich.so", "verifier")
            .replace("plan: growth", "plan: free")
            .replace(
                "find_email: { first_name: first, last_name: last, domain: lower(domain) }",
                &format!("verify_email: {{ email: mail }}\n    try: [{{ provider: enrich, lane: {lane} }}]"),
            )
            .replace("email: email, ", "verdict: verdict, ")
    };
    let expected = "\
13:37: error: `verifier` answers `verify_email` in single calls only
hint: write `lane: single`, or leave it out
";
    assert_eq!(told(&load(&file("bulk")).unwrap_err()), expected);
    load(&file("single")).unwrap();
}
