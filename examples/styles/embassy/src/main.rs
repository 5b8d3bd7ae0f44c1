//! An echo as an embassy task; another task polls the device when the USB interrupt woke it.
#![no_std]
#![no_main]

use chip::{Usb, interrupt};
use embassy_executor::Spawner;
use embedded_io_async::Read;
use usbd_acm::descriptors::{Descriptors, descriptors};
use usbd_acm::{Controller, Device, Reader, Storage, WakerCell, Writer};

static DESCRIPTORS: Descriptors<1> = descriptors! {
    endpoints: <Usb as Controller>::ENDPOINTS,
    vendor_id: 0x1209,
    product_id: 0x0001,
    product: "Echo",
};

static INTERRUPT: WakerCell = WakerCell::new();

#[interrupt]
fn USB() {
    chip::mask_usb();
    INTERRUPT.wake();
}

#[embassy_executor::task]
async fn usb(mut device: Device<Usb>) {
    device.run(&INTERRUPT, chip::unmask_usb).await
}

#[embassy_executor::task]
async fn echo(mut reader: Reader, mut writer: Writer) {
    let mut bytes = [0; 64];
    loop {
        // An error is the end of a session. What was read in it is not for the next.
        let Ok(count) = Read::read(&mut reader, &mut bytes).await else { continue };
        _ = writer.write_all_in(reader.session(), &bytes[..count]).await;
    }
}

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let storage = cortex_m::singleton!(: Storage = Storage::new()).unwrap();
    let (mut device, [port]) = storage.split(chip::usb().unwrap(), &DESCRIPTORS, ());
    device.connect();
    let (reader, writer, _) = port.split();
    spawner.spawn(usb(device).unwrap());
    spawner.spawn(echo(reader, writer).unwrap());
}
