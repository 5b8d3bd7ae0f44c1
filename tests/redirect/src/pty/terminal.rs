//! The pseudo-terminal: its master end is the port of the simulated host.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl, open};
use rustix::io::Errno;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{
    ControlModes, OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr,
};
use usbd_acm::class::LineCoding;

/// The master end, and the name under which programs open the other one.
pub struct Terminal {
    master: OwnedFd,
    path: PathBuf,
    link: Option<PathBuf>,
}

/// What is to be waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// Bytes of a program.
    pub read: bool,
    /// Room for bytes to it.
    pub write: bool,
}

/// What the terminal is ready for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Readiness {
    /// A program has it open.
    pub is_open: bool,
    /// Bytes were waited for, and are there; who wrote them may have closed it since.
    pub is_readable: bool,
}

impl Terminal {
    /// A new pseudo-terminal, raw and at 115200 baud, with a symbolic link to it where one is
    /// wanted.
    pub fn new(link: Option<&Path>) -> Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)
            .context("there is no pseudo-terminal to be had; is /dev/pts mounted?")?;
        grantpt(&master)?;
        unlockpt(&master)?;
        fcntl_setfl(&master, fcntl_getfl(&master)? | OFlags::NONBLOCK)?;
        let name = ptsname(&master, Vec::new())?.into_string()?;
        let mut terminal = Self { master, path: name.into(), link: None };
        terminal.reset()?;
        if let Some(link) = link {
            place_link(&terminal.path, link)?;
            terminal.link = Some(link.into());
        }
        Ok(terminal)
    }

    /// What programs are to open.
    pub fn path(&self) -> &Path {
        self.link.as_deref().unwrap_or(&self.path)
    }

    /// Throws away what nobody has read, and makes the terminal raw. As a side effect of opening
    /// it, the master sees from now on whether anybody else has it open.
    pub fn reset(&self) -> Result<()> {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let slave = open(&self.path, flags, Mode::empty())
            .with_context(|| format!("cannot open {}", self.path.display()))?;
        tcflush(&slave, QueueSelector::IFlush)?;
        let mut settings = tcgetattr(&slave)?;
        settings.make_raw();
        settings.set_speed(LineCoding::DEFAULT.rate)?;
        tcsetattr(&slave, OptionalActions::Now, &settings)?;
        Ok(())
    }

    /// Waits for at most this many milliseconds until what is wanted can be done. A terminal that
    /// nobody has open is ready at once.
    pub fn wait(&self, milliseconds: u32, wanted: Wanted) -> Result<Readiness> {
        let Wanted { read, write } = wanted;
        let mut wanted = PollFlags::empty();
        wanted.set(PollFlags::IN, read);
        wanted.set(PollFlags::OUT, write);
        let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(milliseconds) * 1_000_000 };
        let mut descriptors = [PollFd::new(&self.master, wanted)];
        match poll(&mut descriptors, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let found = descriptors[0].revents();
        Ok(Readiness {
            is_open: !found.contains(PollFlags::HUP),
            is_readable: found.contains(PollFlags::IN),
        })
    }

    /// Reads what is there. 0 when nothing is.
    pub fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        match rustix::io::read(&self.master, buffer) {
            Ok(count) => Ok(count),
            // Nothing is there, or nobody has it open.
            Err(Errno::AGAIN | Errno::INTR | Errno::IO) => Ok(0),
            Err(error) => Err(error).context("reading the pseudo-terminal"),
        }
    }

    /// Writes what there is room for.
    pub fn write(&self, bytes: &[u8]) -> Result<usize> {
        match rustix::io::write(&self.master, bytes) {
            Ok(count) => Ok(count),
            Err(Errno::AGAIN | Errno::INTR | Errno::IO) => Ok(0),
            Err(error) => Err(error).context("writing the pseudo-terminal"),
        }
    }

    /// What the program set; `None` for a baud rate of 0, which is to drop DTR.
    pub fn line_coding(&self) -> Result<Option<LineCoding>> {
        Ok(line_coding(&tcgetattr(&self.master)?))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Another terminal may have taken the name over.
        if let Some(link) = &self.link
            && fs::read_link(link).is_ok_and(|target| target == self.path)
        {
            let _ = fs::remove_file(link);
        }
    }
}

/// As cdc-acm.c reads a termios.
fn line_coding(settings: &Termios) -> Option<LineCoding> {
    let modes = settings.control_modes;
    let data_bits = match modes & ControlModes::CSIZE {
        ControlModes::CS5 => 5,
        ControlModes::CS6 => 6,
        ControlModes::CS7 => 7,
        _ => 8,
    };
    let parity_type =
        match (modes.contains(ControlModes::PARENB), modes.contains(ControlModes::PARODD)) {
            (false, _) => 0,
            (true, true) => 1,
            (true, false) => 2,
        };
    let char_format = if modes.contains(ControlModes::CSTOPB) { 2 } else { 0 };
    match settings.output_speed() {
        0 => None,
        rate => Some(LineCoding { rate, char_format, parity_type, data_bits }),
    }
}

/// Replaces a symbolic link, and nothing else.
fn place_link(target: &Path, link: &Path) -> Result<()> {
    match fs::symlink_metadata(link) {
        Ok(found) if found.is_symlink() => fs::remove_file(link)?,
        Ok(_) => bail!("{} is there and is no symbolic link; name another --link", link.display()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    symlink(target, link)
        .with_context(|| format!("cannot make the link {}; name another --link", link.display()))
}
