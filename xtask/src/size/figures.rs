//! The figures: what is measured, and where it is kept.

use serde::Serialize;

use super::elf::Firmware;
use super::emulator::Run;
use super::firmware::{Level, Stack};
use super::host::Mode;

/// What a figure measures.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Metric {
    Flash,
    Ram,
    DeviceToHost,
    HostToDevice,
    Enumeration,
    IdlePoll,
    PeakStack,
}

impl Metric {
    pub const ALL: [Self; 7] = [
        Self::Flash,
        Self::Ram,
        Self::DeviceToHost,
        Self::HostToDevice,
        Self::Enumeration,
        Self::IdlePoll,
        Self::PeakStack,
    ];

    pub fn key(self) -> &'static str {
        match self {
            Self::Flash => "flash",
            Self::Ram => "ram",
            Self::DeviceToHost => "device_to_host",
            Self::HostToDevice => "host_to_device",
            Self::Enumeration => "enumeration",
            Self::IdlePoll => "idle_poll",
            Self::PeakStack => "peak_stack",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Flash => "Flash",
            Self::Ram => "Static RAM",
            Self::DeviceToHost => "Device to host, per 64 B",
            Self::HostToDevice => "Host to device, per 64 B",
            Self::Enumeration => "Enumeration, 8 requests",
            Self::IdlePoll => "Idle poll",
            Self::PeakStack => "Peak stack",
        }
    }

    pub fn unit(self) -> &'static str {
        match self {
            Self::Flash | Self::Ram | Self::PeakStack => "bytes",
            _ => "instructions",
        }
    }
}

/// One measured value.
#[derive(Clone, Debug)]
pub struct Figure {
    pub target: &'static str,
    pub stack: Stack,
    pub level: Level,
    pub metric: Metric,
    pub value: f64,
}

/// A figure as it stands in target/bench/size.json.
#[derive(Serialize)]
pub struct Record {
    target: &'static str,
    stack: &'static str,
    metric: String,
    value: f64,
    unit: &'static str,
}

impl Record {
    /// A figure that only our stack has.
    pub fn ours(target: &'static str, metric: String, value: f64, unit: &'static str) -> Self {
        Self { target, stack: Stack::UsbdAcm.name(), metric, value, unit }
    }
}

impl Figure {
    /// The metric's name with the optimisation level, as in the JSON and budget files.
    pub fn key(&self) -> String {
        key(self.metric, self.level)
    }

    pub fn record(&self) -> Record {
        Record {
            target: self.target,
            stack: self.stack.name(),
            metric: self.key(),
            value: self.value,
            unit: self.metric.unit(),
        }
    }
}

/// The metric's name with the optimisation level.
pub fn key(metric: Metric, level: Level) -> String {
    format!("{}_opt_{}", metric.key(), level.name())
}

/// Every figure of a session of measuring.
#[derive(Default)]
pub struct Figures(pub Vec<Figure>);

impl Figures {
    pub fn get(&self, target: &str, stack: Stack, level: Level, metric: Metric) -> Option<f64> {
        let wanted = |figure: &&Figure| {
            figure.target == target
                && (figure.stack, figure.level, figure.metric) == (stack, level, metric)
        };
        self.0.iter().find(wanted).map(|figure| figure.value)
    }

    /// Adds flash and RAM of a firmware, less those of the one without USB.
    pub fn add_sizes(&mut self, at: Place, firmware: &Firmware, without_usb: &Firmware) {
        self.add(at, Metric::Flash, (firmware.flash_size() - without_usb.flash_size()) as f64);
        self.add(at, Metric::Ram, (firmware.ram_size() - without_usb.ram_size()) as f64);
    }

    /// Adds what a run in one mode counted.
    pub fn add_run(&mut self, at: Place, mode: Mode, run: &Run) {
        let packets = run.counted as f64 / 64.0;
        match mode {
            Mode::Idle => {
                self.add(at, Metric::Enumeration, run.enumeration as f64);
                self.add(at, Metric::IdlePoll, run.data as f64 / run.counted as f64);
            }
            Mode::Echo => self.add(at, Metric::PeakStack, run.stack as f64),
            Mode::Source => self.add(at, Metric::DeviceToHost, run.data as f64 / packets),
            Mode::Sink => self.add(at, Metric::HostToDevice, run.data as f64 / packets),
        }
    }

    fn add(&mut self, at: Place, metric: Metric, value: f64) {
        let Place { target, stack, level } = at;
        self.0.push(Figure { target, stack, level, metric, value });
    }
}

/// What was built and measured.
#[derive(Clone, Copy)]
pub struct Place {
    pub target: &'static str,
    pub stack: Stack,
    pub level: Level,
}
