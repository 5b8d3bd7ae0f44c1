//! What a product says about itself.

use crate::EndpointSet;

/// A device of one or more serial ports: everything its descriptors are made from.
///
/// Written with [`descriptors!`](crate::descriptors), which takes these fields in any order and
/// fills in [`Product::NEW`] for the ones left out.
#[derive(Clone, Copy, Debug)]
pub struct Product {
    /// The endpoints the controller offers. Must be given.
    pub endpoints: EndpointSet,
    /// Number of serial ports, 1 or more. Each takes 2 IN and 1 OUT endpoint.
    pub ports: usize,
    /// idVendor, assigned by the USB-IF. Must be given.
    pub vendor_id: u16,
    /// idProduct, assigned by the vendor.
    pub product_id: u16,
    /// bcdDevice: 0x0123 is release 1.23.
    pub device_release: u16,
    /// iManufacturer; at most 126 UTF-16 units. An empty string is left out.
    pub manufacturer: &'static str,
    /// iProduct; at most 126 UTF-16 units. An empty string is left out.
    pub product: &'static str,
    /// iSerialNumber; at most 126 UTF-16 units. An empty string is left out, unless
    /// [`with_serial_number`](crate::Descriptors::with_serial_number) brings one at run time.
    pub serial_number: &'static str,
    /// Where the device takes its power from.
    pub power: Power,
    /// Whether the device can wake the host, where the host allows it.
    pub remote_wakeup: bool,
    /// Whether each port has an interface association descriptor. Without it the device is of the
    /// class Communications, as devices were before associations existed: 8 bytes less, one port
    /// only.
    pub interface_association: bool,
    /// Whether the device can run at high speed, and so has a device qualifier and the
    /// configuration of the other speed.
    pub high_speed: bool,
}

impl Product {
    /// One port with its interface association, full speed, bus powered with 100 mA, release 1.00,
    /// no strings, no remote wake-up. Endpoints and vendor are to be filled in.
    pub const NEW: Self = Self {
        endpoints: EndpointSet { in_numbers: 0, out_numbers: 0, shared_numbers: true },
        ports: 1,
        vendor_id: 0,
        product_id: 0,
        device_release: 0x0100,
        manufacturer: "",
        product: "",
        serial_number: "",
        power: Power::Bus { milliamps: 100 },
        remote_wakeup: false,
        interface_association: true,
        high_speed: false,
    };

    /// The same product, if its fields are legal. Endpoints and strings are checked where they are
    /// laid out.
    ///
    /// # Panics
    /// When a field is not legal: at compile time, where descriptors are made.
    pub const fn checked(self) -> Self {
        assert!(self.vendor_id != 0, "set `vendor_id` to the number the USB-IF assigned");
        assert!(is_bcd(self.device_release), "`device_release` is BCD: 0x0123 is release 1.23");
        assert!(
            self.interface_association || self.ports == 1,
            "only associations tell the ports of a device apart: leave `interface_association` on"
        );
        let _ = self.max_power();
        self
    }

    /// What bmAttributes says.
    pub const fn attributes(&self) -> Attributes {
        let self_powered = matches!(self.power, Power::SelfPowered { .. });
        Attributes { self_powered, remote_wakeup: self.remote_wakeup }
    }

    /// What bMaxPower says.
    ///
    /// # Panics
    /// When the bus does not supply that much: at compile time, where descriptors are made.
    pub const fn max_power(&self) -> MaxPower {
        let milliamps = match self.power {
            Power::Bus { milliamps } => {
                // USB 2.0 §7.2.1.4: five unit loads.
                assert!(milliamps <= 500, "a port supplies at most 500 mA: lower `milliamps`");
                milliamps
            }
            Power::SelfPowered { milliamps } => {
                // USB 2.0 §7.2.1.5: one unit load.
                assert!(
                    milliamps <= 100,
                    "a self-powered device takes at most 100 mA from the bus: lower `milliamps`"
                );
                milliamps
            }
        };
        let [units, _] = milliamps.div_ceil(2).to_le_bytes();
        MaxPower { units }
    }
}

const fn is_bcd(value: u16) -> bool {
    value & 0xF < 10 && value >> 4 & 0xF < 10 && value >> 8 & 0xF < 10 && value >> 12 < 10
}

/// Where a device takes its power from (USB 2.0 §7.2.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Power {
    /// All of it from the bus.
    Bus {
        /// The most it takes once configured, in mA: at most 500.
        milliamps: u16,
    },
    /// From a supply of its own.
    SelfPowered {
        /// The most it takes from the bus all the same, in mA: at most 100.
        milliamps: u16,
    },
}

/// What bmAttributes of the configuration says (USB 2.0 table 9-10). The stack answers
/// GET_STATUS and SET_FEATURE(DEVICE_REMOTE_WAKEUP) by the same value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attributes {
    /// D6: the device has a supply of its own.
    pub self_powered: bool,
    /// D5: the device can wake the host.
    pub remote_wakeup: bool,
}

impl Attributes {
    /// bmAttributes as it stands in the descriptor. D7 is always set.
    pub const fn to_byte(self) -> u8 {
        0x80 | (self.self_powered as u8) << 6 | (self.remote_wakeup as u8) << 5
    }
}

/// What bMaxPower of the configuration says: the most a device takes from the bus.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MaxPower {
    units: u8,
}

impl MaxPower {
    /// In mA: even, and at most 500.
    pub const fn milliamps(self) -> u16 {
        self.units as u16 * 2
    }

    /// bMaxPower as it stands in the descriptor: units of 2 mA.
    pub const fn to_byte(self) -> u8 {
        self.units
    }
}
