//! A capture that ends in time.

use std::cell::{Cell, RefCell};
use std::io::{self, Write};
use std::rc::Rc;

use usbd_acm_virtual::capture::Recorder;

/// A recorder, and what it wrote once it ended.
pub struct Capturing<W: Write> {
    recorder: Rc<RefCell<Recorder<W>>>,
    most: u64,
    ended: RefCell<Option<io::Result<W>>>,
    is_cut: Cell<bool>,
}

impl<W: Write> Capturing<W> {
    /// Captures about `most` packets: it ends with the first [`look`](Self::look) that finds more.
    pub fn new(recorder: Rc<RefCell<Recorder<W>>>, most: u64) -> Self {
        Self { recorder, most, ended: RefCell::new(None), is_cut: Cell::new(false) }
    }

    pub fn look(&self) {
        if self.packets() > self.most && self.ended.borrow().is_none() {
            self.is_cut.set(true);
            self.end();
        }
    }

    /// Captures nothing any more.
    pub fn end(&self) {
        self.ended.borrow_mut().get_or_insert_with(|| self.recorder.borrow_mut().finish());
    }

    pub fn packets(&self) -> u64 {
        self.recorder.borrow().packets()
    }

    /// Whether [`look`](Self::look) ended it.
    pub fn is_cut(&self) -> bool {
        self.is_cut.get()
    }

    /// What it was written to.
    ///
    /// # Errors
    /// The first one of the writer.
    pub fn finish(self) -> io::Result<W> {
        match self.ended.into_inner() {
            Some(ended) => ended,
            None => self.recorder.borrow_mut().finish(),
        }
    }
}
