//! What a port is like.

use usbd_acm::DtrPolicy;
use usbd_acm::class::LineCoding;

/// Configuration of a port.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Config {
    /// What DTR means to the session of the port. Default: [`DtrPolicy::Prefer`].
    pub dtr: DtrPolicy,
    /// How much [`Writer::flush`](crate::Writer::flush) waits for. Default: [`Flush::Acknowledged`].
    pub flush: Flush,
    /// Whether bytes written during suspend wake the host, where it allowed that. Default: `true`.
    pub wake_on_write: bool,
    /// The same as [`embassy_usb::Config::max_power`], in mA, for
    /// [`Event::Configured`](crate::Event::Configured). Default: 100.
    pub max_power: u16,
    /// String of the communication interface, which hosts show where a device has several. Default:
    /// none.
    pub name: Option<&'static str>,
    /// Whether the port can take a line coding. `false` STALLs the request, and the port keeps the
    /// coding it had. Beware: some hosts then close the port. Default: every coding.
    pub accepts: fn(&LineCoding) -> bool,
}

impl Config {
    /// The defaults.
    pub const fn new() -> Self {
        Self {
            dtr: DtrPolicy::Prefer,
            flush: Flush::Acknowledged,
            wake_on_write: true,
            max_power: 100,
            name: None,
            accepts: |_| true,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

/// What [`Writer::flush`](crate::Writer::flush) waits for.
///
/// `EndpointIn::write` of embassy's drivers returns when the packet is in the hardware, not when the
/// host has it; it waits before that until the hardware is rid of the packet before. That is so in
/// embassy-nrf (USBD), embassy-rp, embassy-stm32 (USB) and embassy-usb-synopsys-otg, as of
/// embassy-usb-driver 0.2.2. So a packet is known to be acknowledged when the next one was taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Flush {
    /// Until the driver has taken the last packet, and the zero-length packet where one is due. The
    /// host has all but that packet for sure.
    Taken,
    /// Until the host has acknowledged every byte. To know that, a zero-length packet is written
    /// after the last packet, also where none is due: to the host an empty read, which serial
    /// drivers skip. (Of that packet itself nobody knows whether the host has it; it carries
    /// nothing.)
    Acknowledged,
}
