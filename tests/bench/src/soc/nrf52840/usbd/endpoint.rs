//! The buffers between bus and EasyDMA.

use usbd_acm_virtual::Pid;

/// Registers of one direction of one endpoint: EPIN\[n\] or EPOUT\[n\].
#[derive(Clone, Copy, Debug, Default)]
pub struct Pointer {
    pub address: u32,
    pub count: u32,
    pub amount: u32,
}

/// A bulk or interrupt IN endpoint; of EP0 only the pointer is used.
#[derive(Clone, Debug)]
pub struct InEndpoint {
    pub pointer: Pointer,
    /// The packet that waits for the host.
    pub packet: Option<Vec<u8>>,
    pub toggle: Pid,
    pub halted: bool,
}

/// A bulk or interrupt OUT endpoint; of EP0 only the pointer and the size are used.
#[derive(Clone, Debug)]
pub struct OutEndpoint {
    pub pointer: Pointer,
    pub buffer: OutBuffer,
    /// SIZE.EPOUT: bytes received last.
    pub size: u32,
    pub toggle: Pid,
    pub halted: bool,
}

/// The buffer of an OUT endpoint.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum OutBuffer {
    /// Takes nothing until SIZE.EPOUT is written.
    #[default]
    Closed,
    /// Takes the next packet.
    Free,
    /// Has a packet.
    Full(Vec<u8>),
}

impl Default for InEndpoint {
    fn default() -> Self {
        Self { pointer: Pointer::default(), packet: None, toggle: Pid::Data0, halted: false }
    }
}

impl Default for OutEndpoint {
    fn default() -> Self {
        Self {
            pointer: Pointer::default(),
            buffer: OutBuffer::Closed,
            size: 0,
            toggle: Pid::Data0,
            halted: false,
        }
    }
}

impl InEndpoint {
    /// A bus reset.
    pub fn reset(&mut self) {
        *self = Self { pointer: self.pointer, ..Self::default() };
    }
}

impl OutEndpoint {
    /// A bus reset.
    pub fn reset(&mut self) {
        *self = Self { pointer: self.pointer, ..Self::default() };
    }
}

/// The control endpoint.
#[derive(Clone, Debug)]
pub struct Ep0 {
    pub stage: Stage,
    /// What waits for IN tokens in the data stage.
    pub in_packet: Option<Vec<u8>>,
    /// TASKS_EP0RCVOUT came, and no packet yet.
    pub receives: bool,
    pub out_packet: Option<Vec<u8>>,
    /// Of the data stage.
    pub toggle: Pid,
    /// TASKS_EP0STATUS came.
    pub status: bool,
    /// Counts SETUPs, so that a DMA can tell that it is of a transfer that is over.
    pub transfer: u32,
}

/// Where a control transfer is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Stage {
    /// None is under way.
    #[default]
    Idle,
    /// Data to the host, then a status OUT.
    DataIn,
    /// Data from the host, then a status IN.
    DataOut,
    /// No data: a status IN.
    NoData,
    /// TASKS_EP0STALL came.
    Stalled,
}

impl Default for Ep0 {
    fn default() -> Self {
        Self {
            stage: Stage::Idle,
            in_packet: None,
            receives: false,
            out_packet: None,
            toggle: Pid::Data1,
            status: false,
            transfer: 0,
        }
    }
}

impl Ep0 {
    /// A SETUP begins a transfer and drops the one before.
    pub fn begin(&mut self, setup: [u8; 8]) {
        let [request_type, .., low, high] = setup;
        let stage = match (request_type & 0x80 != 0, low != 0 || high != 0) {
            (true, true) => Stage::DataIn,
            (false, true) => Stage::DataOut,
            (_, false) => Stage::NoData,
        };
        *self = Self { stage, transfer: self.transfer.wrapping_add(1), ..Self::default() };
    }

    /// A bus reset.
    pub fn reset(&mut self) {
        *self = Self { transfer: self.transfer.wrapping_add(1), ..Self::default() };
    }
}
