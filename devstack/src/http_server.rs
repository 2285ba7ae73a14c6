//! An HTTP/1.1 listener that can close a connection without an answer and can be switched off and on.

use std::convert::Infallible;
use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Body;
use axum::http::Response;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::ServiceExt;

/// Put into a response's extensions, this closes the connection instead of answering.
#[derive(Clone)]
pub(crate) struct DropConnection;

/// A response that is never sent.
pub(crate) fn dropped() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(DropConnection);
    response
}

/// Listens on 127.0.0.1; a taken port is an error that names the part and the way out.
pub(crate) async fn bind(port: u16, part: &str) -> Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.with_context(|| {
        format!("Port {port} for {part} is taken. Stop what listens there (`ss -ltnp 'sport = :{port}'` names it).")
    })
}

/// Switches a listener off (connections are closed at once) and on again.
#[derive(Clone)]
pub(crate) struct Switch(watch::Sender<bool>);

impl Switch {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(true))
    }
    pub(crate) fn set(&self, on: bool) {
        self.0.send_replace(on);
    }
    pub(crate) fn is_on(&self) -> bool {
        *self.0.borrow()
    }
}

/// Serves until the runtime ends.
pub(crate) fn serve(listener: TcpListener, router: Router, switch: Switch) {
    tokio::spawn(async move {
        loop {
            // Accept fails only for a connection that is already gone or for lack of descriptors.
            let Ok((stream, _)) = listener.accept().await else {
                tokio::task::yield_now().await;
                continue;
            };
            if switch.is_on() {
                tokio::spawn(connection(stream, router.clone(), switch.0.subscribe()));
            }
        }
    });
}

async fn connection(stream: TcpStream, router: Router, mut on: watch::Receiver<bool>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let router = router.clone();
        async move {
            let answer: Result<_, Infallible> = router.oneshot(request).await;
            match answer {
                Ok(response) if response.extensions().get::<DropConnection>().is_some() => {
                    Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
                }
                Ok(response) => Ok(response),
                Err(never) => match never {},
            }
        }
    });
    let serving = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = serving => {}
        _ = on.wait_for(|on| !on) => {}
    }
}
