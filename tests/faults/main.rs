//! One fault at every place of an enumeration and of a transfer: nothing is lost or duplicated, and
//! the device always comes back.

mod bridges;
mod every_packet;
mod one_packet;
mod stuck;

use usbd_acm::{Port, ReadError, WriteError};
use usbd_acm_tests::TestBoard;
use usbd_acm_tests::fixture::{Application, OnePort, Options, board};
use usbd_acm_tests::plans::{Bench, LINE_CODING, may_fail};
use usbd_acm_virtual::host::Host;

const MILLISECOND: u64 = 1_000_000;

/// Echoes what comes in, in the session it came in.
fn echo<const SLOTS: usize, const SIZE: usize>(mut port: Port<SLOTS, SIZE>) -> Application {
    // What is left of a session that is over for the writer has nobody to go to.
    let mut over = false;
    Box::new(move |_| {
        over |= port.writer.is_flushed() == Err(WriteError::Disconnected);
        loop {
            let count = match port.reader.fill_buf() {
                Ok(bytes) if over => bytes.len(),
                Ok(bytes) => match port.writer.write(bytes) {
                    Ok(count) => count,
                    Err(_) => return,
                },
                Err(ReadError::Disconnected) => {
                    over = false;
                    continue;
                }
                Err(ReadError::Empty) => return,
            };
            port.reader.consume(count);
        }
    })
}

fn host<V: OnePort, const SLOTS: usize, const SIZE: usize>(options: Options) -> Host<TestBoard> {
    let mut host = board::<V, _, SLOTS, SIZE>(options, (), echo);
    host.plug().unwrap();
    host
}

/// Lets plans run on a device of ours.
fn bench<V: OnePort, const SIZE: usize, T>(
    options: Options,
    run: impl FnOnce(Bench<'_, TestBoard>) -> T,
) -> T {
    let make = || host::<V, 2, SIZE>(options);
    let check = |host: &mut Host<TestBoard>| assert_eq!(host.port().wire().violations(), []);
    run(Bench { make: &make, check: &check, every: 1, may_fail })
}
