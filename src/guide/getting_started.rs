//! Getting started in each style: main loop, interrupt and main, RTIC, embassy.
