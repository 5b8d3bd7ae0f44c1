//! The processor: what is executed, counted and repeated.

use usbd_acm_bench::cpu::{Core, Image};
use usbd_acm_bench::firmware::{App, Firmware};
use usbd_acm_bench::measure::script;
use usbd_acm_bench::soc::Chip;
use usbd_acm_bench::soc::nrf52840::Nrf52840;
use usbd_acm_bench::soc::stm32f405::Stm32f405;
use usbd_acm_bench::{Board, Pace};
use usbd_acm_virtual::host::{AcmPort, Host, linux};

const RAM: u32 = 0x2000_0000;

/// Firmware of these halfwords, at 0x100.
fn image(code: &[u16]) -> Image {
    let mut flash = vec![0; 0x100];
    flash[..4].copy_from_slice(&(RAM + 0x1000).to_le_bytes());
    flash[4..8].copy_from_slice(&0x101_u32.to_le_bytes());
    // HardFault: a loop.
    flash[12..16].copy_from_slice(&0x0F1_u32.to_le_bytes());
    flash[0xF0..0xF2].copy_from_slice(&0xE7FE_u16.to_le_bytes());
    flash.extend(code.iter().flat_map(|halfword| halfword.to_le_bytes()));
    Image { segments: vec![(0, flash)], vectors: 0, functions: Vec::new(), static_end: None }
}

/// Counts up in RAM, six instructions a round, one of them skipped in an IT block.
const COUNTER: [u16; 10] = [
    0x2220, // movs r2, #0x20
    0x0612, // lsls r2, r2, #24
    0x2000, // movs r0, #0
    0x3001, // adds r0, #1
    0x07C1, // lsls r1, r0, #31
    0xBF0C, // ite eq
    0x3301, // addeq r3, #1
    0x3401, // addne r4, #1
    0x6010, // str r0, [r2]
    0xE7F8, // b, to the adds
];

fn counter(core: &Core<Nrf52840>) -> u32 {
    u32::from_le_bytes(core.memory(RAM, 4).unwrap().try_into().unwrap())
}

#[test]
fn instructions_are_counted_once_however_time_is_cut() {
    let mut whole = Core::new(Nrf52840::new(), image(&COUNTER)).unwrap();
    whole.run_until(6_003).unwrap();
    assert_eq!((whole.account().instructions, counter(&whole)), (6_003, 1_000));
    // Also where a cut falls into the IT block, in which the emulator does not stop.
    for slice in [1, 2, 5, 7, 64] {
        let mut cut = Core::new(Nrf52840::new(), image(&COUNTER)).unwrap();
        while cut.now() < 6_003 {
            let end = (cut.now() + slice).min(6_003);
            cut.run_until(end).unwrap();
        }
        assert_eq!((cut.account().instructions, counter(&cut)), (6_003, 1_000), "{slice}");
    }
}

#[test]
fn a_fault_becomes_a_hard_fault_and_one_in_it_lockup() {
    // ldr r0, [r2], with nothing at 0x1000_0000 times two.
    let code = [0x2260, 0x0612, 0x6810, 0xE7FE];
    let mut core = Core::new(Nrf52840::new(), image(&code)).unwrap();
    core.run_until(1_000).unwrap();
    assert_eq!(core.hard_faults().len(), 1);
    // The same with a stack where there is no memory: the handler runs, until it pushes something.
    let mut image = image(&code);
    image.segments[0].1[..4].copy_from_slice(&0x3000_0000_u32.to_le_bytes());
    let mut core = Core::new(Nrf52840::new(), image.clone()).unwrap();
    core.run_until(1_000).unwrap();
    assert_eq!(core.hard_faults().len(), 1);
    // push {lr}
    image.segments[0].1[0xF0..0xF2].copy_from_slice(&0xB500_u16.to_le_bytes());
    let mut core = Core::new(Nrf52840::new(), image).unwrap();
    assert!(core.run_until(1_000).is_err());
}

#[test]
fn asleep_no_instruction_is_executed_and_time_passes() {
    // wfi, and a loop around it.
    let mut core = Core::new(Nrf52840::new(), image(&[0xBF30, 0xE7FD])).unwrap();
    core.run_until(1_000_000).unwrap();
    assert!(core.is_asleep());
    let account = core.account();
    assert_eq!((account.instructions, account.asleep), (1, 999_999));
}

#[test]
fn sev_makes_the_next_wfe_fall_through() {
    // sev, wfe, wfe, and a loop.
    let mut core = Core::new(Nrf52840::new(), image(&[0xBF40, 0xBF20, 0xBF20, 0xE7FE])).unwrap();
    core.run_until(1_000).unwrap();
    assert_eq!(core.account().instructions, 3);
    assert!(core.is_asleep());
}

/// Enumerated by Linux.
fn enumerated<C: Chip>(package: &str) -> (Host<Board<C>>, AcmPort) {
    let image = Firmware::peer(package, App::Echo).image().unwrap();
    let mut host = Host::with_config(Board::new(image).unwrap(), script::eager());
    host.plug().unwrap();
    let device = linux::enumerate(&mut host).unwrap();
    (host, AcmPort::all(&device).remove(0))
}

fn session<C: Chip>(package: &str) -> (u64, u64, u64, Vec<u8>) {
    let (mut host, mut port) = enumerated::<C>(package);
    linux::open(&mut host, &mut port, [0x00, 0xC2, 0x01, 0x00, 0, 0, 8]).unwrap();
    host.port_mut().set_pace(Pace::Saturating);
    let data: Vec<u8> = (0..3_000_u32).map(|index| ((index * 31) >> 3).to_le_bytes()[0]).collect();
    let back = port.transfer(&mut host, &data, data.len()).unwrap();
    let account = host.port_mut().core().account().clone();
    (account.instructions, account.accesses(), host.now(), back)
}

fn repeats<C: Chip>(package: &str) {
    assert_eq!(session::<C>(package), session::<C>(package), "{package}");
}

#[test]
fn a_run_repeats_to_the_instruction() {
    repeats::<Nrf52840>("nrf52840-usbd-acm");
    repeats::<Nrf52840>("nrf52840-embassy");
    repeats::<Stm32f405>("stm32f405-usbd-acm");
    repeats::<Stm32f405>("stm32f405-embassy");
}

fn failures_after_aborts<C: Chip>(package: &str) -> usize {
    let (mut host, port) = enumerated::<C>(package);
    script::failures_after_aborts(&mut host, port.function())
}

/// The script that tells stacks apart, and the model: nrf-usbd fails where it is known to.
#[test]
fn aborted_control_transfers_fail_on_nrf_usbd_and_not_on_ours_or_embassy() {
    assert_eq!(failures_after_aborts::<Nrf52840>("nrf52840-usbd-acm"), 0);
    assert_eq!(failures_after_aborts::<Nrf52840>("nrf52840-embassy"), 0);
    assert!(failures_after_aborts::<Nrf52840>("nrf52840-usbd-serial") > 0);
}

#[test]
fn aborted_control_transfers_do_not_fail_on_ours_on_the_stm32f405() {
    assert_eq!(failures_after_aborts::<Stm32f405>("stm32f405-usbd-acm"), 0);
}
