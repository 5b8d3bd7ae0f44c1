//! One fault at every place of an enumeration and of a transfer: nothing is lost or duplicated, and
//! the device always comes back.

mod every_packet;
mod one_packet;
mod stuck;

use usbd_acm::{Port, ReadError, WriteError};
use usbd_acm_tests::TestBoard;
use usbd_acm_tests::fixture::{Application, OnePort, Options, board};
use usbd_acm_virtual::host::{AcmPort, Host, linux};

const MILLISECOND: u64 = 1_000_000;
const LINE_CODING: [u8; 7] = [0x00, 0xC2, 0x01, 0x00, 0, 0, 8];

/// What goes out and comes back in one conversation: full packets and a short one.
fn words() -> Vec<u8> {
    (0..300u16).map(|n| (n % 251).to_le_bytes()[0]).collect()
}

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

/// Enumerates, opens, writes and reads back, as Linux does.
fn converse(host: &mut Host<TestBoard>) -> Result<(), Failure> {
    let device = linux::enumerate(host)?;
    talk(host, &mut AcmPort::all(&device).remove(0))
}

/// Opens, writes and reads back; panics where other bytes come back.
fn talk(host: &mut Host<TestBoard>, port: &mut AcmPort) -> Result<(), Failure> {
    linux::open(host, port, LINE_CODING)?;
    assert_eq!(port.transfer(host, &words(), words().len())?, words());
    assert_eq!(port.line_coding(host)?, LINE_CODING);
    assert_eq!(port.read_for(host, MILLISECOND)?, [], "more than was written");
    linux::close(host, port)?;
    Ok(())
}

/// The host gave up, and has to start over.
type Failure = Box<dyn std::error::Error>;
