//! What is given up between the opening of the captures and the first packet: bytes from the network are read by a process that
//! may do next to nothing.
//!
//! Another user comes first, so that the files of results are that user's; everything else goes once they are open. It has to be
//! done before there are other threads, which have what the first one has left.

mod capabilities;
mod files;
mod system_calls;
mod user;

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use rustix::fs::Access;
pub(super) use user::User;

/// What is needed after that.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// Whom the process has become; `None` for who it was.
    pub(super) user: Option<User>,
    /// Whether interfaces that are lost are listened to again.
    pub(super) listens_again: bool,
    /// Files that are read again, if they are there.
    pub(super) reads: Vec<PathBuf>,
    /// Folders in which files are made, renamed and removed.
    pub(super) writes: Vec<PathBuf>,
}

/// Becomes a user, who from here on owns what is made.
pub(super) fn become_user(user: User) -> anyhow::Result<()> {
    capabilities::change_user(user)
}

/// Gives up everything else. Where the kernel lacks Landlock or seccomp, that part is left out.
pub(super) fn give_up_all_but(needs: &Needs) -> anyhow::Result<()> {
    let unusable = capabilities::reduce(needs)?;
    if let Some((path, access)) = unusable {
        let verb = if access == Access::WRITE_OK { "written to" } else { "read" };
        bail!("{} could not be {verb} later by the user of --user", path.display());
    }
    files::restrict(needs).context("cannot restrict the access to files")?;
    system_calls::restrict().context("cannot restrict the system calls")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs::{self, File};
    use std::net::{TcpListener, TcpStream};
    use std::process::Command;
    use std::thread;

    use super::*;

    /// The fence holds for a thread and those that it begins: the rest of the tests stay free.
    #[test]
    fn what_is_not_needed_is_refused() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let [needed, other] = folders.each_ref().map(tempfile::TempDir::path);
        fs::write(other.join("secret"), "").unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let needs = Needs { writes: vec![needed.to_owned()], ..Needs::default() };
        let fenced = || {
            assert!(TcpStream::connect(listener.local_addr().unwrap()).is_ok());
            files::restrict(&needs).unwrap();
            system_calls::restrict().unwrap();
            File::create(needed.join("one")).unwrap();
            fs::rename(needed.join("one"), needed.join("two")).unwrap();
            fs::remove_file(needed.join("two")).unwrap();
            assert!(File::open(other.join("secret")).is_err());
            assert!(File::create(other.join("new")).is_err());
            assert!(File::open("/etc/passwd").is_err());
            assert!(fs::read_dir("/sys/class/net").is_ok());
            assert!(Command::new("/bin/true").status().is_err());
            assert!(TcpStream::connect(listener.local_addr().unwrap()).is_err());
        };
        thread::scope(|scope| scope.spawn(fenced).join().unwrap());
        assert!(File::open("/etc/passwd").is_ok());
    }
}
