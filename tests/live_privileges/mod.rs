//! What `portolan live` gives up before packets come, seen from outside.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::validated;

use super::PORTOLAN;
use super::network::{self, Network};

const NET_RAW: u64 = 1 << 13;
const DAC_OVERRIDE: u64 = 1 << 1;

/// `portolan live` under way, past the point where it has given up everything.
struct Live(Child);

impl Live {
    /// Its metrics answer once threads have begun, so they tell when to look.
    fn start(mut command: Command) -> Self {
        command.args(["--no-rules", "--metrics", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
        let lines: Vec<String> = told.by_ref().take(2).map(Result::unwrap).collect();
        assert!(lines.concat().contains("metrics on"), "{lines:?}");
        let live = Self(child);
        network::wait_until("threads", || live.statuses().len() >= 3);
        live
    }

    /// What the kernel says of each thread.
    fn statuses(&self) -> Vec<String> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.0.id())).unwrap();
        tasks.map(|task| fs::read_to_string(task.unwrap().path().join("status")).unwrap()).collect()
    }

    fn end(mut self) -> (Option<i32>, Value) {
        assert!(Command::new("kill").args(["-INT", &self.0.id().to_string()]).status().unwrap().success());
        let status = self.0.wait().unwrap();
        let output = std::io::read_to_string(self.0.stdout.take().unwrap()).unwrap();
        (status.code(), if output.is_empty() { Value::Null } else { validated::json(&output) })
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn field<'a>(status: &'a str, name: &str) -> &'a str {
    let line = status.lines().find(|line| line.starts_with(&format!("{name}:"))).unwrap();
    line.split_once(':').unwrap().1.trim()
}

/// That every thread has these capabilities, no way to others, and is fenced in.
#[track_caller]
fn assert_reduced(live: &Live, capabilities: u64) {
    for status in live.statuses() {
        let set = |name| u64::from_str_radix(field(&status, name), 16).unwrap();
        let sets = ["CapPrm", "CapEff", "CapInh", "CapAmb"].map(set);
        assert_eq!(sets, [capabilities, capabilities, 0, 0], "{status}");
        assert_eq!((field(&status, "NoNewPrivs"), field(&status, "Seccomp")), ("1", "2"), "{status}");
    }
}

fn live(network: &Network, program: &Path) -> Command {
    let mut command = network.command(program.to_str().unwrap());
    command.args(["live", network.interface(), "--format", "json"]);
    command
}

#[test]
fn root_keeps_what_a_lost_interface_needs() {
    let Some(network) = Network::new("root") else { return };
    let live = Live::start(live(&network, Path::new(PORTOLAN)));
    assert_reduced(&live, NET_RAW);
    for status in live.statuses() {
        assert_eq!(field(&status, "CapBnd"), "0000000000000000", "{status}");
    }
    assert_eq!(live.end().0, Some(0));
}

#[test]
fn nothing_is_kept_where_nothing_is_needed() {
    let Some(network) = Network::new("nothing") else { return };
    let mut command = live(&network, Path::new(PORTOLAN));
    command.arg("--once");
    let live = Live::start(command);
    assert_reduced(&live, 0);
    assert_eq!(live.end().0, Some(0));
}

#[test]
fn another_user_counts_as_well() {
    let Some(network) = Network::new("user") else { return };
    let mut command = live(&network, Path::new(PORTOLAN));
    command.args(["--user", "nobody"]);
    let live = Live::start(command);
    assert_reduced(&live, NET_RAW);
    for status in live.statuses() {
        assert_eq!(field(&status, "Uid"), "65534\t65534\t65534\t65534", "{status}");
        assert_eq!(field(&status, "Gid"), "65534\t65534\t65534\t65534", "{status}");
        assert_eq!(field(&status, "Groups"), "65534", "{status}");
    }
    network.ip(&["link", "set", network.interface(), "down"]);
    network.ip(&["link", "set", network.interface(), "up"]);
    network.send_datagram(53);
    let (_, document) = live.end();
    assert_eq!(document["transports"]["udp"]["packets"], 1, "{document}");
}

#[test]
fn an_ordinary_user_may_be_allowed_to_capture() {
    let Some(network) = Network::new("setcap") else { return };
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("portolan");
    fs::copy(PORTOLAN, &program).unwrap();
    let mut setcap = Command::new("setcap");
    assert!(setcap.arg("cap_net_raw=ep").arg(&program).status().unwrap().success());
    let mut command = network.command("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program);
    command.args(["live", network.interface(), "--format", "json"]);
    let live = Live::start(command);
    assert_reduced(&live, NET_RAW);
    network.send_datagram(53);
    let (_, document) = live.end();
    assert_eq!(document["transports"]["udp"]["packets"], 1, "{document}");
}

#[test]
fn the_result_reaches_its_folder() {
    let Some(network) = Network::new("folder") else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("summary.json");
    let run = |user: &str| {
        let mut command = live(&network, Path::new(PORTOLAN));
        command.args(["--no-rules", "--user", user, "--duration", "1ms", "-q", "-o"]).arg(&file);
        command.output().unwrap()
    };
    let refused = run("nobody");
    let message = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(message.contains("cannot write") && message.contains("Permission denied"), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    assert_eq!(run("65534").status.code(), Some(0));
    let document = validated::json(&fs::read(&file).unwrap());
    assert_eq!(document["read"]["complete"], true, "{document}");
    assert_eq!(run("no-such-user").status.code(), Some(1));
}

#[test]
fn root_writes_where_others_own_the_folder() {
    let Some(network) = Network::new("foreign") else { return };
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::chown(folder.path(), Some(65534), Some(65534)).unwrap();
    let file = folder.path().join("summary.json");
    let mut command = live(&network, Path::new(PORTOLAN));
    command.arg("-o").arg(&file);
    let live = Live::start(command);
    assert_reduced(&live, NET_RAW | DAC_OVERRIDE);
    assert_eq!(live.end().0, Some(0));
    assert!(fs::read(&file).is_ok());
}

/// As /tmp is: only who owns a file may rename or remove it.
#[test]
fn results_belong_to_the_user() {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        eprintln!("skipped: only root can become another user");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o1777)).unwrap();
    let path = |name: &str| folder.path().join(name);
    let capture = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/office.pcapng");
    let run = || {
        let mut command = Command::new(PORTOLAN);
        command.args(["live", "--replay", capture, "--speed", "max", "--no-rules", "--user", "nobody"]);
        command
            .args(["--format", "json", "--rotate-size", "20kB", "--keep", "1", "-o"])
            .arg(path("summary.json"));
        command.arg("--write").arg(path("kept.pcapng")).output().unwrap()
    };
    let output = run();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let owner = fs::metadata(path("summary.json")).unwrap().uid();
    assert_ne!(owner, 0);
    // What belongs to somebody else there cannot be replaced, which is told before anything is captured.
    fs::remove_file(path("summary.json")).unwrap();
    fs::write(path("summary.json"), "").unwrap();
    let refused = run();
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("cannot write"), "{refused:?}");
}

#[test]
fn rules_behind_a_link_are_read_again() {
    let Some(network) = Network::new("link") else { return };
    let [real, link] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let rules = |name: &str| format!("[[rule]]\nname = \"{name}\"\ntransport = \"tcp\"\nports = [8443]\n");
    fs::write(real.path().join("rules.toml"), rules("one")).unwrap();
    std::os::unix::fs::symlink(real.path().join("rules.toml"), link.path().join("rules.toml")).unwrap();
    let mut command = network.command(PORTOLAN);
    command
        .args(["live", network.interface(), "--format", "json", "--rules"])
        .arg(link.path().join("rules.toml"));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(told.next().unwrap().unwrap().contains("listening"));
    network::wait_until("threads", || {
        fs::read_dir(format!("/proc/{}/task", child.id())).unwrap().count() >= 2
    });
    assert!(Command::new("kill").args(["-HUP", &child.id().to_string()]).status().unwrap().success());
    let answer = told.next().unwrap().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(answer.contains("read again"), "{answer}");
}
