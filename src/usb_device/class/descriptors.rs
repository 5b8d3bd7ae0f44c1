//! The descriptors of the ports in a device with other classes.

use usb_device::Result;
use usb_device::bus::UsbBus;
use usb_device::descriptor::DescriptorWriter;

use super::endpoints::PortHandles;
use crate::descriptors::{
    CDC_DATA, COMMUNICATION_ACM, DEVICE_LENGTH, Descriptors, EndpointSet, Parts, Product,
    allocate_endpoints, functional_descriptors,
};

/// What stands in for the descriptors of a whole device: interfaces and endpoints as a device of
/// these ports alone would have them. No request is answered with its bytes.
pub(super) struct Nominal<const PORTS: usize>;

const NO_BYTES: &[u8; DEVICE_LENGTH] = &[0; DEVICE_LENGTH];

impl<const PORTS: usize> Nominal<PORTS> {
    pub(super) const DESCRIPTORS: &'static Descriptors<PORTS> = &Descriptors::new(
        &Product::NEW,
        allocate_endpoints(EndpointSet::first(15)),
        Parts {
            device: NO_BYTES,
            device_with_serial_number: NO_BYTES,
            configuration: &[],
            high_speed: None,
            manufacturer: &[],
            product: &[],
            serial_number: &[],
        },
    );
}

/// Writes the descriptors of one port, with its interface association where the device has them.
pub(super) fn write_port<B: UsbBus>(
    writer: &mut DescriptorWriter<'_>,
    handles: &PortHandles<'_, B>,
) -> Result<()> {
    let (communication, data) = (handles.communication, handles.data);
    let [class, subclass, protocol] = COMMUNICATION_ACM;
    writer.iad(communication, 2, class, subclass, protocol, None)?;
    writer.interface(communication, class, subclass, protocol)?;
    let functional = functional_descriptors(communication.into(), data.into());
    let mut rest = functional.as_slice();
    while let [length, descriptor_type, ..] = *rest {
        let (descriptor, after) = rest.split_at(usize::from(length).min(rest.len()));
        writer.write(descriptor_type, descriptor.get(2..).unwrap_or_default())?;
        rest = after;
    }
    writer.endpoint(&handles.notification)?;
    let [class, subclass, protocol] = CDC_DATA;
    writer.interface(data, class, subclass, protocol)?;
    writer.endpoint(&handles.data_out)?;
    writer.endpoint(&handles.data_in)
}
