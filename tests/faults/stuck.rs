//! Somebody does nothing: an application that never reads or writes, a host that never reads. EP0
//! answers all the same, and nothing is lost when they come back.

use usbd_acm::WriteError;
use usbd_acm_tests::fixture::{Fixture, Options, Polling};
use usbd_acm_virtual::FullSpeed;
use usbd_acm_virtual::host::{Fault, PacketKind, Rule, Token, Transfer, TransferError, request};

use crate::{LINE_CODING, MILLISECOND};

fn fixture() -> Fixture {
    // By interrupt: it must not be one that never ends, nor one that never comes.
    let options = Options { polling: Polling::OnInterrupt(0), ..Options::default() };
    Fixture::new::<FullSpeed>(options, ())
}

fn assert_ep0_answers(fixture: &mut Fixture) {
    let Fixture { host, acm, .. } = fixture;
    acm.set_line_coding(host, LINE_CODING).unwrap();
    assert_eq!(acm.line_coding(host), Ok(LINE_CODING));
    acm.set_control_line_state(host, true, true).unwrap();
    assert_eq!(host.control_in(request::get_configuration()).unwrap(), [1]);
    let bad = host.control_in(request::get_descriptor(0x42, 0, 64));
    assert_eq!(bad, Err(TransferError::Stall));
    let data_out = acm.function().data_out.address;
    assert_eq!(host.control_in(request::get_endpoint_status(data_out)).unwrap(), [0, 0]);
}

#[test]
fn an_application_that_never_reads() {
    let mut fixture = fixture();
    let data: Vec<u8> = (0..1000u32).map(|n| n.to_le_bytes()[0]).collect();
    let mut write = Transfer::write(fixture.acm.function().data_out, &data);
    for _ in 0..10 {
        fixture.host.exchange(&mut [&mut write], 5 * MILLISECOND);
        assert_eq!(write.moved().len(), 128, "two slots");
        assert_ep0_answers(&mut fixture);
    }
    // The other direction does not care.
    fixture.port.writer.write(b"hello").unwrap();
    assert_eq!(fixture.acm.read(&mut fixture.host, 5).unwrap(), b"hello");
    let mut received: Vec<u8> = Vec::new();
    while received.len() < data.len() {
        let before = received.len();
        while let Ok(bytes) = fixture.port.reader.fill_buf() {
            let count = bytes.len();
            received.extend(bytes);
            fixture.port.reader.consume(count);
        }
        assert!(received.len() > before, "{before} bytes, and no more");
        fixture.host.exchange(&mut [&mut write], MILLISECOND);
    }
    assert_eq!(received, data);
    assert_eq!(write.outcome(), Some(Ok(())));
    assert_eq!(fixture.violations(), []);
}

#[test]
fn an_application_that_never_writes() {
    let mut fixture = fixture();
    let mut read = Transfer::read(fixture.acm.function().data_in, 64);
    for _ in 0..10 {
        fixture.host.exchange(&mut [&mut read], 5 * MILLISECOND);
        assert_eq!((read.outcome(), read.moved()), (None, &[][..]));
        assert_ep0_answers(&mut fixture);
    }
    fixture.port.writer.write(b"at last").unwrap();
    fixture.host.exchange(&mut [&mut read], MILLISECOND);
    assert_eq!((read.outcome(), read.moved()), (Some(Ok(())), &b"at last"[..]));
    assert_eq!(fixture.violations(), []);
}

#[test]
fn a_host_that_never_reads() {
    let mut fixture = fixture();
    let mut written = Vec::new();
    for round in 0..20u8 {
        while let Ok(count) = fixture.port.writer.write(&[round; 50]) {
            written.extend(&[round; 50][..count]);
        }
        assert_eq!(fixture.port.writer.write(&[round]), Err(WriteError::Full));
        fixture.host.run(MILLISECOND);
        assert_ep0_answers(&mut fixture);
        assert_eq!(fixture.port.writer.is_flushed(), Ok(false));
    }
    assert_eq!(written.len(), 128, "two slots");
    fixture.acm.write(&mut fixture.host, b"the other direction").unwrap();
    assert_eq!(fixture.port.reader.fill_buf(), Ok(&b"the other direction"[..]));
    assert_eq!(fixture.acm.read(&mut fixture.host, 128).unwrap(), written);
    assert_eq!(fixture.violations(), []);
}

#[test]
fn a_storm_of_naks_on_each_endpoint() {
    for endpoint in [0, 1, 2] {
        for token in [Token::In, Token::Out] {
            let mut fixture = fixture();
            let storm = Rule::new(PacketKind::Token(token), Fault::NakStorm(1000));
            fixture.host.faults().add(storm.on_endpoint(endpoint));
            let data: Vec<u8> = (0..200).collect();
            fixture.port.writer.write(&[7; 100]).unwrap();
            let read = fixture.acm.transfer(&mut fixture.host, &data[..100], 100).unwrap();
            assert_eq!(read, [7; 100]);
            assert_eq!(fixture.port.reader.fill_buf(), Ok(&data[..64]));
            assert_ep0_answers(&mut fixture);
            assert_eq!(fixture.violations(), []);
        }
    }
}
