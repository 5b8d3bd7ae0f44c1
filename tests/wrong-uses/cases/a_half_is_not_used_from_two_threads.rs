//! Writing needs the writer alone, so sharing it between threads is of no use.

use std::sync::Arc;

fn main() {
    let share = |port: usbd_acm::Port| {
        let writer = Arc::new(port.writer);
        let other = writer.clone();
        std::thread::spawn(move || other.write(b"one"));
        let _ = writer.write(b"two");
    };
    let _ = share;
}
