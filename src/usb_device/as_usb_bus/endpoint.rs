//! Bulk and interrupt endpoints, as `usb-device` allocates them.

use usb_device::{Result, UsbError};

use crate::class::fifo::{PacketLender, PacketSlot};
use crate::{Controller, Direction, Endpoint, RxSlot};

/// Packets of one endpoint that wait for the bus or for the class: as many as hardware that buffers
/// twice can hold.
pub(super) const DEPTH: usize = 2;

/// The packets of one endpoint.
pub(super) type Slots<const SIZE: usize> = [PacketSlot<SIZE>; DEPTH];

/// An endpoint that a class has.
pub(super) struct Allocated<const SIZE: usize> {
    pub(super) endpoint: Endpoint,
    lenders: [PacketLender<SIZE>; DEPTH],
    /// Packets from the host, oldest first.
    received: [Option<(RxSlot, u16)>; DEPTH],
    /// Packets that the host acknowledged, and that was not told.
    completed: u8,
    pub(super) halted: bool,
    /// A slot became free in suspend, and waits for the resume.
    owes_slot: bool,
}

impl<const SIZE: usize> Allocated<SIZE> {
    pub(super) fn new(endpoint: Endpoint, lenders: [PacketLender<SIZE>; DEPTH]) -> Self {
        let received = [const { None }; DEPTH];
        Self { endpoint, lenders, received, completed: 0, halted: false, owes_slot: false }
    }

    /// The bus was reset: the driver has dropped everything. `UsbDevice` expects its endpoints to be
    /// there from now on.
    pub(super) fn open<C: Controller>(&mut self, controller: &mut C) {
        self.close();
        controller.open(self.endpoint);
        self.refill(controller);
    }

    pub(super) fn close(&mut self) {
        self.received = [const { None }; DEPTH];
        self.completed = 0;
        self.halted = false;
        self.owes_slot = false;
    }

    pub(super) fn resume<C: Controller>(&mut self, controller: &mut C) {
        if core::mem::take(&mut self.owes_slot) {
            self.refill(controller);
        }
    }

    /// Hands the free slots of an OUT endpoint to the driver.
    fn refill<C: Controller>(&mut self, controller: &mut C) {
        if self.endpoint.address.direction() == Direction::In {
            return;
        }
        for slot in self.lenders.iter_mut().filter_map(PacketLender::empty) {
            // One that the driver gives back is free again.
            let _ = controller.receive(self.endpoint.address, slot);
        }
    }

    pub(super) fn write<C: Controller>(
        &mut self,
        controller: &mut C,
        packet: &[u8],
    ) -> Result<usize> {
        if packet.len() > usize::from(self.endpoint.max_packet_size) {
            return Err(UsbError::BufferOverflow);
        }
        let free = self.lenders.iter_mut().find_map(|lender| lender.packet(packet));
        let length = packet.len();
        let packet = free.ok_or(UsbError::WouldBlock)?;
        let sent = controller.send(self.endpoint.address, packet);
        sent.map(|()| length).map_err(|_| UsbError::WouldBlock)
    }

    /// Without a controller, which takes no calls in suspend, the slot waits for the resume.
    pub(super) fn read<C: Controller>(
        &mut self,
        controller: Option<&mut C>,
        buffer: &mut [u8],
    ) -> Result<usize> {
        let [oldest, next] = &mut self.received;
        let Some((slot, length)) = oldest else { return Err(UsbError::WouldBlock) };
        let packet = slot.get(..usize::from(*length)).unwrap_or_default();
        let count = packet.len();
        buffer.get_mut(..count).ok_or(UsbError::BufferOverflow)?.copy_from_slice(packet);
        *oldest = next.take();
        match controller {
            Some(controller) => self.refill(controller),
            None => self.owes_slot = true,
        }
        Ok(count)
    }

    pub(super) fn sent(&mut self) {
        self.completed = self.completed.saturating_add(1);
    }

    /// The driver drops its packets, and tells of none of them.
    pub(super) fn aborted(&mut self) {
        self.completed = 0;
    }

    pub(super) fn received(&mut self, slot: RxSlot, length: u16) {
        if let Some(place) = self.received.iter_mut().find(|place| place.is_none()) {
            *place = Some((slot, length));
        }
    }

    /// Whether there is something to tell. Each acknowledged packet is told once, by one bit.
    pub(super) fn take_bit(&mut self) -> bool {
        if self.endpoint.address.direction() == Direction::Out {
            return self.received[0].is_some();
        }
        let any = self.completed > 0;
        self.completed = self.completed.saturating_sub(1);
        any
    }
}
