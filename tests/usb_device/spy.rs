//! A driver of usb-device that does nothing but note how it is called, and tells what the test says.

use std::collections::{BTreeSet, HashMap, VecDeque};

use usb_device::bus::{PollResult, UsbBus};
use usb_device::endpoint::{EndpointAddress as BusAddress, EndpointType};
use usb_device::{Result, UsbDirection, UsbError};
use usbd_acm::usb_device::{BeyondUsbBus, FromUsbBus, OwnBus};
use usbd_acm::{Controller, EndpointAddress};
use usbd_acm_tests::ONE_PORT;

use crate::recording::Recording;

/// A call of the driver; endpoints are bEndpointAddress.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Call {
    /// With type, wMaxPacketSize in bytes, and bInterval in milliseconds.
    Allocate(u8, EndpointType, u16, u8),
    Enable,
    Reset,
    Address(u8),
    /// What it took.
    Write(u8, Vec<u8>),
    /// What it had no room for.
    Refuse(u8),
    Read(u8),
    Stall(u8, bool),
    Suspend,
    Resume,
    RemoteWakeup,
    Abort(u8),
}

#[derive(Default)]
struct Script {
    news: VecDeque<PollResult>,
    packets: HashMap<u8, VecDeque<Vec<u8>>>,
    full: BTreeSet<u8>,
    /// Endpoints beside EP0: OUT, and IN.
    allocated: [usize; 2],
    can_abort: bool,
}

/// The driver, or the end of it that is in the hand of the test. Some want an address before the status
/// stage.
#[derive(Clone, Default)]
pub struct Spy<const QUIRKY: bool = false> {
    recording: Recording<Call, Script>,
}

impl<const QUIRKY: bool> Spy<QUIRKY> {
    fn note(&self, call: Call) {
        self.recording.note(call);
    }

    /// The calls since this was last asked, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.recording.calls()
    }

    /// What a poll will say, after everything before.
    pub fn tell(&self, news: PollResult) {
        self.recording.script().news.push_back(news);
    }

    /// A packet that can be read.
    pub fn put(&self, address: u8, packet: &[u8]) {
        self.recording.script().packets.entry(address).or_default().push_back(packet.to_vec());
    }

    /// A packet, as a poll will say, too.
    pub fn arrive(&self, address: u8, packet: &[u8]) {
        self.put(address, packet);
        self.tell(PollResult::Data { ep_out: 1 << address, ep_in_complete: 0, ep_setup: 0 });
    }

    /// The host takes the packet of an IN endpoint, as a poll will say.
    pub fn complete(&self, address: u8) {
        let bit = 1 << (address & 0x0F);
        self.tell(PollResult::Data { ep_out: 0, ep_in_complete: bit, ep_setup: 0 });
    }

    /// Whether writes to this endpoint find no room.
    pub fn set_full(&self, address: u8, full: bool) {
        let mut script = self.recording.script();
        match full {
            true => script.full.insert(address),
            false => script.full.remove(&address),
        };
    }

    /// Whether a packet can be dropped from hardware.
    pub fn set_can_abort(&self, can: bool) {
        self.recording.script().can_abort = can;
    }
}

impl<const QUIRKY: bool> UsbBus for Spy<QUIRKY> {
    const QUIRK_SET_ADDRESS_BEFORE_STATUS: bool = QUIRKY;

    fn alloc_ep(
        &mut self,
        direction: UsbDirection,
        wanted: Option<BusAddress>,
        endpoint_type: EndpointType,
        max_packet_size: u16,
        interval: u8,
    ) -> Result<BusAddress> {
        let count = usize::from(!matches!(endpoint_type, EndpointType::Control));
        let of_direction = &mut self.recording.script().allocated[direction as usize >> 7];
        *of_direction += count;
        let address = wanted.unwrap_or_else(|| BusAddress::from_parts(*of_direction, direction));
        self.note(Call::Allocate(address.into(), endpoint_type, max_packet_size, interval));
        Ok(address)
    }

    fn enable(&mut self) {
        self.note(Call::Enable);
    }

    fn reset(&self) {
        self.note(Call::Reset);
    }

    fn set_device_address(&self, address: u8) {
        self.note(Call::Address(address));
    }

    fn write(&self, address: BusAddress, packet: &[u8]) -> Result<usize> {
        let address = address.into();
        if self.recording.script().full.contains(&address) {
            self.note(Call::Refuse(address));
            return Err(UsbError::WouldBlock);
        }
        self.note(Call::Write(address, packet.to_vec()));
        Ok(packet.len())
    }

    fn read(&self, address: BusAddress, buffer: &mut [u8]) -> Result<usize> {
        let address = address.into();
        self.note(Call::Read(address));
        let packet =
            self.recording.script().packets.get_mut(&address).and_then(VecDeque::pop_front);
        let packet = packet.ok_or(UsbError::WouldBlock)?;
        buffer.get_mut(..packet.len()).ok_or(UsbError::BufferOverflow)?.copy_from_slice(&packet);
        Ok(packet.len())
    }

    fn set_stalled(&self, address: BusAddress, stalled: bool) {
        self.note(Call::Stall(address.into(), stalled));
    }

    fn is_stalled(&self, _address: BusAddress) -> bool {
        false
    }

    fn suspend(&self) {
        self.note(Call::Suspend);
    }

    fn resume(&self) {
        self.note(Call::Resume);
    }

    fn poll(&self) -> PollResult {
        self.recording.script().news.pop_front().unwrap_or(PollResult::None)
    }
}

/// What the spy can do beyond `UsbBus`.
pub struct Beyond;

impl<const QUIRKY: bool> BeyondUsbBus<Spy<QUIRKY>> for Beyond {
    const DOORBELL: fn() = usbd_acm_tests::probe::bell::ring;

    fn remote_wakeup(bus: &Spy<QUIRKY>) {
        bus.note(Call::RemoteWakeup);
    }

    fn abort(bus: &Spy<QUIRKY>, address: EndpointAddress) -> bool {
        bus.note(Call::Abort(address.to_byte()));
        bus.recording.script().can_abort
    }
}

/// The controller of a `Device` on a spy.
pub type OnSpy<const QUIRKY: bool = false> = FromUsbBus<OwnBus<Spy<QUIRKY>>, Beyond, 1>;

/// Connected, and the calls up to there forgotten.
pub fn connected<const QUIRKY: bool>() -> (OnSpy<QUIRKY>, Spy<QUIRKY>) {
    let spy = Spy::default();
    let mut controller = OnSpy::new(OwnBus::new(spy.clone()), &ONE_PORT).expect("endpoints");
    controller.connect();
    spy.calls();
    (controller, spy)
}
