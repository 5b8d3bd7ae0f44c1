//! The serial adapter of the examples between a host and a UART, each of which does what it likes: bytes
//! in either direction, line codings, breaks, and lines of the host, and a UART of any speed.
//!
//! What the host sent leaves the UART, once and in order, and the other way round; the UART is told
//! nothing while it sends; and in the end it has the last line coding and no break.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::rc::Rc;

use applications::buffered::Received;
use applications::{Bridge, Buffered, ByteUart, LineErrors, Tick, bridge};
use embedded_hal::digital::{ErrorType, OutputPin};
use usbd_acm::class::LineCoding;
use usbd_acm::{Device, SetupPacket, Storage};
use usbd_acm_virtual::host::request;
use usbd_acm_virtual::{DevicePort, FullSpeed, Handshake, InResponse, Pid, VirtualController};

use crate::ledger::byte;
use crate::model::Answer;
use crate::{ONE_PORT, TestWire, TokenEnd, TokenFirmware};

/// Streams of bytes that differ.
const TO_HOST: usize = 1;
const TO_UART: usize = 2;

/// Bytes that the other end of the UART may send when RTS is low: what it has on its way then.
const ON_ITS_WAY: usize = 32;

/// More than it takes to come to rest.
const PATIENCE: usize = 10_000;

/// The UART, its pins, and the millisecond tick.
#[derive(Default)]
struct Line {
    incoming: VecDeque<u8>,
    held: Option<u8>,
    sent: Vec<u8>,
    is_low: bool,
    coding: Option<LineCoding>,
    rts_high: bool,
    ticks: bool,
    passed: bool,
}

/// Who holds which part of it.
#[derive(Clone, Default)]
struct Uart(Rc<RefCell<Line>>);
struct Rts(Uart);
struct Unconnected;

impl ByteUart for Uart {
    fn configure(&mut self, coding: &LineCoding) {
        let mut line = self.0.borrow_mut();
        assert_eq!(line.held, None, "configured while it sends");
        line.coding = Some(*coding);
    }

    fn receive(&mut self) -> Option<Received> {
        let byte = self.0.borrow_mut().incoming.pop_front()?;
        Some(Received { byte: Some(byte), errors: LineErrors::default() })
    }

    fn has_room(&self) -> bool {
        self.0.borrow().held.is_none()
    }

    fn send(&mut self, byte: u8) {
        let mut line = self.0.borrow_mut();
        assert!(!line.is_low, "sent during a break");
        assert_eq!(line.held.replace(byte), None, "sent without room");
    }

    fn is_sent(&self) -> bool {
        self.0.borrow().held.is_none()
    }

    fn listen(&mut self, _room: bool, _sent: bool) {}

    fn hold_low(&mut self, low: bool) {
        let mut line = self.0.borrow_mut();
        assert_eq!(line.held, None, "a break while it sends");
        assert_ne!(line.is_low, low, "told what it does already");
        line.is_low = low;
    }
}

impl Tick for Uart {
    fn has_passed(&mut self) -> bool {
        std::mem::take(&mut self.0.borrow_mut().passed)
    }

    fn run(&mut self, running: bool) {
        let mut line = self.0.borrow_mut();
        (line.ticks, line.passed) = (running, false);
    }
}

impl ErrorType for Rts {
    type Error = Infallible;
}

impl OutputPin for Rts {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.0.0.borrow_mut().rts_high = false;
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.0.0.borrow_mut().rts_high = true;
        Ok(())
    }
}

impl ErrorType for Unconnected {
    type Error = Infallible;
}

impl OutputPin for Unconnected {
    fn set_low(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// What the interrupts run.
struct Board {
    device: Device<VirtualController<FullSpeed>, (), 1, { bridge::SLOTS }, 64>,
    bridge: Bridge<Buffered<Uart, Rts>, Unconnected, Unconnected, Uart>,
}

impl TokenFirmware for Board {
    fn poll(&mut self) {
        self.device.poll();
        self.bridge.run();
        // What the bridge freed or wrote.
        self.device.poll();
    }
}

/// Both ends of the adapter.
struct Ends {
    wire: TestWire,
    board: Board,
    line: Uart,
    address: u8,
    toggle: Pid,
    /// Bytes that the device took from the host, that the UART received, and that the host did.
    taken: usize,
    fed: usize,
    received: usize,
    /// Bytes for the host may be gone: a session ended since they came.
    is_lossy: bool,
    coding: Option<[u8; 7]>,
}

/// A fuzz target: an input is a sequence of commands.
///
/// # Panics
/// When a byte is lost, doubled or another one, or the UART is told something at the wrong time.
pub fn firmware_frames(input: &[u8]) {
    let mut input = input.iter().copied();
    let mut ends = Ends::new();
    while let Some(command) = input.next() {
        ends.obey(command, &mut input);
    }
    ends.come_to_rest();
}

impl Ends {
    fn new() -> Self {
        let (controller, wire) = VirtualController::<FullSpeed>::new(2);
        let storage = Box::leak(Box::new(Storage::<1, { bridge::SLOTS }, 64>::new()));
        let (mut device, [port]) = storage.split(controller, &ONE_PORT, ());
        device.connect();
        let line = Uart::default();
        let uart = Buffered::new(line.clone(), Rts(line.clone()));
        let bridge = Bridge::new(port, uart, (Unconnected, Unconnected), line.clone());
        let mut ends = Self {
            wire: wire.into(),
            board: Board { device, bridge },
            line,
            address: 0,
            toggle: Pid::Data0,
            taken: 0,
            fed: 0,
            received: 0,
            is_lossy: false,
            coding: None,
        };
        ends.wire.set_vbus(true);
        ends.wire.bus_reset(usbd_acm::Speed::Full);
        ends.board.poll();
        ends.control(request::set_address(5), &[]);
        ends.control(request::set_configuration(1), &[]);
        ends.set_lines(3);
        ends
    }

    fn obey(&mut self, command: u8, input: &mut impl Iterator<Item = u8>) {
        let mut next = || input.next().unwrap_or(0);
        match command % 8 {
            0 => self.feed(usize::from(next())),
            1 => (0..next() % 80).for_each(|_| self.finish_byte()),
            2 => self.host_sends(usize::from(next()) % 65),
            3 => (0..=next() % 4).for_each(|_| self.host_reads()),
            4 => (0..next()).for_each(|_| self.pass_a_millisecond()),
            5 => self.set_line_coding(std::array::from_fn(|_| next())),
            6 => self.send_break(u16::from_le_bytes([next(), next()])),
            _ => self.set_lines(next()),
        }
    }

    fn control(&mut self, setup: SetupPacket, data: &[u8]) {
        let Self { wire, board, address, .. } = self;
        let packets = &mut Vec::new();
        let answer = TokenEnd { wire, firmware: board, address, packets }.control_with(setup, data);
        assert_eq!(answer, Answer::Ack, "{setup:?}");
    }

    fn set_line_coding(&mut self, coding: [u8; 7]) {
        self.control(request::set_line_coding(0), &coding);
        self.coding = Some(coding);
    }

    fn send_break(&mut self, milliseconds: u16) {
        self.control(request::send_break(0, milliseconds), &[]);
    }

    fn set_lines(&mut self, lines: u8) {
        self.control(request::set_control_line_state(0, lines & 1 != 0, lines & 2 != 0), &[]);
        self.is_lossy |= lines & 1 == 0;
    }

    /// The other end of the UART sends, when RTS lets it.
    fn feed(&mut self, count: usize) {
        let mut line = self.line.0.borrow_mut();
        let count = if line.rts_high { 0 } else { count.min(ON_ITS_WAY) };
        line.incoming.extend((self.fed..self.fed + count).map(|at| byte(TO_HOST, at)));
        self.fed += count;
        drop(line);
        self.board.poll();
    }

    fn finish_byte(&mut self) {
        let mut line = self.line.0.borrow_mut();
        let byte = line.held.take();
        line.sent.extend(byte);
        drop(line);
        self.board.poll();
        self.check_sent();
    }

    fn check_sent(&self) {
        let line = self.line.0.borrow();
        assert!(line.sent.len() <= self.taken, "more than the host sent");
        let last = line.sent.last().map(|last| (*last, line.sent.len() - 1));
        assert!(last.is_none_or(|(last, at)| last == byte(TO_UART, at)), "another byte");
    }

    fn pass_a_millisecond(&mut self) {
        let mut line = self.line.0.borrow_mut();
        line.passed = line.ticks;
        drop(line);
        self.board.poll();
    }

    fn host_sends(&mut self, length: usize) {
        let packet: Vec<u8> =
            (self.taken..self.taken + length).map(|at| byte(TO_UART, at)).collect();
        let handshake = self.wire.out_token(self.address, 1, self.toggle, &packet);
        self.board.poll();
        match handshake {
            Handshake::Ack => {
                self.toggle = self.toggle.toggled();
                self.taken += length;
            }
            other => assert_eq!(other, Handshake::Nak),
        }
    }

    fn host_reads(&mut self) {
        let response = self.wire.in_token(self.address, 1, true);
        self.board.poll();
        match response {
            InResponse::Data { bytes, .. } => self.host_received(&bytes),
            other => assert_eq!(other, InResponse::Nak),
        }
    }

    /// What comes follows what came, or after the end of a session something later.
    fn host_received(&mut self, bytes: &[u8]) {
        let follows =
            |at: usize| bytes.iter().zip(at..).all(|(have, at)| *have == byte(TO_HOST, at));
        let last = if self.is_lossy { self.fed.saturating_sub(bytes.len()) } else { self.received };
        let Some(at) = (self.received..=last).find(|at| follows(*at)) else {
            assert!(bytes.is_empty(), "byte {} is another one: {bytes:?}", self.received);
            return;
        };
        self.received = at + bytes.len();
        assert!(self.received <= self.fed, "more than the UART received");
    }

    /// Everybody does what is due.
    fn come_to_rest(mut self) {
        self.send_break(0);
        for _ in 0..PATIENCE {
            let before = (self.line.0.borrow().sent.len(), self.received);
            (0..64).for_each(|_| self.finish_byte());
            (0..4).for_each(|_| self.host_reads());
            // What this ends may have had to wait, and is made up for.
            (0..64).for_each(|_| self.pass_a_millisecond());
            let line = self.line.0.borrow();
            let is_busy = line.is_low || line.held.is_some();
            if !is_busy && before == (line.sent.len(), self.received) {
                break;
            }
        }
        let line = self.line.0.borrow();
        assert_eq!(line.sent.len(), self.taken, "what the host sent, and the UART did not");
        assert!(self.is_lossy || self.received == self.fed, "what the UART received is missing");
        assert!(!line.is_low && line.held.is_none(), "at rest");
        let coding = line.coding.map(|coding| coding.to_bytes());
        assert!(
            self.coding.is_none() || coding == self.coding,
            "{coding:?}, not {:?}",
            self.coding
        );
        assert_eq!(self.wire.violations(), []);
    }
}
