//! Files that appear whole or not at all, and survive a power cut once they appear.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

/// A file that is being written beside its final place, under a hidden name. Dropped unpublished, it is gone.
#[derive(Debug)]
pub(crate) struct Unpublished {
    file: File,
    temp: PathBuf,
    target: PathBuf,
    published: bool,
}

impl Unpublished {
    /// Opens a fresh file beside `target`. A link is followed, so that it stays one.
    pub(crate) fn create(target: &Path) -> io::Result<Self> {
        let target = target.canonicalize().unwrap_or_else(|_| target.to_owned());
        for attempt in 0_u32.. {
            let temp = target.with_file_name(temp_name(&target, attempt)?);
            let file = OpenOptions::new().write(true).create_new(true).open(&temp);
            match file {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                file => {
                    let file = file?;
                    // The lock tells other processes that this file is alive; where locks are unknown, it is
                    // merely never swept.
                    drop(file.try_lock());
                    return Ok(Self { file, temp, target, published: false });
                }
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Where to write.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Puts the file in its place, replacing what was there, when all of it is on the disk.
    pub(crate) fn publish(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.temp, &self.target)?;
        self.published = true;
        sync_folder(&self.target)
    }
}

impl Drop for Unpublished {
    fn drop(&mut self) {
        if !self.published {
            drop(fs::remove_file(&self.temp));
        }
    }
}

/// Removes what dead processes left in a folder, of one target or of all.
pub(crate) fn sweep(folder: &Path, target: Option<&str>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let of = name.strip_prefix('.').and_then(|name| name.rsplit_once(".tmp-"));
        let Some((of, _)) = of else { continue };
        let is_ours = target.is_none_or(|target| target == of);
        if is_ours && File::open(&path).is_ok_and(|file| file.try_lock().is_ok()) {
            drop(fs::remove_file(&path));
        }
    }
    Ok(())
}

/// Creates a folder that survives a power cut.
pub(crate) fn create_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        create_folder(parent)?;
    }
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => sync_folder(folder),
    }
}

fn sync_folder(of: &Path) -> io::Result<()> {
    let folder = of.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn temp_name(target: &Path, attempt: u32) -> io::Result<String> {
    let name = target.file_name().and_then(|name| name.to_str());
    let name = name.ok_or(io::ErrorKind::InvalidFilename)?;
    let process = std::process::id();
    Ok(match attempt {
        0 => format!(".{name}.tmp-{process}"),
        _ => format!(".{name}.tmp-{process}-{attempt}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.txt");
        fs::write(&target, "old").unwrap();
        let new = Unpublished::create(&target).unwrap();
        new.file().write_all(b"new").unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "old");
        new.publish().unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "new");
        drop(Unpublished::create(&target).unwrap());
        assert_eq!(names(folder.path()), ["a.txt"]);
    }

    #[test]
    fn only_what_nobody_writes_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let alive = Unpublished::create(&folder.path().join("a.txt")).unwrap();
        for dead in [".a.txt.tmp-1", ".b.txt.tmp-1", "a.txt.tmp-1"] {
            fs::write(folder.path().join(dead), "").unwrap();
        }
        sweep(folder.path(), Some("a.txt")).unwrap();
        let temp = alive.temp.file_name().unwrap().to_str().unwrap().to_owned();
        let mut left = vec![temp.clone(), ".b.txt.tmp-1".into(), "a.txt.tmp-1".into()];
        left.sort();
        assert_eq!(names(folder.path()), left);
        sweep(folder.path(), None).unwrap();
        let mut left = vec![temp, "a.txt.tmp-1".into()];
        left.sort();
        assert_eq!(names(folder.path()), left);
    }
}
