//! One row, and what happens to rows.

use crate::{
    dice::Dice,
    spelling::{decomposed, recased},
};

/// One row.
pub(crate) struct Lead {
    pub(crate) lead_id: i64,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) company: String,
    pub(crate) domain: Option<String>,
    pub(crate) country: &'static str,
    pub(crate) title: Option<&'static str>,
    pub(crate) email: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) score: Option<f64>,
    pub(crate) tags: Option<Vec<&'static str>>,
    pub(crate) source: &'static str,
}

impl Lead {
    /// The same person, as another system would have spelled it.
    pub(crate) fn respell(&mut self, dice: &mut Dice) {
        let names = [&mut self.first_name, &mut self.last_name];
        let (case, apart, blanks) = (dice.below(4), dice.percent(50), dice.percent(60));
        for name in names.into_iter().flatten() {
            match case {
                0 => *name = recased(name, name.to_uppercase()),
                1 => *name = recased(name, name.to_lowercase()),
                _ => {}
            }
            if apart {
                *name = decomposed(name);
            }
            if blanks {
                let inner = name.replace(' ', dice.pick(&["  ", " ", "\u{a0}"]));
                *name = format!("{}{inner}{}", dice.pick(&BLANKS), dice.pick(&BLANKS));
            }
        }
        let Some(domain) = &mut self.domain else { return };
        match dice.below(3) {
            0 => *domain = domain.to_uppercase(),
            1 => *domain = format!(" {domain} "),
            _ => {}
        }
    }

    /// A few rows cannot be asked about.
    pub(crate) fn spoil(&mut self, dice: &mut Dice) {
        if dice.percent(4) {
            let blanks = [None, None, Some(""), Some("  "), Some("\t")];
            let blank = dice.pick(&blanks).map(str::to_owned);
            match dice.below(3) {
                0 => self.first_name = blank,
                1 => self.last_name = blank,
                _ => self.domain = blank,
            }
        } else if dice.percent(1) {
            self.domain = Some(dice.pick(&MALFORMED).to_owned());
        }
    }
}

const BLANKS: [&str; 4] = ["", " ", "  ", "\t"];
const MALFORMED: [&str; 8] = [
    "localhost",
    "unknown",
    "n/a",
    "https://",
    "sales@nordwind.example",
    "copper foods.example",
    "kestrel..example",
    ".",
];
