//! A device that has a task is polled by that task alone.

use usbd_acm::{Controller, Device, WakerCell};

static INTERRUPT: WakerCell = WakerCell::new();

async fn run<C: Controller>(device: &mut Device<C>) {
    let running = device.run(&INTERRUPT, || ());
    device.poll();
    running.await
}

fn main() {}
