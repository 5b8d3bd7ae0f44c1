//! What a simulated host did, as events: the seeds of the fuzzer.

use usbd_acm::Speed;
use usbd_acm_virtual::host::{
    AcmPort, Content, EnumerationError, Fate, Host, KnownDevice, LineEvent, Observer, Packet, Side,
    Token, TransferError, linux, macos, windows,
};
use usbd_acm_virtual::{Handshake, Nanoseconds, Pid};

use super::event::{Call, Event, encode};
use crate::model::DEFAULT_LINE_CODING;
use crate::{TestBoard, echo, full_speed_running, high_speed_running, two_ports_running};

/// Writes down what a host does.
#[derive(Default)]
pub struct Script {
    events: Vec<Event>,
    token: Option<Token>,
}

impl Script {
    /// The events so far.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    fn packet(&mut self, packet: &Packet<'_>) {
        let number = packet.endpoint;
        match (packet.from, packet.content) {
            (Side::Host, Content::Token(token)) => self.token = Some(token),
            (Side::Host, Content::Setup(data)) => self.add(Event::Setup { number, data }),
            (Side::Host, Content::Data(pid, bytes)) => {
                let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
                self.add(Event::Out { number, data1: pid == Pid::Data1, length });
                if number != 0 {
                    self.echoed(length);
                }
            }
            (Side::Host, Content::Handshake(Handshake::Ack)) => {
                self.add(Event::In { number, ack: true });
            }
            // An IN that is refused says something; one that has to wait does not.
            (Side::Device, Content::Handshake(Handshake::Stall))
                if self.token == Some(Token::In) =>
            {
                self.add(Event::In { number, ack: false });
            }
            _ => {}
        }
    }

    fn add(&mut self, event: Event) {
        self.events.extend([event, Event::Poll]);
    }

    fn echoed(&mut self, length: u16) {
        for call in [Call::Events, Call::Consume(512), Call::Write(length), Call::Flush] {
            self.add(Event::Call(0, call));
        }
    }
}

impl Observer for Script {
    fn packet(&mut self, _at: Nanoseconds, packet: &Packet<'_>, fate: Fate) {
        if fate == Fate::Intact {
            Script::packet(self, packet);
        }
    }

    fn line(&mut self, _at: Nanoseconds, event: LineEvent) {
        self.add(match event {
            LineEvent::Plugged => Event::Vbus(true),
            LineEvent::Unplugged => Event::Vbus(false),
            LineEvent::Reset(speed) => Event::Reset { high: speed == Speed::High },
            LineEvent::Suspended => Event::Suspend(true),
            LineEvent::Resumed => Event::Suspend(false),
            LineEvent::RemoteWakeup => Event::Run(3),
        });
    }
}

type Enumerate = fn(&mut Host<TestBoard>) -> Result<KnownDevice, EnumerationError>;
type Open = fn(&mut Host<TestBoard>, &mut AcmPort, [u8; 7]) -> Result<(), TransferError>;
type Close = fn(&mut Host<TestBoard>, &mut AcmPort) -> Result<(), TransferError>;

const SYSTEMS: [(&str, Enumerate, Open, Close); 3] = [
    ("linux", linux::enumerate, linux::open, linux::close),
    ("windows", windows::enumerate, windows::open, windows::close),
    ("macos", macos::enumerate, macos::open, macos::close),
];

/// Devices that an input can name by its first byte.
const DEVICES: [(&str, u8); 3] = [("one-port", 0), ("two-ports", 4), ("high-speed", 6)];

/// The inputs that the fuzzer starts from: the orders of Linux, Windows and macOS, with an echo, a
/// suspend, and the terminal closed and opened again. Name and bytes.
///
/// # Panics
/// When a simulated host does not come to an end.
pub fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (system, enumerate, open, close) in SYSTEMS {
        for (device, kind) in DEVICES {
            let mut host = match device {
                "two-ports" => two_ports_running(|ports, _| echo(&mut ports[0])).host,
                "high-speed" => high_speed_running(|[port], _| echo(port)).host,
                _ => full_speed_running(|[port], _| echo(port)).host,
            };
            let events = converse(&mut host, enumerate, open, close);
            // Polled late now and then.
            let late = if system == "windows" { 0x80 } else { 0 };
            let depth_of_two = 1 << 5;
            let input = [vec![kind | late | depth_of_two], encode(&events)].concat();
            seeds.push((format!("{system}-{device}"), input));
        }
    }
    seeds
}

fn converse(
    host: &mut Host<TestBoard>,
    enumerate: Enumerate,
    open: Open,
    close: Close,
) -> Vec<Event> {
    let script = host.observe(Script::default());
    host.plug().expect("the device attaches");
    let device = enumerate(host).expect("the device enumerates");
    for port in &mut AcmPort::all(&device) {
        open(host, port, DEFAULT_LINE_CODING).expect("the port opens");
        let echoed = port.transfer(host, b"hello", 5);
        assert!(echoed.is_ok_and(|bytes| bytes == b"hello") || port.function().data_interface > 1);
        host.suspend();
        host.resume();
        close(host, port).expect("the port closes");
    }
    script.borrow().events().to_vec()
}
