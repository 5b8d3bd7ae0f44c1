//! A CDC-ACM loop-back device on token level, written for these tests alone: it does what the
//! front ends need and complains about toggles, addresses and frames that are wrong.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use usbd_acm::Speed;
use usbd_acm_redirect::served::ServedDevice;
use usbd_acm_virtual::{DevicePort, Handshake, InResponse, Nanoseconds, Pid};

pub const BULK_OUT: u8 = 0x02;
pub const BULK_IN: u8 = 0x82;
pub const NOTIFY: u8 = 0x81;
const DEVICE: [u8; 18] = [18, 1, 0, 2, 2, 0, 0, 64, 0x09, 0x12, 0x01, 0x00, 0x34, 0x12, 0, 0, 0, 1];

fn configuration(speed: Speed) -> Vec<u8> {
    let [low, high] = speed.bulk_packet_size().to_le_bytes();
    let mut bytes = vec![9, 2, 0, 0, 2, 1, 0, 0xC0, 50];
    bytes.extend([9, 4, 0, 0, 1, 2, 2, 1, 0]);
    bytes.extend([5, 0x24, 0, 0x20, 1, 4, 0x24, 2, 6, 5, 0x24, 6, 0, 1, 5, 0x24, 1, 0, 1]);
    bytes.extend([7, 5, NOTIFY, 3, 16, 0, 8]);
    bytes.extend([9, 4, 1, 0, 2, 10, 0, 0, 0]);
    bytes.extend([7, 5, BULK_OUT, 2, low, high, 0]);
    bytes.extend([7, 5, BULK_IN, 2, low, high, 0]);
    bytes[2] = u8::try_from(bytes.len()).unwrap();
    bytes
}

/// What a test sees and sets from outside.
#[derive(Default)]
pub struct Panel {
    /// What went wrong on the wire.
    pub violations: Vec<String>,
    /// SETUP packets in order.
    pub setups: Vec<[u8; 8]>,
    /// Bus resets.
    pub resets: usize,
    /// NAK everything on the bulk OUT endpoint.
    pub out_blocked: bool,
    /// STALL everything on the bulk endpoints.
    pub halted: bool,
    /// NAK EP0 data and status stages for ever.
    pub control_blocked: bool,
    /// Lose the next IN acknowledgement.
    pub notifications: VecDeque<Vec<u8>>,
    /// Packets received on bulk OUT.
    pub received: Vec<Vec<u8>>,
    /// Packets to send on bulk IN.
    pub queued: VecDeque<Vec<u8>>,
    /// Bulk OUT goes back to bulk IN.
    pub echo: bool,
    /// Frames counted.
    pub frames: u64,
}

pub struct Model {
    panel: Rc<RefCell<Panel>>,
    powered: bool,
    speed: Speed,
    address: u8,
    new_address: Option<u8>,
    configuration: u8,
    line_coding: [u8; 7],
    reply: Option<Vec<u8>>,
    expecting: Option<[u8; 8]>,
    ep0_pid: Pid,
    out_pid: Pid,
    in_pid: Pid,
    notify_pid: Pid,
}

impl Model {
    pub fn new() -> (Self, Rc<RefCell<Panel>>) {
        let panel = Rc::new(RefCell::new(Panel { echo: true, ..Panel::default() }));
        let model = Self {
            panel: panel.clone(),
            powered: false,
            speed: Speed::Full,
            address: 0,
            new_address: None,
            configuration: 0,
            line_coding: [0, 0xC2, 1, 0, 0, 0, 8],
            reply: None,
            expecting: None,
            ep0_pid: Pid::Data1,
            out_pid: Pid::Data0,
            in_pid: Pid::Data0,
            notify_pid: Pid::Data0,
        };
        (model, panel)
    }

    fn mine(&self, address: u8) -> bool {
        self.powered && address == self.address
    }

    fn zero_toggles(&mut self) {
        (self.out_pid, self.in_pid, self.notify_pid) = (Pid::Data0, Pid::Data0, Pid::Data0);
    }

    fn request(&mut self, setup: [u8; 8]) -> Option<Vec<u8>> {
        match setup {
            [0x80, 6, 0, 1, ..] => Some(DEVICE.to_vec()),
            [0x80, 6, 0, 2, ..] => Some(configuration(self.speed)),
            [0x80, 8, ..] => Some(vec![self.configuration]),
            [0x81, 10, ..] => Some(vec![0]),
            [0xA1, 0x21, ..] => Some(self.line_coding.to_vec()),
            [0x00, 5, address, ..] => {
                self.new_address = Some(address);
                Some(vec![])
            }
            [0x00, 9, value @ 0..=1, ..] => {
                self.configuration = value;
                self.zero_toggles();
                Some(vec![])
            }
            [0x01, 11, 0, 0, ..] | [0x02, 1, 0, 0, ..] => {
                self.zero_toggles();
                Some(vec![])
            }
            [0x21, 0x20 | 0x22 | 0x23, ..] => Some(vec![]),
            _ => None,
        }
    }
}

impl DevicePort for Model {
    fn set_vbus(&mut self, present: bool) {
        self.powered = present;
        (self.address, self.configuration) = (0, 0);
    }

    fn attached(&self) -> bool {
        self.powered
    }

    fn bus_reset(&mut self, speed: Speed) -> Speed {
        self.panel.borrow_mut().resets += 1;
        self.speed = speed;
        (self.address, self.configuration) = (0, 0);
        self.zero_toggles();
        speed
    }

    fn setup(&mut self, address: u8, endpoint: u8, data: [u8; 8]) -> Handshake {
        if !self.mine(address) || endpoint != 0 {
            return Handshake::NoResponse;
        }
        self.panel.borrow_mut().setups.push(data);
        self.ep0_pid = Pid::Data1;
        let length = usize::from(u16::from_le_bytes([data[6], data[7]]));
        self.reply = self.request(data).map(|mut reply| {
            reply.truncate(length);
            reply
        });
        self.expecting = (data[0] & 0x80 == 0 && length > 0).then_some(data);
        Handshake::Ack
    }

    fn in_token(&mut self, address: u8, endpoint: u8, _ack: bool) -> InResponse {
        if !self.mine(address) {
            return InResponse::NoResponse;
        }
        let mut panel = self.panel.borrow_mut();
        match endpoint {
            0 if panel.control_blocked => InResponse::Nak,
            0 => {
                let Some(reply) = &mut self.reply else { return InResponse::Stall };
                let rest = reply.split_off(reply.len().min(64));
                let bytes = std::mem::replace(reply, rest);
                if let (true, Some(address)) = (bytes.is_empty(), self.new_address.take()) {
                    self.address = address;
                }
                let pid = self.ep0_pid;
                self.ep0_pid = pid.toggled();
                InResponse::Data { pid, bytes }
            }
            _ if self.configuration == 0 => InResponse::NoResponse,
            1 => match panel.notifications.pop_front() {
                None => InResponse::Nak,
                Some(bytes) => {
                    let pid = self.notify_pid;
                    self.notify_pid = pid.toggled();
                    InResponse::Data { pid, bytes }
                }
            },
            2 if panel.halted => InResponse::Stall,
            2 => match panel.queued.pop_front() {
                None => InResponse::Nak,
                Some(bytes) => {
                    let pid = self.in_pid;
                    self.in_pid = pid.toggled();
                    InResponse::Data { pid, bytes }
                }
            },
            _ => InResponse::NoResponse,
        }
    }

    fn out_token(&mut self, address: u8, endpoint: u8, pid: Pid, data: &[u8]) -> Handshake {
        if !self.mine(address) {
            return Handshake::NoResponse;
        }
        let mut panel = self.panel.borrow_mut();
        match endpoint {
            0 if panel.control_blocked => Handshake::Nak,
            0 => {
                if pid != Pid::Data1 {
                    panel.violations.push(format!("EP0 OUT {pid:?}"));
                }
                if let (Some([0x21, 0x20, ..]), Ok(coding)) = (self.expecting, data.try_into()) {
                    self.line_coding = coding;
                }
                Handshake::Ack
            }
            2 if self.configuration == 0 => Handshake::NoResponse,
            2 if panel.halted => Handshake::Stall,
            2 if panel.out_blocked || panel.queued.len() > 4 => Handshake::Nak,
            2 => {
                if pid != self.out_pid {
                    panel.violations.push(format!("bulk OUT {pid:?}"));
                }
                self.out_pid = self.out_pid.toggled();
                panel.received.push(data.to_vec());
                if panel.echo && !data.is_empty() {
                    panel.queued.push_back(data.to_vec());
                }
                Handshake::Ack
            }
            _ => Handshake::NoResponse,
        }
    }

    fn ping(&mut self, address: u8, endpoint: u8) -> Handshake {
        let panel = self.panel.borrow();
        match endpoint {
            2 if self.mine(address) && panel.halted => Handshake::Stall,
            2 if self.mine(address) && (panel.out_blocked || panel.queued.len() > 4) => {
                Handshake::Nak
            }
            2 if self.mine(address) => Handshake::Ack,
            _ => Handshake::NoResponse,
        }
    }

    fn sof(&mut self, frame: u16) {
        let mut panel = self.panel.borrow_mut();
        panel.frames += 1;
        if frame > 0x7FF {
            panel.violations.push(format!("frame {frame}"));
        }
    }

    fn set_suspended(&mut self, _suspended: bool) {}

    fn wakeup_signalled(&self) -> bool {
        false
    }

    fn run(&mut self, _duration: Nanoseconds) {}
}

impl ServedDevice for Model {
    fn take_events(&mut self) -> Vec<String> {
        Vec::new()
    }

    fn command(&mut self, words: &[&str]) -> Result<String, String> {
        Err(format!("unknown command {words:?}"))
    }
}
