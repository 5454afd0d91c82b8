//! What was typed after `cargo bench -p leadmill-engine --bench makespan --`.

use crate::world::Weather;
use leadmill_sandbox::{Options, Percent};
use std::{error::Error, str::FromStr, time::Duration};

pub(crate) const HELP: &str = "\
makespan [WORD...] [--check] [--algorithm rolling|rolling-counting-rejects|counting|fixed|weighted]
         [--no-headers] [--foreign PERCENT] [--jitter-ms N] [--seed N]

A WORD chooses cells: a provider or plan (enrich, growth, tomba, email-finder), a number of questions
(1k, 100k, 1m, 10m), or a page size of Enrich's (p=100, p=1000). Without one of a kind, all are chosen.
--check compares the bound with the figures of performance.md, and simulates nothing.
";

/// What was meant.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) check: bool,
    pub(crate) help: bool,
    pub(crate) words: Vec<String>,
    pub(crate) weather: Weather,
    /// The part of all sustained windows that others use.
    pub(crate) foreign: f64,
}

impl Arguments {
    /// Reads the arguments. What runs it as a test, without cargo's `--bench`, gets the check alone.
    pub(crate) fn read(
        typed: impl IntoIterator<Item = String>,
    ) -> Result<Self, Box<dyn Error>> {
        let jitter = Duration::from_millis(5);
        let weather = Weather { options: Options::default(), headers: true, jitter };
        let (check, help, words) = (false, false, Vec::new());
        let mut read = Self { check, help, words, weather, foreign: 0.0 };
        let (mut typed, mut benches) = (typed.into_iter(), false);
        while let Some(word) = typed.next() {
            let mut next = || typed.next().ok_or(format!("{word} wants a value"));
            let options = &mut read.weather.options;
            match word.as_str() {
                "--bench" => benches = true,
                "--check" => read.check = true,
                "--help" => read.help = true,
                "--no-headers" => read.weather.headers = false,
                "--algorithm" => {
                    let name = next()?;
                    let counting = name == "counting";
                    let name = if counting { "rolling-counting-rejects" } else { &name };
                    options.algorithm = name.parse()?;
                }
                "--foreign" => {
                    options.foreign = next()?.parse::<Percent>()?;
                    let percent = options.foreign.to_string();
                    read.foreign = number::<f64>(percent.trim_end_matches('%'))? / 100.0;
                }
                "--jitter-ms" => {
                    read.weather.jitter = Duration::from_millis(number(&next()?)?);
                }
                "--seed" => options.seed = number(&next()?)?,
                other if other.starts_with('-') => {
                    return Err(format!("{other} means nothing\n{HELP}").into());
                }
                other => read.words.push(other.to_ascii_lowercase()),
            }
        }
        read.check |= !benches;
        Ok(read)
    }
}

fn number<T: FromStr<Err: Error + 'static>>(text: &str) -> Result<T, Box<dyn Error>> {
    text.parse().map_err(|error| format!("{text}: {error}").into())
}
