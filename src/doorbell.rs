//! How the application side wakes the bus side.

use usbd_acm_class::Link;

/// [`Controller::DOORBELL`](crate::Controller::DOORBELL) of the controller behind a port.
#[derive(Clone, Copy)]
pub(crate) struct Doorbell(pub(crate) fn());

impl Doorbell {
    pub(crate) fn ring(self, link: &Link) {
        link.leave_work();
        (self.0)();
    }

    pub(crate) fn ring_if(self, needed: bool, link: &Link) {
        if needed {
            self.ring(link);
        }
    }
}
