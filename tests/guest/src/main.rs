//! Runs inside the guest: the tests named on the kernel's command line, one after another, with
//! results on a virtio serial port.
#![deny(unsafe_code)]

#[cfg(target_os = "linux")]
mod cases;
#[cfg(target_os = "linux")]
mod channel;
#[cfg(target_os = "linux")]
mod ioctl;
#[cfg(target_os = "linux")]
mod sysfs;
#[cfg(target_os = "linux")]
mod tty;
#[cfg(target_os = "linux")]
mod usbfs;
#[cfg(target_os = "linux")]
mod usbip;

#[cfg(target_os = "linux")]
fn main() -> anyhow::Result<()> {
    use channel::{Channel, Verdict};

    let arguments = Arguments::parse(&std::fs::read_to_string("/proc/cmdline")?);
    let mut channel = Channel::open()?;
    if arguments.value("controller") == Some("vhci") {
        usbip::attach()?;
    }
    for test in arguments.tests() {
        channel.begin(test)?;
        let verdict = Verdict::of(cases::run(test, &arguments, &mut channel));
        channel.end(test, &verdict)?;
        if verdict.is_fail() {
            // What the test left behind would blame the next one: the host boots anew.
            break;
        }
    }
    channel.done()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("this program runs inside a Linux guest: see `cargo xtask linux`");
}

/// What `usbd_acm.NAME=VALUE` on the kernel's command line says.
#[cfg(target_os = "linux")]
pub struct Arguments(Vec<(String, String)>);

#[cfg(target_os = "linux")]
impl Arguments {
    fn parse(command_line: &str) -> Self {
        let words = command_line.split_whitespace();
        let ours = words.filter_map(|word| word.strip_prefix("usbd_acm.")?.split_once('='));
        Self(ours.map(|(name, value)| (name.into(), value.into())).collect())
    }

    fn value(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(n, _)| n == name)?;
        Some(&found.1)
    }

    fn tests(&self) -> impl Iterator<Item = &str> {
        self.value("tests").unwrap_or_default().split(',').filter(|name| !name.is_empty())
    }

    /// Bytes to move each way.
    pub fn bytes(&self) -> u64 {
        self.value("bytes").and_then(|value| value.parse().ok()).unwrap_or(100_000)
    }

    /// Whether reads may wait: not on QEMU's OHCI, which does one transfer at a time.
    pub fn can_open_terminals(&self) -> bool {
        self.value("controller") != Some("ohci")
    }

    /// Serial ports of the device.
    pub fn ports(&self) -> usize {
        self.value("ports").and_then(|value| value.parse().ok()).unwrap_or(1)
    }
}
