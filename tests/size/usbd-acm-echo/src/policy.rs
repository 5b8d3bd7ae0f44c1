//! The echo whose writer has a policy.

use usbd_acm::policy::PolicyWriter;
use usbd_acm::{Device, Port, PortControl, Reader};
use usbd_acm_controller::Stub;

use crate::Board;

#[cfg(all(feature = "drop-newest", not(feature = "whole")))]
type Policy = usbd_acm::policy::DropNewest;
#[cfg(all(feature = "drop-newest", not(feature = "whole")))]
fn policy() -> Policy {
    usbd_acm::policy::DropNewest
}

#[cfg(all(feature = "drop-oldest", not(feature = "whole")))]
type Policy = usbd_acm::policy::DropOldest;
#[cfg(all(feature = "drop-oldest", not(feature = "whole")))]
fn policy() -> Policy {
    usbd_acm::policy::DropOldest::new()
}

#[cfg(all(feature = "wait", not(feature = "whole")))]
type Policy = usbd_acm::policy::Wait<usbd_acm::policy::Frames>;
#[cfg(all(feature = "wait", not(feature = "whole")))]
fn policy() -> Policy {
    usbd_acm::policy::Wait::frames(20)
}

#[cfg(feature = "whole")]
pub type Policy = crate::whole::Every;
#[cfg(feature = "whole")]
fn policy() -> Policy {
    crate::whole::Every::new()
}

/// The halves, of which the writer has a policy.
pub struct Firmware {
    device: Device<Stub, Board>,
    reader: Reader,
    writer: PolicyWriter<Policy>,
    control: PortControl,
}

impl Firmware {
    #[inline(always)]
    pub fn new((device, [port]): (Device<Stub, Board>, [Port; 1])) -> Self {
        let Port { reader, writer, control } = port;
        Self { device, reader, writer: writer.with_policy(policy()), control }
    }

    #[inline(always)]
    pub fn connect(&mut self) {
        self.device.connect();
    }
}

impl board::Serial for Firmware {
    #[inline(always)]
    fn poll(&mut self) {
        self.device.poll();
        let Self { device, reader, writer, control } = self;
        #[cfg(feature = "whole")]
        crate::whole::use_everything(device, reader, writer, control);
        #[cfg(not(feature = "whole"))]
        let _ = (device, reader, writer, control);
    }

    #[inline(always)]
    fn read(&mut self, buffer: &mut [u8; 64]) -> usize {
        self.reader.read(buffer).unwrap_or(0)
    }

    #[inline(always)]
    fn write(&mut self, bytes: &[u8]) -> usize {
        self.writer.write(bytes).unwrap_or(0)
    }
}
