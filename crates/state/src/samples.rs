//! An account and a trade for tests.

use leadmill_core::{
    Account, Call, Pack, Scope, Window,
    limits::Written,
    pack::{Jobs, PaidAct, Percent, Risk},
    slots::Trade,
};
use std::{collections::BTreeMap, num::NonZeroU32, time::Duration};

pub(crate) fn account(window: &str) -> Account {
    let global = Scope("global".into());
    let second = Written(Duration::from_secs(1));
    let jobs = Jobs {
        poll: second,
        typical: second,
        items_per_second: NonZeroU32::MIN,
        single: second,
        early_results: false,
        paid: PaidAct::default(),
        launched: false,
        generation: None,
    };
    let pack = Pack {
        name: "test".into(),
        source: String::new(),
        read: String::new(),
        base_url: String::new(),
        plans: BTreeMap::new(),
        scopes: [(Call::Poll.into(), vec![global.clone()])].into(),
        operations: BTreeMap::new(),
        jobs,
        settling: None,
        listing: None,
        logged: None,
        exhausted: Vec::new(),
        confidence: BTreeMap::new(),
    };
    Account {
        name: "test".into(),
        purse: "test".into(),
        windows: [(global, vec![window.parse().unwrap()])].into(),
        poll: Duration::from_secs(5),
        share: Percent::WHOLE,
        batch_risk: Risk::default(),
        in_doubt_limit: None,
        pack,
    }
}

pub(crate) fn wants(window: &str, want: u32) -> Trade {
    let window: Window = window.parse().unwrap();
    let scope = Scope("global".into());
    Trade { scope, window, back: 0, cooling: vec![], want, learnt: None }
}
