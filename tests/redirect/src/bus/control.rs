//! Control transfers, stage by stage (USB 2.0 §8.5.3).

use usbd_acm::{Direction, SetupPacket};
use usbd_acm_virtual::{Handshake, Nanoseconds, Pid};

use super::{ATTEMPTS, Bus, MILLISECOND, Transaction, TransferError, toggle_slot};

/// USB 2.0 §9.2.6.4: a host gives a control transfer up after 5 s.
const CONTROL_TIMEOUT: Nanoseconds = 5_000 * MILLISECOND;

impl Bus {
    /// One control transfer with its three stages. `data` is the OUT data stage; the IN data stage
    /// is returned. What the request does to data toggles is done here too.
    pub fn control(&mut self, setup: SetupPacket, data: &[u8]) -> Result<Vec<u8>, TransferError> {
        let deadline = self.now + CONTROL_TIMEOUT;
        self.setup_stage(setup)?;
        let received = match setup.direction() {
            _ if setup.length == 0 => {
                self.status_stage(Direction::In, deadline)?;
                Vec::new()
            }
            Direction::In => {
                let received = self.data_in_stage(setup.length, deadline)?;
                self.status_stage(Direction::Out, deadline)?;
                received
            }
            Direction::Out => {
                self.data_out_stage(data, deadline)?;
                self.status_stage(Direction::In, deadline)?;
                Vec::new()
            }
        };
        self.follow_toggles(setup);
        Ok(received)
    }

    fn setup_stage(&mut self, setup: SetupPacket) -> Result<(), TransferError> {
        for _ in 0..ATTEMPTS {
            let answer = self.device.setup(self.address, 0, setup.to_bytes());
            self.charge(8);
            // USB 2.0 §8.5.3: ACK is the only handshake a SETUP may get.
            if answer == Handshake::Ack {
                return Ok(());
            }
        }
        Err(TransferError::NoResponse)
    }

    fn data_in_stage(
        &mut self,
        length: u16,
        deadline: Nanoseconds,
    ) -> Result<Vec<u8>, TransferError> {
        let mut received = Vec::new();
        let mut pid = Pid::Data1;
        while received.len() < usize::from(length) {
            let room = usize::from(length) - received.len();
            let packet = self.retry(deadline, |bus| bus.in_packet(0, &mut pid, room))?;
            received.extend_from_slice(&packet);
            if packet.len() < usize::from(self.ep0_packet_size) {
                break;
            }
        }
        Ok(received)
    }

    fn data_out_stage(&mut self, data: &[u8], deadline: Nanoseconds) -> Result<(), TransferError> {
        let mut pid = Pid::Data1;
        for packet in data.chunks(usize::from(self.ep0_packet_size)) {
            self.retry(deadline, |bus| bus.out_packet(0, &mut pid, packet))?;
        }
        Ok(())
    }

    // USB 2.0 §8.5.3: the status stage is always a zero-length DATA1.
    fn status_stage(
        &mut self,
        direction: Direction,
        deadline: Nanoseconds,
    ) -> Result<(), TransferError> {
        self.retry(deadline, |bus| {
            let mut pid = Pid::Data1;
            match direction {
                Direction::In => bus.in_packet(0, &mut pid, 0),
                Direction::Out => bus.out_packet(0, &mut pid, &[]),
            }
        })?;
        Ok(())
    }

    fn retry(
        &mut self,
        deadline: Nanoseconds,
        mut transaction: impl FnMut(&mut Self) -> Transaction,
    ) -> Result<Vec<u8>, TransferError> {
        loop {
            match transaction(self) {
                Transaction::Done(bytes) => return Ok(bytes),
                Transaction::Failed(error) => return Err(error),
                Transaction::Nak if self.now > deadline => return Err(TransferError::Timeout),
                Transaction::Nak => self.end_frame(),
            }
        }
    }

    // USB 2.0 §9.4.5, §9.1.1.5: both ends go back to DATA0 together.
    fn follow_toggles(&mut self, setup: SetupPacket) {
        match (setup.request_type, setup.request, setup.value) {
            (0x00, 9, _) => self.toggles = [Pid::Data0; 32],
            (0x01, 11, alternate) => {
                let [interface, _] = setup.index.to_le_bytes();
                let [alternate, _] = alternate.to_le_bytes();
                for endpoint in self.configuration.endpoints_of(interface, alternate) {
                    self.toggles[toggle_slot(endpoint.address)] = Pid::Data0;
                }
            }
            (0x02, 1, 0) => {
                let [endpoint, _] = setup.index.to_le_bytes();
                self.toggles[toggle_slot(endpoint)] = Pid::Data0;
            }
            _ => {}
        }
    }
}
