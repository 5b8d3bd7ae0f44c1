//! The stack and the reference model, side by side: every event is judged.

use usbd_acm::class::{Break, LineCoding, SerialState};
use usbd_acm::descriptors::Descriptors;
use usbd_acm::{Controller, Device, Hooks, Port, Speed, State, Storage};
use usbd_acm_virtual::{DevicePort, InResponse, VirtualWire};

use super::calls::Told;
use super::event::{Call, Event, pid};
use crate::model::{DeviceModel, Polling, Settings, StateKey, Verdict};

/// Polls that one event can take at most, 16 events of the controller each.
const POLLS: usize = 64;

/// The stack on the virtual controller, and the model of it.
pub struct Twin<C, H, const PORTS: usize, const SIZE: usize> {
    pub(super) wire: VirtualWire,
    pub(super) device: Device<C, H, PORTS, 2, SIZE>,
    pub(super) ports: [Port<2, SIZE>; PORTS],
    pub(super) told: [Told; PORTS],
    pub(super) model: DeviceModel,
    pub(super) polling: Polling,
    pub(super) probe: bool,
    /// Bytes made so far, for either direction.
    made: u32,
    history: Vec<Event>,
}

impl<C: Controller, H: Hooks, const PORTS: usize, const SIZE: usize> Twin<C, H, PORTS, SIZE> {
    /// A device that is powered off, with its pull-up on.
    pub fn new(
        (controller, wire): (C, VirtualWire),
        descriptors: &'static Descriptors<PORTS>,
        hooks: H,
        settings: Settings,
    ) -> Self {
        let storage = Box::leak(Box::new(Storage::<PORTS, 2, SIZE>::new()));
        let (mut device, ports) = storage.split(controller, descriptors, hooks);
        device.connect();
        Self {
            wire,
            device,
            ports,
            told: [Told::default(); PORTS],
            model: DeviceModel::new(settings),
            polling: settings.polling,
            probe: settings.probe,
            made: 0,
            history: Vec::new(),
        }
    }

    /// Lets one event happen to both.
    ///
    /// # Panics
    /// When the outcome is not the one that the model names.
    pub fn apply(&mut self, event: Event) {
        self.history.push(event);
        let verdict = match event {
            Event::Call(port, call) => self.call(usize::from(port) % PORTS, call),
            event => self.on_bus(event),
        };
        let verdict = verdict.and_then(|()| match (self.polling, event) {
            (Polling::Prompt, _) | (_, Event::Poll) => self.poll_and_compare(),
            (Polling::Late, _) => Ok(()),
        });
        if let Err(expected) = verdict {
            panic!("{event:?}: {expected}\nafter {:?}\nin {:#?}", self.history, self.model);
        }
    }

    /// Every event in order.
    pub fn apply_all(&mut self, events: impl IntoIterator<Item = Event>) {
        events.into_iter().for_each(|event| self.apply(event));
    }

    /// What tells this state from others.
    pub fn key(&self, with_data: bool) -> StateKey {
        self.model.key(with_data)
    }

    /// What is expected of the device.
    pub fn model(&self) -> &DeviceModel {
        &self.model
    }

    /// Forgets how the state was reached; how many events led to it.
    pub fn forget_history(&mut self) -> u64 {
        let count = self.history.len() as u64;
        self.history.clear();
        count
    }

    fn on_bus(&mut self, event: Event) -> Verdict {
        let address = self.model.address;
        match event {
            Event::Setup { number, data } => {
                let seen = self.wire.setup(address, number, data);
                saw(seen, self.model.setup(address, number, data, seen))
            }
            Event::In { number, ack } => {
                let seen = self.wire.in_token(address, number, ack);
                let verdict = self.model.in_token(address, number, ack, &seen);
                saw(seen, verdict)
            }
            Event::Out { number, data1, length } => {
                let (pid, data) = (pid(data1), self.make(usize::from(length)));
                let seen = self.wire.out_token(address, number, pid, &data);
                saw(seen, self.model.out_token(address, number, (pid, &data), seen))
            }
            Event::Ping { number } => {
                let seen = self.wire.ping(address, number);
                saw(seen, self.model.ping(address, number, seen))
            }
            Event::Elsewhere => self.elsewhere(address ^ 0x2A),
            Event::Reset { high } => {
                let speed = if high { Speed::High } else { Speed::Full };
                self.wire.bus_reset(speed);
                self.model.reset(speed);
                Ok(())
            }
            Event::Vbus(present) => {
                self.wire.set_vbus(present);
                self.model.set_vbus(present);
                Ok(())
            }
            Event::Suspend(suspended) => {
                self.wire.set_suspended(suspended);
                self.model.set_suspended(suspended);
                Ok(())
            }
            Event::Run(milliseconds) => {
                let duration = u64::from(milliseconds) * 1_000_000;
                self.wire.run(duration);
                self.model.run(duration);
                Ok(())
            }
            Event::Connect(connected) => {
                match connected {
                    true => self.device.connect(),
                    false => self.device.disconnect(),
                }
                self.model.connect(connected);
                Ok(())
            }
            Event::Poll | Event::Call(..) => Ok(()),
        }
    }

    fn elsewhere(&mut self, address: u8) -> Verdict {
        let seen = self.wire.setup(address, 0, [0; 8]);
        saw(seen, self.model.setup(address, 0, [0; 8], seen))?;
        for number in 0..3 {
            let seen = self.wire.in_token(address, number, true);
            let verdict = self.model.in_token(address, number, true, &seen);
            saw(seen, verdict)?;
            let seen = self.wire.out_token(address, number, pid(false), &[0]);
            saw(seen, self.model.out_token(address, number, (pid(false), &[0]), seen))?;
            let seen = self.wire.ping(address, number);
            saw(seen, self.model.ping(address, number, seen))?;
        }
        Ok(())
    }

    /// Bytes that are told from those before them.
    pub(super) fn make(&mut self, length: usize) -> Vec<u8> {
        let from = self.made;
        self.made = from.wrapping_add(u32::try_from(length).unwrap_or(u32::MAX));
        (from..).take(length).map(|n| n.wrapping_mul(0x9E37_79B9).to_be_bytes()[0]).collect()
    }

    /// The firmware polls until the interrupt line falls, in bounded steps (I9).
    fn poll_and_compare(&mut self) -> Verdict {
        for _ in 0..POLLS {
            self.device.poll();
            if !self.wire.interrupt() {
                self.model.poll();
                return self.compare();
            }
        }
        Err("an end of events (I9)".to_owned())
    }

    /// What the firmware can ask is what it must be, and the contract of the controller was kept.
    fn compare(&self) -> Verdict {
        let model = &self.model;
        equal("state", self.device.state(), model.control.state)?;
        equal("suspended", self.device.is_suspended(), model.is_suspended())?;
        equal("wake-up", self.wire.wakeup_signalled(), model.wakeup_signalled())?;
        equal("violations", self.wire.violations(), Vec::new())?;
        let is_configured = model.control.state == State::Configured;
        for (index, (port, expected)) in self.ports.iter().zip(&model.ports).enumerate() {
            let coding = LineCoding::from_bytes(model.control.line_coding[index]);
            equal("session", port.reader.is_connected(), expected.is_connected())?;
            equal("line coding", port.control.line_coding(), coding)?;
            equal("lines", port.control.control_lines().bits(), expected.lines())?;
            equal(
                "break",
                port.control.break_request(),
                Break::from_value(expected.break_value()),
            )?;
            equal("mA", port.control.milliamps(), if is_configured { 100 } else { 0 })?;
            equal("suspended", port.control.is_suspended(), model.is_suspended())?;
            if expected.is_connected() {
                equal("host reads", port.writer.is_read_by_host(), expected.is_read())?;
            }
        }
        Ok(())
    }
}

impl<C: Controller, H: Hooks, const PORTS: usize, const SIZE: usize> Twin<C, H, PORTS, SIZE> {
    fn call(&mut self, port: usize, call: Call) -> Verdict {
        match call {
            Call::Write(length) => self.write(port, usize::from(length)),
            Call::Commit(length) => self.commit(port, usize::from(length)),
            Call::Flush => self.flush(port),
            Call::Read(length) => self.read(port, usize::from(length)),
            Call::Consume(length) => self.consume(port, usize::from(length)),
            Call::Levels(bits) => {
                self.ports[port].control.set_levels(SerialState::from_bits_truncate(bits));
                self.model.ports[port].set_levels(bits);
                Ok(())
            }
            Call::Raise(bits) => {
                self.ports[port].control.raise(SerialState::from_bits_truncate(bits));
                self.model.ports[port].raise(bits);
                Ok(())
            }
            Call::Wake => {
                self.ports[port].control.request_wakeup();
                self.model.ask_to_wake(false);
                Ok(())
            }
            Call::Events => self.events(port),
            Call::Answer(length) => self.answer(port, usize::from(length)),
        }
    }
}

fn saw(seen: impl Into<Seen>, verdict: Verdict) -> Verdict {
    verdict.map_err(|expected| format!("saw {:?}, expected {expected}", seen.into()))
}

/// What was seen, for a message.
#[derive(Debug)]
#[expect(dead_code, reason = "it is shown")]
enum Seen {
    Handshake(usbd_acm_virtual::Handshake),
    In(InResponse),
}

impl From<usbd_acm_virtual::Handshake> for Seen {
    fn from(handshake: usbd_acm_virtual::Handshake) -> Self {
        Self::Handshake(handshake)
    }
}

impl From<InResponse> for Seen {
    fn from(response: InResponse) -> Self {
        Self::In(response)
    }
}

pub(super) fn equal<T: PartialEq + std::fmt::Debug>(what: &str, seen: T, expected: T) -> Verdict {
    if seen == expected { Ok(()) } else { Err(format!("{what} is {seen:?}, not {expected:?}")) }
}
