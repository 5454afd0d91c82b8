//! The cells of the table, and what each must reach.

use crate::service::{self, Service};
use std::{error::Error, num::NonZeroU32};

/// One row: so many questions at one service.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) service: Service,
    pub(crate) questions: u64,
    /// Which table it stands in: the page size of Enrich's, or none.
    pub(crate) table: String,
}

const SIZES: [(&str, u64); 4] =
    [("1k", 1_000), ("100k", 100_000), ("1m", 1_000_000), ("10m", 10_000_000)];

/// What Enrich's pack says, and the setting of performance.md.
const PAGES: [NonZeroU32; 2] =
    [NonZeroU32::new(1_000).unwrap(), NonZeroU32::new(100).unwrap()];

/// A cell that cannot reach its target, and why.
struct Exception {
    plan: &'static str,
    page: u32,
    questions: u64,
    /// What it must reach instead.
    ratio: f64,
    /// The constraint that binds, and why the bound is out of reach there.
    #[expect(dead_code, reason = "for who reads this file")]
    because: &'static str,
}

/// Why pages come late: the bound renews the calls of a minute at once, and lets pages be fetched before any
/// job can have ended. Calls for pages made late in the first minute are free again late in the second.
const LATE: &str =
    "pages: none before a job has ended; a rolling window renews them as they were made";

/// Why more jobs do not help: with one window for everything, each submit takes the place of a page.
const SHARED: &str =
    "calls: jobs that end early are small, and each submit takes a page's place";

/// Why single calls at Tomba lose two per cent: their windows of a second and of a minute allow the same rate, so that
/// the guards of both are lost, some 15 ms a second and the time of a reply a minute.
const GUARDED: &str = "single calls: both windows bind, each with its guard";

/// Cells that are further from the bound than the others, each a little above what it measures.
const EXCEPTIONS: &[Exception] = &[
    Exception {
        plan: "enterprise",
        page: 1_000,
        questions: 10_000_000,
        ratio: 1.17,
        because: SHARED,
    },
    Exception { plan: "free", page: 100, questions: 1_000, ratio: 1.10, because: LATE },
    Exception { plan: "growth", page: 100, questions: 1_000, ratio: 1.07, because: LATE },
    Exception {
        plan: "pro",
        page: 100,
        questions: 1_000_000,
        ratio: 1.30,
        because: LATE,
    },
    Exception {
        plan: "pro",
        page: 100,
        questions: 10_000_000,
        ratio: 1.06,
        because: LATE,
    },
    Exception {
        plan: "enterprise",
        page: 100,
        questions: 1_000_000,
        ratio: 1.17,
        because: SHARED,
    },
    Exception {
        plan: "enterprise",
        page: 100,
        questions: 10_000_000,
        ratio: 1.05,
        because: SHARED,
    },
    Exception {
        plan: "email-finder",
        page: 10_000,
        questions: 10_000_000,
        ratio: 1.03,
        because: GUARDED,
    },
    Exception {
        plan: "enrichment",
        page: 10_000,
        questions: 10_000_000,
        ratio: 1.03,
        because: GUARDED,
    },
];

/// All cells that the words choose, table by table.
pub(crate) fn chosen(words: &[String]) -> Result<Vec<Cell>, Box<dyn Error>> {
    let mut cells = Vec::new();
    for page in PAGES {
        for service in service::all(page)? {
            let is_enrich = service.provider == "enrich";
            if !is_enrich && Some(&page) != PAGES.last() {
                continue;
            }
            let table = match is_enrich {
                true => format!("p={page}"),
                false => service.provider.to_owned(),
            };
            for (_, questions) in SIZES {
                let (service, table) = (service.clone(), table.clone());
                cells.push(Cell { service, questions, table });
            }
        }
    }
    let known = |cell: &Cell, word: &String| cell.names().contains(word);
    if let Some(odd) = words.iter().find(|word| !cells.iter().any(|c| known(c, word))) {
        return Err(format!("no cell is called {odd}").into());
    }
    cells.retain(|cell| cell.is_chosen(words));
    Ok(cells)
}

impl Cell {
    /// The words for its service, its table and its size.
    fn names(&self) -> Vec<String> {
        let Service { provider, plan, .. } = self.service;
        vec![provider.into(), plan.into(), self.table.clone(), self.size().into()]
    }

    /// Its number of questions in short.
    pub(crate) fn size(&self) -> &'static str {
        let size = SIZES.iter().find(|(_, questions)| *questions == self.questions);
        size.map_or("", |(name, _)| name)
    }

    /// Of each kind of word, one must fit, if there are any.
    fn is_chosen(&self, words: &[String]) -> bool {
        let is_size = |word: &&String| SIZES.iter().any(|(name, _)| name == word);
        let is_page = |word: &&String| word.starts_with("p=");
        let sizes: Vec<_> = words.iter().filter(is_size).collect();
        let pages: Vec<_> = words.iter().filter(is_page).collect();
        let services: Vec<_> =
            words.iter().filter(|word| !is_size(word) && !is_page(word)).collect();
        let names = self.names();
        [sizes, pages, services].iter().all(|words| {
            words.is_empty() || words.iter().any(|word| names.contains(word))
        })
    }

    /// The most that the makespan may be, in bounds. A thousand questions have a target only where jobs have
    /// a part in the bound.
    pub(crate) fn target(&self, uses_jobs: bool) -> Option<f64> {
        let Self { service, questions, .. } = self;
        let excused = EXCEPTIONS.iter().find(|exception| {
            (exception.plan, exception.page, exception.questions)
                == (service.plan, service.page.get(), *questions)
        });
        match (excused, questions) {
            (Some(exception), _) => Some(exception.ratio),
            (None, ..=1_000) => uses_jobs.then_some(1.05),
            (None, ..=100_000) => Some(1.20),
            (None, ..=1_000_000) => Some(1.10),
            (None, _) => Some(1.02),
        }
    }
}
