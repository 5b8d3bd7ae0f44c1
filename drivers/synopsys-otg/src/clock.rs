//! The AHB clock, and what follows from it.

use core::fmt;
use core::marker::PhantomData;

use crate::{Core, Phy};

/// The AHB clock that a core runs from, found fast enough for it.
///
/// The core reads its packet RAM at this clock, and must be told how many PHY clocks that takes: the
/// turn-around time, TRDT in GUSBCFG.
#[derive(Debug)]
pub struct AhbClock<C> {
    frequency: Frequency,
    core: PhantomData<C>,
}

impl<C> Clone for AhbClock<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for AhbClock<C> {}

impl<C: Core> AhbClock<C> {
    /// The clock of this frequency, in Hz: HCLK of the AHB that the core is on.
    ///
    /// # Errors
    /// It is slower than the core can answer the host with: 14.2 MHz with the internal full-speed PHY
    /// (RM0090 §34.17.7, table "TRDT values (FS)"), 30 MHz with an external high-speed PHY (RM0433
    /// §57.15.7, table "TRDT values (HS)").
    pub const fn new(hertz: u32) -> Result<Self, AhbTooSlow> {
        let minimum = match C::PHY {
            Phy::FullSpeed => SLOWEST,
            Phy::Ulpi => HIGH_SPEED,
        };
        if hertz < minimum {
            return Err(AhbTooSlow { hertz, minimum });
        }
        let [low, high, ..] = (hertz / UNIT).to_le_bytes();
        Ok(Self { frequency: Frequency(u16::from_le_bytes([low, high])), core: PhantomData })
    }
}

impl<C> AhbClock<C> {
    pub(crate) const fn frequency(self) -> Frequency {
        self.frequency
    }
}

/// Hz; every frequency of the manual's table is a multiple of it.
const UNIT: u32 = 100_000;

/// A frequency in units of [`UNIT`], rounded down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Frequency(u16);

impl Frequency {
    pub(crate) const ZERO: Self = Self(0);

    /// TRDT, in PHY clocks, of a core whose AHB has this frequency.
    pub(crate) fn turnaround(self, phy: Phy) -> u32 {
        match phy {
            Phy::Ulpi => 9,
            Phy::FullSpeed => {
                let below = FULL_SPEED.iter().take_while(|from| self.0 < **from);
                below.fold(FASTEST, |turnaround, _| turnaround + 1)
            }
        }
    }

    /// Cycles of a millisecond.
    pub(crate) fn kilohertz(self) -> u32 {
        u32::from(self.0) * (UNIT / 1000)
    }
}

/// The AHB clock is too slow for the core.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AhbTooSlow {
    /// The clock as it is, in Hz.
    pub hertz: u32,
    /// The slowest that will do, in Hz.
    pub minimum: u32,
}

impl fmt::Display for AhbTooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "an AHB clock of {} Hz is below the {} Hz that USB needs",
            self.hertz, self.minimum
        )
    }
}

impl core::error::Error for AhbTooSlow {}

/// TRDT of the fastest AHB clock.
const FASTEST: u32 = 6;
/// AHB frequencies in units of [`UNIT`], from which on a TRDT of 6, 7 and so on will do. Below the last of them,
/// down to [`SLOWEST`], it is 0xF.
// Not a const: where those lie in an image depends on the folder it is built in.
static FULL_SPEED: [u16; 9] = [320, 275, 240, 218, 200, 185, 172, 160, 150];

/// The slowest AHB clock for full speed, in Hz.
const SLOWEST: u32 = 14_200_000;

/// The slowest AHB clock for high speed, in Hz.
const HIGH_SPEED: u32 = 30_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{stm32f4, stm32h7};

    /// RM0090 table "TRDT values (FS)", row by row: the range begins and ends where it says.
    #[test]
    fn turnaround_follows_the_table_of_the_manual() {
        let rows = [
            (14_200_000, 15_000_000, 0xF),
            (15_000_000, 16_000_000, 0xE),
            (16_000_000, 17_200_000, 0xD),
            (17_200_000, 18_500_000, 0xC),
            (18_500_000, 20_000_000, 0xB),
            (20_000_000, 21_800_000, 0xA),
            (21_800_000, 24_000_000, 0x9),
            (24_000_000, 27_500_000, 0x8),
            (27_500_000, 32_000_000, 0x7),
            (32_000_000, 300_000_000, 0x6),
        ];
        for (from, to, turnaround) in rows {
            for hertz in [from, to - 1] {
                let clock = AhbClock::<stm32f4::OtgFs>::new(hertz).unwrap();
                assert_eq!(clock.frequency().turnaround(Phy::FullSpeed), turnaround, "{hertz}");
            }
        }
    }

    #[test]
    fn a_clock_that_is_too_slow_is_an_error() {
        let slow = AhbClock::<stm32f4::OtgFs>::new(14_199_999).unwrap_err();
        assert_eq!(slow, AhbTooSlow { hertz: 14_199_999, minimum: 14_200_000 });
        let slow = AhbClock::<stm32h7::Otg1Ulpi>::new(29_999_999).unwrap_err();
        assert_eq!(slow.minimum, 30_000_000);
        assert_eq!(
            slow.to_string(),
            "an AHB clock of 29999999 Hz is below the 30000000 Hz that USB needs"
        );
        assert!(AhbClock::<stm32f4::OtgFs>::new(0).is_err());
    }

    #[test]
    fn high_speed_has_a_turnaround_of_its_own() {
        let clock = AhbClock::<stm32h7::Otg1Ulpi>::new(200_000_000).unwrap().frequency();
        assert_eq!((clock.turnaround(Phy::Ulpi), clock.kilohertz()), (9, 200_000));
    }
}
