//! What USBD needs from the rest of the chip: VBUS, its regulator, and the crystal.

use crate::registers::{
    Access, HFCLKSTART, HFCLKSTARTED, HFCLKSTAT, HFCLKSTOP, POWER_INTENSET, USBDETECTED, USBPWRRDY,
    USBREGSTATUS, USBREMOVED, pend,
};

/// VBUS, the USB regulator and the high-frequency crystal oscillator (HFXO).
///
/// [`OnChip`] asks the chip itself. Firmware that shares POWER and CLOCK with something else, such
/// as a radio stack that owns them, implements it by that, and pends the USBD interrupt, or polls the
/// device, when an answer changes.
pub trait Supply {
    /// Whether VBUS is there.
    fn is_present(&self) -> bool;

    /// Whether the 3.3 V regulator of the USB supply is ready.
    fn is_regulated(&self) -> bool;

    /// Asks for the crystal oscillator: when the device is plugged in, and on resume.
    fn start_clock(&mut self);

    /// Whether the crystal oscillator runs.
    fn is_clock_running(&self) -> bool;

    /// Needs the crystal oscillator no longer: unplugged, or suspended.
    fn stop_clock(&mut self);
}

/// POWER and CLOCK of the chip, used by nobody else.
#[derive(Debug)]
pub struct OnChip(());

impl Access for OnChip {}

/// USBREGSTATUS.VBUSDETECT.
const VBUSDETECT: u32 = 1 << 0;
/// USBREGSTATUS.OUTPUTRDY.
const OUTPUTRDY: u32 = 1 << 1;
/// HFCLKSTAT: SRC is the crystal, STATE is running.
const RUNNING_FROM_CRYSTAL: u32 = 1 << 16 | 1;
/// USBDETECTED, USBREMOVED, USBPWRRDY, and HFCLKSTARTED of CLOCK.
const INTERRUPTS: u32 = 1 << 7 | 1 << 8 | 1 << 9 | 1;

impl OnChip {
    /// Enables the interrupts that [`power_clock_interrupt`] handles, in the peripheral. In the NVIC
    /// it is the board that enables POWER_CLOCK (interrupt 0).
    pub fn new() -> Self {
        let on_chip = Self(());
        on_chip.write(POWER_INTENSET, INTERRUPTS);
        on_chip
    }

    fn has(&self, status: u32) -> bool {
        self.read(USBREGSTATUS) & status != 0
    }
}

impl Default for OnChip {
    fn default() -> Self {
        Self::new()
    }
}

impl Supply for OnChip {
    fn is_present(&self) -> bool {
        self.has(VBUSDETECT)
    }

    fn is_regulated(&self) -> bool {
        self.has(OUTPUTRDY)
    }

    fn start_clock(&mut self) {
        self.write(HFCLKSTART, 1);
    }

    fn is_clock_running(&self) -> bool {
        self.read(HFCLKSTAT) & RUNNING_FROM_CRYSTAL == RUNNING_FROM_CRYSTAL
    }

    fn stop_clock(&mut self) {
        self.write(HFCLKSTOP, 1);
    }
}

/// The handler of POWER_CLOCK (interrupt 0), for [`OnChip`]: has the device polled by the USBD
/// interrupt. What changed is looked up there.
pub fn power_clock_interrupt() {
    let on_chip = OnChip(());
    on_chip.write(USBDETECTED, 0);
    on_chip.write(USBREMOVED, 0);
    on_chip.write(USBPWRRDY, 0);
    on_chip.write(HFCLKSTARTED, 0);
    pend();
}
