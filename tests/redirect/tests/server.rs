//! The poll loop on real sockets: whatever a peer does, the next one is served.

mod model;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;

use model::Model;
use usbd_acm::Speed;
use usbd_acm_redirect::bus::Bus;
use usbd_acm_redirect::server::{Endpoint, Listener, Operator, Server};
use usbd_acm_redirect::usbredir::Session;
use usbd_acm_redirect::{usbip, usbredir};

static NUMBER: AtomicU32 = AtomicU32::new(0);

fn socket_path() -> PathBuf {
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("usbd-acm-test-{}-{number}", std::process::id()))
}

struct Served {
    endpoint: Endpoint,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    fn start(endpoint: &Endpoint) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let listener = Listener::bind(endpoint).unwrap();
        let endpoint = listener.endpoint();
        let flag = stop.clone();
        let thread = std::thread::spawn(move || {
            let bus = Bus::new(Box::new(Model::new().0), Speed::High);
            let operator = Operator::new(Box::new(std::io::sink()), None);
            let mut server = Server { listener, bus, stop: &flag, operator };
            server.run(|| Box::new(Session::new())).unwrap();
        });
        Self { endpoint, stop, thread: Some(thread) }
    }

    fn connect(&self) -> UnixStream {
        let Endpoint::Unix(path) = &self.endpoint else { panic!("not a Unix socket") };
        UnixStream::connect(path).unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}

fn hello() -> Vec<u8> {
    let mut bytes = [0u32, 68, 0].map(u32::to_le_bytes).concat();
    bytes.extend([0; 64]);
    bytes.extend(0xFFu32.to_le_bytes());
    bytes
}

/// Greets, and waits for the device to be plugged in.
fn is_served(stream: &mut (impl Read + Write)) {
    stream.write_all(&hello()).unwrap();
    // Hello, endpoint table, interface table, device.
    let mut bytes = vec![0; 12 + 68 + 16 + 160 + 16 + 132 + 16 + 10];
    stream.read_exact(&mut bytes).unwrap();
    assert_eq!(bytes[bytes.len() - 26..][..4], 1u32.to_le_bytes());
}

#[test]
fn one_peer_after_another_is_served_whatever_the_first_did() {
    let served = Served::start(&Endpoint::Unix(socket_path()));
    let rude: [&dyn Fn(UnixStream); 6] = [
        &|stream| drop(stream),
        &|mut stream| stream.write_all(&hello()[..40]).unwrap(),
        &|mut stream| stream.write_all(&[0xFF; 500]).unwrap(),
        &|mut stream| {
            is_served(&mut stream);
            // A packet that announces more than it may.
            let _ =
                stream.write_all(&[101, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0]);
        },
        &|mut stream| {
            is_served(&mut stream);
            stream.shutdown(Shutdown::Both).unwrap();
        },
        &|mut stream| {
            // Asks and never reads.
            is_served(&mut stream);
            let mut ask = [7u32, 0].map(u32::to_le_bytes).concat();
            ask.extend(9u64.to_le_bytes());
            stream.write_all(&ask.repeat(20_000)).unwrap();
        },
    ];
    for rude in rude {
        rude(served.connect());
        is_served(&mut served.connect());
    }
}

#[test]
fn the_socket_goes_with_the_server() {
    let path = socket_path();
    let served = Served::start(&Endpoint::Unix(path.clone()));
    let mut open = served.connect();
    is_served(&mut open);
    assert!(path.exists());
    drop(served);
    assert!(!path.exists());
    // The device is unplugged, then the connection closed.
    let mut rest = Vec::new();
    open.read_to_end(&mut rest).unwrap();
    assert_eq!(rest[..4], 2u32.to_le_bytes());
}

#[test]
fn a_socket_left_behind_is_replaced_and_a_live_one_is_not() {
    let path = socket_path();
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let endpoint = Endpoint::Unix(path);
    let served = Served::start(&endpoint);
    is_served(&mut served.connect());
    assert!(Listener::bind(&endpoint).is_err());
    is_served(&mut served.connect());
}

#[test]
fn tcp_serves_too() {
    let served = Served::start(&"127.0.0.1:0".parse().unwrap());
    let Endpoint::Tcp(address) = &served.endpoint else { panic!("not TCP") };
    is_served(&mut TcpStream::connect(address).unwrap());
}

#[test]
fn an_endpoint_is_a_path_unless_it_has_host_and_port() {
    let parse = |text: &str| text.parse::<Endpoint>().unwrap();
    assert_eq!(parse("localhost:3240"), Endpoint::Tcp("localhost:3240".into()));
    assert_eq!(parse("[::1]:3240"), Endpoint::Tcp("[::1]:3240".into()));
    for path in ["/tmp/a:1", "socket", "a:b", ":1"] {
        assert_eq!(parse(path), Endpoint::Unix(path.into()), "{path}");
    }
    for neither in ["", "localhost:65536", "127.0.0.1:99999999999"] {
        assert!(neither.parse::<Endpoint>().is_err(), "{neither}");
    }
    assert_eq!(parse("./localhost:65536"), Endpoint::Unix("./localhost:65536".into()));
}

#[test]
fn the_advice_names_where_it_listens() {
    let qemu = |text: &str| usbredir::qemu_arguments(&text.parse().unwrap());
    assert!(qemu("/tmp/acm").contains("socket,id=acm,path=/tmp/acm "));
    assert!(qemu("localhost:4000").contains("socket,id=acm,host=localhost,port=4000 "));
    assert!(qemu("[::1]:4000").contains("socket,id=acm,host=::1,port=4000 "));
    let linux = |text: &str| usbip::attach_command(&text.parse().unwrap());
    assert_eq!(linux("127.0.0.1:3240").unwrap(), "usbip attach -r 127.0.0.1 -b 1-1");
    assert_eq!(linux("[::1]:99").unwrap(), "usbip --tcp-port 99 attach -r ::1 -b 1-1");
    assert_eq!(linux("0.0.0.0:3240").unwrap(), "usbip attach -r HOST -b 1-1");
    assert_eq!(linux("/tmp/acm"), None);
}
