//! HTTP: one thread for all clients, each of which has little time and one request.

use std::convert::Infallible;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::Metrics;

/// Clients at the same time. Others wait until there is room, which the time that each has sees to.
const MOST_CLIENTS: usize = 16;
/// How long a client may take for its request.
const REQUEST_WITHIN: Duration = Duration::from_secs(2);
/// How long it may take for everything; Prometheus itself gives up after ten seconds.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);
/// The longest request.
const LONGEST_REQUEST: usize = 16 << 10;
/// How long to wait where no client can be let in, as for want of file descriptors.
const RETRY_AFTER: Duration = Duration::from_millis(100);

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";

/// Answers clients from now on, as long as the process lasts.
pub(super) fn start(listener: TcpListener, metrics: Metrics) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let runtime = runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    let listener = {
        let _context = runtime.enter();
        tokio::net::TcpListener::from_std(listener)?
    };
    thread::Builder::new()
        .name("metrics".to_owned())
        .spawn(move || runtime.block_on(serve(listener, metrics)))?;
    Ok(())
}

async fn serve(listener: tokio::net::TcpListener, metrics: Metrics) {
    let room = Arc::new(Semaphore::new(MOST_CLIENTS));
    loop {
        let place = Arc::clone(&room).acquire_owned().await;
        match listener.accept().await {
            Ok((client, _)) => {
                let metrics = metrics.clone();
                tokio::spawn(async move {
                    answer(client, &metrics).await;
                    drop(place);
                });
            }
            Err(_) => sleep(RETRY_AFTER).await,
        }
    }
}

async fn answer(client: TcpStream, metrics: &Metrics) {
    let service = service_fn(|request| {
        let response = respond(metrics, &request);
        async { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST_WITHIN)
        .max_buf_size(LONGEST_REQUEST)
        // Who does nothing between two scrapes takes nobody's place.
        .keep_alive(false)
        .serve_connection(TokioIo::new(client), service);
    // How it ends is the client's affair.
    let _ = timeout(ANSWERED_WITHIN, connection).await;
}

fn respond(metrics: &Metrics, request: &Request<Incoming>) -> Response<String> {
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        let mut response = text(StatusCode::METHOD_NOT_ALLOWED, PLAIN, "GET or HEAD\n".to_owned());
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    match request.uri().path() {
        "/metrics" => text(StatusCode::OK, OPENMETRICS, metrics.text()),
        "/healthz" => text(StatusCode::OK, PLAIN, "ok\n".to_owned()),
        _ => text(StatusCode::NOT_FOUND, PLAIN, "There are /metrics and /healthz.\n".to_owned()),
    }
}

fn text(status: StatusCode, content_type: &'static str, body: String) -> Response<String> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
