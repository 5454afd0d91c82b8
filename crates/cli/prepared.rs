//! A pipeline whose file, source, expressions and sink have been found to fit together.

mod steps;

use crate::{
    args::FileArgs,
    exit::Failure,
    pipeline::{
        self, Document, Flaw, Hop, Loaded, Pipeline, Process, Provider, Secret,
        TableFormat,
    },
    terminal::Terminal,
};
use leadmill_core::{Account, Pack};
use leadmill_state::Place;
use leadmill_tables::{
    Format, Results, SchemaRef, Sink, SinkSpec, Source, SourceSpec, Subject, TableError,
};
use sha2::{Digest, Sha256};
use std::{
    fs,
    path::{Path, PathBuf},
};
pub(crate) use steps::{PreparedAttempt, PreparedStep};
use steps::{constant_accepts, fit_steps, step_path, steps};

/// Everything that can be known before anything is asked.
pub(crate) struct Prepared {
    pub(crate) pipeline: Pipeline,
    pub(crate) source: Source,
    pub(crate) steps: Vec<PreparedStep>,
    pub(crate) sink: SinkSpec,
    pub(crate) errors: Option<SinkSpec>,
    pub(crate) output: SchemaRef,
    pub(crate) state: Place,
    /// Where the answers of settled batches are.
    pub(crate) results: Results,
    /// Equal for runs that go on with each other.
    pub(crate) run_key: String,
    file: String,
    document: Document,
}

/// A file that was read, and whose source is remote and was not opened.
pub(crate) enum Checked {
    /// Everything fits.
    Whole(Box<Prepared>),
    /// The file is well formed; its expressions were not checked.
    Unopened,
}

/// Reads the file and opens what it names. Remote sources are left alone where `offline`.
pub(crate) async fn prepare(
    args: &FileArgs,
    terminal: &Terminal,
    offline: bool,
) -> Result<Checked, Failure> {
    let packs = packs()?;
    let base = folder_of(&args.file);
    let (file, Loaded { pipeline, document, .. }) = read(args, terminal)?;
    if offline
        && pipeline.source.bought.is_none()
        && pipeline.source.location.path.contains("://")
        && !pipeline.source.location.path.starts_with("file://")
    {
        return Ok(Checked::Unopened);
    }
    let fitted = fit(&pipeline, &document, &packs, &base).await;
    let (source, steps, sink, errors) =
        fitted.map_err(|flaws| Failure::flaws(&file, flaws))?;
    let output = steps
        .last()
        .map_or_else(|| source.schema().clone(), |step| step.attach.schema().clone());
    let remarks = constant_accepts(&pipeline, &document, &steps);
    terminal.talk(&pipeline::warn(&file, &remarks));
    let state = place(args.state.as_deref(), &pipeline.state, &base, terminal)?;
    let results = results(&state, pipeline.results.as_deref(), &base)?;
    let run_key = args.run_key.clone().unwrap_or_else(|| run_key(&pipeline, &base));
    Ok(Checked::Whole(Box::new(Prepared {
        pipeline,
        source,
        steps,
        sink,
        errors,
        output,
        state,
        results,
        run_key,
        file,
        document,
    })))
}

/// Like [`prepare`], for verbs that need all of it.
pub(crate) async fn whole(
    args: &FileArgs,
    terminal: &Terminal,
) -> Result<Prepared, Failure> {
    match prepare(args, terminal, false).await? {
        Checked::Whole(prepared) => Ok(*prepared),
        Checked::Unopened => Err(Failure::failed("the source was not opened")),
    }
}

/// The state that the arguments name, or the file's.
pub(crate) fn state_of(args: &FileArgs, terminal: &Terminal) -> Result<Place, Failure> {
    match &args.state {
        Some(state) => named(state, terminal),
        None => {
            let (_, loaded) = read(args, terminal)?;
            place(None, &loaded.pipeline.state, &folder_of(&args.file), terminal)
        }
    }
}

/// A provider of the file by its name, its account, and the state.
pub(crate) fn provider_of(
    args: &FileArgs,
    name: &str,
    terminal: &Terminal,
) -> Result<(Provider, Account, Place), Failure> {
    let (file, loaded) = read(args, terminal)?;
    let mut pipeline = loaded.pipeline;
    let account = pipeline.account(name, &packs()?);
    let (Some(account), Some(provider)) = (account, pipeline.providers.remove(name))
    else {
        let failure = Failure::invalid(format!("{file} has no provider `{name}`"));
        let names = pipeline.providers.keys().map(String::as_str);
        return Err(match pipeline::meant(name, names) {
            Some(hint) => failure.hint(hint),
            None => failure,
        });
    };
    let base = folder_of(&args.file);
    let place = place(args.state.as_deref(), &pipeline.state, &base, terminal)?;
    Ok((provider, account, place))
}

/// A state that was named outside of a file: relative paths start where the program runs.
pub(crate) fn named(state: &str, terminal: &Terminal) -> Result<Place, Failure> {
    place(Some(state), "", Path::new(""), terminal)
}

fn place(
    named: Option<&str>,
    written: &str,
    base: &Path,
    terminal: &Terminal,
) -> Result<Place, Failure> {
    let place = match named {
        Some(named) => Place::read(named, Path::new(""))?,
        None => Place::read(written, base)?,
    };
    let password = place.password().map(Secret::new);
    terminal.keep_secret(password.iter());
    if let Place::Folder(folder) = &place {
        refuse_temporary(folder)?;
    }
    Ok(place)
}

/// Where answers are kept: where the file says, or in the state's folder.
fn results(
    state: &Place,
    written: Option<&str>,
    base: &Path,
) -> Result<Results, Failure> {
    match (written, state.answers()) {
        (Some(written), _) => Ok(Results::find(written, base)?),
        (None, Some(folder)) => Ok(Results::folder(folder)),
        (None, None) => {
            Err(Failure::invalid("a state on Postgres needs a place for the answers")
                .hint("add `results: s3://bucket/leadmill/` to the file, or a folder that all machines share"))
        }
    }
}

/// Reads the file, and keeps its secrets from the terminal.
fn read(args: &FileArgs, terminal: &Terminal) -> Result<(String, Loaded), Failure> {
    let file = args.file.display().to_string();
    let text = fs::read_to_string(&args.file).map_err(|error| {
        Failure::invalid(format!("{file}: {error}"))
            .hint("`leadmill init` writes a pipeline file to begin with")
    })?;
    let overrides = args.vars.iter().cloned().collect();
    let outside = Process { folder: folder_of(&args.file) };
    let loaded = pipeline::read(&text, &outside, &overrides, &packs()?)
        .map_err(|flaws| Failure::flaws(&file, flaws))?;
    terminal.keep_secret(loaded.pipeline.secrets());
    terminal.talk(&pipeline::warn(&file, &loaded.remarks));
    Ok((file, loaded))
}

/// The facts of all providers.
pub(crate) fn packs() -> Result<Vec<Pack>, Failure> {
    leadmill_providers::packs().map_err(|error| Failure::failed(error.to_string()))
}

impl Prepared {
    /// Everything that is asked, of whomever.
    pub(crate) fn attempts(&self) -> impl Iterator<Item = &PreparedAttempt> {
        self.steps.iter().flat_map(|step| &step.attempts)
    }

    /// Looks at so many pages of leads that are searched, and not at those after them.
    pub(crate) async fn narrow(&mut self, pages: u32) -> Result<(), Failure> {
        if let Some(bought) = &self.pipeline.source.bought {
            self.source = self.source_of(bought.questions(pages)).await?;
        }
        Ok(())
    }

    /// The source of leads that are bought, where these rows ask.
    pub(crate) async fn source_of(&self, rows: String) -> Result<Source, Failure> {
        let spec = source_spec(&self.pipeline, Path::new(""));
        let source = Source::of_rows(rows, spec).await;
        source.map_err(|error| self.misfit(error))
    }

    /// Places an error that was found while reading the source.
    pub(crate) fn misfit(&self, error: TableError) -> Failure {
        let path = source_path(&self.pipeline, error.subject);
        let flaw = self.document.flaw(&path, error.message, error.hint);
        Failure::flaws(&self.file, vec![flaw])
    }

    /// Places an error that was found while computing a step's expressions.
    pub(crate) fn misfit_in(&self, place: usize, error: TableError) -> Failure {
        let steps = steps(&self.pipeline);
        let Some((place, step)) = steps.get(place) else { return self.misfit(error) };
        let path = step_path(&self.pipeline, step, *place, error.subject);
        let flaw = self.document.flaw(&path, error.message, error.hint);
        Failure::flaws(&self.file, vec![flaw])
    }
}

fn source_spec(pipeline: &Pipeline, base: &Path) -> SourceSpec {
    let source = &pipeline.source;
    SourceSpec {
        format: format(source.location.format),
        location: source.location.path.clone(),
        base: base.to_owned(),
        sql: source.sql.clone(),
        filter: source.filter.clone(),
        // Leads that are bought have no columns before they are.
        key: source.bought.as_ref().map_or_else(|| source.key.clone(), |_| Vec::new()),
    }
}

type Fitted = (Source, Vec<PreparedStep>, SinkSpec, Option<SinkSpec>);

/// Opens the source, compiles every expression and checks the sink: all errors at once.
async fn fit(
    pipeline: &Pipeline,
    document: &Document,
    packs: &[Pack],
    base: &Path,
) -> Result<Fitted, Vec<Flaw>> {
    let spec = source_spec(pipeline, base);
    let source = match &pipeline.source.bought {
        None => Source::open(spec).await,
        Some(bought) => Source::of_rows(bought.questions(bought.pages()), spec).await,
    };
    let source = source.map_err(|error| {
        vec![document.flaw(
            &source_path(pipeline, error.subject),
            error.message,
            error.hint,
        )]
    })?;
    let mut flaws = Vec::new();
    let steps = fit_steps(pipeline, document, packs, source.schema(), &mut flaws);
    let sink = SinkSpec {
        format: format(pipeline.sink.location.format),
        location: pipeline.sink.location.path.clone(),
        base: base.to_owned(),
        name: pipeline.name.clone(),
    };
    let errors = pipeline.sink.errors.as_ref().map(|location| SinkSpec {
        format: Format::Ndjson,
        location: location.clone(),
        base: base.to_owned(),
        name: format!("{}_errors", pipeline.name),
    });
    if flaws.is_empty() {
        let output = steps.last().map_or(source.schema(), |step| step.attach.schema());
        if let Err(error) = Sink::check(&sink, output).await {
            let key = key_of(pipeline.sink.location.format);
            flaws.push(document.flaw(
                &["sink".into(), key.into()],
                error.message,
                error.hint,
            ));
        }
        if let Some(errors) = &errors
            && let Err(error) = Sink::check(errors, output).await
        {
            let path = ["sink".into(), "errors".into()];
            flaws.push(document.flaw(&path, error.message, error.hint));
        }
    }
    if flaws.is_empty() { Ok((source, steps, sink, errors)) } else { Err(flaws) }
}

fn source_path(pipeline: &Pipeline, subject: Subject) -> [Hop<'static>; 2] {
    let key = match subject {
        Subject::Filter => "where",
        Subject::Sql => "sql",
        Subject::Key => "key",
        _ => match &pipeline.source.bought {
            Some(bought) => bought.kind.name(),
            None => key_of(pipeline.source.location.format),
        },
    };
    ["source".into(), key.into()]
}

const fn format(format: TableFormat) -> Format {
    match format {
        TableFormat::Parquet => Format::Parquet,
        TableFormat::Csv => Format::Csv,
        TableFormat::Ndjson => Format::Ndjson,
    }
}

const fn key_of(format: TableFormat) -> &'static str {
    match format {
        TableFormat::Parquet => "parquet",
        TableFormat::Csv => "csv",
        TableFormat::Ndjson => "ndjson",
    }
}

/// Relative paths start at the pipeline file's folder, wherever the program is run from.
fn folder_of(file: &Path) -> PathBuf {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.map_or_else(|| PathBuf::from("."), Path::to_owned)
}

/// A run goes on with an unfinished one of the same name over the same selection of the same source.
fn run_key(pipeline: &Pipeline, base: &Path) -> String {
    let source = &pipeline.source;
    let base = match source.location.path.contains("://") {
        true => String::new(),
        false => fs::canonicalize(base)
            .unwrap_or_else(|_| base.to_owned())
            .display()
            .to_string(),
    };
    let mut hash = Sha256::new();
    for part in [
        &pipeline.name,
        &base,
        &source.location.path,
        source.sql.as_deref().unwrap_or_default(),
        source.filter.as_deref().unwrap_or_default(),
    ] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    let hex: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{hex}", pipeline.name)
}

/// Airflow's BashOperator deletes its working folder: a state there would lose what was paid for.
fn refuse_temporary(state: &Path) -> Result<(), Failure> {
    let whole = std::path::absolute(state).unwrap_or_else(|_| state.to_owned());
    let temporary = whole
        .components()
        .any(|part| part.as_os_str().to_string_lossy().starts_with("airflowtmp"));
    match temporary {
        false => Ok(()),
        true => Err(Failure::invalid(format!(
            "state {} lies in a folder that Airflow deletes",
            state.display()
        ))
        .hint("set LEADMILL_STATE or --state to a folder that lasts")),
    }
}
