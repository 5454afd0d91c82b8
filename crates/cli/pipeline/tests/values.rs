//! Values of the wrong type, out of range, or in the wrong form.

use super::told_of;

/// What is replaced, what by, and what is told then.
type Case = (&'static str, &'static str, &'static str);

fn assert_told(cases: &[Case]) {
    for (from, to, expected) in cases {
        assert_eq!(told_of(from, to), *expected, "{to}");
    }
}

#[test]
fn wrong_types_say_what_was_expected() {
    assert_told(&[
        (
            "name: nightly",
            "name: 7",
            "2:7: error: expected text, found a number\n\
            hint: put it in quotation marks: \"7\"\n",
        ),
        (
            "parquet: out/",
            "parquet: out/\n  receipt: yes",
            "16:12: error: expected true or false, found text\n",
        ),
        (
            "leads/",
            "leads/\n  key: lead_id",
            "5:8: error: expected a list, found text\n\
            hint: put it in brackets: [lead_id]\n",
        ),
        (
            "plan: growth",
            "plan: growth\n    batch: 1.5",
            "9:12: error: expected a whole number, found `1.5`\n",
        ),
        (
            "plan: growth",
            "plan: growth\n    batch: 99999999999999999999999",
            "9:12: error: expected a whole number, found `99999999999999999999999`\n",
        ),
        (
            "output:",
            "try: [5]\n    output:",
            "13:11: error: expected text or a mapping, found a number\n",
        ),
    ]);
}

#[test]
fn values_out_of_range_say_the_range() {
    assert_told(&[
        (
            "version: 1",
            "version: 2",
            "1:10: error: expected 1, found `2`\n\
            hint: this leadmill reads version 1\n",
        ),
        (
            "parquet: leads/",
            "parquet: ' '",
            "4:12: error: expected text, found a blank\n\
            hint: write something, or leave the key out\n",
        ),
        (
            "plan: growth",
            "plan: growth\n    batch: 5000000000",
            "9:12: error: expected at most 4294967295, found `5000000000`\n",
        ),
        (
            "output:",
            "try: [{ provider: enrich, lane: Bulk }]\n    output:",
            "13:37: error: `Bulk` is no choice here\nhint: did you mean `bulk`?\n",
        ),
        (
            "output: { email: email, confidence: confidence }",
            "output: {}",
            "13:5: error: expected at least 1 entry, found none\n",
        ),
        ("version: 1\n", "", "1:1: error: `version` is missing\n"),
        (", domain: lower(domain)", "", "12:5: error: `domain` is missing\n"),
    ]);
}

#[test]
fn values_in_the_wrong_form_say_the_form() {
    assert_told(&[
        (
            "output:",
            "reuse: { hit: 3 days }\n    output:",
            "13:19: error: `3 days` is no duration\nhint: write a whole number and a unit, \
            such as 12h or 90d; 36500d is the longest\n",
        ),
        (
            "plan: growth",
            "plan: growth\n    limits: { bulk: [5/0s] }",
            "9:22: error: `5/0s` is no window\nhint: write up to 1000000 calls and a \
            length from 1ms to 400d, such as 25/1s or 300/60s\n",
        ),
        (
            "plan: growth",
            "plan: growth\n    limits: { bulk: [5/1s, 1/401d] }",
            "9:28: error: `1/401d` is no window\nhint: write up to 1000000 calls and a \
            length from 1ms to 400d, such as 25/1s or 300/60s\n",
        ),
        (
            "plan: growth",
            "plan: growth\n    settling: 401d",
            "9:15: error: `401d` is no duration\nhint: write a whole number and a unit, \
            such as 250ms, 5s, 10m or 12h; 400d is the longest\n",
        ),
        (
            "output:",
            "reuse: { miss: 18446744073709551615ms }\n    output:",
            "13:20: error: `18446744073709551615ms` is no duration\nhint: write a whole \
            number and a unit, such as 12h or 90d; 36500d is the longest\n",
        ),
        (
            "plan: growth",
            "plan: growth\n    poll: 99999999999999999999d",
            "9:11: error: `99999999999999999999d` is no duration\nhint: write a whole \
            number and a unit, such as 250ms, 5s, 10m or 12h; 400d is the longest\n",
        ),
        (
            "  enrich:",
            "  Enrich:",
            "6:3: error: `Enrich` is no name\nhint: write small \
            letters, digits, `_` and `-`, such as nightly_leads\n",
        ),
    ]);
}
