//! The host at the other end of the cable: rsemu's, by single transactions.

use std::fmt;
use std::sync::Arc;

use anyhow::{Result, anyhow, bail, ensure};
use rsemu::bus::usb::{
    ControlTransfer, DeviceAddress, Progress, SetupPacket, Status, UsbBus, host,
};
use rsemu::core::clock::GlobalTime;
use rsemu::machine::Machine;

use crate::chip;
use crate::cpu::Image;

/// A full packet, in nanoseconds of a full-speed bus (USB 2.0 table 5-9).
const PACKET: u64 = 51_000;
const MILLISECOND: u64 = 1_000_000;
/// How often a transaction is offered before the host gives up.
const OFFERS: u32 = 2_000;

/// What a device refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refusal(pub Status);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the device answered {}", self.0)
    }
}

impl std::error::Error for Refusal {}

/// A host with firmware at the end of its cable.
pub struct Host {
    machine: Machine,
    bus: Arc<UsbBus>,
    address: u8,
    now: u64,
    frame: u16,
}

impl Host {
    /// Powers the chip up with this firmware, and waits until it shows its pull-up.
    ///
    /// # Errors
    /// When it does not, or the emulator does not know what it does.
    pub fn plugged(image: &Image) -> Result<Self> {
        let (machine, bus) = chip::boot(image)?;
        let mut host = Self { machine, bus, address: 0, now: 0, frame: 0 };
        for _ in 0..500 {
            host.pass(MILLISECOND)?;
            if host.bus.connected(0) {
                host.reset()?;
                return Ok(host);
            }
        }
        bail!("the firmware does not attach")
    }

    /// Resets the bus.
    ///
    /// # Errors
    /// When the emulator stops.
    pub fn reset(&mut self) -> Result<()> {
        self.bus.reset_port(0);
        self.bus.set_enabled(0, true);
        self.address = 0;
        self.pass(10 * MILLISECOND)
    }

    /// Gives it an address.
    ///
    /// # Errors
    /// Those of a control transfer.
    pub fn set_address(&mut self, address: u8) -> Result<()> {
        self.control_out(host::set_address(DeviceAddress(address)), &[])?;
        self.address = address;
        self.pass(2 * MILLISECOND)
    }

    /// A control transfer from the device.
    ///
    /// # Errors
    /// [`Refusal`], or when the device never answers.
    pub fn control_in(&mut self, setup: SetupPacket) -> Result<Vec<u8>> {
        self.control(ControlTransfer::device_to_host(setup))
    }

    /// A control transfer to the device.
    ///
    /// # Errors
    /// [`Refusal`], or when the device never answers.
    pub fn control_out(&mut self, setup: SetupPacket, data: &[u8]) -> Result<()> {
        self.control(ControlTransfer::host_to_device(setup, data)).map(drop)
    }

    fn control(&mut self, mut transfer: ControlTransfer) -> Result<Vec<u8>> {
        for _ in 0..OFFERS {
            match transfer.step(&self.bus, DeviceAddress(self.address), 64) {
                Progress::Done => return Ok(transfer.take_data()),
                Progress::Failed(status) => return Err(Refusal(status).into()),
                _ => self.pass(PACKET)?,
            }
        }
        bail!("no answer to {:?}", transfer.request())
    }

    /// Sends a packet.
    ///
    /// # Errors
    /// [`Refusal`], or when the device never takes it.
    pub fn write(&mut self, endpoint: u8, packet: &[u8]) -> Result<()> {
        for _ in 0..OFFERS {
            let completion = self.bus.write(DeviceAddress(self.address), endpoint, packet);
            self.pass(PACKET)?;
            match completion.status {
                Status::Ack => {
                    ensure!(completion.len == packet.len() as u64, "part of a packet was taken");
                    return Ok(());
                }
                Status::Nak => {}
                status => return Err(Refusal(status).into()),
            }
        }
        Err(anyhow!("endpoint {endpoint} never takes a packet"))
    }

    /// Takes what comes next, if anything does at this moment.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn read(&mut self, endpoint: u8) -> Result<Option<Vec<u8>>> {
        let mut packet = vec![0; 64];
        let completion = self.bus.read(DeviceAddress(self.address), endpoint, &mut packet);
        self.pass(PACKET)?;
        match completion.status {
            Status::Ack => {
                packet.truncate(usize::try_from(completion.len)?);
                Ok(Some(packet))
            }
            Status::Nak => Ok(None),
            status => Err(Refusal(status).into()),
        }
    }

    /// Lets the firmware run, with a frame each millisecond.
    ///
    /// # Errors
    /// When the emulator stops.
    pub fn pass(&mut self, nanoseconds: u64) -> Result<()> {
        let end = self.now + nanoseconds;
        while self.now < end {
            let next_frame = (self.now / MILLISECOND + 1) * MILLISECOND;
            self.now = next_frame.min(end);
            // Whole rounds are longer than a packet.
            self.machine
                .step_until(GlobalTime::from_nanos(self.now))
                .map_err(|error| anyhow!("rsemu: {error}"))?;
            if self.now == next_frame {
                self.frame = (self.frame + 1) & 0x7FF;
                self.bus.start_of_frame(self.frame);
            }
        }
        Ok(())
    }
}
