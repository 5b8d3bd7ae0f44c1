//! One test for each erratum.

use usbd_acm::{Controller, Event};

use super::{attached, data_in, open, packets};
use crate::registers::fake::{Access, accesses, receive, set};
use crate::registers::{DCFG, DSTS, GINTSTS, Register, fifo};
use crate::stm32f4::OtgFs;

/// GINTSTS.
const ENUMDNE: u32 = 1 << 13;

/// What was accessed from the first word of a packet to the last.
fn while_a_packet_is_written(register: Register, log: &[Access]) -> Vec<Access> {
    let is_word =
        |access: &&Access| matches!(access, Access::Write(other, _) if *other == register);
    let first = log.iter().position(|access| is_word(&access)).unwrap();
    let last = log.iter().rposition(|access| is_word(&access)).unwrap();
    log[first..=last].to_vec()
}

/// "Transmit data FIFO is corrupted when a write sequence to the FIFO is interrupted with accesses to
/// certain OTG registers".
#[test]
fn a_packet_is_written_without_an_access_in_between() {
    for length in [3, 4, 5, 16, 61, 64] {
        let mut controller = attached();
        open(&mut controller);
        accesses();
        assert!(controller.send(data_in(), packets()(length)).is_ok());
        let bytes: Vec<u8> = (0..64).take(length).collect();
        let words = bytes.chunks(4).map(|chunk| {
            let mut word = [0; 4];
            word[..chunk.len()].copy_from_slice(chunk);
            Access::Write(fifo(1), u32::from_le_bytes(word))
        });
        let expected: Vec<Access> = words.collect();
        assert_eq!(while_a_packet_is_written(fifo(1), &accesses()), expected, "{length}");
    }
}

/// "Error in software-read OTG_FS_DCFG register values": what the driver has to know of it, it keeps.
#[test]
fn dcfg_is_never_read() {
    let mut controller = attached();
    set::<OtgFs>(DSTS, 3 << 1);
    set::<OtgFs>(GINTSTS, ENUMDNE);
    assert!(matches!(controller.poll(), Some(Event::Reset(usbd_acm::Speed::Full))));
    set::<OtgFs>(GINTSTS, 0);
    controller.ep0_status_in(Some(5));
    // A SETUP in place of the status stage, and its end.
    receive(&[6 << 17 | 8 << 4, 0x0100_0680, 0x0012_0000, 4 << 17]);
    assert!(matches!(controller.poll(), Some(Event::Setup(_))));
    controller.disconnect();
    let log = accesses();
    let written = log.iter().filter(|access| matches!(access, Access::Write(DCFG, _))).count();
    assert!(written >= 3, "{written}");
    assert!(!log.contains(&Access::Read(DCFG)));
}
