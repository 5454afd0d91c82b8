use super::*;
use crate::{
    Bought, Counts, Results,
    samples::{answered, findings, hit, key, numbers, question},
};
use arrow::{
    array::{Array, AsArray, Int64Array, StructArray},
    datatypes::{Int64Type, TimestampMillisecondType},
};
use leadmill_core::{Answered, Finding, Operation, Part, Timestamp, Unaskable, Value};

fn step(name: &str, receipt: bool) -> StepSpec {
    StepSpec {
        name: name.into(),
        operation: Operation::FindEmail,
        when: None,
        inputs: Vec::new(),
        output: [("found", "email"), ("sure", "confidence")]
            .map(|(column, path)| {
                (format!("{name}_{column}"), Operation::FindEmail.select(path).unwrap())
            })
            .into(),
        receipt,
        asks_for_rows: false,
    }
}

fn bought(part: &Part, at: i64) -> Bought<'_> {
    let job = (at > 1).then(|| format!("job {at}"));
    let (at, reused, sandbox) = (Timestamp(at), at > 1, false);
    Bought { part, provider: "acme".into(), job, at, reused, sandbox }
}

fn load(step: &StepSpec, parts: &[Part]) -> Answers {
    let bought: Vec<_> = (1..).zip(parts).map(|(at, part)| bought(part, at)).collect();
    load_wanted(step, &bought, &|_| true)
}

fn load_wanted(
    step: &StepSpec,
    bought: &[Bought<'_>],
    wanted: &(dyn Fn(&QueryKey) -> bool + Sync),
) -> Answers {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let nowhere = Results::folder("nowhere".into());
    let counts = |_: usize, key: &QueryKey| match wanted(key) {
        true => Counts::Whole,
        false => Counts::Not,
    };
    runtime.block_on(Answers::load(step, &nowhere, bought, &counts)).unwrap()
}

fn standing(asked: &QueryKey) -> Status {
    if *asked == key(9) { Status::UnknownCharged } else { Status::Deferred }
}

fn texts(batch: &RecordBatch, column: &str) -> Vec<Option<String>> {
    let column = batch.column_by_name(column).unwrap().as_string::<i32>();
    column.iter().map(|text| text.map(str::to_owned)).collect()
}

#[test]
fn every_row_gets_its_answer_or_its_status() {
    let step = step("email", false);
    let answers = load(&step, &[Part::Inline(findings().into())]);
    assert_eq!((answers.len(), answers.status(&key(1))), (4, Some(Status::Miss)));
    let rows = numbers(0..8);
    let attach = Attach::new(&rows.schema(), &step).unwrap();
    let mut asked: Vec<Asked> = [3, 0, 1, 2, 8, 9, 0].map(question).to_vec();
    asked.push(Err(Unaskable::Unwanted));
    let joined = attach.batch(&rows, &asked, &answers, &standing).unwrap();
    assert_eq!(&joined.schema(), attach.schema());
    assert_eq!(joined.project(&[0, 1]).unwrap(), rows);
    let statuses: Vec<_> = texts(&joined, "email_status").into_iter().flatten().collect();
    assert_eq!(
        statuses,
        [
            "unknown_charged",
            "hit",
            "miss",
            "failed",
            "deferred",
            "unknown_charged",
            "hit",
            "invalid_input"
        ]
    );
    let zero = || Some("zero@x.io".to_owned());
    assert_eq!(
        texts(&joined, "email_found"),
        [None, zero(), None, None, None, None, zero(), None]
    );
    let sure = joined.column(3).as_primitive::<Int64Type>().iter().flatten();
    assert_eq!(sure.collect::<Vec<_>>(), [90, 90]);
    assert!(!attach.schema().field(4).is_nullable());
}

#[test]
fn the_last_answer_counts_and_only_wanted_ones_are_kept() {
    let step = step("email", false);
    let old = [answered(0, Finding::Failed("x".into())), answered(1, hit("a"))];
    let old = Part::Inline(old.into());
    let new = Part::Inline([answered(0, hit("new"))].into());
    let bought = [bought(&old, 1), bought(&new, 2)];
    let wanted = |asked: &QueryKey| *asked != key(1);
    let answers = load_wanted(&step, &bought, &wanted);
    assert_eq!(answers.len(), 1);
    let rows = numbers(0..2);
    let attach = Attach::new(&rows.schema(), &step).unwrap();
    let asked = [question(0), question(1)];
    let joined = attach.batch(&rows, &asked, &answers, &standing).unwrap();
    assert_eq!(texts(&joined, "email_found"), [Some("new@x.io".to_owned()), None]);
}

#[test]
fn answers_are_found_across_many_chunks() {
    let step = step("email", false);
    let filler = |n: u32| Answered {
        key: QueryKey(std::array::from_fn(|i| n.to_le_bytes()[i % 4])),
        finding: Finding::Miss,
        credits: None,
    };
    let mut many: Vec<Answered> = (0..200_000).map(filler).collect();
    many.insert(150_000, answered(7, hit("far")));
    let answers = load(&step, &[Part::Inline(many.into())]);
    assert_eq!(answers.len(), 200_001);
    let rows = numbers(0..1);
    let attach = Attach::new(&rows.schema(), &step).unwrap();
    let joined = attach.batch(&rows, &[question(7)], &answers, &standing).unwrap();
    assert_eq!(texts(&joined, "email_found"), [Some("far@x.io".to_owned())]);
}

#[test]
fn receipts_come_last_and_grow_by_step() {
    let (first, second) = (step("email", true), step("check", true));
    let rows = numbers(0..2);
    let one = Attach::new(&rows.schema(), &first).unwrap();
    let two = Attach::new(one.schema(), &second).unwrap();
    let names: Vec<_> = two.schema().fields().iter().map(|f| f.name().as_str()).collect();
    assert_eq!(
        names,
        [
            "id",
            "name",
            "email_found",
            "email_sure",
            "email_status",
            "check_found",
            "check_sure",
            "check_status",
            "_leadmill"
        ]
    );
    let parts = [
        Part::Inline([answered(4, hit("a"))].into()),
        Part::Inline([answered(5, hit("b"))].into()),
    ];
    let asked = [question(5), question(6)];
    let answers = load(&first, &parts);
    let joined = one.batch(&rows, &asked, &answers, &standing).unwrap();
    let joined = two.batch(&joined, &asked, &load(&second, &[]), &standing).unwrap();
    let receipts = joined.column(8).as_struct();
    let receipt = |step: &str| -> StructArray {
        receipts.column_by_name(step).unwrap().as_struct().clone()
    };
    let email = RecordBatch::from(receipt("email"));
    let value = |text: &str| [Some(text.to_owned()), None];
    assert_eq!(texts(&email, "provider"), value("acme"));
    assert_eq!(texts(&email, "job"), value("job 2"));
    assert_eq!(email["credits"].as_ref(), &Int64Array::from(vec![Some(5), None]));
    let at = email["fetched_at"].as_primitive::<TimestampMillisecondType>();
    assert_eq!((at.value(0), at.is_null(1)), (2, true));
    assert!(email["reused"].as_boolean().value(0) && email["reused"].is_null(1));
    let check = RecordBatch::from(receipt("check"));
    assert_eq!(check["provider"].null_count(), 2);
    assert_eq!(
        texts(&check, "status"),
        [Some("deferred".into()), Some("deferred".into())]
    );
}

#[test]
fn a_column_is_never_replaced() {
    let schema = numbers(0..1).schema();
    let clash = |change: &dyn Fn(&mut StepSpec)| {
        let mut step = step("email", true);
        change(&mut step);
        let error = Attach::new(&schema, &step).unwrap_err();
        (error.subject, error.message)
    };
    assert_eq!(
        clash(&|step| step.output[1].0 = "NAME".into()),
        (Subject::Output(1), "there is already a column name".into())
    );
    assert_eq!(
        clash(&|step| step.output[0].0 = "Email_Status".into()),
        (Subject::Output(2), "there is already a column Email_Status".into())
    );
    let once = Attach::new(&schema, &step("email", true)).unwrap();
    let receipts: SchemaRef = Arc::new(once.schema().project(&[0, 5]).unwrap());
    let error = Attach::new(&receipts, &step("email", true)).unwrap_err();
    assert_eq!(error.message, "column _leadmill has a receipt of email already");
    let plain = Attach::new(&receipts, &step("check", false)).unwrap();
    assert_eq!(plain.schema().fields().last().unwrap().name(), "_leadmill");
}

fn person(titles: &[&str], skills: &[&str]) -> Finding {
    let text = |text: &&str| Value::Text((*text).into());
    let nulls = || std::iter::repeat_n(Value::Null, 8);
    let position =
        |title| Value::Values(std::iter::once(text(title)).chain(nulls()).collect());
    let fields = Operation::FindPerson.fields().iter().map(|field| match field.name {
        "headline" => Value::Text("a headline".into()),
        "positions" => Value::Values(titles.iter().map(position).collect()),
        "skills" => Value::Values(skills.iter().map(text).collect()),
        _ => Value::Null,
    });
    Finding::Hit(fields.collect())
}

fn people_step(output: &[(&str, &str)]) -> StepSpec {
    let select = |path| Operation::FindPerson.select(path).unwrap();
    let output = output.iter().map(|(column, path)| ((*column).to_owned(), select(path)));
    StepSpec {
        operation: Operation::FindPerson,
        output: output.collect(),
        ..step("person", true)
    }
}

#[test]
fn each_item_of_a_list_becomes_a_row_and_its_price_stands_once() {
    let step = people_step(&[
        ("head", "headline"),
        ("title", "positions[].title"),
        ("skill", "skills[0]"),
    ]);
    let answered = |n, finding| Answered {
        key: key(n),
        finding,
        credits: Some(leadmill_core::Credits(10)),
    };
    let findings = [
        answered(0, person(&["CTO", "Engineer"], &["Rust", "C"])),
        answered(1, person(&[], &[])),
        answered(2, Finding::Miss),
        answered(3, person(&["Founder"], &["Law"])),
    ];
    let answers = load(&step, &[Part::Inline(findings.into())]);
    let rows = numbers(0..6);
    let attach = Attach::new(&rows.schema(), &step).unwrap();
    let asked: Vec<Asked> = [3, 0, 1, 2, 8, 0].map(question).to_vec();
    let joined = attach.batch(&rows, &asked, &answers, &standing).unwrap();
    assert_eq!(&joined.schema(), attach.schema());
    let some = |texts: &[&str]| -> Vec<Option<String>> {
        texts.iter().map(|text| (!text.is_empty()).then(|| (*text).to_owned())).collect()
    };
    let leads = joined.column(0).as_primitive::<Int64Type>().values();
    assert_eq!(leads[..], [0, 1, 1, 2, 3, 4, 5, 5]);
    let titles = ["Founder", "CTO", "Engineer", "", "", "", "CTO", "Engineer"];
    assert_eq!(texts(&joined, "title"), some(&titles));
    let skills = ["Law", "Rust", "Rust", "", "", "", "Rust", "Rust"];
    assert_eq!(texts(&joined, "skill"), some(&skills));
    let statuses = ["hit", "hit", "hit", "hit", "miss", "deferred", "hit", "hit"];
    assert_eq!(texts(&joined, "person_status"), some(&statuses));
    let receipts = joined.column_by_name("_leadmill").unwrap().as_struct();
    let receipt = receipts.column_by_name("person").unwrap().as_struct();
    let credits = receipt.column_by_name("credits").unwrap();
    let credits = credits.as_primitive::<Int64Type>().iter().collect::<Vec<_>>();
    let ten = Some(10);
    assert_eq!(credits, [ten, ten, None, ten, ten, None, ten, None]);
    // Where rows are only there to ask, those that found nothing are gone, and those that wait are not. What stands
    // twice is one.
    let step = StepSpec { asks_for_rows: true, ..step };
    let attach = Attach::new(&rows.schema(), &step).unwrap();
    let joined = attach.batch(&rows, &asked, &answers, &standing).unwrap();
    let leads = joined.column(0).as_primitive::<Int64Type>().values();
    assert_eq!(leads[..], [0, 1, 1, 4]);
    let statuses = ["hit", "hit", "hit", "deferred"];
    assert_eq!(texts(&joined, "person_status"), some(&statuses));
}

#[test]
fn only_one_list_becomes_rows() {
    let step = people_step(&[("title", "positions[].title"), ("skill", "skills[]")]);
    let error = Attach::new(&numbers(0..1).schema(), &step).unwrap_err();
    assert_eq!(error.subject, Subject::Output(1));
    assert!(error.message.contains("another list"), "{error}");
    let step = people_step(&[("a", "positions[].title"), ("b", "positions[].company")]);
    assert!(Attach::new(&numbers(0..1).schema(), &step).is_ok());
}

/// Three were paid: the first for a hit that was turned down, or a miss; the second answered; of the last question
/// nobody has an answer yet.
#[test]
fn a_receipt_names_who_answered_and_adds_up_what_all_were_paid() {
    let step = step("email", true);
    let first =
        [answered(1, hit("bad")), answered(2, Finding::Miss), answered(3, hit("no"))];
    let second =
        [answered(1, hit("good")), answered(2, hit("worse")), answered(4, Finding::Miss)];
    let (first, second) = (Part::Inline(first.into()), Part::Inline(second.into()));
    let bought = [
        Bought { provider: "first".into(), ..bought(&first, 1) },
        Bought { provider: "second".into(), ..bought(&second, 2) },
    ];
    let counts = |purchase: usize, asked: &QueryKey| match purchase {
        0 => Counts::AsCost,
        _ if *asked == key(2) => Counts::AsMiss,
        _ => Counts::Whole,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let nowhere = Results::folder("nowhere".into());
    let answers = Answers::load(&step, &nowhere, &bought, &counts);
    let answers = runtime.block_on(answers).unwrap();
    assert_eq!(answers.purchase_of(&key(1)), Some(1));
    assert_eq!((answers.purchase_of(&key(3)), answers.status(&key(3))), (None, None));
    let rows = numbers(0..4);
    let attach = Attach::new(&rows.schema(), &step).unwrap();
    let asked: Vec<Asked> = [1, 2, 3, 4].map(question).to_vec();
    let joined = attach.batch(&rows, &asked, &answers, &standing).unwrap();
    let of = |column: &str| texts(&joined, column);
    assert_eq!(of("email_found"), [Some("good@x.io".into()), None, None, None]);
    assert_eq!(
        of("email_status").into_iter().flatten().collect::<Vec<_>>(),
        ["hit", "miss", "deferred", "miss"]
    );
    let receipts = joined.column_by_name("_leadmill").unwrap().as_struct();
    let receipt = receipts.column(0).as_struct();
    let providers = receipt.column_by_name("provider").unwrap().as_string::<i32>();
    let providers: Vec<_> = providers.iter().collect();
    assert_eq!(providers, [Some("second"), Some("second"), None, Some("second")]);
    let credits = receipt.column_by_name("credits").unwrap();
    let credits: Vec<_> = credits.as_primitive::<Int64Type>().iter().collect();
    assert_eq!(credits, [Some(1 + 1), Some(2 + 2), Some(3), Some(4)]);
}
