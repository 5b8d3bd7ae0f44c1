//! embassy-usb with our class: a byte stream, ZLP, flush, break, serial state, sessions.
#![no_std]
#![no_main]

#[path = "../../embassy/src/driver.rs"]
mod driver;
mod executor;

use core::future::pending;
use core::mem::MaybeUninit;

use board::{MODE_ECHO, MODE_SINK, MODE_SOURCE};
use driver::Stub;
use embassy_usb::{Builder, Config, UsbDevice};
use embedded_io_async::{Read, Write};
use executor::{Task, size_of_output};
use usbd_acm_embassy::{AcmClass, Port, Runner, Storage};

static mut CONFIGURATION_DESCRIPTOR: [u8; 88] = [0; 88];
static mut BOS_DESCRIPTOR: [u8; 16] = [0; 16];
static mut CONTROL: [u8; 64] = [0; 64];
static mut STORAGE: Storage = Storage::new();
static mut DEVICE: MaybeUninit<UsbDevice<'static, Stub>> = MaybeUninit::uninit();
static mut RUNNER: MaybeUninit<Runner<'static, Stub>> = MaybeUninit::uninit();
static mut PORT: MaybeUninit<Port> = MaybeUninit::uninit();

static DEVICE_TASK: Task<{ size_of_output(device_task) }> = Task::new();
static RUNNER_TASK: Task<{ size_of_output(runner_task) }> = Task::new();
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
        let config = usbd_acm_embassy::Config::new();
        let AcmClass { runner, port, .. } =
            AcmClass::new(&mut builder, &mut *(&raw mut STORAGE), config);
        (*(&raw mut RUNNER)).write(runner);
        (*(&raw mut PORT)).write(port);
        (*(&raw mut DEVICE)).write(builder.build());
    }
}

async fn device_task() {
    // SAFETY: initialised by `init`, and this is the only reference.
    let device = unsafe { (*(&raw mut DEVICE)).assume_init_mut() };
    device.run().await;
}

async fn runner_task() {
    // SAFETY: initialised by `init`, and this is the only reference.
    let runner = unsafe { (*(&raw mut RUNNER)).assume_init_mut() };
    runner.run().await;
}

async fn application_task() {
    // SAFETY: initialised by `init`, and this is the only reference.
    let Port { reader, writer, .. } = unsafe { (*(&raw mut PORT)).assume_init_mut() };
    let packet = board::packet();
    writer.connected().await;
    wait_for_mode().await;
    loop {
        match board::mode() {
            MODE_ECHO => {
                let Ok(count) = Read::read(reader, packet).await else { continue };
                let mut rest = packet.get(..count).unwrap_or(&[]);
                while let Ok(count @ 1..) = Write::write(writer, rest).await {
                    rest = rest.get(count..).unwrap_or(&[]);
                }
            }
            MODE_SOURCE => {
                let _ = Write::write(writer, board::pattern()).await;
            }
            MODE_SINK => {
                let Ok(count) = Read::read(reader, packet).await else { continue };
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
    executor::run(
        DEVICE_TASK.place(device_task),
        RUNNER_TASK.place(runner_task),
        APPLICATION_TASK.place(application_task),
    )
}
