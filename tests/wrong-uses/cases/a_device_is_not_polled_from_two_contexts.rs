//! Whoever polls the device owns it.

use usbd_acm::{Controller, Device};

fn interrupt_and_main<C: Controller + Send + 'static>(mut device: Device<C>) {
    std::thread::spawn(move || device.poll());
    device.poll();
}

fn main() {}
