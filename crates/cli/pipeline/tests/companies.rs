//! Companies that are searched for: what is wrong with a search is said before it is paid for.

use super::{load, told};
use leadmill_core::Operation;

fn file(source: &str) -> String {
    format!(
        "version: 1
name: companies
source:
  tomba_reveal: {source}
providers:
  tomba: {{ use: tomba, key: \"${{env:KEY}}\", secret: \"${{env:KEY}}\" }}
enrich:
  - name: mail
    find_email: {{ first_name: name, last_name: name, domain: domain }}
    output: {{ email: email }}
sink: {{ csv: out/ }}
"
    )
}

/// What is told about a source, and where in its line.
fn told_of(source: &str) -> String {
    told(&load(&file(source)).unwrap_err())
}

#[test]
fn a_search_is_a_question_of_a_page() {
    let source = r#"{ filters: { location_country: { include: [FR] }, size: { include: ["51-250"], exclude: ["1-10"] } }, max: 120 }"#;
    let keyed = file(source).replace("providers:", "  key: [domain]\nproviders:");
    for text in [file(source), keyed] {
        let loaded = load(&text).unwrap();
        let bought = loaded.pipeline.source.bought.unwrap();
        assert_eq!(bought.operation(), Operation::SearchCompanies);
        let row = r#"{"search_page":"1","search_rows":"50"}"#;
        assert_eq!(bought.questions(9), row, "the first page tells of the others");
        let step = bought.step(Some("tomba"));
        let filters = r#"'{"location_country":{"include":["FR"]},"size":{"exclude":["1-10"],"include":["51-250"]}}'"#;
        let inputs: Vec<_> = step.inputs.iter().map(Option::as_deref).collect();
        let expected = [Some(filters), None, Some("search_rows"), Some("search_page")];
        assert_eq!(inputs, expected);
        assert!(bought.filters().is_none(), "nobody counts them");
    }
    let loaded = load(&file("{ query: it's bakeries, max: 50 }")).unwrap();
    let step = loaded.pipeline.source.bought.unwrap().step(None);
    assert_eq!(step.inputs[1].as_deref(), Some("'it''s bakeries'"));
}

/// Sources, and what is told of them.
const WRONG: &[(&str, &str)] = &[
    (
        "{ filters: { location_contry: { include: [FR] } }, max: 9 }",
        "4:30: error: unknown key `location_contry`\nhint: did you mean `location_country`?\n",
    ),
    (
        "{ filters: { location_country: { include: [France] } }, max: 9 }",
        "4:60: error: `France` is no country\nhint: write the two capital letters of ISO 3166-1, such as FR\n",
    ),
    (
        "{ filters: { location_country: { include: [fr] } }, max: 9 }",
        "4:60: error: `fr` is no country\nhint: write the two capital letters of ISO 3166-1, such as FR\n",
    ),
    (
        "{ filters: { size: { include: [1k-5k] } }, max: 9 }",
        "4:48: error: `1k-5k` is no choice here\nhint: did you mean `1K-5K`?\n",
    ),
    (
        "{ filters: { type: { exclude: [goverment] } }, max: 9 }",
        "4:48: error: `goverment` is no choice here\nhint: did you mean `government`?\n",
    ),
    (
        "{ filters: { revenue: { include: [$1M-$10] } }, max: 9 }",
        "4:51: error: `$1M-$10` is no choice here\nhint: did you mean `$1M-$10M`?\n",
    ),
    (
        "{ filters: { keywords: { includes: [x] } }, max: 9 }",
        "4:42: error: unknown key `includes`\nhint: did you mean `include`?\n",
    ),
    (
        "{ filters: { keywords: { include: x } }, max: 9 }",
        "4:51: error: expected a list, found text\nhint: put it in brackets: [x]\n",
    ),
    ("{ filters: {}, max: 9 }", "4:19: error: expected at least 1 entry, found none\n"),
    ("{ filters: { keywords: { include: [x] } } }", "4:3: error: `max` is missing\n"),
    (
        "{ filters: { keywords: { include: [x] } }, max: 50001 }",
        "4:65: error: expected at most 50000, found `50001`\n",
    ),
    (
        "{ max: 9 }",
        "4:3: error: expected exactly one of `filters`, `query`; found none\n",
    ),
    (
        "{ filters: { keywords: { include: [x] } }, query: bakeries, max: 9 }",
        "4:60: error: expected exactly one of `filters`, `query`; found `filters` and `query`\n",
    ),
    (
        "{ query: short, max: 9 }",
        "4:26: error: `short` is no sentence\nhint: write 8 to 100 characters, such as bakeries in Paris\n",
    ),
    (
        "{ query: bakeries in Paris, max: 51 }",
        "4:50: error: a `query` shows one page, 50 companies at most\nhint: write `max: 50` or less, or `filters` instead of `query`\n",
    ),
];

#[test]
fn what_finds_nothing_is_told_with_the_nearest_word() {
    for (source, expected) in WRONG {
        assert_eq!(told_of(source), *expected, "{source}");
    }
    let many = vec!["x"; 51].join(", ");
    let source =
        format!("{{ filters: {{ keywords: {{ include: [{many}] }} }}, max: 9 }}");
    assert_eq!(told_of(&source), "4:42: error: expected at most 50, found 51\n");
}

#[test]
fn only_who_has_companies_is_asked_for_them() {
    let source = "{ filters: { keywords: { include: [x] } }, max: 9 }";
    let tomba = "use: tomba, key: \"${env:KEY}\", secret";
    let text = file(source).replace(tomba, "use: enrich.so, plan: growth, api_key");
    let expected = "4:3: error: `enrich.so` sells no `tomba_reveal`\n";
    assert_eq!(told(&load(&text).unwrap_err()), expected);
    let keyed = file(source).replace("providers:", "  key: [name]\nproviders:");
    let told = told(&load(&keyed).unwrap_err());
    let expected = "`key` is for tables: `tomba_reveal` is taken whole";
    assert!(told.contains(expected), "{told}");
}
