//! Control of a port: what the host set, and what the device reports.

use usbd_acm_class::{
    Break, Control, ControlHalf, ControlLineState, LineCoding, SerialState, Session, Wake,
};

/// Line coding, control lines, break, serial state, events and wake-up of a port.
pub struct PortControl {
    pub(crate) control: Control,
}

impl PortControl {
    pub(crate) fn new(half: ControlHalf) -> Self {
        Self { control: half.control }
    }

    /// The next event, oldest first. An application that looks rarely sees every kind of event that
    /// happened, with its newest value.
    pub fn next_event(&mut self) -> Option<usbd_acm_class::Event> {
        self.control.next_event()
    }

    /// The line coding the host set, or 115200 8N1.
    pub fn line_coding(&self) -> LineCoding {
        self.control.line_coding()
    }

    /// DTR and RTS, as the host set them.
    pub fn control_lines(&self) -> ControlLineState {
        self.control.control_lines()
    }

    /// The break that the host asked for last. Ending a [`Break::For`] in time is up to the
    /// application, which has the clock.
    pub fn break_request(&self) -> Break {
        self.control.break_request()
    }

    /// How often DTR fell at 1200 bit/s since power-on, wrapping. 0 without
    /// [`Hooks::TOUCH_1200`](crate::Hooks::TOUCH_1200).
    pub fn touches(&self) -> u8 {
        self.control.touches()
    }

    /// The session now. Readers and writers are told of its end once, in their own time.
    pub fn session(&self) -> Session {
        self.control.link().session()
    }

    /// Whether a session is open.
    pub fn is_connected(&self) -> bool {
        self.control.link().session().is_open()
    }

    /// Whether the host has read in this session. Always `false` without
    /// [`Hooks::PROBE`](crate::Hooks::PROBE).
    pub fn is_read_by_host(&self) -> bool {
        self.control.pace().is_read()
    }

    /// What may be drawn from VBUS, in mA; 0 when the device is not configured.
    pub fn milliamps(&self) -> u16 {
        self.control.milliamps()
    }

    /// Sets the levels of the serial state, [`SerialState::LEVELS`]; the host is notified of a
    /// change. One-shots in `levels` are ignored.
    pub fn set_levels(&mut self, levels: SerialState) {
        self.control.set_levels(levels);
        self.control.link().ring();
    }

    /// Sets both carriers: the other end of the line is there, or it is gone. A falling carrier
    /// hangs up a Linux tty without CLOCAL.
    pub fn set_carrier(&mut self, carrier: bool) {
        self.set_levels(if carrier { SerialState::LEVELS } else { SerialState::empty() });
    }

    /// Reports one-shots of the serial state, [`SerialState::ONE_SHOTS`]: each is in exactly one of
    /// the notifications that follow, together with those raised until it is sent. Levels in
    /// `one_shots` are ignored.
    pub fn raise(&mut self, one_shots: SerialState) {
        self.control.raise(one_shots);
        self.control.link().ring();
    }

    /// Whether the bus is suspended.
    pub fn is_suspended(&self) -> bool {
        self.control.link().is_suspended()
    }

    /// Asks to wake a suspended host, which must have allowed it. Awake, nothing happens.
    pub fn request_wakeup(&mut self) {
        if self.control.link().ask_to_wake(Wake::Request) {
            self.control.link().ring();
        }
    }
}
