//! Who the leads are.

use crate::{
    dice::Dice,
    lead::Lead,
    names::{BRANCHES, BRANDS, NONE, People, SOURCES, TAGS, TITLES, TRADES},
    spelling::{address, plain},
};

/// All that leads are made of.
pub(crate) struct World {
    seed: u64,
    peoples: Vec<People>,
    company_words: [Vec<&'static str>; 3],
}

impl World {
    /// The leads of this seed.
    pub(crate) fn new(seed: u64) -> Self {
        let company_words =
            [BRANDS, TRADES, BRANCHES].map(|list| list.split_whitespace().collect());
        Self { seed, peoples: People::all(), company_words }
    }

    /// Dice of their own for each purpose and row.
    fn dice(&self, purpose: u64, row: u64) -> Dice {
        let mut dice = Dice(self.seed ^ row.wrapping_mul(0xD1B5_4A32_D192_ED03));
        Dice(dice.roll().wrapping_add(purpose))
    }

    /// The row that first told of this person.
    fn origin(&self, mut row: u64) -> u64 {
        loop {
            let mut dice = self.dice(1, row);
            if row == 0 || !dice.percent(20) {
                return row;
            }
            row = dice.below(row);
        }
    }

    fn person(&self, origin: u64) -> Person {
        let mut dice = self.dice(2, origin);
        let (name, host, home) = self.company(origin, &mut dice);
        let other = &self.peoples[dice.below(self.peoples.len() as u64) as usize];
        let people = if dice.percent(70) { home } else { other };
        let mut first = dice.pick(&people.first).to_owned();
        let mut last = dice.pick(&people.last).to_owned();
        if dice.percent(8) {
            first = format!("{first} {}", dice.pick(&people.first));
        }
        if dice.percent(8) {
            last = format!("{last}-{}", dice.pick(&people.last));
        }
        let company = format!("{name} {}", home.legal_form);
        let (country, title) = (dice.pick(&home.countries), dice.pick(&TITLES));
        Person { first, last, company, host, country, title }
    }

    /// A company's name, host and home. There are about as many as people so far; a few have
    /// many leads.
    fn company(&self, origin: u64, dice: &mut Dice) -> (String, String, &People) {
        let pool = 2_000 + origin;
        let rank = dice.below(pool).min(dice.below(pool)).min(dice.below(pool));
        let plain = self.company_words.iter().map(Vec::len).product::<usize>() as u64;
        let (number, mut id) = (rank / plain, (rank * 7_919 % plain) as usize);
        let tld = if id.is_multiple_of(3) { "test" } else { "example" };
        let joint = if id.is_multiple_of(2) { "-" } else { "" };
        let home = &self.peoples[id % self.peoples.len()];
        let mut name = Vec::new();
        for words in &self.company_words {
            name.push(words[id % words.len()].to_owned());
            id /= words.len();
        }
        if number > 0 {
            name.push(number.to_string());
        }
        name.retain(|word| word != NONE);
        let host = name.join(joint).to_lowercase();
        (name.join(" "), format!("{host}.{tld}"), home)
    }

    /// One of them.
    pub(crate) fn lead(&self, row: u64) -> Lead {
        let origin = self.origin(row);
        let person = self.person(origin);
        let mut dice = self.dice(3, row);
        let mut lead = Lead {
            lead_id: 100_001 + row as i64,
            email: dice.percent(25).then(|| person.email(&mut dice)),
            first_name: Some(person.first),
            last_name: Some(person.last),
            domain: Some(address(&person.host, &mut dice)),
            company: person.company,
            country: person.country,
            title: (!dice.percent(12)).then_some(person.title),
            created_at: 1_672_531_200_000 + dice.below(94_608_000_000) as i64,
            score: (!dice.percent(5)).then(|| dice.below(1_000) as f64 / 1_000.0),
            tags: (!dice.percent(10)).then(|| dice.some(&TAGS)),
            source: dice.pick(&SOURCES),
        };
        if origin != row {
            lead.respell(&mut dice);
        }
        lead.spoil(&mut dice);
        lead
    }
}

/// Who a lead is, however spelled.
struct Person {
    first: String,
    last: String,
    company: String,
    host: String,
    country: &'static str,
    title: &'static str,
}

impl Person {
    fn email(&self, dice: &mut Dice) -> String {
        let [first, last] = [&self.first, &self.last].map(|name| plain(name));
        let host = if dice.percent(20) { "mail.example" } else { &self.host };
        match (first.is_empty() || last.is_empty(), dice.below(3)) {
            (true, number) => format!("contact{}@{host}", 100 * number + dice.below(100)),
            (_, 0) => format!("{}{last}@{host}", &first[..1]),
            (_, 1) => format!("{first}@{host}"),
            (..) => format!("{first}.{last}@{host}"),
        }
    }
}
