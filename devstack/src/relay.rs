//! The TCP relay in front of Postgres and Redis, which injects their faults.

use std::path::PathBuf;
use std::time::Duration;

use tokio::io::{self, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};

use crate::faults::Faults;
use crate::part::Part;

/// Where the real server listens.
#[derive(Debug, Clone)]
pub(crate) enum Upstream {
    Unix(PathBuf),
    /// `host:port`.
    Tcp(String),
}

/// Relays until the runtime ends. While the server is down, connections are closed at once.
pub(crate) fn spawn(listener: TcpListener, upstream: Upstream, part: Part, faults: Faults) {
    tokio::spawn(async move {
        loop {
            let Ok((client, _)) = listener.accept().await else {
                tokio::task::yield_now().await;
                continue;
            };
            let _ = client.set_nodelay(true);
            let (upstream, faults) = (upstream.clone(), faults.clone());
            tokio::spawn(async move {
                // The client sees a broken connection, too; nobody else needs the error.
                let _ = match upstream {
                    Upstream::Unix(path) => match UnixStream::connect(path).await {
                        Ok(server) => relay(client, io::split(server), part, faults).await,
                        Err(error) => Err(error),
                    },
                    Upstream::Tcp(address) => match TcpStream::connect(address).await {
                        Ok(server) => {
                            let _ = server.set_nodelay(true);
                            relay(client, io::split(server), part, faults).await
                        }
                        Err(error) => Err(error),
                    },
                };
            });
        }
    });
}

async fn relay<S: AsyncRead + AsyncWrite>(
    client: TcpStream,
    (mut from_server, mut to_server): (io::ReadHalf<S>, io::WriteHalf<S>),
    part: Part,
    faults: Faults,
) -> io::Result<()> {
    let (mut from_client, mut to_client) = client.into_split();
    let up = async {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let n = from_client.read(&mut buffer).await?;
            let Some(bytes) = buffer.get(..n).filter(|b| !b.is_empty()) else {
                return to_server.shutdown().await;
            };
            if let Some(fault) = faults.take(part, "", None, &[]) {
                tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
                if fault.drop {
                    return Err(io::ErrorKind::ConnectionAborted.into());
                }
            }
            to_server.write_all(bytes).await?;
        }
    };
    let down = async {
        io::copy(&mut from_server, &mut to_client).await?;
        // The server closed the connection, so the client's side is closed, too.
        Err::<(), _>(io::ErrorKind::UnexpectedEof.into())
    };
    tokio::try_join!(up, down).map(|_| ())
}
