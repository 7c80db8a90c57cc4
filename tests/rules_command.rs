//! `portolan rules`, `portolan lookup` and the rules of `portolan read`, run as a process.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, missing_docs)]

mod validated;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A capture of two Redis servers, one of them on port 16380.
const CAPTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/redis.pcap");

const RULES: &str = "\
[[rule]]
name = \"redis-staging\"
category = \"staging\"
transport = \"tcp\"
ports = [16380, \"9100-9101\"]

[[rule]]
name = \"orders\"
ports = 9000
hosts = [\"10.20.0.0/16\"]
";

struct Home(TempDir);

impl Home {
    fn with(name: &str, text: &str) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        home.write(name, text);
        home
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portolan"));
        command.args(arguments).current_dir(self.0.path()).env("HOME", self.0.path());
        command.env_remove("XDG_CONFIG_HOME").env("COLUMNS", "80");
        command
    }

    fn portolan(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn stdout(&self, arguments: &[&str]) -> String {
        let output = self.portolan(arguments);
        assert_eq!((status(&output), stderr(&output).as_str()), (0, ""), "{arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        validated::json(&self.stdout(arguments))
    }

    /// The only line on standard error of a command that cannot do what it is asked to.
    fn failure(&self, arguments: &[&str]) -> String {
        let output = self.portolan(arguments);
        assert_eq!((status(&output), output.stdout.as_slice()), (1, &b""[..]), "{arguments:?}");
        let told = stderr(&output);
        assert_eq!(told.matches('\n').count(), 1, "{told}");
        told.trim_end().strip_prefix("portolan: ").unwrap().to_owned()
    }

    /// What the capture has on port 16380.
    fn service(&self, arguments: &[&str]) -> String {
        let capture = ["read", CAPTURE, "--format", "json"];
        let document = self.json(&[&capture, arguments].concat());
        let mut services = document["services"].as_array().unwrap().iter();
        let found = services.find(|row| row["port"] == 16380);
        found.map_or_else(String::new, |row| {
            format!("{} in {}", row["service"], row["category"]).replace('"', "")
        })
    }
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn has_capture() -> bool {
    let found = Path::new(CAPTURE).exists();
    assert!(found || std::env::var_os("PORTOLAN_REQUIRE_TOOLS").is_none(), "there is no {CAPTURE}");
    found
}

#[test]
fn a_check_shows_what_changes() {
    let home = Home::with("rules.toml", RULES);
    let expected = "\
rules.toml: 2 rules, 1 of them for some hosts alone

Rules
  Line 1      redis-staging, staging (a new category): 16380, 9100-9101/tcp
              16380/tcp was nothing
              9100/tcp was pdl-datastream (printing)
              9101/tcp was bacula-dir (storage)
  Line 7      orders, application: 9000/tcp+udp on 10.20.0.0/16
              9000/tcp was php-fpm (development)
              9000/udp was webex (collaboration)
";
    assert_eq!(home.stdout(&["rules", "check", "rules.toml"]), expected);
    let document = home.json(&["rules", "check", "rules.toml", "--format", "json"]);
    assert_eq!(document["schema"], "portolan.rules/1");
    let rule = &document["rules"][0];
    assert_eq!(
        (&rule["line"], &rule["service"], &rule["new_category"]),
        (&1.into(), &"redis-staging".into(), &true.into())
    );
    assert_eq!(rule["before"][0]["service"], Value::Null);
    assert_eq!(rule["before"][2]["service"], "bacula-dir");
    assert_eq!(document["rules"][1]["hosts"][0], "10.20.0.0/16");
}

#[test]
fn a_check_warns_of_rules_without_effect_and_takes_services() {
    let home = Home::with("services", "ssh 22/tcp # as ever\nweb 80/tcp www\nother 80/tcp\nrtmp 1/ddp\n");
    let expected = "\
services: 3 rules; 1 line of other protocols left out

Rules
  Line 1      ssh, remote-access: 22/tcp, as it was
  Line 2      web, application: 80/tcp
              80/tcp was http (web)
  Line 3      other, application, another name: 80/tcp
";
    assert_eq!(home.stdout(&["rules", "check", "services"]), expected);
    home.write("twice.toml", "rule = [{name='a', ports=1},\n{name='a', ports=1}]");
    let told = home.stdout(&["rules", "check", "twice.toml"]);
    assert!(
        told.ends_with("\nWithout effect\n  Line 2      a never wins: line 1 wins wherever it holds\n"),
        "{told}"
    );
}

#[test]
fn what_is_wrong_with_rules_is_one_line() {
    let home = Home::with("rules.toml", "[[rule]]\nname = 'a'\nports = [70000]\n");
    assert_eq!(home.failure(&["rules", "check", "rules.toml"]), "rules.toml:3: bad port \"70000\"");
    assert_eq!(home.failure(&["read", CAPTURE, "--rules", "rules.toml"]), "rules.toml:3: bad port \"70000\"");
    assert_eq!(home.failure(&["lookup", "1", "--rules", "rules.toml"]), "rules.toml:3: bad port \"70000\"");
    home.write("clash.toml", "[[rule]]\nname = 'a'\nports = 1\n[[rule]]\nname = 'b'\nports = 1\n");
    let told = home.failure(&["rules", "check", "clash.toml"]);
    assert_eq!(told, "clash.toml:4: \"b\" and \"a\" (line 1) both claim 1/tcp");
    fs::write(home.0.path().join("latin"), b"# one\n\xfcber 1/tcp\n").unwrap();
    assert_eq!(home.failure(&["rules", "check", "latin"]), "latin:2: not UTF-8");
    assert!(home.failure(&["rules", "check", "none.toml"]).starts_with("none.toml: No such file"));
    assert!(home.failure(&["lookup", "1", "--rules", "none.toml"]).starts_with("none.toml: No such file"));
    assert_eq!(status(&home.portolan(&["lookup", "1", "--rules", "rules.toml", "--no-rules"])), 2);
}

#[test]
fn rules_change_what_a_capture_is() {
    if !has_capture() {
        return;
    }
    let home = Home::with("rules.toml", RULES);
    assert_eq!(home.service(&[]), "");
    assert_eq!(home.service(&["--rules", "rules.toml"]), "redis-staging in staging");
    home.write("services", "redis-staging 16380/tcp\n");
    assert_eq!(home.service(&["--rules", "services"]), "redis-staging in application");
}

#[test]
fn rules_for_some_hosts_change_what_these_serve() {
    if !has_capture() {
        return;
    }
    let on = |hosts: &str| format!("[[rule]]\nname = 'redis-staging'\nports = 16380\nhosts = '{hosts}'\n");
    let home = Home::with("here.toml", &on("0.0.0.0/0"));
    home.write("elsewhere.toml", &on("203.0.113.0/24"));
    assert_eq!(home.service(&["--rules", "here.toml"]), "redis-staging in application");
    assert_eq!(home.service(&["--rules", "elsewhere.toml"]), "");
}

#[test]
fn rules_of_the_configuration_need_no_option() {
    if !has_capture() {
        return;
    }
    let home = Home::with(".config/portolan/rules.toml", RULES);
    home.write("other/portolan/rules.toml", "[[rule]]\nname = 'other'\nports = 16380\n");
    assert_eq!(home.service(&[]), "redis-staging in staging");
    assert_eq!(home.service(&["--no-rules"]), "");
    let name = |config: &str| {
        let arguments = ["lookup", "16380/tcp", "--format", "json"];
        let output = home.command(&arguments).env("XDG_CONFIG_HOME", config).output().unwrap();
        let document = validated::json(&output.stdout);
        document["ports"][0]["service"].clone()
    };
    assert_eq!(name(home.0.path().join("other").to_str().unwrap()), "other");
    assert_eq!(name(home.0.path().join("nowhere").to_str().unwrap()), Value::Null);
    assert_eq!(name("other"), "redis-staging", "a relative path is to be ignored");
}

#[test]
fn the_summary_does_not_go_over_the_rules() {
    if !has_capture() {
        return;
    }
    let home = Home::with("rules.toml", RULES);
    let output = home.portolan(&["read", CAPTURE, "--rules", "rules.toml", "-o", "rules.toml"]);
    assert_eq!(status(&output), 2);
    assert_eq!(fs::read_to_string(home.0.path().join("rules.toml")).unwrap(), RULES);
}

#[test]
fn a_lookup_of_a_port_tells_all_that_is_known() {
    let home = Home::with("rules.toml", RULES);
    let expected = "\
5432/tcp      postgresql (postgres), database: primary, IANA's name
5432/udp      postgresql (postgres), application: IANA's name alone
5432/sctp     not in the table
Class         registered (1024-49151)

Listed
         Port  Service     Alias     Category       Rank       Source
  ●  5432/tcp  postgresql  postgres  database       primary    iana
     5432/tcp  slack                 collaboration  alternate  article
  ●  5432/udp  postgresql  postgres  application    registry   iana
  ●: the port's name
";
    assert_eq!(home.stdout(&["lookup", "5432"]), expected);
    let told = home.stdout(&["lookup", "9000/tcp", "--rules", "rules.toml"]);
    assert!(told.contains("  ●  9000/tcp  orders ") && told.contains("user    10.20.0.0/16\n"), "{told}");
    let told = home.stdout(&["lookup", "50000/udp"]);
    assert!(told.contains("Class         ephemeral (49152-65535)\n"), "{told}");
    assert!(told.contains("Linux (32768-60999) and Windows, macOS"), "{told}");
    assert!(told.lines().all(|line| line.chars().count() <= 80), "{told}");
}

#[test]
fn a_lookup_of_a_name_finds_aliases_and_any_case() {
    let home = Home::with("rules.toml", RULES);
    assert_eq!(home.stdout(&["lookup", "DNS"]), home.stdout(&["lookup", "domain"]));
    let document = home.json(&["lookup", "dns", "--format", "json"]);
    assert_eq!(document["query"]["service"], "dns");
    let rows = document["listings"].as_array().unwrap();
    assert!(
        rows.iter().all(|row| row["service"] == "domain" && row["first"] == 53 && row["hosts"].is_null())
    );
    let told = home.stdout(&["lookup", "orders", "--rules", "rules.toml"]);
    assert!(told.contains("10.20.0.0/16"), "{told}");
    assert_eq!(home.failure(&["lookup", "redsi"]), "there is no service \"redsi\"; similar: redis");
    assert_eq!(home.failure(&["lookup", "no such thing"]), "there is no service \"no such thing\"");
    let output = home.portolan(&["lookup", "65536"]);
    assert!(status(&output) == 2 && stderr(&output).contains("there is no port 65536"));
}

#[test]
fn a_lookup_of_a_category_lists_its_services() {
    let home = Home::with("rules.toml", RULES);
    let document = home.json(&["lookup", "--category", "Database", "--format", "json"]);
    let rows = document["listings"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["category"] == "database"));
    for service in ["redis", "postgresql", "mysql"] {
        assert!(rows.iter().any(|row| row["service"] == service), "{service}");
    }
    let custom = home.json(&["lookup", "--category", "staging", "--rules", "rules.toml", "--format", "json"]);
    assert_eq!(custom["listings"][0]["family"], "custom");
    assert_eq!(
        home.failure(&["lookup", "--category", "databse"]),
        "there is no category \"databse\"; similar: database"
    );
    assert_eq!(status(&home.portolan(&["lookup"])), 2);
    assert_eq!(status(&home.portolan(&["lookup", "dns", "--category", "database"])), 2);
}
