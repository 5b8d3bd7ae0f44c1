//! The tests and where they can run. The guest program has their bodies.

use std::time::Duration;

use anyhow::{Result, anyhow};

use super::qemu::Controller;

/// A test of the guest program.
pub struct Test {
    pub name: &'static str,
    /// Serial ports that the device has for it.
    pub ports: u8,
    /// Whether it belongs to the quick slice.
    pub quick: bool,
    /// Whether it waits with a terminal open, so that bulk IN transfers wait too.
    opens_terminal: bool,
    /// Whether it needs nothing of the device but that it echoes.
    of_firmware: bool,
    /// Longest time it may take.
    pub limit: Duration,
    pub what: &'static str,
}

impl Test {
    /// Why the test cannot run on a controller.
    pub fn unfit(&self, controller: Controller) -> Option<&'static str> {
        match (controller, self.name) {
            (Controller::Vhci, "remote_wakeup") => Some("USB/IP has no message for wake-up"),
            (_, "remote_wakeup") => Some("QEMU's usb-redir never raises remote wake-up"),
            (Controller::Ohci, _) if self.opens_terminal => {
                Some("QEMU's pci-ohci does one transfer at a time: a waiting read blocks all")
            }
            (Controller::Vhci, "replug") => Some("with USB/IP it is the client who plugs"),
            (Controller::Vhci, "system_suspend") => {
                Some("vhci-hcd refuses to suspend while a device is attached")
            }
            _ => None,
        }
    }
}

const fn test(name: &'static str, what: &'static str) -> Test {
    let limit = Duration::from_secs(60);
    Test { name, ports: 1, quick: false, opens_terminal: true, of_firmware: false, limit, what }
}

impl Test {
    const fn quick(mut self) -> Self {
        self.quick = true;
        self
    }

    const fn closed(mut self) -> Self {
        self.opens_terminal = false;
        self
    }

    const fn of_firmware(mut self) -> Self {
        self.of_firmware = true;
        self
    }

    const fn two_ports(mut self) -> Self {
        self.ports = 2;
        self
    }
}

pub const TESTS: &[Test] = &[
    test("bind", "cdc_acm binds, /dev/ttyACM0 appears").quick().closed().of_firmware(),
    test("requests", "descriptors and status read raw, unknown requests refused")
        .quick()
        .closed()
        .of_firmware(),
    test("line_coding", "termios settings arrive as events").quick(),
    test("control_lines", "DTR and RTS arrive as events").quick(),
    test("break", "a break arrives as an event").quick(),
    test("serial_state", "DCD, DSR and one-shot signals reach TIOCMGET and TIOCGICOUNT").quick(),
    test("touch", "DTR falls at 1200 bit/s").quick(),
    test("log", "a log that nobody reads, under every policy, and programs that misbehave").quick(),
    test("log_fail", "the same where writes fail"),
    test("log_echo", "a terminal that echoes does not feed the log back").quick(),
    test("hangup", "loss of the carrier hangs the terminal up"),
    test("out", "bytes to the device, checked there").quick(),
    test("in", "bytes from the device, checked here").quick(),
    test("echo", "bytes both ways at once").quick().of_firmware(),
    test("last_words", "what was written just before the close arrives"),
    test("sessions", "bytes of a closed terminal do not appear in the next"),
    test("open_close", "open and close, half of the times with data under way").of_firmware(),
    test("bus_reset", "bus resets while data moves").of_firmware(),
    test("rebind", "the driver is taken off and put back").closed().of_firmware(),
    test("reconfigure", "SET_CONFIGURATION 0 and 1").closed().of_firmware(),
    test("authorized", "the device is refused and accepted").closed().of_firmware(),
    test("autosuspend", "the device is suspended while the terminal is closed"),
    test("system_suspend", "the system is suspended with the terminal open"),
    test("remote_wakeup", "the device wakes the system"),
    test("replug", "unplugged and plugged again with the terminal open").quick().of_firmware(),
    test("usbtest_9", "usbtest: a subset of chapter 9").quick().closed().of_firmware(),
    test("usbtest_10", "usbtest: queued control requests").quick().closed().of_firmware(),
    test("two_ports", "ttyACM0 and ttyACM1 at once").quick().two_ports(),
];

pub fn find(name: &str) -> Option<&'static Test> {
    TESTS.iter().find(|test| test.name == name)
}

/// The tests for firmware of these names, or all of them.
pub fn chosen_of_firmware(names: &[String]) -> Result<Vec<&'static Test>> {
    let all: Vec<_> = TESTS.iter().filter(|test| test.of_firmware).collect();
    if names.is_empty() {
        return Ok(all);
    }
    let named = |name: &String| {
        let found = all.iter().copied().find(|test| test.name == name);
        found.ok_or_else(|| {
            let all: Vec<_> = all.iter().map(|test| test.name).collect();
            anyhow!("there is no test {name} for firmware; there are {}", all.join(", "))
        })
    };
    names.iter().map(named).collect()
}

/// The list for `--list`.
pub fn print() {
    for test in TESTS {
        let slice = if test.quick { "quick" } else { "" };
        println!("{:<15} {slice:<6} {}", test.name, test.what);
    }
    for controller in Controller::ALL {
        println!("{controller:<15} device at {} speed", controller.speed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_of_firmware_is_run_or_refused() {
        let chosen = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            chosen_of_firmware(&names).map(|tests| tests.len())
        };
        assert!(chosen(&[]).unwrap() > 5);
        assert_eq!(chosen(&["bind", "echo"]).unwrap(), 2);
        for not_there in ["line_coding", "nope"] {
            let said = chosen(&["bind", not_there]).unwrap_err().to_string();
            assert!(
                said.contains(&format!("no test {not_there}")) && said.contains("bind, requests")
            );
        }
    }
}
