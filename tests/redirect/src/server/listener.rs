//! Unix or TCP, the same to the poll loop.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where to listen: a path, or HOST:PORT.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Endpoint {
    /// A Unix socket.
    Unix(PathBuf),
    /// A TCP address.
    Tcp(String),
}

impl FromStr for Endpoint {
    type Err = String;

    /// What ends in `:PORT` and has no slash is TCP; everything else is a path.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match text.rsplit_once(':') {
            _ if text.is_empty() => Err("neither a path nor HOST:PORT".into()),
            Some((host, port)) if !host.is_empty() && !host.contains('/') && is_number(port) => {
                match port.parse::<u16>() {
                    Ok(_) => Ok(Self::Tcp(text.into())),
                    Err(_) => Err(format!("{port} is no port; if this is a path, write ./{text}")),
                }
            }
            _ => Ok(Self::Unix(text.into())),
        }
    }
}

impl Endpoint {
    /// Host and port, where it has them; the host of an IPv6 address without its brackets.
    pub fn host_and_port(&self) -> Option<(&str, &str)> {
        let Endpoint::Tcp(address) = self else { return None };
        let (host, port) = address.rsplit_once(':')?;
        Some((host.trim_start_matches('[').trim_end_matches(']'), port))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Endpoint::Unix(path) => path.display().fmt(f),
            Endpoint::Tcp(address) => f.write_str(address),
        }
    }
}

/// A non-blocking connection.
pub trait Stream: Read + Write + AsFd {}

impl<T: Read + Write + AsFd> Stream for T {}

/// A listening socket. A Unix socket's file goes with it.
#[derive(Debug)]
pub struct Listener(Socket);

#[derive(Debug)]
enum Socket {
    Unix(UnixListener, PathBuf),
    Tcp(TcpListener),
}

impl Listener {
    /// Listens. A socket file that nobody listens on any more is replaced.
    pub fn bind(endpoint: &Endpoint) -> io::Result<Self> {
        let socket = match endpoint {
            Endpoint::Unix(path) => Socket::Unix(bind_unix(path)?, path.clone()),
            Endpoint::Tcp(address) => Socket::Tcp(TcpListener::bind(address)?),
        };
        match &socket {
            Socket::Unix(listener, _) => listener.set_nonblocking(true)?,
            Socket::Tcp(listener) => listener.set_nonblocking(true)?,
        }
        Ok(Self(socket))
    }

    /// Where it listens, with the port that the system chose for port 0.
    pub fn endpoint(&self) -> Endpoint {
        match &self.0 {
            Socket::Unix(_, path) => Endpoint::Unix(path.clone()),
            Socket::Tcp(listener) => {
                Endpoint::Tcp(listener.local_addr().map(|a| a.to_string()).unwrap_or_default())
            }
        }
    }

    /// The next connection, if one waits. A peer that left before it was taken is none.
    pub fn accept(&self) -> io::Result<Option<Box<dyn Stream>>> {
        let accepted = match &self.0 {
            Socket::Unix(listener, _) => listener.accept().and_then(|(s, _)| unix(s)),
            Socket::Tcp(listener) => listener.accept().and_then(|(s, _)| tcp(s)),
        };
        match accepted {
            Ok(stream) => Ok(Some(stream)),
            Err(error) if is_passing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn is_passing(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted, WouldBlock};
    matches!(error.kind(), WouldBlock | Interrupted | ConnectionAborted | ConnectionReset)
}

fn unix(stream: UnixStream) -> io::Result<Box<dyn Stream>> {
    stream.set_nonblocking(true)?;
    Ok(Box::new(stream))
}

fn tcp(stream: TcpStream) -> io::Result<Box<dyn Stream>> {
    stream.set_nonblocking(true)?;
    stream.set_nodelay(true)?;
    Ok(Box::new(stream))
}

fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    match UnixListener::bind(path) {
        Err(error) if error.kind() == ErrorKind::AddrInUse && is_stale(path) => {
            std::fs::remove_file(path)?;
            UnixListener::bind(path)
        }
        result => result,
    }
}

fn is_stale(path: &Path) -> bool {
    let is_socket = path.symlink_metadata().is_ok_and(|m| m.file_type().is_socket());
    let refused = |e: io::Error| e.kind() == ErrorKind::ConnectionRefused;
    is_socket && UnixStream::connect(path).is_err_and(refused)
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.0 {
            Socket::Unix(listener, _) => listener.as_fd(),
            Socket::Tcp(listener) => listener.as_fd(),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Socket::Unix(_, path) = &self.0 {
            // Somebody may have removed it before.
            let _ = std::fs::remove_file(path);
        }
    }
}
