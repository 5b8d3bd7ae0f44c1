//! Ours: `Device` and one `Port`, a buffered byte stream with two slots of 64 bytes each way, ZLP,
//! serial state, break, and suspend hooks.
#![no_std]
#![no_main]

#[cfg(feature = "whole")]
mod whole;

use core::mem::MaybeUninit;

use usbd_acm::descriptors::Descriptors;
use usbd_acm::{Device, Port, Storage};
use usbd_acm_controller::Stub;

#[cfg(feature = "whole")]
use whole::Board;

/// No hooks.
#[cfg(not(feature = "whole"))]
type Board = ();
#[cfg(not(feature = "whole"))]
const BOARD: Board = ();
#[cfg(feature = "whole")]
const BOARD: Board = Board;

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

struct Firmware {
    device: Device<Stub, Board>,
    port: Port,
}

impl board::Serial for Firmware {
    #[inline(always)]
    fn poll(&mut self) {
        self.device.poll();
        #[cfg(feature = "whole")]
        whole::use_everything(&mut self.device, &mut self.port);
    }

    #[inline(always)]
    fn read(&mut self, buffer: &mut [u8; 64]) -> usize {
        self.port.reader.read(buffer).unwrap_or(0)
    }

    #[inline(always)]
    fn write(&mut self, bytes: &[u8]) -> usize {
        self.port.writer.write(bytes).unwrap_or(0)
    }
}

#[inline(never)]
fn init() -> &'static mut Firmware {
    // SAFETY: called once, before anything else: the only references to the statics, and the only
    // controller.
    let (storage, firmware, controller) =
        unsafe { (&mut *(&raw mut STORAGE), &mut *(&raw mut FIRMWARE), Stub::new()) };
    let (mut device, [port]) = storage.split(controller, &DESCRIPTORS, BOARD);
    device.connect();
    firmware.write(Firmware { device, port })
}

#[unsafe(no_mangle)]
#[unsafe(link_section = ".app.start")]
extern "C" fn _start() -> ! {
    board::run(init())
}
