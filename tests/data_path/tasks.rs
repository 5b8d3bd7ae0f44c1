//! The same application as tasks: each half waits for the bus side, and gives that up at any await.

use std::cell::RefCell;
use std::rc::Rc;

use embedded_io_async::{BufRead, Read, Write};
use usbd_acm::class::Event;
use usbd_acm::{IoError, Port, PortControl, Reader, WriteError, Writer};
use usbd_acm_tests::executor::{Executor, Whims};
use usbd_acm_tests::fixture::Application;
use usbd_acm_tests::traffic::InTraffic;

use crate::application::{Books, check_flushed};

/// What the tasks share.
#[derive(Clone)]
struct Shared {
    whims: Whims,
    books: Rc<RefCell<Books>>,
    traffic: Rc<RefCell<InTraffic>>,
}

impl Shared {
    fn is_quiet(&self) -> bool {
        self.books.borrow().quiet
    }
}

/// Runs the three halves as tasks, a few polls at a time until the books are quiet.
pub fn start<const SLOTS: usize, const SIZE: usize>(
    port: Port<SLOTS, SIZE>,
    seed: u64,
    (books, traffic): (Rc<RefCell<Books>>, Rc<RefCell<InTraffic>>),
) -> Application {
    let whims = Whims::new(seed);
    let shared = Shared { whims: whims.clone(), books, traffic };
    let mut executor = Executor::new(whims.clone());
    let (reader, writer, control) = port.split();
    executor.spawn(read(reader, shared.clone()));
    executor.spawn(write(writer, shared.clone()));
    executor.spawn(follow(control, shared.clone()));
    Box::new(move |_| {
        if shared.is_quiet() {
            whims.be_patient();
        }
        let polls = if shared.is_quiet() { 1000 } else { whims.below(6) };
        let idle = executor.run(polls);
        assert!(idle || !shared.is_quiet(), "the tasks wake themselves for ever");
        if whims.below(4) == 0 {
            executor.audit();
        }
        shared.books.borrow_mut().given_up = whims.given_up();
    })
}

async fn read<const SLOTS: usize, const SIZE: usize>(
    mut reader: Reader<SLOTS, SIZE>,
    shared: Shared,
) {
    let whims = &shared.whims;
    loop {
        let mut buffer = vec![0; 1 + whims.below(3 * SIZE)];
        let outcome = match whims.below(3) {
            0 => whims.maybe(Read::read(&mut reader, &mut buffer)).await,
            1 => whims.maybe(peek(&mut reader, &mut buffer)).await,
            _ => whims.maybe(reader.readable()).await.map(|outcome| {
                outcome.map(|()| reader.read(&mut buffer).expect("it was said to be readable"))
            }),
        };
        match outcome {
            Some(Ok(count)) => {
                assert!(count > 0, "nothing is no read");
                shared.books.borrow_mut().from_host.receive(&buffer[..count]);
            }
            Some(Err(IoError::Disconnected)) => shared.books.borrow_mut().from_host.end_segment(),
            Some(Err(error)) => panic!("{error:?}"),
            None => whims.maybe(reader.connected()).await.unwrap_or_default(),
        }
        whims.nap().await;
    }
}

/// Reads in place. What was not consumed is there again.
async fn peek<const SLOTS: usize, const SIZE: usize>(
    reader: &mut Reader<SLOTS, SIZE>,
    buffer: &mut [u8],
) -> Result<usize, IoError> {
    let first = BufRead::fill_buf(reader).await?.to_vec();
    assert_eq!(BufRead::fill_buf(reader).await?, first);
    let count = first.len().min(buffer.len());
    buffer[..count].copy_from_slice(&first[..count]);
    reader.consume(count);
    Ok(count)
}

async fn write<const SLOTS: usize, const SIZE: usize>(
    mut writer: Writer<SLOTS, SIZE>,
    shared: Shared,
) {
    let whims = &shared.whims;
    let outcome = |result: Result<(), IoError>| match result {
        Ok(()) => Ok(true),
        Err(IoError::Disconnected) => Err(WriteError::Disconnected),
        Err(error) => {
            assert_eq!(error, IoError::NotConnected);
            Err(WriteError::NotConnected)
        }
    };
    loop {
        let quiet = shared.is_quiet();
        let count = 1 + whims.below(3 * SIZE);
        let result = match whims.below(4) {
            1 if !quiet => whims.maybe(fill(&mut writer, count, &shared)).await,
            2 if !quiet => whims.maybe(write_some(&mut writer, count, &shared)).await,
            _ => match whims.maybe(writer.flush()).await.map(outcome) {
                Some(flushed) => {
                    let books = &mut *shared.books.borrow_mut();
                    books.flushed = flushed;
                    if flushed == Ok(true) {
                        check_flushed(books, &shared.traffic.borrow());
                    }
                    if quiet && flushed == Ok(true) {
                        return;
                    }
                    Some(flushed.map(drop).map_err(|_| IoError::Disconnected))
                }
                None => None,
            },
        };
        if let Some(Err(_)) = result {
            shared.books.borrow_mut().to_host.end_stream();
            let _ = whims.maybe(writer.connected()).await;
        }
        whims.nap().await;
    }
}

/// One write, of as much as there is room for.
async fn write_some<const SLOTS: usize, const SIZE: usize>(
    writer: &mut Writer<SLOTS, SIZE>,
    count: usize,
    shared: &Shared,
) -> Result<(), IoError> {
    let upcoming = shared.books.borrow().to_host.upcoming(count);
    let count = Write::write(writer, &upcoming).await?;
    assert!(count > 0, "nothing is no write");
    shared.books.borrow_mut().to_host.take(count);
    Ok(())
}

/// Waits for room, and writes in place.
async fn fill<const SLOTS: usize, const SIZE: usize>(
    writer: &mut Writer<SLOTS, SIZE>,
    count: usize,
    shared: &Shared,
) -> Result<(), IoError> {
    writer.writable().await?;
    let mut grant = writer.grant().expect("it was said to be writable");
    let count = count.min(grant.len());
    let books = &mut *shared.books.borrow_mut();
    grant[..count].copy_from_slice(&books.to_host.upcoming(count));
    grant.commit(count);
    books.to_host.take(count);
    Ok(())
}

/// Every event changes something that was told before.
async fn follow(mut control: PortControl, shared: Shared) {
    let (mut dtr, mut session, mut configured) = (false, false, false);
    loop {
        match shared.whims.maybe(control.event()).await {
            Some(Event::Dtr(on)) => assert_ne!(std::mem::replace(&mut dtr, on), on),
            Some(Event::SessionStart) => assert!(!std::mem::replace(&mut session, true)),
            Some(Event::SessionEnd) => assert!(std::mem::replace(&mut session, false)),
            Some(Event::Configured { .. }) => {
                assert!(!std::mem::replace(&mut configured, true));
            }
            Some(Event::Deconfigured) => assert!(std::mem::replace(&mut configured, false)),
            _ => {}
        }
        shared.whims.nap().await;
    }
}
