//! A whole configuration, checked.

use std::collections::BTreeSet;
use std::vec::Vec;

use super::{
    Association, Class, ConfigurationHeader, Descriptor, Endpoint, ErrorKind, Functional,
    InterfaceHeader, Item, ParseError, Walk,
};
use crate::{PortEndpoints, Speed, TransferType};

/// A configuration with everything in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Configuration<'a> {
    /// The configuration descriptor itself.
    pub header: ConfigurationHeader,
    /// Interface associations, and where they stand.
    pub associations: Vec<(usize, Association)>,
    /// Interfaces and their alternate settings.
    pub interfaces: Vec<Interface<'a>>,
    /// What is in the configuration without being known or being of an interface: whole
    /// descriptors.
    pub unknown: Vec<&'a [u8]>,
}

/// An alternate setting of an interface, with what belongs to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interface<'a> {
    /// Where it stands, in bytes.
    pub offset: usize,
    /// The interface descriptor itself.
    pub header: InterfaceHeader,
    /// CDC functional descriptors, and where they stand.
    pub functional: Vec<(usize, Functional<'a>)>,
    /// Endpoints, and where they stand.
    pub endpoints: Vec<(usize, Endpoint)>,
    /// What belongs to the interface without being known: whole descriptors.
    pub unknown: Vec<&'a [u8]>,
}

impl<'a> Configuration<'a> {
    /// Reads a whole configuration, of either descriptor type.
    ///
    /// # Errors
    /// The first thing that is wrong, and where.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let configuration = Self::build(bytes)?;
        configuration.check_header(bytes.len()).map_err(|kind| ParseError::new(0, kind))?;
        configuration.check_interfaces()?;
        configuration.check_endpoints()?;
        configuration.check_associations()?;
        configuration.check_functional()?;
        Ok(configuration)
    }

    /// Checks packet sizes and intervals against what `speed` allows (USB 2.0 §5.7.3, §5.8.3,
    /// table 9-13).
    ///
    /// # Errors
    /// The first endpoint that is wrong.
    pub fn check_speed(&self, speed: Speed) -> Result<(), ParseError> {
        for (offset, endpoint) in self.endpoints() {
            check_packet_size(endpoint, speed).map_err(|kind| ParseError::new(offset, kind))?;
            check_interval(endpoint, speed).map_err(|kind| ParseError::new(offset, kind))?;
        }
        Ok(())
    }

    /// The serial ports in it, as a host's ACM driver finds them: communication interface, data
    /// interface, endpoints.
    pub fn serial_ports(&self) -> Vec<(u8, u8, PortEndpoints)> {
        self.interfaces.iter().filter_map(|interface| self.serial_port(interface)).collect()
    }

    fn serial_port(&self, control: &Interface<'a>) -> Option<(u8, u8, PortEndpoints)> {
        let Class { class: 0x02, subclass: 0x02, .. } = control.header.class else {
            return None;
        };
        let data_number = control.functional.iter().find_map(|(_, f)| match f {
            Functional::Union { subordinate: [data, ..], .. } => Some(*data),
            _ => None,
        })?;
        let data = self.interfaces.iter().find(|i| i.header.number == data_number)?;
        let endpoint = |interface: &Interface<'a>, transfer_type, is_in| {
            let mut all = interface.endpoints.iter().map(|(_, endpoint)| endpoint);
            all.find(|e| {
                e.transfer_type() == Some(transfer_type) && (e.address & 0x80 != 0) == is_in
            })?
            .endpoint_address()
        };
        let endpoints = PortEndpoints {
            notification: endpoint(control, TransferType::Interrupt, true)?,
            data_in: endpoint(data, TransferType::Bulk, true)?,
            data_out: endpoint(data, TransferType::Bulk, false)?,
        };
        Some((control.header.number, data_number, endpoints))
    }

    fn build(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let mut walk = Walk::new(bytes);
        let header = match walk.next() {
            Some(item) => match item?.descriptor {
                Descriptor::Configuration(header) => header,
                _ => return Err(unexpected_type(0, bytes)),
            },
            None => return Err(ParseError::new(0, ErrorKind::Truncated { length: 9, left: 0 })),
        };
        let mut tree = Self { header, associations: vec![], interfaces: vec![], unknown: vec![] };
        for item in walk {
            let item = item?;
            tree.add(item)?;
        }
        Ok(tree)
    }

    fn add(&mut self, Item { offset, bytes, descriptor }: Item<'a>) -> Result<(), ParseError> {
        let interface = self.interfaces.last_mut();
        match (descriptor, interface) {
            (Descriptor::Configuration(_), _) => return Err(unexpected_type(offset, bytes)),
            (Descriptor::Association(association), _) => {
                self.associations.push((offset, association));
            }
            (Descriptor::Interface(header), _) => {
                self.interfaces.push(Interface::new(offset, header));
            }
            (Descriptor::Endpoint(endpoint), Some(interface)) => {
                interface.endpoints.push((offset, endpoint));
            }
            (Descriptor::Endpoint(_), None) => {
                return Err(ParseError::new(offset, ErrorKind::EndpointWithoutInterface));
            }
            (Descriptor::Functional(functional), Some(interface)) => {
                interface.functional.push((offset, functional));
            }
            (Descriptor::Unknown { .. }, Some(interface)) => interface.unknown.push(bytes),
            (Descriptor::Functional(_) | Descriptor::Unknown { .. }, None) => {
                self.unknown.push(bytes);
            }
        }
        Ok(())
    }

    fn check_header(&self, found: usize) -> Result<(), ErrorKind> {
        let header = &self.header;
        if usize::from(header.total_length) != found {
            return Err(ErrorKind::TotalLength { stated: header.total_length, found });
        }
        if header.value == 0 {
            return Err(ErrorKind::ConfigurationValue);
        }
        // USB 2.0 table 9-10: D7 set, D4..0 reserved.
        if header.attributes & 0x9F != 0x80 {
            return Err(ErrorKind::Attributes(header.attributes));
        }
        if header.max_power > 250 {
            return Err(ErrorKind::MaxPower(header.max_power));
        }
        let found = self.interfaces.iter().filter(|i| i.header.alternate == 0).count();
        if usize::from(header.interfaces) != found {
            return Err(ErrorKind::InterfaceCount { stated: header.interfaces, found });
        }
        Ok(())
    }

    fn check_interfaces(&self) -> Result<(), ParseError> {
        let mut expected_number = 0;
        let mut expected_alternate = 0;
        for interface in &self.interfaces {
            let InterfaceHeader { number, alternate, endpoints, .. } = interface.header;
            let error = |kind| Err(ParseError::new(interface.offset, kind));
            if alternate == 0 {
                expected_alternate = 0;
                expected_number += 1;
            }
            if usize::from(number) + 1 != expected_number || alternate != expected_alternate {
                return error(ErrorKind::InterfaceOrder { number, alternate });
            }
            expected_alternate = expected_alternate.saturating_add(1);
            let found = interface.endpoints.len();
            if usize::from(endpoints) != found {
                return error(ErrorKind::EndpointCount { stated: endpoints, found });
            }
        }
        Ok(())
    }

    fn check_endpoints(&self) -> Result<(), ParseError> {
        // An address may come again in another setting of the same interface (USB 2.0 §9.6.5).
        let mut seen = BTreeSet::new();
        for interface in &self.interfaces {
            let InterfaceHeader { number, alternate, .. } = interface.header;
            for (offset, endpoint) in &interface.endpoints {
                let error = |kind| Err(ParseError::new(*offset, kind));
                let address = endpoint.address;
                if endpoint.endpoint_address().is_none() {
                    return error(ErrorKind::EndpointAddress(address));
                }
                let taken =
                    |&(a, n, alt): &(u8, u8, u8)| a == address && (n != number || alt == alternate);
                if seen.iter().any(taken) {
                    return error(ErrorKind::EndpointTwice(address));
                }
                seen.insert((address, number, alternate));
                if endpoint.max_packet_size & 0xE000 != 0 {
                    return error(ErrorKind::PacketSize(endpoint.max_packet_size));
                }
                if endpoint.transfer_type().is_some() && endpoint.attributes & 0xFC != 0 {
                    return error(ErrorKind::Attributes(endpoint.attributes));
                }
            }
        }
        Ok(())
    }

    fn check_associations(&self) -> Result<(), ParseError> {
        let mut claimed = BTreeSet::new();
        for (offset, association) in &self.associations {
            let first = u16::from(association.first_interface);
            for number in first..first + u16::from(association.interfaces) {
                let Ok(number) = u8::try_from(number) else {
                    return Err(ParseError::new(*offset, ErrorKind::NoSuchInterface(u8::MAX)));
                };
                self.claim(&mut claimed, number).map_err(|kind| ParseError::new(*offset, kind))?;
            }
        }
        Ok(())
    }

    fn check_functional(&self) -> Result<(), ParseError> {
        let mut claimed = BTreeSet::new();
        let functional = self.interfaces.iter().flat_map(|interface| &interface.functional);
        for (offset, functional) in functional {
            let error = |kind| ParseError::new(*offset, kind);
            match *functional {
                Functional::Union { control, subordinate } => {
                    for number in [control].iter().chain(subordinate) {
                        self.claim(&mut claimed, *number).map_err(error)?;
                    }
                }
                Functional::CallManagement { data_interface, .. } => {
                    self.require(data_interface).map_err(error)?;
                }
                Functional::Header { .. } | Functional::Acm { .. } | Functional::Other(_) => {}
            }
        }
        Ok(())
    }

    fn claim(&self, claimed: &mut BTreeSet<u8>, number: u8) -> Result<(), ErrorKind> {
        self.require(number)?;
        if claimed.insert(number) { Ok(()) } else { Err(ErrorKind::InterfaceClaimedTwice(number)) }
    }

    fn require(&self, number: u8) -> Result<(), ErrorKind> {
        if number < self.header.interfaces {
            return Ok(());
        }
        Err(ErrorKind::NoSuchInterface(number))
    }

    fn endpoints(&self) -> impl Iterator<Item = (usize, &Endpoint)> {
        self.interfaces.iter().flat_map(|i| &i.endpoints).map(|(offset, e)| (*offset, e))
    }
}

impl Interface<'_> {
    fn new(offset: usize, header: InterfaceHeader) -> Self {
        Self { offset, header, functional: vec![], endpoints: vec![], unknown: vec![] }
    }
}

fn unexpected_type(offset: usize, bytes: &[u8]) -> ParseError {
    let found = bytes.get(1).copied().unwrap_or_default();
    ParseError::new(offset, ErrorKind::UnexpectedType { found })
}

fn check_packet_size(endpoint: &Endpoint, speed: Speed) -> Result<(), ErrorKind> {
    let size = endpoint.max_packet_size;
    let legal = match (endpoint.transfer_type(), speed) {
        (Some(TransferType::Bulk), Speed::Full) => matches!(size, 8 | 16 | 32 | 64),
        (Some(TransferType::Bulk), Speed::High) => size == 512,
        (Some(TransferType::Interrupt), Speed::Full) => size <= 64,
        // D12..11 are additional transactions a microframe; 3 is reserved.
        (Some(TransferType::Interrupt), Speed::High) => size & 0x7FF <= 1024 && size >> 11 < 3,
        (None, _) => true,
    };
    if legal { Ok(()) } else { Err(ErrorKind::PacketSize(size)) }
}

fn check_interval(endpoint: &Endpoint, speed: Speed) -> Result<(), ErrorKind> {
    let interval = endpoint.interval;
    let legal = match (endpoint.transfer_type(), speed) {
        (Some(TransferType::Interrupt), Speed::Full) => interval >= 1,
        (Some(TransferType::Interrupt), Speed::High) => (1..=16).contains(&interval),
        _ => true,
    };
    if legal { Ok(()) } else { Err(ErrorKind::Interval(interval)) }
}
