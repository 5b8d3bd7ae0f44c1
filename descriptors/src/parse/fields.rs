//! Names and widths of the fields of each descriptor type, for printing.

/// A field: its name in the specification, and how it is written.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) form: Form,
}

/// How a field is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// One byte, decimal.
    Byte,
    /// One byte, hexadecimal.
    HexByte,
    /// Two bytes, hexadecimal.
    HexWord,
    /// Two bytes, as release number.
    Release,
    /// bEndpointAddress.
    Address,
    /// bMaxPower.
    Power,
    /// Two bytes: wMaxPacketSize.
    PacketSize,
    /// bmAttributes of a configuration.
    ConfigurationAttributes,
    /// bmAttributes of an endpoint.
    EndpointAttributes,
    /// bmCapabilities of ACM.
    AcmCapabilities,
    /// A class code.
    Class,
}

impl Form {
    /// Width in bytes.
    pub(super) fn width(self) -> usize {
        match self {
            Self::HexWord | Self::Release | Self::PacketSize => 2,
            _ => 1,
        }
    }
}

/// What a descriptor is called, how deep `lsusb` indents it, and its fields after bDescriptorType.
pub(super) struct Layout {
    pub(super) title: &'static str,
    pub(super) indent: usize,
    pub(super) fields: &'static [Field],
}

/// The layout of a descriptor by bDescriptorType and the byte after it.
pub(super) fn layout(descriptor_type: u8, subtype: Option<u8>) -> Option<&'static Layout> {
    Some(match (descriptor_type, subtype) {
        (1, _) => &DEVICE,
        (2, _) => &CONFIGURATION,
        (4, _) => &INTERFACE,
        (5, _) => &ENDPOINT,
        (6, _) => &DEVICE_QUALIFIER,
        (7, _) => &OTHER_SPEED,
        (0x0B, _) => &ASSOCIATION,
        (0x24, Some(0x00)) => &HEADER,
        (0x24, Some(0x01)) => &CALL_MANAGEMENT,
        (0x24, Some(0x02)) => &ACM,
        (0x24, Some(0x06)) => &UNION,
        _ => return None,
    })
}

macro_rules! layout {
    ($title:literal, $indent:literal, $($name:ident: $form:ident),* $(,)?) => {
        Layout {
            title: $title,
            indent: $indent,
            fields: &[$(Field { name: stringify!($name), form: Form::$form }),*],
        }
    };
}

static DEVICE: Layout = layout!(
    "Device Descriptor", 0,
    bcdUSB: Release, bDeviceClass: Class, bDeviceSubClass: Byte, bDeviceProtocol: Byte,
    bMaxPacketSize0: Byte, idVendor: HexWord, idProduct: HexWord, bcdDevice: Release,
    iManufacturer: Byte, iProduct: Byte, iSerial: Byte, bNumConfigurations: Byte,
);

static DEVICE_QUALIFIER: Layout = layout!(
    "Device Qualifier (for other device speed)", 0,
    bcdUSB: Release, bDeviceClass: Class, bDeviceSubClass: Byte, bDeviceProtocol: Byte,
    bMaxPacketSize0: Byte, bNumConfigurations: Byte, bReserved: Byte,
);

static CONFIGURATION: Layout = layout!(
    "Configuration Descriptor", 2,
    wTotalLength: HexWord, bNumInterfaces: Byte, bConfigurationValue: Byte, iConfiguration: Byte,
    bmAttributes: ConfigurationAttributes, MaxPower: Power,
);

static OTHER_SPEED: Layout = layout!(
    "Other Speed Configuration Descriptor", 2,
    wTotalLength: HexWord, bNumInterfaces: Byte, bConfigurationValue: Byte, iConfiguration: Byte,
    bmAttributes: ConfigurationAttributes, MaxPower: Power,
);

static ASSOCIATION: Layout = layout!(
    "Interface Association", 4,
    bFirstInterface: Byte, bInterfaceCount: Byte, bFunctionClass: Class, bFunctionSubClass: Byte,
    bFunctionProtocol: Byte, iFunction: Byte,
);

static INTERFACE: Layout = layout!(
    "Interface Descriptor", 4,
    bInterfaceNumber: Byte, bAlternateSetting: Byte, bNumEndpoints: Byte, bInterfaceClass: Class,
    bInterfaceSubClass: Byte, bInterfaceProtocol: Byte, iInterface: Byte,
);

static ENDPOINT: Layout = layout!(
    "Endpoint Descriptor", 6,
    bEndpointAddress: Address, bmAttributes: EndpointAttributes, wMaxPacketSize: PacketSize,
    bInterval: Byte,
);

static HEADER: Layout = layout!("CDC Header", 6, bDescriptorSubtype: Byte, bcdCDC: Release);

static CALL_MANAGEMENT: Layout = layout!(
    "CDC Call Management", 6,
    bDescriptorSubtype: Byte, bmCapabilities: HexByte, bDataInterface: Byte,
);

static ACM: Layout =
    layout!("CDC ACM", 6, bDescriptorSubtype: Byte, bmCapabilities: AcmCapabilities);

static UNION: Layout = layout!(
    "CDC Union", 6,
    bDescriptorSubtype: Byte, bControlInterface: Byte, bSubordinateInterface0: Byte,
);
