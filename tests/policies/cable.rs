//! The host's side of a port: a user who reads or does not, and what may happen to a cable.

use std::cell::RefCell;
use std::rc::Rc;

use usbd_acm_tests::TestBoard;
use usbd_acm_virtual::host::{AcmPort, Host, Noise, Transfer, request};
use usbd_acm_virtual::{Nanoseconds, Violation};

use crate::MILLISECOND;

pub type SharedCable = Rc<RefCell<Cable>>;

pub struct Cable {
    host: Host<TestBoard>,
    acm: AcmPort,
    pub reading: bool,
    noise: Option<(u64, Noise)>,
    read: Transfer,
    /// Bytes of `read` that were taken out.
    taken: usize,
    received: Vec<u8>,
}

impl Cable {
    pub fn new(host: Host<TestBoard>, acm: AcmPort) -> Self {
        let read = endless(&acm);
        Self { host, acm, reading: false, noise: None, read, taken: 0, received: Vec::new() }
    }

    pub fn now(&self) -> Nanoseconds {
        self.host.now()
    }

    pub fn faults(&mut self) -> u64 {
        self.host.faults().hits()
    }

    pub fn violations(&self) -> Vec<Violation> {
        self.host.port().wire().violations()
    }

    /// What arrived since this was last asked.
    pub fn take_received(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.received)
    }

    pub fn run(&mut self, duration: Nanoseconds) {
        if !self.reading {
            return self.host.run(duration);
        }
        let end = self.host.now() + duration;
        self.host.exchange(&mut [&mut self.read], duration);
        self.received.extend(&self.read.moved()[self.taken..]);
        self.taken = self.read.moved().len();
        // A suspended bus ends transfers.
        if self.read.outcome().is_some() {
            self.start_over();
        }
        self.host.run(end.saturating_sub(self.host.now()));
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.acm.write(&mut self.host, bytes).unwrap();
    }

    pub fn set_dtr(&mut self, dtr: bool) {
        self.acm.set_control_line_state(&mut self.host, dtr, dtr).unwrap();
    }

    pub fn suspend(&mut self, duration: Nanoseconds) {
        self.host.suspend();
        self.host.run(duration);
        self.host.resume();
    }

    pub fn deconfigure(&mut self) {
        self.host.control_out(request::set_configuration(0), &[]).unwrap();
        self.host.control_out(request::set_configuration(1), &[]).unwrap();
        self.start_over();
    }

    pub fn reset(&mut self) {
        self.host.reset().unwrap();
        self.configure();
    }

    pub fn replug(&mut self) {
        self.host.unplug();
        self.host.plug().unwrap();
        self.reset();
    }

    pub fn set_noise(&mut self, noise: Option<(u64, Noise)>) {
        self.noise = noise;
        self.host.faults().clear();
        if let Some((seed, noise)) = noise {
            self.host.faults().add_noise(seed, noise);
        }
    }

    /// Where the acknowledgement of the status stage of SET_ADDRESS is lost, the host starts over.
    fn configure(&mut self) {
        for _ in 0..10 {
            if self.host.control_out(request::set_address(5), &[]).is_ok()
                && self.host.control_out(request::set_configuration(1), &[]).is_ok()
            {
                return self.start_over();
            }
            self.host.reset().unwrap();
        }
        panic!("not configured after ten attempts");
    }

    fn start_over(&mut self) {
        self.read = endless(&self.acm);
        self.taken = 0;
        self.host.run(MILLISECOND / 10);
    }
}

/// What a driver does that reads on.
fn endless(acm: &AcmPort) -> Transfer {
    Transfer::stream(acm.function().data_in, usize::MAX)
}
