//! What the application is told by the requests of Windows and Linux.

use usbd_acm::class::ControlLineState;
use usbd_acm_tests::full_speed;
use usbd_acm_tests::model::DEFAULT_LINE_CODING;
use usbd_acm_virtual::host::{AcmPort, linux, windows};

use super::systems::CODING;

#[test]
fn cdc_5_windows_writes_back_what_it_read() {
    let mut rig = full_speed();
    rig.host.plug().unwrap();
    let device = windows::enumerate(&mut rig.host).unwrap();
    let port = AcmPort::all(&device).remove(0);
    let read = port.line_coding(&mut rig.host).unwrap();
    assert_eq!(read, DEFAULT_LINE_CODING);
    port.set_line_coding(&mut rig.host, read).unwrap();
    // Some versions send no data bits first, and give up on a STALL.
    let no_data_bits = [0x80, 0x25, 0, 0, 0, 0, 0];
    port.set_line_coding(&mut rig.host, no_data_bits).unwrap();
    assert_eq!(port.line_coding(&mut rig.host), Ok(no_data_bits));
    assert!(rig.firmware.borrow().ports[0].control.line_coding().data_bits().is_err());
    assert_eq!(rig.violations(), []);
}

#[test]
fn cdc_6_linux_sees_what_the_application_is_told() {
    let mut rig = full_speed();
    rig.host.plug().unwrap();
    let device = linux::enumerate(&mut rig.host).unwrap();
    let mut port = AcmPort::all(&device).remove(0);
    linux::bind(&mut rig.host, &mut port).unwrap();
    let rate =
        |rig: &usbd_acm_tests::Rig| rig.firmware.borrow().ports[0].control.line_coding().rate;
    let lines = |rig: &usbd_acm_tests::Rig| rig.firmware.borrow().ports[0].control.control_lines();
    assert_eq!((rate(&rig), lines(&rig)), (9600, ControlLineState::empty()));
    linux::open(&mut rig.host, &mut port, CODING.to_bytes()).unwrap();
    assert_eq!((rate(&rig), lines(&rig)), (57_600, ControlLineState::all()));
    linux::close(&mut rig.host, &mut port).unwrap();
    assert_eq!(lines(&rig), ControlLineState::empty());
    assert_eq!(rig.violations(), []);
}
