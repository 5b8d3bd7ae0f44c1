// What the application does with its port; part of each firmware with usbd-serial.

#[cfg(feature = "source")]
include!("counting.rs");

/// Sends back what comes.
#[cfg(not(any(feature = "source", feature = "sink")))]
struct Application {
    buffer: [u8; 64],
    /// Bytes in the buffer, and those of them that were written.
    count: usize,
    written: usize,
}

#[cfg(not(any(feature = "source", feature = "sink")))]
impl Default for Application {
    fn default() -> Self {
        Self { buffer: [0; 64], count: 0, written: 0 }
    }
}

#[cfg(not(any(feature = "source", feature = "sink")))]
impl Application {
    #[inline(always)]
    fn run(&mut self, serial: &mut SerialPort<'_, impl usb_device::bus::UsbBus>) {
        if self.written == self.count {
            self.written = 0;
            self.count = serial.read(&mut self.buffer).unwrap_or(0);
        }
        if let Some(rest) = self.buffer.get(self.written..self.count)
            && !rest.is_empty()
        {
            self.written += serial.write(rest).unwrap_or(0);
        }
    }
}

/// Sends as fast as it can, once the port is open: bytes that count up.
#[cfg(feature = "source")]
#[derive(Default)]
struct Application {
    next: usize,
}

#[cfg(feature = "source")]
impl Application {
    #[inline(always)]
    fn run(&mut self, serial: &mut SerialPort<'_, impl usb_device::bus::UsbBus>) {
        if !serial.dtr() {
            return;
        }
        let rest = COUNTING.get(self.next..).unwrap_or_default();
        let count = serial.write(rest).unwrap_or(0);
        self.next = (self.next + count) % COUNTING.len();
    }
}

/// Takes everything.
#[cfg(feature = "sink")]
struct Application {
    buffer: [u8; 64],
}

#[cfg(feature = "sink")]
impl Default for Application {
    fn default() -> Self {
        Self { buffer: [0; 64] }
    }
}

#[cfg(feature = "sink")]
impl Application {
    #[inline(always)]
    fn run(&mut self, serial: &mut SerialPort<'_, impl usb_device::bus::UsbBus>) {
        let _ = serial.read(&mut self.buffer);
        core::hint::black_box(&self.buffer);
    }
}
