//! One serial port: its session, lines, notifications, and the bytes of both directions.

use std::collections::VecDeque;

use usbd_acm::{DtrPolicy, ReadError, WriteError};
use usbd_acm_virtual::Pid;

/// bRxCarrier and bTxCarrier (PSTN 1.2 table 31).
const LEVELS: u8 = 0b11;
/// bBreak to bOverRun.
const ONE_SHOTS: u8 = 0b111_1100;

/// A port as specified.
#[derive(Clone, Debug)]
pub struct PortModel {
    /// Odd while a session lasts.
    session: u64,
    /// Every session begins with the question whether the host reads.
    probes: bool,
    /// DTR and RTS, as in wValue.
    lines: u8,
    /// wValue of the break that goes on; 0 for none.
    pub(super) break_value: u16,
    pub(super) to_host: ToHost,
    pub(super) from_host: FromHost,
    pub(super) serial_state: SerialState,
}

/// What tells two states of a port apart.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PortKey {
    /// A session is open.
    pub session: bool,
    /// DTR is set.
    pub dtr: bool,
    /// What the port moves, where that counts.
    pub data: Option<DataKey>,
}

/// What tells two states of the data path of a port apart: not the bytes, but what may come next.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct DataKey {
    /// Something was written and not acknowledged.
    pub written: bool,
    /// A zero-length packet is due, allowed, or must come first, or asks whether the host reads.
    pub zero_length: (bool, bool, bool, bool),
    /// Length of the packet that the host may have.
    pub offered: Option<usize>,
    /// Packets from the host that were not read, and whether the first is of this session.
    pub unread: (usize, bool),
    /// The application knows of this session: its writer, its reader.
    pub known: (bool, bool),
    /// Data toggles: to the host, from the host, of notifications.
    pub pids: [Pid; 3],
    /// A notification is in flight.
    pub notified: bool,
}

impl PortModel {
    pub(super) fn new(probes: bool) -> Self {
        Self {
            session: 0,
            probes,
            lines: 0,
            break_value: 0,
            to_host: ToHost::new(),
            from_host: FromHost::new(),
            serial_state: SerialState::new(),
        }
    }

    /// Whether a session is open.
    pub fn is_connected(&self) -> bool {
        self.session & 1 == 1
    }

    /// DTR and RTS, as in wValue.
    pub fn lines(&self) -> u8 {
        self.lines
    }

    /// wValue of the break that goes on; 0 for none.
    pub fn break_value(&self) -> u16 {
        self.break_value
    }

    /// Data toggles and zero-length packets are those of endpoints that are open.
    pub(super) fn key(&self, with_data: bool, open: bool) -> PortKey {
        let (to_host, from_host) = (&self.to_host, &self.from_host);
        let pids = [to_host.pid, from_host.pid, self.serial_state.pid];
        let unread = &from_host.packets;
        let data = || DataKey {
            written: !to_host.bytes.is_empty(),
            zero_length: (
                open && to_host.zero_length_due,
                open && to_host.zero_length_allowed,
                open && to_host.zero_length_first,
                to_host.probing,
            ),
            offered: to_host.offered.as_ref().map(Vec::len),
            unread: (unread.len(), unread.front().is_some_and(|front| front.0 == self.session)),
            known: (
                to_host.writer_session == self.session,
                from_host.reader_session == self.session,
            ),
            pids: pids.map(|pid| if open { pid } else { Pid::Data0 }),
            notified: self.serial_state.on_wire.is_some(),
        };
        PortKey {
            session: self.is_connected(),
            dtr: self.lines & 1 == 1,
            data: with_data.then(data),
        }
    }

    /// The host configured the device.
    pub(super) fn open(&mut self, policy: DtrPolicy) {
        self.to_host.open();
        self.from_host.pid = Pid::Data0;
        self.serial_state.open();
        if policy != DtrPolicy::Require {
            self.begin_session();
        }
    }

    /// The endpoints are closed: the terminal is gone.
    pub(super) fn close(&mut self) {
        self.end_session();
        self.lines = 0;
        self.break_value = 0;
        self.serial_state.on_wire = None;
    }

    pub(super) fn set_lines(&mut self, value: u16, policy: DtrPolicy) {
        let lines = value.to_le_bytes()[0] & 0b11;
        let dtr_changed = (lines ^ self.lines) & 1 == 1;
        self.lines = lines;
        match (dtr_changed, policy) {
            (false, _) | (true, DtrPolicy::Ignore) => {}
            (true, _) if lines & 1 == 1 => self.begin_session(),
            (true, _) => {
                self.to_host.cut();
                self.end_session();
            }
        }
    }

    fn begin_session(&mut self) {
        if !self.is_connected() {
            self.session += 1;
            self.to_host.probing = self.probes;
            self.to_host.is_read = false;
        }
    }

    fn end_session(&mut self) {
        self.session += u64::from(self.is_connected());
        self.to_host.discard();
    }

    /// A packet was taken in.
    pub(super) fn received(&mut self, bytes: Vec<u8>, policy: DtrPolicy) {
        // Data shows that somebody is there, whatever DTR says.
        if policy == DtrPolicy::Prefer && !bytes.is_empty() {
            self.begin_session();
        }
        self.from_host.packets.push_back((self.session, bytes));
    }
}

/// Device to host.
#[derive(Clone, Debug)]
pub(super) struct ToHost {
    pub(super) pid: Pid,
    /// Written in this session and not acknowledged.
    pub(super) bytes: VecDeque<u8>,
    /// The last packet acknowledged was full, and nothing followed.
    pub(super) zero_length_due: bool,
    /// A zero-length packet may come before the next data, for either reason.
    pub(super) zero_length_allowed: bool,
    /// The host may have the packet that was cut off: the next must not be data.
    pub(super) zero_length_first: bool,
    /// A zero-length packet asks whether the host reads; the bytes wait until it does.
    pub(super) probing: bool,
    /// The host has read in this session.
    pub(super) is_read: bool,
    /// What was sent without an acknowledgement.
    pub(super) offered: Option<Vec<u8>>,
    /// Acknowledged, and not told yet.
    pub(super) untold: usize,
    writer_session: u64,
}

impl ToHost {
    fn new() -> Self {
        Self {
            pid: Pid::Data0,
            bytes: VecDeque::new(),
            zero_length_due: false,
            zero_length_allowed: false,
            zero_length_first: false,
            probing: false,
            is_read: false,
            offered: None,
            untold: 0,
            writer_session: 0,
        }
    }

    fn open(&mut self) {
        *self = Self { writer_session: self.writer_session, ..Self::new() };
    }

    /// The transfer is cut off while the endpoint stays open.
    fn cut(&mut self) {
        let is_waiting = self.zero_length_due || self.probing;
        let is_cut = !self.bytes.is_empty() || is_waiting || self.untold > 0;
        // An empty packet that the host may have stands for its data toggle, too.
        self.zero_length_first |= self.offered.is_some();
        self.zero_length_allowed |= is_cut || self.zero_length_first;
    }

    fn discard(&mut self) {
        self.bytes.clear();
        self.zero_length_due = false;
        self.probing = false;
        self.offered = None;
        self.untold = 0;
    }
}

/// What [`PortModel::read`] expects.
pub type Read = Result<(), ReadError>;

/// The application's calls.
impl PortModel {
    /// What a write or a flush finds first.
    pub fn follow_to_host(&mut self) -> Result<(), WriteError> {
        let before = std::mem::replace(&mut self.to_host.writer_session, self.session);
        match self.is_connected() {
            _ if before != self.session && before & 1 == 1 => Err(WriteError::Disconnected),
            false => Err(WriteError::NotConnected),
            true => Ok(()),
        }
    }

    /// These bytes were taken.
    pub fn written(&mut self, bytes: &[u8]) {
        self.to_host.bytes.extend(bytes);
    }

    /// Whether a write in the session of the bytes that were read last is taken; where it is, the
    /// writer is in that session from then on.
    pub fn answers_in_session(&mut self) -> bool {
        let is_open = self.is_connected() && self.from_host.reader_session == self.session;
        if is_open {
            self.to_host.writer_session = self.session;
        }
        is_open
    }

    /// Whether the host has read in this session, as far as it was asked.
    pub fn is_read(&self) -> bool {
        self.to_host.is_read
    }

    /// Bytes that the host has not acknowledged.
    pub fn pending(&self) -> usize {
        self.to_host.bytes.len()
    }

    /// Whether flushed may, and whether it must be said.
    pub fn flushed(&self) -> (bool, bool) {
        let to_host = &self.to_host;
        let may = to_host.bytes.is_empty() && !to_host.zero_length_due && to_host.untold == 0;
        // A zero-length packet that ends nothing of this session may count or not.
        let is_other = to_host.zero_length_allowed || to_host.zero_length_first || to_host.probing;
        (may, may && !is_other)
    }

    /// What a read finds first.
    pub fn follow_from_host(&mut self) -> Read {
        let from_host = &mut self.from_host;
        while from_host.packets.front().is_some_and(|(_, bytes)| bytes.is_empty()) {
            from_host.packets.pop_front();
        }
        let waiting = from_host.packets.front().map(|(session, _)| *session);
        let before = from_host.reader_session;
        if waiting == Some(before) {
            return Ok(());
        }
        from_host.reader_session = waiting.unwrap_or(self.session);
        if before & 1 == 1 && before != from_host.reader_session {
            return Err(ReadError::Disconnected);
        }
        waiting.map(|_| ()).ok_or(ReadError::Empty)
    }

    /// The bytes that may be read now: those of the packets of one session.
    pub fn readable(&self) -> Vec<u8> {
        let packets = &self.from_host.packets;
        let Some((first, _)) = packets.front() else { return Vec::new() };
        let of_session = packets.iter().take_while(|(session, _)| session == first);
        of_session.flat_map(|(_, bytes)| bytes.iter().copied()).collect()
    }

    /// This many of them were.
    pub fn read(&mut self, mut count: usize) {
        while let Some((_, bytes)) = self.from_host.packets.front_mut() {
            let now = count.min(bytes.len());
            bytes.drain(..now);
            count -= now;
            if !bytes.is_empty() || count == 0 && now == 0 {
                return;
            }
            self.from_host.packets.pop_front();
        }
    }

    /// The levels of the serial state.
    pub fn set_levels(&mut self, bits: u8) {
        self.serial_state.levels = bits & LEVELS;
    }

    /// One-shots of the serial state.
    pub fn raise(&mut self, bits: u8) {
        self.serial_state.raised |= bits & ONE_SHOTS;
    }
}

/// Host to device.
#[derive(Clone, Debug)]
pub(super) struct FromHost {
    pub(super) pid: Pid,
    /// Taken in, with the session it came in.
    pub(super) packets: VecDeque<(u64, Vec<u8>)>,
    reader_session: u64,
}

impl FromHost {
    fn new() -> Self {
        Self { pid: Pid::Data0, packets: VecDeque::new(), reader_session: 0 }
    }
}

/// SERIAL_STATE notifications (PSTN 1.2 §6.5.4).
#[derive(Clone, Debug)]
pub(super) struct SerialState {
    pub(super) pid: Pid,
    levels: u8,
    /// One-shots that no notification has.
    raised: u8,
    /// Levels of the last notification that was acknowledged.
    notified: u8,
    /// The notification that was submitted.
    in_flight: Option<u8>,
    /// The same, until the host acknowledges it.
    pub(super) on_wire: Option<u8>,
}

impl SerialState {
    fn new() -> Self {
        Self { pid: Pid::Data0, levels: 0, raised: 0, notified: 0, in_flight: None, on_wire: None }
    }

    /// A new host driver has seen no level, and hears of no one-shot from before.
    fn open(&mut self) {
        *self = Self { levels: self.levels, ..Self::new() };
    }

    /// The firmware looks what is due.
    pub(super) fn submit(&mut self) {
        let state = self.levels | self.raised;
        if self.in_flight.is_none() && state != self.notified {
            self.raised = 0;
            self.in_flight = Some(state);
            self.on_wire = Some(state);
        }
    }

    /// The firmware is told that the host has it.
    pub(super) fn acknowledged(&mut self) {
        if let Some(state) = self.in_flight.take() {
            self.notified = state & LEVELS;
        }
    }
}
