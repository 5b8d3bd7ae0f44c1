//! Where a device that goes by way of `usb-device` is known to differ from what it should do. The
//! tests expect exactly this of it, and so an improvement is noticed.

use usbd_acm::{Direction, SetupPacket};
use usbd_acm_virtual::host::TransferError;

use crate::bridge::Bridge;

/// One of them.
struct Deviation {
    bridges: &'static [Bridge],
    /// The requests, of which the host sent so many bytes of OUT data.
    applies: fn(&SetupPacket, usize) -> bool,
    /// How a transfer ends that is to be STALLed.
    refusal: TransferError,
}

const DEVIATIONS: &[Deviation] = &[
    // usb-device shows a request to its classes when its OUT data is there. It cannot be refused
    // before (I4), and while the host sends none, there is no answer.
    Deviation {
        bridges: &[Bridge::ClassOnController, Bridge::ClassOnBus],
        applies: |setup, sent| has_out_data(setup) && sent == 0 && fits(setup),
        refusal: TransferError::Timeout,
    },
    // It forgets a request with more OUT data than its buffer holds. AsUsbBus sees to it.
    Deviation {
        bridges: &[Bridge::ClassOnBus],
        applies: |setup, _| has_out_data(setup) && !fits(setup),
        refusal: TransferError::Timeout,
    },
];

fn has_out_data(setup: &SetupPacket) -> bool {
    setup.direction() == Direction::Out && setup.length > 0
}

/// usb-device has room for 128 bytes.
fn fits(setup: &SetupPacket) -> bool {
    setup.length <= 128
}

/// How a request that is to be refused ends, after so many bytes of OUT data.
pub(crate) fn refusal(bridge: Option<Bridge>, setup: &SetupPacket, sent: usize) -> TransferError {
    let of_bridge = DEVIATIONS
        .iter()
        .filter(|deviation| bridge.is_some_and(|bridge| deviation.bridges.contains(&bridge)));
    let mut applying = of_bridge.filter(|deviation| (deviation.applies)(setup, sent));
    applying.next().map_or(TransferError::Stall, |deviation| deviation.refusal)
}
