//! Every system enumerates it, alone and in composite devices.

use usbd_acm_virtual::host::{AcmPort, Transfer, linux, macos, windows};

use crate::echo;
use crate::rig::{LINE_CODING, Options, Parts, start};

#[test]
fn embassy_enumerates_like_linux_windows_and_macos() {
    let mut rig = start::<2>(Options::default(), |mut parts| {
        let port = parts.port();
        echo(parts.executor, port);
    });
    rig.host.plug().unwrap();
    for round in 0..3 {
        let device = match round {
            0 => linux::enumerate(&mut rig.host),
            1 => windows::enumerate(&mut rig.host),
            _ => macos::enumerate(&mut rig.host),
        };
        let device = device.unwrap_or_else(|error| panic!("{round}: {error:?}"));
        assert_eq!(device.product.as_deref(), Some("Device under test"));
        let mut port = AcmPort::all(&device).remove(0);
        match round {
            0 => linux::open(&mut rig.host, &mut port, LINE_CODING).unwrap(),
            1 => windows::open(&mut rig.host, &mut port, LINE_CODING).unwrap(),
            _ => macos::open(&mut rig.host, &mut port, LINE_CODING).unwrap(),
        }
        assert_eq!(port.transfer(&mut rig.host, b"Hello", 5).unwrap(), b"Hello");
    }
}

#[test]
fn embassy_descriptors_say_what_the_class_does() {
    let mut rig = start::<2>(Options::default(), |_| ());
    let (device, ports) = rig.enumerate();
    assert_eq!(ports.len(), 1);
    let functional: [&[u8]; 4] =
        [&[5, 0x24, 0, 0x10, 1], &[5, 0x24, 1, 0, 1], &[4, 0x24, 2, 6], &[5, 0x24, 6, 0, 1]];
    let expected = functional.concat();
    let found = device.configuration.windows(expected.len()).filter(|part| *part == expected);
    assert_eq!(found.count(), 1, "{:?}", device.configuration);
    // A SERIAL_STATE of 10 bytes is one packet.
    assert_eq!(ports[0].function().notification.max_packet_size, 16);
}

#[test]
fn embassy_composite_with_hid_and_two_ports() {
    let options = Options { ports: 2, with_hid: true, ..Options::default() };
    let mut rig = start::<2>(options, |Parts { executor, ports, hid, .. }| {
        ports.into_iter().for_each(|port| echo(executor, port));
        let mut hid = hid.unwrap();
        executor.spawn(async move {
            hid.ready().await;
            hid.write(&[1]).await.unwrap();
        });
    });
    let (device, mut ports) = rig.enumerate();
    let interfaces: Vec<_> = ports.iter().map(|port| port.function().control_interface).collect();
    assert_eq!(interfaces, [1, 3], "after the HID");
    for (number, port) in ports.iter_mut().enumerate() {
        linux::open(&mut rig.host, port, LINE_CODING).unwrap();
        let words = vec![u8::try_from(number).unwrap(); 1000];
        assert_eq!(port.transfer(&mut rig.host, &words, words.len()).unwrap(), words);
    }
    let report = usbd_acm_virtual::host::Pipe {
        address: usbd_acm::EndpointAddress::new(1, usbd_acm::Direction::In).unwrap(),
        max_packet_size: 8,
        ..ports[0].function().notification
    };
    let mut read = Transfer::read(report, 8);
    rig.host.exchange(&mut [&mut read], 10_000_000);
    assert_eq!(read.moved(), [1], "{:?}", device.configuration);
}
