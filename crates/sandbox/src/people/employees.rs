//! `POST /people-search/employee-finder`

use axum::extract::{Request, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::candidate::{Candidate, employees};
use super::meta::{PeopleMeta, charge, check_company, most};
use crate::envelope::Envelope;
use crate::page::Page;
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::routes::paid::paid;
use crate::sandbox::Sandbox;

#[derive(Debug, Deserialize)]
struct EmployeeFinderRequest {
    company_linkedin_url: String,
    #[serde(default)]
    country: Vec<String>,
    #[serde(default)]
    continent: Vec<String>,
    #[serde(default)]
    sales_region: Vec<String>,
    #[serde(default)]
    job_level: Vec<String>,
    #[serde(default)]
    job_function: Vec<String>,
    max_results: Option<i64>,
    page: Option<i64>,
}

#[derive(Debug, Serialize)]
struct EmployeeFinderData {
    company_linkedin_url: String,
    max_results: usize,
    results_length: usize,
    page: usize,
    total_pages: usize,
    total_results: usize,
    results: Vec<Employee>,
}

#[derive(Debug, Serialize)]
struct Employee {
    first_name: &'static str,
    last_name: &'static str,
    full_name: String,
    headline: String,
    about_me: String,
    location: Location,
    linkedin_url: String,
    job_title: String,
    job_level: &'static str,
    job_function: &'static str,
    job_is_current: bool,
    education: Option<&'static str>,
    skills: String,
    certifications: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Location {
    city: &'static str,
    state_code: &'static str,
    country: &'static str,
    country_code: &'static str,
    continent: &'static str,
}

/// One page of those who work for a company.
pub(crate) async fn employee_finder(
    State(sandbox): State<Sandbox>,
    request: Request,
) -> Response {
    paid(&sandbox, request, |body, _| answer(&sandbox, body)).await
}

fn answer(
    sandbox: &Sandbox,
    body: EmployeeFinderRequest,
) -> Result<Envelope<EmployeeFinderData, PeopleMeta>, Refusal> {
    let page = check(&body)?;
    let account = &mut *sandbox.account();
    let population = account.leads.population(sandbox.options());
    let found: Vec<Candidate<'_>> = employees(&population, &body.company_linkedin_url)
        .filter(|candidate| body.wants(candidate))
        .collect();
    let shown = found.get(page.range(found.len())).unwrap_or_default();
    let asked = format!("{body:?}");
    let meta = charge(sandbox, account, &["employee-finder", &asked], shown.len())?;
    let data = EmployeeFinderData {
        company_linkedin_url: body.company_linkedin_url,
        max_results: page.limit,
        results_length: shown.len(),
        page: page.number,
        total_pages: page.count(found.len()),
        total_results: found.len(),
        results: shown.iter().map(employee).collect(),
    };
    Ok(Envelope::new(data, meta))
}

fn check(body: &EmployeeFinderRequest) -> Result<Page, Problem> {
    check_company(&body.company_linkedin_url)?;
    if body.country.len() > 50 {
        let detail = "body/country Array must contain at most 50 element(s)";
        return Err(Problem::validation(detail));
    }
    let limit = most(body.max_results, 10)?;
    match body.page.map_or(Ok(1), usize::try_from) {
        Ok(number @ 1..) => Ok(Page { number, limit }),
        _ => Err(Problem::validation(
            "body/page Number must be greater than or equal to 1",
        )),
    }
}

impl EmployeeFinderRequest {
    /// Countries by name or code, all else by the values of the lead finder's filters.
    fn wants(&self, of: &Candidate<'_>) -> bool {
        let any = |wanted: &[String], have: &[&str]| {
            let is = |wanted: &String| have.contains(&wanted.as_str());
            wanted.is_empty() || wanted.iter().any(is)
        };
        any(&self.country, &[of.place("country"), of.place("code")])
            && any(&self.continent, &[of.place("continent")])
            && any(&self.sales_region, &[of.place("region")])
            && any(&self.job_level, &[of.person.level_name])
            && any(&self.job_function, &[of.function()])
    }
}

fn employee(of: &Candidate<'_>) -> Employee {
    let person = of.person;
    Employee {
        first_name: person.first,
        last_name: person.last,
        full_name: format!("{} {}", person.first, person.last),
        headline: person.headline(of.company),
        about_me: person.about(of.company),
        location: Location {
            city: of.place("city"),
            state_code: of.place("stateCode"),
            country: of.place("country"),
            country_code: of.place("code"),
            continent: of.place("continent"),
        },
        linkedin_url: person.address(),
        job_title: person.title(),
        job_level: person.level_name,
        job_function: of.function(),
        job_is_current: person.current,
        education: person.education(),
        skills: person.skills().join(", "),
        certifications: person.certifications(),
    }
}
