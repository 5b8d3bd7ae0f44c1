//! Migrating from usbd-serial and from embassy-usb.
