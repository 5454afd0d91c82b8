//! What is filled in, and that secrets stay out of sight.

use super::{CANARY, Made, PLAIN, bent, load, load_with, made, told, told_of};
use crate::pipeline::warn;
use std::collections::BTreeMap;

fn overrides(name: &str, text: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(name.to_owned(), text.to_owned())])
}

#[test]
fn what_cannot_be_filled_in_is_an_error_at_its_place() {
    for (to, expected) in [
        (
            "a/${env:NO}/b",
            "4:14: error: the environment has no `NO`\n\
            hint: set it, or give a default: `${env:NO:-…}`\n",
        ),
        ("\"ä ${env:EMPTY:?say where}\"", "4:15: error: `EMPTY`: say where\n"),
        ("${env:NO:?say where}", "4:12: error: `NO`: say where\n"),
        (
            "${file:/nothing}",
            "4:12: error: `/nothing` cannot be read: entity not found\n",
        ),
        ("${vars.x}", "4:12: error: `vars` declares no `x`\n"),
        (
            "a${b}",
            "4:13: error: expected `${env:NAME}`, `${file:/path}` or `${vars.name}`\n\
            hint: write `$$` for a plain `$`\n",
        ),
        (
            "a${env:KEY",
            "4:13: error: `${` is never closed\n\
            hint: write `$$` for a plain `$`\n",
        ),
        (
            ">-\n    a\n    ${env:NO}",
            "6:5: error: the environment has no `NO`\n\
            hint: set it, or give a default: `${env:NO:-…}`\n",
        ),
    ] {
        assert_eq!(told_of("leads/", to), expected, "{to}");
    }
    let expected = "1:13: error: a variable cannot use another variable\n";
    let told = told(
        &load(&format!("vars: {{ a: \"${{vars.b}}\", b: x }}\n{PLAIN}")).unwrap_err(),
    );
    assert_eq!(told, expected);
}

#[test]
fn variables_of_the_command_line_win() {
    let text = format!("vars: {{ day: \"${{env:NO}}\" }}\n{PLAIN}")
        .replace("leads/", "leads/${vars.day}/$${x}/${env:EMPTY}/${env:EMPTY:-d}");
    let loaded = load_with(&text, &made(), &overrides("day", "$5 ${x}")).unwrap();
    assert_eq!(loaded.pipeline.source.location.path, "leads/$5 ${x}/${x}//d");
    let report = load_with(&text, &made(), &overrides("dya", "x")).unwrap_err();
    assert!(
        told(&report).starts_with(
            "1:1: error: `--var dya`: the file declares no such variable\n\
            hint: did you mean `day`?\n"
        ),
        "{report}"
    );
    let report = load_with(PLAIN, &made(), &overrides("day", "x")).unwrap_err();
    assert!(report.ends_with("hint: declare it: `vars: { day: \"…\" }`\n"), "{report}");
}

#[test]
fn a_share_that_holds_no_call_is_remarked_upon() {
    let remarked = |share: &str| {
        let text = bent("    api_key:", &format!("    share: {share}\n    api_key:"));
        warn("pipeline.yaml", &load(&text).unwrap().remarks)
    };
    let remarks = remarked("1%");
    assert!(remarks.contains("1% is less than one call of "), "{remarks}");
    assert!(remarks.contains("9:"), "{remarks}");
    assert_eq!(remarked("90%"), "");
}

#[test]
fn a_key_that_stands_in_the_file_is_remarked_upon() {
    let remarked = |text: &str| {
        let loaded = load(text).unwrap();
        let remarks = warn("pipeline.yaml", &loaded.remarks);
        assert!(!remarks.contains(CANARY), "{remarks}");
        loaded.remarks.iter().map(|remark| remark.at.line).collect::<Vec<_>>()
    };
    for key in
        [CANARY, "\"${env:NO:-sk_live_canary_42}\"", "${env:NO:-sk_live_canary_42}"]
    {
        assert_eq!(remarked(&bent("\"${env:KEY}\"", key)), [9], "{key}");
    }
    assert_eq!(remarked(&bent("\"${env:KEY}\"", "\"${env:KEY}\"")), [0; 0]);
    let var = bent("\"${env:KEY}\"", "${vars.key}");
    let literal = format!("vars: {{ key: {CANARY} }}\n{var}");
    assert_eq!(remarked(&literal), [10]);
    let outside = format!("vars: {{ key: \"${{file:/run/secrets/key}}\" }}\n{var}");
    let pipeline = load(&outside).unwrap().pipeline;
    assert_eq!(pipeline.secrets().next().unwrap().expose(), CANARY);
    let told = told_of("    api_key: \"${env:KEY}\"\n", "");
    assert!(
        told.starts_with("6:3: error: `api_key` is missing\nhint: write `${env:"),
        "{told}"
    );
    let two_lines = Made { variables: overrides("KEY", "a\nb"), ..Made::default() };
    let report = load_with(PLAIN, &two_lines, &BTreeMap::new()).unwrap_err();
    assert_eq!(
        super::told(&report),
        "9:14: error: the key holds a blank or a line break\n"
    );
}

/// Puts the credential into every place of the file, filled in or written under a key, and looks for it in
/// whatever is reported; `load` does the looking.
#[test]
fn a_secret_is_never_reported() {
    let filled = [
        "version: 1",
        "name: nightly",
        "parquet: leads/",
        "use: enrich.so",
        "plan: growth",
        "name: work_email",
        "email: email",
        "parquet: out/",
    ];
    for line in filled {
        let (key, _) = line.split_once(": ").unwrap();
        for value in ["\"${env:KEY}\"", "\"${file:/run/secrets/key}\"", "\"${vars.k}\""] {
            let text = bent(line, &format!("{key}: {value}"));
            let text = format!("vars: {{ k: \"${{env:KEY}}\" }}\n{text}");
            let shown = load(&text).err().unwrap_or_default();
            assert!(!shown.is_empty() || ["parquet", "name"].contains(&key), "{line}");
        }
    }
    for more in [
        "batch: \"${env:KEY}\"",
        "poll: \"${env:KEY}\"",
        "sandbox: \"${env:KEY}\"",
        "base_url: \"${env:KEY}\"",
        "limits: { bulk: [\"${env:KEY}\"] }",
        "prices: { find_email: \"${env:KEY}\" }",
        "token: sk_live_canary_42",
        "apikey: sk_live_canary_42",
        "api_key: sk_live_canary_42",
        "api_key: [sk_live_canary_42, }",
        "api_key: [sk_live_canary_42]",
        "secret: &a sk_live_canary_42\n    plann: *a",
        "api_key: sk_live_canary_42 ]",
        "api_key: \"sk_live_canary_42",
        "secret: {a: {b: sk_live_canary_42}}",
        "secret:\n      \"sk_live_canary_42\\q\"",
        "secret:\n      @sk_live_canary_42",
        "secret: # below\n\n    \"sk_live_canary_42\\q\"",
        "secret:\n      - a: b\n      - *sk_live_canary_42",
        "secret:\n    sk_live_canary_42",
    ] {
        let text = bent("plan: growth", &format!("plan: growth\n    {more}"));
        assert!(load(&text).is_err(), "{more}");
    }
}

#[test]
fn a_filled_in_name_is_not_told_by_its_neighbours() {
    let text = bent("name: work_email", "name: \"${env:KEY}\"")
        .replace("email: email,", "email: email, EMAIL: email,");
    let report = load(&text).unwrap_err();
    assert!(report.contains("it is an output of step `${env:KEY}`"), "{report}");
}

#[test]
fn a_block_of_text_is_masked_too() {
    let text = bent("\"${env:KEY}\"", "|\n      sk_live_canary_42\n      and more");
    let report = load(&text).unwrap_err();
    assert!(report.starts_with("p.yaml:10:7: error: the key holds a blank"), "{report}");
    assert!(!report.contains(CANARY), "{report}");
}

#[test]
fn names_that_point_nowhere_are_told_as_written() {
    for more in ["try: [\"${env:KEY}\"]", "try: [{ provider: \"${env:KEY}\" }]"] {
        let report = load(&bent("output:", &format!("{more}\n    output:"))).unwrap_err();
        assert!(report.contains("`${env:KEY}` is no provider of this file"), "{report}");
    }
    let report = load(&bent("email: email,", "email: \"${env:KEY}\",")).unwrap_err();
    assert!(report.contains("has no field `${env:KEY}`"), "{report}");
    let report = load(&format!("vars: {{ api_key: 424242 }}\n{PLAIN}")).unwrap_err();
    assert!(report.contains("expected text") && !report.contains("424242"), "{report}");
}

#[test]
fn a_key_may_be_composed_of_parts() {
    let text = bent("\"${env:KEY}\"", "\"${env:KEY}${env:NO:-_x}\"");
    let pipeline = load(&text).unwrap().pipeline;
    assert_eq!(pipeline.secrets().next().unwrap().expose(), "sk_live_canary_42_x");
}
