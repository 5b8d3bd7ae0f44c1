//! The application half of a port.

use usbd_acm_class::fifo::{self, PacketWriter};
use usbd_acm_class::{ApplicationHalf, Link, ReaderHalf, Session, Wake, WriterHalf};

use crate::PortControl;
use crate::doorbell::Doorbell;

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
    /// class of another stack. `doorbell` is called when there is something to do for the bus side,
    /// as [`Controller::DOORBELL`](crate::Controller::DOORBELL).
    pub fn from_half(half: ApplicationHalf<SLOTS, SIZE>, doorbell: fn()) -> Self {
        Self::new(half, Doorbell(doorbell))
    }

    pub(crate) fn new(half: ApplicationHalf<SLOTS, SIZE>, doorbell: Doorbell) -> Self {
        let ApplicationHalf { reader, writer, control } = half;
        let session = Session::NONE;
        Self {
            reader: Reader { half: reader, doorbell, session },
            writer: Writer { half: writer, doorbell, session },
            control: PortControl::new(control, doorbell),
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

/// Why a write took no bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum WriteError {
    /// The FIFO is full: the host does not read, or not as fast.
    Full,
    /// No session: nobody is there to read.
    NotConnected,
    /// The session ended since the last write, and what the host had not read by then was dropped.
    /// Reported once.
    Disconnected,
}

/// Bytes from the host to the application.
pub struct Reader<const SLOTS: usize = 2, const SIZE: usize = 64> {
    pub(crate) half: ReaderHalf<SLOTS, SIZE>,
    doorbell: Doorbell,
    /// The session of the bytes read last.
    session: Session,
}

impl<const SLOTS: usize, const SIZE: usize> Reader<SLOTS, SIZE> {
    /// Copies bytes to `buffer` and returns how many: at least one, unless `buffer` is empty.
    ///
    /// # Errors
    /// [`ReadError`] when there is none.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ReadError> {
        self.follow_session()?;
        let (count, freed) = self.half.packets().read(buffer);
        if freed {
            self.freed();
        }
        Ok(count)
    }

    /// The bytes that came next, in place: at least one, at most a packet.
    /// [`consume`](Self::consume) them when done.
    ///
    /// # Errors
    /// [`ReadError`] when there is none.
    pub fn fill_buf(&mut self) -> Result<&[u8], ReadError> {
        self.follow_session()?;
        self.half.packets().into_front().map(|(_, bytes)| bytes).ok_or(ReadError::Empty)
    }

    /// As [`fill_buf`](Self::fill_buf), with the session that the bytes came in: for
    /// [`Writer::write_in`].
    ///
    /// # Errors
    /// [`ReadError`] when there is none.
    pub fn front(&mut self) -> Result<(Session, &[u8]), ReadError> {
        self.follow_session()?;
        let session = self.session;
        self.half.packets().into_front().map(|(_, bytes)| (session, bytes)).ok_or(ReadError::Empty)
    }

    /// Consumes `count` of the bytes that [`fill_buf`](Self::fill_buf) returned last.
    pub fn consume(&mut self, count: usize) {
        if self.half.packets().consume(count) {
            self.freed();
        }
    }

    /// Whether [`read`](Self::read) would return at once with bytes or [`ReadError::Disconnected`].
    pub fn is_ready(&mut self) -> bool {
        self.waiting().is_some()
            || (self.session.is_open() && self.half.link().session() != self.session)
    }

    /// Sees to it that bytes are there, and of the session they were announced for.
    fn follow_session(&mut self) -> Result<(), ReadError> {
        // Before looking for packets: those of an ended session are all there when its end is seen.
        let now = self.half.link().session();
        let waiting = self.waiting();
        let before = self.session;
        if waiting == Some(before.number()) {
            return Ok(());
        }
        self.session = waiting.map_or(now, Session::from_number);
        if before.is_open() && before != self.session {
            return Err(ReadError::Disconnected);
        }
        waiting.map(|_| ()).ok_or(ReadError::Empty)
    }

    /// The session of the packet to read next.
    fn waiting(&mut self) -> Option<u16> {
        let (session, freed) = self.half.packets().session();
        if freed {
            // A zero-length packet is no data, but it had a slot.
            self.freed();
        }
        session
    }

    fn freed(&mut self) {
        if self.half.packets().needs_doorbell() {
            self.doorbell.ring(self.half.link());
        }
    }

    /// The session of the bytes that were read last, which may be over.
    pub fn session(&self) -> Session {
        self.session
    }

    /// Whether a session is open.
    pub fn is_connected(&self) -> bool {
        self.half.link().session().is_open()
    }
}

/// Bytes from the application to the host.
pub struct Writer<const SLOTS: usize = 2, const SIZE: usize = 64> {
    pub(crate) half: WriterHalf<SLOTS, SIZE>,
    pub(crate) doorbell: Doorbell,
    /// The session of the bytes written last.
    session: Session,
}

impl<const SLOTS: usize, const SIZE: usize> Writer<SLOTS, SIZE> {
    /// Takes as many of `bytes` as there is room for and returns how many: at least one, unless
    /// `bytes` is empty. They go to the host as soon as it reads.
    ///
    /// # Errors
    /// [`WriteError`] when none was taken.
    pub fn write(&mut self, bytes: &[u8]) -> Result<usize, WriteError> {
        let session = self.follow_session()?;
        self.put(session, bytes)
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
        self.session = session;
        self.put(session, bytes)
    }

    fn put(&mut self, session: Session, bytes: &[u8]) -> Result<usize, WriteError> {
        let count = self.half.packets().write(session.tag(), bytes);
        if count == 0 {
            return if bytes.is_empty() { Ok(0) } else { Err(WriteError::Full) };
        }
        self.after_write().tell(&self.half.packets());
        Ok(count)
    }

    /// Room for at least one byte, to be written in place and committed.
    ///
    /// # Errors
    /// [`WriteError`] when there is none.
    pub fn grant(&mut self) -> Result<WriteGrant<'_, SLOTS, SIZE>, WriteError> {
        let session = self.follow_session()?;
        let after = self.after_write();
        match self.half.packets().into_grant(session.tag()) {
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
        self.follow_session()?;
        Ok(self.half.packets().is_flushed())
    }

    /// Whether [`write`](Self::write) would take a byte, or report [`WriteError::Disconnected`].
    pub fn is_ready(&mut self) -> bool {
        let now = self.half.link().session();
        if now != self.session && self.session.is_open() {
            return true;
        }
        now.is_open() && self.half.packets().has_room(now.tag())
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

    /// The session to write in, once its beginning was noticed.
    fn follow_session(&mut self) -> Result<Session, WriteError> {
        let now = self.half.link().session();
        let before = core::mem::replace(&mut self.session, now);
        match now.is_open() {
            _ if before != now && before.is_open() => Err(WriteError::Disconnected),
            false => Err(WriteError::NotConnected),
            true => Ok(now),
        }
    }

    fn after_write(&self) -> AfterWrite {
        AfterWrite { link: self.half.link(), doorbell: self.doorbell }
    }
}

/// Tells the bus side, and a suspended host, that bytes were written.
#[derive(Clone, Copy)]
struct AfterWrite {
    link: &'static Link,
    doorbell: Doorbell,
}

impl AfterWrite {
    fn tell<const SLOTS: usize, const SIZE: usize>(self, packets: &PacketWriter<'_, SLOTS, SIZE>) {
        if self.link.ask_to_wake(Wake::Write) || packets.needs_doorbell() {
            self.doorbell.ring(self.link);
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
