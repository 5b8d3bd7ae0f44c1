//! The one value that holds the state of a device, and the two kinds of halves made from it.

use usbd_acm_class::PortStorage;
use usbd_acm_descriptors::{Descriptors, EP0_PACKET_SIZE, try_allocate_endpoints};

use crate::control::Stage;
use crate::device::{Power, State};
use crate::{Controller, Device, Hooks, Port, Speed};

/// Everything that a device and its ports share, to be placed in a `static`.
///
/// `PORTS` serial ports; `SLOTS` packets each way and port (2, 4, 8, 16, 32 or 64); `SIZE` bytes a
/// packet: 64 at full speed, 512 where the device may run at high speed.
///
/// With 2 slots the wire is kept busy as long as the device is polled within a transaction; where the
/// interrupt may come later than that, 4 do.
pub struct Storage<const PORTS: usize = 1, const SLOTS: usize = 2, const SIZE: usize = 64> {
    ports: [PortStorage<SLOTS, SIZE>; PORTS],
}

impl<const PORTS: usize, const SLOTS: usize, const SIZE: usize> Storage<PORTS, SLOTS, SIZE> {
    /// Storage of a device that is not there yet.
    #[expect(clippy::new_without_default, reason = "it belongs into a static")]
    pub const fn new() -> Self {
        Self { ports: [const { PortStorage::new() }; PORTS] }
    }

    /// The device half, and the application half of each port. That it takes the storage for good
    /// is what makes the halves usable from different contexts without a critical section.
    ///
    /// A controller with too few endpoints for so many ports does not compile. Descriptors that name
    /// other endpoints than it has, or lack its high speed, as they were made for another one, leave the
    /// device off the bus: see [`Device::lacks_endpoints`] and [`Device::lacks_high_speed`].
    pub fn split<C: Controller, H: Hooks>(
        &'static mut self,
        controller: C,
        descriptors: &'static Descriptors<PORTS>,
        hooks: H,
    ) -> (Device<C, H, PORTS, SLOTS, SIZE>, [Port<SLOTS, SIZE>; PORTS]) {
        // The descriptors say 64 bytes at full speed and 512 at high speed, whatever SIZE is.
        const {
            assert!(SIZE >= 64, "full speed needs packets of SIZE 64");
            assert!(!C::HIGH_SPEED || SIZE >= 512, "high speed needs packets of SIZE 512");
            assert!(
                try_allocate_endpoints::<PORTS>(C::ENDPOINTS).is_some(),
                "the controller has too few endpoints: each port takes 2 IN and 1 OUT endpoint"
            );
            assert!(
                C::EP0_PACKET_SIZE == EP0_PACKET_SIZE,
                "the device descriptor says bMaxPacketSize0 64: the controller must use that"
            );
        };
        let (bus, ports) = PortStorage::split_with(&mut self.ports, C::DOORBELL, Port::from_half);
        let device = Device {
            controller,
            hooks,
            descriptors,
            ports: bus,
            stage: Stage::Idle,
            state: State::Default,
            speed: Speed::Full,
            power: Power::On,
            remote_wakeup: false,
            halted: 0,
        };
        (device, ports)
    }
}
