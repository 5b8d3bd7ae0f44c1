//! What Linux' `usbtest` asserts, case by case, on the data interface of an ACM port.
//!
//! Not here: 0 does nothing; 14 and 21 need a vendor request; 15, 16, 22 and 23 are isochronous;
//! 17 to 20 differ from others on the host's side only; 25 and 26 need an interrupt endpoint with
//! data of ours; 27 and 28 measure.

mod bulk;
mod chapter9;
mod halts;
mod unlink;

use usbd_acm::{Controller, Hooks, Port};
use usbd_acm_tests::{HIGH_SPEED, ONE_PORT, Rig, TestBoard};
use usbd_acm_virtual::host::{AcmFunction, Host, Transfer, TransferError, linux};
use usbd_acm_virtual::{FullSpeed, VirtualController, VirtualHighSpeed};

use std::cell::RefCell;
use std::rc::Rc;

/// What the sink took.
type Shared = Rc<RefCell<Vec<u8>>>;

/// A device with an application, on its cable and configured.
struct Subject {
    host: Host<TestBoard>,
    function: AcmFunction,
    /// Everything the sink took.
    taken: Shared,
}

/// What the application does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Role {
    Sink,
    Source,
}

/// `usbtest`'s pattern 1, here without beginning anew in every packet.
fn pattern(offset: usize) -> u8 {
    u8::try_from(offset % 63).unwrap_or(0)
}

fn is_pattern(from: usize, bytes: &[u8]) -> bool {
    bytes.iter().enumerate().all(|(index, byte)| *byte == pattern(from + index))
}

/// Runs `test` at full and at high speed.
fn each_speed(role: Role, test: impl Fn(&mut Subject)) {
    let (controller, wire) = VirtualController::<FullSpeed>::new(2);
    let taken = Shared::default();
    let app = application::<64>(role, taken.clone());
    run(Rig::new(controller, wire, &ONE_PORT, (), app), taken, &test);
    let (controller, wire) = VirtualHighSpeed::new(2);
    let taken = Shared::default();
    let app = application::<512>(role, taken.clone());
    run(Rig::new(controller, wire, &HIGH_SPEED, (), app), taken, &test);
}

fn run<C: Controller + 'static, H: Hooks + 'static, const SIZE: usize>(
    mut rig: Rig<C, H, 1, SIZE>,
    taken: Shared,
    test: &impl Fn(&mut Subject),
) {
    rig.host.plug().expect("the device attaches");
    let device = linux::enumerate(&mut rig.host).expect("Linux enumerates");
    let function = device.acm_functions()[0];
    let mut subject = Subject { host: rig.host, function, taken };
    test(&mut subject);
    assert_eq!(subject.host.port().wire().violations(), []);
}

fn application<const SIZE: usize>(
    role: Role,
    taken: Shared,
) -> impl FnMut(&mut [Port<2, SIZE>; 1], u64) {
    let mut written = 0;
    move |[port], _| match role {
        Role::Sink => {
            while let Ok(bytes) = port.reader.fill_buf() {
                taken.borrow_mut().extend(bytes);
                let count = bytes.len();
                port.reader.consume(count);
            }
        }
        Role::Source => {
            // Whole packets only, so that every read of whole packets is filled.
            while let Ok(mut grant) = port.writer.grant() {
                if grant.len() < SIZE {
                    break;
                }
                let room = grant.iter_mut().enumerate();
                room.for_each(|(index, byte)| *byte = pattern(written + index));
                written += SIZE;
                grant.commit(SIZE);
            }
        }
    }
}

impl Subject {
    fn packet(&self) -> usize {
        usize::from(self.function.data_in.max_packet_size)
    }

    /// Completes transfers of one endpoint back to back.
    fn complete(&mut self, queue: &mut [Transfer]) {
        for transfer in queue {
            self.host.exchange(&mut [&mut *transfer], 5_000_000_000);
            assert_eq!(transfer.outcome(), Some(Ok(())));
        }
    }

    fn write(&mut self, data: &[u8]) -> Result<(), TransferError> {
        self.host.write(self.function.data_out, data)
    }

    fn read(&mut self, length: usize) -> Result<Vec<u8>, TransferError> {
        self.host.read(self.function.data_in, length)
    }

    /// Lets the application take what is there, and checks that it has the pattern up to here.
    fn sink_has(&mut self, length: usize) {
        self.host.run(2_000_000);
        let taken = self.taken.borrow();
        assert_eq!(taken.len(), length);
        assert!(is_pattern(0, &taken));
    }
}

/// `length` bytes of the pattern, from this byte on.
fn data(from: usize, length: usize) -> Vec<u8> {
    (from..from + length).map(pattern).collect()
}
