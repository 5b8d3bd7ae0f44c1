//! The class driver of one serial port.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::serial_state::NotificationReader;
use super::{
    AcmFunction, Host, KnownDevice, SerialCounters, SerialState, Transfer, TransferError, request,
};
use crate::{DevicePort, Nanoseconds};

/// A serial port of an enumerated device, seen from the host.
///
/// Opening and closing are requests in the order of one system or another: [`linux`](super::linux),
/// [`windows`](super::windows), [`macos`](super::macos).
#[derive(Clone, Debug)]
pub struct AcmPort {
    function: AcmFunction,
    notifications: NotificationReader,
    /// Bytes of packets that nobody has read yet.
    received: VecDeque<u8>,
}

impl AcmPort {
    /// The driver of one function.
    pub fn new(function: AcmFunction) -> Self {
        Self { function, notifications: NotificationReader::default(), received: VecDeque::new() }
    }

    /// The drivers of every port of a device.
    pub fn all(device: &KnownDevice) -> Vec<Self> {
        device.acm_functions().into_iter().map(Self::new).collect()
    }

    /// Interfaces and endpoints.
    pub fn function(&self) -> &AcmFunction {
        &self.function
    }
}

/// Data.
impl AcmPort {
    /// Writes `data` in packets, without a zero-length packet after it, as cdc_acm does.
    ///
    /// # Errors
    /// [`TransferError::Timeout`] when the device takes not everything in the configured time, and
    /// those of transactions.
    pub fn write<P: DevicePort>(
        &self,
        host: &mut Host<P>,
        data: &[u8],
    ) -> Result<(), TransferError> {
        if data.is_empty() {
            return Ok(());
        }
        host.write(self.function.data_out, data)
    }

    /// Reads exactly `count` bytes.
    ///
    /// # Errors
    /// As [`write`](Self::write); what came until then stays to be read.
    pub fn read<P: DevicePort>(
        &mut self,
        host: &mut Host<P>,
        count: usize,
    ) -> Result<Vec<u8>, TransferError> {
        let limit = host.bus.config.transfer_timeout;
        self.transfer_within(host, &[], count, limit)
    }

    /// Everything that comes within this time.
    ///
    /// # Errors
    /// Those of transactions.
    pub fn read_for<P: DevicePort>(
        &mut self,
        host: &mut Host<P>,
        duration: Nanoseconds,
    ) -> Result<Vec<u8>, TransferError> {
        match self.transfer_within(host, &[], usize::MAX, duration) {
            Err(TransferError::Timeout) => Ok(self.received.drain(..).collect()),
            other => other,
        }
    }

    /// Writes `data` and reads `count` bytes at the same time.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn transfer<P: DevicePort>(
        &mut self,
        host: &mut Host<P>,
        data: &[u8],
        count: usize,
    ) -> Result<Vec<u8>, TransferError> {
        let limit = host.bus.config.transfer_timeout;
        self.transfer_within(host, data, count, limit)
    }

    fn transfer_within<P: DevicePort>(
        &mut self,
        host: &mut Host<P>,
        data: &[u8],
        count: usize,
        limit: Nanoseconds,
    ) -> Result<Vec<u8>, TransferError> {
        let wanted = count.saturating_sub(self.received.len());
        let mut read = Transfer::stream(self.function.data_in, wanted);
        let mut write = Transfer::write(self.function.data_out, data);
        let both: &mut [&mut Transfer] = match data {
            [] => &mut [&mut read],
            _ => &mut [&mut read, &mut write],
        };
        host.exchange(both, limit);
        let error = both.iter().find_map(|transfer| transfer.outcome()?.err());
        let is_over = both.iter().all(|transfer| transfer.outcome().is_some());
        self.received.extend(read.moved());
        match (error, is_over) {
            (Some(error), _) => Err(error),
            (None, false) => Err(TransferError::Timeout),
            (None, true) => Ok(self.received.drain(..count).collect()),
        }
    }
}

/// Requests (PSTN 1.2 §6.3).
impl AcmPort {
    /// SET_LINE_CODING with these seven bytes.
    ///
    /// # Errors
    /// Those of [`Host::control_out`].
    pub fn set_line_coding<P: DevicePort>(
        &self,
        host: &mut Host<P>,
        coding: [u8; 7],
    ) -> Result<(), TransferError> {
        host.control_out(request::set_line_coding(self.function.control_interface), &coding)
    }

    /// GET_LINE_CODING.
    ///
    /// # Errors
    /// Those of [`Host::control_in`], and [`TransferError::Babble`] for fewer than seven bytes.
    pub fn line_coding<P: DevicePort>(&self, host: &mut Host<P>) -> Result<[u8; 7], TransferError> {
        let setup = request::get_line_coding(self.function.control_interface);
        <[u8; 7]>::try_from(host.control_in(setup)?).map_err(|_| TransferError::Babble)
    }

    /// SET_CONTROL_LINE_STATE.
    ///
    /// # Errors
    /// Those of [`Host::control_out`].
    pub fn set_control_line_state<P: DevicePort>(
        &self,
        host: &mut Host<P>,
        dtr: bool,
        rts: bool,
    ) -> Result<(), TransferError> {
        let interface = self.function.control_interface;
        host.control_out(request::set_control_line_state(interface, dtr, rts), &[])
    }

    /// SEND_BREAK for this many milliseconds; 0xFFFF until told otherwise, 0 to end it.
    ///
    /// # Errors
    /// Those of [`Host::control_out`].
    pub fn send_break<P: DevicePort>(
        &self,
        host: &mut Host<P>,
        milliseconds: u16,
    ) -> Result<(), TransferError> {
        host.control_out(request::send_break(self.function.control_interface, milliseconds), &[])
    }
}

/// Notifications.
impl AcmPort {
    /// Polls the interrupt endpoint from now on, at its bInterval, whatever else the bus does.
    pub fn start_notifications<P: DevicePort>(&self, host: &mut Host<P>) {
        host.bus.start_periodic(self.function.notification);
    }

    /// Polls it no more.
    pub fn stop_notifications<P: DevicePort>(&self, host: &mut Host<P>) {
        host.bus.stop_periodic(self.function.notification.address);
    }

    /// The next SERIAL_STATE that came; `None` when there is none.
    ///
    /// # Errors
    /// Why the endpoint is polled no more, after everything that came before.
    pub fn notification<P: DevicePort>(
        &mut self,
        host: &mut Host<P>,
    ) -> Result<Option<SerialState>, TransferError> {
        while let Some(packet) = host.bus.next_periodic(self.function.notification.address)? {
            if let Some(state) = self.notifications.take(&packet) {
                return Ok(Some(state));
            }
        }
        Ok(None)
    }

    /// The last SERIAL_STATE that was taken by [`notification`](Self::notification).
    pub fn serial_state(&self) -> SerialState {
        self.notifications.state
    }

    /// What TIOCGICOUNT would show, of the notifications taken.
    pub fn counters(&self) -> SerialCounters {
        self.notifications.counters
    }

    /// Notifications that were no SERIAL_STATE of the right length.
    pub fn dropped_notifications(&self) -> u32 {
        self.notifications.dropped
    }
}
