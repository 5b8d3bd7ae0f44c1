//! Ours, with the application as a task that waits: an echo through `embedded-io-async`.
#![no_std]
#![no_main]

use core::future::Future;
use core::mem::MaybeUninit;
use core::pin::Pin;
use core::task::{Context, RawWaker, RawWakerVTable, Waker};

use embedded_io_async::Read;
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
static mut HALVES: MaybeUninit<Halves> = MaybeUninit::uninit();

/// The halves, as `split` returns them.
type Halves = (Device<Stub>, [Port; 1]);

async fn echo(Port { reader, writer, .. }: &mut Port) {
    let packet = board::packet();
    loop {
        let Ok(count) = Read::read(reader, packet).await else { continue };
        let answer = packet.get(..count).unwrap_or_default();
        _ = writer.write_all_in(reader.session(), answer).await;
    }
}

#[unsafe(link_section = ".stub.vtable")]
static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, nothing, nothing, nothing);

/// The executor is not charged to the stack.
#[unsafe(link_section = ".app.clone")]
fn clone(_: *const ()) -> RawWaker {
    RawWaker::new(core::ptr::null(), &VTABLE)
}

#[unsafe(link_section = ".app.nothing")]
fn nothing(_: *const ()) {}

#[inline(never)]
fn init() -> &'static mut Halves {
    // SAFETY: called once, before anything else: the only references to the statics, and the only
    // controller.
    let (storage, halves, controller) =
        unsafe { (&mut *(&raw mut STORAGE), &mut *(&raw mut HALVES), Stub::new()) };
    let halves = halves.write(storage.split(controller, &DESCRIPTORS, ()));
    halves.0.connect();
    halves
}

#[inline(never)]
fn poll_device(device: &mut Device<Stub>) {
    device.poll();
}

#[inline(never)]
fn poll<F: Future>(task: Pin<&mut F>, context: &mut Context<'_>) {
    let _ = task.poll(context);
}

#[unsafe(no_mangle)]
#[unsafe(link_section = ".app.start")]
extern "C" fn _start() -> ! {
    let (device, [port]) = init();
    let mut task = core::pin::pin!(echo(port));
    // SAFETY: the functions of the table do nothing.
    let waker = unsafe { Waker::from_raw(clone(core::ptr::null())) };
    let mut context = Context::from_waker(&waker);
    loop {
        poll_device(device);
        poll(task.as_mut(), &mut context);
    }
}
