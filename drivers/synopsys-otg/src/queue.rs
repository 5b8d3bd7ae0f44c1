//! What waits in RAM for the hardware: nothing here touches it.

mod in_queue;
mod out_queue;

pub(crate) use in_queue::{InQueue, InQueues, Kind};
pub(crate) use out_queue::OutQueue;
