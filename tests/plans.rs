//! Fault plans for any device that echoes, whatever is behind its cable: every kind of packet, every
//! kind of fault, at every occurrence. Within a session no byte is lost or duplicated, and a host
//! that gave up can always start over.

use usbd_acm::Speed;
use usbd_acm_virtual::DevicePort;
use usbd_acm_virtual::Handshake::{self, Ack};
use usbd_acm_virtual::host::{
    AcmPort, EnumerationError, Fault, Host, KnownDevice, PacketKind, Rule, Side, Token, linux,
    macos, windows,
};

use crate::figures;

const MILLISECOND: u64 = 1_000_000;

/// The line coding that a conversation sets, and reads back.
pub const LINE_CODING: [u8; 7] = [0x00, 0xC2, 0x01, 0x00, 0, 0, 8];

/// Every kind of packet but SOF, and who sends it.
pub const KINDS: [(PacketKind, Side); 13] = [
    (PacketKind::Token(Token::Setup), Side::Host),
    (PacketKind::Token(Token::In), Side::Host),
    (PacketKind::Token(Token::Out), Side::Host),
    (PacketKind::Token(Token::Ping), Side::Host),
    (PacketKind::SetupData, Side::Host),
    (PacketKind::Data, Side::Host),
    (PacketKind::Data, Side::Device),
    (PacketKind::ZeroLength, Side::Host),
    (PacketKind::ZeroLength, Side::Device),
    (PacketKind::Handshake(Handshake::Ack), Side::Host),
    (PacketKind::Handshake(Handshake::Ack), Side::Device),
    (PacketKind::Handshake(Handshake::Nak), Side::Device),
    (PacketKind::Handshake(Handshake::Stall), Side::Device),
];

/// Every kind of fault.
pub const FAULTS: [Fault; 7] = [
    Fault::Drop,
    Fault::Corrupt,
    Fault::Duplicate,
    Fault::Delay(700_000),
    Fault::NakStorm(7),
    Fault::Reset,
    Fault::Unplug,
];

/// The host gave up, and has to start over.
pub type Failure = Box<dyn std::error::Error>;

/// The enumeration of a system.
pub type Enumerate<P> = fn(&mut Host<P>) -> Result<KnownDevice, EnumerationError>;

/// The systems.
pub fn systems<P: DevicePort>() -> [Enumerate<P>; 3] {
    [linux::enumerate, windows::enumerate, macos::enumerate]
}

/// What goes out and comes back in one conversation: full packets and a short one.
pub fn words() -> Vec<u8> {
    (0..300u16).map(|n| (n % 251).to_le_bytes()[0]).collect()
}

/// Enumerates, opens, writes and reads back, as Linux does.
///
/// # Errors
/// What the host gave up with.
///
/// # Panics
/// Where other bytes come back.
pub fn converse<P: DevicePort>(host: &mut Host<P>) -> Result<(), Failure> {
    let device = linux::enumerate(host)?;
    talk(host, &mut first_port(&device))
}

/// Opens, writes and reads back.
///
/// # Errors
/// What the host gave up with.
///
/// # Panics
/// Where other bytes come back.
pub fn talk<P: DevicePort>(host: &mut Host<P>, port: &mut AcmPort) -> Result<(), Failure> {
    linux::open(host, port, LINE_CODING)?;
    assert_eq!(port.transfer(host, &words(), words().len())?, words());
    assert_eq!(port.line_coding(host)?, LINE_CODING);
    assert_eq!(port.read_for(host, MILLISECOND)?, [], "more than was written");
    linux::close(host, port)?;
    Ok(())
}

fn first_port(device: &KnownDevice) -> AcmPort {
    AcmPort::all(device).remove(0)
}

/// A device to run plans on.
pub struct Bench<'a, P> {
    /// A host with the device on its cable, plugged in. Its firmware echoes.
    pub make: &'a dyn Fn() -> Host<P>,
    /// What must hold after each plan, beside what the host sees.
    pub check: &'a dyn Fn(&mut Host<P>),
    /// Only every so many-th occurrence of a packet: 1 for all of them.
    pub every: u32,
    /// Whether the host may have to start over after this fault at a packet of this kind and side.
    pub may_fail: MayFail,
}

/// Whether the host may have to start over after this fault at a packet of this kind and side.
pub type MayFail = fn(PacketKind, Side, Fault) -> bool;

/// How many faults there were.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Hits {
    /// Packets that were hit, one each time.
    pub faults: u64,
    /// Of those, after which the host had to start over.
    pub started_over: u64,
    /// Which kinds of fault hit which kinds of packet.
    pub tried: Cells,
    /// Where the host had to start over.
    pub failed: Cells,
}

impl Hits {
    /// Plans that break off whatever there is.
    pub fn broken_off(count: u64) -> Self {
        Self { faults: count, started_over: count, ..Self::default() }
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            faults: self.faults + other.faults,
            started_over: self.started_over + other.started_over,
            tried: self.tried.and(other.tried),
            failed: self.failed.and(other.failed),
        }
    }

    /// Every fault hit every kind of packet of a bus.
    ///
    /// # Panics
    /// When one did not.
    pub fn assert_all_tried(&self, bus: Speed) {
        assert_eq!(Cells::of_bus(bus).without(self.tried), Cells::default(), "not tried");
    }

    /// The host had to start over where it may, and nowhere else.
    ///
    /// # Panics
    /// When the list is not exact.
    pub fn assert_exact(&self, bus: Speed, may_fail: MayFail) {
        self.assert_all_tried(bus);
        let all = Cells::of_bus(bus);
        assert_eq!(self.failed, all.without(all.without(Cells::of(may_fail))));
    }

    /// Leaves the figures for the scorecard, and says how many cells were tried.
    pub fn record(&self, name: &str) {
        figures::record(name, &self.figures());
    }

    /// What there is to say, as numbers.
    pub fn figures(&self) -> [(&'static str, u64); 3] {
        let cells = u64::from(self.tried.count());
        [("faults", self.faults), ("started_over", self.started_over), ("cells", cells)]
    }
}

/// A set of cells of the table of [`KINDS`] and [`FAULTS`].
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Cells(u128);

impl Cells {
    /// All there are at a speed: no host sends PING at full speed (USB 2.0 §8.5.1).
    fn of_bus(bus: Speed) -> Self {
        match bus {
            Speed::High => Self::of(|_, _, _| true),
            Speed::Full => Self::of(|kind, _, _| kind != PacketKind::Token(Token::Ping)),
        }
    }

    /// The cells in which this holds.
    fn of(holds: MayFail) -> Self {
        let cells = table().zip(0..);
        let held = cells.filter(|((kind, side, fault), _)| holds(*kind, *side, *fault));
        Self(held.fold(0, |bits, (_, number)| bits | 1 << number))
    }

    /// How many there are.
    pub fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// Those of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that are not in the other set.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl std::fmt::Debug for Cells {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let cells = table().zip(0..).filter(|(_, number)| self.0 >> number & 1 == 1);
        f.debug_set().entries(cells.map(|(cell, _)| cell)).finish()
    }
}

/// Every kind of packet with every kind of fault.
fn table() -> impl Iterator<Item = (PacketKind, Side, Fault)> {
    KINDS.into_iter().flat_map(|(kind, side)| FAULTS.map(|fault| (kind, side, fault)))
}

impl<P: DevicePort> Bench<'_, P> {
    /// Every plan there is.
    ///
    /// # Panics
    /// When a byte is lost or duplicated, or the device does not come back.
    pub fn everything(&self) -> Hits {
        let mut hits = self.conversations();
        for enumerate in systems() {
            hits = hits.and(self.enumerations(enumerate));
        }
        for fault in [Fault::Reset, Fault::Unplug] {
            for kind in [PacketKind::AnyToken, PacketKind::Any] {
                hits = hits.and(Hits::broken_off(u64::from(self.break_off(kind, fault))));
            }
        }
        hits
    }

    /// One fault at every packet of an enumeration.
    ///
    /// # Panics
    /// When the device does not come back.
    pub fn enumerations(&self, enumerate: Enumerate<P>) -> Hits {
        let part = |host: &mut Host<P>, (): &mut ()| {
            enumerate(host)?;
            // The host learns the endpoints anew.
            converse(host)
        };
        self.at_every_occurrence(|_| (), part)
    }

    /// One fault at every packet of a conversation.
    ///
    /// # Panics
    /// When a byte is lost or duplicated, or the device does not come back.
    pub fn conversations(&self) -> Hits {
        let before = |host: &mut Host<P>| {
            first_port(&linux::enumerate(host).expect("nothing goes wrong before"))
        };
        self.at_every_occurrence(before, talk)
    }

    /// Runs `part` with each fault at each packet until there is no such packet any more, after
    /// `before`, and expects it to succeed, or to succeed when repeated.
    fn at_every_occurrence<T>(
        &self,
        mut before: impl FnMut(&mut Host<P>) -> T,
        mut part: impl FnMut(&mut Host<P>, &mut T) -> Result<(), Failure>,
    ) -> Hits {
        let mut hits = Hits::default();
        for ((kind, side, fault), number) in table().zip(0..) {
            for occurrence in (0..).step_by(self.step()) {
                let mut host = (self.make)();
                let mut state = before(&mut host);
                let rule = Rule::new(kind, fault).from(side).after(occurrence);
                host.faults().add(rule);
                let outcome = part(&mut host, &mut state);
                let happened = !host.faults().is_pending();
                host.faults().clear();
                let failed = outcome.is_err();
                if failed {
                    let may_fail = happened && (self.may_fail)(kind, side, fault);
                    assert!(may_fail, "{rule:?}: {outcome:?}");
                    recover(&mut host, rule);
                }
                (self.check)(&mut host);
                if !happened {
                    break;
                }
                let tried = Cells(1 << number);
                let failed = if failed { tried } else { Cells::default() };
                let started_over = failed.count().into();
                hits = hits.and(Hits { faults: 1, started_over, tried, failed });
            }
        }
        hits
    }

    /// One conversation after the other on one device, each broken off one packet later, and a whole
    /// one after each. How many there were.
    ///
    /// # Panics
    /// When the device does not come back.
    pub fn break_off(&self, kind: PacketKind, fault: Fault) -> u32 {
        let mut host = (self.make)();
        let mut count = 0;
        for packet in (0..).step_by(self.step()) {
            let rule = Rule::new(kind, fault).after(packet);
            host.faults().add(rule);
            let outcome = converse(&mut host);
            let happened = !host.faults().is_pending();
            host.faults().clear();
            if !happened {
                outcome.unwrap_or_else(|error| panic!("without a fault: {error}"));
                break;
            }
            assert!(outcome.is_err(), "{rule:?}");
            recover(&mut host, rule);
            count += 1;
        }
        (self.check)(&mut host);
        count
    }

    fn step(&self) -> usize {
        usize::try_from(self.every.max(1)).unwrap_or(1)
    }
}

/// The device comes back, and works.
fn recover<P: DevicePort>(host: &mut Host<P>, rule: Rule) {
    if !host.port().attached() {
        host.plug().unwrap_or_else(|error| panic!("{rule:?}: {error}"));
    }
    converse(host).unwrap_or_else(|error| panic!("{rule:?}: {error:?}"));
}

/// A reset or an unplugged cable breaks whatever there is. A host whose acknowledgement of the status
/// stage of SET_ADDRESS is lost goes on at an address that the device does not have yet, and starts
/// over.
pub fn may_fail(kind: PacketKind, side: Side, fault: Fault) -> bool {
    use PacketKind::{Handshake, ZeroLength};
    let breaks = matches!(fault, Fault::Reset | Fault::Unplug);
    let is_lost = matches!(fault, Fault::Drop | Fault::Corrupt);
    breaks
        || (kind, side) == (Handshake(Ack), Side::Host) && is_lost
        || (kind, side, fault) == (ZeroLength, Side::Device, Fault::Duplicate)
}

/// On the nRF52840 a device also fails whose last packet of a data stage is not acknowledged: the hardware
/// takes the status stage only after that, and the host does not ask for the packet again.
pub fn nrf52840_may_fail(kind: PacketKind, side: Side, fault: Fault) -> bool {
    let repeats = matches!((kind, side, fault), (PacketKind::Data, Side::Device, Fault::Duplicate));
    repeats || may_fail(kind, side, fault)
}
