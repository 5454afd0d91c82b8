//! What the rows of a job come to.

use serde::Serialize;
use serde_json::{Value, json};

use super::draft::Wishes;
use super::kinds::BulkKind;
use super::rows::Item;
use crate::tomba::answers::people::{
    enrich_email, find_author, find_email, find_linkedin,
};
use crate::tomba::answers::phone::{find_phones, validate_phone};
use crate::tomba::answers::roster::{DomainEmail, domain_emails};
use crate::tomba::answers::verification::verify;
use crate::tomba::answers::{clearbit, domains};
use crate::tomba::normal;
use crate::tomba::options::Options;
use crate::tomba::prices::{Yield, price};

/// What one row comes to.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The rows of the whole file, as the single lookup would give them.
    pub(super) records: Vec<Value>,
    /// Credits of the tool itself.
    pub(super) credits: u64,
    /// Addresses, which may be verified too.
    pub(super) emails: u64,
    /// Numbers.
    pub(super) phones: u64,
}

/// What a whole job comes to.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// Credits of each row that is asked, without those of verifications.
    pub(super) credits: Vec<u32>,
    pub(super) found: usize,
    pub(super) records: usize,
    pub(super) emails: u64,
    pub(super) phones: u64,
    pub(super) valid: u64,
    /// Credits of verifications that come with what is found.
    pub(super) verifications: u64,
}

/// What a row comes to.
pub(super) fn evaluate(
    kind: BulkKind,
    item: &Item,
    wishes: &Wishes,
    options: &Options,
) -> Outcome {
    let seed = options.seed;
    let records = match kind {
        BulkKind::Search => searched(item, wishes, options),
        BulkKind::Finder => {
            let (first, last) = item.names();
            told(find_email(seed, &first, &last, item.value("domain")))
        }
        BulkKind::Author => told(find_author(seed, item.value("url"))),
        BulkKind::Enrich => told(enrich_email(seed, item.value("email"))),
        BulkKind::Linkedin => told(find_linkedin(seed, item.value("linkedin_url"))),
        BulkKind::Verifier => {
            let verified = verify(seed, item.value("email"));
            told(verified.result.is_some().then_some(verified))
        }
        BulkKind::PhoneFinder => {
            let phones =
                find_phones(seed, "domain", &normal::domain(item.value("domain")));
            let most = if wishes.all_phones { phones.len() } else { 1 };
            told(phones.into_iter().take(most))
        }
        BulkKind::PhoneValidator => {
            let country = Some(item.value("country")).filter(|code| !code.is_empty());
            told([validate_phone(seed, item.value("phone"), country)])
        }
        BulkKind::Company => told(clearbit::company(seed, item.value("domain"))),
        BulkKind::Similar => domains::similar_shown(seed, item.value("domain")),
    };
    let count = |name: &str| {
        let has = |record: &&Value| record.get(name).is_some_and(Value::is_string);
        records.iter().filter(has).count() as u64
    };
    let (emails, phones) = (count("email"), count("e164_format"));
    let found = Yield {
        present: !records.is_empty(),
        emails,
        phones,
        limit: wishes.most_emails as u64,
        by_domain: kind == BulkKind::PhoneFinder,
        full: true,
        ..Yield::default()
    };
    let credits = price(options, kind.endpoint(), &found);
    Outcome { records, credits, emails, phones }
}

/// What all rows come to.
pub(super) fn tally(
    kind: BulkKind,
    items: &[Item],
    wishes: &Wishes,
    options: &Options,
) -> Tally {
    let mut tally = Tally::default();
    for item in items {
        let outcome = evaluate(kind, item, wishes, options);
        tally.credits.push(u32::try_from(outcome.credits).unwrap_or(u32::MAX));
        tally.found += usize::from(!outcome.records.is_empty());
        tally.records += outcome.records.len();
        tally.emails += outcome.emails;
        tally.phones += outcome.phones;
        tally.valid +=
            outcome.records.iter().filter(|record| is_valid(record)).count() as u64;
        if wishes.verify {
            tally.verifications += outcome.emails;
        }
    }
    tally
}

/// The most that so many rows may cost: credits of the tool, and of verifications.
pub(super) fn upper_bound(
    kind: BulkKind,
    rows: usize,
    wishes: &Wishes,
    options: &Options,
) -> (u64, u64) {
    let (rows, most) = (rows as u64, wishes.most_emails as u64);
    let emails = match kind {
        BulkKind::Search => most,
        BulkKind::Linkedin => 2,
        _ => 1,
    };
    let all = Yield {
        present: true,
        emails,
        phones: 1,
        limit: most,
        by_domain: kind == BulkKind::PhoneFinder,
        ..Yield::default()
    };
    let each = match kind {
        // Phones of people are not asked for by a job.
        BulkKind::PhoneFinder | BulkKind::PhoneValidator => all,
        _ => Yield { phones: 0, full: true, ..all },
    };
    let verified = if wishes.verify { rows * emails } else { 0 };
    (rows * price(options, kind.endpoint(), &each), verified)
}

/// Whether a record holds an address that takes mail.
pub(super) fn is_valid(record: &Value) -> bool {
    let status = record.pointer("/verification/status").or_else(|| record.get("status"));
    status.is_some_and(|status| status == "valid")
}

fn searched(item: &Item, wishes: &Wishes, options: &Options) -> Vec<Value> {
    let emails = domain_emails(options.seed, item.value("domain")).unwrap_or_default();
    let wanted = |email: &DomainEmail| {
        let department = email.department.unwrap_or_default();
        let kind = wishes.email_type.as_deref();
        kind.is_none_or(|kind| kind == email.r#type)
            && (wishes.departments.is_empty()
                || wishes.departments.iter().any(|name| name == department))
    };
    told(emails.into_iter().filter(wanted).take(wishes.most_emails))
}

fn told<T: Serialize>(found: impl IntoIterator<Item = T>) -> Vec<Value> {
    found.into_iter().map(|found| json!(found)).collect()
}
