//! The contract of [`Controller`], kept by the other files.

use usbd_acm::{Controller, Endpoint, EndpointAddress, EndpointSet, Event, RxSlot, TxPacket};

use crate::control::Ep0;
use crate::line::Line;
use crate::registers::pend;
use crate::{ENDPOINTS, Nrf52840, State, Supply};

impl<S: Supply, const PORTS: usize, const DEPTH: usize> Controller for Nrf52840<S, PORTS, DEPTH> {
    const ENDPOINTS: EndpointSet = ENDPOINTS;
    const DEPTH: usize = 1;
    const IN_DEPTH: usize = DEPTH;
    const EVENTS_PER_POLL: usize = 1;
    const DOORBELL: fn() = pend;

    fn connect(&mut self) {
        self.state.attach();
    }

    fn disconnect(&mut self) {
        self.state.detach(&self.usbd, &mut self.supply);
    }

    fn poll(&mut self) -> Option<Event> {
        self.next_event()
    }

    fn ep0_send(&mut self, packet: &[u8]) {
        self.state.dma.load(&self.usbd, packet);
        self.state.ask(&self.usbd, Ep0::Send);
    }

    fn ep0_receive(&mut self) {
        self.state.ask(&self.usbd, Ep0::Receive);
    }

    fn ep0_read(&mut self, buffer: &mut [u8]) -> usize {
        self.state.dma.read(&self.usbd, buffer)
    }

    fn ep0_status_in(&mut self, address: Option<u8>) {
        match address {
            Some(address) => self.state.take_address(address),
            None => self.state.ask(&self.usbd, Ep0::Status),
        }
    }

    fn ep0_status_out(&mut self) {
        self.state.ask(&self.usbd, Ep0::Status);
    }

    #[inline(always)]
    fn ep0_stall(&mut self) {
        self.state.ask(&self.usbd, Ep0::Stall);
    }

    fn open(&mut self, endpoint: Endpoint) {
        self.state.enable(&self.usbd, endpoint.address);
    }

    fn close_all(&mut self) {
        self.state.close_endpoints(&self.usbd);
    }

    fn send(&mut self, address: EndpointAddress, packet: TxPacket) -> Result<(), TxPacket> {
        self.state.push_in(&self.usbd, address, packet)
    }

    fn receive(&mut self, address: EndpointAddress, slot: RxSlot) -> Result<(), RxSlot> {
        self.state.push_out(&self.usbd, address, slot)
    }

    fn abort(&mut self, address: EndpointAddress) {
        self.state.drop_packets(&self.usbd, Line::of(address).bit());
    }

    fn halt(&mut self, address: EndpointAddress) {
        self.state.begin_halt(&self.usbd, address);
    }

    fn unhalt(&mut self, address: EndpointAddress) {
        self.state.end_halt(&self.usbd, address);
    }

    fn frame(&self) -> Option<u16> {
        Some(State::<PORTS, DEPTH>::frame_number(&self.usbd))
    }

    fn watch_frames(&mut self, watch: bool) {
        self.state.watch(&self.usbd, watch);
    }

    fn suspend(&mut self) {
        self.state.sleep(&self.usbd, &mut self.supply);
    }

    fn resume(&mut self) {
        self.state.wake_up(&mut self.supply);
    }

    fn remote_wakeup(&mut self) {
        self.state.ask_to_drive_resume();
    }
}
