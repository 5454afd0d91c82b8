//! Writes synthetic leads, as untidy as real ones, to a Parquet file:
//!
//! ```text
//! leads [--rows 10000] [--seed 7] [--out pipelines/data/leads.parquet]
//! ```
//!
//! Each row is a function of the seed and of its number, so that memory does not grow with the
//! rows, and equal arguments give equal bytes. Every domain is under a reserved name (RFC 2606):
//! none can ever be real. Of 100 rows about 20 repeat an earlier person in another spelling
//! (letter case, blanks, Unicode normal form, a URL for the domain), 4 lack a name or the domain,
//! and 1 has a malformed domain.

mod columns;
mod dice;
mod lead;
mod names;
mod spelling;
mod world;

use columns::Columns;
use parquet::{
    arrow::ArrowWriter, basic::Compression, file::properties::WriterProperties,
};
use std::{
    env,
    error::Error,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};
use world::World;

const BATCH_ROWS: u64 = 10_000;
const ROW_GROUP_ROWS: usize = 100_000;

fn main() -> Result<(), Box<dyn Error>> {
    let wish = Wish::read(env::args().skip(1))?;
    wish.write()?;
    writeln!(io::stdout(), "{} leads in {}", wish.rows, wish.out.display())?;
    Ok(())
}

/// What was asked for on the command line.
struct Wish {
    rows: u64,
    seed: u64,
    out: PathBuf,
}

impl Wish {
    fn read(mut args: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let out = PathBuf::from("pipelines/data/leads.parquet");
        let mut wish = Self { rows: 10_000, seed: 7, out };
        while let Some(name) = args.next() {
            let value = args.next().ok_or_else(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--rows" => wish.rows = value.parse()?,
                "--seed" => wish.seed = value.parse()?,
                "--out" => wish.out = value.into(),
                _ => return Err(format!("no such option: {name}").into()),
            }
        }
        Ok(wish)
    }

    fn write(&self) -> Result<(), Box<dyn Error>> {
        fs::create_dir_all(self.out.parent().unwrap_or(Path::new(".")))?;
        let file = File::create(&self.out)?;
        let shape = Columns::default().finish()?.schema();
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(Default::default()))
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .build();
        let mut writer = ArrowWriter::try_new(file, shape, Some(properties))?;
        let world = World::new(self.seed);
        for first in (0..self.rows).step_by(BATCH_ROWS as usize) {
            let mut columns = Columns::default();
            for row in first..self.rows.min(first + BATCH_ROWS) {
                columns.push(world.lead(row));
            }
            writer.write(&columns.finish()?)?;
        }
        writer.close()?;
        Ok(())
    }
}
