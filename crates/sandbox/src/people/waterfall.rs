//! `POST /people-search/waterfall-icp-search`

use std::collections::HashSet;

use axum::extract::{Request, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::candidate::{Candidate, employees};
use super::cascade::{Level, levels};
use super::meta::{PeopleMeta, charge, check_company, most};
use super::score::{Factors, Scored, score};
use crate::envelope::Envelope;
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::routes::paid::paid;
use crate::sandbox::Sandbox;

#[derive(Debug, Deserialize)]
struct WaterfallRequest {
    company_linkedin_url: String,
    cascade: Option<Vec<Level>>,
    max_results: Option<i64>,
    min_score: Option<i64>,
}

#[derive(Debug, Serialize)]
struct WaterfallData {
    results: Vec<Found>,
    total_found: usize,
    total_returned: usize,
    cascade_stats: Vec<LevelStats>,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct LevelStats {
    level: usize,
    candidates_found: usize,
    candidates_kept: usize,
}

#[derive(Debug, Serialize)]
struct Found {
    person: Profile,
    current_position: Position,
    skills: Vec<&'static str>,
    education: Option<&'static str>,
    certifications: Option<&'static str>,
    score: u32,
    ranking: usize,
    cascade_level: usize,
    ranking_factors: Factors,
    what_matched: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
struct Profile {
    first_name: &'static str,
    last_name: &'static str,
    linkedin_url: String,
    linkedin_headline: String,
    location: String,
    email_domain: String,
}

#[derive(Debug, Serialize)]
struct Position {
    title: String,
    company: String,
    level: &'static str,
    function: &'static str,
    is_current: bool,
    start_date: String,
}

/// Those who fit best, each by the first level that they fit.
pub(crate) async fn waterfall_icp_search(
    State(sandbox): State<Sandbox>,
    request: Request,
) -> Response {
    paid(&sandbox, request, |body, _| answer(&sandbox, body)).await
}

fn answer(
    sandbox: &Sandbox,
    body: WaterfallRequest,
) -> Result<Envelope<WaterfallData, PeopleMeta>, Refusal> {
    check_company(&body.company_linkedin_url)?;
    let asked = format!("{body:?}");
    let (most, least) = (most(body.max_results, 25)?, min_score(body.min_score)?);
    let levels = levels(body.cascade)?;
    let account = &mut *sandbox.account();
    let population = account.leads.population(sandbox.options());
    let candidates: Vec<Candidate<'_>> =
        employees(&population, &body.company_linkedin_url).collect();
    let (mut kept, cascade_stats) = pour(&levels, &candidates, least);
    let total_found = kept.len();
    // The sort keeps earlier levels, and within them earlier people, before others of the same score.
    kept.sort_by_key(|(_, _, scored)| std::cmp::Reverse(scored.score));
    kept.truncate(most);
    let meta = charge(sandbox, account, &["waterfall-icp-search", &asked], kept.len())?;
    let results: Vec<Found> = kept
        .into_iter()
        .enumerate()
        .map(|(at, (level, candidate, scored))| found(at + 1, level, candidate, scored))
        .collect();
    let total_returned = results.len();
    let data = WaterfallData { results, total_found, total_returned, cascade_stats };
    Ok(Envelope::new(data, meta))
}

/// Those whom each level keeps: who was not kept by an earlier one and scores enough.
fn pour<'a>(
    levels: &[Level],
    candidates: &'a [Candidate<'a>],
    least: u32,
) -> (Vec<(usize, &'a Candidate<'a>, Scored)>, Vec<LevelStats>) {
    let (mut taken, mut kept, mut stats) = (HashSet::new(), Vec::new(), Vec::new());
    for (at, level) in levels.iter().enumerate() {
        let (mut candidates_found, before) = (0, kept.len());
        for candidate in candidates {
            let Some(scored) = score(level, candidate) else { continue };
            candidates_found += 1;
            if scored.score >= least && taken.insert(candidate.person.code) {
                kept.push((at, candidate, scored));
            }
        }
        let candidates_kept = kept.len() - before;
        stats.push(LevelStats { level: at, candidates_found, candidates_kept });
    }
    (kept, stats)
}

fn min_score(sent: Option<i64>) -> Result<u32, Problem> {
    match sent.map_or(Ok(0), u32::try_from) {
        Ok(least @ 0..=100) => Ok(least),
        _ => Err(Problem::validation("body/min_score Number must be from 0 to 100")),
    }
}

fn found(ranking: usize, level: usize, of: &Candidate<'_>, scored: Scored) -> Found {
    let person = of.person;
    Found {
        person: Profile {
            first_name: person.first,
            last_name: person.last,
            linkedin_url: person.address(),
            linkedin_headline: person.headline(of.company),
            location: format!("{}, {}", of.place("city"), of.place("country")),
            email_domain: of.company.domain(),
        },
        current_position: Position {
            title: person.title(),
            company: of.company.name.clone(),
            level: person.level_name,
            function: of.function(),
            is_current: person.current,
            start_date: person.start_date(),
        },
        skills: person.skills(),
        education: person.education(),
        certifications: person.certifications(),
        score: scored.score,
        ranking,
        cascade_level: level,
        ranking_factors: scored.factors,
        what_matched: scored.matched,
    }
}
