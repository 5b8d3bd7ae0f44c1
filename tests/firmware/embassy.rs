// What the application does with its port; part of each firmware with embassy-usb.

#[cfg(feature = "source")]
include!("counting.rs");

/// Sends back what comes, packet by packet.
#[cfg(not(any(feature = "source", feature = "sink")))]
async fn run(serial: &mut Serial) -> Result<(), EndpointError> {
    let mut packet = [0; PACKET];
    loop {
        let count = serial.read_packet(&mut packet).await?;
        serial.write_packet(packet.get(..count).unwrap_or_default()).await?;
    }
}

/// Sends as fast as it can: bytes that count up.
#[cfg(feature = "source")]
async fn run(serial: &mut Serial) -> Result<(), EndpointError> {
    loop {
        for packet in COUNTING.chunks(PACKET) {
            serial.write_packet(packet).await?;
        }
    }
}

/// Takes everything.
#[cfg(feature = "sink")]
async fn run(serial: &mut Serial) -> Result<(), EndpointError> {
    let mut packet = [0; PACKET];
    loop {
        serial.read_packet(&mut packet).await?;
        core::hint::black_box(&packet);
    }
}
