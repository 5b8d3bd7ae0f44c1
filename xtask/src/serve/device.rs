//! The device that is served: the stack on the virtual controller, and an application on every
//! port.

mod app;
mod log;

use anyhow::{Result, bail};
use usbd_acm::class::{Event, LineCoding, Parity, SerialState, StopBits};
use usbd_acm::descriptors::{Descriptors, Power, descriptors};
use usbd_acm::{Device, EndpointSet, Hooks, Probe, Speed, Storage};
use usbd_acm_redirect::served::ServedDevice;
use usbd_acm_virtual::{
    DevicePort, FullSpeed, Handshake, HighSpeed, InResponse, Nanoseconds, Pid, Variant,
    VirtualController, VirtualWire,
};

pub use app::{App, PortApp, Running};

/// Packets that the controller holds per direction and endpoint.
const DEPTH: usize = 2;
/// Packets of a port's FIFO, each way.
const SLOTS: usize = 8;
/// Rounds of device and application in one go: enough to empty what one packet can fill.
const ROUNDS: usize = 4;

/// What the 15 endpoint numbers are enough for: each port has two IN endpoints.
pub const MOST_PORTS: u8 = 7;

macro_rules! serial_device {
    ($ports:literal, $high_speed:literal) => {{
        static DESCRIPTORS: Descriptors<$ports> = descriptors! {
            endpoints: EndpointSet::first(15),
            ports: $ports,
            vendor_id: 0x1209,
            product_id: $ports,
            manufacturer: "usbd-acm",
            product: "Virtual USB serial",
            serial_number: "0001",
            power: Power::Bus { milliamps: 100 },
            remote_wakeup: true,
            high_speed: $high_speed,
        };
        &DESCRIPTORS
    }};
}

/// A device with `ports` serial ports. At full speed it knows nothing of high speed, so it is
/// held against the stricter of the two sets of rules.
pub fn create(speed: Speed, ports: u8, app: App) -> Result<Box<dyn ServedDevice>> {
    macro_rules! with_ports {
        ($($ports:literal)*) => {
            match (speed, ports) {
                $((Speed::Full, $ports) => full_speed(serial_device!($ports, false), app),)*
                $((Speed::High, $ports) => high_speed(serial_device!($ports, true), app),)*
                _ => bail!("a device has 1 to {MOST_PORTS} ports here"),
            }
        };
    }
    Ok(with_ports!(1 2 3 4 5 6 7))
}

fn full_speed<const PORTS: usize>(
    descriptors: &'static Descriptors<PORTS>,
    app: App,
) -> Box<dyn ServedDevice> {
    Box::new(SerialDevice::<FullSpeed, PORTS, 64>::new(descriptors, app))
}

fn high_speed<const PORTS: usize>(
    descriptors: &'static Descriptors<PORTS>,
    app: App,
) -> Box<dyn ServedDevice> {
    Box::new(SerialDevice::<HighSpeed, PORTS, 512>::new(descriptors, app))
}

/// A board that asks for everything.
struct Served;

impl Hooks for Served {
    // Linux echoes what it is sent before its user makes the terminal raw.
    const PROBE: Probe = Probe::ZeroLengthPacket { hold: 50 };
    const FRAMES: bool = true;
    const LOSSY: bool = true;
    const TOUCH_1200: bool = true;
}

struct SerialDevice<V, const PORTS: usize, const SIZE: usize> {
    wire: VirtualWire,
    device: Device<VirtualController<V>, Served, PORTS, SLOTS, SIZE>,
    apps: [PortApp<SLOTS, SIZE>; PORTS],
    events: Vec<String>,
    violations: usize,
}

impl<V: Variant, const PORTS: usize, const SIZE: usize> SerialDevice<V, PORTS, SIZE> {
    fn new(descriptors: &'static Descriptors<PORTS>, app: App) -> Self {
        let (controller, wire) = VirtualController::new(DEPTH);
        // One device a process.
        let storage = Box::leak(Box::new(Storage::new()));
        let (mut device, ports) = storage.split(controller, descriptors, Served);
        device.connect();
        let apps = ports.map(|port| PortApp::new(port, app.into()));
        Self { wire, device, apps, events: Vec::new(), violations: 0 }
    }

    fn note_events(&mut self) {
        for (number, app) in self.apps.iter_mut().enumerate() {
            while let Some(event) = app.next_event() {
                self.events.push(format!("port {number} {}", describe(event)));
            }
        }
        let violations = self.wire.violations();
        let new = violations.iter().skip(self.violations);
        self.events.extend(new.map(|violation| format!("violation {violation:?}")));
        self.violations = violations.len();
    }

    fn app(&mut self, port: &str) -> Result<&mut PortApp<SLOTS, SIZE>, String> {
        let number: usize = port.parse().map_err(|_| format!("{port} is no port number"))?;
        self.apps.get_mut(number).ok_or(format!("there are {PORTS} ports, from 0 on"))
    }
}

impl<V: Variant, const PORTS: usize, const SIZE: usize> DevicePort
    for SerialDevice<V, PORTS, SIZE>
{
    fn set_vbus(&mut self, present: bool) {
        self.wire.set_vbus(present);
    }

    fn attached(&self) -> bool {
        self.wire.attached()
    }

    fn bus_reset(&mut self, speed: Speed) -> Speed {
        self.wire.bus_reset(speed)
    }

    fn setup(&mut self, address: u8, endpoint: u8, data: [u8; 8]) -> Handshake {
        self.wire.setup(address, endpoint, data)
    }

    fn in_token(&mut self, address: u8, endpoint: u8, ack: bool) -> InResponse {
        self.wire.in_token(address, endpoint, ack)
    }

    fn out_token(&mut self, address: u8, endpoint: u8, pid: Pid, data: &[u8]) -> Handshake {
        self.wire.out_token(address, endpoint, pid, data)
    }

    fn ping(&mut self, address: u8, endpoint: u8) -> Handshake {
        self.wire.ping(address, endpoint)
    }

    fn sof(&mut self, frame: u16) {
        self.wire.sof(frame);
    }

    fn set_suspended(&mut self, suspended: bool) {
        self.wire.set_suspended(suspended);
    }

    fn wakeup_signalled(&self) -> bool {
        self.wire.wakeup_signalled()
    }

    fn run(&mut self, duration: Nanoseconds) {
        self.wire.run(duration);
        for app in &mut self.apps {
            app.pass(duration);
        }
        for _ in 0..ROUNDS {
            self.device.poll();
            let moved = self.apps.iter_mut().fold(false, |moved, app| app.step() | moved);
            if !moved && !self.wire.interrupt() {
                break;
            }
        }
        self.device.poll();
    }
}

impl<V: Variant, const PORTS: usize, const SIZE: usize> ServedDevice
    for SerialDevice<V, PORTS, SIZE>
{
    fn take_events(&mut self) -> Vec<String> {
        self.note_events();
        std::mem::take(&mut self.events)
    }

    fn command(&mut self, words: &[&str]) -> Result<String, String> {
        match *words {
            ["sync"] => Ok(String::new()),
            ["app", port, app, ref rest @ ..] => {
                let app = app::parse(app, rest)?;
                self.app(port)?.start(app);
                Ok(String::new())
            }
            ["policy", port, policy] => {
                self.app(port)?.set_policy(policy.parse()?);
                Ok(String::new())
            }
            ["logged", port] => Ok(self.app(port)?.logged()),
            ["received", port] => Ok(self.app(port)?.received()),
            ["serial-state", port, levels] => {
                let levels = parse_state(levels, SerialState::LEVELS)?;
                self.app(port)?.control().set_levels(levels);
                Ok(String::new())
            }
            ["signal", port, signals] => {
                let signals = parse_state(signals, SerialState::ONE_SHOTS)?;
                self.app(port)?.control().raise(signals);
                Ok(String::new())
            }
            ["wake", port] => {
                self.app(port)?.control().request_wakeup();
                Ok(String::new())
            }
            _ => Err(format!("unknown command {words:?}; there are {COMMANDS}")),
        }
    }
}

const COMMANDS: &str = "sync, plug, unplug, app PORT echo|sink|source [BYTES]|bridge|log, \
     received PORT, policy PORT fail|drop-newest|drop-oldest|wait, logged PORT, serial-state PORT none|dcd,dsr, signal PORT ring|break|framing|parity|overrun, \
     wake PORT";

fn parse_state(text: &str, allowed: SerialState) -> Result<SerialState, String> {
    let mut state = SerialState::empty();
    for word in text.split(',').filter(|&word| word != "none") {
        state |= match word {
            "dcd" => SerialState::RX_CARRIER,
            "dsr" => SerialState::TX_CARRIER,
            "break" => SerialState::BREAK,
            "ring" => SerialState::RING_SIGNAL,
            "framing" => SerialState::FRAMING,
            "parity" => SerialState::PARITY,
            "overrun" => SerialState::OVERRUN,
            other => return Err(format!("unknown signal {other}")),
        };
    }
    if allowed.contains(state) { Ok(state) } else { Err(format!("{text} does not belong here")) }
}

/// An event in a few words.
pub fn describe(event: Event) -> String {
    let on = |on| if on { "on" } else { "off" };
    match event {
        Event::Configured { milliamps } => format!("configured {milliamps} mA"),
        Event::Deconfigured => "deconfigured".into(),
        Event::Dtr(dtr) => format!("dtr {}", on(dtr)),
        Event::Rts(rts) => format!("rts {}", on(rts)),
        Event::LineCoding { new, .. } => format!("line-coding {}", describe_coding(&new)),
        Event::Break(usbd_acm::class::Break::Off) => "break off".into(),
        Event::Break(usbd_acm::class::Break::On) => "break on".into(),
        Event::Break(usbd_acm::class::Break::For(time)) => format!("break {time} ms"),
        Event::Suspended => "suspended".into(),
        Event::Resumed => "resumed".into(),
        Event::SessionStart => "session start".into(),
        Event::SessionEnd => "session end".into(),
        Event::HostReads => "host reads".into(),
        Event::Touch1200 => "touch".into(),
    }
}

/// Rate, data bits, parity and stop bits.
pub fn describe_coding(coding: &LineCoding) -> String {
    let parity = match coding.parity() {
        Ok(Parity::None) => "none".into(),
        Ok(Parity::Odd) => "odd".into(),
        Ok(Parity::Even) => "even".into(),
        Ok(Parity::Mark) => "mark".into(),
        Ok(Parity::Space) => "space".into(),
        Err(raw) => format!("{raw:?}"),
    };
    let stop = match coding.stop_bits() {
        Ok(StopBits::One) => "1".into(),
        Ok(StopBits::OneAndHalf) => "1.5".into(),
        Ok(StopBits::Two) => "2".into(),
        Err(raw) => format!("{raw:?}"),
    };
    format!("{} {} {parity} {stop}", coding.rate, coding.data_bits)
}

#[cfg(test)]
mod tests {
    use usbd_acm_redirect::bus::Bus;

    use super::*;

    #[test]
    fn any_number_of_ports_that_the_endpoints_are_enough_for() {
        for speed in [Speed::Full, Speed::High] {
            for ports in 1..=MOST_PORTS {
                let mut bus = Bus::new(create(speed, ports, App::Echo).unwrap(), speed);
                let descriptor = bus.attach().unwrap();
                assert_eq!(descriptor[10..12], [ports, 0], "idProduct");
                let configuration = bus.configuration();
                assert_eq!(configuration.default_interfaces().count(), 2 * usize::from(ports));
                assert_eq!(configuration.endpoints.len(), 3 * usize::from(ports));
                let command = format!("app {} sink", ports - 1);
                let words: Vec<_> = command.split(' ').collect();
                assert!(bus.device().command(&words).is_ok());
            }
            assert!(create(speed, MOST_PORTS + 1, App::Echo).is_err());
        }
    }
}
