//! The half of the context that polls the device.

use heapless::spsc::Producer;

use super::State;
use crate::event::{Kind, Signals};
use crate::notification::{SERIAL_STATE_LENGTH, SerialStateNotification};
use crate::serial_state_sender::SerialStateSender;
use crate::sync::{Ordering, fence};
use crate::{Break, ControlLineState, InterfaceNumber, LineCoding};

/// Bus half of a port's control plane: carries out what the host asks for, and says what is to be
/// notified.
pub struct BusControl<'a> {
    state: &'a State,
    queue: Producer<'a, u8>,
    /// A bit for each kind, toggled when one is queued.
    queued: u16,
    serial_state: SerialStateSender,
}

impl<'a> BusControl<'a> {
    pub(super) fn new(state: &'a State, queue: Producer<'a, u8>) -> Self {
        Self { state, queue, queued: 0, serial_state: SerialStateSender::new() }
    }

    /// SET_LINE_CODING with its complete data stage (PSTN 1.2 §6.3.10). Nothing is refused here.
    pub fn set_line_coding(&mut self, coding: LineCoding) {
        if coding != self.line_coding() {
            self.state.line_coding.store(coding);
            self.post(Kind::LINE_CODING);
        }
    }

    /// What GET_LINE_CODING answers (§6.3.11): the last line coding that was set. It is kept across
    /// resets and sessions, as a UART behind the port keeps its own.
    pub fn line_coding(&self) -> LineCoding {
        self.state.line_coding.load()
    }

    /// SET_CONTROL_LINE_STATE (§6.3.12).
    pub fn set_control_lines(&mut self, lines: ControlLineState) {
        self.set(Signals::DTR, lines.contains(ControlLineState::DTR));
        self.set(Signals::RTS, lines.contains(ControlLineState::RTS));
    }

    /// DTR and RTS as the host last set them; off after a reset.
    pub fn control_lines(&self) -> ControlLineState {
        self.state.signals().control_lines()
    }

    /// SEND_BREAK (§6.3.13). The end of a break when there is none does nothing.
    pub fn send_break(&mut self, request: Break) {
        let value = request.to_value();
        if value == 0 {
            return self.set(Signals::BREAK, false);
        }
        let count = self.state.break_request.load(Ordering::Relaxed) & 0xFFFF_0000;
        let count = count.wrapping_add(0x0001_0000);
        self.state.break_request.store(count | u32::from(value), Ordering::Release);
        self.store(Signals::BREAK, true);
        // A break that replaces one is an event too.
        self.post(Kind::edge(Signals::BREAK, true));
    }

    /// SET_CONFIGURATION to the configuration, also when it was selected already. Level bits of the
    /// serial state are due unless they are zero; one-shots from before are dropped.
    pub fn configured(&mut self, milliamps: u16) {
        self.state.milliamps.store(milliamps, Ordering::Relaxed);
        self.serial_state.reset(&self.state.serial_state);
        self.set(Signals::CONFIGURED, true);
    }

    /// The configuration is no longer selected: the session, DTR, RTS and a break end.
    pub fn deconfigured(&mut self) {
        for signal in
            [Signals::SESSION, Signals::DTR, Signals::RTS, Signals::BREAK, Signals::CONFIGURED]
        {
            self.set(signal, false);
        }
        self.serial_state.aborted();
    }

    /// Bus reset, or VBUS lost: as [`deconfigured`](Self::deconfigured), and the suspend is over.
    pub fn reset(&mut self) {
        self.resumed();
        self.deconfigured();
    }

    /// The bus is suspended. Everything is kept (USB 2.0 §7.1.7.6).
    pub fn suspended(&mut self) {
        self.set(Signals::SUSPENDED, true);
    }

    /// The bus is resumed.
    pub fn resumed(&mut self) {
        self.set(Signals::SUSPENDED, false);
    }

    /// A session begins.
    pub fn session_started(&mut self) {
        self.set(Signals::SESSION, true);
    }

    /// The session ends, if there is one.
    pub fn session_ended(&mut self) {
        self.set(Signals::SESSION, false);
    }

    /// The SERIAL_STATE to send on the notification endpoint now, if one is due and none is in
    /// flight. From then on it is in flight.
    pub fn poll_notification(
        &mut self,
        interface: InterfaceNumber,
    ) -> Option<[u8; SERIAL_STATE_LENGTH]> {
        let state = self.serial_state.poll(&self.state.serial_state)?;
        Some(SerialStateNotification { interface, state }.to_bytes())
    }

    /// The host acknowledged the notification.
    pub fn notification_acknowledged(&mut self) {
        self.serial_state.acknowledged();
    }

    /// The notification in flight was taken back and never sent: what it said is due again.
    pub fn notification_aborted(&mut self) {
        self.serial_state.aborted();
    }

    fn set(&mut self, signal: Signals, on: bool) {
        if self.state.signals().contains(signal) != on {
            self.store(signal, on);
            self.post(Kind::edge(signal, on));
        }
    }

    fn store(&mut self, signal: Signals, on: bool) {
        let mut signals = self.state.signals();
        signals.set(signal, on);
        self.state.signals.store(signals.bits(), Ordering::Release);
    }

    /// Queues an event of this kind unless one is queued. What it is about is stored before.
    fn post(&mut self, kind: Kind) {
        // Pairs with the fence in `Control::next_event`. Either this sees that the kind was taken
        // from the queue and queues it again, or the application, which reads what it is about
        // after it marked the kind as taken, reads what was just stored.
        fence(Ordering::SeqCst);
        if (self.queued ^ self.state.dequeued.load(Ordering::Acquire)) & kind.mask() != 0 {
            return;
        }
        // The queue has a place for each kind, so this does not fail.
        if self.queue.enqueue(kind.to_byte()).is_ok() {
            self.queued ^= kind.mask();
        }
    }
}
