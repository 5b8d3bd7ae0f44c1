//! The example of the README, on the virtual controller: it is what it says, and it works.

#[rustfmt::skip]
mod echo;

use usbd_acm::Storage;
use usbd_acm_virtual::host::{AcmPort, Host, linux};
use usbd_acm_virtual::{Board, FullSpeed, VirtualController};

const README: &str = include_str!("../../README.md");
const EXAMPLE: &str = include_str!("echo.rs");

#[test]
fn readme_shows_this_example() {
    assert!(README.contains(&format!("```rust\n{EXAMPLE}```\n")), "copy tests/readme/echo.rs");
}

#[test]
fn the_example_echoes() {
    let (controller, wire) = VirtualController::<FullSpeed>::new(2);
    let mut turn = echo::echo(controller, Box::leak(Box::new(Storage::new())));
    let mut host = Host::new(Board::new(wire, move |_| turn()));
    host.plug().unwrap();
    let device = linux::enumerate(&mut host).unwrap();
    assert_eq!(device.product.as_deref(), Some("Echo"));
    let mut port = AcmPort::all(&device).remove(0);
    linux::bind(&mut host, &mut port).unwrap();
    let data: Vec<u8> = (0..=255).collect();
    assert_eq!(port.transfer(&mut host, &data, data.len()).unwrap(), data);
    assert_eq!(host.port().wire().violations(), []);
}
