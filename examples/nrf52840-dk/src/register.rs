//! Access to a register by its address.

/// A register of the chip.
#[derive(Clone, Copy)]
pub struct Register(u32);

impl Register {
    /// The register at `address`.
    ///
    /// # Safety
    /// There is a register of 32 bits at this address, and writing it, as its user does, makes no
    /// hardware read or write memory that it must not.
    pub const unsafe fn at(address: u32) -> Self {
        Self(address)
    }

    /// Reads it.
    pub fn read(self) -> u32 {
        // SAFETY: promised to `at`.
        unsafe { core::ptr::with_exposed_provenance::<u32>(self.0 as usize).read_volatile() }
    }

    /// Writes it.
    pub fn write(self, value: u32) {
        // SAFETY: promised to `at`.
        unsafe {
            core::ptr::with_exposed_provenance_mut::<u32>(self.0 as usize).write_volatile(value);
        }
    }

    /// Whether it is not 0, as an event register is when the event happened; writes 0.
    pub fn take(self) -> bool {
        let is_set = self.read() != 0;
        if is_set {
            self.write(0);
        }
        is_set
    }
}
