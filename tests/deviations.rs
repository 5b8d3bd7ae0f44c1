//! Where a device that goes by way of `usb-device` is known to differ: a test that is listed here must
//! fail on it, and with this message, so that an improvement is noticed.

/// One of them.
pub(crate) struct Deviation {
    /// Path of the test, or of what it hands to `each_device`.
    pub(crate) test: &'static str,
    /// Beginning of the name of the subject.
    pub(crate) subject: &'static str,
    /// Part of the message that the test fails with.
    pub(crate) fails_with: &'static str,
    /// Why.
    #[expect(dead_code, reason = "for the reader")]
    pub(crate) because: &'static str,
}

/// All of them.
pub(crate) const DEVIATIONS: &[Deviation] = &[];

/// The one for this test and subject.
pub(crate) fn of(test: &str, subject: &str) -> Option<&'static Deviation> {
    DEVIATIONS
        .iter()
        .find(|deviation| test.contains(deviation.test) && subject.starts_with(deviation.subject))
}
