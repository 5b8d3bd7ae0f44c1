//! The contract of [`Controller`], kept by the other files.

use usbd_acm::{Controller, Endpoint, EndpointAddress, EndpointSet, Event, RxSlot, TxPacket};

use crate::control::Ep0;
use crate::line::Line;
use crate::registers::pend;
use crate::{ENDPOINTS, Nrf52840, Supply};

impl<S: Supply, const PORTS: usize, const DEPTH: usize> Controller for Nrf52840<S, PORTS, DEPTH> {
    const ENDPOINTS: EndpointSet = ENDPOINTS;
    const DEPTH: usize = 1;
    const IN_DEPTH: usize = DEPTH;
    const EVENTS_PER_POLL: usize = 1;
    const DOORBELL: fn() = pend;

    fn connect(&mut self) {
        self.attach();
    }

    fn disconnect(&mut self) {
        self.detach();
    }

    fn poll(&mut self) -> Option<Event> {
        self.next_event()
    }

    fn ep0_send(&mut self, packet: &[u8]) {
        self.state.dma.load(&self.usbd, packet);
        self.ask(Ep0::Send);
    }

    fn ep0_receive(&mut self) {
        self.ask(Ep0::Receive);
    }

    fn ep0_read(&mut self, buffer: &mut [u8]) -> usize {
        self.state.dma.read(&self.usbd, buffer)
    }

    fn ep0_status_in(&mut self, address: Option<u8>) {
        match address {
            Some(address) => self.take_address(address),
            None => self.ask(Ep0::Status),
        }
    }

    fn ep0_status_out(&mut self) {
        self.ask(Ep0::Status);
    }

    fn ep0_stall(&mut self) {
        self.ask(Ep0::Stall);
    }

    fn open(&mut self, endpoint: Endpoint) {
        self.enable(endpoint.address);
    }

    fn close_all(&mut self) {
        self.close_endpoints();
    }

    fn send(&mut self, address: EndpointAddress, packet: TxPacket) -> Result<(), TxPacket> {
        self.push_in(address, packet)
    }

    fn receive(&mut self, address: EndpointAddress, slot: RxSlot) -> Result<(), RxSlot> {
        self.push_out(address, slot)
    }

    fn abort(&mut self, address: EndpointAddress) {
        self.drop_packets(Line::of(address).bit());
    }

    fn halt(&mut self, address: EndpointAddress) {
        self.begin_halt(address);
    }

    fn unhalt(&mut self, address: EndpointAddress) {
        self.end_halt(address);
    }

    fn frame(&self) -> Option<u16> {
        Some(self.frame_number())
    }

    fn watch_frames(&mut self, watch: bool) {
        self.watch(watch);
    }

    fn suspend(&mut self) {
        self.sleep();
    }

    fn resume(&mut self) {
        self.wake_up();
    }

    fn remote_wakeup(&mut self) {
        self.ask_to_drive_resume();
    }
}
