//! Replies through the control pipe of usb-device 0.3.2, which copies them to a buffer of 128 bytes,
//! or takes a `'static` slice of any length. After a transfer with such a slice that the host gave up
//! in the middle, it sends from that slice whatever the next reply is, until a slice was sent to its
//! end.

use usb_device::UsbError;
use usb_device::bus::UsbBus;
use usb_device::class::ControlIn;

use crate::class::LineCoding;
use crate::descriptors::EP0_PACKET_SIZE;

const PACKET: usize = EP0_PACKET_SIZE as usize;

/// Sends replies, and knows whether the control pipe may still hold a slice.
pub(super) struct Replies {
    /// Bytes that the control pipe can copy, as far as known. Its feature `control-buffer-256` makes
    /// them 256.
    buffer: usize,
    /// Polls with nothing but news of EP0 until the last slice was certainly sent: one for each of
    /// its packets, one for the status stage.
    held: usize,
    /// This poll brought something else: a request, or news of another endpoint.
    other: bool,
}

/// Replies of one or two bytes.
static WORDS: [[u8; 2]; 4] = [[0, 0], [1, 0], [2, 0], [3, 0]];
static DEFAULT_CODING: [u8; 7] = LineCoding::DEFAULT.to_bytes();

impl Replies {
    pub(super) const NEW: Self = Self { buffer: 128, held: 0, other: false };

    /// A bus reset ends the transfer, but not what the control pipe holds.
    pub(super) fn happened(&mut self) {
        self.other = true;
    }

    /// At the end of each poll of `UsbDevice`.
    pub(super) fn polled(&mut self) {
        if !core::mem::take(&mut self.other) {
            self.held = self.held.saturating_sub(1);
        }
    }

    /// Replies with a descriptor.
    pub(super) fn descriptor<B: UsbBus>(
        &mut self,
        transfer: ControlIn<'_, '_, '_, B>,
        descriptor: &'static [u8],
    ) -> usb_device::Result<()> {
        if self.held > 0 || descriptor.len() > self.buffer {
            return self.by_slice(transfer, descriptor);
        }
        self.by_copy(transfer, descriptor)
    }

    /// Replies with a few bytes that are not always the same.
    pub(super) fn bytes<B: UsbBus>(
        &mut self,
        transfer: ControlIn<'_, '_, '_, B>,
        bytes: &[u8],
    ) -> usb_device::Result<()> {
        if self.held == 0 {
            return self.by_copy(transfer, bytes);
        }
        let words = WORDS.iter().filter_map(|word| word.get(..bytes.len()));
        match words.chain([DEFAULT_CODING.as_slice()]).find(|known| *known == bytes) {
            Some(known) => self.by_slice(transfer, known),
            // Wrong bytes would be worse.
            None => transfer.reject(),
        }
    }

    fn by_slice<B: UsbBus>(
        &mut self,
        transfer: ControlIn<'_, '_, '_, B>,
        slice: &'static [u8],
    ) -> usb_device::Result<()> {
        let sent = slice.len().min(usize::from(transfer.request().length));
        let accepted = transfer.accept_with_static(slice);
        let packets = sent.div_ceil(PACKET);
        // One packet is sent to its end at once.
        self.held = if packets > 1 || accepted.is_err() { packets + 1 } else { 0 };
        accepted
    }

    fn by_copy<B: UsbBus>(
        &mut self,
        transfer: ControlIn<'_, '_, '_, B>,
        bytes: &[u8],
    ) -> usb_device::Result<()> {
        transfer.accept(|buffer| {
            self.buffer = buffer.len();
            buffer.get_mut(..bytes.len()).ok_or(UsbError::BufferOverflow)?.copy_from_slice(bytes);
            Ok(bytes.len())
        })
    }
}
