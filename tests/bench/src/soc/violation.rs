//! What firmware did against the manual of its chip.

use std::fmt;

use crate::cpu::Cycles;

/// Something that a manual or an erratum forbids.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Violation {
    /// A DMA reads from flash, which it cannot.
    DmaFromFlash,
    /// A DMA leaves RAM.
    DmaOutsideRam,
    /// A DMA was started while another one was under way.
    DmaDuringDma,
    /// Erratum 199: a task during a DMA, without the workaround; it is lost.
    TaskDuringDma,
    /// SIZE.EPOUT was read during a DMA, when its value is not valid.
    SizeReadDuringDma,
    /// SIZE.EPOUT was written over a packet that nobody had read; it is lost.
    SizeOverUnreadPacket,
    /// EPIN was started while the packet before it waited for the host; that one is lost.
    InOverWaitingPacket,
    /// EPOUT was started although no packet had come.
    OutWithoutPacket,
    /// EPOUT.MAXCNT is smaller than the packet; its rest is lost.
    OutTooShort,
    /// EPIN.MAXCNT is larger than the endpoint.
    InTooLong,
    /// A task while USBD is not enabled, or before READY.
    TaskBeforeReady,
    /// A task in low-power mode.
    TaskInLowPower,
    /// The pull-up while USBD is not ready, or without the regulator of its supply.
    PullUpBeforeReady,
    /// On the bus without the crystal: the frequency of its bits is wrong.
    BusWithoutCrystal,
    /// D+ and D- were driven before USBWUALLOWED.
    WakeUpNotAllowed,
    /// A write to the configuration that survives resets without the flash controller's leave.
    ConfigurationWriteProtected,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// Violations in order, with their times.
#[derive(Clone, Debug, Default)]
pub struct Violations(Vec<(Cycles, Violation)>);

impl Violations {
    /// Adds one.
    pub fn log(&mut self, now: Cycles, violation: Violation) {
        self.0.push((now, violation));
    }

    /// All of them.
    pub fn all(&self) -> &[(Cycles, Violation)] {
        &self.0
    }

    /// Each kind once, with how often it happened.
    pub fn counts(&self) -> Vec<(Violation, usize)> {
        let mut kinds: Vec<Violation> = self.0.iter().map(|(_, violation)| *violation).collect();
        kinds.sort_unstable();
        let runs = kinds.chunk_by(|a, b| a == b);
        runs.filter_map(|run| Some((*run.first()?, run.len()))).collect()
    }
}
