//! Slots that a driver holds: how much of them it has, and that nobody else gets them meanwhile.
#![cfg(not(loom))]

use usbd_acm_class::fifo::{OutFifo, PacketLender, PacketSlot, RxSlot};
use usbd_acm_class::{NOTIFICATION_LENGTH, PortStorage};

fn lender<const SIZE: usize>() -> PacketLender<SIZE> {
    Box::leak(Box::new(PacketSlot::<SIZE>::new())).lender()
}

#[test]
fn a_packet_is_no_longer_than_its_slot() {
    let mut lender = lender::<8>();
    assert!(lender.packet(&[1; 9]).is_none());
    assert_eq!(lender.packet(&[1; 8]).expect("it fits")[..], [1; 8]);
    assert_eq!(lender.packet(&[]).expect("it fits")[..], []);
}

#[test]
fn a_slot_is_lent_once_at_a_time() {
    let mut lender = lender::<8>();
    let packet = lender.packet(&[1, 2, 3]).expect("the slot is free");
    assert!(lender.packet(&[4]).is_none() && lender.packet(&[]).is_none());
    assert!(lender.empty().is_none());
    assert_eq!(packet[..], [1, 2, 3]);
    drop(packet);
    let slot = lender.empty().expect("the packet was given back");
    assert!(lender.packet(&[4]).is_none() && lender.empty().is_none());
    drop(slot);
    assert_eq!(lender.packet(&[5]).expect("the slot was given back")[..], [5]);
}

/// As many bytes as it has, and no more, whatever the host sends.
fn holds(mut slot: RxSlot, size: usize) {
    assert_eq!(slot.len(), size);
    let packet: Vec<u8> = (0..=255).cycle().take(size + 1).collect();
    assert_eq!(usize::from(slot.fill(&packet)), size);
    assert_eq!(slot[..], packet[..size]);
    slot.fill(&[0xEE]);
    assert_eq!((slot[0], &slot[1..]), (0xEE, &packet[1..size]));
}

#[test]
fn an_empty_slot_holds_its_size() {
    holds(lender::<8>().empty().expect("it is free"), 8);
    holds(lender::<512>().empty().expect("it is free"), 512);
    let (mut receiver, _) = Box::leak(Box::new(OutFifo::<2, 64>::new())).split();
    let mut slots = Vec::new();
    receiver.pump(|slot| {
        slots.push(slot);
        Ok(())
    });
    assert_eq!(slots.len(), 2);
    slots.into_iter().for_each(|slot| holds(slot, 64));
}

/// It loses them to nobody, and keeps no one busy.
#[test]
fn a_driver_that_drops_slots_is_offered_each_once() {
    let (mut receiver, _) = Box::leak(Box::new(OutFifo::<4, 64>::new())).split();
    for _ in 0..3 {
        let mut offered = 0;
        receiver.pump(|slot| {
            drop(slot);
            offered += 1;
            assert!(offered <= 4, "there are 4");
            Ok(())
        });
        assert_eq!(offered, 4);
    }
}

/// The host is about to read it.
#[test]
fn a_notification_that_a_driver_holds_is_not_overwritten() {
    let ports = Box::leak(Box::new([PortStorage::<2, 64>::new()]));
    let (mut halves, _) = PortStorage::split(ports);
    let mut half = halves.only();
    let mut sender = half.notification();
    let packet = sender.packet([1; NOTIFICATION_LENGTH]).expect("the slot is free");
    assert!(sender.is_lent() && sender.packet([2; NOTIFICATION_LENGTH]).is_none());
    assert_eq!(packet[..], [1; NOTIFICATION_LENGTH]);
    drop(packet);
    assert!(!sender.is_lent());
    let packet = sender.packet([2; NOTIFICATION_LENGTH]).expect("it was given back");
    assert_eq!(packet[..], [2; NOTIFICATION_LENGTH]);
}
