//! The bus half.

use core::marker::PhantomData;

use super::{ControlShared, MILLIAMPS};
use crate::event::{Kind, Signal, Signals};
use crate::serial_state::NOTIFICATION_LENGTH;
use crate::sync::{Ordering, OwnLoad};
use crate::{Break, ControlLineState, LineCoding, SerialState};

/// The bus half of [`ControlShared`].
pub struct BusControl<'a> {
    shared: &'static ControlShared,
    borrow: PhantomData<&'a mut ()>,
}

/// A notification that is due.
pub struct DueNotification(SerialState);

impl DueNotification {
    /// The bytes on the wire, from this communication interface.
    pub fn bytes(&self, interface: u8) -> [u8; NOTIFICATION_LENGTH] {
        self.0.notification(interface)
    }
}

impl BusControl<'_> {
    /// The caller sees to it that there is one bus half at a time.
    pub(crate) fn new(shared: &'static ControlShared) -> Self {
        Self { shared, borrow: PhantomData }
    }

    /// The line coding, to be reported to the host.
    pub fn line_coding(&self) -> LineCoding {
        self.shared.own_line_coding()
    }

    /// Its seven bytes on the wire, and one more that does not count: two words, little-endian.
    pub fn line_coding_on_the_wire(&self) -> (u32, u32) {
        self.shared.line_coding_on_the_wire()
    }

    /// Takes a line coding over. Hosts write back what they read; that is no change.
    pub fn set_line_coding(&mut self, coding: LineCoding) {
        if self.shared.store_line_coding(coding) {
            self.shared.post(Kind::LINE_CODING);
        }
    }

    /// Sets the control lines and returns whether DTR changed.
    pub fn set_control_lines(&mut self, lines: ControlLineState) -> bool {
        self.shared.set_all(Signals::LINES, Signals::of_lines(lines)).contains(Signal::DTR)
    }

    /// Takes a SEND_BREAK over. Ending a break that was not begun is no change.
    pub fn send_break(&mut self, request: Break) {
        self.send_break_value(request.to_value());
    }

    /// The same by wValue.
    pub fn send_break_value(&mut self, value: u16) {
        // wValue of `Off`; the value is needed in any case.
        if value == 0 {
            self.shared.set(Signal::BREAK, false);
            return;
        }
        let count = (self.shared.break_start.load_own() & 0xFFFF_0000).wrapping_add(0x0001_0000);
        self.shared.break_start.store(count | u32::from(value), Ordering::Relaxed);
        self.shared.set(Signal::BREAK, true);
        // A break that replaces one is a change, too; this publishes the value.
        self.shared.post(Kind::edge(Signal::BREAK, true));
    }

    /// The device was configured. The host has seen no level yet, and hears of no one-shot that
    /// was raised before. mA count as bMaxPower does: in twos, up to 510 (USB 2.0 table 9-10).
    pub fn configured(&mut self, milliamps: u16) {
        self.shared.notified.reset(&self.shared.raised);
        let [units, _] = (milliamps / MILLIAMPS).to_le_bytes();
        self.shared.milliamps.store(units, Ordering::Relaxed);
        self.shared.set(Signal::CONFIGURED, true);
    }

    /// The configuration is gone: the terminal went with it, so the lines drop and a break ends.
    /// The line coding stays, for the specification is silent and the user's choice is worth more
    /// than our default.
    pub fn deconfigured(&mut self) {
        self.shared.set_all(Signals::OF_CONFIGURATION, Signals(0));
    }

    /// A session began, or it ended.
    pub fn set_session(&mut self, open: bool) {
        self.shared.set(Signal::SESSION, open);
    }

    /// The host acknowledged the first packet of the session.
    pub fn host_reads(&mut self) {
        self.shared.post(Kind::HOST_READS);
    }

    /// DTR fell at 1200 bit/s, and the status stage is over.
    pub fn touched(&mut self) {
        let touches = self.shared.touches.load_own().wrapping_add(1);
        self.shared.touches.store(touches, Ordering::Relaxed);
        self.shared.post(Kind::TOUCH_1200);
    }

    /// The bus was suspended.
    pub fn suspended(&mut self) {
        self.shared.set(Signal::SUSPENDED, true);
    }

    /// The bus was resumed.
    pub fn resumed(&mut self) {
        self.shared.set(Signal::SUSPENDED, false);
    }

    /// The SERIAL_STATE that is due: a level differs from what the host acknowledged, or a one-shot
    /// was raised that it did not. None is due while one is in flight.
    pub fn due_notification(&self) -> Option<DueNotification> {
        self.shared.notified.due(&self.shared.raised).map(DueNotification)
    }

    /// One-shots that somebody else raised go into the next notification. Returns `false` while one
    /// is in flight, and takes none then.
    pub fn add_one_shots(&mut self, one_shots: SerialState) -> bool {
        self.shared.notified.add(one_shots)
    }

    /// The notification is on its way. What is raised from now on is told by the next.
    pub fn notification_submitted(&mut self, _: &DueNotification) {
        self.shared.notified.submitted();
    }

    /// The host acknowledged the notification: what it told is over.
    pub fn notification_acknowledged(&mut self) {
        self.shared.notified.acknowledged();
    }
}

impl ControlShared {
    /// Changes a signal, unless it is that already. Bus side.
    fn set(&self, signal: Signal, on: bool) {
        self.set_all(Signals(0).with(signal, true), Signals(0).with(signal, on));
    }

    /// Changes the signals of a mask, unless they are that already, and returns those that were not. Bus
    /// side.
    #[inline(never)]
    fn set_all(&self, mask: Signals, to: Signals) -> Signals {
        let before = self.signals.load_own();
        let changed = (before ^ to.0) & mask.0;
        self.signals.store(before ^ changed, Ordering::Release);
        // Shifted out of words, the last first: that needs no masks.
        let (mut rest, mut to) =
            (u32::from(changed).rotate_right(8), u32::from(to.0).rotate_right(8));
        let mut kind = Kind::BEHIND_EDGES;
        while rest != 0 {
            kind -= 2;
            if rest >> 31 != 0 {
                self.events.post(Kind::edge_of(kind, to >> 31));
            }
            (rest, to) = (rest << 1, to << 1);
        }
        self.settled.store(before ^ changed, Ordering::Release);
        // Not before: what merged with a queued event is told by `settled` alone.
        if changed != 0 {
            self.waker.wake();
        }
        Signals(changed)
    }

    /// Queues an event. Bus side.
    fn post(&self, kind: Kind) {
        self.events.post(kind);
        self.waker.wake();
    }
}
