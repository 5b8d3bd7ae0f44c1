//! EP0 of the virtual controller.
//!
//! Two views run side by side: `stage` is what the bus sees, `due` is what the stack may answer
//! after the events it was told. A call that is due but came too late for the bus does nothing; a
//! call that is not due is a violation.

use alloc::vec::Vec;

use usbd_acm::{Event, SetupPacket};

use crate::{Handshake, InResponse, Pid, Violation};

/// What EP0 answers to a token.
enum Stage {
    /// No transfer.
    Idle,
    /// The stack has not said yet what comes next: NAK.
    Unanswered,
    /// A data packet waits for IN, or a status packet for an early OUT.
    DataIn(Vec<u8>),
    /// One data packet may come.
    DataOut,
    /// A zero-length packet waits for IN.
    StatusIn { address: Option<u8> },
    /// A zero-length packet may come.
    StatusOut,
    /// STALL until the next SETUP (USB 2.0 §8.5.3.4).
    Stalled,
}

/// What the stack may do after the events it was told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Due {
    /// No transfer, or an event comes first.
    Nothing,
    /// The first stage.
    FirstStage,
    /// More data IN, or its status stage.
    AfterDataIn,
    /// More data OUT, or its status stage.
    AfterDataOut,
}

pub(crate) struct ControlEndpoint {
    stage: Stage,
    due: Due,
    /// A SETUP packet that the stack was not told yet.
    setup_untold: bool,
    in_pid: Pid,
    /// What the next new OUT packet carries; `None` before the first SETUP.
    out_pid: Option<Pid>,
    received: Option<Vec<u8>>,
}

impl ControlEndpoint {
    pub(crate) const fn new() -> Self {
        Self {
            stage: Stage::Idle,
            due: Due::Nothing,
            setup_untold: false,
            in_pid: Pid::Data1,
            out_pid: None,
            received: None,
        }
    }

    /// Bus reset: no transfer. `due` follows when the stack is told.
    pub(crate) fn reset(&mut self) {
        *self = Self { due: self.due, ..Self::new() };
    }

    /// The stack is told `event`.
    pub(crate) fn told(&mut self, event: &Event) {
        self.due = match event {
            Event::Setup(_) => {
                self.setup_untold = false;
                Due::FirstStage
            }
            Event::Ep0Sent => Due::AfterDataIn,
            Event::Ep0Received => Due::AfterDataOut,
            Event::Ep0Status | Event::Reset(_) | Event::VbusLost => Due::Nothing,
            _ => return,
        };
    }
}

/// Tokens.
impl ControlEndpoint {
    pub(crate) fn setup(&mut self, data: [u8; 8]) -> Event {
        self.stage = Stage::Unanswered;
        self.setup_untold = true;
        // USB 2.0 §8.5.3: the data stage and the status stage begin with DATA1.
        self.in_pid = Pid::Data1;
        self.out_pid = Some(Pid::Data1);
        self.received = None;
        Event::Setup(SetupPacket::from_bytes(data))
    }

    /// The packet for an IN token, and with `ack` what became of it.
    pub(crate) fn in_token(&mut self, ack: bool) -> (InResponse, Option<In>) {
        let bytes = match &self.stage {
            Stage::DataIn(packet) => packet.clone(),
            Stage::StatusIn { .. } => Vec::new(),
            Stage::Stalled => return (InResponse::Stall, None),
            Stage::Idle | Stage::Unanswered | Stage::DataOut | Stage::StatusOut => {
                return (InResponse::Nak, None);
            }
        };
        let response = InResponse::Data { pid: self.in_pid, bytes };
        (response, ack.then(|| self.in_acknowledged()))
    }

    fn in_acknowledged(&mut self) -> In {
        self.in_pid = self.in_pid.toggled();
        if let Stage::StatusIn { address } = self.stage {
            self.stage = Stage::Idle;
            return In::Status { address };
        }
        self.stage = Stage::Unanswered;
        In::Data
    }

    pub(crate) fn out_token(&mut self, pid: Pid, data: &[u8]) -> (Handshake, Option<Event>) {
        if matches!(self.stage, Stage::Stalled) {
            return (Handshake::Stall, None);
        }
        let Some(expected) = self.out_pid else { return (Handshake::Nak, None) };
        if pid != expected {
            // USB 2.0 table 8-4: a repeated packet is acknowledged and dropped, also where no
            // packet could be taken.
            return (Handshake::Ack, None);
        }
        match self.stage {
            Stage::DataOut => {
                self.received = Some(data.into());
                self.stage = Stage::Unanswered;
                self.accept_out(Event::Ep0Received)
            }
            // USB 2.0 §8.5.3.3: the status stage also stands for the ACK of the last packet.
            Stage::StatusOut | Stage::DataIn(_) if data.is_empty() && pid == Pid::Data1 => {
                self.stage = Stage::Idle;
                self.accept_out(Event::Ep0Status)
            }
            Stage::StatusOut | Stage::DataIn(_) => {
                self.stage = Stage::Stalled;
                (Handshake::Stall, None)
            }
            _ => (Handshake::Nak, None),
        }
    }

    fn accept_out(&mut self, event: Event) -> (Handshake, Option<Event>) {
        self.out_pid = self.out_pid.map(Pid::toggled);
        (Handshake::Ack, Some(event))
    }

    pub(crate) fn ping(&self) -> Handshake {
        match self.stage {
            Stage::DataOut | Stage::StatusOut | Stage::DataIn(_) => Handshake::Ack,
            Stage::Stalled => Handshake::Stall,
            Stage::Idle | Stage::Unanswered | Stage::StatusIn { .. } => Handshake::Nak,
        }
    }
}

/// What the host acknowledged.
pub(crate) enum In {
    Data,
    Status { address: Option<u8> },
}

/// Calls of the stack.
impl ControlEndpoint {
    pub(crate) fn send(&mut self, packet: &[u8]) -> Result<(), Violation> {
        self.answer("ep0_send", &[Due::FirstStage, Due::AfterDataIn], Stage::DataIn(packet.into()))
    }

    pub(crate) fn receive(&mut self) -> Result<(), Violation> {
        self.answer("ep0_receive", &[Due::FirstStage, Due::AfterDataOut], Stage::DataOut)
    }

    /// The packet of the last [`Event::Ep0Received`]; empty when a newer SETUP overwrote it.
    pub(crate) fn read(&self) -> Result<&[u8], Violation> {
        if self.due != Due::AfterDataOut {
            return Err(Violation::NothingToRead);
        }
        Ok(self.received.as_deref().unwrap_or_default())
    }

    pub(crate) fn status_in(&mut self, address: Option<u8>) -> Result<(), Violation> {
        let due = [Due::FirstStage, Due::AfterDataOut];
        self.answer("ep0_status_in", &due, Stage::StatusIn { address })?;
        self.in_pid = Pid::Data1;
        Ok(())
    }

    pub(crate) fn status_out(&mut self) -> Result<(), Violation> {
        self.answer("ep0_status_out", &[Due::AfterDataIn], Stage::StatusOut)
    }

    pub(crate) fn stall(&mut self) -> Result<(), Violation> {
        let due = [Due::FirstStage, Due::AfterDataIn, Due::AfterDataOut];
        self.answer("ep0_stall", &due, Stage::Stalled)
    }

    /// Whether the stack has nothing to say, and no status stage is left to come.
    pub(crate) fn is_over(&self) -> bool {
        self.due == Due::Nothing && !matches!(self.stage, Stage::StatusIn { .. })
    }

    fn answer(&mut self, method: &'static str, due: &[Due], stage: Stage) -> Result<(), Violation> {
        if !due.contains(&self.due) {
            return Err(Violation::StageNotDue(method));
        }
        self.due = Due::Nothing;
        // A newer SETUP, or a reset, is on its way: too late.
        if !self.setup_untold && matches!(self.stage, Stage::Unanswered) {
            self.stage = stage;
        }
        Ok(())
    }
}
