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
    /// PTR or MAXCNT of an endpoint was written between its task and STARTED, which says that they were
    /// captured: the DMA may move the one or the other.
    PointerBeforeStarted,
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

    /// OTG: a register while the bus clock of the core is off; it reads 0 and takes nothing.
    RegisterWithoutClock,
    /// OTG: a register of device mode while the PHY clock is stopped; it reads 0 and takes nothing.
    RegisterWhileClockStopped,
    /// OTG: a register of device mode in host mode.
    ModeMismatch,
    /// OTG: on the bus without the clock of the PHY, or with a wrong one.
    BusWithoutPhyClock,
    /// OTG: the PHY clock was stopped while the bus was in use.
    ClockStoppedOnActiveBus,
    /// OTG: DxEPTSIZ of an enabled endpoint was written.
    TransferSizeWhileEnabled,
    /// OTG: an endpoint was enabled with a packet count that does not fit the bytes.
    TransferSizeWrong,
    /// OTG: an endpoint was enabled that is not active.
    EnableInactive,
    /// OTG: an OUT endpoint was enabled before the end of its last transfer was read.
    EnableBeforeComplete,
    /// OTG: EPDIS of an endpoint that was not enabled.
    DisableNotEnabled,
    /// OTG: EPDIS before NAK, of OUT endpoints global OUT NAK, was effective.
    DisableWithoutNak,
    /// OTG: an OUT endpoint took a packet while it was not enabled.
    ReceiveWithoutEnable,
    /// OTG: a SETUP came while STUPCNT was 0.
    SetupCountExhausted,
    /// OTG: the receive FIFO has no room for a SETUP packet or a status; it is lost.
    RxFifoOverflow,
    /// OTG: the receive FIFO was read while it was empty.
    RxFifoPopEmpty,
    /// OTG: GRXSTSP was read before all data of the entry before; data is taken for status.
    RxStatusOverData,
    /// OTG: more data was read than the entry has; a status is lost.
    RxDataOverStatus,
    /// OTG: a word more than the transmit FIFO has room for; it is lost.
    TxFifoOverflow,
    /// OTG: a word for an endpoint that is not enabled, or more than its transfer has; it is lost.
    TxFifoWithoutTransfer,
    /// OTG: a register of an endpoint between the words of a packet (ES0182); the next word is wrong.
    FifoWriteInterrupted,
    /// OTG: a transmit FIFO was flushed while its endpoint could send from it.
    FlushWhileEnabled,
    /// OTG: FIFOs share words.
    FifosOverlap,
    /// OTG: a FIFO ends after the RAM.
    FifoOutsideRam,
    /// OTG: a FIFO of less than 16 words, or less than a packet.
    FifoTooShort,
    /// OTG: GUSBCFG.TRDT is less than the AHB clock needs.
    TurnaroundTooShort,
    /// OTG: remote wake-up while the bus was not suspended.
    WakeUpWithoutSuspend,
    /// OTG: remote wake-up before the bus was idle for 5 ms.
    WakeUpTooEarly,
    /// OTG: remote wake-up for less than 1 ms or more than 15 ms.
    WakeUpDuration,
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
