//! What must not compile. Each example is the first one with one thing wrong; that it is refused
//! for that reason is what `tests/refused.rs` holds.
//!
//! ```
//! use usbd_acm_descriptors::*;
//! static RIGHT: Descriptors<1> =
//!     descriptors! { endpoints: EndpointSet::first(2), vendor_id: 0x1209 };
//! let serial: [u8; 10] = hex_serial_number([0x12, 0x34]);
//! ```
//!
//! A port more than the endpoints allow:
//! ```compile_fail,E0080
//! use usbd_acm_descriptors::*;
//! static WRONG: Descriptors<2> =
//!     descriptors! { endpoints: EndpointSet::first(2), vendor_id: 0x1209, ports: 2 };
//! ```
//!
//! No port:
//! ```compile_fail,E0080
//! use usbd_acm_descriptors::*;
//! static WRONG: Descriptors<0> =
//!     descriptors! { endpoints: EndpointSet::first(2), vendor_id: 0x1209, ports: 0 };
//! ```
//!
//! Another number of ports than the type says:
//! ```compile_fail,E0308
//! use usbd_acm_descriptors::*;
//! static WRONG: Descriptors<2> =
//!     descriptors! { endpoints: EndpointSet::first(2), vendor_id: 0x1209 };
//! ```
//!
//! No endpoints:
//! ```compile_fail,E0080
//! use usbd_acm_descriptors::*;
//! static WRONG: Descriptors<1> = descriptors! { vendor_id: 0x1209 };
//! ```
//!
//! No vendor:
//! ```compile_fail,E0080
//! use usbd_acm_descriptors::*;
//! static WRONG: Descriptors<1> = descriptors! { endpoints: EndpointSet::first(2) };
//! ```
//!
//! A release that is not BCD:
//! ```compile_fail,E0080
//! use usbd_acm_descriptors::*;
//! static WRONG: Descriptors<1> = descriptors! {
//!     endpoints: EndpointSet::first(2), vendor_id: 0x1209, device_release: 0x010A
//! };
//! ```
//!
//! More power than the bus has:
//! ```compile_fail,E0080
//! use usbd_acm_descriptors::*;
//! static WRONG: Descriptors<1> = descriptors! {
//!     endpoints: EndpointSet::first(2), vendor_id: 0x1209, power: Power::Bus { milliamps: 501 }
//! };
//! ```
//!
//! Two ports that nothing tells apart:
//! ```compile_fail,E0080
//! use usbd_acm_descriptors::*;
//! static WRONG: Descriptors<2> = descriptors! {
//!     endpoints: EndpointSet::first(4), vendor_id: 0x1209, ports: 2, interface_association: false
//! };
//! ```
//!
//! A string of 127 UTF-16 units:
//! ```compile_fail,E0080
//! use usbd_acm_descriptors::*;
//! static WRONG: Descriptors<1> = descriptors! {
//!     endpoints: EndpointSet::first(2), vendor_id: 0x1209,
//!     product: "0123456789012345678901234567890123456789012345678901234567890123456789\
//!               012345678901234567890123456789012345678901234567890123456"
//! };
//! ```
//!
//! A serial number of another length than the bytes it is made of:
//! ```compile_fail,E0080
//! use usbd_acm_descriptors::*;
//! let serial: [u8; 9] = hex_serial_number([0x12, 0x34]);
//! ```
//!
//! A serial number of 64 bytes, which is 128 digits:
//! ```compile_fail,E0080
//! use usbd_acm_descriptors::*;
//! let serial: [u8; hex_serial_number_length(64)] = hex_serial_number([0; 64]);
//! ```
