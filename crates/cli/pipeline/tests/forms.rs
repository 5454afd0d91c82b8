//! Errors of form: what is reported, where, and with which hint.

use super::{PLAIN, bent, load, told, told_of};

#[test]
fn a_report_shows_the_line_and_the_place() {
    let report = load(&bent("plan: growth", "plann: growth")).unwrap_err();
    let expected = "\
p.yaml:8:5: error: unknown key `plann`
  8 |     plann: growth
    |     ^^^^^
  hint: did you mean `plan`?
";
    assert_eq!(report, expected);
    let report = load(&bent("plan: growth", "plan:\t[]")).unwrap_err();
    let expected = "\
p.yaml:8:5: error: expected text, found a list
  8 |     plan:\t[]
    |     ^^^^
";
    assert_eq!(report, expected);
}

#[test]
fn all_errors_of_form_come_at_once_in_the_order_of_the_file() {
    let text = bent("name: nightly", "name: Nightly")
        .replace("plan: growth", "plan: growth\n    batch: 0")
        .replace("output:", "when:\n    output:")
        .replace("${env:KEY}", "${env:NONE}");
    let expected = "\
2:7: error: `Nightly` is no name
hint: write small letters, digits, `_` and `-`, such as nightly_leads
9:12: error: expected at least 1, found `0`
10:15: error: the environment has no `NONE`
hint: set it, or give a default: `${env:NONE:-…}`
14:5: error: expected text, found nothing
";
    assert_eq!(told(&load(&text).unwrap_err()), expected);
}

#[test]
fn what_is_no_yaml_is_an_error_at_its_place() {
    let bomb = "a: &a [1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\n\
        c: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\n\
        e: &e [*d,*d,*d,*d,*d,*d,*d,*d]\n";
    let deep = "[".repeat(1000);
    for (text, expected) in [
        ("", "1:1: error: expected a mapping, found nothing\n"),
        ("- a", "1:1: error: expected a mapping, found a list\n"),
        ("a: 1\na: 2", "2:1: error: duplicate mapping key: a\n"),
        ("a:\n\tb: 1", "2:1: error: a tab cannot indent: write blanks\n"),
        ("a: 1\n---\nb: 1", "3:1: error: a second document begins here\n"),
        ("a: *x", "1:4: error: alias references unknown anchor\n"),
        ("<<: {a: 1}", "1:1: error: merge keys (`<<`) are not supported\n"),
        ("[a]: 1", "1:1: error: expected text as a key\n"),
        (bomb, "5:17: error: this is larger or deeper than a pipeline can need\n"),
        (&deep, "1:256: error: this is larger or deeper than a pipeline can need\n"),
    ] {
        assert_eq!(told(&load(text).unwrap_err()), expected, "{text}");
    }
    let report = load("vars: { a: ${env:A} }").unwrap_err();
    assert!(report.ends_with("hint: put `${…}` in quotation marks\n"), "{report}");
}

#[test]
fn unknown_keys_get_the_nearest_or_all() {
    let expected = "2:1: error: unknown key `nme`\nhint: did you mean `name`?\n";
    assert_eq!(told_of("name: nightly", "nme: nightly"), expected);
    let expected = "4:3: error: unknown key `parqet`\nhint: did you mean `parquet`?\n";
    assert_eq!(told_of("parquet: leads/", "parqet: leads/"), expected);
    let expected = "\
16:3: error: unknown key `colour`
hint: one of `csv`, `errors`, `ndjson`, `parquet`, `receipt`
";
    assert_eq!(told_of("parquet: out/", "parquet: out/\n  colour: red"), expected);
}

#[test]
fn what_is_meant_to_come_is_not_supported_yet() {
    for (from, to, key) in [
        ("sink:", "privacy: {}\nsink:", "privacy"),
        ("sink:", "tests: []\nsink:", "tests"),
        ("sink:", "budget: { day: { enrich: 1 } }\nsink:", "day"),
        ("parquet: leads/", "delta: leads/", "delta"),
        ("parquet: leads/", "table: leads", "table"),
        ("parquet: out/", "table: leads", "table"),
        ("parquet: out/", "parquet: out/\n  mode: append", "mode"),
    ] {
        let told = told_of(from, to);
        let expected = format!("error: `{key}` is not supported yet\n");
        assert!(told.ends_with(&expected) && told.lines().count() == 1, "{key}: {told}");
    }
    let told = told_of("find_email:", "search_companies:");
    let expected = "12:5: error: unknown key `search_companies`\n\
        hint: write `source: { tomba_reveal: … }`: no lead can be asked about\n";
    assert_eq!(told, expected);
}

#[test]
fn exactly_one_names_what_was_found() {
    let expected = "5:3: error: expected exactly one of `parquet`, `csv`, `ndjson`, \
        `enrich_people`, `enrich_followers`, `enrich_leads`, `tomba_reveal`; found `parquet` and `csv`\n";
    assert_eq!(told_of("parquet: leads/", "parquet: a\n  csv: b"), expected);
    let expected = "3:1: error: expected exactly one of `parquet`, `csv`, `ndjson`, `enrich_people`, `enrich_followers`, `enrich_leads`, `tomba_reveal`; found none\n";
    assert_eq!(told_of("parquet: leads/", "key: [a]"), expected);
    let expected = "11:5: error: expected exactly one of `find_email`, `verify_email`, `find_phone`, \
        `find_person`, `find_employees`, `search_people`, `reveal_contact`, `unlock_name`, \
        `find_followers`, `count_followers`, `find_email_by_profile`, `find_author`, `validate_phone`, `find_company`, `search_domain`, \
        `find_similar`, `find_technology`, `count_emails`, `find_format`, `find_sources`; found none\n";
    let from =
        "find_email: { first_name: first, last_name: last, domain: lower(domain) }";
    assert_eq!(told_of(from, "when: 'true'"), expected);
}

#[test]
fn no_kind_of_line_break_moves_a_place() {
    let missing = bent("out/", "\"out/${env:NO}\"");
    let misspelt = bent("plan: growth", "plan: grwth");
    for text in [missing, misspelt, PLAIN.replace("version", "a: [\nversion")] {
        let report = load(&text).unwrap_err();
        for kind in ["\r\n", "\r"] {
            assert_eq!(load(&text.replace('\n', kind)).unwrap_err(), report);
        }
    }
}

#[test]
fn what_a_reveal_is_to_tell_is_said_with_it() {
    let from =
        "find_email: { first_name: first, last_name: last, domain: lower(domain) }";
    for (to, expected) in [
        ("reveal_contact: { lead_id: id }", "12:5: error: `fields` is missing\n"),
        (
            "reveal_contact: { lead_id: id, fields: [] }",
            "12:36: error: expected at least 1 entry, found none\n",
        ),
        (
            "reveal_contact: { lead_id: id, fields: email }",
            "12:44: error: expected a list, found text\n\
            hint: put it in brackets: [email]\n",
        ),
        (
            "reveal_contact: { lead_id: id, fields: [emial] }",
            "12:45: error: `emial` is no choice here\nhint: did you mean `email`?\n",
        ),
        (
            "reveal_contact: { lead_id: [email], fields: [email] }",
            "12:23: error: expected text, found a list\n",
        ),
        (
            "reveal_email: { lead_id: id }",
            "12:5: error: unknown key `reveal_email`\n\
            hint: write `reveal_contact` with `fields: [email]`\n",
        ),
    ] {
        assert_eq!(told_of(from, to), expected, "{to}");
    }
}
