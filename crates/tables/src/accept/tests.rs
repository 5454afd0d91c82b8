use super::*;
use crate::samples::{answered, hit, key};
use leadmill_core::{Answered, Field, FieldKind, Finding, Value};

fn judged(sql: &str, answers: Vec<Answered>) -> Vec<u8> {
    let accept = Accept::prepare(Operation::FindEmail, 0, sql).unwrap();
    let part = Part::Inline(answers.into());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let nowhere = Results::folder("nowhere".into());
    let rejected =
        runtime.block_on(accept.rejected(&nowhere, &[&part], &|_, _| true)).unwrap();
    (0..9).filter(|n| rejected.contains(&key(*n))).collect()
}

fn found(confidence: Option<i64>) -> Finding {
    let fields = Operation::FindEmail.fields().iter();
    let value = |name: &str| match (name, confidence) {
        ("email", _) => Value::Text("ada@x.io".into()),
        ("confidence", Some(confidence)) => Value::Integer(confidence),
        _ => Value::Null,
    };
    Finding::Hit(fields.map(|field| value(field.name)).collect())
}

#[test]
fn what_is_not_surely_good_enough_is_rejected() {
    let answers = vec![
        answered(0, found(Some(70))),
        answered(1, found(Some(69))),
        answered(2, found(None)),
        answered(3, Finding::Miss),
        answered(4, Finding::Failed("-".into())),
        answered(5, Finding::Unknown("-".into())),
    ];
    assert_eq!(judged("confidence >= 70", answers.clone()), [1, 2]);
    assert_eq!(judged("NOT (confidence >= 70)", answers.clone()), [0, 2]);
    assert_eq!(judged("email LIKE '%@x.io' AND confidence IS NULL", answers), [0, 1]);
}

#[test]
fn what_lies_within_lists_and_structs_is_a_field_too() {
    let operation = Operation::FindPerson;
    let title = |title: &str| {
        let position = match operation.fields().iter().find(|f| f.name == "positions") {
            Some(Field { kind: FieldKind::List(FieldKind::Struct(within)), .. }) => {
                within.iter().map(|field| match field.name {
                    "title" => Value::Text(title.into()),
                    _ => Value::Null,
                })
            }
            _ => panic!("positions are no list"),
        };
        let position = Value::Values(position.collect());
        let fields = operation.fields().iter().map(|field| match field.name {
            "positions" => Value::Values([position.clone()].into()),
            _ => Value::Null,
        });
        Finding::Hit(fields.collect())
    };
    let accept = Accept::prepare(operation, 0, "positions[1]['title'] = 'CTO'").unwrap();
    let answers: Vec<Answered> = ["CTO", "intern"]
        .iter()
        .zip(0..)
        .map(|(name, n)| answered(n, title(name)))
        .collect();
    let part = Part::Inline(answers.into());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let nowhere = Results::folder("nowhere".into());
    let rejected =
        runtime.block_on(accept.rejected(&nowhere, &[&part], &|_, _| true)).unwrap();
    assert_eq!((rejected.contains(&key(0)), rejected.contains(&key(1))), (false, true));
}

#[test]
fn what_cannot_be_judged_by_is_told_with_what_was_meant() {
    let wrong = |sql: &str| Accept::prepare(Operation::FindEmail, 3, sql).unwrap_err();
    let error = wrong("confidenc >= 70");
    assert_eq!(error.subject, Subject::Accept(3));
    assert_eq!(error.message, "no field confidenc");
    assert_eq!(error.hint.as_deref(), Some("did you mean confidence?"));
    let error = wrong("colour = 'red'");
    assert_eq!(error.hint.as_deref(), Some("`leadmill packs` lists the fields"));
    let error = wrong("confidence");
    assert_eq!(error.message, "a condition must be true or false, and this is a number");
    assert!(wrong("random() > 0.5").message.contains("another answer each time"));
    assert!(wrong("confidence >").message.contains("found: EOF"));
}

#[test]
fn what_says_the_same_of_all_is_known() {
    let constant =
        |sql: &str| Accept::prepare(Operation::FindEmail, 0, sql).unwrap().constant();
    assert_eq!(constant("1 = 1"), Some(true));
    assert_eq!(constant("2 < 1"), Some(false));
    assert_eq!(constant("confidence > 1"), None);
}

#[test]
fn only_what_is_judged_by_a_part_is_rejected_by_it() {
    let accept = Accept::prepare(Operation::FindEmail, 0, "false").unwrap();
    let hits = || [answered(0, hit("a")), answered(1, hit("b"))];
    let (old, new) = (Part::Inline(hits().into()), Part::Inline(hits().into()));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let nowhere = Results::folder("nowhere".into());
    let is_judged = |part: usize, asked: &QueryKey| part == 1 && *asked == key(1);
    let rejected =
        runtime.block_on(accept.rejected(&nowhere, &[&old, &new], &is_judged)).unwrap();
    assert_eq!(rejected.into_iter().collect::<Vec<_>>(), [key(1)]);
}
