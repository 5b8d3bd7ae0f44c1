//! After `split`, the port is its parts.

fn main() {
    let take = |mut port: usbd_acm::Port| {
        let (reader, _writer, _control) = port.split();
        std::thread::spawn(move || drop(reader));
        port.reader.is_ready()
    };
    let _ = take;
}
