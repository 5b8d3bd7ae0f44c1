// The descriptors of each firmware of ours; part of each.

#[cfg(feature = "suite")]
static DESCRIPTORS: Descriptors<1> = descriptors! {
    endpoints: ENDPOINTS,
    vendor_id: 0x1209,
    product_id: 0x0001,
    manufacturer: "usbd-acm",
    product: "Device under test",
    serial_number: "0123456789ABCDEF",
    power: usbd_acm::descriptors::Power::Bus { milliamps: 100 },
    remote_wakeup: true,
};

#[cfg(not(feature = "suite"))]
static DESCRIPTORS: Descriptors<1> = descriptors! {
    endpoints: ENDPOINTS,
    vendor_id: 0x1209,
    product_id: 0x0001,
    manufacturer: "usbd-acm",
    product: "Serial port",
    serial_number: "1",
};
