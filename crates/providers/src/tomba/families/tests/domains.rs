//! Questions about a domain.

use super::*;

#[test]
fn a_company_is_read_in_all_of_its_shapes() {
    let query = query(Operation::FindCompany, ["example.com"]);
    assert_eq!(sent(&query), "/companies/find?domain=example.com");
    let parts = r#"{"name":"Example","legalName":"Example Ltd","domain":"example.com","site":{"phoneNumbers":["+14155550100"],"emailAddresses":["hello@example.com","sales@example.com"]},"category":{"sicCode":"7372","sic4Codes":["7372"],"naicsCode":"5112","naics6Codes":["511210"]},"tags":["sums"],"description":"Makes sums.","foundedYear":"1999","location":"1 Sum St, London","geo":{"streetAddress":"1 Sum St","city":"London","postalCode":"E1","state":"London","country":"United Kingdom","countryCode":"GB"},"linkedin":{"handle":"company/example"},"twitter":{"handle":"example"},"facebook":{"handle":"exampleltd"},"emailProvider":false,"type":"private","metrics":{"trafficRank":1200,"employees":250,"annualRevenue":"$1M-$10M"},"tech":["nginx"],"techCategories":["web"]}"#;
    let read = [
        ("name", "Example"),
        ("legal_name", "Example Ltd"),
        ("domain", "example.com"),
        ("description", "Makes sums."),
        ("type", "private"),
        ("founded", "1999"),
        ("size", "250"),
        ("revenue", "$1M-$10M"),
        ("location", "1 Sum St, London"),
        ("street", "1 Sum St"),
        ("city", "London"),
        ("state", "London"),
        ("postal_code", "E1"),
        ("country", "United Kingdom"),
        ("country_code", "GB"),
        ("phone", "+14155550100"),
        ("phones", "1 items"),
        ("emails[1]", "sales@example.com"),
        ("linkedin_url", "https://www.linkedin.com/company/example"),
        ("twitter_url", "https://www.twitter.com/example"),
        ("facebook_url", "https://www.facebook.com/exampleltd"),
        ("tags[0]", "sums"),
        ("technologies[0]", "nginx"),
        ("sic_code", "7372"),
        ("naics_code", "5112"),
        ("traffic_rank", "1200"),
    ];
    let found = check(&query, &enveloped(parts), &read);
    assert_eq!(found.credits, Some(Credits(1)));
    check(&query, &enveloped(&format!(r#"{{"person":null,"company":{parts}}}"#)), &read);
    let flat = r#"{"organization":{"name":"Example","website_url":"example.com","industries":"Sums","country":"GB","city":"London","state":"L","street_address":"1 Sum St","postal_code":"E1","employee_count":250,"founded":"1999","company_size":"201-500","revenue":"$1M","linkedin_url":"https://linkedin.com/company/example","twitter_url":"twitter.com/example","facebook_url":null}}"#;
    let read = [
        ("name", "Example"),
        ("domain", "example.com"),
        ("industry", "Sums"),
        ("size", "201-500"),
        ("street", "1 Sum St"),
        ("country", "GB"),
        ("linkedin_url", "https://linkedin.com/company/example"),
        ("twitter_url", "https://twitter.com/example"),
        ("facebook_url", "null"),
        ("founded", "1999"),
    ];
    check(&query, &enveloped(flat), &read);
    let third = r#"{"organization":"Example","website":"example.com","employees":"201-500","founded":1999,"industry":"Sums","linkedin":"example"}"#;
    let read = [
        ("name", "Example"),
        ("domain", "example.com"),
        ("size", "201-500"),
        ("founded", "1999"),
        ("industry", "Sums"),
        ("linkedin_url", "https://www.linkedin.com/company/example"),
    ];
    check(&query, &enveloped(third), &read);
    let none = answer(&query, &enveloped(r#"{"name":"","domain":null,"tags":[]}"#));
    assert_eq!((none.finding, none.credits), (Finding::Miss, Some(Credits(1))));
}

const PAGE: &str = r#"{"data":{"organization":{"website_url":"example.com","organization":"Example","location":{"country":"GB","city":"London","state":null,"street_address":null},"social_links":{"twitter_url":null,"facebook_url":null,"linkedin_url":"https://linkedin.com/company/example"},"disposable":false,"webmail":false,"phone_number":"+14155550100","industries":"Sums","founded":"1999","company_size":"201-500","accept_all":true,"description":"Makes sums.","pattern":"{first}","total_similar":3},
    "emails":[{"email":"ada@example.com","first_name":"Ada","last_name":"Byron","full_name":"Ada Byron","phone_number":false,"type":"personal","country":"GB","position":"Head of Sums","department":"engineering","seniority":"executive","twitter":null,"linkedin":"https://www.linkedin.com/in/ada","accept_all":true,"pattern":"{first}","score":90,"verification":{"date":null,"status":"valid"},"last_updated":"2021-05-25","sources":[]},
    {"email":"hello@example.com","type":"generic","score":70,"last_updated_at":"2026-01-01T00:00:00+01:00","sources":[{"uri":"https://example.com"}]},{"email":null}]},
    "meta":{"total":2079,"pageSize":10,"current":1,"total_pages":207,"params":{"domain":"example.com"}}}"#;

#[test]
fn addresses_at_a_domain_are_a_list_that_can_become_rows() {
    let raw = ["example.com", "20", "3", "sales", "gb", "personal"];
    let query = query(Operation::SearchDomain, raw);
    assert_eq!(
        sent(&query),
        "/domain-search?domain=example.com&limit=20&page=3&department=sales&country=GB&type=personal&enrich_mobile=false"
    );
    let read = [
        ("emails", "2 items"),
        ("total", "2079"),
        ("pattern", "{first}"),
        ("is_catch_all", "true"),
        ("is_webmail", "false"),
        ("company", "Example"),
        ("industry", "Sums"),
        ("size", "201-500"),
        ("founded", "1999"),
        ("country", "GB"),
        ("city", "London"),
        ("phone", "+14155550100"),
        ("linkedin_url", "https://linkedin.com/company/example"),
        ("emails[0].email", "ada@example.com"),
        ("emails[0].type", "personal"),
        ("emails[0].confidence", "90"),
        ("emails[0].verdict", "valid"),
        ("emails[0].title", "Head of Sums"),
        ("emails[0].department", "engineering"),
        ("emails[0].seniority", "executive"),
        ("emails[0].linkedin_url", "https://www.linkedin.com/in/ada"),
        ("emails[0].has_phone", "false"),
        ("emails[0].last_updated", "2021-05-25"),
        ("emails[1].first_name", "null"),
        ("emails[1].last_updated", "2026-01-01T00:00:00+01:00"),
        ("emails[1].sources[0].url", "https://example.com"),
    ];
    let found = check(&query, PAGE, &read);
    assert_eq!(
        found.credits,
        Some(Credits(2)),
        "for 20 that were asked for, or each of two that came"
    );
    let each = query.operation().select("emails[].email").unwrap();
    assert_eq!(each.fan_out(), Some((0, &[][..])));
}

#[test]
fn a_page_costs_by_the_dearer_of_two_lists_and_never_more_than_its_limit() {
    for (wanted, limit, cost, kept) in [
        ("", 10, 2, 2),
        ("1", 10, 2, 1),
        ("10", 10, 2, 2),
        ("19", 10, 2, 2),
        ("20", 20, 2, 2),
        ("49", 20, 2, 2),
        ("50", 50, 5, 2),
    ] {
        let query =
            query(Operation::SearchDomain, ["example.com", wanted, "", "", "", ""]);
        let path = format!(
            "/domain-search?domain=example.com&limit={limit}&enrich_mobile=false"
        );
        assert_eq!(sent(&query), path, "{wanted}");
        let found = check(&query, PAGE, &[("emails", &format!("{kept} items"))]);
        assert_eq!(found.credits, Some(Credits(cost)), "{wanted}");
        // A company without addresses is charged as a page by one of the price lists.
        let none = PAGE.replace("\"emails\":[", "\"emails\":[],\"were\":[");
        let none = answer(&query, &none);
        let page = Some(Credits(limit / 10));
        assert_eq!((none.finding, none.credits), (Finding::Miss, page));
    }
    // As many as there are on a full page, each counted.
    let address = r#"{"email":"a@example.com"},"#;
    let full =
        PAGE.replace("\"emails\":[", &format!("\"emails\":[{}", address.repeat(48)));
    let query = query(Operation::SearchDomain, ["example.com", "50", "", "", "", ""]);
    assert_eq!(cost(&query, &full), 50);
}

/// The price of an offer is for the most rows that any step asks for.
#[test]
fn a_page_costs_the_same_whatever_other_steps_ask_for() {
    let account = account();
    let mut offer = account.offer(Operation::SearchDomain).unwrap().clone();
    (offer.price, offer.rows) = (Credits(3) * 50, 50.try_into().ok());
    let query = query(Operation::SearchDomain, ["example.com", "20", "", "", "", ""]);
    let found = reading::single(&query, &offer, PAGE.as_bytes()).unwrap();
    assert_eq!(found.credits, Some(Credits(6)), "two tens, or two addresses, at 3");
}

#[test]
fn companies_that_are_similar_are_listed() {
    let query = query(Operation::FindSimilar, ["example.com"]);
    assert_eq!(sent(&query), "/similar?domain=example.com");
    let body = r#"{"data":[{"website_url":"example.org","name":"Other","industries":"Sums"},{"website_url":"example.net"},{"name":null},["by.order","By order"]]}"#;
    let read = [
        ("similar", "2 items"),
        ("similar[0].domain", "example.org"),
        ("similar[0].name", "Other"),
        ("similar[0].industry", "Sums"),
        ("similar[1].name", "null"),
        ("total", "null"),
    ];
    assert_eq!(check(&query, body, &read).credits, Some(Credits(1)));
}

/// A page holds 25, and no parameter asks for another.
#[test]
fn how_many_similar_companies_are_left_out_is_told() {
    let query = query(Operation::FindSimilar, ["example.com"]);
    let page: Vec<_> = (0..25)
        .map(|n| {
            format!(r#"{{"website_url":"like{n}.example","name":"L","industries":""}}"#)
        })
        .collect();
    let body = format!(
        r#"{{"data":[{}],"meta":{{"total":37,"pageSize":25,"current":1,"total_pages":2,"params":{{}}}}}}"#,
        page.join(",")
    );
    let read = [("similar", "25 items"), ("total", "37")];
    assert_eq!(check(&query, &body, &read).credits, Some(Credits(1)));
}

#[test]
fn technologies_have_categories_or_one() {
    let query = query(Operation::FindTechnology, ["example.com"]);
    assert_eq!(sent(&query), "/technology?domain=example.com");
    let body = r#"{"domain":"example.com","data":[{"slug":"nginx","name":"Nginx","icon":"n.svg","website":"https://nginx.example","categories":[{"id":22,"slug":"web","name":"Web servers"},{"id":64,"slug":"proxy","name":"Proxies"}]},{"id":7,"slug":"php","name":"PHP","website_count":5,"categories":{"id":1,"slug":"l","name":"Languages"}}]}"#;
    let read = [
        ("technologies", "2 items"),
        ("technologies[0].name", "Nginx"),
        ("technologies[0].slug", "nginx"),
        ("technologies[0].website", "https://nginx.example"),
        ("technologies[0].icon", "n.svg"),
        ("technologies[0].categories[1]", "Proxies"),
        ("technologies[1].categories[0]", "Languages"),
    ];
    assert_eq!(check(&query, body, &read).credits, Some(Credits(1)));
}

#[test]
fn addresses_are_counted_and_none_is_a_number() {
    let query = query(Operation::CountEmails, ["example.com"]);
    assert_eq!(sent(&query), "/email-count?domain=example.com");
    let body = r#"{"data":{"total":81,"personal_emails":65,"generic_emails":16,"department":{"sales":4,"engineering":7,"odd":null},"seniority":{"junior":3,"senior":2,"executive":1}}}"#;
    let read = [
        ("total", "81"),
        ("personal", "65"),
        ("generic", "16"),
        ("junior", "3"),
        ("senior", "2"),
        ("executive", "1"),
        ("departments", "2 items"),
        ("departments[0].name", "engineering"),
        ("departments[0].count", "7"),
    ];
    assert_eq!(check(&query, body, &read).credits, Some(Credits(1)));
    check(&query, r#"{"data":{"total":0}}"#, &[("total", "0"), ("personal", "null")]);
}

#[test]
fn the_most_usual_format_leads() {
    let query = query(Operation::FindFormat, ["example.com"]);
    assert_eq!(sent(&query), "/email-format?domain=example.com");
    let body = r#"{"data":[{"format":"{f}{last}","percentage":20},{"format":"{first}.{last}","percentage":40},{"format":"{first}","percentage":40}]}"#;
    let read = [
        ("format", "{first}.{last}"),
        ("formats", "3 items"),
        ("formats[0].format", "{f}{last}"),
        ("formats[0].percentage", "20"),
    ];
    assert_eq!(check(&query, body, &read).credits, Some(Credits(1)));
}
