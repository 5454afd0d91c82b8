//! Exports: how they end, and what stands in their files.

use super::*;

const FILE: &str = "\u{feff}First Name,Last Name,Job Title,Company Name,Domain,Employee Count,\"LinkedIn URL\",Unheard Of\r\n\
    Ada,E.,\"Head, Research\",Example,example.com,\"1,200\",https://www.linkedin.com/in/ada,x\r\n\
    Bob,,,,,,,\r\n";

#[tokio::test]
async fn the_columns_of_an_export_are_known_by_their_names() {
    let (reply, headers) = (Ok((200, FILE.to_owned())), &[("x-credits-used", "0")][..]);
    let made = made(Canned { reply, headers, sent: Mutex::default() });
    let page = page(&made, Operation::ExportLeads, 2).await;
    assert_eq!((page.ready, page.total, page.cost), (true, Some(2), Some(Credits(0))));
    let rows = rows(&page);
    let of = |row: &[Value], name| field(Operation::ExportLeads, row, name);
    assert_eq!(of(&rows[0], "title"), text("Head, Research"));
    assert_eq!(of(&rows[0], "employees"), Value::Integer(1200));
    assert_eq!(of(&rows[0], "linkedin_url"), text("https://www.linkedin.com/in/ada"));
    assert_eq!(of(&rows[0], "more"), text(r#"{"Unheard Of":"x"}"#));
    assert_eq!(of(&rows[0], "lead_id"), Value::Null);
    assert_eq!(
        (of(&rows[1], "first_name"), of(&rows[1], "title")),
        (text("Bob"), Value::Null)
    );
}

/// Whatever comes twice, in another type or in another encoding, nothing of it is lost.
#[tokio::test]
async fn odd_cells_of_an_export_are_kept() {
    let file = "Job Title,Title,Company,Company Name,Employees\r\n\
        CEO,,,Acme,51-200\r\n\
        CEO,Chief,Acme,ACME Inc,12\r\n";
    let page = page(&replying(file), Operation::ExportLeads, 2).await;
    let rows = rows(&page);
    let of = |row: &[Value], name| field(Operation::ExportLeads, row, name);
    assert_eq!(
        (of(&rows[0], "title"), of(&rows[0], "company")),
        (text("CEO"), text("Acme"))
    );
    assert_eq!(of(&rows[0], "employees"), Value::Null);
    assert_eq!(of(&rows[0], "more"), text(r#"{"employeeCount":"51-200"}"#));
    let more = text(r#"{"Company Name":"ACME Inc","Title":"Chief"}"#);
    assert_eq!(
        (of(&rows[1], "employees"), of(&rows[1], "more")),
        (Value::Integer(12), more)
    );
    let latin = super::super::read_export(b"First Name\nJos\xe9\n").unwrap();
    assert_eq!(latin.0, 1);
    for no_file in ["<html>\n<body>\n", "a,b\n1,2\n"] {
        assert!(super::super::read_export(no_file.as_bytes()).is_err(), "{no_file}");
    }
}

#[tokio::test]
async fn how_an_export_has_ended_comes_before_its_file() {
    let ended = async |status: &str| {
        let body = json!({ "data": { "jobId": "j1", "status": status, "totalRows": 9, "progress": 100,
            "creditsUsed": 0, "creditsRefunded": 0, "error": null, "downloadUrl": null } });
        let page = page(&replying(body), Operation::ExportLeads, 1).await;
        (page.ready, page.failed, page.total, page.cost)
    };
    assert_eq!(ended("completed").await, (true, false, Some(9), None));
    assert_eq!(ended("failed").await, (true, true, Some(0), Some(Credits(0))));
    assert!(!ended("processing").await.0);
}

/// What is asked for too early is no page yet, and no error.
#[tokio::test]
async fn a_file_that_is_not_there_yet_is_waited_for() {
    let body = r#"{"type":"https://dev.enrich.so/errors/conflict","title":"Conflict","status":409,"detail":"Export job is not yet completed. Current status: processing"}"#;
    let (reply, headers) = (Ok((409, body.to_owned())), &[][..]);
    let made = made(Canned { reply, headers, sent: Mutex::default() });
    let page = page(&made, Operation::ExportLeads, 2).await;
    assert!(!page.ready && page.answers.is_empty());
}
