//! The contract of [`Controller`], kept by the other files.

use usbd_acm::{
    Controller, Direction, Endpoint, EndpointAddress, EndpointSet, Event, RxSlot, TestMode,
    TxPacket,
};

use crate::endpoint::Line;
use crate::registers::pend;
use crate::{Core, Phy, SynopsysOtg};

impl<C: Core, const PORTS: usize, const DEPTH: usize> Controller for SynopsysOtg<C, PORTS, DEPTH> {
    const ENDPOINTS: EndpointSet = C::ENDPOINTS;
    const HIGH_SPEED: bool = matches!(C::PHY, Phy::Ulpi);
    const TEST_MODES: bool = Self::HIGH_SPEED;
    const DEPTH: usize = DEPTH;
    // The last place is for a notification.
    const IN_DEPTH: usize = DEPTH - 1;
    // Of packets that went in one transfer one interrupt tells.
    const EVENTS_PER_POLL: usize = if DEPTH == 2 { 1 } else { DEPTH };
    const DOORBELL: fn() = pend::<C>;

    fn connect(&mut self) {
        self.attach();
    }

    fn disconnect(&mut self) {
        self.detach();
    }

    fn poll(&mut self) -> Option<Event> {
        self.next_event()
    }

    #[inline(always)]
    fn ep0_send(&mut self, packet: &[u8]) {
        self.control_send(packet);
    }

    #[inline(always)]
    fn ep0_receive(&mut self) {
        self.control_receive();
    }

    fn ep0_read(&mut self, buffer: &mut [u8]) -> usize {
        self.read_packet(buffer)
    }

    #[inline(always)]
    fn ep0_status_in(&mut self, address: Option<u8>) {
        self.control_status_in(address);
    }

    #[inline(always)]
    fn ep0_status_out(&mut self) {
        self.control_status_out();
    }

    #[inline(always)]
    fn ep0_stall(&mut self) {
        self.control_stall();
    }

    fn open(&mut self, endpoint: Endpoint) {
        self.activate(endpoint);
    }

    fn close_all(&mut self) {
        self.close_endpoints();
    }

    fn send(&mut self, address: EndpointAddress, packet: TxPacket) -> Result<(), TxPacket> {
        self.push_in(Line::new(address.number().into(), Direction::In), packet)
    }

    fn receive(&mut self, address: EndpointAddress, slot: RxSlot) -> Result<(), RxSlot> {
        self.push_out(Line::new(address.number().into(), Direction::Out), slot)
    }

    fn abort(&mut self, address: EndpointAddress) {
        self.drop_packets_of(Line::of(address));
    }

    fn halt(&mut self, address: EndpointAddress) {
        self.begin_halt(Line::of(address));
    }

    fn unhalt(&mut self, address: EndpointAddress) {
        self.end_halt(Line::of(address));
    }

    fn frame(&self) -> Option<u16> {
        Some(self.frame_number())
    }

    fn watch_frames(&mut self, watch: bool) {
        self.watch(watch);
    }

    fn test_mode(&mut self, mode: TestMode) {
        self.enter_test_mode(mode);
    }

    fn suspend(&mut self) {
        self.stop_clocks();
    }

    fn resume(&mut self) {
        self.start_clocks();
    }

    fn remote_wakeup(&mut self) {
        self.drive_resume();
    }
}
