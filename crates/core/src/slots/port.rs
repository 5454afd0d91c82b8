//! How a process asks for slots, and what it gets.

use crate::{Endpoint, JournalError, Moment, Scope, Sent, Window};
use std::fmt;

/// The port through which a process shares its windows with others, and is remembered by later ones.
pub trait Leases: fmt::Debug + Send {
    /// Writes calls down before they leave. Survives the end of the process, not of the machine.
    fn note(&mut self, sends: &[Sent]) -> Result<Noted, JournalError>;

    /// Writes down, at `now`, that one of the calls to `to` that were noted has arrived: its reply has come, or its
    /// connection is closed. Of one that is not told of so, later processes assume that it was long on its way.
    fn heard(&mut self, now: Moment, to: Endpoint) -> Result<(), JournalError>;

    /// Writes down, at `now`, that the provider wants nothing before `until`.
    fn freeze(&mut self, now: Moment, until: Moment) -> Result<(), JournalError>;

    /// Writes down, at `now`, that the provider takes no calls to an endpoint before `until`, such as the end of a day
    /// that is used up.
    fn close(
        &mut self,
        now: Moment,
        to: Endpoint,
        until: Moment,
    ) -> Result<(), JournalError>;

    /// Renews this process's lease, gives slots back, and asks for more: one trade a window.
    fn trade(&mut self, now: Moment, trades: &[Trade])
    -> Result<Agreement, JournalError>;
}

/// What became of calls that were to be written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "calls whose slots are gone must not leave"]
pub enum Noted {
    /// They may leave.
    Written,
    /// They must not leave: while the store was out of reach others took this process for one that has ended, and took
    /// its slots back. It gets new ones by its next trade.
    SlotsAreGone,
}

/// What a process offers and wants of one window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trade {
    /// The calls that it counts.
    pub scope: Scope,
    /// The window, as this process knows it.
    pub window: Window,
    /// Unused slots given back.
    pub back: u32,
    /// Slots given back that were used within the last two lengths, each with the time at which it is or was free.
    pub cooling: Vec<Moment>,
    /// How many more slots are wanted.
    pub want: u32,
    /// The provider's own word on the window's limit, if it has told this process.
    pub learnt: Option<u32>,
}

/// What a process has after its trades.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// Nothing may leave after this without another trade.
    pub until: Moment,
    /// Until when the provider wants nothing.
    pub frozen_until: Option<Moment>,
    /// The endpoints that the provider takes no calls to, and until when.
    pub closed: Vec<(Endpoint, Moment)>,
    /// One deal for each trade, in the same order.
    pub deals: Vec<Deal>,
}

/// What a process has of one window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deal {
    /// Slots leased to it, those of this deal included.
    pub held: u32,
    /// Of those, slots that came with this deal and are not free before these times.
    pub cooling: Vec<Moment>,
    /// Slots that came to be free within the last window length, and how many, as far as the process does not know
    /// of them and gets slots: calls took them one length earlier, and some servers look back so far.
    pub past: Vec<(Moment, u32)>,
    /// When the next slot that nobody holds is free.
    pub next: Option<Moment>,
    /// Slots that other processes hold.
    pub others: u32,
    /// How many other processes want slots.
    pub rivals: u32,
    /// What the provider has told any process about the limit, within the last day.
    pub learnt: Option<u32>,
}
