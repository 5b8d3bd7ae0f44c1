//! Sessions, and what else the two halves of a port tell each other beside data and ACM state.

use crate::WakerCell;
use crate::sync::{AtomicBool, AtomicU8, AtomicU16, Ordering, OwnLoad, fence};

/// Number of a session: odd while it lasts, even between two.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Session(u16);

impl Session {
    /// Before the first.
    pub const NONE: Self = Self(0);

    /// Whether this is a session, not the time between two.
    pub fn is_open(self) -> bool {
        self.0 & 1 == 1
    }

    /// What follows: the end of this session, or the next one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }

    /// The session with this number.
    pub fn from_number(number: u16) -> Self {
        Self(number)
    }

    /// The number, which tells the bytes of one session from those of another.
    pub fn number(self) -> u16 {
        self.0
    }
}

/// Who asked for remote wake-up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Wake {
    /// Nobody.
    Nobody = 0,
    /// A write; whether that is enough is the board's policy.
    Write = 1,
    /// The application, in so many words.
    Request = 2,
}

/// The link between the halves of a port.
pub struct Link {
    /// Stored by the bus side.
    session: AtomicU16,
    /// Stored by the bus side.
    suspended: AtomicBool,
    /// Stored by the application, and cleared by the bus side at suspend.
    wake: AtomicU8,
    /// Set by the application, and cleared by the bus side before it looks.
    work: AtomicBool,
    /// Makes the bus side look soon. `None` until the halves are made, as a static of zeros takes no
    /// flash.
    doorbell: Option<fn()>,
    /// Woken by the application: the task of the bus side, where it is one.
    bus: WakerCell,
    /// Woken by the bus side: the task that reads.
    reader: WakerCell,
    /// Woken by the bus side: the task that writes.
    writer: WakerCell,
}

impl Link {
    /// Not connected, awake.
    #[cfg(not(loom))]
    #[expect(clippy::new_without_default, reason = "it belongs into a static")]
    pub const fn new() -> Self {
        Self {
            session: AtomicU16::new(0),
            suspended: AtomicBool::new(false),
            wake: AtomicU8::new(Wake::Nobody as u8),
            work: AtomicBool::new(false),
            doorbell: None,
            bus: WakerCell::new(),
            reader: WakerCell::new(),
            writer: WakerCell::new(),
        }
    }

    /// Not connected, awake.
    #[cfg(loom)]
    pub fn new() -> Self {
        Self {
            session: AtomicU16::new(0),
            suspended: AtomicBool::new(false),
            wake: AtomicU8::new(Wake::Nobody as u8),
            work: AtomicBool::new(false),
            doorbell: None,
            bus: WakerCell::new(),
            reader: WakerCell::new(),
            writer: WakerCell::new(),
        }
    }

    /// The task of the bus side, where it is one: it waits for something to do.
    /// [`leave_work`](Self::leave_work) wakes it.
    pub fn bus(&self) -> &WakerCell {
        &self.bus
    }

    /// The task that waits for a packet, or for a session to begin or end. The bus side wakes it.
    pub fn reader(&self) -> &WakerCell {
        &self.reader
    }

    /// The task that waits for room, for the host to acknowledge, or for a session to begin or end.
    /// The bus side wakes it.
    pub fn writer(&self) -> &WakerCell {
        &self.writer
    }

    /// The session now. Application side.
    pub fn session(&self) -> Session {
        Session(self.session.load(Ordering::Acquire))
    }

    /// The session now. Bus side, which stores it.
    pub fn own_session(&self) -> Session {
        Session(self.session.load_own())
    }

    /// Begins or ends a session, and wakes who waits for that. Bus side.
    pub fn set_session(&self, session: Session) {
        self.session.store(session.0, Ordering::Release);
        self.reader.wake();
        self.writer.wake();
    }

    /// Whether the bus is suspended.
    pub fn is_suspended(&self) -> bool {
        self.suspended.load(Ordering::Acquire)
    }

    /// The bus was suspended or resumed; nobody has asked for wake-up since. Bus side.
    pub fn set_suspended(&self, suspended: bool) {
        self.wake.store(Wake::Nobody as u8, Ordering::Relaxed);
        self.suspended.store(suspended, Ordering::Release);
    }

    /// Application side. Leaves word that the host should be woken; `false` when it is awake.
    pub fn ask_to_wake(&self, wake: Wake) -> bool {
        if !self.suspended.load(Ordering::Relaxed) {
            return false;
        }
        // Pairs with the Release store in `set_suspended`: our word follows its erasure.
        fence(Ordering::Acquire);
        if self.wake.load(Ordering::Relaxed) < wake as u8 {
            self.wake.store(wake as u8, Ordering::Relaxed);
        }
        true
    }

    /// Whether wake-up was asked for, also by a mere write if that counts. Bus side.
    pub fn wants_wakeup(&self, on_write: bool) -> bool {
        let least = if on_write { Wake::Write } else { Wake::Request };
        self.wake.load(Ordering::Relaxed) >= least as u8
    }

    /// What makes the bus side look soon.
    pub fn set_doorbell(&mut self, doorbell: fn()) {
        self.doorbell = Some(doorbell);
    }

    /// Leaves word that there is something for the bus side to do, and makes it look. Application
    /// side.
    #[inline(never)]
    pub fn ring(&self) {
        self.leave_work();
        if let Some(doorbell) = self.doorbell {
            doorbell();
        }
    }

    /// Leaves word that there is something for the bus side to do. Application side.
    pub fn leave_work(&self) {
        // Pairs with the fence in `take_work`: what was written before this is seen by the bus side
        // that takes the flag, and also by one that clears it without having seen it.
        fence(Ordering::SeqCst);
        self.work.store(true, Ordering::Relaxed);
        self.bus.wake();
    }

    /// The same by the bus side for itself, before it looks whether there is something to do.
    pub fn keep_work(&self) {
        self.work.store(true, Ordering::Relaxed);
    }

    /// Whether there is something to do. Bus side.
    pub fn has_work(&self) -> bool {
        self.work.load(Ordering::Relaxed)
    }

    /// The bus side looks now: what is left from here on is work anew.
    pub fn take_work(&self) {
        self.work.store(false, Ordering::Relaxed);
        // What was written before the flag that we just cleared was set is seen from here on.
        fence(Ordering::SeqCst);
    }
}
