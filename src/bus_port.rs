//! The bus half of one port.

use usbd_acm_class::fifo::PacketSender;
use usbd_acm_class::{BusHalf, Reading, SerialState, Session, milliseconds_between};
use usbd_acm_descriptors::{NOTIFICATION_PACKET_SIZE, PortEndpoints};

use crate::{Controller, DtrPolicy, Endpoint, Hooks, Probe, RxSlot, Speed, TransferType, TxPacket};

/// A bus half, and what the stack does with it.
pub(crate) struct BusPort<'a, const SLOTS: usize, const SIZE: usize> {
    pub(crate) half: BusHalf<'a, SLOTS, SIZE>,
}

impl<'a, const SLOTS: usize, const SIZE: usize> BusPort<'a, SLOTS, SIZE> {
    pub(crate) fn new(half: BusHalf<'a, SLOTS, SIZE>) -> Self {
        Self { half }
    }

    /// Opens the endpoints of a device that was just configured.
    pub(crate) fn open<C: Controller>(
        &mut self,
        controller: &mut C,
        endpoints: PortEndpoints,
        speed: Speed,
        milliamps: u16,
    ) {
        let packet_size = speed.bulk_packet_size().min(u16::try_from(SIZE).unwrap_or(u16::MAX));
        self.half.sender().set_packet_size(packet_size);
        let PortEndpoints { notification, data_in, data_out } = endpoints;
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
    pub(crate) fn close<H: Hooks>(&mut self) {
        self.end_session::<H>();
        self.half.receiver().reclaim();
        self.half.control().deconfigured();
    }

    pub(crate) fn begin_session<H: Hooks>(&mut self) {
        self.half.begin_session(|sender| {
            discard::<H, SLOTS, SIZE>(sender);
            if H::PROBE.is_on() {
                sender.restart();
            }
        });
    }

    /// The session ends by DTR, while the endpoints stay open.
    pub(crate) fn hang_up<C: Controller, H: Hooks>(
        &mut self,
        controller: &mut C,
        endpoints: PortEndpoints,
    ) {
        // What waits in a hardware FIFO is not for the next session.
        controller.abort(endpoints.data_in);
        self.half.sender().aborted();
        self.end_session::<H>();
        if H::DTR == DtrPolicy::Require {
            controller.abort(endpoints.data_out);
            self.half.receiver().reclaim();
        }
    }

    /// The driver holds none of our packets any more.
    fn end_session<H: Hooks>(&mut self) {
        let pace = self.half.pace();
        self.half.end_session(|sender| {
            discard::<H, SLOTS, SIZE>(sender);
            if H::PROBE.is_on() {
                pace.set_reading(Reading::NotYet);
            }
        });
    }

    fn session(&self) -> Session {
        self.half.link().own_session()
    }

    /// Moves packets until the controller is full or nothing is due. `interface` is the
    /// communication interface.
    pub(crate) fn pump<C: Controller, H: Hooks>(
        &mut self,
        controller: &mut C,
        (interface, endpoints): (u8, PortEndpoints),
    ) {
        self.half.link().take_work();
        if H::LOSSY {
            self.serve_writer(controller, endpoints);
        }
        self.pump_in::<C, H>(controller, endpoints);
        self.pump_out(controller, endpoints, H::DTR);
        let Some(due) = self.half.control().due_notification() else { return };
        let Some(packet) = self.half.notification().packet(due.bytes(interface)) else { return };
        if controller.send(endpoints.notification, packet).is_ok() {
            self.half.control().notification_submitted(&due);
        }
    }

    fn pump_in<C: Controller, H: Hooks>(&mut self, controller: &mut C, endpoints: PortEndpoints) {
        let session = self.session();
        if session.is_open() {
            let holds = H::PROBE.is_on() && self.half.pace().reading() != Reading::Yes;
            let send = |packet: TxPacket| match holds && !packet.is_empty() {
                true => Err(packet),
                false => controller.send(endpoints.data_in, packet),
            };
            match H::LOSSY {
                true => self.half.sender().pump_and_count(session.tag(), send),
                false => self.half.sender().pump(session.tag(), send),
            }
        }
        // What was acknowledged or skipped made room.
        self.half.link().writer().wake();
    }

    /// Does what a writer asked for: makes room, and reports that bytes were lost.
    #[inline(never)]
    fn serve_writer<C: Controller>(&mut self, controller: &mut C, endpoints: PortEndpoints) {
        let mut sender = self.half.sender();
        if sender.is_asked_for_room() {
            if sender.must_abort() {
                controller.abort(endpoints.data_in);
                sender.aborted();
            }
            sender.drop_oldest();
        }
        if self.half.sender().is_asked_for_overrun()
            && self.half.control().add_one_shots(SerialState::OVERRUN)
        {
            self.half.sender().overrun_taken();
        }
    }

    fn pump_out<C: Controller>(
        &mut self,
        controller: &mut C,
        endpoints: PortEndpoints,
        policy: DtrPolicy,
    ) {
        if policy != DtrPolicy::Require || self.session().is_open() {
            self.half.receiver().pump(|slot| controller.receive(endpoints.data_out, slot));
        }
    }

    /// The host acknowledged a data packet: the next one may go.
    pub(crate) fn data_sent<C: Controller, H: Hooks>(
        &mut self,
        controller: &mut C,
        endpoints: PortEndpoints,
        now: Option<u16>,
    ) {
        self.half.sender().sent();
        if H::LOSSY {
            self.half.sender().count_sent();
        }
        if H::PROBE.is_on() && self.half.pace().reading() == Reading::NotYet {
            // Nothing but the probe went before this.
            self.half.pace().set_reading(now.map_or(Reading::Yes, Reading::Since));
            self.half.control().host_reads();
        }
        self.pump_in::<C, H>(controller, endpoints);
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

    /// A data packet came: the next one may come. Returns whether it began a session.
    pub(crate) fn received<C: Controller, H: Hooks>(
        &mut self,
        controller: &mut C,
        endpoints: PortEndpoints,
        (slot, length): (RxSlot, u16),
    ) -> bool {
        // Data shows that somebody is there, whatever DTR says.
        let begins = H::DTR == DtrPolicy::Prefer && length > 0 && !self.session().is_open();
        if begins {
            self.begin_session::<H>();
        }
        let session = self.session();
        self.half.receiver().received(session.number(), slot, length);
        self.half.link().reader().wake();
        self.pump_out(controller, endpoints, H::DTR);
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

fn discard<H: Hooks, const SLOTS: usize, const SIZE: usize>(
    sender: &mut PacketSender<'_, SLOTS, SIZE>,
) {
    match H::LOSSY {
        true => sender.discard_and_count(),
        false => sender.discard(),
    }
}
