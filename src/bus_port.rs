//! The bus half of one port.

use usbd_acm_class::{BusHalf, Session};
use usbd_acm_descriptors::{NOTIFICATION_PACKET_SIZE, PortEndpoints};

use crate::{Controller, DtrPolicy, Endpoint, RxSlot, Speed, TransferType};

/// A bus half with its endpoints, and what the stack does with it.
pub(crate) struct BusPort<'a, const SLOTS: usize, const SIZE: usize> {
    pub(crate) half: BusHalf<'a, SLOTS, SIZE>,
    pub(crate) endpoints: &'static PortEndpoints,
}

impl<const SLOTS: usize, const SIZE: usize> BusPort<'_, SLOTS, SIZE> {
    /// Opens the endpoints of a device that was just configured.
    pub(crate) fn open<C: Controller>(&mut self, controller: &mut C, speed: Speed, milliamps: u16) {
        let packet_size = speed.bulk_packet_size().min(u16::try_from(SIZE).unwrap_or(u16::MAX));
        self.half.sender().set_packet_size(packet_size);
        let PortEndpoints { notification, data_in, data_out } = *self.endpoints;
        let mut open = |address, transfer_type, max_packet_size| {
            controller.open(Endpoint { address, transfer_type, max_packet_size });
        };
        open(notification, TransferType::Interrupt, NOTIFICATION_PACKET_SIZE);
        open(data_in, TransferType::Bulk, packet_size);
        open(data_out, TransferType::Bulk, packet_size);
        self.half.sender().opened();
        self.half.control().configured(milliamps);
    }

    /// The endpoints are closed, and the driver holds nothing of this port.
    pub(crate) fn close(&mut self) {
        self.set_session(false);
        self.half.receiver().reclaim();
        self.half.control().deconfigured();
    }

    /// The session ends by DTR, while the endpoints stay open.
    pub(crate) fn hang_up<C: Controller>(&mut self, controller: &mut C, policy: DtrPolicy) {
        // What waits in a hardware FIFO is not for the next session.
        controller.abort(self.endpoints.data_in);
        self.half.sender().aborted();
        self.set_session(false);
        if policy == DtrPolicy::Require {
            controller.abort(self.endpoints.data_out);
            self.half.receiver().reclaim();
        }
    }

    /// Begins or ends a session, unless that was before. The driver holds none of our packets.
    pub(crate) fn set_session(&mut self, open: bool) {
        let session = self.session();
        if session.is_open() == open {
            return;
        }
        // Before the application can see that another session is there, to write in it.
        self.half.sender().discard();
        self.half.link().set_session(session.next());
        self.half.control().set_session(open);
    }

    fn session(&self) -> Session {
        self.half.link().own_session()
    }

    /// Moves packets until the controller is full or nothing is due. `interface` is the
    /// communication interface.
    pub(crate) fn pump<C: Controller>(
        &mut self,
        controller: &mut C,
        interface: u8,
        policy: DtrPolicy,
    ) {
        self.half.link().take_work();
        self.pump_in(controller);
        self.pump_out(controller, policy);
        let Some(due) = self.half.control().due_notification() else { return };
        let Some(packet) = self.half.notification().packet(due.bytes(interface)) else { return };
        if controller.send(self.endpoints.notification, packet).is_ok() {
            self.half.control().notification_submitted(&due);
        }
    }

    fn pump_in<C: Controller>(&mut self, controller: &mut C) {
        let session = self.session();
        if session.is_open() {
            let send = |packet| controller.send(self.endpoints.data_in, packet);
            self.half.sender().pump_to(C::DEPTH, session.number(), send);
        }
    }

    fn pump_out<C: Controller>(&mut self, controller: &mut C, policy: DtrPolicy) {
        if policy != DtrPolicy::Require || self.session().is_open() {
            let receive = |slot| controller.receive(self.endpoints.data_out, slot);
            self.half.receiver().pump_to(C::DEPTH, receive);
        }
    }

    /// The host acknowledged a data packet: the next one may go.
    pub(crate) fn data_sent<C: Controller>(&mut self, controller: &mut C) {
        self.half.sender().sent();
        self.pump_in(controller);
    }

    /// The host acknowledged a notification.
    pub(crate) fn notification_sent(&mut self) {
        self.half.control().notification_acknowledged();
    }

    /// A data packet came: the next one may come. Returns whether it began a session.
    pub(crate) fn received<C: Controller>(
        &mut self,
        controller: &mut C,
        (slot, length): (RxSlot, u16),
        policy: DtrPolicy,
    ) -> bool {
        let session = self.session();
        // Data shows that somebody is there, whatever DTR says.
        let begins = policy == DtrPolicy::Prefer && length > 0 && !session.is_open();
        if begins {
            self.set_session(true);
        }
        let session = if begins { session.next() } else { session };
        self.half.receiver().received(session.number(), slot, length);
        self.pump_out(controller, policy);
        begins
    }

    pub(crate) fn suspended(&mut self) {
        self.half.link().set_suspended(true);
        self.half.control().suspended();
    }

    pub(crate) fn resumed(&mut self) {
        self.half.link().set_suspended(false);
        self.half.control().resumed();
    }
}
