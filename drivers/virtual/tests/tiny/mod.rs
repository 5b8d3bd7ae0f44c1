//! A small loop-back device, written by hand so that the host is tested without the stack.
#![allow(dead_code, reason = "every test file uses a part")]

use std::cell::RefCell;
use std::rc::Rc;

use usbd_acm::class::fifo::{
    InFifo, OutFifo, PacketReader, PacketReceiver, PacketSender, PacketWriter,
};
use usbd_acm::{
    Controller, Direction, Endpoint, EndpointAddress, Event, SetupPacket, TransferType,
};
use usbd_acm_virtual::host::{AcmPort, Config, Host, linux};
use usbd_acm_virtual::{Board, FullSpeed, Nanoseconds, Variant, VirtualController};

const DEVICE: [u8; 18] = [18, 1, 0, 2, 2, 0, 0, 64, 9, 0x12, 1, 0, 0, 1, 1, 2, 0, 1];
const CONFIGURATION: [u8; 58] = [
    9, 2, 58, 0, 2, 1, 0, 0xA0, 50, // configuration, remote wake-up
    9, 4, 0, 0, 1, 2, 2, 0, 0, // communication interface
    5, 0x24, 6, 0, 1, // union
    7, 5, 0x82, 3, 8, 0, 4, // notification
    5, 0x24, 0, 0x10, 1, // header, out of order on purpose
    9, 4, 1, 0, 2, 10, 0, 0, 0, // data interface
    7, 5, 0x81, 2, 64, 0, 0, // bulk IN
    7, 5, 0x01, 2, 64, 0, 0, // bulk OUT
];
const LANGUAGES: [u8; 4] = [4, 3, 9, 4];
const MANUFACTURER: [u8; 4] = [4, 3, b'M', 0];
const PRODUCT: [u8; 6] = [6, 3, b'P', 0, 0xE4, 0];

const BULK_IN: EndpointAddress = EndpointAddress::new(1, Direction::In).unwrap();
const BULK_OUT: EndpointAddress = EndpointAddress::new(1, Direction::Out).unwrap();
const NOTIFICATION: EndpointAddress = EndpointAddress::new(2, Direction::In).unwrap();

/// What a test sees and moves from outside.
#[derive(Default)]
pub struct Knobs {
    /// bMaxPacketSize0 and what EP0 data is cut to; 0 for 64.
    pub ep0_size: u8,
    pub line_coding: [u8; 7],
    pub lines: u16,
    pub break_time: Option<u16>,
    pub resets: u32,
    pub suspended: bool,
    pub wake: bool,
    /// Answers nothing, for ever.
    pub deaf: bool,
    /// Neither reads nor writes bulk data.
    pub idle: bool,
    /// To be sent as a notification.
    pub notification: Vec<u8>,
}

pub struct Tiny<C> {
    controller: C,
    knobs: Rc<RefCell<Knobs>>,
    request: Option<SetupPacket>,
    reply: Vec<u8>,
    configured: bool,
    session: u16,
    writer: PacketWriter<'static, 4, 64>,
    sender: PacketSender<'static, 4, 64>,
    receiver: PacketReceiver<'static, 4, 64>,
    reader: PacketReader<'static, 4, 64>,
    notifier: (PacketWriter<'static, 4, 8>, PacketSender<'static, 4, 8>),
}

pub type TinyHost = Host<Board<Box<dyn FnMut(Nanoseconds)>>>;

/// A host with the device plugged in, at full speed.
pub fn plugged() -> (TinyHost, Rc<RefCell<Knobs>>) {
    let (mut host, knobs) = host::<FullSpeed>(64);
    host.plug().unwrap();
    (host, knobs)
}

/// The same, enumerated and opened.
pub fn opened() -> (TinyHost, Rc<RefCell<Knobs>>, AcmPort) {
    let (mut host, knobs) = plugged();
    let device = linux::enumerate(&mut host).unwrap();
    let mut port = AcmPort::all(&device).remove(0);
    linux::open(&mut host, &mut port, [0x00, 0xC2, 0x01, 0x00, 0, 0, 8]).unwrap();
    (host, knobs, port)
}

/// A host with the device at its end, not plugged in.
pub fn host<V: Variant + 'static>(ep0_size: u8) -> (TinyHost, Rc<RefCell<Knobs>>) {
    let (controller, wire) = VirtualController::<V>::new(2);
    let knobs = Rc::new(RefCell::new(Knobs { ep0_size, ..Knobs::default() }));
    let mut device = Tiny::new(controller, knobs.clone());
    let firmware: Box<dyn FnMut(Nanoseconds)> = Box::new(move |_| device.run());
    (Host::with_config(Board::new(wire, firmware), Config::default()), knobs)
}

impl<C: Controller> Tiny<C> {
    fn new(mut controller: C, knobs: Rc<RefCell<Knobs>>) -> Self {
        controller.connect();
        let (writer, sender) = Box::leak(Box::new(InFifo::new())).split();
        let (receiver, reader) = Box::leak(Box::new(OutFifo::new())).split();
        Self {
            controller,
            knobs,
            request: None,
            reply: Vec::new(),
            configured: false,
            session: 1,
            writer,
            sender,
            receiver,
            reader,
            notifier: Box::leak(Box::new(InFifo::new())).split(),
        }
    }

    fn run(&mut self) {
        if self.knobs.borrow().deaf {
            return;
        }
        while let Some(event) = self.controller.poll() {
            self.handle(event);
        }
        let mut knobs = self.knobs.borrow_mut();
        if std::mem::take(&mut knobs.wake) {
            self.controller.remote_wakeup();
        }
        if !self.configured || knobs.idle || knobs.suspended {
            return;
        }
        knobs.notification.drain(..).for_each(|byte| {
            self.notifier.0.write(self.session, &[byte]);
        });
        while let Some((_, bytes)) = self.reader.front() {
            let count = self.writer.write(self.session, bytes);
            if count == 0 {
                break;
            }
            self.reader.consume(count);
        }
        let controller = &mut self.controller;
        self.notifier.1.pump(self.session, |packet| controller.send(NOTIFICATION, packet));
        self.sender.pump(self.session, |packet| controller.send(BULK_IN, packet));
        self.receiver.pump(|slot| controller.receive(BULK_OUT, slot));
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Reset(_) => {
                self.knobs.borrow_mut().resets += 1;
                self.deconfigure();
            }
            Event::VbusLost => self.deconfigure(),
            Event::Suspend => self.knobs.borrow_mut().suspended = true,
            Event::Resume => self.knobs.borrow_mut().suspended = false,
            Event::Setup(setup) => self.setup(setup),
            Event::Ep0Sent if self.reply.is_empty() => self.controller.ep0_status_out(),
            Event::Ep0Sent => self.send_reply(),
            Event::Ep0Received => self.receive(),
            Event::Ep0Status => {}
            Event::Sent(address) if address == NOTIFICATION => self.notifier.1.sent(),
            Event::Sent(_) => self.sender.sent(),
            Event::Received(_, slot, length) => self.receiver.received(self.session, slot, length),
        }
    }

    fn deconfigure(&mut self) {
        self.knobs.borrow_mut().suspended = false;
        self.configured = false;
        self.session = self.session.wrapping_add(1);
        self.sender.discard();
        self.notifier.1.discard();
        self.receiver.reclaim();
        while let Some((_, bytes)) = self.reader.front() {
            let count = bytes.len();
            self.reader.consume(count);
        }
    }

    fn setup(&mut self, setup: SetupPacket) {
        self.request = Some(setup);
        let mut knobs = self.knobs.borrow_mut();
        match (setup.request_type, setup.request) {
            (0x80, 6) => {
                let reply = descriptor(setup.value, knobs.ep0_size);
                drop(knobs);
                return self.answer(reply);
            }
            (0xA1, 0x21) => {
                let coding = knobs.line_coding.to_vec();
                drop(knobs);
                return self.answer(Some(coding));
            }
            (0x21, 0x20) if setup.length == 7 => return self.controller.ep0_receive(),
            (0x00, 5) => {
                let address = u8::try_from(setup.value).ok();
                return self.controller.ep0_status_in(address);
            }
            (0x21, 0x22) => knobs.lines = setup.value,
            (0x21, 0x23) => knobs.break_time = Some(setup.value),
            (0x00, 3) if setup.value == 1 => {}
            (0x00, 9) => {
                drop(knobs);
                self.configure();
            }
            (0x02, 1) => {
                let address = u8::try_from(setup.index).ok().and_then(EndpointAddress::from_byte);
                self.controller.unhalt(address.unwrap());
            }
            (0x02, 3) => {
                let address = u8::try_from(setup.index).ok().and_then(EndpointAddress::from_byte);
                self.controller.halt(address.unwrap());
            }
            _ => return self.controller.ep0_stall(),
        }
        self.controller.ep0_status_in(None);
    }

    fn configure(&mut self) {
        self.deconfigure();
        let bulk =
            |address| Endpoint { address, transfer_type: TransferType::Bulk, max_packet_size: 64 };
        self.controller.open(bulk(BULK_IN));
        self.controller.open(bulk(BULK_OUT));
        self.controller.open(Endpoint {
            address: NOTIFICATION,
            transfer_type: TransferType::Interrupt,
            max_packet_size: 8,
        });
        self.configured = true;
    }

    fn answer(&mut self, reply: Option<Vec<u8>>) {
        let (Some(mut reply), Some(request)) = (reply, self.request) else {
            return self.controller.ep0_stall();
        };
        reply.truncate(usize::from(request.length));
        self.reply = reply;
        self.send_reply();
    }

    fn send_reply(&mut self) {
        let size = usize::from(self.knobs.borrow().ep0_size);
        let rest = self.reply.split_off(self.reply.len().min(size));
        self.controller.ep0_send(&self.reply);
        self.reply = rest;
    }

    fn receive(&mut self) {
        let mut coding = [0; 7];
        if self.controller.ep0_read(&mut coding) != 7 {
            return self.controller.ep0_stall();
        }
        self.knobs.borrow_mut().line_coding = coding;
        self.controller.ep0_status_in(None);
    }
}

fn descriptor(value: u16, ep0_size: u8) -> Option<Vec<u8>> {
    Some(match value {
        0x0100 => {
            let mut device = DEVICE;
            device[7] = ep0_size;
            device.to_vec()
        }
        0x0200 => CONFIGURATION.to_vec(),
        0x0300 => LANGUAGES.to_vec(),
        0x0301 => MANUFACTURER.to_vec(),
        0x0302 => PRODUCT.to_vec(),
        _ => return None,
    })
}
