//! The descriptor set of a device, and the macro that makes it.

use crate::configuration::ConfigurationKind;
use crate::device::{DEVICE, DEVICE_LENGTH, DEVICE_QUALIFIER_LENGTH};
use crate::string::{LANGUAGE_ID, LANGUAGES, MANUFACTURER, PRODUCT, SERIAL_NUMBER, STRING};

const _: () = assert!(MANUFACTURER == 1 && PRODUCT == 2 && SERIAL_NUMBER == 3, "by index");
const _: () = assert!(DEVICE == 1 && CONFIGURATION == 2, "behind the strings");
use crate::{Attributes, MaxPower, PortEndpoints, Product, Speed};

/// Descriptor type (USB 2.0 table 9-5).
const CONFIGURATION: u8 = ConfigurationKind::Current as u8;

/// Where a descriptor is among all.
const fn place_of(descriptor_type: u8, index: u8) -> usize {
    (descriptor_type - DEVICE + index) as usize
}

/// All descriptors of a device of `PORTS` serial ports. Made by
/// [`descriptors!`](crate::descriptors); lies in flash, as everything it points to.
#[derive(Clone, Copy, Debug)]
pub struct Descriptors<const PORTS: usize> {
    /// Strings by index, then the device and the configuration; an empty one does not exist.
    all: [&'static [u8]; 6],
    device_with_serial_number: &'static [u8; DEVICE_LENGTH],
    high_speed: Option<&'static HighSpeedParts>,
    /// The endpoints of all ports, as [`endpoints`](Self::endpoints) returns them.
    endpoints: u32,
    ports: [PortEndpoints; PORTS],
    attributes: Attributes,
    max_power: MaxPower,
}

impl<const PORTS: usize> Descriptors<PORTS> {
    /// The set of a product made of these bytes, which [`descriptors!`](crate::descriptors) makes
    /// from the same product and ports.
    ///
    /// # Panics
    /// When the product is not legal: at compile time, where descriptors are made.
    pub const fn new(product: &Product, ports: [PortEndpoints; PORTS], parts: Parts) -> Self {
        let mut endpoints = 0;
        let mut port = 0;
        while port < PORTS {
            let PortEndpoints { notification, data_in, data_out } = ports[port];
            endpoints |= notification.bit() | data_in.bit() | data_out.bit();
            port += 1;
        }
        Self {
            all: [
                parts.device,
                parts.configuration,
                &LANGUAGES,
                parts.manufacturer,
                parts.product,
                parts.serial_number,
            ],
            device_with_serial_number: parts.device_with_serial_number,
            high_speed: parts.high_speed,
            endpoints,
            ports,
            attributes: product.attributes(),
            max_power: product.max_power(),
        }
    }

    /// The same set with another serial number, such as the identity of the chip:
    /// `string_descriptor` is a whole string descriptor, as
    /// [`hex_serial_number`](crate::hex_serial_number) makes it.
    pub const fn with_serial_number(mut self, string_descriptor: &'static [u8]) -> Self {
        self.all[place_of(STRING, SERIAL_NUMBER)] = string_descriptor;
        self.all[place_of(DEVICE, 0)] = self.device_with_serial_number;
        self
    }

    /// The device descriptor (USB 2.0 §9.6.1): 18 bytes, the same at both speeds.
    pub const fn device(&self) -> &'static [u8] {
        self.all[place_of(DEVICE, 0)]
    }

    /// The whole configuration at `speed` (USB 2.0 §9.6.3). A full-speed-only set has one, which
    /// answers for both.
    pub const fn configuration(&self, speed: Speed) -> &'static [u8] {
        match (speed, self.high_speed) {
            (Speed::High, Some(high_speed)) => high_speed.configuration,
            _ => self.all[place_of(CONFIGURATION, 0)],
        }
    }

    /// The device qualifier (USB 2.0 §9.6.2): 10 bytes. `None` for a full-speed-only set, where
    /// the request is to be STALLed.
    pub const fn device_qualifier(&self) -> Option<&'static [u8]> {
        match self.high_speed {
            Some(high_speed) => Some(high_speed.device_qualifier),
            None => None,
        }
    }

    /// The configuration at the other speed than `speed`, the one the device runs at
    /// (USB 2.0 §9.6.4). `None` for a full-speed-only set, where the request is to be STALLed.
    pub const fn other_speed_configuration(&self, speed: Speed) -> Option<&'static [u8]> {
        match (self.high_speed, speed) {
            (Some(high_speed), Speed::Full) => Some(high_speed.other_than_full),
            (Some(high_speed), Speed::High) => Some(high_speed.other_than_high),
            (None, _) => None,
        }
    }

    /// A string descriptor (USB 2.0 §9.6.7). Index 0 is the table of languages, whatever the
    /// language. `None` for an index or language that does not exist.
    pub const fn string(&self, index: u8, language: u16) -> Option<&'static [u8]> {
        self.at_full_speed(u16::from_le_bytes([index, STRING]), language)
    }

    /// What a device that runs at full speed answers to GET_DESCRIPTOR with this wValue and wIndex
    /// (USB 2.0 §9.4.3), but for a device qualifier and what is of the other speed.
    pub const fn at_full_speed(&self, value: u16, language: u16) -> Option<&'static [u8]> {
        let [index, descriptor_type] = value.to_le_bytes();
        let exists = match (descriptor_type, index) {
            (DEVICE | CONFIGURATION | STRING, 0) => true,
            (STRING, MANUFACTURER..=SERIAL_NUMBER) => language == LANGUAGE_ID,
            _ => false,
        };
        if !exists {
            return None;
        }
        let descriptor = self.all[place_of(descriptor_type, index)];
        if descriptor.is_empty() { None } else { Some(descriptor) }
    }

    /// The endpoints of all ports, each its [`bit`](crate::EndpointAddress::bit).
    pub const fn endpoints(&self) -> u32 {
        self.endpoints
    }

    /// The endpoints of each port. Port *i* has the communication interface 2 *i* and the data
    /// interface 2 *i* + 1.
    pub const fn ports(&self) -> &[PortEndpoints; PORTS] {
        &self.ports
    }

    /// What bmAttributes says, for the behaviour to be the same.
    pub const fn attributes(&self) -> Attributes {
        self.attributes
    }

    /// What bMaxPower says.
    pub const fn max_power(&self) -> MaxPower {
        self.max_power
    }
}

/// The bytes a [`Descriptors`] points to. An empty string is one that does not exist.
#[derive(Clone, Copy, Debug)]
pub struct Parts {
    /// Device descriptor.
    pub device: &'static [u8; DEVICE_LENGTH],
    /// The same, but with iSerialNumber set in any case.
    pub device_with_serial_number: &'static [u8; DEVICE_LENGTH],
    /// Configuration at full speed.
    pub configuration: &'static [u8],
    /// What only a high-speed device has.
    pub high_speed: Option<&'static HighSpeedParts>,
    /// String descriptor of iManufacturer.
    pub manufacturer: &'static [u8],
    /// String descriptor of iProduct.
    pub product: &'static [u8],
    /// String descriptor of iSerialNumber.
    pub serial_number: &'static [u8],
}

/// The bytes of what only a high-speed device has.
#[derive(Clone, Copy, Debug)]
pub struct HighSpeedParts {
    /// Configuration at high speed.
    pub configuration: &'static [u8],
    /// Other-speed configuration for a device that runs at full speed: the high-speed one.
    pub other_than_full: &'static [u8],
    /// Other-speed configuration for a device that runs at high speed: the full-speed one.
    pub other_than_high: &'static [u8],
    /// Device qualifier.
    pub device_qualifier: &'static [u8; DEVICE_QUALIFIER_LENGTH],
}

/// Makes [`Descriptors`] from the fields of a [`Product`], in any order; those left out are taken
/// from [`Product::NEW`]. What is wrong or does not fit does not compile.
///
/// ```
/// use usbd_acm_descriptors::{Descriptors, EndpointSet, Power, descriptors};
///
/// static DESCRIPTORS: Descriptors<1> = descriptors! {
///     endpoints: EndpointSet::first(3),
///     vendor_id: 0x1209,
///     product_id: 0x0001,
///     manufacturer: "Example",
///     product: "USB serial",
///     serial_number: "0001",
///     power: Power::Bus { milliamps: 100 },
///     remote_wakeup: true,
/// };
/// # assert_eq!(DESCRIPTORS.device().len(), 18);
/// ```
#[macro_export]
macro_rules! descriptors {
    ($($field:ident: $value:expr),* $(,)?) => {{
        // Names of items are not hygienic: of all in here, the values of the fields see this one only.
        #[allow(clippy::needless_update)]
        const __USBD_ACM_PRODUCT: $crate::Product =
            $crate::Product { $($field: $value,)* ..$crate::Product::NEW }.checked();
        {
            const PRODUCT: &$crate::Product = &__USBD_ACM_PRODUCT;
            const PORTS: usize = PRODUCT.ports;
            const ENDPOINTS: [$crate::PortEndpoints; PORTS] =
                $crate::allocate_endpoints(PRODUCT.endpoints);
            const LENGTH: usize = $crate::configuration_length(PRODUCT);
            const fn configuration(
                speed: $crate::Speed,
                kind: $crate::ConfigurationKind,
            ) -> [u8; LENGTH] {
                $crate::configuration::<PORTS, LENGTH>(PRODUCT, &ENDPOINTS, speed, kind)
            }
            const HIGH_SPEED: &$crate::HighSpeedParts = {
                use $crate::{ConfigurationKind::{Current, OtherSpeed}, Speed::{Full, High}};
                &$crate::HighSpeedParts {
                    configuration: &const { configuration(High, Current) },
                    other_than_full: &const { configuration(High, OtherSpeed) },
                    other_than_high: &const { configuration(Full, OtherSpeed) },
                    device_qualifier: &const { $crate::device_qualifier(PRODUCT) },
                }
            };
            const PARTS: $crate::Parts = $crate::Parts {
                device: &const { $crate::device(PRODUCT, false) },
                device_with_serial_number: &const { $crate::device(PRODUCT, true) },
                configuration: &const {
                    configuration($crate::Speed::Full, $crate::ConfigurationKind::Current)
                },
                high_speed: if PRODUCT.high_speed { Some(HIGH_SPEED) } else { None },
                manufacturer: &const {
                    $crate::string::<{ $crate::string_length(PRODUCT.manufacturer) }>(
                        PRODUCT.manufacturer,
                    )
                },
                product: &const {
                    $crate::string::<{ $crate::string_length(PRODUCT.product) }>(PRODUCT.product)
                },
                serial_number: &const {
                    $crate::string::<{ $crate::string_length(PRODUCT.serial_number) }>(
                        PRODUCT.serial_number,
                    )
                },
            };
            const DESCRIPTORS: $crate::Descriptors<PORTS> =
                $crate::Descriptors::new(PRODUCT, ENDPOINTS, PARTS);
            DESCRIPTORS
        }
    }};
}
