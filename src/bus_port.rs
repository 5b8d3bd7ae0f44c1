//! The bus half of one port.

use usbd_acm_class::{BusHalf, Reading, SerialState, Session, milliseconds_between};
use usbd_acm_descriptors::{EndpointAddress, NOTIFICATION_PACKET_SIZE, PortEndpoints};

use crate::{Controller, DtrPolicy, Endpoint, Hooks, Probe, RxSlot, Speed, TransferType, TxPacket};

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
        controller.open(Endpoint {
            address: notification,
            transfer_type: TransferType::Interrupt,
            max_packet_size: NOTIFICATION_PACKET_SIZE,
        });
        let (transfer_type, max_packet_size) = (TransferType::Bulk, packet_size);
        controller.open(Endpoint { address: data_in, transfer_type, max_packet_size });
        controller.open(Endpoint { address: data_out, transfer_type, max_packet_size });
        self.half.sender().opened();
        self.half.control().configured(milliamps);
    }

    /// The endpoints are closed, and the driver holds nothing of this port.
    pub(crate) fn close<H: Hooks>(&mut self) {
        self.set_session::<H>(false);
        self.half.receiver().reclaim();
        self.half.control().deconfigured();
    }

    /// Begins or ends a session, unless that was before. The driver holds none of our packets.
    pub(crate) fn set_session<H: Hooks>(&mut self, open: bool) {
        let pace = self.half.pace();
        let data_in = self.endpoints.data_in;
        self.half.set_session(open, |sender| {
            trace_session(data_in, open);
            match H::LOSSY {
                true => sender.discard_and_count(),
                false => sender.discard(),
            }
            if H::PROBE.is_on() && open {
                sender.restart();
            }
            if H::PROBE.is_on() && !open {
                pace.set_reading(Reading::NotYet);
            }
        });
    }

    /// The session ends by DTR, while the endpoints stay open.
    pub(crate) fn hang_up<C: Controller, H: Hooks>(&mut self, controller: &mut C) {
        // What waits in a hardware FIFO is not for the next session.
        controller.abort(self.endpoints.data_in);
        self.half.sender().aborted();
        self.set_session::<H>(false);
        if H::DTR == DtrPolicy::Require {
            controller.abort(self.endpoints.data_out);
            self.half.receiver().reclaim();
        }
    }

    /// The same by value, which goes through registers.
    fn reborrow(&mut self) -> BusPort<'_, SLOTS, SIZE> {
        BusPort { half: self.half.reborrow(), endpoints: self.endpoints }
    }

    fn session(&self) -> Session {
        self.half.link().own_session()
    }

    /// Moves packets until the controller is full or nothing is due. `interface` is the
    /// communication interface.
    pub(crate) fn pump<C: Controller, H: Hooks>(&mut self, controller: &mut C, interface: u8) {
        self.half.link().take_work();
        if H::LOSSY {
            self.serve_writer(controller);
        }
        self.pump_in::<C, H>(controller, false);
        self.reborrow().pump_out::<C, H>(controller, None);
        let Some(due) = self.half.control().due_notification() else { return };
        let Some(packet) = self.half.notification().packet(due.bytes(interface)) else { return };
        if controller.send(self.endpoints.notification, packet).is_ok() {
            self.half.control().notification_submitted(&due);
        }
    }

    /// `acknowledged`: after the host acknowledged a packet.
    fn pump_in<C: Controller, H: Hooks>(&mut self, controller: &mut C, acknowledged: bool) {
        let session = self.session();
        if session.is_open() {
            let holds = H::PROBE.is_on() && self.half.pace().reading() != Reading::Yes;
            let data_in = self.endpoints.data_in;
            let send = |packet: TxPacket| match holds && !packet.is_empty() {
                true => Err(packet),
                false => controller.send(data_in, packet),
            };
            let (mut sender, session) = (self.half.sender(), session.number());
            match H::LOSSY {
                true => sender.pump_and_count(C::IN_DEPTH, session, send),
                false => sender.pump_after(acknowledged, C::IN_DEPTH, session, send),
            }
        }
        // What was acknowledged or skipped made room.
        self.half.link().writer().wake();
    }

    /// Does what a writer asked for: makes room, and reports that bytes were lost.
    #[inline(never)]
    fn serve_writer<C: Controller>(&mut self, controller: &mut C) {
        let session = self.session();
        let mut sender = self.half.sender();
        if sender.is_asked_for_room() {
            if sender.must_abort() {
                controller.abort(self.endpoints.data_in);
                sender.aborted();
            }
            sender.drop_oldest(session.number());
        }
        if self.half.sender().is_asked_for_overrun()
            && self.half.control().add_one_shots(SerialState::OVERRUN)
        {
            self.half.sender().overrun_taken();
        }
    }

    /// Offers slots, after a packet came in one of them.
    fn pump_out<C: Controller, H: Hooks>(
        mut self,
        controller: &mut C,
        packet: Option<(RxSlot, u16)>,
    ) {
        let session = self.session();
        if H::DTR == DtrPolicy::Require && !session.is_open() {
            return;
        }
        let data_out = self.endpoints.data_out;
        let receive = |slot| controller.receive(data_out, slot);
        self.half.receiver().pump_after(packet, C::DEPTH, session.number(), receive);
    }

    /// The host acknowledged a data packet: the next one may go.
    pub(crate) fn data_sent<C: Controller, H: Hooks>(
        &mut self,
        controller: &mut C,
        now: Option<u16>,
    ) {
        if H::LOSSY {
            self.half.sender().sent();
            self.half.sender().count_sent();
        }
        if H::PROBE.is_on() && self.half.pace().reading() == Reading::NotYet {
            // Nothing but the probe went before this.
            self.half.pace().set_reading(now.map_or(Reading::Yes, Reading::Since));
            self.half.control().host_reads();
        }
        self.pump_in::<C, H>(controller, true);
    }

    pub(crate) fn is_holding(&self) -> bool {
        matches!(self.half.pace().reading(), Reading::Since(_))
    }

    /// Ends the hold after the probe, when it is over or nobody knows. Returns whether it did.
    pub(crate) fn end_hold<H: Hooks>(&mut self, now: Option<u16>) -> bool {
        let (Reading::Since(since), Probe::ZeroLengthPacket { hold }) =
            (self.half.pace().reading(), H::PROBE)
        else {
            return false;
        };
        let over = now.is_none_or(|now| milliseconds_between(since, now) >= hold);
        if over {
            self.half.pace().set_reading(Reading::Yes);
        }
        over
    }

    /// The host acknowledged a notification.
    pub(crate) fn notification_sent(&mut self) {
        self.half.control().notification_acknowledged();
    }

    /// A data packet came: the next one may come.
    pub(crate) fn received<C: Controller, H: Hooks>(
        &mut self,
        controller: &mut C,
        packet: (RxSlot, u16),
    ) {
        if H::DTR == DtrPolicy::Prefer && !self.session().is_open() {
            self.begin_by_data::<H>(packet.1);
        }
        self.reborrow().pump_out::<C, H>(controller, Some(packet));
        self.half.link().reader().wake();
    }

    /// Data shows that somebody is there, whatever DTR says.
    #[cold]
    fn begin_by_data<H: Hooks>(&mut self, length: u16) {
        if length > 0 {
            self.set_session::<H>(true);
            // A zero-length packet may go before the data of this session.
            self.half.link().keep_work();
        }
    }

    /// Inlined, as a frame and the call cost more than what it does.
    #[inline(always)]
    pub(crate) fn set_suspended(&mut self, suspended: bool) {
        self.half.link().set_suspended(suspended);
        match suspended {
            true => self.half.control().suspended(),
            false => self.half.control().resumed(),
        }
    }
}

/// The port by its data IN endpoint.
#[allow(unused_variables, reason = "without a logging feature there is nothing to do")]
fn trace_session(data_in: EndpointAddress, open: bool) {
    #[cfg(feature = "defmt")]
    defmt::debug!("EP {} IN: session open: {}", data_in.number(), open);
    #[cfg(feature = "log")]
    log::debug!("EP {} IN: session open: {open}", data_in.number());
}
