//! Two network namespaces joined by a pair of virtual interfaces, for a test alone.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// The port that the last datagram of a test goes to.
pub(crate) const MARKER: u16 = 9999;

const SERVER: &str = "10.77.0.1";
const CLIENT: &str = "10.77.0.2";

/// A namespace with a server and one with its clients. Both go when the test ends.
pub(crate) struct Network {
    near: String,
    far: String,
    interface: String,
}

impl Network {
    /// `None`, and a word about it, where this user may not make namespaces.
    pub(crate) fn new(name: &str) -> Option<Self> {
        let unique = format!("{name}-{}", std::process::id());
        // Names of interfaces have 15 letters at most.
        let network = Self {
            near: format!("pn-{unique}"),
            far: format!("pf-{unique}"),
            interface: format!("v{}{}", &name[..2], std::process::id() % 1_000_000),
        };
        let made = Command::new("ip").args(["netns", "add", &network.near]).stderr(Stdio::piped()).output();
        if !made.as_ref().is_ok_and(|made| made.status.success()) {
            assert!(
                std::env::var_os("PORTOLAN_REQUIRE_TOOLS").is_none(),
                "namespaces are required: {made:?}"
            );
            eprintln!("skipped: this user cannot make network namespaces");
            std::mem::forget(network);
            return None;
        }
        run("ip", &["netns", "add", &network.far]);
        // What nobody asked for would be counted at one time and not at another.
        for namespace in [&network.near, &network.far] {
            run(
                "ip",
                &[
                    "netns",
                    "exec",
                    namespace,
                    "sysctl",
                    "-qw",
                    "net.ipv6.conf.all.disable_ipv6=1",
                    "net.ipv6.conf.default.disable_ipv6=1",
                ],
            );
        }
        let peer = ["peer", "name", "far", "netns", &network.far];
        network.ip(&[
            &["link", "add", &network.interface, "address", "02:00:00:00:00:01", "type", "veth"],
            &peer[..],
        ]
        .concat());
        run("ip", &["-n", &network.far, "link", "set", "far", "address", "02:00:00:00:00:02"]);
        network.ip(&["address", "add", &format!("{SERVER}/24"), "dev", &network.interface]);
        run("ip", &["-n", &network.far, "address", "add", &format!("{CLIENT}/24"), "dev", "far"]);
        run("ip", &["-n", &network.far, "link", "set", "far", "up"]);
        network.ip(&["link", "set", "lo", "up"]);
        network.ip(&["link", "set", &network.interface, "up"]);
        network.ip(&[
            "neighbour",
            "replace",
            CLIENT,
            "lladdr",
            "02:00:00:00:00:02",
            "dev",
            &network.interface,
        ]);
        run(
            "ip",
            &[
                "-n",
                &network.far,
                "neighbour",
                "replace",
                SERVER,
                "lladdr",
                "02:00:00:00:00:01",
                "dev",
                "far",
            ],
        );
        Some(network)
    }

    /// The interface to listen to.
    pub(crate) fn interface(&self) -> &str {
        &self.interface
    }

    /// A program in the namespace of that interface.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.near, program]);
        command
    }

    /// Runs `ip` in that namespace.
    pub(crate) fn ip(&self, arguments: &[&str]) {
        run("ip", &[&["-n", &self.near], arguments].concat());
    }

    /// How many sockets take all packets there.
    pub(crate) fn listeners(&self) -> usize {
        let output = self.command("cat").arg("/proc/net/packet").output().unwrap();
        String::from_utf8_lossy(&output.stdout).lines().count()
    }

    /// Has tcpdump write all packets of the interface; `None`, and a word about it, where there is none.
    pub(crate) fn tcpdump(&self, file: &Path) -> Option<Tcpdump> {
        let before = self.listeners();
        let mut command = self.command("tcpdump");
        command
            .args([
                "--immediate-mode",
                // In KiB. What is usual has room for 32 packets, which a busy machine has lost before tcpdump looks.
                "--buffer-size=65536",
                "--time-stamp-precision=nano",
                "-U",
                "-Z",
                "root",
                "-n",
                "-i",
                &self.interface,
                "-w",
            ])
            .arg(file);
        match Command::new("tcpdump").arg("--version").output() {
            Ok(_) => {}
            Err(error) => {
                assert!(std::env::var_os("PORTOLAN_REQUIRE_TOOLS").is_none(), "tcpdump is required: {error}");
                eprintln!("skipped: no tcpdump");
                return None;
            }
        }
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let tcpdump = Tcpdump(child);
        wait_until("tcpdump listens", || self.listeners() > before);
        Some(tcpdump)
    }

    /// Has clients ask servers of a few kinds, and then send the marker.
    pub(crate) fn serve_and_ask(&self) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/network/talk.py");
        let mut server = self
            .command("python3")
            .arg(&script)
            .arg("serve")
            .arg(SERVER)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(server.stdout.take().unwrap()), &mut ready)
            .unwrap();
        assert_eq!(ready.trim(), "ready");
        self.far("python3", &[script.to_str().unwrap(), "ask", SERVER]);
        server.kill().unwrap();
        server.wait().unwrap();
        self.send_datagram(MARKER);
    }

    /// Sends a datagram from the far side.
    pub(crate) fn send_datagram(&self, port: u16) {
        // A busy kernel may deliver it later: the answer that nobody listens there tells that it has.
        let program = "import socket, sys\n\
            datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n\
            datagrams.settimeout(1)\n\
            datagrams.connect((sys.argv[1], int(sys.argv[2])))\n\
            datagrams.send(b'x')\n\
            try: datagrams.recv(1)\n\
            except OSError: pass";
        self.far("python3", &["-c", program, SERVER, &port.to_string()]);
    }

    fn far(&self, program: &str, arguments: &[&str]) {
        run("ip", &[&["netns", "exec", &self.far, program], arguments].concat());
    }

    /// Waits until tcpdump has written the marker, and the answer that nobody listens there.
    pub(crate) fn wait_for_marker(file: &Path) {
        let filter = format!("icmp or udp port {MARKER}");
        wait_until("tcpdump has seen the marker", || {
            let output = Command::new("tcpdump").args(["-n", "-r"]).arg(file).arg(&filter).output().unwrap();
            let lines = String::from_utf8_lossy(&output.stdout);
            lines.contains("ICMP") && lines.contains(&MARKER.to_string())
        });
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for namespace in [&self.near, &self.far] {
            let _ = Command::new("ip").args(["netns", "delete", namespace]).status();
        }
    }
}

/// tcpdump under way.
pub(crate) struct Tcpdump(Child);

impl Tcpdump {
    /// Ends it.
    pub(crate) fn end(mut self) {
        assert!(Command::new("kill").args(["-INT", &self.0.id().to_string()]).status().unwrap().success());
        self.0.wait().unwrap();
    }
}

fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {message}");
}

/// Looks for something to happen, again and again, but not for ever.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("in vain: {what}");
}
