use usbd_acm::descriptors::{Descriptors, EndpointSet, descriptors};
use usbd_acm::{Controller, Storage, WriteError};

static DESCRIPTORS: Descriptors<1> = descriptors! {
    endpoints: EndpointSet::first(2), // what the chip offers
    vendor_id: 0x1209,
    product_id: 0x0001,
    product: "Echo",
};

/// Firmware that sends back what it receives. Call what this returns in the main loop.
pub fn echo(controller: impl Controller, storage: &'static mut Storage) -> impl FnMut() {
    let (mut device, [mut port]) = storage.split(controller, &DESCRIPTORS, ());
    device.connect();
    move || {
        device.poll(); // or in the USB interrupt: device and port share no lock
        if let Ok((session, bytes)) = port.reader.front() {
            match port.writer.write_in(session, bytes) {
                Ok(count) => port.reader.consume(count),
                Err(WriteError::Full) => {} // later
                Err(_) => port.reader.consume(64), // whoever sent that is gone
            }
        }
    }
}
