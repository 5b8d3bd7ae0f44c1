//! A serial terminal in raw mode.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::libc::{O_NOCTTY, O_NONBLOCK, c_int};
use nix::sys::termios::{
    BaudRate, ControlFlags, LocalFlags, SetArg, SpecialCharacterIndices, Termios, cfmakeraw,
    cfsetspeed, tcgetattr, tcsetattr,
};

use crate::ioctl::{self, Counters};

static MARKS: AtomicU32 = AtomicU32::new(0);

/// How long a transfer may stand still.
const STALL_LIMIT: Duration = Duration::from_secs(10);

pub struct Tty {
    file: File,
}

impl Tty {
    /// Opens /dev/ttyACMn and makes it raw, before any byte could be echoed.
    pub fn open(port: usize) -> Result<Self> {
        let tty = Self::open_as_it_is(port)?;
        tty.set_raw(|_| {})?;
        Ok(tty)
    }

    /// Opens /dev/ttyACMn with the settings of whoever had it open last.
    pub fn open_as_it_is(port: usize) -> Result<Self> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).custom_flags(O_NOCTTY | O_NONBLOCK);
        let path = Self::path(port);
        Ok(Self { file: options.open(&path).with_context(|| path.display().to_string())? })
    }

    /// Raw but for the echo of a terminal as it comes.
    pub fn set_echo(&self, echo: bool) -> Result<()> {
        self.set_raw(|termios| termios.local_flags.set(LocalFlags::ECHO, echo))
    }

    pub fn path(port: usize) -> PathBuf {
        PathBuf::from(format!("/dev/ttyACM{port}"))
    }

    /// Waits until the kernel has made the device file, or taken it away.
    pub fn wait_for(port: usize, present: bool) -> Result<()> {
        let path = Self::path(port);
        wait_until(&format!("{} {present}", path.display()), || Ok(path.exists() == present))
    }

    fn set_raw(&self, change: impl FnOnce(&mut Termios)) -> Result<()> {
        let mut termios = tcgetattr(&self.file).context("tcgetattr")?;
        cfmakeraw(&mut termios);
        termios.control_flags |= ControlFlags::CLOCAL | ControlFlags::CREAD;
        termios.control_flags &= !ControlFlags::CRTSCTS;
        termios.control_chars[SpecialCharacterIndices::VMIN as usize] = 0;
        termios.control_chars[SpecialCharacterIndices::VTIME as usize] = 1;
        change(&mut termios);
        tcsetattr(&self.file, SetArg::TCSANOW, &termios).context("tcsetattr")
    }

    /// Sets rate, data bits, parity and stop bits.
    pub fn set_coding(&self, rate: BaudRate, flags: ControlFlags) -> Result<()> {
        self.set_raw(|termios| {
            let coding = ControlFlags::CSIZE
                | ControlFlags::CSTOPB
                | ControlFlags::PARENB
                | ControlFlags::PARODD
                | ControlFlags::CMSPAR;
            termios.control_flags &= !coding;
            termios.control_flags |= flags;
            // Fails for no rate that exists.
            let _ = cfsetspeed(termios, rate);
        })
    }

    /// Whether a falling carrier hangs the terminal up.
    pub fn set_hangup_on_carrier_loss(&self, hang_up: bool) -> Result<()> {
        self.set_raw(|termios| termios.control_flags.set(ControlFlags::CLOCAL, !hang_up))
    }

    pub fn modem_bits(&self) -> Result<c_int> {
        ioctl::modem_bits(self.fd())
    }

    pub fn set_modem_bits(&self, bits: c_int) -> Result<()> {
        ioctl::set_modem_bits(self.fd(), bits)
    }

    pub fn counters(&self) -> Result<Counters> {
        ioctl::counters(self.fd())
    }

    pub fn set_break(&self, on: bool) -> Result<()> {
        ioctl::set_break(self.fd(), on)
    }

    fn fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Writes what goes without waiting.
    pub fn write_some(&mut self, bytes: &[u8]) -> Result<usize> {
        match self.file.write(bytes) {
            Ok(count) => Ok(count),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
            Err(error) => Err(error).context("write"),
        }
    }

    /// Reads what is there; `None` when the terminal was hung up.
    pub fn read_some(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        match self.file.read(buffer) {
            // With O_NONBLOCK and VMIN 0, an idle terminal reads 0 bytes as well: a hang-up shows
            // in the modem bits, as every ioctl fails.
            Ok(0) if self.modem_bits().is_err() => Ok(None),
            Ok(count) => Ok(Some(count)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Some(0)),
            Err(error) if error.raw_os_error() == Some(nix::libc::EIO) => Ok(None),
            Err(error) => Err(error).context("read"),
        }
    }

    /// Against an echo: sends a mark that never came before and throws away what comes ahead of
    /// it. What follows belongs to nothing older.
    ///
    /// Returns how many bytes came ahead.
    pub fn synchronise(&mut self) -> Result<usize> {
        let number = MARKS.fetch_add(1, Ordering::Relaxed);
        let mark = format!("\0<synchronise {number}>\0").into_bytes();
        let (mut written, mut total, mut seen) = (0, 0, Vec::new());
        let mut buffer = [0; 4096];
        let mut progress = Instant::now();
        while !seen.ends_with(&mark) {
            let wrote = self.write_some(&mark[written..])?;
            written += wrote;
            let read = self.read_some(&mut buffer)?.context("hung up")?;
            total += read;
            seen.extend_from_slice(&buffer[..read]);
            seen.drain(..seen.len().saturating_sub(mark.len()));
            if wrote + read > 0 {
                progress = Instant::now();
                continue;
            }
            let stuck = progress.elapsed() > STALL_LIMIT;
            ensure!(!stuck, "no echo of a mark; {written} bytes of it were written");
            std::thread::sleep(Duration::from_micros(200));
        }
        Ok(total - mark.len())
    }

    /// Waits for the hang-up.
    pub fn wait_for_hangup(&mut self) -> Result<()> {
        wait_until("a hang-up", || Ok(self.read_some(&mut [0; 256])?.is_none()))
    }

    /// Writes `outgoing` bytes of the test stream and reads and checks `incoming` of it, at once.
    pub fn exchange(&mut self, outgoing: u64, incoming: u64) -> Result<()> {
        let (mut written, mut read) = (0, 0);
        let mut block = vec![0; 16384];
        let mut progress = Instant::now();
        while written < outgoing || read < incoming {
            let moved = self.write_stream(&mut written, outgoing, &mut block)?
                + self.read_stream(&mut read, incoming, &mut block)?;
            if moved > 0 {
                progress = Instant::now();
                continue;
            }
            let stuck = progress.elapsed() > STALL_LIMIT;
            ensure!(!stuck, "stuck: {written}/{outgoing} bytes out, {read}/{incoming} in");
            std::thread::sleep(Duration::from_micros(200));
        }
        Ok(())
    }

    fn write_stream(&mut self, written: &mut u64, total: u64, block: &mut [u8]) -> Result<u64> {
        let length = usize::try_from(total - *written).unwrap_or(usize::MAX).min(block.len());
        let block = &mut block[..length];
        usbd_acm_guest::fill(*written, block);
        let count = if block.is_empty() { 0 } else { self.write_some(block)? } as u64;
        *written += count;
        Ok(count)
    }

    fn read_stream(&mut self, read: &mut u64, total: u64, block: &mut [u8]) -> Result<u64> {
        if *read == total {
            return Ok(0);
        }
        let length = usize::try_from(total - *read).unwrap_or(usize::MAX).min(block.len());
        let block = &mut block[..length];
        let count =
            self.read_some(block)?.with_context(|| format!("hung up after {read} bytes"))?;
        if let Some(place) = usbd_acm_guest::first_wrong(*read, &block[..count]) {
            let at = usize::try_from(place - *read)?;
            bail!("byte {place} is wrong: {:02x?}", &block[at..count.min(at + 8)]);
        }
        *read += count as u64;
        Ok(count as u64)
    }
}

/// Waits until a condition holds, 10 s at most.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> Result<bool>) -> Result<()> {
    let start = Instant::now();
    while !holds()? {
        ensure!(start.elapsed() < STALL_LIMIT, "waited 10 s in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
