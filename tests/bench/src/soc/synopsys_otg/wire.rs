//! Tokens and data packets.

use usbd_acm::Speed;
use usbd_acm_virtual::{Handshake, InResponse, Pid};

use super::endpoint::{Endpoint, cause};
use super::rx_fifo::{Notice, PacketStatus, Status};
use super::{Otg, Surroundings};
use crate::cpu::Cycles;
use crate::soc::{Transaction, Violation};

/// What a transaction changes once its handshake is over.
#[derive(Clone, Debug)]
pub(super) enum Completion {
    /// A SETUP was received.
    Setup([u8; 8]),
    /// The host acknowledged a packet of this endpoint.
    Sent(usize),
    /// A packet was received on this endpoint.
    Received(usize, Pid, Vec<u8>),
}

/// Who must answer.
impl Otg {
    /// Whether it listens to tokens for this address.
    fn listens(&self, address: u8, now: Cycles, around: &mut Surroundings<'_>) -> bool {
        let deaf = self.power.suspended || self.power.clock_stopped || !around.clocked;
        if deaf || !self.is_attached() || address != self.device.address {
            return false;
        }
        if !around.phy_clock {
            around.log(now, Violation::BusWithoutPhyClock);
        }
        around.phy_clock
    }

    /// A transaction begins, so the one before it is over.
    fn settle(&mut self, now: Cycles, around: &mut Surroundings<'_>) {
        if self.completion.is_some() {
            self.complete(now, around);
        }
    }

    /// SETUP and its data.
    pub fn setup_token(
        &mut self,
        at: Transaction<'_>,
        data: [u8; 8],
        around: &mut Surroundings<'_>,
    ) -> Handshake {
        self.settle(at.now, around);
        if at.endpoint != 0 || !self.listens(at.address, at.now, around) {
            return Handshake::NoResponse;
        }
        self.completion = Some(((at.end)(data.len()), Completion::Setup(data)));
        Handshake::Ack
    }

    /// IN; with `ack` false the host's ACK is lost.
    pub fn in_token(
        &mut self,
        at: Transaction<'_>,
        ack: bool,
        around: &mut Surroundings<'_>,
    ) -> InResponse {
        let now = at.now;
        self.settle(now, around);
        let number = usize::from(at.endpoint);
        let listens = self.listens(at.address, now, around);
        if !listens || !self.ins.get(number).is_some_and(|endpoint| endpoint.active) {
            return InResponse::NoResponse;
        }
        self.end_setup_stage(number, now, around);
        self.begin_status_stage(number, now, around);
        let response = self.answer_in(number);
        if let InResponse::Data { bytes, .. } = &response {
            self.check_turnaround(now, around);
            if ack {
                self.completion = Some(((at.end)(bytes.len()), Completion::Sent(number)));
            }
        }
        response
    }

    fn answer_in(&mut self, number: usize) -> InResponse {
        let endpoint = &self.ins[number];
        if endpoint.stalled {
            return InResponse::Stall;
        }
        let data = match self.tx.get(endpoint.fifo).and_then(|fifo| fifo.front()) {
            Some(packet) => Some(packet.clone()),
            None if endpoint.enabled && endpoint.zero_length => Some(Vec::new()),
            None => None,
        };
        let nak = endpoint.nak || self.device.global_in_nak;
        match data {
            Some(bytes) if endpoint.enabled && endpoint.transfer.packets > 0 && !nak => {
                InResponse::Data { pid: endpoint.toggle, bytes }
            }
            _ => {
                self.ins[number].note_empty_handed(nak, data.is_none());
                InResponse::Nak
            }
        }
    }

    /// OUT and its data.
    pub fn out_token(
        &mut self,
        at: Transaction<'_>,
        pid: Pid,
        data: &[u8],
        around: &mut Surroundings<'_>,
    ) -> Handshake {
        let now = at.now;
        self.settle(now, around);
        let number = usize::from(at.endpoint);
        let listens = self.listens(at.address, now, around);
        let Some(endpoint) = self.outs.get(number).filter(|endpoint| listens && endpoint.active)
        else {
            return Handshake::NoResponse;
        };
        // USB 2.0 §8.7.2: babble is not answered.
        if data.len() > endpoint.max_packet() as usize {
            return Handshake::NoResponse;
        }
        self.end_setup_stage(number, now, around);
        let handshake = self.answer_out(number, pid, data.len());
        if handshake == Handshake::Ack && pid == self.outs[number].toggle {
            if !self.outs[number].enabled {
                around.log(now, Violation::ReceiveWithoutEnable);
            }
            let received = Completion::Received(number, pid, data.to_vec());
            self.completion = Some(((at.end)(data.len()), received));
        }
        handshake
    }

    fn answer_out(&mut self, number: usize, pid: Pid, bytes: usize) -> Handshake {
        let room = self.rx.has_room(self.global.rx_size, bytes);
        let endpoint = &mut self.outs[number];
        if endpoint.stalled {
            return Handshake::Stall;
        }
        // USB 2.0 §8.6.4: the ACK to this packet was lost.
        if pid != endpoint.toggle {
            return Handshake::Ack;
        }
        if endpoint.nak || self.device.global_out_nak || !room {
            if !endpoint.enabled {
                endpoint.interrupts |= cause::OTEPDIS;
            }
            return Handshake::Nak;
        }
        Handshake::Ack
    }

    /// PING (USB 2.0 §8.5.1): whether an OUT packet would be taken.
    pub fn ping(&mut self, at: Transaction<'_>, around: &mut Surroundings<'_>) -> Handshake {
        let now = at.now;
        self.settle(now, around);
        let number = usize::from(at.endpoint);
        let is_high = self.device.speed == Speed::High;
        let listens = is_high && self.listens(at.address, now, around);
        let Some(endpoint) = self.outs.get(number).filter(|endpoint| listens && endpoint.active)
        else {
            return Handshake::NoResponse;
        };
        let (pid, bytes) = (endpoint.toggle, endpoint.max_packet() as usize);
        self.end_setup_stage(number, now, around);
        self.answer_out(number, pid, bytes)
    }

    /// §34.17.6: the first token after a SETUP ends its stage.
    fn end_setup_stage(&mut self, number: usize, now: Cycles, around: &mut Surroundings<'_>) {
        if number != 0 || self.is_latched() {
            return;
        }
        if std::mem::take(&mut self.device.setup_stage) {
            self.push_status(PacketStatus::SetupComplete, 0, Pid::Data0, &[], now, around);
        }
    }

    /// Whether a newer core keeps the end of a SETUP stage back, until firmware has seen to the one before.
    fn is_latched(&self) -> bool {
        let latched = self.outs[0].interrupts & (cause::STUP | cause::STSPHSRX) != 0;
        self.parameters.latching && latched
    }

    /// RM0433 §57, STSPHST: newer cores tell when the host turns to the status stage of a write.
    fn begin_status_stage(&mut self, number: usize, now: Cycles, around: &mut Surroundings<'_>) {
        if number == 0 && std::mem::take(&mut self.device.data_stage) {
            self.notify(Notice::StatusStage, now, around);
        }
    }

    /// Newer cores tell of it by an entry like that of the end of a transfer.
    fn notify(&mut self, notice: Notice, now: Cycles, around: &mut Surroundings<'_>) {
        if self.parameters.latching {
            let (status, pid, frame) = (PacketStatus::OutComplete, Pid::Data0, self.device.frame);
            let entry = Status { status, endpoint: 0, bytes: 0, pid, frame, notice };
            self.push(entry, &[], now, around);
        }
    }

    /// §34.16.2, TRDT: what the AHB clock needs.
    fn check_turnaround(&mut self, now: Cycles, around: &mut Surroundings<'_>) {
        let needed = match self.device.speed {
            Speed::High => 9,
            Speed::Full => least_turnaround(around.ahb),
        };
        if self.global.usb_config >> 10 & 0xF < needed {
            around.log(now, Violation::TurnaroundTooShort);
        }
    }
}

/// What is different afterwards.
impl Otg {
    /// The transaction on the bus is over.
    pub(super) fn complete(&mut self, now: Cycles, around: &mut Surroundings<'_>) {
        let Some((_, completion)) = self.completion.take() else { return };
        match completion {
            Completion::Setup(data) => self.received_setup(data, now, around),
            Completion::Sent(number) => self.sent(number),
            Completion::Received(number, pid, data) => {
                self.received(number, pid, &data, now, around);
            }
        }
    }

    /// §34.17.6: it is written whatever NAK and STALL say, and sets NAK both ways.
    fn received_setup(&mut self, data: [u8; 8], now: Cycles, around: &mut Surroundings<'_>) {
        let count = &mut self.outs[0].transfer.count;
        if *count == 0 {
            around.log(now, Violation::SetupCountExhausted);
        }
        *count = count.saturating_sub(1);
        if self.device.setup_stage && self.outs[0].transfer.count == 0 {
            self.outs[0].interrupts |= cause::B2BSTUP;
        }
        for endpoint in [&mut self.ins[0], &mut self.outs[0]] {
            endpoint.nak = true;
            endpoint.stalled = false;
            endpoint.toggle = Pid::Data1;
        }
        self.ins[0].interrupts |= cause::INEPNE;
        self.device.setup_stage = true;
        self.device.data_stage = false;
        self.device.control_transfer = true;
        self.push_status(PacketStatus::SetupData, 0, Pid::Data0, &data, now, around);
        self.notify(Notice::SetupReceived, now, around);
    }

    fn sent(&mut self, number: usize) {
        let endpoint = &mut self.ins[number];
        if let Some(fifo) = self.tx.get_mut(endpoint.fifo).filter(|fifo| fifo.front().is_some()) {
            fifo.sent();
        } else if number == 0 {
            // The status stage of a transfer to the device.
            self.device.end_control_transfer();
        }
        endpoint.toggle = endpoint.toggle.toggled();
        endpoint.transfer.packets = endpoint.transfer.packets.saturating_sub(1);
        if endpoint.transfer.packets == 0 {
            endpoint.enabled = false;
            endpoint.zero_length = false;
            endpoint.interrupts |= cause::XFRC;
        }
    }

    fn received(
        &mut self,
        number: usize,
        pid: Pid,
        data: &[u8],
        now: Cycles,
        around: &mut Surroundings<'_>,
    ) {
        self.push_status(PacketStatus::OutData, number, pid, data, now, around);
        if number == 0 && data.is_empty() {
            // The status stage of a transfer to the host.
            self.device.end_control_transfer();
        } else if number == 0 {
            self.device.data_stage = true;
        }
        let endpoint = &mut self.outs[number];
        endpoint.toggle = endpoint.toggle.toggled();
        let transfer = &mut endpoint.transfer;
        transfer.packets = transfer.packets.saturating_sub(1);
        transfer.bytes = transfer.bytes.saturating_sub(data.len() as u32);
        let is_short = (data.len() as u32) < endpoint.max_packet();
        if is_short || endpoint.transfer.packets == 0 {
            // §34.17.6: the core sets NAK, and reports the end of the transfer.
            endpoint.nak = true;
            self.push_status(PacketStatus::OutComplete, number, pid, &[], now, around);
        }
    }
}

impl Endpoint {
    /// An IN token came, and there was nothing to send.
    fn note_empty_handed(&mut self, nak: bool, is_empty: bool) {
        if !nak && is_empty {
            self.interrupts |= cause::ITTXFE;
        }
    }
}

/// Turnaround time in PHY clocks, by the AHB clock (RM0090 §34.17.7).
fn least_turnaround(ahb: u32) -> u32 {
    match ahb {
        0..15_000_000 => 0xF,
        15_000_000..16_000_000 => 0xE,
        16_000_000..17_200_000 => 0xD,
        17_200_000..18_500_000 => 0xC,
        18_500_000..20_000_000 => 0xB,
        20_000_000..21_800_000 => 0xA,
        21_800_000..24_000_000 => 0x9,
        24_000_000..27_500_000 => 0x8,
        27_500_000..32_000_000 => 0x7,
        _ => 0x6,
    }
}
