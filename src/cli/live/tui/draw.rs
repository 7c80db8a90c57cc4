//! How it looks, from the top line to the hints at the bottom.

use portolan::net::Side;
use portolan::report::{self, AnswerFormat, ReportOptions, Told, clock, printable, thousands};
use portolan::summary::Loss;
use ratatui::Frame;
use unicode_width::UnicodeWidthStr as _;

use super::app::{App, Mode, State};
use super::columns::{self, Column, Style};
use super::figures::{compact, short_time};
use super::history::{Sum, Window};
use super::keys::HELP;
use super::lines::{Key, Line, List};
use super::pen::{Pen, Tone};
use super::place::Place;

/// The room before names, for the mark of the selected one.
const MARGIN: usize = 2;
/// The room before the chart, for its scale.
const SCALE: usize = 7;
/// Nanoseconds that the chart shows, unless intervals are longer than its columns then.
const CHARTED: u64 = 300_000_000_000;

/// Lines of each part, from top to bottom. What is not needed to know what goes on goes first.
struct Layout {
    /// Of the sums over all traffic; the heads of their columns too, if it is more than one.
    sums: usize,
    chart: usize,
    /// Whether times stand below the chart.
    axis: bool,
    hints: bool,
}

impl Layout {
    const fn of(height: usize) -> Self {
        Self {
            sums: if height >= 16 { 4 } else { (height >= 8) as usize },
            chart: match height {
                0..20 => 0,
                20..30 => 3,
                30..50 => 6,
                _ => 9,
            },
            axis: height >= 30,
            hints: height >= 10,
        }
    }
}

/// Draws everything.
pub(super) fn draw(app: &mut App, frame: &mut Frame<'_>) {
    let area = frame.area();
    let mut pen = Pen::new(frame.buffer_mut(), area, app.colour);
    let layout = Layout::of(pen.height());
    top(app, &mut pen);
    let mut y = 1;
    let hints = pen.height().saturating_sub(usize::from(layout.hints));
    if app.mode == Mode::Help {
        help(&mut pen.part(y, hints.saturating_sub(y)));
    } else {
        sums(app, &mut pen.part(y, layout.sums));
        y += layout.sums;
        chart(app, &mut pen.part(y, layout.chart + usize::from(layout.axis)), layout.axis);
        y += layout.chart + usize::from(layout.axis);
        way(app, &mut pen.part(y, 1));
        y += 1;
        body(app, &mut pen.part(y, hints.saturating_sub(y)));
    }
    if layout.hints {
        bottom(app, &mut pen.part(hints, 1));
    }
}

/// What is watched, and what was lost. Where there is no room for all, the losses stay, then whether more comes.
fn top(app: &App, pen: &mut Pen<'_>) {
    let Loss { kernel_dropped, interface_dropped, evicted_flows } = app.loss;
    let counts = [kernel_dropped, interface_dropped, evicted_flows].map(thousands);
    let [kernel, interface, evicted] = &counts;
    let word = if app.loss.is_any() { "LOST" } else { "lost" };
    let long = format!("{word}: kernel {kernel}, interface {interface}, evicted {evicted}");
    let width = pen.width();
    let lost =
        if long.len() + 20 <= width { long } else { format!("{word} k{kernel} i{interface} e{evicted}") };
    let state = match app.state {
        State::Live => "LIVE",
        State::Paused => "PAUSED",
        State::Ended => "ENDED",
    };
    let room = width.saturating_sub(lost.width() + 3);
    let mut watched = format!("portolan {state} {}", printable(&app.title));
    if let Some(end) = app.history.end() {
        let time = format!("  {} UTC", clock(Some(end)));
        if watched.width() + time.width() <= room {
            watched.push_str(&time);
        }
    }
    pen.put(0, 0, width, &" ".repeat(width), Tone::Selected);
    pen.put(1, 0, room, &watched, Tone::Selected);
    // Bold and in colour on top of the reversed line, and in capitals anyway.
    let tone = if app.loss.is_any() { Tone::Alarm } else { Tone::Selected };
    pen.put_right(width.saturating_sub(1), 0, &lost, tone);
}

/// All traffic now and over the last minutes.
fn sums(app: &App, pen: &mut Pen<'_>) {
    let (columns, name) = columns::fitting(columns::OF_TOTALS, pen.width().saturating_sub(MARGIN));
    let style = app.style_of_totals();
    if pen.height() > 1 {
        heads(pen, "All traffic", &columns, name, style, None);
    }
    let first = usize::from(pen.height() > 1);
    let mut sums =
        [Window::Now, Window::Minute, Window::FiveMinutes].map(|window| app.history.sum(window)).to_vec();
    // In the beginning, all there is is one.
    sums.dedup_by_key(|sum| sum.nanos);
    for (y, sum) in sums.into_iter().enumerate() {
        let list = List { nanos: Some(sum.nanos), whole: sum.volume.bytes, ..List::default() };
        let line = line_of(&sum);
        let cells = columns.iter().map(|column| column.cell(&line, &list, style));
        row(pen, first + y, &columns, name, cells.collect(), Tone::Plain);
    }
}

fn line_of(sum: &Sum) -> Line {
    let name = if sum.nanos == 0 { "none yet".to_owned() } else { format!("last {}", short_time(sum.nanos)) };
    let line = Line::of_totals(Key::AllTraffic, name, String::new(), &sum.totals);
    Line { volume: sum.volume, total: sum.volume, ..line }
}

/// The heads of columns: that of the one that is sorted by stands out.
fn heads(
    pen: &mut Pen<'_>,
    title: &str,
    columns: &[Column],
    name: usize,
    style: Style,
    sorted: Option<Column>,
) {
    pen.put(MARGIN, 0, name, title, Tone::Strong);
    let mut end = MARGIN + name;
    for column in columns.iter().filter(|column| **column != Column::Name) {
        end += column.width() + 1;
        let tone = if sorted == Some(*column) { Tone::Strong } else { Tone::Soft };
        pen.put_right(end, 0, column.heading(style), tone);
    }
}

/// A name and the numbers behind it.
fn row(pen: &mut Pen<'_>, y: usize, columns: &[Column], name: usize, cells: Vec<String>, tone: Tone) {
    let mut end = MARGIN + name;
    for (column, cell) in columns.iter().zip(cells) {
        if *column == Column::Name {
            pen.put(MARGIN, y, name, &cell, tone);
        } else {
            end += column.width() + 1;
            pen.put_right(end, y, &cell, tone);
        }
    }
}

/// Rates over time, the latest at the right.
fn chart(app: &App, pen: &mut Pen<'_>, has_axis: bool) {
    const EIGHTHS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    let height = pen.height().saturating_sub(usize::from(has_axis));
    let columns = pen.width().saturating_sub(SCALE + 1);
    if height == 0 || columns == 0 {
        return;
    }
    let interval = app.interval.max(1);
    let intervals = CHARTED.div_ceil(columns as u64).div_ceil(interval).max(1);
    let step = interval.saturating_mul(intervals);
    let rates = app.history.rates(columns, step);
    let most = rates.iter().copied().max().unwrap_or(0);
    let scale = compact(u128::from(most) * if app.bits { 8 } else { 1 });
    pen.put_right(SCALE - 1, 0, &scale, Tone::Soft);
    pen.put_right(SCALE - 1, height - 1, if height > 1 { "0" } else { "" }, Tone::Soft);
    let levels = height * EIGHTHS.len().saturating_sub(1);
    for y in 0..height {
        let below = (height - 1 - y) * 8;
        let line: String = rates
            .iter()
            .map(|rate| EIGHTHS[level(*rate, most, levels).saturating_sub(below).min(8)])
            .collect();
        pen.put(SCALE, y, columns, &line, Tone::Bar);
    }
    if has_axis {
        let reach = short_time(step.saturating_mul(columns as u64));
        pen.put(SCALE, height, columns, &format!("{reach} ago"), Tone::Soft);
        pen.put_right(SCALE + columns, height, "now", Tone::Soft);
    }
}

/// How high a rate stands, of `levels`; what is not nothing can be seen.
fn level(rate: u64, most: u64, levels: usize) -> usize {
    let high = u128::from(rate) * levels as u128 / u128::from(most.max(1));
    usize::try_from(high).unwrap_or(levels).max(usize::from(rate > 0))
}

/// The way to this list, and what it is a list of.
fn way(app: &App, pen: &mut Pen<'_>) {
    let way: Vec<String> = app.levels.iter().map(|level| level.place.name()).collect();
    let way = way.join(" > ");
    let filter = &app.level().filter;
    let width = pen.width();
    pen.put(0, 0, width, &"─".repeat(width), Tone::Soft);
    let level = app.level();
    let window = if level.place.is_detail() { "active in the last minute" } else { app.window.name() };
    let order = if level.reversed { ", least first" } else { "" };
    let right = match level.place {
        _ if app.mode == Mode::Typing => format!(" filter: {filter}_ "),
        _ if !filter.is_empty() => format!(" filter: {filter} "),
        Place::Flow { .. } => String::new(),
        _ if width < 60 => format!(" {} ", level.sort.heading(app.style())),
        _ => format!(" {window}, by {}{order} ", level.sort.heading(app.style())),
    };
    let room = width.saturating_sub(right.width() + 4);
    // The end of the way is where the user is.
    let excess = way.width().saturating_sub(room.saturating_sub(2));
    let way =
        if excess > 0 { format!("…{}", way.chars().skip(excess + 1).collect::<String>()) } else { way };
    pen.put(1, 0, room, &format!(" {way} "), Tone::Strong);
    pen.put_right(
        width.saturating_sub(1),
        0,
        &right,
        if app.mode == Mode::Typing { Tone::Strong } else { Tone::Soft },
    );
}

fn body(app: &mut App, pen: &mut Pen<'_>) {
    let (columns, name) = columns::fitting(app.level().place.columns(), pen.width().saturating_sub(MARGIN));
    let (style, sorted) = (app.style(), app.level().sort);
    let is_flow = matches!(app.level().place, Place::Flow { .. });
    heads(pen, app.level().place.lines(), &columns, name, style, Some(sorted).filter(|_| !is_flow));
    let page = pen.height().saturating_sub(1);
    app.page = page;
    app.columns.clone_from(&columns);
    let lines = app.list.lines.len();
    if !is_flow {
        app.level_mut().scroll(lines, page);
    }
    let (first, selected) = if is_flow { (0, None) } else { (app.level().offset, Some(app.level().index)) };
    for (y, line) in app.list.lines.iter().enumerate().skip(first).take(page) {
        let cells = columns.iter().map(|column| column.cell(line, &app.list, style)).collect();
        let at = 1 + y - first;
        row(pen, at, &columns, name, cells, Tone::Plain);
        if selected == Some(y) {
            pen.put(0, at, 1, ">", Tone::Plain);
            pen.wash(at, Tone::Selected);
        }
    }
    if lines == 0 {
        pen.put(MARGIN, 1, pen.width(), nothing(app), Tone::Soft);
    }
    if app.list.left_out > 0 && lines < page {
        let more = format!("and {} lighter ones", thousands(app.list.left_out as u64));
        pen.put(MARGIN, 1 + lines, pen.width(), &more, Tone::Soft);
    }
    if is_flow {
        reasons(app, &mut pen.part(3, page.saturating_sub(2)));
    }
}

/// Why there is nothing to see.
fn nothing(app: &App) -> &'static str {
    if !app.level().filter.is_empty() {
        "nothing like that: Esc drops the filter"
    } else if app.is_asking() {
        "looking …"
    } else if app.level().place.is_detail() {
        "no packets in the last minute"
    } else if app.history.end().is_none() {
        "waiting for the first interval"
    } else {
        "no packets"
    }
}

/// Why a flow was decided so.
fn reasons(app: &mut App, pen: &mut Pen<'_>) {
    let Some(explanation) = app.explanation() else { return };
    let source = explanation.decision.service_side.map_or(Side::A, Side::other);
    let told = Told { explanation, source, table: &app.table };
    let options =
        ReportOptions { top: 0, talkers: 0, width: pen.width().saturating_sub(MARGIN + 1), colour: false };
    let mut text = Vec::new();
    report::write_explanation(AnswerFormat::Text, &told, &options, &mut text)
        .expect("memory takes everything");
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.len().saturating_sub(pen.height());
    let offset = app.level().offset.min(last);
    app.level_mut().offset = offset;
    for (y, line) in lines.iter().skip(offset).enumerate() {
        let tone = if line.starts_with(' ') || line.is_empty() { Tone::Plain } else { Tone::Strong };
        pen.put(MARGIN, y, pen.width(), line, tone);
    }
    if offset < last && pen.height() > 0 {
        pen.put_right(pen.width(), pen.height() - 1, "↓ more", Tone::Soft);
    }
}

/// What the keys do, and what the columns mean.
fn help(pen: &mut Pen<'_>) {
    const WORDS: [(&str, &str); 7] = [
        ("to svc, by svc", "sent to the service's side, and by it"),
        ("flows", "active; of longer times those that began, if more"),
        ("RTT50 RTT99", "median and 99th percentile of TCP handshakes"),
        ("refused", "connections answered by RST alone"),
        ("no reply", "connections whose SYN nobody answered"),
        ("sure", "confidence that the flow is this service"),
        ("lost", "drops of kernel and interface, flows evicted"),
    ];
    let key = HELP.iter().map(|(key, _)| key.width()).max().unwrap_or(0);
    for (y, (name, what)) in HELP.iter().chain(&WORDS).enumerate() {
        // A line between keys and words, where there is room.
        let gap = usize::from(y >= HELP.len() && pen.height() > HELP.len() + WORDS.len());
        pen.put(MARGIN, y + gap, key, name, Tone::Strong);
        pen.put(MARGIN + key + 2, y + gap, pen.width(), what, Tone::Plain);
    }
}

/// What the user may do, or what happened to an input.
fn bottom(app: &App, pen: &mut Pen<'_>) {
    let total = app.history.total();
    let hints = if app.mode == Mode::Typing {
        "type to filter   Enter keep   Esc drop".to_owned()
    } else if app.mode == Mode::Help {
        "any key: back".to_owned()
    } else {
        "Enter open  Esc back  / filter  s sort  w window  p pause  ? help  q quit".to_owned()
    };
    let width = pen.width();
    pen.put(1, 0, width, &hints, Tone::Soft);
    let all = format!("  {} in {} packets", compact(total.bytes.into()) + "B", thousands(total.packets));
    if 1 + hints.width() + all.width() < width {
        pen.put_right(width.saturating_sub(1), 0, &all, Tone::Soft);
    }
    if let Some(notice) = &app.notice {
        pen.put(0, 0, width, &" ".repeat(width), Tone::Plain);
        pen.put(1, 0, width, notice, Tone::Alarm);
    }
}
