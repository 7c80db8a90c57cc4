//! What the documents show of metrics has to be true.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::live::Live;
use super::{MOST_SERIES, OFFICE, is_there};

/// The names of metrics in a text, but for those of whole files, which `portolan live` does not have.
fn names(text: &str) -> BTreeSet<&str> {
    let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    words.filter(|word| word.starts_with("portolan_") && !word.starts_with("portolan_capture_")).collect()
}

#[test]
fn documents_tell_of_all_metrics_and_of_no_others() {
    if !is_there(OFFICE) {
        return;
    }
    let live = Live::replay(Path::new(OFFICE), &[]);
    let metrics = live.metrics_after(3317);
    live.finish();
    let found = metrics.names();
    let document = fs::read_to_string("docs/metrics.md").unwrap();
    // A histogram is told of by the name that its series have in common.
    let is_of = |name: &str, of: &str| {
        name == of || ["_bucket", "_sum", "_count"].iter().any(|end| name.strip_suffix(end) == Some(of))
    };
    for name in &found {
        assert!(
            names(&document).iter().any(|told| is_of(name, told)),
            "docs/metrics.md does not tell of {name}"
        );
    }
    let dashboard = fs::read_to_string("docs/grafana-dashboard.json").unwrap();
    for told in names(&document).union(&names(&dashboard)) {
        assert!(found.iter().any(|name| is_of(name, told)), "there is no {told}");
    }
    let (thousands, rest) = (MOST_SERIES / 1000, MOST_SERIES % 1000);
    assert!(document.contains(&format!("{thousands},{rest:03} series")), "the bound is another one");
}

/// The queries of the dashboard's panels, as Grafana would put them.
pub(crate) fn queries() -> Vec<String> {
    let dashboard: Value =
        serde_json::from_str(&fs::read_to_string("docs/grafana-dashboard.json").unwrap()).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let query = |target: &Value| target["expr"].as_str().unwrap().to_owned();
    targets
        .map(query)
        .map(|query| {
            query.replace("$__rate_interval", "1m").replace("$__range", "1h").replace("$instance", ".*")
        })
        .collect()
}

#[test]
fn the_dashboard_asks_the_datasource_that_is_chosen() {
    let dashboard: Value =
        serde_json::from_str(&fs::read_to_string("docs/grafana-dashboard.json").unwrap()).unwrap();
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    assert!(
        variables.iter().any(|variable| variable["type"] == "datasource" && variable["name"] == "datasource")
    );
    let panels = dashboard["panels"].as_array().unwrap();
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{panel}");
    }
    assert!(queries().len() >= 10);
}
