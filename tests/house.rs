//! The shape of the house: who may know whom, and where the heavy dependencies live.

use serde_json::Value;
use std::{collections::BTreeSet, process::Command};

const ALLOWED: &[(&str, &[&str])] = &[
    ("leadmill-core", &[]),
    ("leadmill-engine", &["leadmill-core"]),
    ("leadmill-providers", &["leadmill-core"]),
    ("leadmill-sandbox", &[]),
    ("leadmill-state", &["leadmill-core"]),
    ("leadmill-tables", &["leadmill-core"]),
    (
        "leadmill",
        &[
            "leadmill-core",
            "leadmill-engine",
            "leadmill-providers",
            "leadmill-sandbox",
            "leadmill-state",
            "leadmill-tables",
        ],
    ),
];

const HOMES: &[(&str, &str)] = &[
    ("hyper", "leadmill-providers"),
    ("hyper-util", "leadmill-providers"),
    ("reqwest", "leadmill-providers"),
    ("datafusion", "leadmill-tables"),
    ("parquet", "leadmill-tables"),
    ("object_store", "leadmill-tables"),
    ("governor", "leadmill-engine"),
    ("rusqlite", "leadmill-state"),
    ("tokio-postgres", "leadmill-state"),
    ("axum", "leadmill-sandbox"),
];

/// There is one version of each of these, or tables of one crate are foreign to another.
const ONE_OF_EACH: &[&str] =
    &["arrow", "arrow-array", "datafusion", "object_store", "parquet", "rustls"];

fn cargo(args: &[&str]) -> Vec<u8> {
    let cargo = Command::new(env!("CARGO"))
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    cargo.stdout
}

fn dependencies(package: &Value) -> BTreeSet<&str> {
    let all = package["dependencies"].as_array().unwrap().iter();
    all.filter(|dep| dep["kind"].is_null())
        .filter_map(|dep| dep["name"].as_str())
        .collect()
}

#[test]
fn crates_know_only_whom_they_may() {
    let metadata = cargo(&["metadata", "--no-deps", "--format-version=1", "--offline"]);
    let metadata: Value = serde_json::from_slice(&metadata).unwrap();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let allowed = ALLOWED.iter().find(|(known, _)| *known == name);
        let (_, allowed) =
            allowed.unwrap_or_else(|| panic!("{name} has no place in the house"));
        for dep in dependencies(package) {
            if dep.starts_with("leadmill-") {
                assert!(allowed.contains(&dep), "{name} must not know {dep}");
            }
            if let Some((_, home)) = HOMES.iter().find(|(heavy, _)| *heavy == dep) {
                assert_eq!(
                    name, *home,
                    "{dep} lives in {home}, and {name} must not know it"
                );
            }
        }
    }
}

#[test]
fn there_is_one_arrow_one_datafusion_and_one_object_store() {
    let lock =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock"))
            .unwrap();
    for name in ONE_OF_EACH {
        let line = format!("name = \"{name}\"");
        let versions = lock.lines().filter(|other| *other == line).count();
        assert_eq!(versions, 1, "{name} is there in {versions} versions");
    }
}
