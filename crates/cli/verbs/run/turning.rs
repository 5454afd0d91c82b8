//! Pages of a search whose first one tells how many there are: no page is asked for that has nothing to show.

use super::{asking::Asking, session::Session};
use crate::{exit::Failure, pages, pipeline::Pages};
use leadmill_tables::Source;

/// The leads, as far as pages are turned.
pub(super) struct Turned {
    pages: Pages,
    pub(super) source: Source,
}

impl Session<'_> {
    /// Turns to the pages that those before them tell of. Tells whether there are any that were not looked at.
    pub(super) async fn turn(
        &mut self,
        place: usize,
        asking: &mut Asking,
    ) -> Result<bool, Failure> {
        let prepared = self.prepared;
        let Some((bought, _)) = pages::search(prepared) else { return Ok(false) };
        if place > 0 {
            return Ok(false);
        }
        let here = self.turned.as_ref().map_or(Pages::FIRST, |turned| turned.pages);
        let ledger = self.book.ledger();
        let after = pages::after(here, prepared, ledger, &self.at()).await?;
        let Some((pages, _)) = after.filter(|(pages, _)| pages.count > here.count) else {
            return Ok(false);
        };
        if let (true, Some(size)) = (self.turned.is_none(), pages.unusual()) {
            self.terminal.talk(&format!(
                "a page of this search holds {size} companies: {} of them are looked at, each at the price of a page\n",
                pages.count
            ));
        }
        let source = prepared.source_of(bought.rows_of(pages)).await?;
        self.turned = Some(Turned { pages, source });
        asking.turned = asking.counts.take();
        Ok(true)
    }

    /// The leads.
    pub(super) fn source(&self) -> &Source {
        self.turned.as_ref().map_or(&self.prepared.source, |turned| &turned.source)
    }
}
