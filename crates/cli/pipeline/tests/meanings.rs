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

#[test]
fn a_form_of_jobs_that_there_is_not_is_an_error() {
    let told = told_of("plan: growth", "plan: growth\n    generation: 1");
    assert!(told.contains("jobs of `enrich.so` have one form only"), "{told}");
}

/// What a job would hold too few of travels alone, where it may.
#[test]
fn fewer_questions_than_a_job_is_worth_need_a_lane_of_their_own() {
    load(&waterfall("[enrich, { provider: tomba, min_rows: 500 }]")).unwrap();
    for (lane, message) in [
        ("bulk", "fewer questions than `min_rows` cannot travel alone here"),
        ("single", "nothing travels in jobs here"),
    ] {
        let entries =
            format!("[enrich, {{ provider: tomba, lane: {lane}, min_rows: 500 }}]");
        let told = told(&load(&waterfall(&entries)).unwrap_err());
        assert!(told.contains(message), "{told}");
        assert!(told.contains("leave `min_rows` out"), "{told}");
    }
}

/// A file with a second provider, whose step asks as told.
fn waterfall(entries: &str) -> String {
    let two = "providers:\n  tomba: { use: tomba, sandbox: true, plan: pro }\n";
    let text = bent("providers:\n", two);
    text.replace("    output:", &format!("    try: {entries}\n    output:"))
}

#[test]
fn each_entry_of_a_waterfall_has_a_wallet_of_its_own() {
    for (entries, expected) in [
        (
            "[enrich, tomba, enrich]",
            "14:26: error: `enrich` is asked already\nhint: leave one of the two out\n",
        ),
        (
            "[enrich, { provider: other }]",
            "14:31: error: `other` spends from the same wallet as `enrich`\n\
            hint: leave one of the two out\n",
        ),
        (
            "{ order: cheapest, of: [tomba, tomba] }",
            "14:41: error: `tomba` is asked already\n\
            hint: name the providers to ask: `of: [...]`\n",
        ),
    ] {
        let mut text = waterfall(entries);
        if entries.contains("other") {
            let other =
                "  other: { use: enrich.so, plan: growth, api_key: \"${env:KEY}\" }\n";
            text =
                text.replace("enrich:\n  - name", &format!("{other}enrich:\n  - name"));
        }
        let told = told(&load(&text).unwrap_err());
        let line =
            expected.replace("14:", if text.contains("other:") { "15:" } else { "14:" });
        assert_eq!(told, line, "{entries}");
    }
}

#[test]
fn providers_are_compared_in_money() {
    let text = waterfall("{ order: cheapest }");
    let hint = |name: &str| {
        format!(
            "hint: add `credit: 0.005` to `providers: {{ {name}: ... }}`, what one credit costs; in the same currency for all\n"
        )
    };
    let line = |name: &str| {
        format!(
            "14:19: error: `{name}` has no price of a credit to compare it by\n{}",
            hint(name)
        )
    };
    let expected = format!("{}{}", line("enrich"), line("tomba"));
    assert_eq!(told(&load(&text).unwrap_err()), expected);
    let text = text.replace("plan: pro", "plan: pro, credit: 0.01");
    let text =
        text.replace("plan: growth", "plan: growth\n    credit: \"${env:COST:-0.005}\"");
    let step = &load(&text).unwrap().pipeline.enrich[0];
    let asked: Vec<_> = step.attempts.iter().map(|attempt| &*attempt.provider).collect();
    assert_eq!(asked, ["tomba", "enrich"], "in the order of the file");
    let expected = "6:58: error: expected more than 0, found `0`\n";
    assert_eq!(told(&load(&text.replace("0.01", "0")).unwrap_err()), expected);
}

#[test]
fn what_is_unwise_about_a_waterfall_is_said() {
    let remarks = |text: &str| -> Vec<String> {
        load(text).unwrap().remarks.into_iter().map(|flaw| flaw.message).collect()
    };
    assert!(remarks(&waterfall("[enrich, tomba]")).is_empty());
    let accept = waterfall(
        "[{ provider: enrich, accept: confidence > 1 }, { provider: tomba, accept: 'true' }]",
    );
    let paid = "a hit that `accept` turns down was paid for all the same";
    assert_eq!(remarks(&accept), [paid]);
    let poor = waterfall("[enrich, tomba]")
        .replace("sink:", "budget: { run: { enrich: 9 } }\nsink:");
    let never = "`tomba` is never asked: the budget at `enrich` holds no question, so that it misses none";
    assert_eq!(remarks(&poor), [never]);
}
