//! Remote wake-up, which only the owner of the device can signal.

use usbd_acm::class::Link;

use crate::shared::{Shared, until};

/// Tells the task that owns the [`UsbDevice`](embassy_usb::UsbDevice) when to signal remote wake-up.
pub struct Wakeup {
    link: &'static Link,
    shared: &'static Shared,
    on_write: bool,
    /// The suspend that the task was told of last.
    told: Option<u8>,
}

impl Wakeup {
    pub(crate) fn new(link: &'static Link, shared: &'static Shared, on_write: bool) -> Self {
        Self { link, shared, on_write, told: None }
    }

    /// Waits until the bus is suspended, the host allows remote wake-up, and the application asked
    /// for it with [`PortControl::request_wakeup`](crate::PortControl::request_wakeup), or wrote
    /// where [`Config::wake_on_write`](crate::Config::wake_on_write) says that this is enough.
    /// Returns once for each suspend. The future may be dropped.
    pub async fn requested(&mut self) {
        let Self { link, shared, on_write, told } = self;
        until(&shared.wakeup, || {
            let is_wanted =
                link.is_suspended() && shared.remote_wakeup() && link.wants_wakeup(*on_write);
            let suspend = Some(shared.suspends());
            (is_wanted && *told != suspend).then(|| *told = suspend)
        })
        .await;
    }
}
