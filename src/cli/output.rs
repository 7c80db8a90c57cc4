//! Where results go: standard output, or a file that is there whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;
use tempfile::NamedTempFile;

const BUFFER: usize = 1 << 16;

/// A file under way, or a stream.
#[derive(Debug)]
pub(super) enum Output {
    /// Takes its place only when it is complete.
    File { temporary: BufWriter<NamedTempFile>, path: PathBuf },
    /// A device, pipe or FIFO, or a file that grows, which are written to as they are.
    Direct { file: BufWriter<File>, path: PathBuf },
    /// Standard output.
    Stdout(BufWriter<io::Stdout>),
}

impl Output {
    /// Standard output for no path and for `-`.
    pub(super) fn create(path: Option<&Path>) -> anyhow::Result<Self> {
        Self::by(path, Self::create_file)
    }

    /// The same for what goes on and is read while it does: a file is written to as it is, and one that is there is
    /// overwritten.
    #[cfg(feature = "live")]
    pub(super) fn stream(path: Option<&Path>) -> anyhow::Result<Self> {
        Self::by(path, |path| Ok(Self::direct(File::create(path)?, path)))
    }

    fn by(path: Option<&Path>, open: impl FnOnce(&Path) -> io::Result<Self>) -> anyhow::Result<Self> {
        match path.filter(|path| *path != Path::new("-")) {
            None => Ok(Self::Stdout(BufWriter::with_capacity(BUFFER, io::stdout()))),
            Some(path) => open(path).with_context(|| format!("cannot write {}", path.display())),
        }
    }

    fn direct(file: File, path: &Path) -> Self {
        Self::Direct { file: BufWriter::with_capacity(BUFFER, file), path: path.to_owned() }
    }

    fn create_file(path: &Path) -> io::Result<Self> {
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Ok(found) if !found.is_file() => {
                Ok(Self::direct(OpenOptions::new().write(true).open(path)?, path))
            }
            Ok(found) if !may_be_replaced(path, &found)? => Err(io::ErrorKind::PermissionDenied.into()),
            // Through a symbolic link, so that the link stays.
            Ok(found) => Self::temporary_beside(fs::canonicalize(path)?, &found.permissions()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if let Ok(target) = fs::read_link(path) {
                    return Self::create_file(&folder_of(path).join(target));
                }
                // Less what the user's umask takes away.
                Self::temporary_beside(path.to_owned(), &fs::Permissions::from_mode(0o666))
            }
            Err(error) => Err(error),
        }
    }

    fn temporary_beside(path: PathBuf, permissions: &fs::Permissions) -> io::Result<Self> {
        // Opened here, for errors of the builder's own name a temporary file that the user never gave.
        let create =
            |path: &Path| OpenOptions::new().write(true).create_new(true).mode(permissions.mode()).open(path);
        let temporary = tempfile::Builder::new().prefix(".portolan-").make_in(folder_of(&path), create)?;
        Ok(Self::File { temporary: BufWriter::with_capacity(BUFFER, temporary), path })
    }

    /// The folder that a file is put into when it is complete.
    #[cfg(feature = "live")]
    pub(super) fn folder(&self) -> Option<&Path> {
        match self {
            Self::File { path, .. } => Some(folder_of(path)),
            Self::Direct { .. } | Self::Stdout(_) => None,
        }
    }

    /// Whether it is standard output.
    pub(super) const fn is_stdout(&self) -> bool {
        matches!(self, Self::Stdout(_))
    }

    /// Writes out what is buffered and puts a file in its place.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Stdout(mut stdout) => stdout.flush().context("cannot write to standard output"),
            Self::Direct { mut file, path } => {
                file.flush().with_context(|| format!("cannot write {}", path.display()))
            }
            Self::File { temporary, path } => {
                let persist = || -> io::Result<()> {
                    let temporary = temporary.into_inner().map_err(io::IntoInnerError::into_error)?;
                    temporary.as_file().sync_all()?;
                    temporary.persist(&path)?;
                    Ok(())
                };
                persist().with_context(|| format!("cannot write {}", path.display()))
            }
        }
    }
}

/// Whether another file may take its place, which in a folder such as /tmp only its owner may do, or that of the folder.
fn may_be_replaced(path: &Path, found: &fs::Metadata) -> io::Result<bool> {
    const STICKY: u32 = 0o1000;
    let folder = fs::metadata(folder_of(&fs::canonicalize(path)?))?;
    let user = rustix::process::geteuid();
    let is_owner = [found.uid(), folder.uid()].contains(&user.as_raw());
    Ok(folder.mode() & STICKY == 0 || is_owner || user.is_root())
}

/// Whether both paths lead to the same regular file.
fn is_same_file(one: &Path, other: &Path) -> bool {
    let identity = |path: &Path| {
        let found = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
        Some((found.dev(), found.ino()))
    };
    identity(one).is_some_and(|one| identity(other) == Some(one))
}

/// Whether what is written to both paths goes to one place, be it there yet or not.
pub(super) fn is_same_place(one: &Path, other: &Path) -> bool {
    let is_stream = [one, other].contains(&Path::new("-"));
    one == other
        || !is_stream && (is_same_file(one, other) || place(one).is_some_and(|one| Some(one) == place(other)))
}

/// Where a file is, or will be: through all links, as [`Output::create_file`] goes.
fn place(path: &Path) -> Option<PathBuf> {
    match (fs::canonicalize(path), fs::read_link(path)) {
        (Ok(found), _) => Some(found),
        (Err(error), _) if error.kind() != io::ErrorKind::NotFound => None,
        (Err(_), Ok(target)) => place(&folder_of(path).join(target)),
        (Err(_), Err(_)) => Some(fs::canonicalize(folder_of(path)).ok()?.join(path.file_name()?)),
    }
}

/// Refuses to write over an input.
pub(super) fn check_inputs<'a>(
    output: Option<&Path>,
    inputs: impl IntoIterator<Item = &'a PathBuf>,
) -> Result<(), String> {
    let Some(output) = output else { return Ok(()) };
    match inputs.into_iter().find(|input| is_same_file(input, output)) {
        Some(input) => {
            Err(format!("{} would be written over the input {}", output.display(), input.display()))
        }
        None => Ok(()),
    }
}

/// The folder that a file is in.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File { temporary, .. } => temporary.write(bytes),
            Self::Direct { file, .. } => file.write(bytes),
            Self::Stdout(stdout) => stdout.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File { temporary, .. } => temporary.flush(),
            Self::Direct { file, .. } => file.flush(),
            Self::Stdout(stdout) => stdout.flush(),
        }
    }
}
