//! What the trimming saves against the descriptors that usbd-serial 0.2 on usb-device 0.3 gives a
//! host that asks for them.
//!
//! `cargo test -p usbd-acm-descriptors --test usbd_serial -- --nocapture` prints the table.

mod bus;

use usb_device::bus::UsbBusAllocator;
use usb_device::device::{StringDescriptors, UsbDeviceBuilder, UsbVidPid};
use usbd_acm_descriptors::parse::{Configuration, Device};
use usbd_acm_descriptors::{Descriptors, EndpointSet, Speed, descriptors};
use usbd_serial::SerialPort;

use crate::bus::{AnyBus, get_descriptor};

const STRINGS: [&str; 3] = ["Example", "USB serial", "0001"];

static OURS: Descriptors<1> = descriptors! {
    endpoints: EndpointSet::first(2),
    vendor_id: 0x1209,
    product_id: 0x0001,
    manufacturer: STRINGS[0],
    product: STRINGS[1],
    serial_number: STRINGS[2],
};

static OURS_BARE: Descriptors<1> = descriptors! {
    endpoints: EndpointSet::first(2),
    vendor_id: 0x1209,
    product_id: 0x0001,
    manufacturer: STRINGS[0],
    product: STRINGS[1],
    serial_number: STRINGS[2],
    interface_association: false,
};

/// Everything a host can read. What is STALLed is empty.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Set {
    device: Vec<u8>,
    configuration: Vec<u8>,
    bos: Vec<u8>,
    strings: [Vec<u8>; 4],
}

impl Set {
    fn of_usbd_serial(associations: bool) -> Self {
        let allocator = UsbBusAllocator::new(AnyBus::default());
        let mut port = SerialPort::new(&allocator);
        let strings = StringDescriptors::default()
            .manufacturer(STRINGS[0])
            .product(STRINGS[1])
            .serial_number(STRINGS[2]);
        let builder = UsbDeviceBuilder::new(&allocator, UsbVidPid(0x1209, 0x0001))
            .max_packet_size_0(64)
            .and_then(|builder| builder.strings(&[strings]))
            .expect("legal");
        let builder = match associations {
            true => builder.composite_with_iads(),
            false => builder.device_class(usbd_serial::USB_CLASS_CDC),
        };
        let mut device = builder.build();
        let mut get = |descriptor_type, index, language| {
            get_descriptor(&mut device, &mut port, descriptor_type, index, language)
        };
        Self {
            device: get(1, 0, 0),
            configuration: get(2, 0, 0),
            bos: get(15, 0, 0),
            strings: [get(3, 0, 0), get(3, 1, 0x0409), get(3, 2, 0x0409), get(3, 3, 0x0409)],
        }
    }

    fn of_ours(descriptors: &Descriptors<1>) -> Self {
        let string = |index| descriptors.string(index, 0x0409).unwrap_or_default().to_vec();
        Self {
            device: descriptors.device().to_vec(),
            configuration: descriptors.configuration(Speed::Full).to_vec(),
            bos: vec![],
            strings: [0, 1, 2, 3].map(string),
        }
    }

    /// Bytes a host reads: device, configuration, BOS, strings.
    fn lengths(&self) -> [usize; 4] {
        let strings = self.strings.iter().map(Vec::len).sum();
        [self.device.len(), self.configuration.len(), self.bos.len(), strings]
    }

    fn total(&self) -> usize {
        self.lengths().iter().sum()
    }
}

#[test]
fn usbd_serial_is_read_whole() {
    for associations in [false, true] {
        let set = Set::of_usbd_serial(associations);
        let device = Device::parse(&set.device).expect("legal");
        assert_eq!((device.vendor_id, device.product_id), (0x1209, 1));
        let configuration = Configuration::parse(&set.configuration).expect("legal");
        assert_eq!(configuration.check_speed(Speed::Full), Ok(()));
        assert_eq!(configuration.serial_ports().len(), 1);
        assert_eq!(configuration.associations.len(), usize::from(associations));
        let ours = Set::of_ours(&OURS);
        assert_eq!(set.strings, ours.strings, "the same product");
    }
}

#[test]
fn trimming_saves() {
    let sets = [
        ("usbd-serial, with associations", Set::of_usbd_serial(true)),
        ("ours", Set::of_ours(&OURS)),
        ("usbd-serial, without associations", Set::of_usbd_serial(false)),
        ("ours, without associations", Set::of_ours(&OURS_BARE)),
    ];
    println!("bytes a host reads                    device  configuration  BOS  strings  all");
    for (name, set) in &sets {
        let [device, configuration, bos, strings] = set.lengths();
        let total = set.total();
        println!("{name:36}  {device:6}  {configuration:13}  {bos:3}  {strings:7}  {total:3}");
    }
    for pair in sets.chunks(2) {
        let [(_, theirs), (_, ours)] = pair else { unreachable!("an even number of sets") };
        let saved = theirs.total().checked_sub(ours.total()).expect("ours is no longer");
        println!("saved: {saved}");
        assert_eq!(saved, theirs.bos.len(), "all of it is BOS: the rest has nothing to leave out");
        assert!(saved > 0);
    }
}
