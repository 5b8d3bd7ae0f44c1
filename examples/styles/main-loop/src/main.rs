//! An echo in a bare main loop, which polls the device itself.
#![no_std]
#![no_main]

use chip::Usb;
use cortex_m_rt::entry;
use usbd_acm::descriptors::{Descriptors, descriptors};
use usbd_acm::{Controller, Storage, WriteError};

static DESCRIPTORS: Descriptors<1> = descriptors! {
    endpoints: <Usb as Controller>::ENDPOINTS,
    vendor_id: 0x1209,
    product_id: 0x0001,
    product: "Echo",
};

#[entry]
fn main() -> ! {
    static mut STORAGE: Storage = Storage::new();
    let usb = chip::usb().unwrap();
    let (mut device, [mut port]) = STORAGE.split(usb, &DESCRIPTORS, ());
    device.connect();
    loop {
        device.poll();
        if let Ok((session, bytes)) = port.reader.front() {
            match port.writer.write_in(session, bytes) {
                Ok(count) => port.reader.consume(count),
                Err(WriteError::Full) => {}        // later
                Err(_) => port.reader.consume(64), // whoever sent that is gone
            }
        }
    }
}
