//! What the model of the core does otherwise than the chip, corrected from outside, through its
//! registers. RM0090 §34 unless something else is said.

use std::sync::Arc;

use rsemu::bus::usb::{Completion, Status, UsbBus, UsbDevice};
use rsemu::dev::usb::dwc2::{Dwc2, Params};

const GUSBCFG: u64 = 0x00C;
const GRSTCTL: u64 = 0x010;
const GNPTXFSIZ: u64 = 0x028;
const GSNPSID: u64 = 0x040;
const GHWCFG1: u64 = 0x044;
const GHWCFG2: u64 = 0x048;
const GHWCFG3: u64 = 0x04C;
const GHWCFG4: u64 = 0x050;
const DIEPTXF1: u64 = 0x104;
const DCFG: u64 = 0x800;
const DCTL: u64 = 0x804;
const DIEP: u64 = 0x900;
const DOEP: u64 = 0xB00;

const FDMOD: u32 = 1 << 30;
const CSRST: u32 = 1;
const TXFFLSH: u32 = 1 << 5;
const GINSTS: u32 = 1 << 2;
const SGINAK: u32 = 1 << 7;
const CGINAK: u32 = 1 << 8;
const NAKSTS: u32 = 1 << 17;
const CNAK: u32 = 1 << 26;
const SNAK: u32 = 1 << 27;
const EPENA: u32 = 1 << 31;
/// Packet size, activity, type and FIFO of an endpoint, and no command.
const ENDPOINT: u32 = 0x03CC_87FF;
const XFRC: u32 = 1;
const PKTCNT_1: u32 = 1 << 19;
const PKTCNT: u32 = 0x3FF << 19;
const STUPCNT: u32 = 3 << 29;

/// Endpoints of OTG_FS.
const ENDPOINTS: u8 = 4;

/// The model, with its end of the cable not plugged in anywhere.
pub fn model() -> Arc<Dwc2> {
    let params = Params {
        endpoints: ENDPOINTS,
        fifo_words: 320,
        // §34.16.2, OTG_FS_CID: drivers ask for it, because the VBUS bits depend on it.
        cid: 0x1200,
        ..Params::default()
    };
    Dwc2::new(Arc::new(UsbBus::new(1)), params, 0)
}

/// A register is read.
pub fn read(core: &Dwc2, offset: u64, debug: bool) -> u32 {
    match offset & !3 {
        // Synopsys' own registers, which are as in any STM32F405: version 2.81a, four endpoints with
        // FIFOs of their own.
        GSNPSID => 0x4F54_281A,
        GHWCFG1 => 0,
        GHWCFG2 => 0x229D_CD20,
        GHWCFG3 => 0x0200_01E8,
        GHWCFG4 => 0x0FF0_8030,
        offset => core.read(offset, debug),
    }
}

/// A register is written.
pub fn write(core: &Dwc2, offset: u64, value: u32) {
    if offset != GRSTCTL {
        return store(core, offset, value);
    }
    let mode = core.read(GUSBCFG, true) & FDMOD;
    store(core, offset, value);
    if value & CSRST != 0 {
        // The core soft reset keeps the mode that was forced.
        store(core, GUSBCFG, core.read(GUSBCFG, true) | mode);
    } else if value & TXFFLSH != 0 {
        // The model flushes the FIFOs of a host only.
        flush(core, value >> 6 & 0x1F);
    }
}

fn store(core: &Dwc2, offset: u64, value: u32) {
    let after = core.write(offset, value);
    core.act(after);
    core.refresh_irq();
}

/// TXFNUM: one FIFO, or 0x10 for all of them.
fn flush(core: &Dwc2, number: u32) {
    for endpoint in 0..ENDPOINTS {
        if number == u32::from(endpoint) || number == 0x10 {
            let size = match endpoint {
                0 => GNPTXFSIZ,
                _ => DIEPTXF1 + 4 * u64::from(endpoint - 1),
            };
            let depth = core.read(size, true) >> 16;
            let free = core.read(registers(DIEP, endpoint) + 0x18, true);
            discard(core, endpoint, 4 * depth.saturating_sub(free));
        }
    }
}

/// An IN token. What is left of a word that was the end of the packet goes with it.
pub fn transfer_in(core: &Dwc2, endpoint: u8, packet: &mut [u8]) -> Completion {
    let completion = core.gadget().transfer_in(endpoint, packet);
    if completion.status == Status::Ack {
        discard(core, endpoint, (completion.len.wrapping_neg() % 4) as u32);
    }
    completion
}

/// Takes bytes out of a FIFO, by packets that no host sees.
fn discard(core: &Dwc2, endpoint: u8, mut bytes: u32) {
    let base = registers(DIEP, endpoint);
    let before = [0x00, 0x08, 0x10].map(|register| core.read(base + register, true));
    let [control, interrupts, size] = before;
    let dctl = core.read(DCTL, true);
    if bytes == 0 {
        return;
    }
    store(core, DCTL, dctl | CGINAK);
    while bytes > 0 {
        let packet = bytes.min(8);
        store(core, base + 0x10, PKTCNT_1 | packet);
        store(core, base, control & ENDPOINT | CNAK | EPENA);
        core.gadget().transfer_in(endpoint, &mut [0; 8][..packet as usize]);
        bytes -= packet;
    }
    store(core, base + 0x10, size);
    let nak = if control & NAKSTS == 0 { CNAK } else { SNAK };
    store(core, base, control & !NAKSTS | nak);
    store(core, base + 0x08, XFRC & !interrupts);
    store(core, DCTL, if dctl & GINSTS == 0 { dctl } else { dctl | SGINAK });
}

/// An OUT token. An endpoint that is enabled takes a packet also with a packet count of 0, of which the
/// manual says nothing, and on which synopsys-usb-otg relies.
pub fn transfer_out(core: &Dwc2, endpoint: u8, packet: &[u8]) -> Completion {
    let base = registers(DOEP, endpoint);
    let (control, size) = (core.read(base, true), core.read(base + 0x10, true));
    if control & EPENA != 0 && size & PKTCNT == 0 {
        let largest = if endpoint == 0 { 64 >> (control & 3) } else { control & 0x7FF };
        store(core, base + 0x10, size & STUPCNT | PKTCNT_1 | largest);
    }
    core.gadget().transfer_out(endpoint, packet)
}

/// DCFG.DAD.
pub fn address(core: &Dwc2) -> u8 {
    (core.read(DCFG, true) >> 4 & 0x7F) as u8
}

fn registers(block: u64, endpoint: u8) -> u64 {
    block + 0x20 * u64::from(endpoint)
}
