//! Ours: `Device` and one `Port`, a buffered byte stream with two slots of 64 bytes each way, ZLP,
//! serial state, break, and suspend hooks.
#![no_std]
#![no_main]

#[cfg(feature = "entries")]
mod entries;
#[cfg(feature = "policy")]
mod policy;
#[cfg(feature = "whole")]
mod whole;

use core::mem::MaybeUninit;

use usbd_acm::Storage;
use usbd_acm::descriptors::Descriptors;
#[cfg(not(feature = "policy"))]
use usbd_acm::{Device, Port};
use usbd_acm_controller::Stub;

#[cfg(feature = "policy")]
use policy::Firmware;
#[cfg(feature = "whole")]
use whole::Board;

/// A board that asks for what the features say: for nothing, without them.
#[cfg(not(feature = "whole"))]
struct Board;
const BOARD: Board = Board;

#[cfg(not(feature = "whole"))]
impl usbd_acm::Hooks for Board {
    const PROBE: usbd_acm::Probe = match cfg!(feature = "probe") {
        true => usbd_acm::Probe::ZeroLengthPacket { hold: 100 },
        false => usbd_acm::Probe::Off,
    };
    const FRAMES: bool = cfg!(feature = "wait");
    const LOSSY: bool = cfg!(feature = "lossy");
    const TOUCH_1200: bool = cfg!(feature = "touch");
}

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
#[cfg(not(feature = "policy"))]
struct Firmware((Device<Stub, Board>, [Port; 1]));

#[cfg(not(feature = "policy"))]
impl Firmware {
    #[inline(always)]
    fn new(halves: (Device<Stub, Board>, [Port; 1])) -> Self {
        Self(halves)
    }

    #[inline(always)]
    fn connect(&mut self) {
        self.0.0.connect();
    }
}

#[cfg(not(feature = "policy"))]
impl board::Serial for Firmware {
    #[inline(always)]
    fn poll(&mut self) {
        #[cfg(feature = "entries")]
        entries::call_each(&mut self.0);
        #[cfg(not(feature = "entries"))]
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
    #[cfg(feature = "log")]
    board::log_to_nowhere();
    // SAFETY: called once, before anything else: the only references to the statics, and the only
    // controller.
    let (storage, firmware, controller) =
        unsafe { (&mut *(&raw mut STORAGE), &mut *(&raw mut FIRMWARE), Stub::new()) };
    let firmware = firmware.write(Firmware::new(storage.split(controller, &DESCRIPTORS, BOARD)));
    firmware.connect();
    firmware
}

#[unsafe(no_mangle)]
#[unsafe(link_section = ".app.start")]
extern "C" fn _start() -> ! {
    board::run(init())
}
