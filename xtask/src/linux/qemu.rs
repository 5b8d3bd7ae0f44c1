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
    /// The kernel's own virtual controller, with the device attached over USB/IP
    Vhci,
}

impl Controller {
    pub const ALL: [Controller; 5] = [Self::Xhci, Self::Ehci, Self::Uhci, Self::Ohci, Self::Vhci];

    /// Kernel modules.
    pub fn modules(self) -> &'static [&'static str] {
        match self {
            Self::Xhci => &["xhci-pci"],
            Self::Ehci => &["ehci-pci"],
            Self::Uhci => &["uhci-hcd"],
            Self::Ohci => &["ohci-pci"],
            Self::Vhci => &["vhci-hcd"],
        }
    }

    /// QEMU's name of the device; none where the guest's kernel makes the controller itself.
    fn device(self) -> Option<&'static str> {
        match self {
            Self::Xhci => Some("qemu-xhci"),
            Self::Ehci => Some("usb-ehci"),
            Self::Uhci => Some("piix3-usb-uhci"),
            Self::Ohci => Some("pci-ohci"),
            Self::Vhci => None,
        }
    }

    /// How the device is attached, as `cargo xtask serve` names it.
    pub fn protocol(self) -> &'static str {
        if self.device().is_some() { "usbredir" } else { "usbip" }
    }

    /// As `cargo xtask serve --speed` takes it: usbredir does not tell the port's speed.
    pub fn speed(self) -> &'static str {
        match self {
            Self::Xhci | Self::Ehci | Self::Vhci => "high",
            Self::Uhci | Self::Ohci => "full",
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
            Self::Vhci => "vhci",
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
        command.arg("-chardev");
        command.arg(format!("socket,id=device,path={}", self.device_socket.display()));
        match self.controller.device() {
            Some(controller) => self.redirect(controller, &mut command),
            None => {
                command.args(["-device", "virtserialport,chardev=device,name=usbip"]);
            }
        }
        command
    }

    fn redirect(&self, controller: &str, command: &mut Command) {
        command.arg("-device").arg(format!("{controller},id=hc"));
        let capture = self.capture.map(|path| format!(",pcap={}", path.display()));
        let capture = capture.unwrap_or_default();
        // The switch keeps D5 of bmAttributes as the device reports it.
        let redirection = "usb-redir,chardev=device,bus=hc.0,suppress-remote-wake=off";
        command.arg("-device").arg(format!("{redirection}{capture}"));
    }
}
