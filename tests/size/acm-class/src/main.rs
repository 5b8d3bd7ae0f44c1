//! usb-device with our class, as a whole device.
#![no_std]
#![no_main]

use core::mem::MaybeUninit;

use usb_device::bus::UsbBusAllocator;
use usb_device::device::UsbDevice;
use usb_device_bus::Bus;
use usbd_acm::descriptors::{Descriptors, EndpointSet};
use usbd_acm::usb_device::AcmClass;
use usbd_acm::{Port, Storage};

static DESCRIPTORS: Descriptors<1> = usbd_acm::descriptors::descriptors! {
    endpoints: EndpointSet::first(3),
    vendor_id: 0x1209,
    product_id: 0x0001,
    manufacturer: "usbd-acm",
    product: "Serial port",
    serial_number: "1",
};

static mut ALLOCATOR: MaybeUninit<UsbBusAllocator<Bus>> = MaybeUninit::uninit();
static mut STORAGE: Storage = Storage::new();
static mut FIRMWARE: MaybeUninit<Firmware> = MaybeUninit::uninit();

struct Firmware {
    class: AcmClass<'static, Bus>,
    port: Port,
    device: UsbDevice<'static, Bus>,
}

impl board::Serial for Firmware {
    #[inline(always)]
    fn poll(&mut self) {
        self.device.poll(&mut [&mut self.class]);
        self.class.attend(&self.device);
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
    // SAFETY: called once, before anything else: the only references to the statics.
    let (allocator, storage, firmware) = unsafe {
        (&mut *(&raw mut ALLOCATOR), &mut *(&raw mut STORAGE), &mut *(&raw mut FIRMWARE))
    };
    let allocator = allocator.write(UsbBusAllocator::new(Bus));
    let Ok((class, [port])) = AcmClass::<Bus>::whole_device(allocator, storage, &DESCRIPTORS, ())
    else {
        loop {
            core::hint::spin_loop();
        }
    };
    let device = class.build_device(allocator);
    firmware.write(Firmware { class, port, device })
}

#[unsafe(no_mangle)]
#[unsafe(link_section = ".app.start")]
extern "C" fn _start() -> ! {
    board::run(init())
}
