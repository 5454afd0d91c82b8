use super::*;

const PRICE: Credits = Credits(10);

fn key(n: u8) -> QueryKey {
    QueryKey([n; 16])
}

fn hit(n: u8) -> Answered {
    Answered { key: key(n), finding: Finding::Hit([].into()), credits: Some(Credits(10)) }
}

fn page(total: u64, cost: u64, answers: Vec<Answered>) -> Page {
    let items = answers.len() as u64;
    Page {
        ready: true,
        failed: false,
        total: Some(total),
        items,
        answers,
        cost: Some(Credits(cost)),
    }
}

fn keys(n: u8) -> Keys {
    (0..n).map(key).collect()
}

#[test]
fn pages_are_asked_for_until_the_total_is_covered_in_any_order() {
    let mut collection = Collection::new(keys(5), 2);
    assert_eq!(
        collection.take(1, page(5, 50, vec![hit(1), hit(0)])),
        Next::Pages(vec![2, 3])
    );
    assert_eq!(collection.take(3, page(5, 50, vec![hit(4)])), Next::Wait);
    assert_eq!(collection.take(2, page(5, 50, vec![hit(3), hit(2)])), Next::Done);
    let harvest = collection.harvest(PRICE);
    let order: Vec<_> = harvest.answers.iter().map(|answer| answer.key).collect();
    assert_eq!(order, (0..5).map(key).collect::<Vec<_>>());
    assert_eq!((harvest.cost, harvest.missing), (Credits(50), 0));
}

#[test]
fn a_provider_that_keeps_smaller_pages_is_followed() {
    let mut collection = Collection::new(keys(5), 1000);
    assert_eq!(
        collection.take(1, page(5, 50, vec![hit(0), hit(1)])),
        Next::Pages(vec![2, 3])
    );
    assert_eq!(collection.take(2, page(5, 50, vec![hit(2), hit(3)])), Next::Wait);
    assert_eq!(collection.take(3, page(5, 50, vec![hit(4)])), Next::Done);
}

#[test]
fn a_failed_job_is_read_up_to_its_first_empty_page_and_not_again() {
    let failed = |answers| Page { failed: true, ..page(1000, 10, answers) };
    let mut collection = Collection::new((0..200).map(key).collect(), 100);
    assert_eq!(collection.take(1, failed(vec![hit(0)])), Next::Pages(vec![2, 3, 4]));
    assert_eq!(collection.take(2, failed(vec![])), Next::Wait);
    assert_eq!(collection.take(3, failed(vec![])), Next::Wait);
    let Next::Pages(more) = collection.take(4, failed(vec![])) else { panic!("no more") };
    assert_eq!(more.len(), 8);
    assert_eq!(collection.take(more[0], failed(vec![])), Next::Done);
    assert_eq!(collection.harvest(PRICE).missing, 199);
}

#[test]
fn a_missing_item_is_looked_for_once_more_and_then_judged_by_the_bill() {
    for (cost, status) in [(20, Status::Failed), (30, Status::UnknownCharged)] {
        let mut collection = Collection::new(keys(3), 3);
        let incomplete = || page(3, cost, vec![hit(0), hit(2)]);
        assert_eq!(collection.take(1, incomplete()), Next::Pages(vec![2]));
        assert_eq!(collection.take(2, page(3, cost, vec![])), Next::Pages(vec![1, 2]));
        assert_eq!(collection.take(1, incomplete()), Next::Wait);
        assert_eq!(collection.take(2, page(3, cost, vec![])), Next::Done);
        let harvest = collection.harvest(PRICE);
        assert_eq!(*harvest.statuses(), [Status::Hit, status, Status::Hit]);
        assert_eq!(harvest.missing, 1);
    }
}

/// Whether an `invalid` address is charged in a batch is not known, so it explains no part of a bill.
#[test]
fn an_answer_of_uncertain_price_explains_nothing_where_items_are_missing() {
    let unsure = Answered { credits: None, ..hit(1) };
    let credits = |missing: bool, cost: Option<u64>| {
        let mut collection = Collection::new(keys(if missing { 3 } else { 2 }), 5);
        let items = || Page {
            cost: cost.map(Credits),
            ..page(2, 0, vec![hit(0), unsure.clone()])
        };
        while collection.take(1, items()) != Next::Done {}
        let harvest = collection.harvest(PRICE);
        let credits: Vec<_> =
            harvest.answers.iter().map(|a| a.credits.map(|c| c.0)).collect();
        (harvest.statuses().last().copied().unwrap(), harvest.cost.0, credits)
    };
    let (hit, failed, held) = (Status::Hit, Status::Failed, Status::UnknownCharged);
    assert_eq!(credits(false, Some(20)), (hit, 20, vec![Some(10), Some(10)]));
    assert_eq!(credits(false, Some(10)), (hit, 10, vec![Some(10), Some(0)]));
    assert_eq!(credits(true, Some(10)), (failed, 10, vec![Some(10), Some(0), Some(0)]));
    assert_eq!(credits(true, Some(20)), (held, 20, vec![None, None, None]));
    assert_eq!(credits(true, None), (held, 30, vec![None, None, None]));
}

/// What is not in a file is a miss only where all that was found has come, by whatever is told.
#[test]
fn a_file_is_held_against_what_the_job_says_of_itself() {
    let miss =
        |n| Answered { finding: Finding::Miss, credits: Some(Credits::ZERO), ..hit(n) };
    let judged = |answers: Vec<Answered>, untied: u64, bill: Bill| {
        let mut collection = Collection::of_file(keys(4));
        let (rows, items) =
            (answers.len() as u64 + untied, answers.len() as u64 + untied);
        let file = Page { total: Some(rows), items, cost: None, ..page(4, 0, answers) };
        assert_eq!(collection.take(1, file), Next::Done);
        let judged = collection.judge_absent(&bill);
        let harvest = collection.harvest(PRICE);
        (judged, harvest.statuses().to_vec(), harvest.cost.0)
    };
    let two = || vec![hit(2), hit(0)];
    let bill = |found: Option<u64>, cost: Option<u64>| Bill {
        found,
        cost: cost.map(Credits),
        ..Bill::default()
    };
    let (yes, no) = (Status::Hit, Status::Miss);
    let (failed, held) = (Status::Failed, Status::UnknownCharged);
    let all = || vec![yes, no, yes, no];
    let open = |status| vec![yes, status, yes, status];
    for (answers, untied, told, expected) in [
        (two(), 0, bill(Some(2), Some(20)), (Judged::Whole, all(), 20)),
        (two(), 0, bill(Some(2), None), (Judged::Whole, all(), 20)),
        (two(), 0, bill(None, Some(20)), (Judged::Whole, all(), 20)),
        // Some count the records.
        (two(), 0, bill(Some(2), Some(10)), (Judged::Whole, all(), 10)),
        // What was not found stands in the file too.
        (
            vec![hit(0), miss(1), hit(2), miss(3)],
            0,
            bill(Some(2), Some(20)),
            (Judged::Whole, all(), 20),
        ),
        // It has found more than came, by its count or by its bill.
        (two(), 0, bill(Some(3), Some(20)), (Judged::Short, open(failed), 20)),
        (two(), 0, bill(None, Some(30)), (Judged::Short, open(held), 30)),
        (
            vec![hit(0), hit(2), miss(3)],
            0,
            bill(Some(4), None),
            (Judged::Short, vec![yes, held, yes, no], 30),
        ),
        // Nothing is told, or a record is tied to nothing: what is left out may have been charged.
        (two(), 0, bill(None, None), (Judged::Unproved, open(held), 40)),
        (two(), 1, bill(Some(2), Some(20)), (Judged::Unproved, open(failed), 20)),
        (vec![], 0, bill(None, None), (Judged::Unproved, vec![held; 4], 40)),
        // It has failed at some.
        (
            two(),
            0,
            Bill { failed: Some(1), ..bill(Some(2), Some(20)) },
            (Judged::Unproved, open(failed), 20),
        ),
        (
            two(),
            0,
            Bill { records: Some(3), ..bill(Some(2), Some(20)) },
            (Judged::Short, open(failed), 20),
        ),
    ] {
        assert_eq!(judged(answers, untied, told), expected, "{told:?} {untied}");
    }
}

/// A job that says nothing of itself is believed where nothing speaks against it.
#[test]
fn what_nothing_is_said_of_is_a_miss_where_the_file_is_sound() {
    let believed = |answers: Vec<Answered>, untied: u64, bill: Bill| {
        let mut collection = Collection::of_file(keys(2));
        let items = answers.len() as u64 + untied;
        let file = Page { total: Some(items), items, cost: None, ..page(2, 0, answers) };
        assert_eq!(collection.take(1, file), Next::Done);
        assert_ne!(collection.judge_absent(&bill), Judged::Whole);
        collection.believe(&bill);
        collection.harvest(PRICE).statuses().last().copied().unwrap()
    };
    let held = Status::UnknownCharged;
    assert_eq!(believed(vec![hit(0)], 0, Bill::default()), Status::Miss);
    assert_eq!(believed(vec![hit(0)], 1, Bill::default()), held);
    assert_eq!(believed(vec![], 0, Bill::default()), held);
    let failed = Bill { failed: Some(1), ..Bill::default() };
    assert_eq!(believed(vec![hit(0)], 0, failed), held);
    let found = Bill { found: Some(2), ..Bill::default() };
    assert_eq!(believed(vec![hit(0)], 0, found), held);
}

/// What stands in the file of what was not found is proved, whatever else is not.
#[test]
fn the_file_of_what_was_not_found_proves_misses() {
    let mut collection = Collection::of_file(keys(4));
    let file = |answers: Vec<Answered>| {
        let total = Some(answers.len() as u64);
        Page { total, cost: None, ..page(4, 0, answers) }
    };
    assert_eq!(collection.take(1, file(vec![hit(2), hit(0)])), Next::Done);
    let bill = Bill { failed: Some(1), found: Some(2), ..Bill::default() };
    assert_eq!(collection.judge_absent(&bill), Judged::Unproved);
    let miss =
        Answered { finding: Finding::Miss, credits: Some(Credits::ZERO), ..hit(3) };
    // It takes nothing back that was found.
    let again = Answered { key: key(0), ..miss.clone() };
    assert_eq!(collection.take(2, file(vec![miss, again])), Next::Done);
    assert_eq!(collection.judge_absent(&bill), Judged::Unproved);
    let statuses = collection.harvest(PRICE).statuses();
    assert_eq!(
        *statuses,
        [Status::Hit, Status::UnknownCharged, Status::Hit, Status::Miss]
    );
}

#[test]
fn doubled_and_foreign_items_are_counted_and_change_nothing() {
    let mut collection = Collection::new(keys(2), 9);
    let odd = page(2, 20, vec![hit(0), hit(0), hit(9), hit(1)]);
    assert_eq!(collection.take(1, odd), Next::Done);
    assert_eq!((collection.duplicated, collection.foreign), (1, 1));
    assert_eq!(collection.harvest(PRICE).answers.len(), 2);
}

/// Question 1 is spelt as questions 0 and 2 are where accents are lost.
fn namesakes() -> Keys {
    let keys = [0, 1, 2, 3].map(key).into();
    Keys::spelt(keys, [(0, key(1)), (2, key(1))].into())
}

#[test]
fn the_answer_of_a_namesake_is_taken_only_where_each_of_them_has_one() {
    let mut each = Collection::new(namesakes(), 9);
    let all = page(4, 40, vec![hit(1), hit(0), hit(3), hit(2)]);
    assert_eq!(each.take(1, all), Next::Done);
    let harvest = each.harvest(PRICE);
    assert_eq!((harvest.missing, harvest.unclear), (0, 0));
    assert_eq!(*harvest.statuses(), [Status::Hit; 4]);

    // Two rows of three come spelt alike: nobody knows whose they are.
    for (first, statuses) in [
        (vec![hit(1), hit(1), hit(2), hit(3)], [false, false, true, true]),
        (vec![hit(1), hit(3)], [false, false, false, true]),
        (vec![hit(0), hit(3)], [true, false, false, true]),
    ] {
        let items = first.len() as u64;
        let mut plain = Collection::new(namesakes(), 9);
        let answers = Page { items: 4, ..page(4, 40, first) };
        assert_eq!(plain.take(1, answers), Next::Pages(vec![1]));
        assert_eq!(plain.take(1, page(4, 40, Vec::new())), Next::Done);
        let harvest = plain.harvest(PRICE);
        let hits = harvest.answers.iter().map(|it| matches!(it.finding, Finding::Hit(_)));
        assert_eq!(hits.collect::<Vec<_>>(), statuses, "{items}");
        let unknown = harvest.statuses().iter().filter(|it| **it != Status::Hit).count();
        assert_eq!(harvest.missing, unknown as u64);
    }
}

/// A job may hold nothing but namesakes, and the provider's own extra rows: it has ended all the same.
#[test]
fn a_job_of_namesakes_alone_holds_what_was_asked() {
    let keys = || Keys::spelt([0, 1].map(key).into(), [(0, key(1))].into());
    for (rows, holds_none) in [(vec![hit(1), hit(1)], false), (Vec::new(), true)] {
        let mut plain = Collection::new(keys(), 9);
        let answers = Page { items: 3, ..page(3, 20, rows) };
        assert_eq!(plain.take(1, answers), Next::Pages(vec![1]));
        assert_eq!(plain.take(1, page(3, 20, Vec::new())), Next::Done);
        assert_eq!(plain.foreign, 3 - 2 * u64::from(!holds_none));
        let harvest = plain.harvest(PRICE);
        assert_eq!(harvest.missing, 2);
        assert_eq!(harvest.holds_none(), holds_none);
    }
}

#[test]
fn what_became_of_a_namesake_is_told() {
    let mut plain = Collection::new(namesakes(), 9);
    let rows = vec![hit(1), hit(1), hit(2), hit(3)];
    assert_eq!(plain.take(1, page(4, 40, rows)), Next::Pages(vec![1]));
    assert_eq!(plain.take(1, page(4, 40, Vec::new())), Next::Done);
    let harvest = plain.harvest(PRICE);
    assert_eq!((harvest.missing, harvest.unclear), (2, 2));
    let why = Finding::Unknown("its row cannot be told from that of a namesake".into());
    assert_eq!([0, 1].map(|at| harvest.answers[at].finding.clone()), [why.clone(), why]);
}
