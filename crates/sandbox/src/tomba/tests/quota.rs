//! What is paid, what is free, and what is refused.

use std::time::Duration;

use serde_json::json;
use tokio::time::advance;

use super::client::{found, get, person, tomba};
use crate::tomba::{
    CostTable, Options, Pool, PoolRule, Quota, QuotaStatus, Tomba, domain_emails,
    find_author,
};

const MONTH: Duration = Duration::from_secs(30 * 86_400);

async fn unlimited(options: Options) -> Tomba {
    tomba(Options { limits: false, ..options })
}

fn spent(tomba: &Tomba, pool: Pool) -> u64 {
    tomba.audit().spent.get(&pool).copied().unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn only_what_is_found_is_paid_and_to_the_credit() {
    let tomba = unlimited(Options::default()).await;
    for nth in 0..50 {
        get(&tomba, &person(nth)).await;
    }
    let audit = tomba.audit();
    assert_eq!(spent(&tomba, Pool::Searches), found(50).len() as u64);
    assert_eq!(audit.paid.len(), found(50).len());
    assert_eq!((audit.asked.len(), audit.paid_twice, audit.repeats), (50, 0, 0));
    assert!(audit.asked.contains_key("email-finder:ada|testerlya|example.com"));
}

#[tokio::test(start_paused = true)]
async fn an_identical_request_is_free_for_thirty_days_from_the_first_on() {
    let tomba = unlimited(Options::default()).await;
    let nth = found(50)[0];
    let path = person(nth);
    let shuffled = {
        let (_, query) = path.split_once('?').unwrap();
        let mut pairs: Vec<&str> = query.split('&').collect();
        pairs.reverse();
        let query = pairs.join("&").to_uppercase().replace("DOMAIN=", "domain=");
        let query = query.replace("FIRST_NAME=", "first_name=%20");
        let query = query.replace("LAST_NAME=", "last_name=");
        format!("/email-finder/?{query}&webhook_url=https://hooks.example/x")
    };
    get(&tomba, &path).await;
    advance(MONTH - Duration::from_millis(1)).await;
    assert_eq!(get(&tomba, &shuffled).await.status, 200);
    assert_eq!((spent(&tomba, Pool::Searches), tomba.audit().repeats), (1, 1));
    assert_eq!(tomba.audit().repeated.len(), 1);
    advance(Duration::from_millis(1)).await;
    get(&tomba, &path).await;
    assert_eq!((spent(&tomba, Pool::Searches), tomba.audit().repeats), (2, 1));
    assert_eq!(tomba.audit().paid_twice, 1);
    let memory = None;
    let tomba = unlimited(Options { memory, ..Options::default() }).await;
    get(&tomba, &path).await;
    get(&tomba, &path).await;
    assert_eq!((spent(&tomba, Pool::Searches), tomba.audit().repeats), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn another_page_or_flag_is_another_request() {
    let tomba = unlimited(Options::default()).await;
    let nth = (0..100).find(|nth| {
        domain_emails(0, &format!("s{nth}.com")).is_some_and(|emails| emails.len() > 20)
    });
    let path = format!("/domain-search?domain=s{}.com", nth.unwrap());
    for more in ["", "&page=2", "&limit=20", "&page=2", ""] {
        get(&tomba, &format!("{path}{more}")).await;
    }
    assert_eq!(spent(&tomba, Pool::Searches), 1 + 1 + 2);
    assert_eq!((tomba.audit().repeats, tomba.audit().paid_twice), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn the_last_credit_buys_and_then_nothing_does_but_repeats() {
    for (quota_status, status) in [
        (QuotaStatus::Forbidden, 403),
        (QuotaStatus::PaymentRequired, 402),
        (QuotaStatus::TooMany, 429),
    ] {
        let quota = Quota { searches: 2, ..Quota::default() };
        let quota_type = "no_more";
        let options = Options { quota, quota_status, quota_type, ..Options::default() };
        let tomba = unlimited(options).await;
        let nths = found(50);
        for nth in &nths[..2] {
            assert_eq!(get(&tomba, &person(*nth)).await.status, 200);
        }
        let refused = get(&tomba, &person(nths[2])).await;
        assert_eq!(refused.failure(), (status, "no_more"));
        assert!(refused.at("/errors/message").as_str().unwrap().contains("quota"));
        assert_eq!(refused.header("retry-after"), "");
        let missed = (0..50).find(|nth| !nths.contains(nth)).unwrap();
        let refused = get(&tomba, &person(missed)).await;
        assert_eq!(refused.status, status, "nobody knows before that it is a miss");
        assert_eq!(get(&tomba, &person(nths[0])).await.status, 200, "paid before");
        let verified = get(&tomba, "/email-verifier?email=a@example.com").await;
        assert_eq!(verified.status, 200, "another pool");
        assert_eq!(spent(&tomba, Pool::Searches), 2);
        tomba.top_up(Pool::Searches, 1);
        assert_eq!(get(&tomba, &person(nths[2])).await.status, 200);
        advance(MONTH).await;
        assert_eq!(tomba.audit().left[&Pool::Searches], 3, "another month");
        assert_eq!(spent(&tomba, Pool::Searches), 3, "and what was spent stays so");
    }
}

#[tokio::test(start_paused = true)]
async fn pools_are_debited_by_either_rule() {
    let phones = (0..50).find(|nth| {
        crate::tomba::find_phones(0, "domain", &format!("d{nth}.com")).len() == 1
    });
    let path = format!("/phone-finder?domain=d{}.com", phones.unwrap());
    for (pool_rule, costs, searches, phones) in [
        (PoolRule::Searches, CostTable::Limits, 10, 10),
        (PoolRule::Separate, CostTable::Limits, 0, 10),
        (PoolRule::Searches, CostTable::Apify, 1, 1),
    ] {
        let tomba = unlimited(Options { pool_rule, costs, ..Options::default() }).await;
        assert_eq!(get(&tomba, &path).await.status, 200);
        let audit = tomba.audit();
        let of = |pool| audit.spent.get(&pool).copied().unwrap_or_default();
        assert_eq!((of(Pool::Searches), of(Pool::Phones)), (searches, phones));
        get(&tomba, "/email-verifier?email=a@example.com").await;
        assert_eq!(spent(&tomba, Pool::Verifications), 1);
        assert_eq!(spent(&tomba, Pool::Searches), searches);
    }
}

#[tokio::test(start_paused = true)]
async fn the_actors_pay_for_what_was_asked_and_the_page_for_what_was_found() {
    let empty = (0..100).find(|nth| {
        domain_emails(0, &format!("e{nth}.com")).is_some_and(|emails| emails.is_empty())
    });
    let path = format!("/domain-search?domain=e{}.com&limit=50", empty.unwrap());
    for (costs, credits) in [(CostTable::Limits, 0), (CostTable::Apify, 5)] {
        let tomba = unlimited(Options { costs, ..Options::default() }).await;
        let reply = get(&tomba, &path).await;
        assert_eq!(reply.at("/data/emails"), &json!([]));
        assert_eq!(spent(&tomba, Pool::Searches), credits);
    }
}

#[tokio::test(start_paused = true)]
async fn an_author_is_paid_for_without_an_address() {
    let tomba = unlimited(Options::default()).await;
    let page = |nth: usize| format!("https://example.com/{nth}");
    let named = (0..200).find(|nth| {
        find_author(0, &page(*nth)).is_some_and(|author| author.email.is_none())
    });
    let path = format!("/author-finder?url={}", page(named.unwrap()));
    let reply = get(&tomba, &path).await;
    assert!(reply.at("/data/email").is_null() && reply.at("/data/full_name").is_string());
    assert_eq!(spent(&tomba, Pool::Searches), 1);
}

#[tokio::test(start_paused = true)]
async fn phones_that_come_along_cost_five_with_the_actors() {
    let phoned = (0..200).find(|nth| {
        let last = format!("Testerly{}", super::client::letters(*nth));
        let person = crate::tomba::find_email(0, "Ada", &last, "example.com");
        person.is_some_and(|person| person.phone_number == Some(true))
    });
    let path = format!("{}&enrich_mobile=true", person(phoned.unwrap()));
    for (costs, credits) in [(CostTable::Limits, 1), (CostTable::Apify, 6)] {
        let tomba = unlimited(Options { costs, ..Options::default() }).await;
        let reply = get(&tomba, &path).await;
        assert!(!reply.at("/data/phone_data").as_array().unwrap().is_empty());
        assert_eq!(spent(&tomba, Pool::Searches), credits);
    }
}

#[tokio::test(start_paused = true)]
async fn what_no_table_lists_costs_what_the_knob_says_if_it_finds_something() {
    let email = |nth: usize| format!("a{nth}@example.com");
    let seen = |nth: &usize| {
        let sources = crate::tomba::answers::domains::seen(0, &email(*nth));
        !sources.as_array().unwrap().is_empty()
    };
    let some = (0..100).find(seen).unwrap();
    let none = (0..100).find(|nth| !seen(nth)).unwrap();
    for unlisted_cost in [0, 1, 3] {
        let tomba = unlimited(Options { unlisted_cost, ..Options::default() }).await;
        get(&tomba, &format!("/email-sources/{}", email(none))).await;
        assert_eq!(spent(&tomba, Pool::Searches), 0);
        get(&tomba, &format!("/email-sources?email={}", email(some))).await;
        assert_eq!(spent(&tomba, Pool::Searches), unlisted_cost);
    }
}

#[tokio::test(start_paused = true)]
async fn counts_similar_domains_and_technologies_have_pools_that_count_along() {
    let domain = (0..100).map(|nth| format!("t{nth}.com")).find(|domain| {
        let emails = domain_emails(0, domain).unwrap_or_default();
        !emails.is_empty()
            && !crate::tomba::answers::domains::similar(0, domain).is_empty()
            && !crate::tomba::answers::domains::technologies(0, domain).is_empty()
    });
    let domain = domain.unwrap();
    for (pool_rule, searches) in [(PoolRule::Searches, 3), (PoolRule::Separate, 0)] {
        let tomba = unlimited(Options { pool_rule, ..Options::default() }).await;
        for (path, pool) in [
            ("email-count", Pool::Count),
            ("similar", Pool::Similar),
            ("technology", Pool::Technologies),
        ] {
            get(&tomba, &format!("/{path}?domain={domain}")).await;
            assert_eq!(spent(&tomba, pool), 1, "{path}");
        }
        assert_eq!(spent(&tomba, Pool::Searches), searches);
    }
}

#[tokio::test(start_paused = true)]
async fn questions_are_only_remembered_if_they_are_to_be() {
    let track_questions = false;
    let tomba = unlimited(Options { track_questions, ..Options::default() }).await;
    for _ in 0..2 {
        get(&tomba, &person(found(50)[0])).await;
    }
    let audit = tomba.audit();
    assert!(audit.asked.is_empty() && audit.paid.is_empty() && audit.repeated.is_empty());
    assert_eq!((audit.repeats, audit.spent[&Pool::Searches]), (1, 1));
}
