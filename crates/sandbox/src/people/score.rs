//! How well a candidate fits a level of a waterfall.

use serde::Serialize;

use super::candidate::Candidate;
use super::cascade::Level;

/// Points by dimension.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Factors {
    pub(crate) title_match: u32,
    pub(crate) job_level: u32,
    pub(crate) skills_overlap: u32,
    pub(crate) location_match: u32,
    pub(crate) current_job: u32,
    pub(crate) profile_completeness: u32,
    pub(crate) experience: u32,
    pub(crate) priority_bonus: u32,
}

/// A candidate's points at one level.
#[derive(Clone, Debug)]
pub(crate) struct Scored {
    /// 0 to 100.
    pub(crate) score: u32,
    /// Where it comes from.
    pub(crate) factors: Factors,
    /// The dimensions in which the level asked for something that the candidate has.
    pub(crate) matched: Vec<&'static str>,
}

/// The ladder of levels by which a near miss is told; `Other` is nowhere on it.
const LADDER: [&str; 5] = ["C-Team", "VP", "Director", "Manager", "Staff"];

/// The points of a candidate, or nothing if a dimension that the level asks for has none. Skills are no condition.
pub(crate) fn score(level: &Level, of: &Candidate<'_>) -> Option<Scored> {
    let title = of.person.title().to_lowercase();
    if level.exclude_title.iter().any(|no| title.contains(&no.to_lowercase())) {
        return None;
    }
    let asks_title = !level.include_title.is_empty() || !level.job_functions.is_empty();
    let factors = Factors {
        title_match: title_match(level, of, &title),
        job_level: job_level(level, of),
        skills_overlap: skills_overlap(level, of),
        location_match: location_match(level, of),
        current_job: if of.person.current { 10 } else { 0 },
        profile_completeness: completeness(of),
        experience: experience(of),
        priority_bonus: level.priority_bonus,
    };
    let asked = [
        ("title", asks_title, factors.title_match, 30, true),
        ("job_level", !level.job_levels.is_empty(), factors.job_level, 20, true),
        ("skills", !level.skills.is_empty(), factors.skills_overlap, 15, false),
        ("location", !level.location.is_empty(), factors.location_match, 15, true),
    ];
    let (mut points, mut most) =
        (factors.current_job + factors.profile_completeness + factors.experience, 20);
    let mut matched = Vec::new();
    for (name, asks, got, of_most, condition) in asked {
        match (asks, got) {
            (false, _) => continue,
            (true, 0) if condition => return None,
            (true, 0) => {}
            (true, _) => matched.push(name),
        }
        points += got;
        most += of_most;
    }
    let normal = (points * 200 + most) / (most * 2);
    Some(Scored { score: (normal + level.priority_bonus).min(100), factors, matched })
}

/// 30 for the title itself, 25 for a part of it, 20 for the headline, 10 for the function.
fn title_match(level: &Level, of: &Candidate<'_>, title: &str) -> u32 {
    let any = |fits: &dyn Fn(&str) -> bool| {
        level.include_title.iter().any(|wanted| fits(&wanted.to_lowercase()))
    };
    let headline = of.person.headline(of.company).to_lowercase();
    let function = of.function();
    if any(&|wanted| title == wanted) {
        30
    } else if any(&|wanted| title.contains(wanted)) {
        25
    } else if level.include_headline_search && any(&|wanted| headline.contains(wanted)) {
        20
    } else if level.job_functions.iter().any(|wanted| wanted == function) {
        10
    } else {
        0
    }
}

/// 20 for the level, 10 for the next one, 5 for the one after that.
fn job_level(level: &Level, of: &Candidate<'_>) -> u32 {
    let name = |level: &str| if level == "C-Suite" { "C-Team" } else { level }.to_owned();
    let rung = |level: &str| LADDER.iter().position(|rung| *rung == name(level));
    let has = of.person.level_name;
    let points = |wanted: &String| match (rung(wanted), rung(has)) {
        _ if name(wanted) == name(has) => 20,
        (Some(wanted), Some(has)) => match wanted.abs_diff(has) {
            1 => 10,
            2 => 5,
            _ => 0,
        },
        _ => 0,
    };
    level.job_levels.iter().map(points).max().unwrap_or_default()
}

fn skills_overlap(level: &Level, of: &Candidate<'_>) -> u32 {
    let has = of.person.skills();
    let fits = |wanted: &&String| has.iter().any(|has| has.eq_ignore_ascii_case(wanted));
    let fitting = level.skills.iter().filter(fits).count() * 15;
    let asked = level.skills.len().max(1);
    u32::try_from((fitting * 2 + asked) / (asked * 2)).unwrap_or(15)
}

/// 15 for the country or the world, 7 for the continent.
fn location_match(level: &Level, of: &Candidate<'_>) -> u32 {
    let continent = of.place("continent").to_uppercase().replace(' ', "_");
    let points = |wanted: &String| match wanted.to_uppercase().as_str() {
        "WORLD" => 15,
        code if code == of.place("code") => 15,
        code if code == continent => 7,
        _ => 0,
    };
    level.location.iter().map(points).max().unwrap_or_default()
}

/// A profile always has its page, the employer's domain, skills and a headline; education it may lack.
fn completeness(of: &Candidate<'_>) -> u32 {
    4 + u32::from(of.person.education().is_some())
}

fn experience(of: &Candidate<'_>) -> u32 {
    let years = of.person.days as f64 / 365.25;
    match years {
        years if years > 5.0 => 5,
        years if years > 3.0 => 4,
        years if years > 2.0 => 3,
        years if years > 1.0 => 2,
        _ => 1,
    }
}
