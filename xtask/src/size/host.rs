//! The scripted host: it enumerates, then moves data one way, both ways, or none.

use super::controller::Pins;

/// What happens after enumeration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Nothing: what does a poll for nothing cost.
    Idle,
    /// Packets of all sizes come back.
    Echo,
    /// Device to host.
    Source,
    /// Host to device.
    Sink,
}

impl Mode {
    pub const ALL: [Self; 4] = [Self::Idle, Self::Echo, Self::Source, Self::Sink];

    /// The value of the register `MODE`.
    pub fn code(self) -> u32 {
        self as u32
    }
}

/// What the counters are counting now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Window {
    /// Start-up, warm-up, and what is only checked.
    Closed,
    /// From the bus reset to the end of the eighth request.
    Enumeration,
    /// The mode's own figure.
    Data,
}

/// Bytes that pass before the counters start, and while they count.
const WARM_UP: usize = 64 * 64;
const COUNTED: usize = 64 * 512;
const IDLE_POLLS: usize = 256;

/// One of the requests of the enumeration.
struct Request {
    setup: [u8; 8],
    data: &'static [u8],
}

const fn request(setup: [u8; 8], data: &'static [u8]) -> Request {
    Request { setup, data }
}

/// What is counted: eight requests, as a Linux host's `cdc_acm` needs them at least.
const ENUMERATION: [Request; 8] = [
    request([0x80, 6, 0, 1, 0, 0, 64, 0], &[]),
    request([0x00, 5, ADDRESS, 0, 0, 0, 0, 0], &[]),
    request([0x80, 6, 0, 1, 0, 0, 18, 0], &[]),
    request([0x80, 6, 0, 2, 0, 0, 9, 0], &[]),
    request([0x80, 6, 0, 2, 0, 0, 255, 0], &[]),
    request([0x00, 9, 1, 0, 0, 0, 0, 0], &[]),
    request([0x21, 0x20, 0, 0, 0, 0, 7, 0], &LINE_CODING),
    request([0x21, 0x22, 3, 0, 0, 0, 0, 0], &[]),
];

/// What is checked, outside the counters.
const CHECKS: [Request; 2] =
    [request([0xA1, 0x21, 0, 0, 0, 0, 7, 0], &[]), request([0x80, 6, 2, 3, 9, 4, 255, 0], &[])];

const ADDRESS: u8 = 5;
const LINE_CODING: [u8; 7] = [0x00, 0xC2, 0x01, 0x00, 0, 0, 8];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Setup,
    DataIn,
    DataOut,
    StatusIn,
    StatusOut,
    /// The status stage is over on the bus; the device may not have looked yet.
    Over,
}

#[derive(Debug)]
enum Phase {
    PowerOn,
    Control { number: usize, stage: Stage, sent: usize },
    Data,
    Finished,
}

pub struct Host {
    mode: Mode,
    phase: Phase,
    pub window: Window,
    reply: Vec<u8>,
    bulk_in: usize,
    bulk_out: usize,
    sent: Vec<u8>,
    /// Bytes received so far, for echo; those of a source are checked and dropped.
    received: Vec<u8>,
    passed: usize,
    /// Bytes passed when the counters started.
    opened_at: usize,
    /// What the counters counted: bytes, or polls when idle.
    pub counted: usize,
    /// Times the device looked while the counters counted.
    pub looks: usize,
    packets: usize,
    pub failure: Option<String>,
}

impl Host {
    pub fn new(mode: Mode) -> Self {
        Self {
            mode,
            phase: Phase::PowerOn,
            window: Window::Closed,
            reply: Vec::new(),
            bulk_in: 0,
            bulk_out: 0,
            sent: Vec::new(),
            received: Vec::new(),
            passed: 0,
            opened_at: 0,
            counted: 0,
            looks: 0,
            packets: 0,
            failure: None,
        }
    }

    pub fn is_finished(&self) -> bool {
        matches!(self.phase, Phase::Finished) || self.failure.is_some()
    }

    /// What the host is doing, for an error message.
    pub fn describe(&self) -> String {
        format!("{:?} in mode {:?} after {} bytes", self.phase, self.mode, self.passed)
    }

    /// Lets the host run one transaction on every endpoint.
    pub fn tick(&mut self, pins: &mut Pins) {
        if let Err(failure) = self.advance(pins) {
            self.failure.get_or_insert(failure);
        }
    }

    fn advance(&mut self, pins: &mut Pins) -> Result<(), String> {
        match self.phase {
            Phase::PowerOn => {
                pins.reset();
                self.window = Window::Enumeration;
                self.phase = Phase::Control { number: 0, stage: Stage::Setup, sent: 0 };
                Ok(())
            }
            Phase::Control { number, stage, sent } => self.control(pins, number, stage, sent),
            Phase::Data => self.data(pins),
            Phase::Finished => Ok(()),
        }
    }

    fn control(
        &mut self,
        pins: &mut Pins,
        number: usize,
        stage: Stage,
        sent: usize,
    ) -> Result<(), String> {
        if pins.inn[0].halted {
            return Err(format!("request {number} was stalled"));
        }
        let request = &ENUMERATION.iter().chain(&CHECKS).nth(number).ok_or("no such request")?;
        let (stage, sent) = match stage {
            Stage::Setup if !pins.bus.is_empty() => return Ok(()),
            Stage::Setup => (self.setup(pins, request.setup), 0),
            Stage::DataIn => (self.data_in(pins, request.setup), 0),
            Stage::DataOut => data_out(pins, request.data, sent),
            Stage::StatusIn => (status_in(pins)?, sent),
            Stage::StatusOut => (status_out(pins), sent),
            Stage::Over => return self.over(pins, number),
        };
        self.phase = Phase::Control { number, stage, sent };
        Ok(())
    }

    fn setup(&mut self, pins: &mut Pins, setup: [u8; 8]) -> Stage {
        pins.setup(setup);
        self.reply.clear();
        match (setup[6], setup[0] & 0x80 != 0) {
            (0, _) => Stage::StatusIn,
            (_, true) => Stage::DataIn,
            (_, false) => Stage::DataOut,
        }
    }

    fn data_in(&mut self, pins: &mut Pins, setup: [u8; 8]) -> Stage {
        let Some(packet) = take_in(pins, 0) else { return Stage::DataIn };
        let is_short = packet.len() < 64;
        self.reply.extend(packet);
        if is_short || self.reply.len() >= usize::from(setup[6]) {
            Stage::StatusOut
        } else {
            Stage::DataIn
        }
    }

    fn over(&mut self, pins: &mut Pins, number: usize) -> Result<(), String> {
        if pins.inn[0].done || pins.out[0].packet.is_some() {
            return Ok(());
        }
        self.check_reply(number)?;
        if number + 1 == ENUMERATION.len() {
            self.window = Window::Closed;
            if pins.address != ADDRESS {
                return Err(format!("the device answers to address {}", pins.address));
            }
        }
        if number + 1 < ENUMERATION.len() + CHECKS.len() {
            self.phase = Phase::Control { number: number + 1, stage: Stage::Setup, sent: 0 };
            return Ok(());
        }
        self.phase = Phase::Data;
        pins.mode = Some(self.mode);
        pins.mode_changed = true;
        Ok(())
    }

    fn check_reply(&mut self, number: usize) -> Result<(), String> {
        let reply = &self.reply;
        let is_right = match number {
            0 | 2 => reply.len() == 18 && reply.starts_with(&[18, 1]),
            3 => reply.len() == 9 && reply.starts_with(&[9, 2]),
            4 => return self.find_bulk_endpoints(),
            8 => *reply == LINE_CODING,
            9 => reply.iter().skip(2).step_by(2).eq(b"Serial port"),
            _ => reply.is_empty(),
        };
        if is_right { Ok(()) } else { Err(format!("reply to request {number}: {reply:02x?}")) }
    }

    fn find_bulk_endpoints(&mut self) -> Result<(), String> {
        let mut rest = self.reply.as_slice();
        while let [length, kind, ..] = *rest {
            if kind == 5 && rest.get(3) == Some(&2) {
                let address = rest[2];
                let slot = if address & 0x80 != 0 { &mut self.bulk_in } else { &mut self.bulk_out };
                *slot = usize::from(address & 0x0F);
            }
            rest = rest.get(usize::from(length.max(1))..).unwrap_or(&[]);
        }
        let total = self.reply.get(2).copied().map(usize::from);
        if self.bulk_in == 0 || self.bulk_out == 0 || total != Some(self.reply.len()) {
            return Err(format!("configuration descriptor: {:02x?}", self.reply));
        }
        Ok(())
    }

    fn data(&mut self, pins: &mut Pins) -> Result<(), String> {
        self.looks += usize::from(self.window == Window::Data);
        match self.mode {
            Mode::Idle => {
                pins.spurious = true;
                self.passed += 64 * 8;
            }
            Mode::Source => self.receive_pattern(pins)?,
            Mode::Sink => {
                self.send_packet(pins, 64);
                self.check_sunk(pins)?;
            }
            Mode::Echo => {
                self.send_packet(pins, ECHO_SIZES[self.packets % ECHO_SIZES.len()]);
                self.check_echo(pins)?;
            }
        }
        self.move_window();
        Ok(())
    }

    fn move_window(&mut self) {
        match self.window {
            Window::Closed if self.passed >= WARM_UP => {
                self.window = Window::Data;
                self.opened_at = self.passed;
                self.looks = 0;
            }
            Window::Data if self.mode == Mode::Idle && self.looks < IDLE_POLLS => {}
            Window::Data if self.mode == Mode::Idle => self.close(self.looks),
            Window::Data if self.passed - self.opened_at >= COUNTED => {
                self.close(self.passed - self.opened_at);
            }
            _ => {}
        }
    }

    fn close(&mut self, counted: usize) {
        self.counted = counted;
        self.window = Window::Closed;
        self.phase = Phase::Finished;
    }

    fn receive_pattern(&mut self, pins: &mut Pins) -> Result<(), String> {
        let Some(packet) = take_in(pins, self.bulk_in) else { return Ok(()) };
        for byte in packet {
            let expected = (self.passed % 64) as u8 ^ 0xA5;
            if byte != expected {
                return Err(format!("byte {} is {byte:02x}, not {expected:02x}", self.passed));
            }
            self.passed += 1;
        }
        Ok(())
    }

    fn send_packet(&mut self, pins: &mut Pins, size: usize) {
        let out = &mut pins.out[self.bulk_out];
        if !out.accepts || out.packet.is_some() {
            return;
        }
        let start = self.sent.len();
        self.sent.extend((start..start + size).map(|i| (i * 7 + i / 251) as u8));
        out.packet = Some(self.sent[start..].iter().copied().collect());
        out.accepts = false;
        self.packets += 1;
    }

    fn check_sunk(&mut self, pins: &Pins) -> Result<(), String> {
        let fresh = self.passed..pins.sunk.len();
        if pins.sunk.get(fresh.clone()) != self.sent.get(fresh) {
            return Err(format!("the application read something else after byte {}", self.passed));
        }
        self.passed = pins.sunk.len();
        Ok(())
    }

    fn check_echo(&mut self, pins: &mut Pins) -> Result<(), String> {
        self.received.extend(take_in(pins, self.bulk_in).unwrap_or_default());
        let fresh = self.passed..self.received.len();
        if self.received.get(fresh.clone()) != self.sent.get(fresh) {
            return Err(format!("the echo differs after byte {}", self.passed));
        }
        self.passed = self.received.len();
        Ok(())
    }
}

const ECHO_SIZES: [usize; 7] = [64, 64, 1, 63, 64, 17, 2];

/// One IN transaction, if there is a packet and the device has seen the end of the last.
fn take_in(pins: &mut Pins, number: usize) -> Option<Vec<u8>> {
    let inn = &mut pins.inn[number];
    if inn.done || inn.halted {
        return None;
    }
    let packet = inn.armed.take()?;
    (inn.done, inn.status) = (true, false);
    Some(packet)
}

fn data_out(pins: &mut Pins, data: &[u8], sent: usize) -> (Stage, usize) {
    let out = &mut pins.out[0];
    if pins.setup.is_some() || !out.accepts || out.packet.is_some() {
        return (Stage::DataOut, sent);
    }
    let rest = data.get(sent..).unwrap_or(&[]);
    let count = rest.len().min(64);
    out.packet = Some(rest[..count].iter().copied().collect());
    out.accepts = false;
    if sent + count == data.len() {
        (Stage::StatusIn, sent + count)
    } else {
        (Stage::DataOut, sent + count)
    }
}

fn status_in(pins: &mut Pins) -> Result<Stage, String> {
    // The device has not read the data stage yet: the last packet counts as one of that stage.
    if pins.out[0].packet.is_some() {
        return Ok(Stage::StatusIn);
    }
    match take_in(pins, 0) {
        None => Ok(Stage::StatusIn),
        Some(packet) if packet.is_empty() => {
            pins.inn[0].status = true;
            Ok(Stage::Over)
        }
        Some(packet) => Err(format!("a status stage of {} bytes", packet.len())),
    }
}

fn status_out(pins: &mut Pins) -> Stage {
    let is_seen = !pins.inn[0].done;
    let out = &mut pins.out[0];
    if !is_seen || !out.accepts || out.packet.is_some() {
        return Stage::StatusOut;
    }
    out.packet = Some(Default::default());
    (out.accepts, out.status) = (false, true);
    Stage::Over
}
