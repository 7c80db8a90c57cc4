//! Pictures of a replayed office, and of hand-made trouble. `UPDATE_GOLDEN=1` writes them anew.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::sync::Arc;

use portolan::classify::PortTable;
use portolan::flow::FlowOptions;
use portolan::net::{Timestamp, Transport};
use portolan::source::{CaptureReader, Source as _};
use portolan::summary::{IntervalSummary, IntervalTotals, Loss, ServiceKey};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

use super::super::detail::Request;
use super::super::queue::{Queue, Tick, queue};
use super::super::watch::{Audience, Watch};
use super::app::{App, Mode, State};
use super::history::{History, Window};
use super::keys::{self, Wish};

const SECOND: u64 = 1_000_000_000;

/// A screen, and the capture that it shows.
struct Stage {
    app: App,
    watch: Watch,
    ticks: Queue,
}

impl Stage {
    /// The office, as it is before its last second is over.
    fn office() -> Self {
        let table = Arc::new(PortTable::built_in());
        let request = Request::default();
        let options = FlowOptions { interval_ns: Some(SECOND), threads: 1, ..FlowOptions::default() };
        let (sender, ticks) = queue();
        let audience = Audience::Screen(request.clone());
        let watch = Watch::new(Arc::clone(&table), &options, sender, audience);
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/office.pcapng");
        let mut capture = CaptureReader::open(&path).unwrap();
        let mut app = App::new("office.pcapng".to_owned(), SECOND, request, table);
        app.colour = true;
        let mut stage = Self { app, watch, ticks };
        while let Some(frame) = capture.next_frame().unwrap() {
            stage.watch.frame(0, &frame);
            stage.take_ticks();
        }
        stage.listen();
        stage
    }

    fn listen(&mut self) {
        self.watch.meanwhile();
        self.take_ticks();
        self.app.refresh();
    }

    fn take_ticks(&mut self) {
        while let Ok(tick) = self.ticks.next_now() {
            self.app.tick(tick);
        }
    }

    /// Types, and lets the capture answer.
    fn press(&mut self, codes: &[KeyCode]) {
        for code in codes {
            press(&mut self.app, *code);
            self.listen();
        }
    }

    fn type_text(&mut self, text: &str) {
        self.press(&text.chars().map(KeyCode::Char).collect::<Vec<_>>());
    }
}

fn press(app: &mut App, code: KeyCode) -> Wish {
    keys::take(app, &Event::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

/// The lines of the screen.
fn picture(app: &mut App, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    app.refresh();
    terminal.draw(|frame| super::draw::draw(app, frame)).unwrap();
    let buffer = terminal.backend().buffer();
    let line =
        |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned() + "\n";
    (0..height).map(line).collect()
}

/// Compares the screen in both usual sizes with what it has to be.
fn check(name: &str, app: &mut App) {
    for (width, height) in [(80, 24), (120, 40)] {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/live");
        let path = folder.join(format!("{name}-{width}x{height}.txt"));
        let found = picture(app, width, height);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(found == expected, "{} differs from:\n{found}", path.display());
    }
}

const DOWN: KeyCode = KeyCode::Down;
const ENTER: KeyCode = KeyCode::Enter;

#[test]
fn from_categories_down_to_the_reasons() {
    let mut stage = Stage::office();
    check("categories", &mut stage.app);
    stage.press(&[ENTER]);
    check("category", &mut stage.app);
    stage.press(&[ENTER]);
    check("service", &mut stage.app);
    stage.press(&[DOWN, ENTER]);
    check("endpoint", &mut stage.app);
    stage.press(&[ENTER]);
    check("flow", &mut stage.app);
    stage.press(&[KeyCode::Esc, KeyCode::Left, KeyCode::Backspace]);
    assert!(picture(&mut stage.app, 80, 24).contains(" Categories > web-tls "));
}

#[test]
fn all_services_sorted_and_filtered() {
    let mut stage = Stage::office();
    stage.press(&[KeyCode::Tab]);
    stage.type_text("wwsbr");
    check("services", &mut stage.app);
    stage.type_text("r/MAIL");
    let lines = |stage: &Stage| -> Vec<String> {
        stage.app.list.lines.iter().map(|line| line.name.clone()).collect()
    };
    assert_eq!(lines(&stage), ["imaps 993/tcp", "submission 587/tcp"]);
    assert!(picture(&mut stage.app, 80, 24).contains("filter: MAIL_"));
    stage.press(&[KeyCode::Esc]);
    assert!(lines(&stage).len() > 10);
}

#[test]
fn help_says_all_keys() {
    let mut stage = Stage::office();
    stage.type_text("?");
    check("help", &mut stage.app);
    stage.type_text("x");
    assert_eq!(stage.app.mode, Mode::Walking);
}

/// An interval of one second, so many seconds after the start, with nothing in it but losses.
fn losses(second: i64, loss: Loss) -> IntervalSummary {
    let at = |second: i64| Timestamp::from_nanos(second * 1_000_000_000);
    IntervalSummary { span: Some((at(second), at(second + 1))), loss, ..IntervalSummary::default() }
}

fn tick(interval: IntervalSummary) -> Tick {
    Tick { interval: Some(interval), ..Tick::default() }
}

#[test]
fn losses_stand_in_the_top_line_whatever_else_is_shown() {
    let mut app = Stage::office().app;
    let loss = Loss { kernel_dropped: 1_234, interface_dropped: 5, evicted_flows: 67 };
    press(&mut app, KeyCode::Char('p'));
    app.tick(tick(losses(1, loss)));
    let tells = |app: &mut App, width: u16| {
        let text = picture(app, width, 24);
        let top = text.lines().next().unwrap().to_owned();
        assert!(top.contains("LOST") && top.contains("1,234") && top.contains("67"), "{top}");
    };
    check("losses", &mut app);
    for width in [30, 60, 80, 200] {
        tells(&mut app, width);
    }
    press(&mut app, KeyCode::Char('?'));
    tells(&mut app, 80);
}

#[test]
fn what_comes_while_the_picture_stands_still_is_not_lost() {
    let mut app = Stage::office().app;
    let below_the_top = |app: &mut App| picture(app, 80, 24).split_once('\n').unwrap().1.to_owned();
    let before = below_the_top(&mut app);
    let intervals = app.history.total().packets;
    press(&mut app, KeyCode::Char(' '));
    for second in 0..1_000 {
        let mut interval = losses(2_000_000_000 + second, Loss::default());
        interval.capture.packets = 1;
        app.tick(tick(interval));
    }
    assert!(picture(&mut app, 80, 24).starts_with(" portolan PAUSED "));
    assert_eq!(below_the_top(&mut app), before);
    press(&mut app, KeyCode::Char(' '));
    assert_eq!(app.history.total().packets, intervals + 1_000);
    app.tick(Tick { is_last: true, ..Tick::default() });
    assert_eq!(app.state, State::Ended);
}

#[test]
fn a_scan_takes_no_more_room_than_anything_else() {
    let mut app = App::new("eth0".to_owned(), SECOND, Request::default(), Arc::new(PortTable::built_in()));
    let scan = |second: i64| {
        let mut interval = losses(second, Loss::default());
        for port in 0..20_000 {
            let key = ServiceKey {
                service: format!("s{port}"),
                alias: None,
                category: "web".to_owned(),
                family: "web".to_owned(),
                transport: Transport::Tcp,
                port: Some(port),
            };
            let totals = IntervalTotals { flows: 1, ..IntervalTotals::default() };
            interval.services.insert(key, totals);
        }
        interval
    };
    for second in 0..20 {
        app.tick(tick(scan(second)));
    }
    let sum = app.history.sum(Window::FiveMinutes);
    assert_eq!((sum.nanos, sum.totals.flows), (20 * SECOND, 20_000));
    assert_eq!(app.history.sum(Window::Now).nanos, SECOND);
}

#[test]
fn rates_stay_where_they_are_while_time_goes_on() {
    let mut history = History::default();
    let mut push = |second: i64, bytes: u64| {
        let mut interval = losses(second, Loss::default());
        interval.capture.wire_bytes = bytes;
        history.push(interval);
        history.rates(4, 2 * SECOND)
    };
    assert_eq!(push(10, 100), [0, 0, 0, 100]);
    assert_eq!(push(11, 300), [0, 0, 0, 200]);
    assert_eq!(push(12, 8), [0, 0, 200, 8]);
    assert_eq!(push(13, 8), [0, 0, 200, 8]);
    assert_eq!(push(18, 7), [8, 0, 0, 7]);
}

#[test]
fn a_notice_stands_until_a_key_is_pressed() {
    let mut app = Stage::office().app;
    app.tick(Tick { notice: Some("eth0: lost: Network is down".to_owned()), ..Tick::default() });
    assert!(picture(&mut app, 80, 24).ends_with(" eth0: lost: Network is down\n"));
    press(&mut app, KeyCode::Up);
    assert!(!picture(&mut app, 80, 24).contains("eth0"));
}

#[test]
fn a_selected_line_stays_selected_while_lines_move() {
    let mut stage = Stage::office();
    stage.press(&[DOWN, DOWN]);
    let selected = |stage: &Stage| stage.app.list.lines[stage.app.level().index].name.clone();
    let name = selected(&stage);
    stage.type_text("r");
    assert_eq!(selected(&stage), name);
    assert_ne!(stage.app.level().index, 2);
}

#[test]
fn nothing_yet() {
    let mut app = App::new("eth0".to_owned(), SECOND, Request::default(), Arc::new(PortTable::built_in()));
    check("nothing", &mut app);
}

#[test]
fn the_user_may_quit_from_everywhere() {
    let mut app = Stage::office().app;
    let control = |letter| Event::Key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL));
    for state in ["", "?", "/"] {
        for key in state.chars() {
            press(&mut app, KeyCode::Char(key));
        }
        assert_eq!(keys::take(&mut app, &control('c')), Wish::Quit);
        assert_eq!(keys::take(&mut app, &control('z')), Wish::Suspend);
    }
    press(&mut app, KeyCode::Esc);
    assert_eq!(press(&mut app, KeyCode::Char('q')), Wish::Quit);
}

fn any_key() -> impl Strategy<Value = KeyCode> {
    prop_oneof![
        Just(ENTER),
        Just(KeyCode::Esc),
        Just(KeyCode::Tab),
        Just(KeyCode::PageDown),
        Just(KeyCode::End),
        prop::char::any().prop_map(KeyCode::Char),
        prop::sample::select("jkgGhl/sSrwbp?".chars().collect::<Vec<_>>()).prop_map(KeyCode::Char),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn no_size_and_no_key_is_too_much(
        keys in prop::collection::vec(any_key(), 0..24),
        sizes in prop::collection::vec((1u16..200, 1u16..70), 1..8),
    ) {
        let mut stage = Stage::office();
        for (place, key) in keys.into_iter().enumerate() {
            stage.press(&[key]);
            let (width, height) = sizes[place % sizes.len()];
            let text = picture(&mut stage.app, width, height);
            prop_assert_eq!(text.lines().count(), usize::from(height));
        }
        for (width, height) in sizes {
            picture(&mut stage.app, width, height);
        }
    }
}
