//! The bus side of a port, shared by the handler of requests and the runner of packets.

use core::cell::RefCell;
use core::future::poll_fn;
use core::task::{Poll, Waker};

use critical_section::Mutex;
use usbd_acm::DtrPolicy;
use usbd_acm::class::fifo::{RxSlot, TxPacket};
use usbd_acm::class::{BusHalf, BusHalves, ControlLineState, LineCoding, Link, Request, Session};

use crate::Config;
use crate::shared::Shared;

/// The bus side of a port. The lock is held for bookkeeping alone, never while bytes are copied.
pub(crate) struct Bus<const SLOTS: usize, const SIZE: usize> {
    halves: Mutex<RefCell<BusHalves<1, SLOTS, SIZE>>>,
    pub(crate) link: &'static Link,
    pub(crate) shared: &'static Shared,
    config: Config,
    /// Number of the communication interface.
    interface: u8,
}

/// A packet to the host, and whose it is.
pub(crate) struct Outgoing {
    pub(crate) session: Session,
    pub(crate) packet: TxPacket,
    /// The confirmation that this packet is for, if it carries nothing of the FIFO.
    pub(crate) confirms: Option<u8>,
}

impl<const SLOTS: usize, const SIZE: usize> Bus<SLOTS, SIZE> {
    pub(crate) fn new(
        mut halves: BusHalves<1, SLOTS, SIZE>,
        shared: &'static Shared,
        config: Config,
        interface: u8,
    ) -> Self {
        let link = halves.only().link();
        Self { halves: Mutex::new(RefCell::new(halves)), link, shared, config, interface }
    }

    fn with<R>(&self, run: impl FnOnce(&mut BusHalf<'_, SLOTS, SIZE>) -> R) -> R {
        // No `run` comes back here, so the cell is free.
        critical_section::with(|section| run(&mut self.halves.borrow_ref_mut(section).only()))
    }

    /// The runner is about to look at everything: from now on, what an application leaves for the bus
    /// side wakes its task.
    pub(crate) fn attend(&self, task: &Waker) {
        self.link.bus().register(task);
        self.link.take_work();
        if self.link.is_suspended() {
            self.shared.wakeup.wake();
        }
    }

    /// Waits, in the runner, which [attends](Self::attend) first, until `look` has a result.
    pub(crate) fn until<R>(&self, mut look: impl FnMut() -> Option<R>) -> impl Future<Output = R> {
        poll_fn(move |_| look().map_or(Poll::Pending, Poll::Ready))
    }

    /// Waits, in the runner, until the session is another one.
    pub(crate) fn session_over(&self, session: Session) -> impl Future<Output = ()> {
        self.until(move || (self.link.session() != session).then_some(()))
    }

    /// Waits, in the runner, until the configuration is another one.
    pub(crate) fn configuration_over(&self, number: u8) -> impl Future<Output = ()> {
        self.until(move || (self.shared.configuration() != Some(number)).then_some(()))
    }
}

/// What the host does to the device.
impl<const SLOTS: usize, const SIZE: usize> Bus<SLOTS, SIZE> {
    /// The device was configured. Again is no change: nothing queued is lost (USB 2.0 §9.4.5).
    pub(crate) fn configure(&self) {
        if self.shared.configuration().is_some() {
            return;
        }
        self.with(|half| {
            half.sender().set_packet_size(u16::try_from(SIZE).unwrap_or(u16::MAX));
            half.sender().opened();
            half.control().configured(self.config.max_power);
            self.shared.next_configuration();
            if self.config.dtr != DtrPolicy::Require {
                half.begin_session(|sender| sender.discard());
            }
        });
        self.link.bus().wake();
    }

    /// The configuration is gone. What the runner holds it drops when it sees that.
    pub(crate) fn deconfigure(&self) {
        if self.shared.configuration().is_none() {
            return;
        }
        self.with(|half| {
            self.shared.next_configuration();
            half.end_session(|sender| sender.discard());
            half.receiver().reclaim();
            half.control().deconfigured();
        });
        self.link.bus().wake();
    }

    pub(crate) fn set_suspended(&self, suspended: bool) {
        if suspended {
            self.shared.next_suspend();
        }
        self.with(|half| {
            half.link().set_suspended(suspended);
            match suspended {
                true => half.control().suspended(),
                false => half.control().resumed(),
            }
        });
        self.link.bus().wake();
    }

    pub(crate) fn line_coding(&self) -> LineCoding {
        self.with(|half| half.control().line_coding())
    }

    /// Takes a class request over that has nothing to answer, and returns whether it is accepted.
    pub(crate) fn accept(&self, request: Request, data: &[u8]) -> bool {
        match (request, <[u8; 7]>::try_from(data)) {
            // The whole coding or nothing.
            (Request::SetLineCoding, Ok(bytes)) => {
                let coding = LineCoding::from_bytes(bytes);
                if !(self.config.accepts)(&coding) {
                    return false;
                }
                self.with(|half| half.control().set_line_coding(coding));
            }
            (Request::SetControlLineState(lines), Err(_)) => self.set_control_lines(lines),
            (Request::SendBreak(request), Err(_)) => {
                self.with(|half| half.control().send_break(request));
            }
            _ => return false,
        }
        self.link.bus().wake();
        true
    }

    fn set_control_lines(&self, lines: ControlLineState) {
        self.with(|half| {
            let dtr_changed = half.control().set_control_lines(lines);
            if !dtr_changed || self.config.dtr == DtrPolicy::Ignore {
                return;
            }
            if lines.contains(ControlLineState::DTR) {
                half.begin_session(|sender| sender.discard());
            } else {
                // A zero-length packet ends the transfer that is cut off.
                half.sender().aborted();
                half.end_session(|sender| sender.discard());
            }
        });
    }
}

/// What the runner does.
impl<const SLOTS: usize, const SIZE: usize> Bus<SLOTS, SIZE> {
    /// The next packet to the host. `is_unconfirmed` says that nobody knows whether the host has the
    /// one before.
    pub(crate) fn next_packet(&self, is_unconfirmed: bool) -> Option<Outgoing> {
        let mut packet = None;
        let session = self.with(|half| {
            let session = half.link().own_session();
            if session.is_open() {
                half.sender().pump(session.number(), |next| match packet {
                    Some(_) => Err(next),
                    None => {
                        packet = Some(next);
                        Ok(())
                    }
                });
            }
            session
        });
        if let Some(packet) = packet {
            return Some(Outgoing { session, packet, confirms: None });
        }
        // Bytes of an ended session may have been skipped, which makes room.
        self.link.writer().wake();
        let number = self.shared.asked()?;
        if session.is_open() && is_unconfirmed {
            let packet = TxPacket::ZERO_LENGTH;
            return Some(Outgoing { session, packet, confirms: Some(number) });
        }
        self.confirm(number);
        None
    }

    /// The driver is done with the packet, which was dropped.
    pub(crate) fn sent(&self, confirms: Option<u8>) {
        if let Some(number) = confirms {
            return self.confirm(number);
        }
        self.with(|half| half.sender().sent());
        self.link.writer().wake();
    }

    fn confirm(&self, number: u8) {
        self.shared.confirm(number);
        self.link.writer().wake();
    }

    /// A slot for a packet from the host, and the configuration it is for.
    pub(crate) fn next_slot(&self) -> Option<(u8, RxSlot)> {
        self.with(|half| {
            // Here, as the handler may interrupt the runner.
            let number = self.shared.configuration()?;
            if !self.takes_data() {
                return None;
            }
            let mut slot = None;
            half.receiver().pump(|next| match slot {
                Some(_) => Err(next),
                None => {
                    slot = Some(next);
                    Ok(())
                }
            });
            Some((number, slot?))
        })
    }

    /// Waits, in the runner, until no data is to be taken in this configuration.
    pub(crate) fn data_over(&self, configuration: u8) -> impl Future<Output = ()> {
        let is_over =
            move || self.shared.configuration() != Some(configuration) || !self.takes_data();
        self.until(move || is_over().then_some(()))
    }

    fn takes_data(&self) -> bool {
        self.config.dtr != DtrPolicy::Require || self.link.session().is_open()
    }

    /// A packet came in this configuration. Where that is over, so is the packet.
    pub(crate) fn received(&self, configuration: u8, slot: RxSlot, length: usize) {
        let length = u16::try_from(length).unwrap_or(u16::MAX);
        let begins = self.with(|half| {
            if self.shared.configuration() != Some(configuration) {
                half.receiver().reclaim();
                return false;
            }
            // Data shows that somebody is there, whatever DTR says.
            let begins = self.config.dtr == DtrPolicy::Prefer
                && length > 0
                && !half.link().own_session().is_open();
            if begins {
                half.begin_session(|sender| sender.discard());
            }
            let session = half.link().own_session();
            half.receiver().received(session.number(), slot, length);
            begins
        });
        self.link.reader().wake();
        if begins {
            self.link.bus().wake();
        }
    }

    /// The slot was dropped unfilled.
    pub(crate) fn reclaim(&self) {
        self.with(|half| half.receiver().reclaim());
    }

    /// The notification that is due, and the configuration it is for.
    pub(crate) fn next_notification(&self) -> Option<(u8, TxPacket)> {
        self.with(|half| {
            let number = self.shared.configuration()?;
            let due = half.control().due_notification()?;
            let packet = half.notification().packet(due.bytes(self.interface))?;
            half.control().notification_submitted(&due);
            Some((number, packet))
        })
    }

    /// The driver took the notification.
    pub(crate) fn notified(&self) {
        self.with(|half| half.control().notification_acknowledged());
    }
}
