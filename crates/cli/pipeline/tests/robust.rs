//! Whatever is in the file, it is judged and nothing breaks.

use super::{PLAIN, load};
use crate::pipeline::json_schema;
use proptest::{collection::vec, prelude::*, sample::select};

const FULL: &str = include_str!("full.yaml");

/// Bits of YAML and of the grammar, to be thrown together.
const BITS: &[&str] = &[
    "version",
    "name",
    "vars",
    "source",
    "providers",
    "enrich",
    "sink",
    "budget",
    "run",
    "parquet",
    "use",
    "plan",
    "api_key",
    "limits",
    "try",
    "output",
    "find_email",
    ": ",
    ":",
    "\n",
    "\n  ",
    "\n    ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"",
    "'",
    "|",
    ">-",
    "&a ",
    "*a",
    "!!int ",
    "? ",
    "<<",
    "#",
    "---\n",
    "\t",
    "${",
    "${env:KEY}",
    "${vars.x}",
    "$$",
    "1",
    "0",
    "-5",
    "1.5",
    ".inf",
    "true",
    "null",
    "~",
    "growth",
    "enrich.so",
    "ä",
    "\u{feff}",
    "\r\n",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_text_is_judged(text in any::<String>()) {
        prop_assert!(load(&text).is_err());
    }

    #[test]
    fn any_bits_are_judged(bits in vec(select(BITS), 0..60)) {
        prop_assert!(load(&bits.concat()).is_err());
    }

    /// A file that is right, with a stretch replaced by anything.
    #[test]
    fn any_damage_is_judged(
        at in 0..FULL.len(), len in 0_usize..20, bits in vec(select(BITS), 0..4),
    ) {
        let end = (at + len).min(FULL.len());
        let text = [&FULL[..at], &bits.concat(), &FULL[end..]].concat();
        if let Err(report) = load(&text) {
            prop_assert!(report.starts_with("p.yaml:"));
        }
    }
}

#[test]
fn every_prefix_is_judged() {
    for (end, _) in PLAIN.char_indices() {
        if let Err(report) = load(&PLAIN[..end]) {
            assert!(report.starts_with("p.yaml:"));
        }
    }
}

#[test]
fn every_key_of_the_schema_is_in_the_full_example() {
    let schema = json_schema();
    let mut places = vec![&schema];
    places.extend(schema["$defs"].as_object().unwrap().values());
    for place in places {
        let Some(properties) = place["properties"].as_object() else { continue };
        // Of each source a file has one; how leads are bought is tested by itself.
        let others = [
            "parquet",
            "enrich_people",
            "enrich_followers",
            "enrich_leads",
            "tomba_reveal",
        ];
        for key in properties.keys().filter(|key| !others.contains(&key.as_str())) {
            assert!(FULL.contains(&format!("{key}:")), "{key}");
        }
    }
}
