//! The state of one port, and its halves.
//!
//! A half is a pointer; the state behind it starts as zeros, so a port costs RAM but no flash.

use core::marker::PhantomData;

use crate::control::{BusControl, Control, ControlShared};
use crate::fifo::{
    InFifo, NotificationSender, NotificationSlot, OutFifo, PacketReader, PacketReceiver,
    PacketSender, PacketWriter, UnreadPacket,
};
use crate::link::{Link, Session};
use crate::pace::Pace;

/// Everything that the halves of one port share. What every poll looks at comes first, where short
/// instructions reach it.
#[repr(C)]
pub struct PortStorage<const SLOTS: usize, const SIZE: usize> {
    control: ControlShared,
    to_host: InFifo<SLOTS, SIZE>,
    from_host: OutFifo<SLOTS, SIZE>,
    notification: NotificationSlot,
}

impl<const SLOTS: usize, const SIZE: usize> PortStorage<SLOTS, SIZE> {
    /// A port that is not connected.
    #[expect(clippy::new_without_default, reason = "it belongs into a static")]
    pub const fn new() -> Self {
        Self {
            control: ControlShared::new(),
            notification: NotificationSlot::new(),
            to_host: InFifo::new(),
            from_host: OutFifo::new(),
        }
    }

    /// The halves of each port. The storage is taken for good, so there is one pair of each.
    pub fn split<const PORTS: usize>(
        ports: &'static mut [Self; PORTS],
    ) -> (BusHalves<PORTS, SLOTS, SIZE>, [ApplicationHalf<SLOTS, SIZE>; PORTS]) {
        Self::split_with(ports, || (), |half| half)
    }

    /// The same, where those of the application ring `doorbell`, and `make` has the last word on them.
    pub fn split_with<const PORTS: usize, P>(
        ports: &'static mut [Self; PORTS],
        doorbell: fn(),
        make: impl Fn(ApplicationHalf<SLOTS, SIZE>) -> P,
    ) -> (BusHalves<PORTS, SLOTS, SIZE>, [P; PORTS]) {
        // Without early exit, as `has_work`.
        ports.iter_mut().fold((), |(), port| port.control.link.set_doorbell(doorbell));
        let ports: &'static [Self; PORTS] = ports;
        let application = core::array::from_fn(|index| {
            let port = &ports[index];
            make(ApplicationHalf {
                reader: ReaderHalf { port },
                writer: WriterHalf { port },
                control: ControlHalf {
                    link: &port.control.link,
                    control: Control::new(&port.control),
                },
            })
        });
        (BusHalves { ports }, application)
    }
}

/// What the bus side has of all ports: one pointer.
pub struct BusHalves<const PORTS: usize, const SLOTS: usize, const SIZE: usize> {
    ports: &'static [PortStorage<SLOTS, SIZE>; PORTS],
}

impl<const PORTS: usize, const SLOTS: usize, const SIZE: usize> BusHalves<PORTS, SLOTS, SIZE> {
    /// The bus half of each port, in order.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = BusHalf<'_, SLOTS, SIZE>> {
        self.ports.iter().map(|port| BusHalf { port, borrow: PhantomData })
    }

    /// Whether an application left work on any port.
    pub fn has_work(&self) -> bool {
        // A loop without early exit, which the optimiser removes for one port.
        self.ports.iter().fold(false, |work, port| work | port.control.link.has_work())
    }

    /// The bus half of one port.
    pub fn get_mut(&mut self, index: usize) -> Option<BusHalf<'_, SLOTS, SIZE>> {
        Some(BusHalf { port: self.ports.get(index)?, borrow: PhantomData })
    }
}

impl<const SLOTS: usize, const SIZE: usize> BusHalves<1, SLOTS, SIZE> {
    /// The bus half of the only port.
    pub fn only(&mut self) -> BusHalf<'_, SLOTS, SIZE> {
        let [port] = self.ports;
        BusHalf { port, borrow: PhantomData }
    }
}

/// What the bus side has of a port.
pub struct BusHalf<'a, const SLOTS: usize, const SIZE: usize> {
    port: &'static PortStorage<SLOTS, SIZE>,
    borrow: PhantomData<&'a mut ()>,
}

impl<const SLOTS: usize, const SIZE: usize> BusHalf<'_, SLOTS, SIZE> {
    /// The same, for a while.
    pub fn reborrow(&mut self) -> BusHalf<'_, SLOTS, SIZE> {
        BusHalf { port: self.port, borrow: PhantomData }
    }

    /// Packets to the host.
    pub fn sender(&mut self) -> PacketSender<'_, SLOTS, SIZE> {
        PacketSender::new(&self.port.to_host)
    }

    /// Packets from the host.
    pub fn receiver(&mut self) -> PacketReceiver<'_, SLOTS, SIZE> {
        PacketReceiver::new(&self.port.from_host)
    }

    /// Notifications to the host.
    pub fn notification(&mut self) -> NotificationSender<'_> {
        NotificationSender::new(&self.port.notification)
    }

    /// ACM state.
    pub fn control(&mut self) -> BusControl<'_> {
        BusControl::new(&self.port.control)
    }

    /// Session and suspend.
    pub fn link(&self) -> &'static Link {
        &self.port.control.link
    }

    /// Whether the host reads, and the time.
    pub fn pace(&self) -> &'static Pace {
        &self.port.control.pace
    }

    /// Begins a session, unless one is open. `clear` discards what was written before.
    pub fn begin_session(&mut self, clear: impl FnOnce(&mut PacketSender<'_, SLOTS, SIZE>)) {
        self.set_session(true, clear);
    }

    /// Ends the session, if one is open. `clear` discards what was written, none of which the driver
    /// holds any more.
    pub fn end_session(&mut self, clear: impl FnOnce(&mut PacketSender<'_, SLOTS, SIZE>)) {
        self.set_session(false, clear);
    }

    /// The one or the other.
    #[inline]
    pub fn set_session(
        &mut self,
        open: bool,
        clear: impl FnOnce(&mut PacketSender<'_, SLOTS, SIZE>),
    ) {
        let session = self.link().own_session();
        if session.is_open() == open {
            return;
        }
        // Before the application can see that another session is there, to write in it.
        clear(&mut self.sender());
        self.link().set_session(session.next());
        self.control().set_session(open);
    }
}

/// What the application has of a port, in three parts that may go to three contexts.
pub struct ApplicationHalf<const SLOTS: usize, const SIZE: usize> {
    /// Bytes from the host.
    pub reader: ReaderHalf<SLOTS, SIZE>,
    /// Bytes to the host.
    pub writer: WriterHalf<SLOTS, SIZE>,
    /// ACM state.
    pub control: ControlHalf,
}

/// The reading part of a port.
pub struct ReaderHalf<const SLOTS: usize, const SIZE: usize> {
    port: &'static PortStorage<SLOTS, SIZE>,
}

impl<const SLOTS: usize, const SIZE: usize> ReaderHalf<SLOTS, SIZE> {
    /// Packets from the host.
    pub fn packets(&mut self) -> PacketReader<'_, SLOTS, SIZE> {
        PacketReader::new(&self.port.from_host)
    }

    /// Session and suspend.
    pub fn link(&self) -> &'static Link {
        &self.port.control.link
    }

    /// The session of the bytes that were read last.
    pub fn session(&self) -> Session {
        Session::from_number(self.port.from_host.read_in())
    }

    /// The oldest packet, which may be a zero-length one. Afterwards its session, or the session now, is
    /// that of the bytes read last.
    ///
    /// # Errors
    /// [`NoPacket`].
    #[inline]
    pub fn oldest(&mut self) -> Result<UnreadPacket<'_, SLOTS, SIZE>, NoPacket> {
        oldest(self.port)
    }

    /// Copies bytes of the oldest packet with data, as many as fit, and consumes them: how many.
    ///
    /// # Errors
    /// [`NoPacket`].
    #[inline]
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, NoPacket> {
        let port = self.port;
        loop {
            let oldest = oldest(port)?;
            // A zero-length packet is no data, but it had a slot.
            let is_data = !oldest.is_empty();
            let count = oldest.read(buffer, || port.control.link.ring());
            if is_data {
                return Ok(count);
            }
        }
    }

    /// The same without zero-length packets, which are skipped.
    ///
    /// # Errors
    /// [`NoPacket`].
    #[inline]
    pub fn oldest_with_data(&mut self) -> Result<UnreadPacket<'_, SLOTS, SIZE>, NoPacket> {
        loop {
            let oldest = oldest(self.port)?;
            if !oldest.is_empty() {
                return Ok(oldest);
            }
            oldest.consume(0, || self.port.control.link.ring());
        }
    }
}

/// Why there is no packet to read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoPacket {
    /// None came.
    Empty,
    /// The session ended, and every packet of it was read. Said once.
    SessionEnded,
}

/// The caller sees to it that there is one such packet at a time.
#[inline]
fn oldest<'a, const SLOTS: usize, const SIZE: usize>(
    port: &'static PortStorage<SLOTS, SIZE>,
) -> Result<UnreadPacket<'a, SLOTS, SIZE>, NoPacket> {
    // Before looking for packets: those of an ended session are all there when its end is seen.
    let now = port.control.link.session();
    let Some(oldest) = PacketReader::new(&port.from_host).into_oldest() else {
        return Err(if follow(port, now) { NoPacket::SessionEnded } else { NoPacket::Empty });
    };
    // A zero-length packet is no data: nobody has read in its session.
    if !oldest.is_empty() && follow(port, Session::from_number(oldest.session())) {
        return Err(NoPacket::SessionEnded);
    }
    Ok(oldest)
}

/// Goes on in another session, if it is one, and returns whether one ended by that.
#[inline]
fn follow<const SLOTS: usize, const SIZE: usize>(
    port: &PortStorage<SLOTS, SIZE>,
    next: Session,
) -> bool {
    let before = Session::from_number(port.from_host.read_in());
    if before == next {
        return false;
    }
    port.from_host.set_read_in(next.number());
    before.is_open()
}

/// The writing part of a port.
pub struct WriterHalf<const SLOTS: usize, const SIZE: usize> {
    port: &'static PortStorage<SLOTS, SIZE>,
}

impl<const SLOTS: usize, const SIZE: usize> WriterHalf<SLOTS, SIZE> {
    /// Packets to the host.
    pub fn packets(&mut self) -> PacketWriter<'_, SLOTS, SIZE> {
        PacketWriter::new(&self.port.to_host)
    }

    /// Session and suspend.
    pub fn link(&self) -> &'static Link {
        &self.port.control.link
    }

    /// Whether the host reads, and the time.
    pub fn pace(&self) -> &'static Pace {
        &self.port.control.pace
    }
}

/// The controlling part of a port.
pub struct ControlHalf {
    /// ACM state.
    pub control: Control,
    /// Session and suspend.
    pub link: &'static Link,
}
