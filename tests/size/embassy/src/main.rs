//! embassy-usb with its `CdcAcmClass`: packets, no byte stream, no ZLP.
#![no_std]
#![no_main]

mod driver;
mod executor;

use core::future::pending;
use core::mem::MaybeUninit;

use board::{MODE_ECHO, MODE_SINK, MODE_SOURCE};
use driver::Stub;
use embassy_usb::class::cdc_acm::{CdcAcmClass, State};
use embassy_usb::driver::EndpointError;
use embassy_usb::{Builder, Config, UsbDevice};
use executor::{Task, size_of_output};

static mut CONFIGURATION_DESCRIPTOR: [u8; 80] = [0; 80];
static mut BOS_DESCRIPTOR: [u8; 16] = [0; 16];
static mut CONTROL: [u8; 64] = [0; 64];
static mut STATE: State<'static> = State::new();
static mut DEVICE: MaybeUninit<UsbDevice<'static, Stub>> = MaybeUninit::uninit();
static mut SERIAL: MaybeUninit<CdcAcmClass<'static, Stub>> = MaybeUninit::uninit();

static DEVICE_TASK: Task<{ size_of_output(device_task) }> = Task::new();
static APPLICATION_TASK: Task<{ size_of_output(application_task) }> = Task::new();

#[inline(never)]
fn init() {
    let mut config = Config::new(0x1209, 0x0001);
    config.manufacturer = Some("usbd-acm");
    config.product = Some("Serial port");
    config.serial_number = Some("1");
    // SAFETY: called once, before anything else: the only references to the statics.
    unsafe {
        let mut builder = Builder::new(
            Stub,
            config,
            &mut *(&raw mut CONFIGURATION_DESCRIPTOR),
            &mut *(&raw mut BOS_DESCRIPTOR),
            &mut [],
            &mut *(&raw mut CONTROL),
        );
        let serial = CdcAcmClass::new(&mut builder, &mut *(&raw mut STATE), 64);
        (*(&raw mut SERIAL)).write(serial);
        (*(&raw mut DEVICE)).write(builder.build());
    }
}

async fn device_task() {
    // SAFETY: initialised by `init`, and this is the only reference.
    let device = unsafe { (*(&raw mut DEVICE)).assume_init_mut() };
    device.run().await;
}

async fn application_task() -> Result<(), EndpointError> {
    // SAFETY: initialised by `init`, and this is the only reference.
    let serial = unsafe { (*(&raw mut SERIAL)).assume_init_mut() };
    let packet = board::packet();
    serial.wait_connection().await;
    wait_for_mode().await;
    loop {
        match board::mode() {
            MODE_ECHO => {
                let count = serial.read_packet(packet).await?;
                serial.write_packet(packet.get(..count).unwrap_or(&[])).await?;
            }
            MODE_SOURCE => serial.write_packet(board::pattern()).await?,
            MODE_SINK => {
                let count = serial.read_packet(packet).await?;
                board::sink(packet.get(..count).unwrap_or(&[]));
            }
            _ => pending().await,
        }
    }
}

/// Waits until there is something to do; the emulator starts with [`board::MODE_IDLE`].
#[cfg(feature = "modes")]
fn wait_for_mode() -> impl Future<Output = ()> {
    core::future::poll_fn(|_| match board::mode() {
        board::MODE_IDLE => core::task::Poll::Pending,
        _ => core::task::Poll::Ready(()),
    })
}

#[cfg(not(feature = "modes"))]
fn wait_for_mode() -> impl Future<Output = ()> {
    core::future::ready(())
}

#[unsafe(no_mangle)]
#[unsafe(link_section = ".app.start")]
extern "C" fn _start() -> ! {
    init();
    executor::run(DEVICE_TASK.place(device_task), APPLICATION_TASK.place(application_task))
}
