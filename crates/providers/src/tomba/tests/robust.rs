//! Bodies that almost make sense: whatever comes, the money is told right.

use super::*;
use leadmill_core::{Value, operation::FieldKind};
use serde_json::{Map, Value as Json, json};

/// Names that are read somewhere.
const NAMES: &str = "data email emails errors type message code error meta total organization \
    company name first_name full_name info linkedin handle phone_number phone_data score \
    verification status result sources uri valid e164_format timezones region site \
    phoneNumbers categories format percentage department seniority website_url slug founded \
    domain companies limit";

const TEXTS: [&str; 14] = [
    "",
    " ",
    "ada@example.com",
    "valid",
    "unknown_record",
    "rate_limit",
    "quota",
    "params_invalid",
    "example.com",
    "12",
    "1e400",
    "in/ada",
    "\u{0}",
    "ü",
];

/// Numbers that are the same in every run.
pub(in super::super) struct Dice(pub(in super::super) u64);

impl Dice {
    pub(in super::super) fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % most
    }

    fn value(&mut self, depth: usize) -> Json {
        match self.below(if depth == 0 { 5 } else { 8 }) {
            0 => Json::Null,
            1 => json!(self.below(2) == 0),
            2 => json!(self.below(1_000)),
            3 => match self.below(4) {
                0 => json!(u64::MAX),
                1 => json!(i64::MIN),
                2 => json!(-0.5),
                _ => json!(1e300),
            },
            4 => json!(TEXTS[self.below(TEXTS.len())]),
            5 => (0..self.below(4)).map(|_| self.value(depth - 1)).collect(),
            _ => self.object(depth),
        }
    }

    fn object(&mut self, depth: usize) -> Json {
        let names: Vec<_> = NAMES.split_whitespace().collect();
        let mut members = Map::new();
        for _ in 0..self.below(12) {
            let name = names[self.below(names.len())].to_owned();
            members.insert(name, self.value(depth - 1));
        }
        members.into()
    }
}

/// Whether a value can stand in a field.
pub(in super::super) fn fits(value: &Value, kind: FieldKind) -> bool {
    match (value, kind) {
        (Value::Null, _) => true,
        (Value::Flag(_), kind) => kind == FieldKind::Flag,
        (Value::Integer(_), kind) => kind == FieldKind::Integer,
        (Value::Text(_), kind) => kind == FieldKind::Text,
        (Value::Values(values), FieldKind::List(items)) => {
            values.iter().all(|value| fits(value, *items))
        }
        (Value::Values(values), FieldKind::Struct(fields)) => {
            let mut fields = values.iter().zip(fields);
            values.len() == fields.len()
                && fields.all(|(value, field)| fits(value, field.kind))
        }
        (Value::Values(_), _) => false,
    }
}

/// Holds an answer against what must hold of every one.
fn judge(query: &Query, price: Credits, body: &str, answered: &Answered) {
    assert_eq!(answered.key, query.key());
    let cost = answered.credits.unwrap();
    match &answered.finding {
        Finding::Hit(values) => {
            let fields = query.operation().fields();
            assert_eq!(values.len(), fields.len(), "{}", query.operation());
            for (value, field) in values.iter().zip(fields) {
                let fits = fits(value, field.kind);
                assert!(fits, "{value:?} is no {}: {body}", field.name);
            }
            assert!(cost >= price, "an answer for nothing: {body}");
        }
        Finding::Miss => {}
        Finding::Unknown(_) => assert!(cost >= price, "{body}"),
        Finding::Failed(why) => panic!("{why}: {body}"),
    }
    if cost == Credits::ZERO {
        let body: Json = serde_json::from_str(body).unwrap();
        let is_free = wire::is_empty(&body["data"]) || body.get("errors").is_some();
        assert!(is_free, "what says something is charged: {body}");
    }
}

#[tokio::test]
async fn whatever_comes_an_answer_has_its_fields_and_its_price() {
    let (mut dice, mut answers, mut refusals, mut hits) = (Dice(1), 0, 0, 0);
    for _ in 0..1_500 {
        let body = match dice.below(8) {
            0 => dice.value(4),
            1..=3 => json!({ "data": dice.value(4), "meta": dice.value(1) }),
            _ => json!({ "data": dice.object(4), "meta": dice.object(1) }),
        };
        let status = [200, 200, 200, 200, 201, 400, 404, 429, 500][dice.below(9)];
        let body = body.to_string();
        let tomba = tomba(Canned::reply(status, &[], &body));
        for query in questions() {
            match tomba.ask(&query).await {
                Ok(reply) => {
                    let price = tomba.account.offer(query.operation()).unwrap().price;
                    judge(&query, price, &body, &reply.value);
                    answers += 1;
                    hits += u32::from(matches!(reply.value.finding, Finding::Hit(_)));
                }
                Err(error) => {
                    assert!(status != 500 || error.kind == ErrorKind::InDoubt, "{body}");
                    refusals += 1;
                }
            }
        }
    }
    assert!(answers > 1_000 && refusals > 1_000 && hits > 100, "{answers} {hits}");
}

#[tokio::test]
async fn a_body_that_is_cut_short_is_in_doubt() {
    let body = r#"{"data":{"email":"ada@example.com","score":97,"sources":[{"uri":"https://x.io"}]}}"#;
    for end in 0..body.len() {
        let tomba = tomba(Canned::reply(200, &[], &body[..end]));
        let error = tomba.ask(&questions()[0]).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::InDoubt, "{end}");
    }
}
