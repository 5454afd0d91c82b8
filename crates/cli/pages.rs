//! Pages of a search that nobody counts beforehand: what those that are known tell of the others.

use crate::{
    enriching::At,
    exit::Failure,
    known::Known,
    pipeline::{Bought, Pages, Told},
    prepared::{Prepared, PreparedStep},
};
use leadmill_core::{Ledger, Operation, QueryKey, State, Status, index::Need};
use leadmill_tables::{Answers, Bought as Purchase, Counts, StepSpec};

/// What a page says of its search, and of itself.
const FIELDS: [&str; 3] = ["total_results", "page_size", "page_results"];

/// The pages that are to be looked at, by what is known of these; none where that is not known yet, or no matter of the
/// pipeline's source.
pub(crate) async fn after(
    pages: Pages,
    prepared: &Prepared,
    ledger: &Ledger,
    at: &At<'_>,
) -> Result<Option<(Pages, Told)>, Failure> {
    let Some((bought, most)) = search(prepared) else { return Ok(None) };
    let Some(step) = prepared.steps.first() else { return Ok(None) };
    let page = async |page: u32| match bought.page_of(pages, page) {
        Some(key) => told(prepared, step, ledger, at, &key).await,
        None => Ok(None),
    };
    let Some(first) = page(1).await? else { return Ok(None) };
    let last = match first.total {
        Some(_) => Some(first),
        None => page(pages.count).await?,
    };
    Ok(last.map(|last| (pages.after(most, &first, &last), first)))
}

/// The search that is the source, and the most that is taken of it.
pub(crate) fn search(prepared: &Prepared) -> Option<(&Bought, u32)> {
    let bought = prepared.pipeline.source.bought.as_ref()?;
    Some((bought, bought.most_companies()?))
}

/// What a page tells; none while it is to be asked, or nobody knows whether it was.
async fn told(
    prepared: &Prepared,
    step: &PreparedStep,
    ledger: &Ledger,
    at: &At<'_>,
    key: &QueryKey,
) -> Result<Option<Told>, Failure> {
    let Some(attempt) = step.first() else { return Ok(None) };
    let look = Known::new(ledger, &attempt.account, step.reuse, at).look(key);
    let line = look.line.and_then(|line| ledger.lines().get(line));
    let (Need::Reuse, Some(line)) = (look.need, line) else { return Ok(None) };
    let (State::Settled { at, part, .. }, Some(Status::Hit)) = (&line.state, look.status)
    else {
        // It is known to show nothing.
        return Ok(Some(Told::default()));
    };
    let purchase = Purchase {
        part,
        provider: attempt.provider.as_str().into(),
        job: None,
        at: *at,
        reused: true,
        sandbox: false,
    };
    let field = |name: &str| {
        let way = Operation::SearchCompanies.select(name);
        way.map(|way| (name.to_owned(), way))
    };
    let output = FIELDS.into_iter().map(field).collect::<Result<_, _>>();
    let spec = StepSpec {
        name: "page".to_owned(),
        operation: Operation::SearchCompanies,
        when: None,
        inputs: Vec::new(),
        output: output.map_err(|error| Failure::failed(error.to_string()))?,
        receipt: false,
        asks_for_rows: false,
    };
    let counts = |_: usize, other: &QueryKey| match other == key {
        true => Counts::Whole,
        false => Counts::Not,
    };
    let answers = Answers::load(&spec, &prepared.results, &[purchase], &counts).await?;
    let number = |place| {
        let number = answers.integer(place, key)?;
        Some(u32::try_from(number.max(0)).unwrap_or(u32::MAX))
    };
    let shown = number(2).unwrap_or_default();
    Ok(Some(Told { total: number(0), size: number(1), shown }))
}
