//! Device descriptor and device qualifier (USB 2.0 §9.6.1, §9.6.2).

use crate::bytes::Bytes;
use crate::string::{MANUFACTURER, PRODUCT, SERIAL_NUMBER};
use crate::{EP0_PACKET_SIZE, Product};

pub(crate) const DEVICE: u8 = 1;
pub(crate) const DEVICE_QUALIFIER: u8 = 6;

/// Length of a device descriptor, in bytes.
pub const DEVICE_LENGTH: usize = 18;
/// Length of a device qualifier, in bytes.
pub const DEVICE_QUALIFIER_LENGTH: usize = 10;

/// bcdUSB. From 0x0201 on a device must have a BOS descriptor, which we have no use for.
const USB_RELEASE: [u8; 2] = 0x0200u16.to_le_bytes();

/// bDeviceClass, bDeviceSubClass, bDeviceProtocol: interfaces belong together as the interface
/// association descriptors say.
const MISCELLANEOUS_ASSOCIATION: [u8; 3] = [0xEF, 0x02, 0x01];

/// The same for the one function of a device without associations (CDC 1.2 §4.1).
const COMMUNICATION_DEVICE: [u8; 3] = [0x02, 0x00, 0x00];

const NUMBER_OF_CONFIGURATIONS: u8 = 1;

/// The device descriptor. iSerialNumber is set where the product has a serial number, or where
/// `serial_number` says that it gets one at run time.
pub const fn device(product: &Product, serial_number: bool) -> [u8; DEVICE_LENGTH] {
    let has_serial_number = serial_number || !product.serial_number.is_empty();
    let mut out = Bytes::new();
    out.push(&[18, DEVICE]);
    out.push(&USB_RELEASE);
    out.push(&class(product));
    out.push(&[EP0_PACKET_SIZE]);
    out.push(&product.vendor_id.to_le_bytes());
    out.push(&product.product_id.to_le_bytes());
    out.push(&product.device_release.to_le_bytes());
    out.push(&[index_if(MANUFACTURER, !product.manufacturer.is_empty())]);
    out.push(&[index_if(PRODUCT, !product.product.is_empty())]);
    out.push(&[index_if(SERIAL_NUMBER, has_serial_number)]);
    out.push(&[NUMBER_OF_CONFIGURATIONS]);
    out.finish()
}

/// The device qualifier: what the device descriptor would say at the other speed, which is the
/// same at both.
pub const fn device_qualifier(product: &Product) -> [u8; DEVICE_QUALIFIER_LENGTH] {
    let mut out = Bytes::new();
    out.push(&[10, DEVICE_QUALIFIER]);
    out.push(&USB_RELEASE);
    out.push(&class(product));
    out.push(&[EP0_PACKET_SIZE, NUMBER_OF_CONFIGURATIONS, 0]);
    out.finish()
}

const fn class(product: &Product) -> [u8; 3] {
    if product.interface_association { MISCELLANEOUS_ASSOCIATION } else { COMMUNICATION_DEVICE }
}

/// Index 0 says that there is no such string.
const fn index_if(index: u8, present: bool) -> u8 {
    if present { index } else { 0 }
}
