//! From wire shapes to findings: which question an item answers, and what it says.

use super::wire::{Item, Job, JobData, Meta, Text};
use leadmill_core::{
    Answered, Credits, Finding, Operation, Page, Query, QueryKey, Value, pack::Offer,
};
use serde::de::Error as _;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Reads one item. `None` if it cannot be tied to a question or says nothing usable.
pub(crate) fn item(
    operation: Operation,
    offer: &Offer,
    words: &BTreeMap<String, i64>,
    item: Item<'_>,
) -> Option<Answered> {
    let key = asked(operation, &item)?;
    let finding = finding(operation, words, item)?;
    let credits = match is_surely_priced(operation, &finding) {
        true => Some(charge(operation, offer, &finding)),
        false => None,
    };
    Some(Answered { key, finding, credits })
}

/// The key of the question that an item echoes.
pub(crate) fn asked(operation: Operation, item: &Item<'_>) -> Option<QueryKey> {
    let raw = match operation {
        Operation::VerifyEmail => [item.email.as_deref(), None, None],
        Operation::FindEmail => [
            item.first_name.as_deref(),
            item.last_name.as_deref(),
            item.domain.as_deref(),
        ],
    };
    Query::key_of(operation, raw).ok()
}

/// What an item says.
pub(crate) fn finding(
    operation: Operation,
    words: &BTreeMap<String, i64>,
    item: Item<'_>,
) -> Option<Finding> {
    let level = |word: Option<Text<'_>>| {
        let number = word.as_deref().and_then(|word| words.get(word)).copied();
        (Value::integer(number), Value::text(word))
    };
    match operation {
        Operation::FindEmail => {
            let address = item.email.filter(|email| !email.is_empty());
            match (item.found, address) {
                (Some(false), _) => Some(Finding::Miss),
                (_, Some(email)) => {
                    let (confidence, word) = level(item.confidence);
                    Some(Finding::Hit(Box::new([
                        Value::Text(email.into()),
                        confidence,
                        word,
                        Value::flag(item.is_catch_all),
                        Value::text(item.provider),
                        Value::text(item.message),
                    ])))
                }
                // `found` without an address, or neither: no answer that could be relied on.
                (_, None) => None,
            }
        }
        Operation::VerifyEmail => {
            let verdict = item.result.or(item.status)?;
            let (confidence, word) = level(item.confidence);
            Some(Finding::Hit(Box::new([
                Value::Text(verdict.into()),
                confidence,
                word,
                Value::flag(item.is_catch_all),
                Value::flag(item.is_federated),
                Value::flag(item.has_seg),
                Value::text(item.seg_provider),
                Value::text(item.provider),
                Value::text(item.message),
            ])))
        }
    }
}

/// What one answer costs by the price list: nothing for a miss, nothing for a risky address.
///
/// # Source
/// Credits and pricing page. Whether `invalid` is charged in a batch is ambiguous there; the bill of a
/// batch is always the provider's own `creditsUsed`.
pub(crate) fn charge(operation: Operation, offer: &Offer, finding: &Finding) -> Credits {
    match (operation, finding) {
        (Operation::VerifyEmail, Finding::Hit(values)) => match values.first() {
            Some(Value::Text(verdict)) if &**verdict == "risky" => Credits::ZERO,
            _ => offer.price,
        },
        (Operation::FindEmail, Finding::Hit(_)) => offer.price,
        (_, Finding::Miss | Finding::Failed(_) | Finding::Unknown(_)) => Credits::ZERO,
    }
}

/// Whether the price list alone tells what an item of a batch cost: of an `invalid` address it does not.
fn is_surely_priced(operation: Operation, finding: &Finding) -> bool {
    match (operation, finding) {
        (Operation::VerifyEmail, Finding::Hit(values)) => match values.first() {
            Some(Value::Text(verdict)) => matches!(&**verdict, "valid" | "risky"),
            _ => false,
        },
        _ => true,
    }
}

/// Reads a body of results. One unreadable item does not cost the others.
pub(crate) fn page(
    operation: Operation,
    offer: &Offer,
    words: &BTreeMap<String, i64>,
    body: &[u8],
) -> Result<(Page, Meta), serde_json::Error> {
    // Checked once, and not again for each text in it.
    let body = str::from_utf8(body).map_err(serde_json::Error::custom)?;
    let (data, meta, items) = match serde_json::from_str::<Job<Item<'_>>>(body) {
        Ok(job) => {
            let (mut data, meta) = job.split();
            let items =
                data.results.take().unwrap_or_default().into_iter().map(Some).collect();
            (data, meta, items)
        }
        Err(_) => item_by_item(body)?,
    };
    let status = data.status.as_deref().unwrap_or_default();
    let count = items.len() as u64;
    let mut answers = Vec::with_capacity(items.len());
    let items = items.into_iter().flatten();
    answers.extend(items.filter_map(|read| item(operation, offer, words, read)));
    let page = Page {
        ready: is_terminal(status),
        failed: is_failure(status),
        total: data.total().or(meta.total_items),
        items: count,
        answers,
        cost: meta.credits_used,
    };
    Ok((page, meta))
}

type Loose<'a> = (JobData<Item<'a>>, Meta, Vec<Option<Item<'a>>>);

fn item_by_item(body: &str) -> Result<Loose<'_>, serde_json::Error> {
    let (mut data, meta) = serde_json::from_str::<Job<&RawValue>>(body)?.split();
    let values = data.results.take().unwrap_or_default();
    let items =
        values.into_iter().map(|value| serde_json::from_str(value.get()).ok()).collect();
    let data = JobData {
        status: data.status,
        total_items: data.total_items,
        total_emails: data.total_emails,
        processed_items: data.processed_items,
        processed_count: data.processed_count,
        results: None,
    };
    Ok((data, meta, items))
}

/// `queued → processing → completed | failed`, and words that other ends could be told in. A word that is
/// none of these is not an end.
pub(crate) fn is_terminal(status: &str) -> bool {
    status.eq_ignore_ascii_case("completed") || is_failure(status)
}

fn is_failure(status: &str) -> bool {
    const FAILURES: [&str; 6] =
        ["failed", "error", "cancelled", "canceled", "aborted", "expired"];
    FAILURES.iter().any(|failure| status.eq_ignore_ascii_case(failure))
}

#[cfg(test)]
mod tests {
    use super::*;
    use leadmill_core::Status;

    fn read(operation: Operation, body: &str) -> (Page, Meta) {
        let packs = crate::packs().unwrap();
        let pack = &packs[0];
        page(operation, &pack.operations[&operation], &pack.confidence, body.as_bytes())
            .unwrap()
    }

    const FINDER: &str = r#"{"success":true,"data":{"batchId":"65f000000000000000000001","status":"completed","totalItems":2,"processedCount":2,"results":[
        {"firstName":"Ada","lastName":"Byron","domain":"example.com","found":true,"email":"ada.byron@example.com","confidence":"high","isCatchAll":false,"provider":"GOOGLE","message":"Email found with high confidence"},
        {"firstName":"No","lastName":"Body","domain":"example.org","found":false,"message":"No professional email could be found for this person"}]},
        "meta":{"requestId":"65f0000000000000000000a1","creditsUsed":10,"creditsRefunded":10,"creditsRemaining":990,"totalItems":2,"processedItems":2}}"#;

    #[test]
    fn finder_results_are_tied_to_their_questions_by_the_echo() {
        let (page, meta) = read(Operation::FindEmail, FINDER);
        assert!(page.ready && !page.failed);
        assert_eq!((page.total, page.items, page.cost), (Some(2), 2, Some(Credits(10))));
        assert_eq!(meta.credits_remaining, Some(Credits(990)));
        let asked = Query::read(
            Operation::FindEmail,
            [Some("ADA"), Some("byron"), Some("Example.com")],
        );
        assert_eq!(page.answers[0].key, asked.unwrap().key());
        let Finding::Hit(values) = &page.answers[0].finding else { panic!("no hit") };
        let named = |name| &values[Operation::FindEmail.field(name).unwrap()];
        assert_eq!(named("email"), &Value::Text("ada.byron@example.com".into()));
        assert_eq!(named("confidence"), &Value::Integer(90));
        assert_eq!(named("is_catch_all"), &Value::Flag(false));
        assert_eq!(named("mail_provider"), &Value::Text("GOOGLE".into()));
        assert_eq!(page.answers[1].finding, Finding::Miss);
        assert_eq!(page.answers[1].credits, Some(Credits(0)));
    }

    #[test]
    fn validation_results_are_read_flat_and_enveloped() {
        let items = r#"[{"email":"a@x.io","result":"valid","message":"m","isCatchAll":false,"hasSEG":true,"segProvider":"Proofpoint","confidence":"definitive"},
            {"email":"b@x.io","result":"risky","message":"m","isCatchAll":true,"confidence":"low"},
            {"email":"c@x.io","status":"invalid"}]"#;
        let flat = format!(
            r#"{{"batchId":"b","status":"completed","totalEmails":3,"processedCount":3,"validCount":1,"results":{items}}}"#
        );
        let whole = format!(
            r#"{{"success":true,"data":{{"batchId":"b","status":"completed","totalItems":3,"results":{items}}},"meta":{{"creditsUsed":2.0}}}}"#
        );
        for (body, cost) in [(flat, None), (whole, Some(Credits(2)))] {
            let (page, _) = read(Operation::VerifyEmail, &body);
            assert_eq!((page.ready, page.total, page.cost), (true, Some(3), cost));
            let charges: Vec<_> =
                page.answers.iter().map(|a| a.credits.map(|c| c.0)).collect();
            assert_eq!(charges, [Some(1), Some(0), None]);
            let verdicts: Vec<_> = page
                .answers
                .iter()
                .map(|a| match &a.finding {
                    Finding::Hit(values) => values[0].clone(),
                    other => panic!("{other:?}"),
                })
                .collect();
            assert_eq!(
                verdicts,
                ["valid", "risky", "invalid"].map(|v| Value::Text(v.into()))
            );
        }
    }

    #[test]
    fn one_unreadable_item_does_not_cost_the_others() {
        let body = FINDER.replace(r#""confidence":"high""#, r#""confidence":{"odd":1}"#);
        let (page, _) = read(Operation::FindEmail, &body);
        assert_eq!((page.items, page.answers.len()), (2, 1));
        assert_eq!(page.answers[0].finding.status(), Status::Miss);
    }

    #[test]
    fn found_without_an_address_is_no_answer() {
        let body = FINDER.replace(r#""email":"ada.byron@example.com","#, "");
        assert_eq!(read(Operation::FindEmail, &body).0.answers.len(), 1);
    }

    #[test]
    fn numbers_are_read_as_text_and_with_a_point_too() {
        let body = FINDER.replace(r#""totalItems":2"#, r#""totalItems":2.0"#);
        let body = body.replace(r#""creditsUsed":10"#, r#""creditsUsed":"10""#);
        let (page, _) = read(Operation::FindEmail, &body);
        assert_eq!(
            (page.total, page.cost, page.answers.len()),
            (Some(2), Some(Credits(10)), 2)
        );
    }

    #[test]
    fn no_bill_is_understated_by_a_float() {
        for (told, owed) in [
            ("9007199254740993", 9_007_199_254_740_993),
            ("\"9007199254740993\"", 9_007_199_254_740_993),
            ("18446744073709551615", u64::MAX),
            ("9.5", 10),
            ("\" 9.5 \"", 10),
            ("1e300", u64::MAX),
            ("-1", 0),
        ] {
            let bill = format!(r#""creditsUsed":{told}"#);
            let body = FINDER.replace(r#""creditsUsed":10"#, &bill);
            let (page, _) = read(Operation::FindEmail, &body);
            assert_eq!(page.cost, Some(Credits(owed)), "{told}");
        }
    }

    #[test]
    fn an_unknown_status_is_not_an_end() {
        let (page, _) =
            read(Operation::FindEmail, &FINDER.replace("completed", "finalizing"));
        assert!(!page.ready);
    }
}
