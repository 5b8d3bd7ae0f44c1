//! The application half of a port.
//!
//! Nothing here waits: where there is nothing to do now, a method says so by an error
//! ([`ReadError::Empty`], [`WriteError::Full`]), as `nb` does by `WouldBlock`, and can be called again.
//! What waits is made of these: [`Writer::blocking`], [`Writer::with_policy`], and the `async` methods.

use usbd_acm_class::fifo::{self, PacketWriter};
use usbd_acm_class::{ApplicationHalf, Link, NoPacket, ReaderHalf, Session, Wake, WriterHalf};

use crate::PortControl;

/// The application half of a serial port: reader, writer and control, each usable on its own and
/// from a context of its own.
pub struct Port<const SLOTS: usize = 2, const SIZE: usize = 64> {
    /// Bytes from the host.
    pub reader: Reader<SLOTS, SIZE>,
    /// Bytes to the host.
    pub writer: Writer<SLOTS, SIZE>,
    /// Line coding, control lines, break, serial state, events.
    pub control: PortControl,
}

impl<const SLOTS: usize, const SIZE: usize> Port<SLOTS, SIZE> {
    /// The port of an application half whose bus side is not a [`Device`](crate::Device) but the
    /// class of another stack.
    pub fn from_half(half: ApplicationHalf<SLOTS, SIZE>) -> Self {
        let ApplicationHalf { reader, writer, control } = half;
        Self {
            reader: Reader { half: reader },
            writer: Writer { half: writer },
            control: PortControl::new(control),
        }
    }

    /// The three parts, each for a context of its own.
    pub fn split(self) -> (Reader<SLOTS, SIZE>, Writer<SLOTS, SIZE>, PortControl) {
        (self.reader, self.writer, self.control)
    }
}

/// Why a read returned no bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ReadError {
    /// Nothing is there now.
    Empty,
    /// The session ended, and every byte of it was read. Reported once; what is read next belongs
    /// to another session.
    Disconnected,
}

impl From<NoPacket> for ReadError {
    fn from(why: NoPacket) -> Self {
        match why {
            NoPacket::Empty => Self::Empty,
            NoPacket::SessionEnded => Self::Disconnected,
        }
    }
}

/// Why a write took no bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum WriteError {
    /// The FIFO is full: the host does not read, or not as fast.
    Full,
    /// No session: nobody is there to read.
    NotConnected,
    /// The session ended since the last write, and what the host had not read by then was dropped.
    /// Reported once, and no byte of this write was taken: the same write again is for the session that
    /// began since, or [`NotConnected`](Self::NotConnected).
    Disconnected,
}

/// Bytes from the host to the application.
pub struct Reader<const SLOTS: usize = 2, const SIZE: usize = 64> {
    pub(crate) half: ReaderHalf<SLOTS, SIZE>,
}

impl<const SLOTS: usize, const SIZE: usize> Reader<SLOTS, SIZE> {
    /// Copies bytes to `buffer` and returns how many: at least one, unless `buffer` is empty.
    ///
    /// # Errors
    /// [`ReadError`] when there is none.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ReadError> {
        Ok(self.half.read(buffer)?)
    }

    /// The bytes that came next, in place: at least one, at most a packet.
    /// [`consume`](Self::consume) them when done.
    ///
    /// # Errors
    /// [`ReadError`] when there is none.
    pub fn fill_buf(&mut self) -> Result<&[u8], ReadError> {
        Ok(self.front()?.1)
    }

    /// As [`fill_buf`](Self::fill_buf), with the session that the bytes came in: for
    /// [`Writer::write_in`].
    ///
    /// # Errors
    /// [`ReadError`] when there is none.
    pub fn front(&mut self) -> Result<(Session, &[u8]), ReadError> {
        let oldest = self.half.oldest_with_data()?;
        Ok((Session::from_number(oldest.session()), oldest.into_bytes()))
    }

    /// Consumes `count` of the bytes that [`fill_buf`](Self::fill_buf) returned last.
    pub fn consume(&mut self, count: usize) {
        let link = self.half.link();
        if self.half.packets().consume(count) {
            link.ring();
        }
    }

    /// Whether [`read`](Self::read) would return at once with bytes or [`ReadError::Disconnected`].
    pub fn is_ready(&mut self) -> bool {
        let link = self.half.link();
        let waits = self.half.packets().oldest(|| link.ring()).is_some();
        waits || (self.session().is_open() && self.half.link().session() != self.session())
    }

    /// The session of the bytes that were read last, which may be over.
    pub fn session(&self) -> Session {
        self.half.session()
    }

    /// Whether a session is open.
    pub fn is_connected(&self) -> bool {
        self.half.link().session().is_open()
    }
}

/// Bytes from the application to the host.
pub struct Writer<const SLOTS: usize = 2, const SIZE: usize = 64> {
    pub(crate) half: WriterHalf<SLOTS, SIZE>,
}

impl<const SLOTS: usize, const SIZE: usize> Writer<SLOTS, SIZE> {
    /// Takes as many of `bytes` as there is room for and returns how many: at least one, unless
    /// `bytes` is empty. They go to the host as soon as it reads.
    ///
    /// # Errors
    /// [`WriteError`] when none was taken.
    pub fn write(&mut self, bytes: &[u8]) -> Result<usize, WriteError> {
        let after = self.after_write();
        after.put(self.packets()?, bytes)
    }

    /// As [`write`](Self::write), for bytes that belong to a session, such as an answer to what was
    /// read in it: they are never sent in another one.
    ///
    /// # Errors
    /// [`WriteError::Full`], and [`WriteError::Disconnected`] whenever that session is over: such
    /// bytes are to be dropped. A writer that follows sessions in this way is told of their end by
    /// nothing else.
    pub fn write_in(&mut self, session: Session, bytes: &[u8]) -> Result<usize, WriteError> {
        if !session.is_open() || self.half.link().session() != session {
            return Err(WriteError::Disconnected);
        }
        let after = self.after_write();
        let mut packets = self.half.packets();
        packets.follow(session.number());
        after.put(packets, bytes)
    }

    /// Room for at least one byte, to be written in place and committed.
    ///
    /// # Errors
    /// [`WriteError`] when there is none.
    pub fn grant(&mut self) -> Result<WriteGrant<'_, SLOTS, SIZE>, WriteError> {
        let after = self.after_write();
        match self.packets()?.into_grant() {
            Some(grant) => Ok(WriteGrant { grant, after }),
            None => Err(WriteError::Full),
        }
    }

    /// Whether the host acknowledged every byte written, and the zero-length packet where one was
    /// due to end the transfer.
    ///
    /// # Errors
    /// [`WriteError::Disconnected`] when the session ended before, and
    /// [`WriteError::NotConnected`] when there is none.
    pub fn is_flushed(&mut self) -> Result<bool, WriteError> {
        Ok(self.packets()?.is_flushed())
    }

    /// Whether [`write`](Self::write) would take a byte, or report [`WriteError::Disconnected`].
    pub fn is_ready(&mut self) -> bool {
        let now = self.half.link().session();
        let packets = self.half.packets();
        let before = Session::from_number(packets.session());
        (before != now && before.is_open()) || (now.is_open() && packets.has_room())
    }

    /// The session now. [`write`](Self::write) reports the end of the one before first.
    pub fn session(&self) -> Session {
        self.half.link().session()
    }

    /// Whether a session is open.
    pub fn is_connected(&self) -> bool {
        self.half.link().session().is_open()
    }

    /// Whether the host has read in this session: somebody has the terminal open, or had. Always
    /// `false` without [`Hooks::PROBE`](crate::Hooks::PROBE).
    pub fn is_read_by_host(&self) -> bool {
        self.half.pace().is_read()
    }

    /// The packets to write to, once the beginning of their session was noticed.
    fn packets(&mut self) -> Result<PacketWriter<'_, SLOTS, SIZE>, WriteError> {
        let now = self.half.link().session();
        let packets = self.half.packets();
        if packets.session() == now.number() && now.is_open() {
            return Ok(packets);
        }
        begin(packets, now)
    }

    fn after_write(&self) -> AfterWrite {
        AfterWrite { link: self.half.link() }
    }
}

/// Notices that a session began or ended.
#[cold]
fn begin<const SLOTS: usize, const SIZE: usize>(
    mut packets: PacketWriter<'_, SLOTS, SIZE>,
    now: Session,
) -> Result<PacketWriter<'_, SLOTS, SIZE>, WriteError> {
    let before = Session::from_number(packets.session());
    packets.begin(now.number());
    match now.is_open() {
        _ if before != now && before.is_open() => Err(WriteError::Disconnected),
        false => Err(WriteError::NotConnected),
        true => Ok(packets),
    }
}

/// Tells the bus side, and a suspended host, that bytes were written.
#[derive(Clone, Copy)]
struct AfterWrite {
    link: &'static Link,
}

impl AfterWrite {
    fn put<const SLOTS: usize, const SIZE: usize>(
        self,
        mut packets: PacketWriter<'_, SLOTS, SIZE>,
        bytes: &[u8],
    ) -> Result<usize, WriteError> {
        let count = packets.append(bytes);
        if count == 0 {
            return if bytes.is_empty() { Ok(0) } else { Err(WriteError::Full) };
        }
        self.tell(&packets);
        Ok(count)
    }

    fn tell<const SLOTS: usize, const SIZE: usize>(self, packets: &PacketWriter<'_, SLOTS, SIZE>) {
        if self.link.ask_to_wake(Wake::Write) || packets.needs_doorbell() {
            self.link.ring();
        }
    }
}

/// Room to write in place, made by [`Writer::grant`]. Dropped without
/// [`commit`](Self::commit), nothing was written.
pub struct WriteGrant<'a, const SLOTS: usize, const SIZE: usize> {
    grant: fifo::Grant<'a, SLOTS, SIZE>,
    after: AfterWrite,
}

impl<const SLOTS: usize, const SIZE: usize> WriteGrant<'_, SLOTS, SIZE> {
    /// Hands the first `count` bytes over, or all if there are fewer.
    pub fn commit(self, count: usize) {
        if count == 0 {
            return;
        }
        let packets = self.grant.commit(count);
        self.after.tell(&packets);
    }
}

impl<const SLOTS: usize, const SIZE: usize> core::ops::Deref for WriteGrant<'_, SLOTS, SIZE> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.grant
    }
}

impl<const SLOTS: usize, const SIZE: usize> core::ops::DerefMut for WriteGrant<'_, SLOTS, SIZE> {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.grant
    }
}
