//! What goes wrong on the wire, and when.

use alloc::vec::Vec;

use super::observer::{Content, Packet, Side, Token};
use super::random::nth;
use crate::{Handshake, Nanoseconds};

/// What happens to a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It is lost.
    Drop,
    /// It arrives with a wrong CRC. The receiver ignores it.
    Corrupt,
    /// The device sees the transaction twice; a data packet of the device is sent again, as if the
    /// host's ACK was lost.
    Duplicate,
    /// It comes this much later.
    Delay(Nanoseconds),
    /// From the next transaction on (from this one, where the packet is a token), this many IN, OUT
    /// and PING tokens of the endpoint are answered NAK by a hub; the device sees none of them.
    NakStorm(u32),
    /// A bus reset comes instead of it.
    Reset,
    /// The device is unplugged before it.
    Unplug,
}

impl Fault {
    /// Whether a packet with this fault does not count as received.
    const fn is_lethal(self) -> bool {
        !matches!(self, Fault::Delay(_) | Fault::NakStorm(_))
    }
}

/// Which packets a [`Rule`] is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PacketKind {
    /// Every packet but SOF.
    Any,
    /// Every token.
    AnyToken,
    /// One kind of token.
    Token(Token),
    /// The data packet of a SETUP transaction.
    SetupData,
    /// Other data packets of one byte or more.
    Data,
    /// Zero-length data packets.
    ZeroLength,
    /// Handshakes of one kind.
    Handshake(Handshake),
}

/// A packet as the plan sees it.
#[derive(Clone, Copy)]
pub(super) struct Subject {
    pub(super) kind: PacketKind,
    pub(super) from: Side,
    pub(super) endpoint: u8,
}

impl Subject {
    /// `None` for SOF, which no fault hits.
    pub(super) fn of(packet: &Packet<'_>) -> Option<Self> {
        let kind = match packet.content {
            Content::Sof(_) => return None,
            Content::Token(token) => PacketKind::Token(token),
            Content::Setup(_) => PacketKind::SetupData,
            Content::Data(_, []) => PacketKind::ZeroLength,
            Content::Data(..) => PacketKind::Data,
            Content::Handshake(handshake) => PacketKind::Handshake(handshake),
        };
        Some(Self { kind, from: packet.from, endpoint: packet.endpoint })
    }
}

/// One fault at one place: the *n*th packet of a kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rule {
    kind: PacketKind,
    from: Option<Side>,
    endpoint: Option<u8>,
    skip: u32,
    times: u32,
    fault: Fault,
}

impl Rule {
    /// Lets `fault` happen to the next packet of this kind.
    pub const fn new(kind: PacketKind, fault: Fault) -> Self {
        Self { kind, from: None, endpoint: None, skip: 0, times: 1, fault }
    }

    /// Lets this many such packets pass before.
    #[must_use]
    pub const fn after(self, packets: u32) -> Self {
        Self { skip: packets, ..self }
    }

    /// Lets it happen to this many packets in a row.
    #[must_use]
    pub const fn times(self, packets: u32) -> Self {
        Self { times: packets, ..self }
    }

    /// Only on this endpoint number.
    #[must_use]
    pub const fn on_endpoint(self, number: u8) -> Self {
        Self { endpoint: Some(number), ..self }
    }

    /// Only packets from this side.
    #[must_use]
    pub const fn from(self, side: Side) -> Self {
        Self { from: Some(side), ..self }
    }

    fn is_about(&self, subject: Subject) -> bool {
        let kind = match self.kind {
            PacketKind::Any => true,
            PacketKind::AnyToken => matches!(subject.kind, PacketKind::Token(_)),
            kind => kind == subject.kind,
        };
        kind && self.from.is_none_or(|side| side == subject.from)
            && self.endpoint.is_none_or(|number| number == subject.endpoint)
    }

    const fn is_due(&self) -> bool {
        self.skip == 0 && self.times > 0
    }

    fn pass(&mut self) {
        if self.skip > 0 {
            self.skip -= 1;
        } else {
            self.times = self.times.saturating_sub(1);
        }
    }
}

/// Random faults: so many of 65536 packets each.
///
/// Noise alone never makes a host give up: after two transactions of an endpoint were spoilt in a
/// row, the next one is spared.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Noise {
    /// [`Fault::Drop`].
    pub drop: u16,
    /// [`Fault::Corrupt`].
    pub corrupt: u16,
    /// [`Fault::Duplicate`].
    pub duplicate: u16,
    /// [`Fault::NakStorm`] of 1 to 8 transactions.
    pub nak_storm: u16,
    /// [`Fault::Delay`] of 1 to 64 µs.
    pub delay: u16,
}

impl Noise {
    /// The fault that `draw`, uniform over 64 bits, stands for.
    fn fault(&self, draw: u64) -> Option<Fault> {
        let faults = [
            (self.drop, Fault::Drop),
            (self.corrupt, Fault::Corrupt),
            (self.duplicate, Fault::Duplicate),
            (self.nak_storm, Fault::NakStorm(1 + (draw >> 20 & 7) as u32)),
            (self.delay, Fault::Delay(1_000 * (1 + (draw >> 20 & 63)))),
        ];
        let mut point = draw & 0xFFFF;
        for (rate, fault) in faults {
            match point.checked_sub(u64::from(rate)) {
                Some(rest) => point = rest,
                None => return Some(fault),
            }
        }
        None
    }
}

/// Everything that will go wrong. The default plan is a perfect cable.
#[derive(Clone, Debug, Default)]
pub struct FaultPlan {
    rules: Vec<Rule>,
    noise: Option<(u64, Noise)>,
    /// Packets seen; with the seed it decides the noise.
    packets: u64,
    /// Transactions spoilt in a row, per endpoint.
    spoilt: [u8; 32],
    /// Index into `spoilt` of the transaction under way.
    current: usize,
    hits: u64,
}

impl FaultPlan {
    /// Adds a rule. Every rule counts the packets it is about on its own.
    pub fn add(&mut self, rule: Rule) -> &mut Self {
        self.rules.push(rule);
        self
    }

    /// Adds noise; the same seed and the same traffic give the same faults.
    pub fn add_noise(&mut self, seed: u64, noise: Noise) -> &mut Self {
        self.noise = Some((seed, noise));
        self
    }

    /// Drops every rule and the noise.
    pub fn clear(&mut self) {
        self.rules.clear();
        self.noise = None;
    }

    /// How many faults have happened.
    pub fn hits(&self) -> u64 {
        self.hits
    }

    /// Whether a rule has not happened yet, or not often enough.
    pub fn is_pending(&self) -> bool {
        self.rules.iter().any(|rule| rule.times > 0)
    }

    /// The fault of this packet.
    pub(super) fn take(&mut self, subject: Subject) -> Option<Fault> {
        let noise = self.noise_at(0, subject);
        self.packets += 1;
        let mut fault = None;
        for rule in self.rules.iter_mut().filter(|rule| rule.is_about(subject)) {
            if rule.is_due() && fault.is_none() {
                fault = Some(rule.fault);
                rule.pass();
            } else if !rule.is_due() {
                rule.pass();
            }
        }
        let fault = fault.or(noise);
        self.hits += u64::from(fault.is_some());
        fault
    }

    /// Whether such a packet, `ahead` packets from now, would not count as received.
    pub(super) fn would_spoil(&self, ahead: u64, subject: Subject) -> bool {
        let rule = |rule: &Rule| rule.is_about(subject) && rule.is_due() && rule.fault.is_lethal();
        self.rules.iter().any(rule) || self.noise_at(ahead, subject).is_some_and(Fault::is_lethal)
    }

    fn noise_at(&self, ahead: u64, subject: Subject) -> Option<Fault> {
        let (seed, noise) = self.noise?;
        let spoilt = self.spoilt.get(self.current).copied().unwrap_or(0);
        let fault = noise.fault(nth(seed, self.packets + ahead))?;
        let spared = spoilt >= 2 && fault.is_lethal();
        // A storm begins with a token.
        let storm = matches!(fault, Fault::NakStorm(_));
        let token = matches!(subject.kind, PacketKind::Token(_));
        (!spared && (!storm || token)).then_some(fault)
    }

    /// A transaction of this endpoint begins.
    pub(super) fn begin_transaction(&mut self, number: u8, is_in: bool) {
        self.current = usize::from(number & 0x0F) + if is_in { 16 } else { 0 };
    }

    /// The transaction is over.
    pub(super) fn end_transaction(&mut self, answered: bool) {
        if let Some(spoilt) = self.spoilt.get_mut(self.current) {
            *spoilt = if answered { 0 } else { spoilt.saturating_add(1) };
        }
    }
}
