//! An application that does anything at any time, and keeps the books.

use std::cell::RefCell;
use std::rc::Rc;

use usbd_acm::{Port, ReadError, WriteError};
use usbd_acm_tests::ledger::{Ledger, byte};
use usbd_acm_tests::traffic::InTraffic;
use usbd_acm_virtual::host::SplitMix64;

/// What application and host write down.
pub struct Books {
    /// Device to host: the application writes.
    pub to_host: Ledger,
    /// Host to device: the application reads.
    pub from_host: Ledger,
    /// The application writes no more, and reads what is there.
    pub quiet: bool,
    /// What `is_flushed` said last.
    pub flushed: Result<bool, WriteError>,
    /// How often `is_flushed` said so, of something.
    pub flushes: u32,
    /// How many futures tasks have dropped before they were done.
    pub given_up: u64,
}

impl Default for Books {
    fn default() -> Self {
        Self {
            to_host: Ledger::default(),
            from_host: Ledger::default(),
            quiet: false,
            flushed: Err(WriteError::NotConnected),
            flushes: 0,
            given_up: 0,
        }
    }
}

/// The application of one port.
pub struct Fickle<const SLOTS: usize, const SIZE: usize> {
    pub port: Port<SLOTS, SIZE>,
    pub random: SplitMix64,
    pub books: Rc<RefCell<Books>>,
    pub traffic: Rc<RefCell<InTraffic>>,
}

impl<const SLOTS: usize, const SIZE: usize> Fickle<SLOTS, SIZE> {
    pub fn run(&mut self) {
        let books = self.books.clone();
        let books = &mut *books.borrow_mut();
        if books.quiet {
            self.flush(books);
            while self.read(books, SIZE) {}
            return;
        }
        for _ in 0..self.random.below(4) {
            self.act(books);
        }
    }

    fn act(&mut self, books: &mut Books) {
        let count = 1 + self.random.below(3 * SIZE);
        match self.random.below(16) {
            0..5 => self.write(books, count),
            5 => self.write(books, SIZE),
            6 => self.write(books, 1),
            7..9 => self.write_in_place(books),
            9 => self.flush(books),
            10..13 => _ = self.read(books, count),
            13 => self.read_in_place(books),
            _ => while self.read(books, SIZE) {},
        }
    }

    fn write(&mut self, books: &mut Books, count: usize) {
        let ready = self.port.writer.is_ready();
        match self.port.writer.write(&books.to_host.upcoming(count)) {
            Ok(count) => {
                assert!(ready && count > 0);
                books.to_host.take(count);
            }
            Err(WriteError::Full) => assert!(!ready),
            Err(WriteError::Disconnected) => books.to_host.end_stream(),
            Err(WriteError::NotConnected) => {
                assert!(!ready);
                books.to_host.end_stream();
            }
        }
    }

    fn write_in_place(&mut self, books: &mut Books) {
        match self.port.writer.grant() {
            Ok(mut grant) => {
                assert!(!grant.is_empty());
                let length = grant.len();
                grant.copy_from_slice(&books.to_host.upcoming(length));
                let count = self.random.below(length + 1);
                grant.commit(count);
                books.to_host.take(count);
            }
            Err(WriteError::Full) => {}
            Err(_) => books.to_host.end_stream(),
        }
    }

    fn flush(&mut self, books: &mut Books) {
        books.flushed = self.port.writer.is_flushed();
        match books.flushed {
            Ok(true) => check_flushed(books, &self.traffic.borrow()),
            Ok(false) => assert!(books.to_host.taken() > 0),
            Err(_) => books.to_host.end_stream(),
        }
    }

    /// Whether there was something.
    fn read(&mut self, books: &mut Books, count: usize) -> bool {
        let ready = self.port.reader.is_ready();
        let mut buffer = vec![0; count];
        match self.port.reader.read(&mut buffer) {
            Ok(count) => {
                assert!(ready && count > 0);
                books.from_host.receive(&buffer[..count]);
            }
            Err(ReadError::Empty) => assert!(!ready),
            Err(ReadError::Disconnected) => {
                assert!(ready);
                books.from_host.end_segment();
            }
        }
        ready
    }

    fn read_in_place(&mut self, books: &mut Books) {
        let count = match self.port.reader.fill_buf() {
            Ok(bytes) => {
                let count = self.random.below(bytes.len() + 1);
                books.from_host.receive(&bytes[..count]);
                count
            }
            Err(ReadError::Empty) => 0,
            Err(ReadError::Disconnected) => return books.from_host.end_segment(),
        };
        self.port.reader.consume(count);
    }
}

/// Flushed is what the host acknowledged, with the end of the transfer.
pub fn check_flushed(books: &mut Books, traffic: &InTraffic) {
    let taken = books.to_host.taken();
    if taken == 0 {
        return;
    }
    let (bytes, is_terminated) = traffic.known_to_device();
    let first = bytes.iter().zip(0..4usize);
    let stream = first.fold(0, |stream, (byte, at)| stream | usize::from(*byte) << (8 * at));
    assert_eq!(bytes.len(), taken, "acknowledged, of flushed");
    if taken >= 4 {
        assert_eq!(bytes.last(), Some(&byte(stream, taken - 1)));
    }
    assert!(is_terminated, "flushed before the zero-length packet");
    books.to_host.acknowledge_all_but(0);
    books.flushes += 1;
}
