//! A virtual controller and its wire, both moved by hand.

use usbd_acm::class::fifo::{InFifo, OutFifo};
use usbd_acm::{
    Controller, Direction, Endpoint, EndpointAddress, Event, RxSlot, SetupPacket, Speed,
    TransferType, TxPacket,
};
use usbd_acm_virtual::{
    DevicePort, FullSpeed, Handshake, InResponse, Pid, Variant, VirtualController, VirtualWire,
};

pub const GET_DESCRIPTOR: [u8; 8] = [0x80, 6, 0, 1, 0, 0, 18, 0];
pub const SET_LINE_CODING: [u8; 8] = [0x21, 0x20, 0, 0, 0, 0, 7, 0];
pub const SET_ADDRESS_5: [u8; 8] = [0, 5, 5, 0, 0, 0, 0, 0];

pub fn packet(bytes: &[u8]) -> TxPacket {
    let (mut writer, mut sender) = Box::leak(Box::new(InFifo::<2, 64>::new())).split();
    assert_eq!(writer.write(0, bytes), bytes.len());
    let mut taken = None;
    sender.pump(0, |packet| match taken {
        Some(_) => Err(packet),
        None => {
            taken = Some(packet);
            Ok(())
        }
    });
    taken.unwrap()
}

pub fn slot() -> RxSlot {
    let (mut receiver, _) = Box::leak(Box::new(OutFifo::<2, 64>::new())).split();
    let mut taken = None;
    receiver.pump(|slot| match taken {
        Some(_) => Err(slot),
        None => {
            taken = Some(slot);
            Ok(())
        }
    });
    taken.unwrap()
}

pub fn address(number: u8, direction: Direction) -> EndpointAddress {
    EndpointAddress::new(number, direction).unwrap()
}

pub fn ep1_in() -> EndpointAddress {
    address(1, Direction::In)
}

pub fn ep1_out() -> EndpointAddress {
    address(1, Direction::Out)
}

pub fn bulk(address: EndpointAddress) -> Endpoint {
    Endpoint { address, transfer_type: TransferType::Bulk, max_packet_size: 64 }
}

/// A controller after its first bus reset.
pub fn reset_device<V: Variant>(depth: usize) -> (VirtualController<V>, VirtualWire) {
    let (mut device, mut wire) = VirtualController::<V>::new(depth);
    device.connect();
    wire.set_vbus(true);
    let speed = wire.bus_reset(Speed::High);
    assert!(matches!(device.poll(), Some(Event::Reset(s)) if s == speed));
    (device, wire)
}

/// The same with both bulk endpoints open.
pub fn open_device(depth: usize) -> (VirtualController<FullSpeed>, VirtualWire) {
    let (mut device, wire) = reset_device(depth);
    device.open(bulk(ep1_in()));
    device.open(bulk(ep1_out()));
    (device, wire)
}

pub fn setup(device: &mut impl Controller, wire: &mut VirtualWire, data: [u8; 8]) {
    assert_eq!(wire.setup(0, 0, data), Handshake::Ack);
    assert!(matches!(device.poll(), Some(Event::Setup(s)) if s == SetupPacket::from_bytes(data)));
}

pub fn data(pid: Pid, bytes: &[u8]) -> InResponse {
    InResponse::Data { pid, bytes: bytes.to_vec() }
}
