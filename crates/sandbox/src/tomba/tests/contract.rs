//! The shapes that the reference documents, one lookup after the other.

use serde_json::{Value, json};

use super::client::{get, loose, post};
use crate::tomba::{domain_emails, enrich_email, find_email, verify};

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .map(|map| map.keys().map(String::as_str).collect())
        .unwrap_or_default()
}

fn has(value: &Value, names: &[&str]) {
    for name in names {
        assert!(value.get(name).is_some(), "{name} is missing of {:?}", keys(value));
    }
}

const PERSON: &[&str] = &[
    "email",
    "first_name",
    "last_name",
    "full_name",
    "gender",
    "country",
    "position",
    "company",
    "website_url",
    "twitter",
    "linkedin",
    "phone_number",
    "accept_all",
    "disposable",
    "webmail",
    "score",
    "verification",
    "sources",
];

/// The first that a function likes.
fn first(liked: impl Fn(usize) -> bool) -> usize {
    (0..1_000).find(|nth| liked(*nth)).unwrap()
}

fn known_domain() -> String {
    let name = |nth| format!("shop{nth}.com");
    name(first(|nth| {
        domain_emails(0, &name(nth)).is_some_and(|emails| emails.len() > 12)
    }))
}

fn known_email() -> String {
    let name = |nth| format!("ada{nth}@example.com");
    name(first(|nth| enrich_email(0, &name(nth)).is_some()))
}

#[tokio::test(start_paused = true)]
async fn a_person_is_found_by_name_and_domain_in_any_spelling() {
    let tomba = loose();
    let nth = first(|nth| {
        find_email(0, "Ada", &format!("Testerly{nth}"), "example.com").is_some()
    });
    let by_names = format!("domain=example.com&first_name=Ada&last_name=Testerly{nth}");
    let by_full =
        format!("domain=https://www.EXAMPLE.com/&full_name=Ada%20Testerly{nth}");
    let mut emails = Vec::new();
    for query in [by_names, by_full] {
        for slash in ["", "/"] {
            let reply = get(&tomba, &format!("/email-finder{slash}?{query}")).await;
            assert_eq!(reply.status, 200, "{}", reply.text);
            has(reply.at("/data"), PERSON);
            assert_eq!(keys(&reply.body), ["data"]);
            emails.push(reply.at("/data/email").as_str().unwrap().to_owned());
            assert_eq!(reply.header("x-leadmill-sandbox"), "synthetic");
        }
    }
    assert!(emails.iter().all(|email| email.ends_with("@example.com.invalid")));
    assert!(emails.windows(2).all(|pair| pair[0] == pair[1]), "{emails:?}");
}

#[tokio::test(start_paused = true)]
async fn the_verification_of_a_found_address_is_what_the_verifier_says() {
    let tomba = loose();
    let found = (0..20)
        .find_map(|nth| find_email(0, "Ada", &format!("Testerly{nth}"), "example.com"));
    let found = found.unwrap();
    let email = found.email.unwrap();
    let reply = get(&tomba, &format!("/email-verifier?email={email}")).await;
    assert_eq!(reply.at("/data/email/status"), found.verification.status.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_domain_tells_its_owner_and_its_addresses_page_by_page() {
    let tomba = loose();
    let domain = known_domain();
    let total = domain_emails(0, &domain).unwrap().len();
    let one = get(&tomba, &format!("/domain-search?domain={domain}")).await;
    has(
        one.at("/data/organization"),
        &["website_url", "organization", "location", "social_links", "pattern", "whois"],
    );
    has(
        one.at("/data/emails/0"),
        &[
            "email",
            "type",
            "phone_number",
            "score",
            "verification",
            "sources",
            "department",
        ],
    );
    assert!(one.at("/data/emails/0/phone_number").is_boolean());
    assert_eq!(one.at("/meta/total"), total);
    assert_eq!(one.at("/meta/pageSize"), 10);
    assert_eq!(one.at("/meta/params/type"), "all");
    assert_eq!(one.at("/data/emails").as_array().unwrap().len(), 10);
    let two = get(&tomba, &format!("/domain-search?domain={domain}&page=2")).await;
    assert_ne!(one.at("/data/emails/0/email"), two.at("/data/emails/0/email"));
    let generic =
        get(&tomba, &format!("/domain-search?domain={domain}&type=generic")).await;
    assert_eq!(generic.at("/meta/total"), 1);
    let odd = get(&tomba, &format!("/domain-search?domain={domain}&limit=11")).await;
    assert_eq!(odd.failure(), (422, "params_invalid"));
    let all = format!("/domain-search?domain={domain}&limit=50&enrich_mobile=true");
    let all = get(&tomba, &all).await;
    assert!(all.at("/data/emails/1/phone_data").is_array());
}

#[tokio::test(start_paused = true)]
async fn an_address_is_verified_by_its_query_and_by_its_old_path() {
    let tomba = loose();
    let new = get(&tomba, "/email-verifier?email=ada@example.com").await;
    let old = get(&tomba, "/email-verifier/ada%40example.com").await;
    assert_eq!(new.body, old.body);
    has(
        new.at("/data/email"),
        &["email", "status", "result", "score", "regex", "mx_check", "mx", "smtp_server"],
    );
    has(new.at("/data"), &["email", "sources"]);
    let status = new.at("/data/email/status").as_str().unwrap();
    let statuses = ["valid", "invalid", "accept_all", "webmail", "disposable", "unknown"];
    assert!(statuses.contains(&status));
    let gone = get(&tomba, "/email-verifier?email=ada@yopmail.com").await;
    assert_eq!(gone.at("/data/email/status"), "disposable");
    assert_eq!(gone.at("/data/email/score"), 50);
}

#[tokio::test(start_paused = true)]
async fn people_and_companies_come_in_the_shape_of_another_provider() {
    let tomba = loose();
    let email = known_email();
    let person = get(&tomba, &format!("/people/find?email={email}")).await;
    has(person.at("/data"), &["name", "email", "employment", "geo", "verification"]);
    let both = get(&tomba, &format!("/combined/find?email={email}")).await;
    assert_eq!(both.at("/data/person"), person.at("/data"));
    let domain = (0..20).find(|nth| {
        super::super::answers::clearbit::company(0, &format!("c{nth}.com")).is_some()
    });
    let path = format!("/companies/find?domain=c{}.com", domain.unwrap());
    let company = get(&tomba, &path).await;
    has(company.at("/data"), &["name", "domain", "category", "geo", "metrics", "tech"]);
    assert!(company.at("/data/foundedYear").is_string());
}

#[tokio::test(start_paused = true)]
async fn profiles_and_authors_are_people_and_full_is_a_list() {
    let tomba = loose();
    let found = |nth: usize| {
        crate::tomba::find_linkedin(0, &format!("linkedin.com/in/ada{nth}")).len() == 2
    };
    let path = format!("/linkedin?url=https://www.linkedin.com/in/ada{}", first(found));
    let one = get(&tomba, &path).await;
    has(one.at("/data"), PERSON);
    let full = get(&tomba, &format!("{path}&full=true")).await;
    assert_eq!(full.at("/data").as_array().unwrap().len(), 2);
    let page = |nth: usize| format!("https://example.com/post/{nth}");
    let nth = first(|nth| crate::tomba::find_author(0, &page(nth)).is_some());
    let author = get(&tomba, &format!("/author-finder?url={}", page(nth))).await;
    has(author.at("/data"), PERSON);
    let company = get(&tomba, "/linkedin?url=https://www.linkedin.com/company/x").await;
    assert_eq!(company.failure(), (422, "params_invalid"));
}

#[tokio::test(start_paused = true)]
async fn numbers_are_found_and_checked() {
    let tomba = loose();
    let nth = first(|nth| {
        crate::tomba::find_phones(0, "domain", &format!("d{nth}.com")).len() > 1
    });
    let path = format!("/phone-finder?domain=d{nth}.com");
    let one = get(&tomba, &path).await;
    let fields =
        ["valid", "e164_format", "country_code", "line_type", "carrier", "region"];
    has(one.at("/data"), &fields);
    assert_eq!(one.at("/data/domain"), &json!(format!("d{nth}.com")));
    let full = get(&tomba, &format!("{path}&full=true")).await;
    assert!(full.at("/data").as_array().unwrap().len() > 1);
    let checked = get(&tomba, "/phone-validator?phone=%2B1%20202%20555%200107").await;
    has(checked.at("/data"), &fields);
    assert!(checked.at("/data/email").is_null());
    assert_eq!(get(&tomba, "/phone-finder").await.failure(), (422, "params_invalid"));
    assert_eq!(get(&tomba, "/phone-validator?phone=none").await.status, 422);
    assert_eq!(get(&tomba, "/phone/ada@example.com").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn what_else_there_is_to_know_of_a_domain_has_its_own_shapes() {
    let tomba = loose();
    let domain = known_domain();
    let count = get(&tomba, &format!("/email-count/?domain={domain}")).await;
    has(
        count.at("/data"),
        &["total", "personal_emails", "generic_emails", "department", "seniority"],
    );
    let format = get(&tomba, &format!("/email-format?domain={domain}")).await;
    has(format.at("/data/0"), &["format", "percentage"]);
    let sources = get(&tomba, "/email-sources?email=ada@example.com").await;
    assert_eq!(keys(&sources.body), ["data", "email"]);
    let location = get(&tomba, &format!("/location?domain={domain}")).await;
    has(location.at("/data/0"), &["name", "total"]);
    let known = |of: fn(u64, &str) -> Vec<Value>| {
        first(|nth| !of(0, &format!("t{nth}.com")).is_empty())
    };
    let nth = known(super::super::answers::domains::similar);
    let similar = get(&tomba, &format!("/similar?domain=t{nth}.com")).await;
    has(similar.at("/data/0"), &["website_url", "name", "industries"]);
    let nth = known(super::super::answers::domains::technologies);
    let technology = get(&tomba, &format!("/technology?domain=t{nth}.com")).await;
    assert_eq!(keys(&technology.body), ["data", "domain"]);
    has(technology.at("/data/0/categories/0"), &["id", "slug", "name"]);
    let old = get(&tomba, "/domains-suggestion?query=example").await;
    let new = get(&tomba, "/domain-suggestions?query=example").await;
    assert_eq!(old.body, new.body);
    has(new.at("/meta"), &["query", "limit", "total_found"]);
}

#[tokio::test(start_paused = true)]
async fn the_status_of_a_domain_is_bare_and_free_and_needs_no_key() {
    use axum::body::Body;
    use tower::ServiceExt;
    let tomba = loose();
    for (path, expected) in [
        (
            "domain=gmail.com",
            json!({"domain": "gmail.com", "webmail": true, "disposable": false}),
        ),
        (
            "domain=nonsense",
            json!({"domain": "nonsense", "webmail": false, "disposable": true}),
        ),
        (
            "email=a@yopmail.com",
            json!({"domain": "yopmail.com", "webmail": false, "disposable": true}),
        ),
    ] {
        let request = http::Request::get(format!("/v1/domain-status/?{path}"));
        let request = request.body(Body::empty()).unwrap();
        let reply = tomba.router().oneshot(request).await.unwrap();
        let reply = super::client::read(reply).await;
        assert_eq!((reply.status, reply.body), (200, expected));
    }
    assert!(tomba.audit().spent.is_empty());
}

#[tokio::test(start_paused = true)]
async fn companies_are_searched_in_pages_of_fifty() {
    let tomba = loose();
    let search = |nth: usize| json!({ "filters": { "keywords": { "include": [nth.to_string()] } } });
    let mut reply = post(&tomba, "/reveal/search", search(0)).await;
    for nth in 1..50 {
        if reply.at("/meta/total").as_u64().unwrap() > 50 {
            break;
        }
        tokio::time::advance(std::time::Duration::from_secs(1)).await;
        reply = post(&tomba, "/reveal/search", search(nth)).await;
    }
    assert_eq!(reply.at("/success"), true);
    assert_eq!(reply.at("/data/companies").as_array().unwrap().len(), 50);
    has(
        reply.at("/data/companies/0"),
        &["name", "website_url", "company_size", "revenue"],
    );
    for wrong in [
        json!({}),
        json!({ "query": "x", "page": 0 }),
        json!({ "filters": {} }),
        json!({ "filters": { "size": { "include": vec!["1-10"; 51] } } }),
    ] {
        tokio::time::advance(std::time::Duration::from_secs(1)).await;
        let reply = post(&tomba, "/reveal/search", wrong).await;
        assert_eq!(reply.failure(), (422, "params_invalid"));
    }
}

/// Section 5 of what was observed: the page is one of all companies, and charged.
#[tokio::test(start_paused = true)]
async fn filters_of_another_form_are_ignored_and_not_refused() {
    let tomba = loose();
    for filters in [
        json!({ "location_country": ["IE"] }),
        json!({ "colour": { "include": ["red"] } }),
        json!({ "size": "1-10" }),
    ] {
        tokio::time::advance(std::time::Duration::from_secs(1)).await;
        let body = json!({ "filters": filters });
        let reply = post(&tomba, "/reveal/search", body).await;
        assert_eq!(reply.at("/meta/total"), 37_536_621);
        assert_eq!(reply.at("/meta/filters"), &json!({}));
        assert_eq!(reply.at("/data/companies").as_array().unwrap().len(), 50);
    }
    assert_eq!(tomba.audit().spent[&crate::tomba::Pool::Searches], 3);
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_wrongly_is_refused_in_the_documented_envelope() {
    let tomba = loose();
    let unknown = get(&tomba, "/no-such-thing").await;
    assert_eq!(keys(unknown.at("/errors")), ["code", "message", "type"]);
    assert_eq!(unknown.failure(), (404, "unknown_route"));
    assert_eq!(unknown.at("/errors/code"), 404);
    assert_eq!(super::client::ask(&tomba, "POST", "/email-finder").await.status, 405);
    for path in [
        "/email-finder?domain=example.com&first_name=Ada",
        "/email-finder?first_name=Ada&last_name=Testerly",
        "/email-finder?domain=nonsense&full_name=Ada%20Testerly",
        "/email-finder?company=ab&full_name=Ada%20Testerly",
        "/email-finder?domain=example.com&full_name=Ada%20T&webhook_url=ftp://x",
        "/email-verifier?email=ada",
        "/enrich",
        "/author-finder?url=example",
        "/companies/find?domain=x",
        "/email-count",
    ] {
        tokio::time::advance(std::time::Duration::from_secs(1)).await;
        assert_eq!(get(&tomba, path).await.failure(), (422, "params_invalid"), "{path}");
    }
    assert!(tomba.audit().asked.is_empty() && tomba.audit().spent.is_empty());
}

#[tokio::test(start_paused = true)]
async fn webmail_that_cannot_be_asked_is_a_miss_and_free() {
    let tomba = loose();
    let email = |nth: usize| format!("ada{nth}@gmail.com");
    let none = first(|nth| verify(0, &email(nth)).result.is_none());
    let some = first(|nth| verify(0, &email(nth)).result.is_some());
    let reply = get(&tomba, &format!("/email-verifier?email={}", email(none))).await;
    assert_eq!((reply.status, reply.body), (200, json!({ "data": null })));
    assert!(tomba.audit().paid.is_empty());
    tokio::time::advance(std::time::Duration::from_secs(1)).await;
    let reply = get(&tomba, &format!("/email-verifier?email={}", email(some))).await;
    assert_eq!(reply.at("/data/email/status"), "webmail");
    assert_eq!(tomba.audit().paid.len(), 1);
}
