//! Composite devices: serial ports beside other functions.
