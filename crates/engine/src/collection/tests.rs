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

fn keys(n: u8) -> Arc<[QueryKey]> {
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

/// What is not in a file is a miss only where the job has found no more than came.
#[test]
fn a_file_is_held_against_what_the_job_says_of_itself() {
    let miss =
        |n| Answered { finding: Finding::Miss, credits: Some(Credits::ZERO), ..hit(n) };
    let judged = |answers: Vec<Answered>, found: Option<u64>, failed: Option<u64>| {
        let mut collection = Collection::of_file(keys(4));
        let file = Page { total: None, cost: None, ..page(4, 0, answers) };
        assert_eq!(collection.take(1, file), Next::Done);
        let cost = Some(Credits(20));
        let bill = Bill { cost, found, failed, ..Bill::default() };
        let is_whole = collection.judge_absent(&bill);
        (is_whole, collection.harvest(PRICE).statuses().to_vec())
    };
    let (yes, no, failed) = (Status::Hit, Status::Miss, Status::Failed);
    let two = || vec![hit(2), hit(0)];
    let all = vec![yes, no, yes, no];
    assert_eq!(judged(two(), Some(2), Some(0)), (true, all.clone()));
    assert_eq!(judged(two(), None, None), (true, all.clone()));
    // Something of no use to us was found, or what was not found stands in the file too.
    let named = || vec![hit(0), hit(2), miss(3)];
    assert_eq!(judged(named(), Some(3), None), (true, all.clone()));
    let whole = vec![hit(0), hit(2), miss(3), miss(1)];
    assert_eq!(judged(whole, Some(2), None), (true, all));
    // It has found more than came, or has failed at some.
    let open = vec![yes, failed, yes, failed];
    assert_eq!(judged(two(), Some(3), Some(0)), (false, open.clone()));
    assert_eq!(judged(two(), Some(2), Some(1)), (true, open));
    assert!(!judged(named(), Some(4), None).0);
}

#[test]
fn doubled_and_foreign_items_are_counted_and_change_nothing() {
    let mut collection = Collection::new(keys(2), 9);
    let odd = page(2, 20, vec![hit(0), hit(0), hit(9), hit(1)]);
    assert_eq!(collection.take(1, odd), Next::Done);
    assert_eq!((collection.duplicated, collection.foreign), (1, 1));
    assert_eq!(collection.harvest(PRICE).answers.len(), 2);
}
