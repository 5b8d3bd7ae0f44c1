//! What can happen to a device, one event at a time, and its form as bytes for a fuzzer.

use usbd_acm_virtual::Pid;

/// One event: on the bus, in the firmware's main loop, or a call of the application.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Event {
    /// SETUP to an endpoint number.
    Setup {
        /// Endpoint number.
        number: u8,
        /// The packet.
        data: [u8; 8],
    },
    /// IN to an endpoint number, and whether the host's ACK arrives.
    In {
        /// Endpoint number.
        number: u8,
        /// Whether the device sees the ACK.
        ack: bool,
    },
    /// OUT to an endpoint number, with bytes that follow from how many there were before.
    Out {
        /// Endpoint number.
        number: u8,
        /// Whether it is DATA1.
        data1: bool,
        /// Bytes.
        length: u16,
    },
    /// PING to an endpoint number.
    Ping {
        /// Endpoint number.
        number: u8,
    },
    /// One token of each kind to another address.
    Elsewhere,
    /// Bus reset, at high speed or at full speed.
    Reset {
        /// High speed, where the device can.
        high: bool,
    },
    /// VBUS.
    Vbus(bool),
    /// The bus goes idle, or comes back.
    Suspend(bool),
    /// Milliseconds pass.
    Run(u8),
    /// The firmware attaches the device or detaches it.
    Connect(bool),
    /// The firmware polls.
    Poll,
    /// A call of the application of this port.
    Call(u8, Call),
}

/// A call of the application.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Call {
    /// `Writer::write` of this many bytes.
    Write(u16),
    /// `Writer::grant`, and `commit` of this many bytes.
    Commit(u16),
    /// `Writer::is_flushed`.
    Flush,
    /// `Reader::read` into this many bytes.
    Read(u16),
    /// `Reader::fill_buf`, and `consume` of this many bytes.
    Consume(u16),
    /// `PortControl::set_levels`.
    Levels(u8),
    /// `PortControl::raise`.
    Raise(u8),
    /// `PortControl::request_wakeup`.
    Wake,
    /// `PortControl::next_event` until there is none.
    Events,
    /// `Reader::front`, and `Writer::write_in` of this many bytes in its session.
    Answer(u16),
}

/// More bytes than any packet has.
const LENGTHS: u16 = 600;

/// The events that these bytes stand for. Any bytes do.
pub fn decode(bytes: &[u8]) -> impl Iterator<Item = Event> + '_ {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (code, operands) = rest.split_first()?;
        let (event, used) = event(*code, operands)?;
        rest = &operands[used..];
        Some(event)
    })
}

/// The bytes that stand for these events.
pub fn encode(events: &[Event]) -> Vec<u8> {
    events.iter().flat_map(bytes_of).collect()
}

/// Kinds of events.
const KINDS: u8 = 21;

fn event(code: u8, operands: &[u8]) -> Option<(Event, usize)> {
    let byte = |index: usize| operands.get(index).copied();
    let word = |index: usize| Some(u16::from_le_bytes([byte(index)?, byte(index + 1)?]) % LENGTHS);
    let call = |call, used| Some((Event::Call(byte(0)?, call), used));
    let number = || Some(byte(0)? & 0x0F);
    Some(match code % KINDS {
        0 => (Event::Setup { number: 0, data: operands.get(..8)?.try_into().ok()? }, 8),
        1 => (Event::In { number: number()?, ack: byte(0)? & 0x80 == 0 }, 1),
        2 => {
            let (number, data1) = (number()?, byte(0)? & 0x80 != 0);
            (Event::Out { number, data1, length: word(1)? }, 3)
        }
        3 => (Event::Ping { number: number()? }, 1),
        4 => (Event::Elsewhere, 0),
        5 => (Event::Reset { high: byte(0)? & 1 == 1 }, 1),
        6 => (Event::Vbus(byte(0)? & 1 == 1), 1),
        7 => (Event::Suspend(byte(0)? & 1 == 1), 1),
        8 => (Event::Run(byte(0)?), 1),
        9 => (Event::Connect(byte(0)? & 1 == 1), 1),
        10 => (Event::Poll, 0),
        11 => return call(Call::Write(word(1)?), 3),
        12 => return call(Call::Commit(word(1)?), 3),
        13 => return call(Call::Flush, 1),
        14 => return call(Call::Read(word(1)?), 3),
        15 => return call(Call::Consume(word(1)?), 3),
        16 => return call(Call::Levels(byte(1)?), 2),
        17 => return call(Call::Raise(byte(1)?), 2),
        18 if byte(0)? & 0x80 == 0 => return call(Call::Wake, 1),
        18 => (Event::Setup { number: number()?, data: operands.get(1..9)?.try_into().ok()? }, 9),
        19 => return call(Call::Events, 1),
        _ => return call(Call::Answer(word(1)?), 3),
    })
}

fn bytes_of(event: &Event) -> Vec<u8> {
    let flag = |code, flag: bool| vec![code, u8::from(flag)];
    let word = |head: [u8; 2], word: u16| [&head[..], &word.to_le_bytes()].concat();
    match *event {
        Event::Setup { number: 0, data } => [&[0][..], &data].concat(),
        Event::Setup { number, data } => [&[18, number | 0x80][..], &data].concat(),
        Event::In { number, ack } => vec![1, number | u8::from(!ack) << 7],
        Event::Out { number, data1, length } => word([2, number | u8::from(data1) << 7], length),
        Event::Ping { number } => vec![3, number],
        Event::Elsewhere => vec![4],
        Event::Reset { high } => flag(5, high),
        Event::Vbus(on) => flag(6, on),
        Event::Suspend(on) => flag(7, on),
        Event::Run(milliseconds) => vec![8, milliseconds],
        Event::Connect(on) => flag(9, on),
        Event::Poll => vec![10],
        Event::Call(port, Call::Write(length)) => word([11, port], length),
        Event::Call(port, Call::Commit(length)) => word([12, port], length),
        Event::Call(port, Call::Flush) => vec![13, port],
        Event::Call(port, Call::Read(length)) => word([14, port], length),
        Event::Call(port, Call::Consume(length)) => word([15, port], length),
        Event::Call(port, Call::Levels(bits)) => vec![16, port, bits],
        Event::Call(port, Call::Raise(bits)) => vec![17, port, bits],
        Event::Call(port, Call::Wake) => vec![18, port],
        Event::Call(port, Call::Events) => vec![19, port],
        Event::Call(port, Call::Answer(length)) => word([20, port], length),
    }
}

/// DATA1 or DATA0.
pub(super) fn pid(data1: bool) -> Pid {
    if data1 { Pid::Data1 } else { Pid::Data0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_decoded_encodes_to_the_same_events() {
        let bytes: Vec<u8> =
            (0..40_000u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
        let events: Vec<Event> = decode(&bytes).collect();
        // A port number with the top bit set is no port of ours: `Wake` cannot have one.
        let again: Vec<Event> = decode(&encode(&events)).collect();
        assert!(events.len() > 10_000);
        assert_eq!(again, events);
    }
}
