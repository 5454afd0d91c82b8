//! Which question a row is about, from files that are made by hand.

use super::super::super::tests::robust::{Dice, fits};
use super::super::{
    Generation,
    results::{self, Read, Unread},
    ties,
};
use super::*;

fn read(queries: &[Query], file: &str) -> Result<Read, Unread> {
    let keys = Keys::of(queries);
    let (operation, account) = (queries[0].operation(), account());
    let offer = account.offer(operation).unwrap();
    results::read(operation, offer, Generation::Second, &keys, file.as_bytes())
}

fn id(query: &Query) -> String {
    ties::id(query.key())
}

/// The questions that are answered, by their places, with what each costs.
fn tied(queries: &[Query], file: &str) -> Vec<(usize, u64)> {
    let place = |answer: Answered| {
        let place = queries.iter().position(|query| query.key() == answer.key).unwrap();
        (place, answer.credits.unwrap().0)
    };
    read(queries, file).unwrap().answers.into_iter().map(place).collect()
}

#[test]
fn an_id_says_it_and_rows_may_come_in_any_order_and_twice() {
    let asked = asked(Operation::FindEmail, 3);
    let [a, b, c] = [0, 1, 2].map(|nth| id(&asked[nth]));
    let stranger = "0".repeat(32);
    let file = format!(
        "Leadmill ID,Email,Verification status\n{c},c@x.io,valid\n{a},,\n{c},c@x.io,valid\n{stranger},s@x.io,valid\n,n@x.io,valid\nzz,z@x.io,valid\n{b},b@x.io,invalid\n"
    );
    assert_eq!(tied(&asked, &file), [(2, 1), (0, 0), (1, 1)]);
    let page = read(&asked, &file).unwrap();
    assert_eq!(page.rows, 7, "the others are counted");
    assert_eq!(page.answers[1].finding, Finding::Miss);
    let upper = file.replace(&c, &c.to_uppercase());
    assert_eq!(tied(&asked, &upper), tied(&asked, &file));
}

#[test]
fn inputs_that_are_not_those_of_the_id_make_a_row_a_stranger() {
    let asked = asked(Operation::VerifyEmail, 2);
    let [a, b] = [0, 1].map(|nth| id(&asked[nth]));
    let [x, y] = [0, 1].map(|nth| asked[nth].values().next().unwrap().to_owned());
    let header = "leadmill_email,leadmill_id,email,status\n";
    let right =
        format!("{header} {},{a},{x},valid\n{y},{b},{y},valid\n", x.to_uppercase());
    assert_eq!(tied(&asked, &right), [(0, 1), (1, 1)]);
    let swapped = format!("{header}{y},{a},{x},valid\n{x},{b},{y},valid\n");
    assert_eq!(tied(&asked, &swapped), []);
    // What cannot be read contradicts nothing.
    let blank = format!("{header},{a},{x},valid\n?,{b},{y},valid\n");
    assert_eq!(tied(&asked, &blank), [(0, 1), (1, 1)]);
    // What the verdict is about is told apart by the reader of verdicts.
    let other = format!("{header}{x},{a},{y},valid\n");
    let answer = &read(&asked, &other).unwrap().answers[0];
    assert!(matches!(answer.finding, Finding::Unknown(_)), "{answer:?}");
    // A row with more cells than the header stands in other columns.
    let longer = format!("{header}{x},{a},{x},valid,,\n{y},{b},{y},valid,1\n");
    assert_eq!(tied(&asked, &longer), [(0, 1)]);
}

#[test]
fn inputs_that_come_back_say_it_where_no_id_does() {
    let finder = asked(Operation::FindEmail, 2);
    let [last] = [finder[1].values().nth(1).unwrap().to_uppercase()];
    let ours = format!(
        "leadmill_first_name;leadmill_last_name;leadmill_domain;first_name;email\nada;{last};https://www.example.com/;Bob;b@x.io\n;;;;s@x.io\n"
    );
    assert_eq!(tied(&finder, &ours), [(1, 1)]);
    let results = format!(
        "first_name,last_name,website_url,email\nADA,{last},example.com,b@x.io\n"
    );
    assert_eq!(tied(&finder, &results), [(1, 1)]);
    // An id column without ids is as good as none.
    let blank = ours.replace("leadmill_first", "leadmill_id;leadmill_first");
    let blank = blank.replace("\nada", "\n;ada").replace("\n;;;;s", "\n;;;;;s");
    assert_eq!(tied(&finder, &blank), [(1, 1)]);

    let phones = asked(Operation::ValidatePhone, 4);
    let file =
        "valid,e164_format,country_code\ntrue,+14155550100,US\ntrue,+14155550999,US\n";
    assert_eq!(tied(&phones, file), [(0, 1)]);
    let guarded = "leadmill_phone,leadmill_country_code,valid\n'+14155550102,,true\n4155550103,US,true\n4155550103,,true\n";
    assert_eq!(tied(&phones, guarded), [(2, 1), (3, 1)]);

    let profile = asked(Operation::FindEmailByProfile, 1);
    let file = "email,linkedin\na@x.io,https://de.linkedin.com/in/ada-aa/\nb@x.io,linkedin.com/in/ada-aa\n";
    assert_eq!(tied(&profile, file), [(0, 2)], "two addresses");
    let author = asked(Operation::FindAuthor, 1);
    let file =
        "url,full_name\nhttps://example0.com/By/aa,Ada\nhttps://example0.com/by/aa,Eve\n";
    assert_eq!(tied(&author, file), [(0, 1)]);
}

/// Namesakes of one company, and somebody whose spelling is her own alone.
fn namesakes() -> [Query; 4] {
    [["Zoë", "Li"], ["Zoe", "Li"], ["Seán", "O'Neill"], ["Ada", "Byron"]]
        .map(|[first, last]| query(Operation::FindEmail, [first, last, "x.io"]))
}

/// Whose addresses the rows of a file are taken for.
fn addresses(queries: &[Query], file: &str) -> Vec<(usize, String)> {
    let place = |answer: Answered| {
        let Value::Text(email) = field(Operation::FindEmail, &answer, "email") else {
            panic!("{answer:?}")
        };
        let place = queries.iter().position(|query| query.key() == answer.key).unwrap();
        (place, email.to_string())
    };
    read(queries, file).unwrap().answers.into_iter().map(place).collect()
}

#[test]
fn an_input_that_comes_back_in_a_plain_spelling_says_it_where_it_means_one_question() {
    let asked = namesakes();
    for (header, domain) in [
        ("leadmill_first_name,leadmill_last_name,leadmill_domain", "x.io"),
        ("first_name,last_name,website_url", "https://www.x.io/"),
    ] {
        let file = format!(
            "{header},email\nsean,oneill,{domain},s@x.io\nADA,byron,{domain},a@x.io\n"
        );
        let taken = [(2, "s@x.io".to_owned()), (3, "a@x.io".to_owned())];
        assert_eq!(addresses(&asked, &file), taken);
        // Of two that differ one is about somebody else; what is spelt in full is hers.
        let two = format!("{file}Sean,O Neill,{domain},t@x.io\n");
        assert_eq!(addresses(&asked, &two), taken[1..]);
        let own = format!("{two}Seán,O'Neill,{domain},o@x.io\n");
        assert_eq!(addresses(&asked, &own), [taken[1].clone(), (2, "o@x.io".to_owned())]);
    }
}

#[test]
fn a_namesake_s_row_is_nobody_s_where_names_come_back_plainly() {
    let asked = namesakes();
    let names = |prefix: &str| {
        ["first_name", "last_name", "domain"]
            .map(|name| format!("{prefix}{name}"))
            .join(",")
    };
    for header in [names("leadmill_"), names("")] {
        let ada = "Ada,Byron,x.io,a@x.io\n";
        // One of the two was not found, or both were: who is told by nothing.
        for rows in ["zoe,li,x.io,1@x.io\n", "zoe,li,x.io,1@x.io\nzoe,li,x.io,2@x.io\n"] {
            let file = format!("{header},email\n{rows}{ada}");
            assert_eq!(addresses(&asked, &file), [(3, "a@x.io".to_owned())], "{file}");
            let page = read(&asked, &file).unwrap();
            assert_eq!(page.untied, page.rows - 1, "they are counted");
        }
        // What keeps its accents tells them apart.
        let file = format!("{header},email\nZoe,Li,x.io,2@x.io\nZoë,Li,x.io,1@x.io\n");
        let both = [(1, "2@x.io".to_owned()), (0, "1@x.io".to_owned())];
        assert_eq!(addresses(&asked, &file), both);
        // What was sent is spelt as it was sent; what was found may be spelt in full where the question was not.
        let file = format!("{header},email\nZoë,Li,x.io,1@x.io\n");
        let sent = header.starts_with("leadmill_");
        assert_eq!(addresses(&asked, &file), both[if sent { 1 } else { 2 }..]);
    }
    // So does an id, whatever the names have become.
    let [zoe, plain] = [0, 1].map(|nth| id(&asked[nth]));
    let file = format!(
        "leadmill_id,{},email\n{zoe},zoe,li,x.io,1@x.io\n{plain},zoe,li,x.io,2@x.io\n",
        names("leadmill_")
    );
    let both = [(0, "1@x.io".to_owned()), (1, "2@x.io".to_owned())];
    assert_eq!(addresses(&asked, &file), both);
    let (one, _) = file.split_once(&plain).unwrap();
    assert_eq!(addresses(&asked, one), both[..1]);
}

#[test]
fn an_address_at_a_namesake_s_domain_is_nobody_s_where_results_alone_say_it() {
    let asked = ["x.io", "y.io"]
        .map(|domain| query(Operation::FindEmail, ["Ada", "Byron", domain]));
    let file = |email: &str| {
        format!("first_name,last_name,website_url,email\nAda,Byron,x.io,{email}\n")
    };
    for email in ["a@x.io", "a@z.io", ""] {
        let row = file(email);
        assert_eq!(tied(&asked, &row).len(), 1, "{row}");
    }
    let page = read(&asked, &file("a@y.io")).unwrap_err();
    assert!(matches!(page, Unread::Untied(_)), "{page:?}");
    let sent = file("a@y.io").replace("website_url", "leadmill_domain");
    let sent = sent.replace("first_name", "leadmill_first_name");
    let sent = sent.replace("last_name", "leadmill_last_name");
    assert_eq!(tied(&asked, &sent), [(0, 1)]);
}

#[test]
fn a_verdict_in_a_plain_spelling_is_about_the_address_that_was_asked_about() {
    let asked = [query(Operation::VerifyEmail, ["Zoë@x.io"])];
    let file = format!("leadmill_id,email,status\n{},zoe@x.io,valid\n", id(&asked[0]));
    let answer = &read(&asked, &file).unwrap().answers[0];
    assert!(matches!(answer.finding, Finding::Hit(_)), "{answer:?}");
}

/// What two questions could have made is nobody's.
#[test]
fn a_row_that_could_be_about_two_questions_is_about_none() {
    let phones = [["+14155550100", ""], ["+14155550100", "us"]]
        .map(|raw| query(Operation::ValidatePhone, raw));
    let file = "valid,phone,country_code\ntrue,+14155550100,US\n";
    let error = read(&phones, file).unwrap_err();
    assert!(matches!(error, Unread::Untied(_)));
    let ours = "leadmill_phone,leadmill_country_code,valid\n+14155550100,US,true\n+14155550100,,false\n";
    assert_eq!(tied(&phones, ours), [(1, 1), (0, 1)]);
}

#[test]
fn the_site_of_a_company_that_is_alike_says_nothing_of_the_question() {
    let asked = asked(Operation::FindSimilar, 2);
    let file = "website_url,name\nexample0.com,A\nexample1.com,B\n";
    let error = read(&asked, file).unwrap_err();
    let Unread::Untied(why) = error else { panic!("{error:?}") };
    assert_eq!(
        why,
        "its 2 rows do not say which question each answers: the columns are website_url, name"
    );
    let long = format!("ada@x.io,{}\n1,2\n", "x".repeat(9_000));
    let Unread::Untied(why) = read(&asked, &long).unwrap_err() else { panic!() };
    // What is cut in its middle could be what is left of a secret.
    assert!(why.ends_with("are (an address) …"), "{why}");
    let file =
        "domain,website_url,name\nexample1.com,example0.com,A\nexample1.com,x.io,X\n";
    let answer = &read(&asked, file).unwrap().answers[0];
    let Value::Values(similar) = field(Operation::FindSimilar, answer, "similar") else {
        panic!("{answer:?}")
    };
    assert_eq!((answer.key, similar.len()), (asked[1].key(), 2));
}

#[test]
fn a_file_that_says_nothing_of_its_questions_is_an_error_and_an_empty_one_is_none() {
    for operation in OPERATIONS {
        let asked = asked(operation, 2);
        for none in ["status,score\n", "leadmill_id,email\n"] {
            let page = read(&asked, none).unwrap();
            assert_eq!((page.rows, page.answers.len()), (0, 0), "{operation} {none}");
        }
        let error = read(&asked, "status,score\nvalid,9\n").unwrap_err();
        assert!(matches!(error, Unread::Untied(_)), "{operation}");
        for no_file in ["", "\n", "<html>", "{}", "leadmill_id,email,status\nx,a@x.io"] {
            let error = read(&asked, no_file).unwrap_err();
            assert!(matches!(error, Unread::NoFile(_)), "{operation} {no_file}");
        }
        // Ours are there: whoever else is there is a stranger.
        let stranger = format!("leadmill_id,email\n{},a@x.io\n", "0".repeat(32));
        let page = read(&asked, &stranger).unwrap();
        assert_eq!((page.rows, page.answers.len()), (1, 0));
    }
}

fn search(domain: &str, settings: [&str; 3]) -> Query {
    let [most, department, kind] = settings;
    query(Operation::SearchDomain, [domain, most, "", department, "", kind])
}

#[test]
fn the_settings_of_a_search_are_found_by_its_keys() {
    let people = "x.io,a@x.io\ny.io,b@y.io\nx.io,c@x.io\nx.io,d@x.io\nz.io,e@z.io\n";
    for settings in [["", "", ""], ["2", "", "generic"], ["50", "sales", "personal"]] {
        let asked = ["x.io", "y.io"].map(|domain| search(domain, settings));
        let file = format!("leadmill_domain,email\n{people}");
        let page = read(&asked, &file).unwrap();
        let keys: Vec<_> = page.answers.iter().map(|answer| answer.key).collect();
        assert_eq!(keys, [asked[0].key(), asked[1].key()], "{settings:?}");
        let Value::Values(emails) =
            field(Operation::SearchDomain, &page.answers[0], "emails")
        else {
            panic!()
        };
        assert_eq!(emails.len(), if settings[0] == "2" { 2 } else { 3 });
        let price = if settings[0] == "50" { 5 } else { 1 };
        assert_eq!(page.answers[0].credits, Some(Credits(price)));
    }
    // Several departments are not tried: then the id alone says it.
    let asked = [search("x.io", ["", "sales|legal", ""])];
    let error = read(&asked, &format!("leadmill_domain,email\n{people}")).unwrap_err();
    assert!(matches!(error, Unread::Untied(_)));
    let file =
        format!("leadmill_domain,leadmill_id,email\nx.io,{},a@x.io\n", id(&asked[0]));
    assert_eq!(tied(&asked, &file), [(0, 1)]);
    // Beside an id a domain may contradict it.
    let asked = ["x.io", "y.io"].map(|domain| search(domain, ["3", "", ""]));
    let [a, b] = [0, 1].map(|nth| id(&asked[nth]));
    let file =
        format!("leadmill_domain,leadmill_id,email\nx.io,{a},a@x.io\nx.io,{b},b@x.io\n");
    assert_eq!(tied(&asked, &file), [(0, 1)]);
}

#[test]
fn members_stand_where_the_single_endpoint_has_them_however_they_are_called() {
    let asked = asked(Operation::FindCompany, 1);
    let row =
        format!("{},Example Ltd,1998,51-200,GB,+1 415;+1 416,a; b,7.0", id(&asked[0]));
    for header in [
        "leadmill_id,name,foundedYear,metrics.employees,country,site.phoneNumbers,tags,metrics.trafficRank",
        "Leadmill id,Name,Founded year,Employees,Country,Phone numbers,Tags,Traffic rank",
    ] {
        let answers = read(&asked, &format!("{header}\n{row}\n")).unwrap().answers;
        let of = |name| field(Operation::FindCompany, &answers[0], name).clone();
        assert_eq!(of("founded"), Value::Integer(1998));
        assert_eq!(of("size"), Value::Text("51-200".into()));
        assert_eq!(
            (of("country"), of("country_code")),
            (Value::Null, Value::Text("GB".into()))
        );
        assert_eq!(of("phone"), Value::Text("+1 415".into()));
        assert_eq!(of("traffic_rank"), Value::Integer(7));
        let Value::Values(tags) = of("tags") else { panic!() };
        assert_eq!(tags.len(), 2);
    }
    // The name that was asked about is no answer.
    let echo = format!("leadmill_id,domain,name\n{},example0.com,\n", id(&asked[0]));
    let answers = read(&asked, &echo).unwrap().answers;
    let miss = (Finding::Miss, Some(Credits::ZERO));
    assert_eq!((answers[0].finding.clone(), answers[0].credits), miss);
}

/// Names that mean something in some file.
const NAMES: &str = "leadmill_id leadmill_email leadmill_domain leadmill_phone leadmill_country_code leadmill_url \
    leadmill_linkedin_url leadmill_first_name leadmill_last_name email first_name last_name full_name domain website_url \
    name linkedin url phone valid e164_format country country_code timezones region sources score status result \
    verification_status smtp_server founded_year employees phone_numbers tags type phone_number webmail unheard_of";

#[test]
fn whatever_a_file_holds_its_answers_have_their_fields_and_their_prices() {
    let (mut dice, mut hits, mut misses, mut errors) = (Dice(7), 0, 0, 0);
    let names: Vec<_> = NAMES.split_whitespace().collect();
    for round in 0..4_000 {
        let operation = OPERATIONS[round % OPERATIONS.len()];
        let asked = asked(operation, 3);
        let mut cells: Vec<String> =
            asked.iter().flat_map(|query| query.values().map(str::to_owned)).collect();
        cells.extend(asked.iter().map(id));
        let odd = [
            "", "true", "0", "85", "1e400", "\"a,b\"", "a;b", "[\"x\"]", "null", "\u{0}",
            "\"", "\n",
        ];
        cells.extend(odd.map(str::to_owned));
        let mut columns = vec![["leadmill_id", "unheard_of"][dice.below(2)]];
        columns.extend((0..dice.below(9)).map(|_| names[dice.below(names.len())]));
        let mut file = columns.join(",") + "\n";
        for _ in 0..dice.below(5) {
            let mut row: Vec<_> =
                columns.iter().map(|_| cells[dice.below(cells.len())].clone()).collect();
            if dice.below(3) > 0 {
                row[0] = id(&asked[dice.below(asked.len())]);
            }
            file += &(row.join(",") + "\n");
        }
        let Ok(page) = read(&asked, &file) else {
            errors += 1;
            continue;
        };
        assert!(page.answers.len() as u64 <= page.rows, "{file}");
        for answer in page.answers {
            assert!(asked.iter().any(|query| query.key() == answer.key), "{file}");
            let cost = answer.credits.unwrap();
            match &answer.finding {
                Finding::Hit(values) => {
                    let fields = operation.fields();
                    assert_eq!(values.len(), fields.len());
                    for (value, field) in values.iter().zip(fields) {
                        assert!(
                            fits(value, field.kind),
                            "{value:?} is no {}: {file}",
                            field.name
                        );
                    }
                    assert!(cost >= Credits(1), "{file}");
                    hits += 1;
                }
                Finding::Miss => {
                    assert_eq!(cost, Credits::ZERO, "{file}");
                    misses += 1;
                }
                Finding::Unknown(_) => assert!(cost >= Credits(1), "{file}"),
                Finding::Failed(why) => panic!("{why}: {file}"),
            }
        }
    }
    assert!(hits > 200 && misses > 200 && errors > 200, "{hits} {misses} {errors}");
}

/// Each input may be any of the columns that are called like it, but not any of a hundred.
#[test]
fn a_file_with_no_end_of_columns_of_one_name_is_not_tried_out() {
    let asked = vec![query(Operation::FindEmail, ["a0", "b0", "c0.example"])];
    let file = |count: usize| {
        let row = |names: [&str; 3], end: &str| {
            let cells = names.into_iter().flat_map(|name| {
                (0..count).map(move |nth| match end {
                    "" => name.to_owned(),
                    end => format!("{name}{nth}{}", end.repeat(usize::from(name == "c"))),
                })
            });
            cells.collect::<Vec<_>>().join(",")
        };
        let header = row(["first_name", "last_name", "domain"], "");
        format!("{header},email\n{},x@x.io\n", row(["a", "b", "c"], ".example"))
    };
    assert_eq!(tied(&asked, &file(4)), [(0, 1)]);
    let error = read(&asked, &file(100)).unwrap_err();
    assert!(matches!(error, Unread::Untied(_)));
}
