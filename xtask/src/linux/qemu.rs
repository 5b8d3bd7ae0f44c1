//! The machine: QEMU without KVM, with one USB host controller and our device.

use std::fmt;
use std::path::Path;
use std::process::Command;

use clap::ValueEnum;

/// The emulated host controllers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Controller {
    /// USB 3 controller, device at high speed
    Xhci,
    /// USB 2 controller, device at high speed
    Ehci,
    /// Intel's USB 1 controller, device at full speed
    Uhci,
    /// The other USB 1 controller, device at full speed
    Ohci,
}

impl Controller {
    pub const ALL: [Controller; 4] = [Self::Xhci, Self::Ehci, Self::Uhci, Self::Ohci];

    /// Kernel modules.
    pub fn modules(self) -> &'static [&'static str] {
        match self {
            Self::Xhci => &["xhci-pci"],
            Self::Ehci => &["ehci-pci"],
            Self::Uhci => &["uhci-hcd"],
            Self::Ohci => &["ohci-pci"],
        }
    }

    /// QEMU's name of the device.
    fn device(self) -> &'static str {
        match self {
            Self::Xhci => "qemu-xhci",
            Self::Ehci => "usb-ehci",
            Self::Uhci => "piix3-usb-uhci",
            Self::Ohci => "pci-ohci",
        }
    }

    /// As `cargo xtask serve --speed` takes it: usbredir does not tell the port's speed.
    pub fn speed(self) -> &'static str {
        match self {
            Self::Xhci | Self::Ehci => "high",
            Self::Uhci | Self::Ohci => "full",
        }
    }

    /// Bytes to move each way. The full-speed controllers run their frames in real time.
    pub fn bytes(self) -> u64 {
        match self {
            Self::Xhci | Self::Ehci => 1_000_000,
            Self::Uhci | Self::Ohci => 100_000,
        }
    }
}

impl fmt::Display for Controller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Xhci => "xhci",
            Self::Ehci => "ehci",
            Self::Uhci => "uhci",
            Self::Ohci => "ohci",
        })
    }
}

/// Files and sockets of one boot.
pub struct Boot<'a> {
    pub qemu: &'a Path,
    pub vmlinux: &'a Path,
    pub initrd: &'a Path,
    pub controller: Controller,
    /// Where our device listens.
    pub device_socket: &'a Path,
    /// Where results are listened for.
    pub control_socket: &'a Path,
    /// Where the console goes.
    pub console: &'a Path,
    pub capture: Option<&'a Path>,
    /// `usbd_acm.NAME=VALUE` words for the guest.
    pub arguments: &'a str,
}

/// The kernel spends no time on entropy, timer calibration and mitigations.
const KERNEL_ARGUMENTS: &str = "console=ttyS0 quiet loglevel=4 panic=-1 mitigations=off nokaslr \
     no_timer_check tsc=reliable random.trust_cpu=on 8250.nr_uarts=1";

impl Boot<'_> {
    /// The command line. KVM is not used even where there is some: under a hypervisor that does
    /// not nest well it hangs.
    pub fn command(&self) -> Command {
        let mut command = Command::new(self.qemu);
        command.args(["-M", "q35", "-m", "256", "-nodefaults", "-no-reboot", "-display", "none"]);
        command.args(["-accel", "tcg", "-cpu", "max"]);
        command.arg("-serial").arg(format!("file:{}", self.console.display()));
        command.arg("-kernel").arg(self.vmlinux).arg("-initrd").arg(self.initrd);
        command.arg("-append").arg(format!("{KERNEL_ARGUMENTS} {}", self.arguments));
        command.arg("-chardev");
        command.arg(format!("socket,id=control,path={}", self.control_socket.display()));
        command.args(["-device", "virtio-serial-pci"]);
        command.args(["-device", "virtserialport,chardev=control,name=usbd-acm"]);
        command.arg("-device").arg(format!("{},id=hc", self.controller.device()));
        command.arg("-chardev");
        command.arg(format!("socket,id=device,path={}", self.device_socket.display()));
        let capture = self.capture.map(|path| format!(",pcap={}", path.display()));
        let capture = capture.unwrap_or_default();
        // The switch keeps D5 of bmAttributes as the device reports it.
        let redirection = "usb-redir,chardev=device,bus=hc.0,suppress-remote-wake=off";
        command.arg("-device").arg(format!("{redirection}{capture}"));
        command
    }
}
