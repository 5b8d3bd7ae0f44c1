//! Three tasks, woken by their wakers, and by the interrupt of the stubbed controller, which keeps
//! none. It stands in section `.app` and is not charged to the USB stack.

use core::cell::UnsafeCell;
use core::future::Future;
use core::mem::MaybeUninit;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, RawWaker, RawWakerVTable, Waker};

use board::registers::{self, *};

#[unsafe(link_section = ".app_bss.device")]
static DEVICE: AtomicBool = AtomicBool::new(false);
#[unsafe(link_section = ".app_bss.runner")]
static RUNNER: AtomicBool = AtomicBool::new(false);
#[unsafe(link_section = ".app_bss.application")]
static APPLICATION: AtomicBool = AtomicBool::new(false);

/// Has whoever waits for an endpoint polled: here, the runner.
#[inline(always)]
pub fn wake_application() {
    RUNNER.store(true, Ordering::Relaxed);
}

/// Room for the future that `F` returns. Stable Rust cannot name that type.
#[repr(C, align(8))]
pub struct Task<const SIZE: usize>(UnsafeCell<MaybeUninit<[u8; SIZE]>>);

// SAFETY: there is one context.
unsafe impl<const SIZE: usize> Sync for Task<SIZE> {}

impl<const SIZE: usize> Task<SIZE> {
    pub const fn new() -> Self {
        Self(UnsafeCell::new(MaybeUninit::uninit()))
    }

    /// Places the future that `start` returns.
    #[inline(always)]
    #[expect(clippy::mut_from_ref, reason = "the cell is the interior mutability")]
    pub fn place<F: Future + 'static>(&'static self, start: fn() -> F) -> Pin<&'static mut F> {
        const { assert!(size_of::<F>() <= SIZE && align_of::<F>() <= 8) };
        let room = self.0.get().cast::<F>();
        // SAFETY: the room is large enough and aligned, as asserted; every firmware places once.
        unsafe {
            room.write(start());
            Pin::new_unchecked(&mut *room)
        }
    }
}

/// Size of what a function returns.
pub const fn size_of_output<T, F: Copy + Fn() -> T>(_: F) -> usize {
    size_of::<T>()
}

#[unsafe(link_section = ".stub.vtable")]
static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, nothing);

#[unsafe(link_section = ".app.clone")]
fn clone(flag: *const ()) -> RawWaker {
    RawWaker::new(flag, &VTABLE)
}

#[unsafe(link_section = ".app.wake")]
fn wake(flag: *const ()) {
    // SAFETY: `waker` below makes it from one of the statics.
    unsafe { &*flag.cast::<AtomicBool>() }.store(true, Ordering::Relaxed);
}

#[unsafe(link_section = ".app.nothing")]
fn nothing(_: *const ()) {}

#[inline(always)]
fn waker(flag: &'static AtomicBool) -> Waker {
    // SAFETY: the functions of the table do what a waker's do.
    unsafe { Waker::from_raw(clone((&raw const *flag).cast())) }
}

/// The interrupt handler: finds out which task it concerns.
#[inline(never)]
#[unsafe(link_section = ".stub.interrupt")]
fn interrupt() {
    let pending = registers::read(TICK);
    if pending & TICK_EP0 != 0 && registers::read(OUT_READY) & 1 != 0 && registers::count(0) == 0 {
        // The status stage of a transfer with IN data: the driver's business.
        registers::receive(0);
    }
    registers::read(IN_DONE);
    if pending & (TICK_BUS | TICK_SETUP | TICK_EP0 | TICK_SPURIOUS) != 0 {
        DEVICE.store(true, Ordering::Relaxed);
    }
    if pending & (TICK_DATA | TICK_SPURIOUS) != 0 {
        wake_application();
    }
    if pending & (TICK_MODE | TICK_SPURIOUS) != 0 {
        APPLICATION.store(true, Ordering::Relaxed);
    }
}

/// Runs the three tasks for ever.
#[inline(always)]
pub fn run<A: Future, B: Future, C: Future>(
    mut device: Pin<&mut A>,
    mut runner: Pin<&mut B>,
    mut application: Pin<&mut C>,
) -> ! {
    let [for_device, for_runner, for_application] = [&DEVICE, &RUNNER, &APPLICATION].map(waker);
    for flag in [&DEVICE, &RUNNER, &APPLICATION] {
        flag.store(true, Ordering::Relaxed);
    }
    loop {
        interrupt();
        if take(&DEVICE) {
            poll(device.as_mut(), &for_device);
        }
        if take(&RUNNER) {
            poll(runner.as_mut(), &for_runner);
        }
        if take(&APPLICATION) {
            poll(application.as_mut(), &for_application);
        }
    }
}

/// Loads and stores only, as on Cortex-M0+.
#[inline(always)]
fn take(flag: &AtomicBool) -> bool {
    let value = flag.load(Ordering::Relaxed);
    flag.store(false, Ordering::Relaxed);
    value
}

#[inline(never)]
fn poll<F: Future>(future: Pin<&mut F>, waker: &Waker) {
    let _ = future.poll(&mut Context::from_waker(waker));
}
