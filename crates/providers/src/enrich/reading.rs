//! From wire shapes to findings: which question an item answers, and what it says.

use super::{
    families::{
        Employees, Family, Finder, Icp, Leads, People, Phones, Validation, Words,
        charged_leads, unlocked,
    },
    ties::{Tied, tied, told_apart},
    wire::{Envelope, Job, JobData, Meta},
};
use leadmill_core::{
    Answered, Credits, Finding, Keys, Operation, Page, Query, Value, pack::Offer,
};
use serde::{Deserialize, de::Error as _};
use serde_json::value::RawValue;

/// Reads the answer to a single call.
pub(super) fn single(
    offer: &Offer,
    words: &Words,
    query: &Query,
    body: &[u8],
) -> Result<(Answered, Meta), serde_json::Error> {
    let (operation, key) = (query.operation(), query.key());
    let read = match operation {
        Operation::FindEmail => single_of::<Finder>,
        Operation::VerifyEmail => single_of::<Validation>,
        Operation::FindPhone => single_of::<Phones>,
        Operation::FindPerson => single_of::<People>,
        Operation::FindEmployees => single_of::<Employees>,
        Operation::SearchPeople => single_of::<Icp>,
        Operation::UnlockName => unlocked,
        Operation::SearchLeads => single_of::<Leads>,
        operation => return Err(not_read(operation)),
    };
    let (finding, meta) = read(words, query, body)?;
    // Without a bill an answer costs its price, and no answer may cost as much.
    let credits = meta.credits_used.or_else(|| match &finding {
        Finding::Unknown(_) => None,
        finding if operation == Operation::SearchLeads => {
            let rows = charged_leads(query, finding.rows());
            Some(offer.price_of_row() * rows)
        }
        finding => Some(charge(operation, offer, finding)),
    });
    Ok((Answered { key, finding, credits }, meta))
}

/// Nothing of this operation comes this way.
fn not_read(operation: Operation) -> serde_json::Error {
    serde_json::Error::custom(format!("no answer to {operation} is of this shape"))
}

/// A single call has one answer. What it gives back of the question may be spelt otherwise: only what is plainly about
/// another is not taken.
fn single_of<F: Family>(
    words: &Words,
    query: &Query,
    body: &[u8],
) -> Result<(Finding, Meta), serde_json::Error> {
    let envelope: Envelope<F::Item<'_>> = serde_json::from_slice(body)?;
    if envelope.success == Some(false) {
        return Err(serde_json::Error::custom("it says that it is no success"));
    }
    let is_another = query.is_unlike(F::echo(&envelope.data));
    let finding = match F::finding(words, envelope.data) {
        Some(finding) if !is_another => finding,
        Some(_) => Finding::Unknown("the reply is about another question".into()),
        None => Finding::Unknown("the reply holds no answer".into()),
    };
    Ok((finding, envelope.meta.unwrap_or_default()))
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
        // Nothing says that a name that is not there is free.
        (Operation::UnlockName, Finding::Hit(_) | Finding::Miss) => offer.price,
        (_, Finding::Hit(values)) => match offer.rows {
            // The price is for as many rows as there can be, and those that came are charged.
            Some(_) if values.iter().any(|value| matches!(value, Value::Values(_))) => {
                offer.price_of_row() * finding.rows()
            }
            _ => offer.price,
        },
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

/// Reads a body of results. One unreadable item does not cost the others. `keys`: the questions of the job.
pub(super) fn page(
    operation: Operation,
    offer: &Offer,
    words: &Words,
    keys: &Keys,
    body: &[u8],
) -> Result<(Page, Meta), serde_json::Error> {
    let read = match operation {
        Operation::FindEmail => page_of::<Finder>,
        Operation::VerifyEmail => page_of::<Validation>,
        Operation::FindPhone => page_of::<Phones>,
        Operation::FindPerson => page_of::<People>,
        Operation::FindEmployees => page_of::<Employees>,
        Operation::SearchPeople => page_of::<Icp>,
        operation => return Err(not_read(operation)),
    };
    // Checked once, and not again for each text in it.
    let body = str::from_utf8(body).map_err(serde_json::Error::custom)?;
    read(operation, offer, words, keys, body)
}

fn page_of<F: Family>(
    operation: Operation,
    offer: &Offer,
    words: &Words,
    keys: &Keys,
    body: &str,
) -> Result<(Page, Meta), serde_json::Error> {
    let (data, meta, items) = match serde_json::from_str::<Job<F::Item<'_>>>(body) {
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
    // An answer that names no question is the only one's that there is.
    let lone = match **keys {
        [lone] if !F::ECHOES && count <= 1 => Some(lone),
        _ => None,
    };
    let items: Vec<F::Item<'_>> = items.into_iter().flatten().collect();
    let tied = tied(operation, keys, items.iter().map(F::echo));
    let answer = |(item, tied): (F::Item<'_>, Option<Tied>)| {
        let tied = tied.or(lone.map(Tied::Exactly));
        let finding = F::finding(words, item)?;
        let credits = is_surely_priced(operation, &finding);
        let credits = credits.then(|| charge(operation, offer, &finding));
        tied.map(|tied| (tied, Answered { key: tied.key(), finding, credits }))
    };
    let mut answers =
        told_apart(items.into_iter().zip(tied).filter_map(answer).collect());
    let is_whole = is_terminal(status) && !is_failure(status);
    if let Some(key) = lone
        && count == 0
        && is_whole
        && meta.credits_used == Some(Credits::ZERO)
    {
        let (finding, credits) = (Finding::Miss, Some(Credits::ZERO));
        answers.push(Answered { key, finding, credits });
    }
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

type Loose<I> = (JobData<I>, Meta, Vec<Option<I>>);

fn item_by_item<'a, I: Deserialize<'a>>(
    body: &'a str,
) -> Result<Loose<I>, serde_json::Error> {
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

pub(super) fn is_failure(status: &str) -> bool {
    const FAILURES: [&str; 6] =
        ["failed", "error", "cancelled", "canceled", "aborted", "expired"];
    FAILURES.iter().any(|failure| status.eq_ignore_ascii_case(failure))
}

#[cfg(test)]
mod tests {
    use super::*;
    use leadmill_core::{Query, Status};

    fn read(operation: Operation, body: &str) -> (Page, Meta) {
        let packs = crate::packs().unwrap();
        let pack = &packs[0];
        let (offer, words) = (&pack.operations[&operation], &pack.confidence);
        page(operation, offer, words, &Keys::default(), body.as_bytes()).unwrap()
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
