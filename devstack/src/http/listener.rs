//! An HTTP/1.1 server on a port of 127.0.0.1 that can close a connection without an answer and can be switched off
//! and on.

use std::convert::Infallible;
use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use axum::Router;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::ServiceExt;

use super::response::is_dropped;

/// Listens on 127.0.0.1; a taken port is an error that names the part and the fix.
pub(crate) async fn bind(port: u16, part: &str) -> Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.with_context(|| {
        format!("Port {port} for {part} is taken. Stop what listens there (`ss -ltnp 'sport = :{port}'` names it).")
    })
}

/// A port that is reserved before its server is built, so that other parts know its address.
pub(crate) struct HttpPort {
    listener: TcpListener,
    /// `http://host:port`, without a trailing slash.
    pub(crate) url: String,
}

impl HttpPort {
    /// Reserves a port; 0 = a free one.
    pub(crate) async fn bind(port: u16, part: &str) -> Result<Self> {
        let listener = bind(port, part).await?;
        let url = format!("http://{}", listener.local_addr()?);
        Ok(Self { listener, url })
    }

    /// Serves until the runtime ends. The switch turns the server off (connections are closed at once) and on again.
    pub(crate) fn serve(self, router: Router) -> Switch {
        let switch = Switch::new();
        tokio::spawn(accept_loop(self.listener, router, switch.clone()));
        switch
    }
}

/// Turns a part of this process off and on.
#[derive(Clone)]
pub(crate) struct Switch(watch::Sender<bool>);

impl Switch {
    /// A switch that is on.
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

async fn accept_loop(listener: TcpListener, router: Router, switch: Switch) {
    loop {
        // Accept fails only for a connection that is already gone or for lack of descriptors.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::task::yield_now().await;
            continue;
        };
        if switch.is_on() {
            tokio::spawn(serve_connection(stream, router.clone(), switch.0.subscribe()));
        }
    }
}

async fn serve_connection(stream: TcpStream, router: Router, mut on: watch::Receiver<bool>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let router = router.clone();
        async move {
            let result: Result<_, Infallible> = router.oneshot(request).await;
            match result {
                Ok(response) if is_dropped(&response) => {
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
