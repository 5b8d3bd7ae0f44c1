//! TD 9.9: halts of the endpoints.

use usbd_acm::EndpointAddress;
use usbd_acm::State::{Address, Configured, Default};
use usbd_acm_tests::{Subject, each_device, each_device_in};
use usbd_acm_virtual::host::{TransferError, request};

fn status(subject: &mut Subject, endpoint: EndpointAddress) -> Vec<u8> {
    subject.read(request::get_endpoint_status(endpoint))
}

fn every_endpoint(subject: &Subject) -> Vec<EndpointAddress> {
    subject.golden.endpoints.iter().filter_map(|byte| EndpointAddress::from_byte(*byte)).collect()
}

#[test]
fn td_9_9_halt_endpoint() {
    each_device_in(&[Configured], |subject| {
        for interface in 0..2 * subject.golden.ports {
            subject.accepts(request::set_interface(interface, 0));
            assert_eq!(subject.read(request::get_interface(interface)), [0]);
        }
        let endpoints = every_endpoint(subject);
        assert_eq!(endpoints.len(), 3 * usize::from(subject.golden.ports));
        for endpoint in &endpoints {
            assert_eq!(status(subject, *endpoint), [0, 0]);
            subject.accepts(request::set_halt(*endpoint));
            let statuses: Vec<u8> =
                endpoints.iter().map(|other| status(subject, *other)[0]).collect();
            let expected: Vec<u8> = endpoints.iter().map(|e| u8::from(e == endpoint)).collect();
            assert_eq!(statuses, expected, "only the endpoint itself halts");
            subject.accepts(request::clear_halt(*endpoint));
            assert_eq!(status(subject, *endpoint), [0, 0]);
        }
    });
}

#[test]
fn td_9_9_halted_endpoints_stall_and_work_afterwards() {
    each_device(|subject| {
        let (_, mut ports) = subject.open();
        for port in &mut ports {
            let function = *port.function();
            let data: Vec<u8> = (0..200).collect();
            assert_eq!(port.transfer(&mut subject.host, &data, 200), Ok(data.clone()));
            for pipe in [function.data_out, function.data_in] {
                subject.accepts(request::set_halt(pipe.address));
            }
            assert_eq!(subject.host.write(function.data_out, &[1]), Err(TransferError::Stall));
            assert_eq!(subject.host.read(function.data_in, 64), Err(TransferError::Stall));
            for pipe in [function.data_out, function.data_in] {
                subject.accepts(request::clear_halt(pipe.address));
            }
            assert_eq!(port.transfer(&mut subject.host, &data, 200), Ok(data));
        }
    });
}

#[test]
fn td_9_9_absent_endpoints_have_no_halt() {
    each_device_in(&[Default, Address, Configured], |subject| {
        for byte in (1..=15).flat_map(|number| [number, 0x80 | number]) {
            let is_there = subject.golden.endpoints.contains(&byte);
            if is_there && subject.read(request::get_configuration()) == [1] {
                continue;
            }
            let endpoint = EndpointAddress::from_byte(byte).expect("a number from 1 to 15");
            subject.refuses(request::get_endpoint_status(endpoint));
            subject.refuses(request::set_halt(endpoint));
            subject.refuses(request::clear_halt(endpoint));
        }
    });
}
