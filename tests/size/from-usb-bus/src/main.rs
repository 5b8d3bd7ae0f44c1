//! Ours, on a driver of usb-device.
#![no_std]
#![no_main]

use core::mem::MaybeUninit;

use usb_device_bus::Bus;
use usbd_acm::descriptors::{Descriptors, EndpointSet};
use usbd_acm::usb_device::{FromUsbBus, OwnBus};
use usbd_acm::{Device, Port, Storage};

static DESCRIPTORS: Descriptors<1> = usbd_acm::descriptors::descriptors! {
    endpoints: EndpointSet::first(3),
    vendor_id: 0x1209,
    product_id: 0x0001,
    manufacturer: "usbd-acm",
    product: "Serial port",
    serial_number: "1",
};

type Controller = FromUsbBus<OwnBus<Bus>, (), 1>;

static mut STORAGE: Storage = Storage::new();
static mut FIRMWARE: MaybeUninit<Firmware> = MaybeUninit::uninit();

/// The halves, as `split` returns them.
struct Firmware((Device<Controller>, [Port; 1]));

impl board::Serial for Firmware {
    #[inline(always)]
    fn poll(&mut self) {
        self.0.0.poll();
    }

    #[inline(always)]
    fn read(&mut self, buffer: &mut [u8; 64]) -> usize {
        let (_, [port]) = &mut self.0;
        port.reader.read(buffer).unwrap_or(0)
    }

    #[inline(always)]
    fn write(&mut self, bytes: &[u8]) -> usize {
        let (_, [port]) = &mut self.0;
        port.writer.write(bytes).unwrap_or(0)
    }
}

#[inline(never)]
fn init() -> &'static mut Firmware {
    // SAFETY: called once, before anything else: the only references to the statics.
    let (storage, firmware) = unsafe { (&mut *(&raw mut STORAGE), &mut *(&raw mut FIRMWARE)) };
    let Ok(controller) = Controller::new(OwnBus::new(Bus), &DESCRIPTORS) else {
        loop {
            core::hint::spin_loop();
        }
    };
    let firmware = firmware.write(Firmware(storage.split(controller, &DESCRIPTORS, ())));
    firmware.0.0.connect();
    firmware
}

#[unsafe(no_mangle)]
#[unsafe(link_section = ".app.start")]
extern "C" fn _start() -> ! {
    board::run(init())
}
