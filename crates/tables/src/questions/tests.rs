use super::*;
use arrow::array::{ArrayRef, DictionaryArray, Int64Array, StringViewArray};
use arrow::datatypes::Int32Type;

fn leads() -> RecordBatch {
    let first: StringArray = vec![Some("Ada"), None, Some("Grace")].into_iter().collect();
    let last: DictionaryArray<Int32Type> =
        vec![Some("Lovelace"), Some("Turing"), Some("Hopper")].into_iter().collect();
    let domain: StringViewArray =
        vec![Some("X.io"), Some("y.io"), Some("none")].into_iter().collect();
    let columns: [(&str, ArrayRef); 4] = [
        ("first_name", Arc::new(first)),
        ("last", Arc::new(last)),
        ("Domain", Arc::new(domain)),
        ("age", Arc::new(Int64Array::from(vec![Some(36), Some(41), None]))),
    ];
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

fn step(when: Option<&str>, inputs: [&str; 3]) -> StepSpec {
    StepSpec {
        name: "email".into(),
        operation: Operation::FindEmail,
        when: when.map(str::to_owned),
        inputs: inputs.map(|sql| Some(sql.to_owned())).to_vec(),
        output: Vec::new(),
        receipt: false,
        asks_for_rows: false,
    }
}

const INPUTS: [&str; 3] = ["first_name", "last", "lower(\"Domain\")"];

fn prepare(when: Option<&str>, inputs: [&str; 3]) -> Result<Questions, TableError> {
    Questions::prepare(&leads().schema(), &step(when, inputs))
        .map_err(|mut errors| errors.remove(0))
}

fn asked(when: Option<&str>, inputs: [&str; 3]) -> Vec<Asked> {
    prepare(when, inputs).unwrap().read(&leads()).unwrap()
}

fn ada() -> Asked {
    Query::read(Operation::FindEmail, ["Ada", "Lovelace", "x.io"].map(Some))
}

#[test]
fn each_row_asks_or_says_why_not() {
    let malformed = || Err(Unaskable::Malformed("domain"));
    assert_eq!(
        asked(None, INPUTS),
        [ada(), Err(Unaskable::Empty("first_name")), malformed()]
    );
    let unwanted = || Err(Unaskable::Unwanted);
    assert_eq!(asked(Some("age < 40"), INPUTS), [ada(), unwanted(), unwanted()]);
    assert_eq!(asked(Some("age IS NULL"), INPUTS), [unwanted(), unwanted(), malformed()]);
    assert_eq!(asked(Some("false"), INPUTS), [unwanted(), unwanted(), unwanted()]);
    assert_eq!(asked(Some("NULL"), INPUTS), [unwanted(), unwanted(), unwanted()]);
    let literal = asked(None, ["'Ada'", "'Lovelace'", "'x.io'"]);
    assert_eq!(literal, [ada(), ada(), ada()]);
}

#[test]
fn functions_that_are_simplified_to_others_can_be_used() {
    let inputs = ["coalesce(first_name, 'Ada')", "nvl(last, 'x')", "concat('x', '.io')"];
    let asked = asked(Some("coalesce(age, 0) < 40"), inputs);
    assert_eq!(asked[0], ada());
    assert!(asked[2].is_ok());
}

#[test]
fn inputs_are_computed_only_where_they_are_wanted() {
    let risky = ["CAST(1 / (age - 36) AS VARCHAR)", "last", "'x.io'"];
    let questions = prepare(Some("age > 36"), risky).unwrap();
    let asked = questions.read(&leads()).unwrap();
    assert_eq!(asked.iter().filter(|asked| asked.is_ok()).count(), 1);
    let error = prepare(None, risky).unwrap().read(&leads()).unwrap_err();
    assert_eq!(
        (error.subject, error.message.as_str()),
        (Subject::Input(0), "divide by zero error")
    );
}

#[test]
fn only_the_columns_that_are_looked_at_are_named() {
    assert_eq!(prepare(Some("age > 1"), INPUTS).unwrap().columns(), [0, 1, 2, 3]);
    assert_eq!(prepare(None, ["last", "last", "'x.io'"]).unwrap().columns(), [1]);
}

#[test]
fn mistakes_are_told_in_one_sentence() {
    let wrong = |when: Option<&str>, input: &str| {
        let error = prepare(when, [INPUTS[0], input, INPUTS[2]]).unwrap_err();
        (error.subject, error.message, error.hint.unwrap_or_default())
    };
    let input = |input| wrong(None, input);
    let when = |when| wrong(Some(when), INPUTS[1]);
    let is = |subject, message: &str, hint: &str| (subject, message.into(), hint.into());
    let place = Subject::Input(1);
    assert_eq!(input("lsat"), is(place, "no column lsat", "did you mean last?"));
    assert_eq!(
        input("Domain"),
        is(place, "no column domain", "did you mean \"Domain\"?")
    );
    assert_eq!(
        input("age"),
        is(
            place,
            "an input must be text, and this is a number",
            "write CAST(age AS VARCHAR)"
        )
    );
    assert_eq!(input("max(last)"), is(place, "max sees more than one row", ""));
    assert_eq!(
        input("row_number() OVER ()"),
        is(place, "row_number sees more than one row", "")
    );
    assert_eq!(
        input("(SELECT 'x')"),
        is(place, "a subquery is only possible in the source's sql:", "")
    );
    assert_eq!(
        when("now() > TIMESTAMP '2026-01-01'"),
        is(Subject::When, "now() gives another answer each time it is asked", "")
    );
    assert_eq!(
        when("age"),
        is(Subject::When, "a condition must be true or false, and this is a number", "")
    );
    assert_eq!(
        when("age > 1 last"),
        is(
            Subject::When,
            "expected: end of expression, found: last at line 1, column 9",
            ""
        )
    );
}
