//! What a pipeline file may ask of its surroundings.

use std::{
    env,
    fmt::Debug,
    fs::File,
    io::{self, Read},
    path::PathBuf,
};

/// The environment and the files beside the pipeline.
pub(crate) trait Outside: Debug {
    /// An environment variable.
    fn variable(&self, name: &str) -> Result<String, env::VarError>;

    /// The text of a file. Relative paths start at the pipeline file's folder.
    fn file(&self, path: &str) -> io::Result<String>;
}

/// The surroundings of this process.
#[derive(Debug)]
pub(crate) struct Process {
    /// The folder of the pipeline file.
    pub(crate) folder: PathBuf,
}

/// More than any secret needs; it keeps a device from being read for ever.
const MOST_BYTES: u64 = 64 * 1024;

impl Outside for Process {
    fn variable(&self, name: &str) -> Result<String, env::VarError> {
        env::var(name)
    }

    fn file(&self, path: &str) -> io::Result<String> {
        let mut text = String::new();
        let file = File::open(self.folder.join(path))?;
        file.take(MOST_BYTES).read_to_string(&mut text)?;
        Ok(text)
    }
}
