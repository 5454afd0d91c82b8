//! Searches: their previews, and what a page of them costs.

use super::*;

/// Reference 5.2: free for three pages or 75 rows, then a credit for each row that comes.
#[tokio::test]
async fn rows_of_a_search_are_charged_from_the_76th_or_the_fourth_page_on() {
    for (rows, page, came, charged) in [
        (25, 1, 25, 0),
        (25, 3, 25, 0),
        (25, 4, 25, 25),
        (25, 4, 7, 7),
        (75, 1, 75, 0),
        (100, 1, 100, 25),
        (100, 2, 100, 100),
        (10, 4, 10, 10),
        (50, 2, 50, 25),
    ] {
        let people: Vec<_> =
            (0..came).map(|n| json!({ "id": format!("enc_{n}") })).collect();
        let body = json!({ "data": { "results": people, "pagination": { "totalResults": 900 } } });
        let made = replying(body);
        let (rows, page) = (rows.to_string(), page.to_string());
        let raw = [Some("{}"), None, Some(rows.as_str()), Some(page.as_str())];
        let query = Query::read(Operation::SearchLeads, raw).unwrap();
        let answer = made.enrich.ask(&query).await.unwrap().value;
        assert_eq!(answer.credits, Some(Credits(charged)), "{rows} on page {page}");
        let (line, body) = made.sent();
        assert_eq!(line, "POST /api/v3/lead-finder/search");
        let numbers = (body["pageSize"].to_string(), body["page"].to_string());
        assert_eq!(numbers, (rows, page));
    }
}

#[tokio::test]
async fn a_preview_is_a_lead() {
    let person = json!({
        "id": "enc_A1", "firstName": "Ada", "lastName": "E.", "jobTitle": "VP Research", "jobLevel": "0",
        "skills": "Rust, SQL", "employeeCount": 0, "orgLinkedinUrl": "https://www.linkedin.com/company/x",
        "newToUs": [1], "companyHeadline": null,
    });
    let body = json!({ "data": { "results": [person], "pagination": { "page": 4, "totalResults": 90 } }, "meta": { "requestId": "r" } });
    let made = replying(body);
    let answer = made.enrich.ask(&question(Operation::SearchLeads)).await.unwrap().value;
    let sent = made.sent().1;
    assert_eq!(
        sent,
        json!({ "filters": { "jobLevel": ["VP"] }, "excludeFilters": { "domain": "x.io" }, "pageSize": 25, "page": 4 })
    );
    let Finding::Hit(values) = answer.finding else { panic!("no hit") };
    assert_eq!(values[1], Value::Integer(90));
    let Value::Values(leads) = &values[0] else { panic!("no rows") };
    let Value::Values(lead) = &leads[0] else { panic!("no row") };
    let of = |name| field(Operation::SearchLeads, lead, name);
    assert_eq!((of("lead_id"), of("last_name")), (text("enc_A1"), text("E.")));
    assert_eq!((of("level"), of("employees")), (Value::Null, Value::Integer(0)));
    assert_eq!(of("more"), text(r#"{"newToUs":[1]}"#));
}
