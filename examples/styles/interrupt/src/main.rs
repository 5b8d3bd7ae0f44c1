//! An echo in the main loop, which sleeps; the USB interrupt polls the device.
#![no_std]
#![no_main]

use core::cell::Cell;

use chip::{Usb, interrupt};
use cortex_m_rt::entry;
use critical_section::Mutex;
use embedded_io::Read;
use usbd_acm::descriptors::{Descriptors, descriptors};
use usbd_acm::{Controller, Device, Storage};

static DESCRIPTORS: Descriptors<1> = descriptors! {
    endpoints: <Usb as Controller>::ENDPOINTS,
    vendor_id: 0x1209,
    product_id: 0x0001,
    product: "Echo",
};

/// From `main` to the interrupt, once.
static HANDOVER: Mutex<Cell<Option<Device<Usb>>>> = Mutex::new(Cell::new(None));

#[interrupt]
fn USB() {
    static mut DEVICE: Option<Device<Usb>> = None;
    if DEVICE.is_none() {
        *DEVICE = critical_section::with(|section| HANDOVER.borrow(section).take());
    }
    if let Some(device) = DEVICE {
        device.poll();
    }
}

#[entry]
fn main() -> ! {
    static mut STORAGE: Storage = Storage::new();
    let usb = chip::usb().unwrap();
    let (mut device, [port]) = STORAGE.split(usb, &DESCRIPTORS, ());
    device.connect();
    critical_section::with(|section| HANDOVER.borrow(section).set(Some(device)));
    chip::unmask_usb();

    // An interrupt since the last look has set the event register, so none is slept through.
    let sleep = || {
        cortex_m::asm::wfe();
        true
    };
    let (mut reader, mut writer, _) = port.split();
    let mut bytes = [0; 64];
    loop {
        // An error is the end of a session. What was read in it is not for the next.
        let Ok(count) = reader.blocking(sleep).read(&mut bytes) else { continue };
        _ = writer.blocking(sleep).write_all_in(reader.session(), &bytes[..count]);
    }
}
