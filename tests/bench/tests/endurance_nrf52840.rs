//! Faults and enumerations without end on firmware for the nRF52840.

mod endurance;

/// Which chip.
type Chip = usbd_acm_bench::soc::nrf52840::Nrf52840;
