//! The conversation of host and device, in words, as it happens.

use std::cell::RefCell;
use std::rc::Rc;

use anyhow::{Context, Result, bail};
use usbd_acm::Speed;
use usbd_acm::class::LineCoding;
use usbd_acm_virtual::Nanoseconds;
use usbd_acm_virtual::host::{
    AcmPort, ControlRecord, KnownDevice, LineEvent, Observer, SerialState, linux,
};

use super::board::{Application, Bench, DemoHost};
use super::voice::Voice;
use crate::serve::device::describe;

/// Says every control transfer, every bus event, and what the application noticed of them.
pub struct Conversation {
    voice: Voice,
    application: Rc<RefCell<dyn Application>>,
    is_mute: bool,
}

impl Conversation {
    pub fn new(bench: &Bench, voice: &Voice) -> Self {
        Self { voice: voice.clone(), application: bench.application.clone(), is_mute: false }
    }

    /// Says nothing from now on, or speaks again.
    pub fn mute(&mut self, is_mute: bool) {
        self.is_mute = is_mute;
    }

    pub fn say_events(&self) {
        while let Some(event) = self.application.borrow_mut().next_event() {
            self.say(&format!("{:19}device: {}", "", describe(event)));
        }
    }

    fn say(&self, text: &str) {
        if !self.is_mute {
            self.voice.say(text);
        }
    }
}

impl Observer for Conversation {
    fn line(&mut self, at: Nanoseconds, event: LineEvent) {
        let event = match event {
            LineEvent::Plugged => "plugged in, VBUS is on",
            LineEvent::Unplugged => "unplugged",
            LineEvent::Reset(Speed::Full) => "bus reset, full speed",
            LineEvent::Reset(Speed::High) => "bus reset, high speed",
            LineEvent::Suspended => "suspended",
            LineEvent::RemoteWakeup => "the device signals remote wake-up",
            LineEvent::Resumed => "resumed",
        };
        self.say(&format!("{:11.3} ms  {event}", milliseconds(at)));
    }

    fn control(&mut self, record: &ControlRecord<'_>) {
        self.say(&record.to_string());
        self.say_events();
    }
}

pub fn milliseconds(time: Nanoseconds) -> f64 {
    time as f64 / 1e6
}

/// Plugs the device in and enumerates it as Linux does, up to the driver that binds to it.
pub fn enumerate(host: &mut DemoHost) -> Result<(KnownDevice, AcmPort)> {
    host.plug().context("the host sees no device")?;
    let device = linux::enumerate(host)?;
    let mut ports = AcmPort::all(&device).into_iter();
    let Some(mut port) = ports.next() else {
        bail!("the configuration has no serial port in it");
    };
    linux::bind(host, &mut port).context("binding cdc_acm")?;
    Ok((device, port))
}

/// Opens the port, and reads back whether the device took the line coding.
pub fn open(host: &mut DemoHost, port: &mut AcmPort, coding: LineCoding) -> Result<()> {
    linux::open(host, port, coding.to_bytes()).context("opening the port")?;
    let taken = port.line_coding(host).context("reading the line coding")?;
    if taken != coding.to_bytes() {
        bail!("the device reports line coding {taken:02x?} after {:02x?}", coding.to_bytes());
    }
    Ok(())
}

/// Milliseconds of the break.
const BREAK: u16 = 250;

/// A break, and the notifications that come of it and of opening the port while it lasts.
pub fn send_break(host: &mut DemoHost, port: &mut AcmPort, voice: &Voice) -> Result<()> {
    port.send_break(host, BREAK).context("SEND_BREAK")?;
    let mut breaks = 0;
    for _ in 0..BREAK {
        host.run(1_000_000);
        while let Some(state) = port.notification(host).context("notifications")? {
            breaks += u32::from(state.break_received());
            let at = milliseconds(host.now());
            voice.say(format!("{at:11.3} ms  SERIAL_STATE {}", levels(state)));
        }
    }
    if breaks != 1 {
        bail!("{breaks} notifications of one break");
    }
    Ok(())
}

fn levels(state: SerialState) -> String {
    let all = [
        (state.carrier(), "DCD"),
        (state.data_set_ready(), "DSR"),
        (state.break_received(), "break"),
        (state.ring(), "ring"),
        (state.framing_error(), "framing error"),
        (state.parity_error(), "parity error"),
        (state.overrun(), "overrun"),
    ];
    let set: Vec<_> = all.iter().filter(|(set, _)| *set).map(|(_, name)| *name).collect();
    if set.is_empty() { "nothing set".into() } else { set.join(" ") }
}
