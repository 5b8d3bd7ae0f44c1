//! An echo as an RTIC task; the task of the USB interrupt polls the device, at a higher priority.
#![no_std]
#![no_main]

#[rtic::app(device = chip, peripherals = false, dispatchers = [SPARE])]
mod app {
    use chip::Usb;
    use embedded_io_async::Read;
    use usbd_acm::descriptors::{Descriptors, descriptors};
    use usbd_acm::{Controller, Device, Reader, Storage, Writer};

    static DESCRIPTORS: Descriptors<1> = descriptors! {
        endpoints: <Usb as Controller>::ENDPOINTS,
        vendor_id: 0x1209,
        product_id: 0x0001,
        product: "Echo",
    };

    #[shared]
    struct Shared {}

    #[local]
    struct Local {
        device: Device<Usb>,
        reader: Reader,
        writer: Writer,
    }

    #[init(local = [storage: Storage = Storage::new()])]
    fn init(context: init::Context) -> (Shared, Local) {
        let usb = chip::usb().unwrap();
        let (mut device, [port]) = context.local.storage.split(usb, &DESCRIPTORS, ());
        device.connect();
        let (reader, writer, _) = port.split();
        echo::spawn().unwrap();
        (Shared {}, Local { device, reader, writer })
    }

    #[task(binds = USB, priority = 2, local = [device])]
    fn usb(context: usb::Context) {
        context.local.device.poll();
    }

    #[task(priority = 1, local = [reader, writer])]
    async fn echo(context: echo::Context) {
        let echo::LocalResources { reader, writer, .. } = context.local;
        let mut bytes = [0; 64];
        loop {
            // An error is the end of a session. What was read in it is not for the next.
            let Ok(count) = Read::read(reader, &mut bytes).await else { continue };
            _ = writer.write_all_in(reader.session(), &bytes[..count]).await;
        }
    }
}
