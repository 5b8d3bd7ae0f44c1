//! The logger: numbered lines at a steady rate, whether or not anybody reads, under any policy.

use std::str::FromStr;

use usbd_acm::IoError;
use usbd_acm::policy::{
    DropNewest, DropOldest, Fail, Frames, PolicyWriter, StuckPort, Then, Wait, WritePolicy,
};
use usbd_acm_virtual::Nanoseconds;

/// From one line to the next.
const INTERVAL: Nanoseconds = 200_000;
/// Lines that are made up for at once after a pause.
const BACKLOG: Nanoseconds = 20 * INTERVAL;

/// A policy that is chosen by its name. The applications that are no logger fail.
pub enum AnyPolicy {
    Fail(Fail),
    DropNewest(DropNewest),
    DropOldest(DropOldest),
    Wait(Wait<Frames>),
}

impl FromStr for AnyPolicy {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Ok(match name {
            "fail" => Self::Fail(Fail),
            "drop-newest" => Self::DropNewest(DropNewest),
            "drop-oldest" => Self::DropOldest(DropOldest::new()),
            // The device is not polled while its application waits: the bound is one in looks.
            "wait" => Self::Wait(Wait::frames(5)),
            other => {
                return Err(format!(
                    "{other} is no policy: there are fail, drop-newest, drop-oldest, wait"
                ));
            }
        })
    }
}

impl WritePolicy for AnyPolicy {
    type Error = IoError;

    fn full(&mut self, port: &StuckPort) -> Then {
        match self {
            Self::Fail(policy) => policy.full(port),
            Self::DropNewest(policy) => policy.full(port),
            Self::DropOldest(policy) => policy.full(port),
            Self::Wait(policy) => policy.full(port),
        }
    }

    fn given_up(&self, why: IoError) -> Result<(), IoError> {
        match self {
            Self::Fail(policy) => policy.given_up(why),
            Self::DropNewest(_) | Self::DropOldest(_) | Self::Wait(_) => Ok(()),
        }
    }

    fn progressed(&mut self) {
        match self {
            Self::DropOldest(policy) => policy.progressed(),
            Self::Wait(policy) => policy.progressed(),
            Self::Fail(_) | Self::DropNewest(_) => {}
        }
    }
}

/// What has been logged.
#[derive(Debug, Default)]
pub struct Log {
    lines: u64,
    /// Bytes that came from the host.
    received: u64,
    /// Time for which lines are due.
    due: Nanoseconds,
}

impl Log {
    pub fn pass(&mut self, duration: Nanoseconds) {
        self.due = (self.due + duration).min(BACKLOG);
    }

    pub fn receive(&mut self, count: usize) {
        self.received += count as u64;
    }

    /// Writes the lines that are due. Returns whether there were any.
    pub fn write<const SLOTS: usize, const SIZE: usize>(
        &mut self,
        writer: &mut PolicyWriter<AnyPolicy, SLOTS, SIZE>,
    ) -> bool {
        let due = self.due >= INTERVAL;
        while self.due >= INTERVAL {
            self.due -= INTERVAL;
            // What does not fit is lost, by the policy or by us.
            let _ = writer.write(format!("line {:010} end\n", self.lines).as_bytes());
            self.lines += 1;
        }
        due
    }

    /// Lines written, bytes lost, and bytes from the host.
    pub fn report(&self, lost: u32) -> String {
        format!("{} {lost} {}", self.lines, self.received)
    }
}
