//! The core as a part of the chip, and as a device on the cable.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Weak};

use rsemu::bus::usb::{Completion, DeviceAddress, SetupPacket, Speed, Status, UsbBus, UsbDevice};
use rsemu::core::device::{Device, DeviceClass, RealizeCtx, ResetKind};
use rsemu::core::error::{BusError, Error, Result};
use rsemu::core::space::{AccessConstraints, MemAttrs, MemOps, MemResult, Region, RegionRef};
use rsemu::core::value::Width;
use rsemu::core::wire::WireSource;
use rsemu::dev::usb::dwc2::Dwc2;
use rsemu::machine::realize::Instance;

use crate::correction;

/// Name of the class in a description of a machine.
pub const CLASS: &str = "usb.otg";
/// Name of its interrupt.
pub const IRQ: &str = "irq";

/// For the registry. What constructs it is its binding, which has the cable.
pub static OTG_CLASS: DeviceClass = DeviceClass {
    name: CLASS,
    version: 1,
    summary: "rsemu's dwc2 as a device, corrected",
    properties: &[],
    construct: |_| Err(error("it has no cable")),
};

fn error(message: &str) -> Error {
    Error::Config { at: CLASS.to_owned(), message: message.to_owned() }
}

/// rsemu's model of the Synopsys core in device mode, with what it does otherwise than the chip
/// corrected.
#[derive(Debug)]
pub struct Otg {
    end: Arc<End>,
    region: RegionRef,
}

impl Otg {
    /// At the end of this cable.
    pub fn new(bus: Arc<UsbBus>) -> Self {
        let core = correction::model();
        let end =
            Arc::new_cyclic(|me| End { core, bus, me: me.clone(), address: AtomicU8::new(0) });
        let registers = Arc::new(Registers(end.clone()));
        Self { end, region: Arc::new(Region::io("otg", 0x4_0000, registers)) }
    }
}

impl Device for Otg {
    fn class(&self) -> &'static DeviceClass {
        &OTG_CLASS
    }

    fn realize(&self, _ctx: &mut RealizeCtx<'_>) -> Result<()> {
        Ok(())
    }

    fn reset(&self, kind: ResetKind) {
        self.end.core.reset(kind);
        self.end.follow_pull_up();
    }

    fn region(&self, name: &str) -> Option<RegionRef> {
        name.is_empty().then(|| self.region.clone())
    }

    fn connect(&self, port: &str, source: WireSource) -> Result<()> {
        if port != IRQ {
            return Err(error("it has one interrupt"));
        }
        self.end.core.connect_irq(source);
        Ok(())
    }

    fn announce(&self, _port: &str) {
        self.end.core.refresh_irq();
    }
}

impl Instance for Otg {}

/// The registers, as the processor sees them.
#[derive(Debug)]
struct Registers(Arc<End>);

impl MemOps for Registers {
    fn read(&self, offset: u64, bytes: &mut [u8], attrs: MemAttrs) -> MemResult {
        let value = correction::read(&self.0.core, offset, attrs.debug).to_le_bytes();
        let lane = (offset & 3) as usize;
        let from = value.get(lane..lane + bytes.len()).ok_or(BusError::BadAccess)?;
        bytes.copy_from_slice(from);
        if !attrs.debug {
            self.0.core.refresh_irq();
        }
        Ok(())
    }

    fn write(&self, offset: u64, bytes: &[u8], attrs: MemAttrs) -> MemResult {
        let Ok(bytes) = bytes.try_into() else { return Err(BusError::BadAccess) };
        if attrs.debug {
            return Err(BusError::BadAccess);
        }
        correction::write(&self.0.core, offset, u32::from_le_bytes(bytes));
        self.0.follow_pull_up();
        Ok(())
    }

    fn constraints(&self) -> AccessConstraints {
        AccessConstraints::IO.with_widths(Width::U8, Width::U32).with_natural_alignment(true)
    }
}

/// The core, as a host sees it.
struct End {
    core: Arc<Dwc2>,
    bus: Arc<UsbBus>,
    me: Weak<Self>,
    /// What it answers to: an address takes effect after its status stage, although firmware writes it
    /// to DCFG before that.
    address: AtomicU8,
}

impl fmt::Debug for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.core.fmt(f)
    }
}

impl End {
    /// Plugs in where firmware shows its pull-up.
    fn follow_pull_up(&self) {
        match (self.core.is_attached(), self.bus.connected(0)) {
            (true, false) => {
                if let Some(me) = self.me.upgrade() {
                    let _ = self.bus.attach(0, me);
                }
            }
            (false, true) => drop(self.bus.detach(0)),
            _ => {}
        }
    }
}

impl UsbDevice for End {
    fn speed(&self) -> Speed {
        self.core.gadget().speed()
    }

    fn address(&self) -> DeviceAddress {
        DeviceAddress(self.address.load(Ordering::Relaxed))
    }

    fn bus_reset(&self) {
        self.address.store(0, Ordering::Relaxed);
        self.core.gadget().bus_reset();
    }

    fn start_of_frame(&self, frame: u16) {
        self.core.gadget().start_of_frame(frame);
    }

    fn setup(&self, endpoint: u8, packet: SetupPacket) -> Status {
        self.core.gadget().setup(endpoint, packet)
    }

    fn transfer_in(&self, endpoint: u8, packet: &mut [u8]) -> Completion {
        let completion = correction::transfer_in(&self.core, endpoint, packet);
        if endpoint == 0 && completion.status == Status::Ack && completion.len == 0 {
            self.address.store(correction::address(&self.core), Ordering::Relaxed);
        }
        completion
    }

    fn transfer_out(&self, endpoint: u8, packet: &[u8]) -> Completion {
        correction::transfer_out(&self.core, endpoint, packet)
    }
}
