//! A synthetic person.

use std::time::{Duration, SystemTime};

use super::company::Company;
use super::field::Field;
use super::options::TopLevel;
use super::tables::{JOB, PLACE, list};
use crate::answers::SYNTHETIC;
use crate::answers::fold::local_part;
use crate::random::Random;
use crate::timestamp;

/// The day on which everybody is as they are, counted from 1970-01-01: 2026-01-01.
const TODAY: u64 = 20_454;

/// A person that there is not.
#[derive(Debug)]
pub(crate) struct Person {
    /// What the id tells.
    pub(crate) code: u64,
    /// The employer, by position.
    pub(crate) company: usize,
    pub(crate) first: &'static str,
    pub(crate) last: &'static str,
    /// A row of the jobs.
    pub(crate) job: usize,
    /// A place in the list of levels, the highest first.
    pub(crate) level: usize,
    /// What that level is called.
    pub(crate) level_name: &'static str,
    /// A row of the places.
    pub(crate) place: usize,
    /// For so many days at the employer.
    pub(crate) days: u64,
    /// Whether the job is the present one.
    pub(crate) current: bool,
    founder: bool,
    /// Of a hundred, for each field: which contacts are on file.
    luck: [usize; 4],
}

impl Person {
    /// Whoever the dice show.
    pub(crate) fn new(
        random: &mut Random,
        company: usize,
        home: usize,
        founder: bool,
    ) -> Self {
        let level = match (founder, random.below(100)) {
            (true, _) | (_, 0..5) => 0,
            (_, 5..13) => 1,
            (_, 13..28) => 2,
            (_, 28..53) => 3,
            (_, 53..90) => 4,
            _ => 5,
        };
        let elsewhere = random.below(10) < 3;
        Self {
            code: random.number(),
            company,
            first: random.pick(list("firstNames")),
            last: random.pick(list("lastNames")),
            job: if founder { 0 } else { random.below(JOB.len()) },
            level,
            level_name: list("jobLevel").get(level).copied().unwrap_or_default(),
            place: if elsewhere { random.below(PLACE.len()) } else { home },
            days: 30 + random.below(4_000) as u64,
            current: founder || random.below(100) < 95,
            founder,
            luck: [(); 4].map(|()| random.below(100)),
        }
    }

    /// The same person where the highest level has this name.
    pub(crate) fn called(mut self, top: TopLevel) -> Self {
        if self.level == 0 && top == TopLevel::Suite {
            self.level_name = "C-Suite";
        }
        self
    }

    /// The opaque id.
    pub(crate) fn id(&self) -> String {
        format!("enc_{:016x}", self.code)
    }

    /// The last name as a preview shows it.
    pub(crate) fn masked(&self) -> String {
        self.last.chars().take(1).chain(['.']).collect()
    }

    /// What the person does.
    pub(crate) fn title(&self) -> String {
        let noun = JOB.cell(self.job, "noun");
        match self.level {
            0 if self.founder && self.code.is_multiple_of(2) => "Founder".to_owned(),
            0 => format!("Chief {noun} Officer"),
            1 => format!("VP of {noun}"),
            2 => format!("Director of {noun}"),
            3 => format!("{noun} Manager"),
            4 => format!("{noun} Specialist"),
            _ => format!("{noun} Consultant"),
        }
    }

    /// What stands below the name.
    pub(crate) fn headline(&self, company: &Company) -> String {
        format!("{} at {}{SYNTHETIC}", self.title(), company.name)
    }

    /// What the person says more.
    pub(crate) fn about(&self, company: &Company) -> String {
        let noun = JOB.cell(self.job, "noun");
        format!("{} knows {noun} matters at {}{SYNTHETIC}", self.first, company.name)
    }

    /// A page that there is not.
    pub(crate) fn address(&self) -> String {
        format!("https://www.linkedin.com/in/synthetic-{:016x}", self.code)
    }

    /// Two to five skills.
    pub(crate) fn skills(&self) -> Vec<&'static str> {
        self.some("skills", 2, 5)
    }

    /// One to three languages.
    pub(crate) fn languages(&self) -> Vec<&'static str> {
        self.some("languages", 1, 3)
    }

    /// A degree, which seven in ten have.
    pub(crate) fn education(&self) -> Option<&'static str> {
        self.one("education", 70)
    }

    /// A certificate, which one in four has.
    pub(crate) fn certifications(&self) -> Option<&'static str> {
        self.one("certifications", 25)
    }

    /// The day on which the job began, `YYYY-MM-DD`.
    pub(crate) fn start_date(&self) -> String {
        let since = Duration::from_secs((TODAY - self.days) * 86_400);
        let mut text = timestamp::format(SystemTime::UNIX_EPOCH + since);
        text.truncate(10);
        text
    }

    /// Whether a contact is on file.
    pub(crate) fn has(&self, field: Field) -> bool {
        let [email, phone, cellphone, personal] = self.luck;
        match field {
            Field::Email => email < 80,
            Field::Phone => phone < 45 || cellphone < 35,
            Field::PersonalEmail => personal < 50,
            Field::Name => true,
        }
    }

    /// The address at the employer, on file or not.
    pub(crate) fn email(&self, company: &Company) -> Option<String> {
        let found = self.has(Field::Email);
        found.then(|| format!("{}@{}", self.local_part(), company.domain()))
    }

    /// The address at home.
    pub(crate) fn personal_email(&self) -> Option<String> {
        let found = self.has(Field::PersonalEmail);
        found.then(|| format!("{}@home.invalid", self.local_part()))
    }

    /// The number at the desk, among those that are kept for fiction.
    pub(crate) fn phone(&self) -> Option<String> {
        let [_, phone, ..] = self.luck;
        (phone < 45).then(|| format!("+1{}555010{}", self.area(), self.code % 10))
    }

    /// The number in the pocket, among those that are kept for fiction.
    pub(crate) fn cellphone(&self) -> Option<String> {
        let [_, _, cellphone, _] = self.luck;
        (cellphone < 35).then(|| format!("+1{}555019{}", self.area(), self.code % 10))
    }

    fn area(&self) -> u64 {
        201 + self.code / 10 % 700
    }

    fn local_part(&self) -> String {
        let [first, last] =
            [self.first, self.last].map(|name| local_part(&name.to_lowercase(), "x"));
        format!("{first}.{last}.{:04x}", self.code & 0xffff)
    }

    fn one(&self, name: &str, percent: usize) -> Option<&'static str> {
        let mut random = Random::new(self.code, name.len() as u64);
        (random.below(100) < percent).then(|| random.pick(list(name)))
    }

    fn some(&self, name: &str, least: usize, most: usize) -> Vec<&'static str> {
        let mut random = Random::new(self.code, name.len() as u64);
        let count = least + random.below(most - least + 1);
        let all = list(name);
        let start = random.below(all.len());
        let from_there = all.iter().cycle().skip(start).take(count.min(all.len()));
        from_there.copied().collect()
    }
}
