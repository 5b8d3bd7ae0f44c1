//! What a configuration descriptor says about interfaces and endpoints, as far as a host controller
//! has to know it. Bytes may be anything: what does not parse is left out.

use usbd_acm::TransferType;

/// One endpoint of an alternate setting.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EndpointInfo {
    /// bEndpointAddress.
    pub address: u8,
    /// Bulk or interrupt.
    pub transfer_type: TransferType,
    /// Bits 10..0 of wMaxPacketSize, in bytes.
    pub max_packet_size: u16,
    /// bInterval.
    pub interval: u8,
    /// bInterfaceNumber it belongs to.
    pub interface: u8,
    /// bAlternateSetting it belongs to.
    pub alternate: u8,
}

/// One alternate setting of an interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InterfaceInfo {
    /// bInterfaceNumber.
    pub number: u8,
    /// bAlternateSetting.
    pub alternate: u8,
    /// bInterfaceClass, bInterfaceSubClass, bInterfaceProtocol.
    pub class: [u8; 3],
}

/// A configuration, parsed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Configuration {
    /// bConfigurationValue.
    pub value: u8,
    /// Every alternate setting, in the order of the descriptor.
    pub interfaces: Vec<InterfaceInfo>,
    /// Every endpoint, in the order of the descriptor.
    pub endpoints: Vec<EndpointInfo>,
}

impl Configuration {
    /// Parses a configuration descriptor set (USB 2.0 §9.6.3). Descriptors of other types are
    /// skipped, as is everything behind a descriptor with an impossible length.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut configuration = Self::default();
        for descriptor in split(bytes) {
            match *descriptor {
                [_, 2, _, _, _, value, ..] => configuration.value = value,
                [_, 4, number, alternate, _, class, subclass, protocol, ..] => {
                    let class = [class, subclass, protocol];
                    configuration.interfaces.push(InterfaceInfo { number, alternate, class });
                }
                [_, 5, address, attributes, size_low, size_high, interval, ..] => {
                    let Some(last) = configuration.interfaces.last() else { continue };
                    let Some(transfer_type) = transfer_type(attributes) else { continue };
                    let size = u16::from_le_bytes([size_low, size_high]);
                    configuration.endpoints.push(EndpointInfo {
                        address,
                        transfer_type,
                        max_packet_size: size & 0x7FF,
                        interval,
                        interface: last.number,
                        alternate: last.alternate,
                    });
                }
                _ => {}
            }
        }
        configuration
    }

    /// The interfaces, each once, as alternate setting 0.
    pub fn default_interfaces(&self) -> impl Iterator<Item = &InterfaceInfo> {
        self.interfaces.iter().filter(|i| i.alternate == 0)
    }

    /// The endpoints of one alternate setting.
    pub fn endpoints_of(
        &self,
        interface: u8,
        alternate: u8,
    ) -> impl Iterator<Item = &EndpointInfo> {
        self.endpoints.iter().filter(move |e| e.interface == interface && e.alternate == alternate)
    }
}

fn split(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let length = usize::from(*bytes.first()?);
        if length < 2 {
            return None;
        }
        let (descriptor, rest) = bytes.split_at_checked(length)?;
        bytes = rest;
        Some(descriptor)
    })
}

fn transfer_type(attributes: u8) -> Option<TransferType> {
    // USB 2.0 table 9-13.
    match attributes & 3 {
        2 => Some(TransferType::Bulk),
        3 => Some(TransferType::Interrupt),
        _ => None,
    }
}
