//! A half remembers one waker, so one task waits for it.

use usbd_acm::Reader;

async fn twice(reader: &mut Reader) {
    let first = reader.readable();
    let second = reader.readable();
    let _ = (first.await, second.await);
}

fn main() {}
