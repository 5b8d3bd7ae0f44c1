//! Firmware on a chip at the end of a host's cable: what the tests of every chip begin and end with.
#![allow(dead_code, reason = "no program of tests needs all of it")]

use usbd_acm_bench::Board;
use usbd_acm_bench::cpu::{Core, Image};
use usbd_acm_bench::firmware::Firmware;
use usbd_acm_bench::soc::Chip;
use usbd_acm_virtual::host::{AcmPort, Config, Host, Noise, linux};

/// 115200 baud, 8N1.
pub const LINE_CODING: [u8; 7] = [0x00, 0xC2, 0x01, 0x00, 0, 0, 8];

/// Plugged in, and attached.
pub fn plugged<C: Chip>(firmware: &Firmware) -> Host<Board<C>> {
    plugged_with(C::new(), firmware)
}

/// The same with a chip of another board.
pub fn plugged_with<C: Chip>(chip: C, firmware: &Firmware) -> Host<Board<C>> {
    plugged_image(chip, firmware.image().unwrap())
}

/// The same with firmware that was built already.
pub fn plugged_image<C: Chip>(chip: C, image: Image) -> Host<Board<C>> {
    let board = Board::with_chip(chip, image).unwrap();
    let mut host = Host::with_config(board, Config::default());
    host.plug().unwrap_or_else(|error| {
        let board = host.port_mut();
        panic!("{error}: {} {:?}", board.core().place(), board.core().hard_faults())
    });
    host
}

/// Enumerated and opened, as Linux does.
pub fn opened<C: Chip>(firmware: &Firmware) -> (Host<Board<C>>, AcmPort) {
    open(plugged(firmware))
}

/// Enumerates and opens it.
pub fn open<C: Chip>(mut host: Host<Board<C>>) -> (Host<Board<C>>, AcmPort) {
    let device = linux::enumerate(&mut host).unwrap();
    let mut port = AcmPort::all(&device).remove(0);
    linux::open(&mut host, &mut port, LINE_CODING).unwrap();
    (host, port)
}

/// So many bytes that do not repeat soon.
pub fn data(length: u32) -> Vec<u8> {
    (0..length).map(|index| (index * 7 + index / 251).to_le_bytes()[0]).collect()
}

/// This many bytes come back, each once, though packets are lost, corrupted and repeated.
pub fn echoes_on_a_bad_cable<C: Chip>(
    (mut host, mut port): (Host<Board<C>>, AcmPort),
    seed: u64,
    length: u32,
) {
    let noise = Noise { drop: 2000, corrupt: 2000, duplicate: 2000, ..Noise::default() };
    host.faults().add_noise(seed, noise);
    let data = data(length);
    assert_eq!(port.transfer(&mut host, &data, data.len()).unwrap(), data);
    assert!(host.faults().hits() > 10);
    is_well(&mut host);
}

/// With a stack that is too small it never comes up; but it starts anew each time, and locks up never.
pub fn starts_anew_when_its_stack_overflows<C: Chip>(firmware: &Firmware) {
    let mut image = firmware.image().unwrap();
    let vectors = image.vectors;
    let segment = image.segments.iter_mut().find(|(address, _)| *address == vectors).unwrap();
    // Where the stack begins: 64 bytes above nothing.
    segment.1[..4].copy_from_slice(&0x2000_0040_u32.to_le_bytes());
    let mut core = Core::new(C::new(), image).unwrap();
    core.run_until(C::FREQUENCY / 10).unwrap();
    assert!(core.hard_faults().len() > 1, "{:?}", core.hard_faults());
}

/// The processor runs, and nothing crashed so far.
pub fn runs<C: Chip>(host: &mut Host<Board<C>>) {
    let board = host.port_mut();
    assert!(board.fault().is_none(), "{:?}", board.fault());
    assert_eq!(board.core().hard_faults(), []);
}

/// Nothing crashed, and nothing was done against the manual.
pub fn is_well<C: Chip>(host: &mut Host<Board<C>>) {
    runs(host);
    assert_eq!(host.port().violations(), []);
}
