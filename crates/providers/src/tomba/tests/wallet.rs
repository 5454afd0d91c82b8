//! The quotas as a wallet.

use super::*;

const ME: &str = r#"{"data":{"user_id":7,"secret_token":"ts_hush","requests":{
    "domains":{"available":50000,"used":51},"verifications":{"available":"100000","used":99990},
    "phones":{"available":5000,"used":4998},"count":{"available":80000,"used":0}}}}"#;

async fn balance(operations: &[Operation], body: &str) -> Result<u64, ErrorKind> {
    let canned = Canned::reply(200, &[], body);
    let tomba = tomba(canned.clone()).drawing_for(operations.iter().copied());
    let reply = tomba.balance().await.map_err(|error| error.kind)?;
    assert_eq!(canned.paths(), ["GET /v1/me"]);
    assert_eq!(reply.signals.balance, Some(reply.value));
    Ok(reply.value.0)
}

#[tokio::test]
async fn the_balance_is_what_is_left_of_the_quotas_that_are_drawn_on() {
    for (operations, left) in [
        (&[][..], 49_949),
        (&[Operation::FindEmail], 49_949),
        (&[Operation::VerifyEmail], 10),
        (&[Operation::VerifyEmail, Operation::SearchDomain], 10),
        // Two look-ups cost 20 at most.
        (&[Operation::FindPhone], 20),
        (&[Operation::FindPhone, Operation::VerifyEmail], 10),
    ] {
        assert_eq!(balance(operations, ME).await, Ok(left), "{operations:?}");
    }
    let overdrawn = ME.replace("\"used\":51", "\"used\":60000");
    assert_eq!(balance(&[], &overdrawn).await, Ok(0), "never less than nothing");
}

#[tokio::test]
async fn a_quota_that_is_not_told_is_not_made_up() {
    let no_phones = ME.replace("\"phones\":{", "\"were\":{");
    let phone = &[Operation::FindPhone][..];
    assert_eq!(balance(phone, &no_phones).await, Ok(49_949), "not every plan has it");
    for body in [
        ME.replace("\"domains\":{", "\"were\":{"),
        ME.replace("\"used\":51", "\"used\":null"),
        r#"{"data":{}}"#.to_owned(),
        r#"{"data":null}"#.to_owned(),
        r#"{"data":[[[[{"available":9,"used":1}]]]]}"#.to_owned(),
        "[]".to_owned(),
    ] {
        assert_eq!(balance(&[], &body).await, Err(ErrorKind::InDoubt), "{body}");
    }
}
