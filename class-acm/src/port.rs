//! The state of one port, and its halves.

use crate::control::{BusControl, Control, ControlShared};
use crate::fifo::{
    InFifo, NotificationSender, NotificationSlot, OutFifo, PacketReader, PacketReceiver,
    PacketSender, PacketWriter,
};
use crate::link::Link;

/// Everything that the halves of one port share.
pub struct PortStorage<const SLOTS: usize, const SIZE: usize> {
    to_host: InFifo<SLOTS, SIZE>,
    from_host: OutFifo<SLOTS, SIZE>,
    notification: NotificationSlot,
    control: ControlShared,
    link: Link,
}

/// What the bus side has of a port.
pub struct BusHalf<const SLOTS: usize, const SIZE: usize> {
    /// Packets to the host.
    pub sender: PacketSender<SLOTS, SIZE>,
    /// Packets from the host.
    pub receiver: PacketReceiver<SLOTS, SIZE>,
    /// Notifications to the host.
    pub notification: NotificationSender,
    /// ACM state.
    pub control: BusControl,
    /// Session and suspend.
    pub link: &'static Link,
}

/// What the application has of a port.
pub struct ApplicationHalf<const SLOTS: usize, const SIZE: usize> {
    /// Bytes to the host.
    pub writer: PacketWriter<SLOTS, SIZE>,
    /// Bytes from the host.
    pub reader: PacketReader<SLOTS, SIZE>,
    /// ACM state.
    pub control: Control,
    /// Session and suspend.
    pub link: &'static Link,
}

impl<const SLOTS: usize, const SIZE: usize> PortStorage<SLOTS, SIZE> {
    /// A port that is not connected.
    #[expect(clippy::new_without_default, reason = "it belongs into a static")]
    pub const fn new() -> Self {
        Self {
            to_host: InFifo::new(),
            from_host: OutFifo::new(),
            notification: NotificationSlot::new(),
            control: ControlShared::new(),
            link: Link::new(),
        }
    }

    /// The halves of each port. The storage is taken for good, so there is one pair of each.
    pub fn split<const PORTS: usize>(
        ports: &'static mut [Self; PORTS],
    ) -> ([BusHalf<SLOTS, SIZE>; PORTS], [ApplicationHalf<SLOTS, SIZE>; PORTS]) {
        let ports: &'static [Self; PORTS] = ports;
        (ports.each_ref().map(Self::bus_half), ports.each_ref().map(Self::application_half))
    }

    fn bus_half(&'static self) -> BusHalf<SLOTS, SIZE> {
        BusHalf {
            sender: PacketSender::new(&self.to_host),
            receiver: PacketReceiver::new(&self.from_host),
            notification: NotificationSender::new(&self.notification),
            control: BusControl::new(&self.control),
            link: &self.link,
        }
    }

    fn application_half(&'static self) -> ApplicationHalf<SLOTS, SIZE> {
        ApplicationHalf {
            writer: PacketWriter::new(&self.to_host),
            reader: PacketReader::new(&self.from_host),
            control: Control::new(&self.control),
            link: &self.link,
        }
    }
}
