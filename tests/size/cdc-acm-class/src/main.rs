//! usb-device with usbd-serial's `CdcAcmClass`: packets, no byte stream, no ZLP.
#![no_std]
#![no_main]

use core::mem::MaybeUninit;

use usb_device::bus::UsbBusAllocator;
use usb_device::device::{StringDescriptors, UsbDevice, UsbDeviceBuilder, UsbVidPid};
use usb_device_bus::Bus;
use usbd_serial::CdcAcmClass;

static mut ALLOCATOR: MaybeUninit<UsbBusAllocator<Bus>> = MaybeUninit::uninit();
static mut FIRMWARE: MaybeUninit<Firmware> = MaybeUninit::uninit();

struct Firmware {
    serial: CdcAcmClass<'static, Bus>,
    device: UsbDevice<'static, Bus>,
}

impl board::Serial for Firmware {
    #[inline(always)]
    fn poll(&mut self) {
        self.device.poll(&mut [&mut self.serial]);
    }

    #[inline(always)]
    fn read(&mut self, buffer: &mut [u8; 64]) -> usize {
        self.serial.read_packet(buffer).unwrap_or(0)
    }

    #[inline(always)]
    fn write(&mut self, bytes: &[u8]) -> usize {
        self.serial.write_packet(bytes).unwrap_or(0)
    }
}

#[inline(never)]
fn init() -> &'static mut Firmware {
    // SAFETY: called once, before anything else: the only references to the statics.
    let (allocator, firmware) = unsafe { (&mut *(&raw mut ALLOCATOR), &mut *(&raw mut FIRMWARE)) };
    let allocator = allocator.write(UsbBusAllocator::new(Bus));
    let serial = CdcAcmClass::new(allocator, 64);
    let strings = StringDescriptors::default()
        .manufacturer("usbd-acm")
        .product("Serial port")
        .serial_number("1");
    let builder = UsbDeviceBuilder::new(allocator, UsbVidPid(0x1209, 0x0001))
        .strings(&[strings])
        .and_then(|builder| builder.max_packet_size_0(64));
    let Ok(builder) = builder else {
        loop {
            core::hint::spin_loop();
        }
    };
    firmware.write(Firmware { serial, device: builder.composite_with_iads().build() })
}

#[unsafe(no_mangle)]
#[unsafe(link_section = ".app.start")]
extern "C" fn _start() -> ! {
    board::run(init())
}
