//! Events in an order that makes sense: what a fuzzer starts from, and random tests are made of.

use usbd_acm_virtual::host::SplitMix64;

use super::event::{Call, Event};

/// A control transfer by the book, each token followed by a poll. Its data stage, if it has one, is
/// of `packets` packets.
pub fn transfer(setup: [u8; 8], packets: usize) -> Vec<Event> {
    let [request_type, .., low, high] = setup;
    let length = u16::from_le_bytes([low, high]);
    let status_in = Event::In { number: 0, ack: true };
    let status_out = Event::Out { number: 0, data1: true, length: 0 };
    let mut events = vec![Event::Setup { number: 0, data: setup }];
    match (length, request_type & 0x80) {
        (0, _) => events.push(status_in),
        (_, 0) => {
            events.push(Event::Out { number: 0, data1: true, length: length.min(64) });
            events.push(status_in);
        }
        _ => {
            events.extend([status_in].repeat(packets));
            events.push(status_out);
        }
    }
    events.into_iter().flat_map(|event| [event, Event::Poll]).collect()
}

/// From a reset to a device that is configured.
pub fn enumeration() -> Vec<Event> {
    let mut events = vec![Event::Reset { high: true }, Event::Poll];
    events.extend(transfer([0x80, 6, 0, 1, 0, 0, 18, 0], 1));
    events.extend(transfer([0x00, 5, 5, 0, 0, 0, 0, 0], 0));
    events.extend(transfer([0x80, 6, 0, 2, 0, 0, 255, 0], 2));
    events.extend(transfer([0x00, 9, 1, 0, 0, 0, 0, 0], 0));
    events
}

/// A host and an application that are in a hurry, forgetful and rude: about `length` events.
pub fn rude(random: &mut SplitMix64, length: usize) -> Vec<Event> {
    let mut events = Vec::new();
    while events.len() < length {
        match random.below(48) {
            0 if random.below(4) == 0 => events.extend(test_mode(random)),
            0 => events.extend(enumeration()),
            1 => events.push(line(random)),
            2..=9 => events.extend(transfer(legal_setup(random), random.below(3))),
            10..=13 => {
                let setup = legal_setup(random);
                let whole = transfer(setup, 1 + random.below(3));
                let cut = random.below(whole.len() + 1);
                events.extend(&whole[..cut]);
            }
            14..=33 => events.push(token(random)),
            _ => events.push(Event::Call(byte(random) % 2, call(random))),
        }
        if random.below(3) > 0 {
            events.push(Event::Poll);
        }
    }
    events
}

/// A test mode or what is none, a bus that goes on all the same, and the only way out of it.
fn test_mode(random: &mut SplitMix64) -> Vec<Event> {
    let [selector, ..] = (1 + random.below(5)).to_le_bytes();
    let mut events = transfer([0x00, 3, 2, 0, 0, selector, 0, 0], 0);
    for _ in 0..random.below(8) {
        events.extend([token(random), line(random), Event::Poll]);
    }
    events.extend([Event::Vbus(false), Event::Poll, Event::Vbus(true), Event::Poll]);
    events.extend(enumeration());
    events
}

fn byte(random: &mut SplitMix64) -> u8 {
    random.next_u64().to_le_bytes()[5]
}

fn length(random: &mut SplitMix64) -> u16 {
    [0, 1, 7, 8, 63, 64, 65, 128, 512, 513][random.below(10)]
}

fn line(random: &mut SplitMix64) -> Event {
    match random.below(16) {
        0 => Event::Reset { high: random.below(2) == 0 },
        1 => Event::Vbus(random.below(2) == 0),
        2 => Event::Vbus(true),
        3 => Event::Connect(random.below(2) == 0),
        4 => Event::Connect(true),
        5..=7 => Event::Suspend(true),
        8..=12 => Event::Suspend(false),
        13 => Event::Elsewhere,
        _ => Event::Run(byte(random) % 8),
    }
}

fn token(random: &mut SplitMix64) -> Event {
    // The endpoints of one or two ports.
    let number = [0, 1, 1, 1, 2, 2, 3, 4][random.below(8)];
    match random.below(16) {
        0 => Event::Setup { number, data: random.next_u64().to_le_bytes() },
        1..=7 => Event::In { number, ack: random.below(4) > 0 },
        8 => Event::Ping { number },
        _ => Event::Out { number, data1: random.below(2) == 0, length: length(random) },
    }
}

fn call(random: &mut SplitMix64) -> Call {
    match random.below(16) {
        0..=3 => Call::Write(length(random)),
        4 => Call::Commit(length(random)),
        5 => Call::Flush,
        6..=8 => Call::Read(length(random)),
        9 | 10 => Call::Consume(length(random)),
        11 => Call::Levels(byte(random)),
        12 => Call::Raise(byte(random)),
        13 => Call::Wake,
        14 => Call::Answer(length(random)),
        _ => Call::Events,
    }
}

/// A request that some state accepts, now and then with a byte that is off.
pub fn legal_setup(random: &mut SplitMix64) -> [u8; 8] {
    let mut request = REQUESTS[random.below(REQUESTS.len())];
    if random.below(8) == 0 {
        request[random.below(8)] = byte(random);
    }
    request
}

/// Requests that some state accepts.
pub const REQUESTS: [[u8; 8]; 29] = [
    [0x00, 5, 5, 0, 0, 0, 0, 0],
    [0x00, 5, 9, 0, 0, 0, 0, 0],
    [0x00, 5, 0, 0, 0, 0, 0, 0],
    [0x00, 9, 1, 0, 0, 0, 0, 0],
    [0x00, 9, 0, 0, 0, 0, 0, 0],
    [0x80, 6, 0, 1, 0, 0, 18, 0],
    [0x80, 6, 0, 2, 0, 0, 255, 0],
    [0x80, 6, 2, 3, 9, 4, 255, 0],
    [0x80, 6, 0, 6, 0, 0, 10, 0],
    [0x80, 0, 0, 0, 0, 0, 2, 0],
    [0x81, 0, 0, 0, 1, 0, 2, 0],
    [0x82, 0, 0, 0, 0x81, 0, 2, 0],
    [0x80, 8, 0, 0, 0, 0, 1, 0],
    [0x81, 10, 0, 0, 0, 0, 1, 0],
    [0x00, 3, 1, 0, 0, 0, 0, 0],
    [0x00, 1, 1, 0, 0, 0, 0, 0],
    [0x02, 3, 0, 0, 0x81, 0, 0, 0],
    [0x02, 3, 0, 0, 0x01, 0, 0, 0],
    [0x02, 3, 0, 0, 0x82, 0, 0, 0],
    [0x02, 1, 0, 0, 0x81, 0, 0, 0],
    [0x02, 1, 0, 0, 0x01, 0, 0, 0],
    [0x02, 1, 0, 0, 0x82, 0, 0, 0],
    [0x01, 11, 0, 0, 1, 0, 0, 0],
    [0x21, 0x20, 0, 0, 0, 0, 7, 0],
    [0xA1, 0x21, 0, 0, 0, 0, 7, 0],
    [0x21, 0x22, 1, 0, 0, 0, 0, 0],
    [0x21, 0x22, 3, 0, 0, 0, 0, 0],
    [0x21, 0x22, 0, 0, 0, 0, 0, 0],
    [0x21, 0x23, 0xFA, 0, 0, 0, 0, 0],
];
