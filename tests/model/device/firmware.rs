//! What the firmware is told, in turn, and what it answers.

use usbd_acm::{SetupPacket, Speed, State};
use usbd_acm_virtual::Pid;

use super::super::Reply;
use super::super::ep0::{self, Stage, Told};
use super::super::port::PortModel;
use super::{DeviceModel, Untold};

impl DeviceModel {
    /// It attaches the device, or detaches it.
    pub fn connect(&mut self, connected: bool) {
        self.pull_up = connected;
        if !connected {
            self.start_over(None);
            self.told_reset();
        }
    }

    /// It polls until there is nothing more to tell.
    pub fn poll(&mut self) {
        while let Some(untold) = self.untold.pop_front() {
            self.told(untold);
        }
        if self.firmware_suspended {
            if self.wake_wanted && self.control.remote_wakeup && self.gated {
                self.gated = false;
                self.woken = true;
            }
            return;
        }
        for port in &mut self.ports {
            if self.open && self.control.state == State::Configured {
                port.serial_state.submit();
            }
            port.to_host.zero_length_allowed |=
                port.to_host.zero_length_due && port.to_host.bytes.is_empty();
        }
    }

    /// The application asks for remote wake-up, by a write or in so many words.
    pub fn ask_to_wake(&mut self, by_write: bool) {
        if self.firmware_suspended && (!by_write || self.settings.wake_on_write) {
            self.wake_wanted = true;
        }
    }

    fn told(&mut self, untold: Untold) {
        match untold {
            Untold::Reset(speed) => {
                self.told_reset();
                self.control.golden = match (speed, self.settings.high) {
                    (Speed::High, Some(golden)) => golden,
                    _ => self.settings.full,
                };
            }
            Untold::VbusLost => self.told_reset(),
            Untold::Suspend => {
                self.wake_wanted &= self.firmware_suspended;
                self.firmware_suspended = true;
                self.gated = true;
            }
            Untold::Resume => self.told_resume(),
            Untold::Setup(setup) => self.told_setup(&setup),
            Untold::Ep0(told) => self.told_ep0(told),
            Untold::Notified(port) => self.ports[port].serial_state.acknowledged(),
            Untold::Sent(port) => {
                let untold = &mut self.ports[port].to_host.untold;
                *untold = untold.saturating_sub(1);
            }
            Untold::Received(port, bytes) => {
                self.ports[port].received(bytes, self.settings.policy);
            }
        }
    }

    fn told_reset(&mut self) {
        self.told_resume();
        if self.control.state == State::Configured {
            self.close_ports();
        }
        self.control.reset();
        self.test_mode_due = None;
    }

    fn told_resume(&mut self) {
        self.gated = false;
        self.wake_wanted &= !self.firmware_suspended;
        self.firmware_suspended = false;
    }

    fn close_ports(&mut self) {
        self.close();
        self.ports.iter_mut().for_each(PortModel::close);
    }

    /// I9: one outcome, whatever the state.
    fn told_setup(&mut self, setup: &SetupPacket) {
        let before = self.control.state;
        self.test_mode_due = None;
        let reply = self.control.begin(setup);
        match (before, self.control.state) {
            (State::Configured, State::Configured) if reply == Reply::Ack => self.restart(setup),
            (State::Configured, State::Address) => self.close_ports(),
            (State::Address, State::Configured) => {
                self.open = true;
                let policy = self.settings.policy;
                self.ports.iter_mut().for_each(|port| port.open(policy));
            }
            _ => {}
        }
        self.answer(reply, setup.length);
    }

    fn answer(&mut self, reply: Reply, host_length: u16) {
        match reply {
            Reply::Data(bytes) => {
                self.ep0.stage = Stage::DataIn(ep0::packets(&bytes, host_length));
            }
            Reply::Ack => self.ep0.status_in(None),
            Reply::TestMode(selector) => {
                self.test_mode_due = Some(selector);
                self.ep0.status_in(None);
            }
            Reply::Address(address) => self.ep0.status_in(Some(address)),
            Reply::Lines { port, value } => {
                self.ports[port].set_lines(value, self.settings.policy);
                self.ep0.status_in(None);
            }
            Reply::Break { port, value } => {
                self.ports[port].break_value = value;
                self.ep0.status_in(None);
            }
            Reply::Coding { port } => self.ep0.stage = Stage::DataOut { port },
            Reply::Stall => self.ep0.stage = Stage::Stalled,
        }
    }

    fn told_ep0(&mut self, told: Told) {
        match told {
            Told::Sent(packets) if packets.is_empty() => self.ep0.stage = Stage::StatusOut,
            Told::Sent(packets) => self.ep0.stage = Stage::DataIn(packets),
            Told::Received { port, data } => match self.control.set_line_coding(port, &data) {
                true => self.ep0.status_in(None),
                false => self.ep0.stage = Stage::Stalled,
            },
            Told::Status { address: Some(address) } => self.control.set_address(address),
            Told::Status { address: None } => {
                self.control.test_mode = self.test_mode_due.take();
                if self.control.test_mode.is_some() {
                    self.untold.clear();
                }
            }
        }
    }

    /// Endpoints whose data toggle goes to DATA0, halted or not (I10).
    fn restart(&mut self, setup: &SetupPacket) {
        let golden = self.control.golden;
        let index = setup.index.to_le_bytes()[0];
        let endpoints = match (setup.request_type, setup.request) {
            (0x00, 9) => golden.endpoints,
            (0x01, 11) => golden.endpoints_of(index),
            (0x02, 1) => &[index][..],
            _ => return,
        };
        for address in endpoints {
            let Some(number) = golden.endpoints.iter().position(|other| other == address) else {
                continue;
            };
            let port = &mut self.ports[number / 3];
            match number % 3 {
                0 => port.serial_state.pid = Pid::Data0,
                1 => port.from_host.pid = Pid::Data0,
                _ => {
                    port.to_host.pid = Pid::Data0;
                    port.to_host.zero_length_first = false;
                }
            }
        }
    }
}
