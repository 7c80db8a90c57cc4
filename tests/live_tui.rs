//! The terminal interface of `portolan live`, driven in tmux.
//!
//! Skipped where there is no tmux, unless `PORTOLAN_REQUIRE_TOOLS` is set.
#![cfg(feature = "live")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::process::Command;
use std::thread;
use std::time::Duration;

/// Looks at the screen before it is given up.
const TRIES: usize = 300;
const EVERY: Duration = Duration::from_millis(100);

/// A terminal with a shell.
struct Tmux {
    socket: String,
}

impl Tmux {
    /// A terminal of its own for each test; none without tmux.
    fn open(name: &str) -> Option<Self> {
        let socket = format!("portolan-{name}-{}", std::process::id());
        let tmux = Self { socket };
        let shell = "env -u ENV -u BASH_ENV PS1='ready> ' XDG_CONFIG_HOME=/nonexistent sh -i";
        match tmux.command(&["-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", shell]).output()
        {
            Ok(output) => assert!(output.status.success(), "{output:?}"),
            Err(error) => {
                assert!(std::env::var_os("PORTOLAN_REQUIRE_TOOLS").is_none(), "tmux is required: {error}");
                eprintln!("SKIPPED: there is no tmux");
                std::mem::forget(tmux);
                return None;
            }
        }
        tmux.wait_for("ready>");
        Some(tmux)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command.args(["-u", "-L", &self.socket]).args(arguments);
        command.env("LC_ALL", "C.UTF-8").env_remove("TMUX").env_remove("NO_COLOR");
        command
    }

    fn ask(&self, arguments: &[&str]) -> String {
        String::from_utf8_lossy(&self.command(arguments).output().unwrap().stdout).into_owned()
    }

    /// Types a line into the shell.
    fn run(&self, line: &str) {
        self.ask(&["send-keys", "-l", line]);
        self.press(&["Enter"]);
    }

    /// `live` with the office.
    fn run_live(&self, arguments: &str) {
        self.run(&format!(
            "{} live --replay {}/testdata/office.pcapng --speed max {arguments}",
            env!("CARGO_BIN_EXE_portolan"),
            env!("CARGO_MANIFEST_DIR")
        ));
    }

    fn press(&self, keys: &[&str]) {
        self.ask(&[&["send-keys"], keys].concat());
    }

    fn screen(&self) -> String {
        self.ask(&["capture-pane", "-p"])
    }

    /// Waits until the screen shows it.
    fn wait_for(&self, text: &str) -> String {
        for _ in 0..TRIES {
            let screen = self.screen();
            if screen.contains(text) {
                return screen;
            }
            thread::sleep(EVERY);
        }
        panic!("no {text:?} on the screen:\n{}", self.screen());
    }

    /// Whether the program has the screen, and whether the cursor is to be seen.
    fn wait_for_state(&self, state: &str) {
        let found = || self.ask(&["display-message", "-p", "#{alternate_on} #{cursor_flag}"]);
        for _ in 0..TRIES {
            if found().trim() == state {
                return;
            }
            thread::sleep(EVERY);
        }
        panic!("{state} is {}:\n{}", found(), self.screen());
    }

    /// Sends a signal to the program.
    fn signal(&self, name: &str) {
        self.ask(&["run-shell", &format!("kill -{name} $(pgrep -P #{{pane_pid}} portolan)")]);
    }

    /// The shell has its terminal back: what is typed is shown, and lines end where they should.
    fn is_whole(&self) {
        self.wait_for_state("0 1");
        self.run("clear; stty -a | grep -o ' echo ' | tr -d ' '; stty -a | grep -o ' icanon ' | tr -d ' '; echo who''le");
        let screen = self.wait_for("whole");
        assert!(screen.contains("\necho\n") || screen.starts_with("echo\n"), "{screen}");
        assert!(screen.contains("\nicanon\n"), "{screen}");
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = self.command(&["kill-server"]).output();
    }
}

#[test]
fn the_way_to_a_flow_and_back_to_the_shell() {
    let Some(tmux) = Tmux::open("way") else { return };
    tmux.run_live("");
    tmux.wait_for("portolan ENDED office.pcapng");
    let screen = tmux.wait_for("> web-tls");
    assert!(screen.contains("lost: kernel 0, interface 0, evicted 0"), "{screen}");
    tmux.press(&["Enter"]);
    tmux.wait_for("> https 443/tcp");
    tmux.press(&["Enter"]);
    tmux.wait_for("> 203.0.113.10:443");
    tmux.press(&["Enter"]);
    tmux.wait_for("> 192.168.20.101:");
    tmux.press(&["Enter"]);
    tmux.wait_for("destination of the SYN: decides alone");
    tmux.press(&["Escape"]);
    tmux.wait_for("> 192.168.20.101:");
    tmux.press(&["Tab", "/"]);
    tmux.ask(&["send-keys", "-l", "postgr"]);
    tmux.wait_for("> postgres 5432/tcp");
    tmux.press(&["Enter", "?"]);
    tmux.wait_for("quit, and print the summary");
    tmux.ask(&["resize-window", "-x", "120", "-y", "40"]);
    tmux.wait_for(" UTC ");
    tmux.press(&["?"]);
    tmux.wait_for("m36s ago");
    tmux.press(&["q"]);
    tmux.wait_for("ready>");
    tmux.is_whole();
}

#[test]
fn the_summary_is_printed_in_the_end() {
    let Some(tmux) = Tmux::open("summary") else { return };
    tmux.ask(&["resize-window", "-x", "100", "-y", "200"]);
    tmux.run_live("");
    tmux.wait_for("ENDED");
    tmux.press(&["C-c"]);
    let screen = tmux.wait_for("Port classes");
    assert!(screen.contains("3,317 packets"), "{screen}");
    tmux.is_whole();
}

#[test]
fn it_can_be_suspended_and_interrupted() {
    let Some(tmux) = Tmux::open("suspend") else { return };
    tmux.run_live("--quiet");
    tmux.wait_for("ENDED");
    tmux.wait_for_state("1 0");
    tmux.press(&["C-z"]);
    tmux.wait_for("Stopped");
    tmux.is_whole();
    tmux.run("fg");
    tmux.wait_for("ENDED");
    tmux.wait_for_state("1 0");
    // Nobody can give the terminal back before that.
    tmux.signal("STOP");
    tmux.wait_for("Stopped");
    tmux.ask(&["send-keys", "-l", "fg"]);
    tmux.press(&["C-j"]);
    tmux.wait_for("portolan ENDED");
    tmux.press(&["?"]);
    tmux.wait_for("any key: back");
    tmux.signal("TSTP");
    tmux.is_whole();
    tmux.run("fg");
    tmux.wait_for("any key: back");
    tmux.signal("TERM");
    tmux.wait_for_state("0 1");
    tmux.is_whole();
}

#[test]
fn formats_and_pipes_have_no_interface() {
    let Some(tmux) = Tmux::open("formats") else { return };
    for how in ["--quiet --format text", "--quiet | cat"] {
        tmux.run("clear");
        tmux.run_live(&format!("{how}; echo do''ne"));
        let screen = tmux.wait_for("done");
        assert!(screen.contains("Mbit/s") && !screen.contains("ENDED"), "{screen}");
        tmux.wait_for_state("0 1");
    }
}

#[test]
fn a_closed_terminal_ends_it() {
    // Whether the program hears of it by SIGHUP, or only finds nothing there.
    for how in ["", "trap '' HUP;"] {
        let Some(tmux) = Tmux::open("closed") else { return };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        tmux.run(&format!("{how} echo $$ > {}", file.display()));
        tmux.run_live("");
        tmux.wait_for("office.pcapng");
        tmux.wait_for("web");
        let shell = std::fs::read_to_string(&file).unwrap();
        let children = Command::new("pgrep").args(["-P", shell.trim()]).output().unwrap();
        let live = String::from_utf8(children.stdout).unwrap();
        assert!(!live.trim().is_empty());
        tmux.ask(&["kill-server"]);
        let process = std::path::Path::new("/proc").join(live.trim());
        let is_gone = (0..TRIES).any(|_| {
            thread::sleep(EVERY);
            // What is left of one that ended, until somebody asks, does nothing any more.
            std::fs::read_to_string(process.join("stat")).is_ok_and(|stat| stat.contains(") Z "))
                || !process.exists()
        });
        if !is_gone {
            let _ = Command::new("kill").args(["-KILL", live.trim()]).status();
        }
        assert!(is_gone, "after {how:?}");
    }
}
