//! Ours, with the application reading and writing packets in place instead of copying bytes.
#![no_std]
#![no_main]

use core::mem::MaybeUninit;

use usbd_acm::descriptors::Descriptors;
use usbd_acm::{Device, Port, Storage};
use usbd_acm_controller::Stub;

static DESCRIPTORS: Descriptors<1> = usbd_acm::descriptors::descriptors! {
    endpoints: <Stub as usbd_acm::Controller>::ENDPOINTS,
    vendor_id: 0x1209,
    product_id: 0x0001,
    manufacturer: "usbd-acm",
    product: "Serial port",
    serial_number: "1",
};

static mut STORAGE: Storage = Storage::new();
static mut FIRMWARE: MaybeUninit<Firmware> = MaybeUninit::uninit();

/// The halves, as `split` returns them.
struct Firmware((Device<Stub>, [Port; 1]));

impl board::Serial for Firmware {
    #[inline(always)]
    fn poll(&mut self) {
        self.0.0.poll();
    }

    #[inline(always)]
    fn read(&mut self, buffer: &mut [u8; 64]) -> usize {
        let (_, [port]) = &mut self.0;
        let Ok(bytes) = port.reader.fill_buf() else { return 0 };
        let count = board::copy(buffer, bytes);
        port.reader.consume(count);
        count
    }

    #[inline(always)]
    fn write(&mut self, bytes: &[u8]) -> usize {
        let (_, [port]) = &mut self.0;
        let Ok(mut grant) = port.writer.grant() else { return 0 };
        let count = board::copy(&mut grant, bytes);
        grant.commit(count);
        count
    }
}

#[inline(never)]
fn init() -> &'static mut Firmware {
    // SAFETY: called once, before anything else: the only references to the statics, and the only
    // controller.
    let (storage, firmware, controller) =
        unsafe { (&mut *(&raw mut STORAGE), &mut *(&raw mut FIRMWARE), Stub::new()) };
    let firmware = firmware.write(Firmware(storage.split(controller, &DESCRIPTORS, ())));
    firmware.0.0.connect();
    firmware
}

#[unsafe(no_mangle)]
#[unsafe(link_section = ".app.start")]
extern "C" fn _start() -> ! {
    board::run(init())
}
