//! EP0 for `usb-device`, which tells no stages, on a `Controller`, which must be told them.
//!
//! They follow from direction and wLength of the SETUP packet, and from the order in which
//! `UsbDevice` calls. What it leaves without an answer is STALLed when it polls next: by then it has
//! looked at everything it was told.

use usb_device::{Result, UsbError};

use crate::descriptors::EP0_PACKET_SIZE;
use crate::{Controller, SetupPacket};

const BUFFER: usize = EP0_PACKET_SIZE as usize;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// No transfer, or one that was STALLed.
    Idle,
    /// Bytes that wLength still allows.
    DataIn {
        left: usize,
    },
    /// Bytes that wLength still demands.
    DataOut {
        left: usize,
    },
    /// No data stage, or it is over: our zero-length packet comes next.
    BeforeStatusIn,
    StatusIn,
    StatusOut,
}

/// EP0.
pub(super) struct Control {
    stage: Stage,
    /// The last event is to be answered.
    due: bool,
    /// A SETUP packet that was not read.
    setup: Option<SetupPacket>,
    /// A data OUT packet that was not read; a status OUT packet is an empty one.
    packet: Option<usize>,
    buffer: [u8; BUFFER],
    /// An IN packet was acknowledged, which is not told yet.
    in_complete: bool,
    /// The address for the status stage that follows.
    address: Option<u8>,
    /// bMaxPacketSize0 in bytes, as `UsbDevice` allocates it.
    packet_size: usize,
}

/// Bit 0 of the three words of a `PollResult`.
pub(super) struct Bits {
    pub(super) out: u16,
    pub(super) in_complete: u16,
    pub(super) setup: u16,
}

impl Control {
    pub(super) const NEW: Self = Self {
        stage: Stage::Idle,
        due: false,
        setup: None,
        packet: None,
        buffer: [0; BUFFER],
        in_complete: false,
        address: None,
        packet_size: BUFFER,
    };

    pub(super) fn set_packet_size(&mut self, size: u16) {
        self.packet_size = usize::from(size).min(BUFFER);
    }

    pub(super) fn reset(&mut self) {
        *self = Self { packet_size: self.packet_size, ..Self::NEW };
    }

    /// `UsbDevice` has seen everything that was told, and answers at once or never: a descriptor
    /// that does not fit its buffer, for one, is never answered.
    pub(super) fn begin_poll<C: Controller>(&mut self, controller: &mut C) {
        if self.due && self.setup.is_none() && self.packet.is_none() && !self.in_complete {
            self.stall(controller);
        }
    }

    /// What there is to tell. An acknowledged packet is told once; a packet until it is read.
    pub(super) fn take_bits(&mut self) -> Bits {
        Bits {
            out: u16::from(self.packet.is_some()),
            in_complete: u16::from(core::mem::take(&mut self.in_complete)),
            setup: u16::from(self.setup.is_some()),
        }
    }
}

/// Events of the controller.
impl Control {
    pub(super) fn setup(&mut self, setup: SetupPacket) {
        let packet_size = self.packet_size;
        *self = Self { setup: Some(setup), due: true, packet_size, ..Self::NEW };
    }

    pub(super) fn sent<C: Controller>(&mut self, controller: &mut C) {
        self.in_complete = true;
        match self.stage {
            // With all of wLength sent, or a short packet, the data stage is over; `UsbDevice`
            // may have a zero-length packet in mind all the same.
            Stage::DataIn { left: 0 } => {
                controller.ep0_status_out();
                self.stage = Stage::StatusOut;
            }
            Stage::DataIn { .. } => self.due = true,
            _ => {}
        }
    }

    /// More or less than wLength says is STALLed here: `UsbDevice` would wait for more, or take the
    /// beginning of it.
    pub(super) fn received<C: Controller>(&mut self, controller: &mut C) {
        let Stage::DataOut { left } = self.stage else { return };
        self.due = true;
        let length = controller.ep0_read(&mut self.buffer);
        if length > left || (length < left && length < self.packet_size) {
            return self.stall(controller);
        }
        self.packet = Some(length);
    }

    pub(super) fn status(&mut self) {
        match self.stage {
            Stage::DataIn { .. } | Stage::StatusOut => self.packet = Some(0),
            Stage::StatusIn => self.in_complete = true,
            _ => {}
        }
        self.due = false;
        self.stage = Stage::Idle;
    }
}

/// Calls of `UsbDevice`.
impl Control {
    pub(super) fn read<C: Controller>(
        &mut self,
        controller: &mut C,
        buffer: &mut [u8],
    ) -> Result<usize> {
        if let Some(setup) = self.setup.take() {
            return self.read_setup(controller, setup, buffer);
        }
        let length = self.packet.ok_or(UsbError::WouldBlock)?;
        let packet = self.buffer.get(..length).unwrap_or_default();
        buffer.get_mut(..length).ok_or(UsbError::BufferOverflow)?.copy_from_slice(packet);
        self.packet = None;
        if let Stage::DataOut { left } = self.stage {
            let left = left.saturating_sub(length);
            self.stage = match left {
                0 => Stage::BeforeStatusIn,
                _ => {
                    self.due = false;
                    controller.ep0_receive();
                    Stage::DataOut { left }
                }
            };
        }
        Ok(length)
    }

    fn read_setup<C: Controller>(
        &mut self,
        controller: &mut C,
        setup: SetupPacket,
        buffer: &mut [u8],
    ) -> Result<usize> {
        let bytes = setup.to_bytes();
        let (to, length) = (buffer.len(), usize::from(setup.length));
        buffer.get_mut(..bytes.len()).ok_or(UsbError::BufferOverflow)?.copy_from_slice(&bytes);
        let is_in = setup.request_type & 0x80 != 0;
        match (is_in, length) {
            (_, 0) => self.stage = Stage::BeforeStatusIn,
            (true, left) => self.stage = Stage::DataIn { left },
            // The buffer is that of the data stage; what does not fit `UsbDevice` forgets.
            (false, left) if left > to => self.stall(controller),
            (false, left) => {
                self.stage = Stage::DataOut { left };
                self.due = false;
                controller.ep0_receive();
            }
        }
        Ok(bytes.len())
    }

    pub(super) fn write<C: Controller>(
        &mut self,
        controller: &mut C,
        packet: &[u8],
    ) -> Result<usize> {
        match self.stage {
            Stage::DataIn { left } if self.due => {
                let packet = packet.get(..left).unwrap_or(packet);
                // A short packet ends the data stage (USB 2.0 §5.5.3).
                let is_last = packet.len() < self.packet_size;
                let left = if is_last { 0 } else { left.saturating_sub(packet.len()) };
                self.stage = Stage::DataIn { left };
                self.due = false;
                controller.ep0_send(packet);
            }
            Stage::BeforeStatusIn if self.due => {
                self.due = false;
                controller.ep0_status_in(self.address.take());
                self.stage = Stage::StatusIn;
            }
            // A zero-length packet after all of wLength: the host does not ask for it.
            Stage::StatusOut | Stage::Idle if packet.is_empty() => self.in_complete = true,
            _ => return Err(UsbError::WouldBlock),
        }
        Ok(packet.len())
    }

    pub(super) fn set_address(&mut self, address: u8) {
        self.address = Some(address);
    }

    /// A STALL where no answer is due has nothing to refuse.
    pub(super) fn stall<C: Controller>(&mut self, controller: &mut C) {
        if core::mem::take(&mut self.due) {
            controller.ep0_stall();
            self.stage = Stage::Idle;
        }
    }
}
