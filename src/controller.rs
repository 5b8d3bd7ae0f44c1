//! The contract between the stack and a chip driver.

use crate::{EndpointAddress, EndpointSet, RxSlot, SetupPacket, Speed, TransferType, TxPacket};

/// An endpoint as the driver opens it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Endpoint {
    /// Number and direction.
    pub address: EndpointAddress,
    /// Bulk or interrupt.
    pub transfer_type: TransferType,
    /// wMaxPacketSize, in bytes.
    pub max_packet_size: u16,
}

/// What a controller tells the stack, one at a time. What concerns one endpoint, or the whole bus, is in
/// the order of the bus; packets of two endpoints may change places while both wait to be told, as no host
/// knows which of them a device handles first.
#[derive(Debug)]
pub enum Event {
    /// A bus reset ended; the bus runs at this speed. The driver has dropped every armed packet and
    /// closed every endpoint but EP0.
    Reset(Speed),
    /// The bus was idle for 3 ms (USB 2.0 §7.1.7.6).
    Suspend,
    /// The host resumed the bus.
    Resume,
    /// VBUS went away: the device is unplugged. Endpoints are closed as on a reset.
    VbusLost,
    /// A SETUP packet was acknowledged: always the newest. Whatever was armed on EP0 is gone, and
    /// no event of the transfer before it follows.
    Setup(SetupPacket),
    /// The host acknowledged the packet of [`Controller::ep0_send`].
    Ep0Sent,
    /// A data packet arrived after [`Controller::ep0_receive`]; [`Controller::ep0_read`] has it.
    Ep0Received,
    /// The status stage is over: acknowledged IN, or arrived OUT. It may come while IN data is
    /// still armed, when the host ends the transfer early.
    Ep0Status,
    /// The host acknowledged the oldest packet of [`Controller::send`] on this IN endpoint. The
    /// driver has dropped its [`TxPacket`].
    Sent(EndpointAddress),
    /// A packet of this many bytes arrived (0 to the size of the slot) in the oldest slot of
    /// [`Controller::receive`] on this OUT endpoint.
    Received(EndpointAddress, RxSlot, u16),
}

/// A test mode of a high-speed port (USB 2.0 §7.1.20), by its selector (table 9-7). Test_Force_Enable is
/// of hubs alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum TestMode {
    /// Test_J: drives the high-speed J state.
    J = 1,
    /// Test_K: drives the high-speed K state.
    K = 2,
    /// Test_SE0_NAK: receives at high speed, and answers every IN token with NAK.
    Se0Nak = 3,
    /// Test_Packet: sends the test packet, over and over.
    Packet = 4,
}

impl TestMode {
    /// The mode of a test selector; `None` for those that a device does not have.
    pub const fn from_selector(selector: u8) -> Option<Self> {
        match selector {
            1 => Some(Self::J),
            2 => Some(Self::K),
            3 => Some(Self::Se0Nak),
            4 => Some(Self::Packet),
            _ => None,
        }
    }
}

/// A USB device controller.
///
/// Drivers know packets, tokens and registers; they know no requests. Every stage of a control
/// transfer is told to them, so they never look into a SETUP packet.
///
/// # For driver authors
///
/// - Methods do not wait for the bus. Where silicon needs a wait, it is bounded and documented, and
///   never longer than that inside a critical section. No register content and no host makes a
///   method panic.
/// - The interrupt line stays asserted while [`poll`](Self::poll) would return an event.
/// - A SETUP packet is accepted in every state, also while an OUT packet finds no slot.
/// - An OUT packet for which there is no slot is NAKed by the hardware and raises no interrupt.
/// - A [`TxPacket`] is dropped when it was acknowledged, aborted, or its endpoint closed: not
///   before, as its bytes may be needed for a retry, and not later, as its slot is then reused.
/// - An [`RxSlot`] that was not filled is dropped on close, abort and reset.
/// - Between a bus reset, or loss of VBUS, and its event, the stack talks to a device that is gone:
///   its calls do nothing, and older events of endpoints are never told.
/// - [`ep0_send`](Self::ep0_send) and the other EP0 methods answer the newest SETUP. When a newer
///   one is already in hardware they do nothing.
///
/// # For stack authors
///
/// `send` and `receive` are called only on endpoints that were opened and not closed since.
pub trait Controller {
    /// The endpoints beside EP0.
    const ENDPOINTS: EndpointSet;

    /// Whether this controller may come up at high speed, and so needs the descriptors for it.
    const HIGH_SPEED: bool = false;

    /// Whether [`test_mode`](Self::test_mode) is there, as USB 2.0 §7.1.20 asks of a high-speed device.
    /// Without it, and at full speed, the request for it is STALLed.
    const TEST_MODES: bool = false;

    /// bMaxPacketSize0, in bytes (USB 2.0 §5.5.3). The stack takes 64 only, which is what its
    /// descriptors say; another size does not compile.
    const EP0_PACKET_SIZE: u8 = 64;

    /// How many packets, or slots, an endpoint holds, where that is the same for all and always: the
    /// stack then offers no more. By default it offers another until it is given back.
    const DEPTH: usize = usize::MAX;

    /// The same for packets of data on an IN endpoint alone, where those are fewer than slots.
    const IN_DEPTH: usize = Self::DEPTH;

    /// Events that one [`Device::poll`](crate::Device::poll) takes at most, so that its time is bounded
    /// whatever the host does. 1 where to be interrupted again costs less than to ask after each event
    /// whether there is another; what no interrupt line tells then has to pend the interrupt.
    const EVENTS_PER_POLL: usize = 16;

    /// Makes the context that polls run soon: pends the USB interrupt. It is called by the
    /// application half after it gave the bus side something to do, from any context. Where the
    /// main loop polls anyway there is nothing to do.
    const DOORBELL: fn() = || ();

    /// Attaches the device: pull-up on, as soon as VBUS is there.
    fn connect(&mut self);

    /// Detaches the device: pull-up off, every endpoint closed as on a reset.
    fn disconnect(&mut self);

    /// The next event, or `None` when there is nothing to tell. Work that hardware left to
    /// software (the next DMA, a FIFO refill) is done here too.
    fn poll(&mut self) -> Option<Event>;

    /// Arms a data IN packet of 0 to [`EP0_PACKET_SIZE`](Self::EP0_PACKET_SIZE) bytes; the bytes
    /// are copied. The first of a transfer is DATA1. A status OUT that comes instead ends the
    /// transfer (USB 2.0 §8.5.3: the host may stop early) with [`Event::Ep0Status`].
    fn ep0_send(&mut self, packet: &[u8]);

    /// Lets one data OUT packet in.
    fn ep0_receive(&mut self);

    /// Copies the packet of the last [`Event::Ep0Received`] and returns its length on the wire,
    /// which may be more than `buffer` holds.
    fn ep0_read(&mut self, buffer: &mut [u8]) -> usize;

    /// Arms the status stage of a transfer without data or with OUT data: a zero-length DATA1 IN
    /// packet. With `address`, the controller answers to that address (0 to 127) once the host
    /// acknowledged the packet, not before (USB 2.0 §9.4.6).
    fn ep0_status_in(&mut self, address: Option<u8>);

    /// Lets the status stage of a transfer with IN data in: a zero-length OUT packet. Anything
    /// longer is stalled.
    fn ep0_status_out(&mut self);

    /// STALLs data and status stage until the next SETUP (USB 2.0 §8.5.3.4).
    fn ep0_stall(&mut self);

    /// Opens an endpoint: not halted, nothing armed, DATA0. An open endpoint is opened anew.
    fn open(&mut self, endpoint: Endpoint);

    /// Closes every endpoint but EP0; tokens to them find no device.
    fn close_all(&mut self);

    /// Queues a packet of 0 to wMaxPacketSize bytes on an IN endpoint. Gives it back when the
    /// driver holds as many as it can: one at least, two where hardware buffers twice.
    fn send(&mut self, address: EndpointAddress, packet: TxPacket) -> Result<(), TxPacket>;

    /// Queues an empty slot for one packet on an OUT endpoint. Gives it back when the driver holds
    /// as many as it can. While it holds none, the endpoint NAKs.
    fn receive(&mut self, address: EndpointAddress, slot: RxSlot) -> Result<(), RxSlot>;

    /// Drops the packets queued on an IN endpoint, also those already in a hardware FIFO, or the
    /// empty slots of an OUT endpoint. The data toggle stays as it is: whether the host has a packet
    /// whose acknowledgement was lost, no device knows, and the stack sends a zero-length packet
    /// next. A packet that the host acknowledges at that very moment counts as dropped: no
    /// [`Event::Sent`] follows, which would pass for that of a newer packet.
    fn abort(&mut self, address: EndpointAddress);

    /// Halts the endpoint: every token is STALLed, nothing moves, what is queued stays queued
    /// (USB 2.0 §9.4.5).
    fn halt(&mut self, address: EndpointAddress);

    /// Ends the halt, and in any case sets the data toggle to DATA0, halted or not, and loses no
    /// queued packet (USB 2.0 §9.4.5).
    fn unhalt(&mut self, address: EndpointAddress);

    /// Number of the frame on the bus, 0 to 2047, as the last SOF carried it (USB 2.0 §8.4.3): one
    /// register, without side effects. `None`, the default, where the controller does not tell.
    fn frame(&self) -> Option<u16> {
        None
    }

    /// Whether each SOF makes the context that polls run, as an event does: then the SOF interrupt
    /// is unmasked, and [`poll`](Self::poll) acknowledges it without telling of it. The stack asks
    /// for this while it counts frames, which it does for a fraction of a second at a time. By
    /// default nothing happens, and what waits for a frame goes on at the next poll after it.
    fn watch_frames(&mut self, watch: bool) {
        let _ = watch;
    }

    /// Enters a test mode. Called at high speed, when the status stage of the request is over: the mode
    /// must be entered within 3 ms of that (USB 2.0 §9.4.9). From then on there are no events but
    /// [`Event::VbusLost`]: the mode lasts until VBUS goes away or [`disconnect`](Self::disconnect).
    fn test_mode(&mut self, mode: TestMode) {
        let _ = mode;
    }

    /// Gates what the chip can gate. Called after [`Event::Suspend`].
    fn suspend(&mut self);

    /// Restores what [`suspend`](Self::suspend) gated. Called after [`Event::Resume`], after a reset
    /// or loss of VBUS in suspend, and before [`remote_wakeup`](Self::remote_wakeup).
    fn resume(&mut self);

    /// Signals resume (K state, 1 to 15 ms, USB 2.0 §7.1.7.7) on the suspended bus. The stack calls
    /// it only when the host enabled it; the driver sees to the 5 ms of idle before it.
    fn remote_wakeup(&mut self);
}
