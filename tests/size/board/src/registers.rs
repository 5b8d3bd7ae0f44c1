//! Registers of the stubbed controller. The emulator in xtask answers them; the compiler cannot see
//! through them. Every function here is inlined into functions of section `.stub`.

/// Base address of the registers.
pub const BASE: usize = 0x4000_0000;

/// Lets the host run up to one transaction on every endpoint; reads the summary below.
pub const TICK: usize = 0x00;
/// Pops a bus event: 0 none, 1 reset, 2 suspend, 3 resume.
pub const BUS: usize = 0x04;
/// IN endpoints whose packet was acknowledged, a bit each; reading clears.
pub const IN_DONE: usize = 0x08;
/// OUT endpoints with a packet to read, a bit each.
pub const OUT_READY: usize = 0x0C;
/// IN endpoints with a packet that was not acknowledged yet, a bit each.
pub const IN_FULL: usize = 0x10;
/// The SETUP packet, first four bytes.
pub const SETUP_LOW: usize = 0x14;
/// The SETUP packet, last four bytes; reading takes it out of the controller.
pub const SETUP_HIGH: usize = 0x18;
/// Device address to answer to.
pub const ADDRESS: usize = 0x1C;
/// Pops an event of any kind: kind in bits 7..0, endpoint in 15..8, bytes in 31..16.
pub const EVENT: usize = 0x20;
/// Allocates an endpoint: write bit 7 = IN; read its address.
pub const ALLOCATE: usize = 0x24;
/// What the application is to do.
pub const MODE: usize = 0x28;
/// Bytes that the application consumed.
pub const SINK: usize = 0x2C;
/// Bytes for an application without USB.
pub const SOURCE: usize = 0x30;

/// The summary of [`TICK`] as it is, without letting the host run.
pub const SUMMARY: usize = 0x34;
/// Halted endpoints: IN in bits 15..0, OUT in bits 31..16.
pub const HALTED: usize = 0x38;

/// Open endpoints, a bit each, whichever the direction; written by the driver.
pub const ENABLED: usize = 0x3C;

/// Bits of [`TICK`]: a bus event waits.
pub const TICK_BUS: u32 = 1;
/// A SETUP packet waits.
pub const TICK_SETUP: u32 = 2;
/// EP0 has something else to tell.
pub const TICK_EP0: u32 = 4;
/// Another endpoint has something to tell.
pub const TICK_DATA: u32 = 8;

/// The application has something else to do: [`MODE`] changed.
pub const TICK_MODE: u32 = 16;
/// Wakes every task, to measure what a wake for nothing costs.
pub const TICK_SPURIOUS: u32 = 32;
/// The bits that the controller sets.
pub const TICK_CONTROLLER: u32 = 15;

/// Next byte of the packet: read for OUT, write for IN.
const DATA: usize = 0x100;
/// Bytes in the OUT packet.
const COUNT: usize = 0x104;
/// Commands, below.
const COMMAND: usize = 0x108;
const ENDPOINT_STRIDE: usize = 0x10;

const COMMAND_SEND: u32 = 1;
const COMMAND_RECEIVE: u32 = 2;
const COMMAND_STALL_IN: u32 = 3;
const COMMAND_STALL_OUT: u32 = 4;
const COMMAND_UNSTALL_IN: u32 = 5;
const COMMAND_UNSTALL_OUT: u32 = 6;
const COMMAND_ABORT_IN: u32 = 7;
const COMMAND_ABORT_OUT: u32 = 8;

/// Reads a register.
#[inline(always)]
pub fn read(offset: usize) -> u32 {
    // SAFETY: the stubbed controller answers the whole page.
    unsafe { ((BASE + offset) as *const u32).read_volatile() }
}

/// Writes a register.
#[inline(always)]
pub fn write(offset: usize, value: u32) {
    // SAFETY: the stubbed controller answers the whole page.
    unsafe { ((BASE + offset) as *mut u32).write_volatile(value) }
}

/// Interrupt Set-Pending Register of a Cortex-M (Armv6-M B3.4.5).
const NVIC_ISPR: usize = 0xE000_E200;

/// Makes interrupt 0 pending.
pub fn pend_interrupt() {
    // SAFETY: every Cortex-M has this register, and bits that are 0 do nothing.
    unsafe { (NVIC_ISPR as *mut u32).write_volatile(1) };
}

/// Sends one packet on an IN endpoint.
#[inline(always)]
pub fn send(endpoint: usize, packet: &[u8]) {
    for byte in packet {
        write(DATA + endpoint * ENDPOINT_STRIDE, u32::from(*byte));
    }
    write(COMMAND + endpoint * ENDPOINT_STRIDE, COMMAND_SEND);
}

/// Bytes of the packet that waits on an OUT endpoint.
#[inline(always)]
pub fn count(endpoint: usize) -> usize {
    read(COUNT + endpoint * ENDPOINT_STRIDE) as usize
}

/// Copies the packet that waits on an OUT endpoint, cut to the buffer.
#[inline(always)]
pub fn copy(endpoint: usize, buffer: &mut [u8]) -> usize {
    let count = count(endpoint).min(buffer.len());
    for byte in buffer.iter_mut().take(count) {
        *byte = read(DATA + endpoint * ENDPOINT_STRIDE) as u8;
    }
    count
}

/// Lets the next packet into an OUT endpoint.
#[inline(always)]
pub fn receive(endpoint: usize) {
    write(COMMAND + endpoint * ENDPOINT_STRIDE, COMMAND_RECEIVE);
}

/// Takes the packet of an OUT endpoint as read, without letting the next one in.
#[inline(always)]
pub fn release(endpoint: usize) {
    write(COMMAND + endpoint * ENDPOINT_STRIDE, COMMAND_ABORT_OUT);
}

/// Drops what an endpoint holds. Bit 7 of the address is the direction.
#[inline(always)]
pub fn abort(address: u8) {
    let command = if address & 0x80 != 0 { COMMAND_ABORT_IN } else { COMMAND_ABORT_OUT };
    write(COMMAND + usize::from(address & 0x0F) * ENDPOINT_STRIDE, command);
}

/// The SETUP packet that waits.
#[inline(always)]
pub fn setup(buffer: &mut [u8; 8]) {
    let (low, high) = (read(SETUP_LOW), read(SETUP_HIGH));
    for (i, byte) in buffer.iter_mut().enumerate() {
        let word = if i < 4 { low } else { high };
        *byte = (word >> (8 * (i as u32 & 3))) as u8;
    }
}

/// Halts an endpoint or ends the halt. Bit 7 of the address is the direction.
#[inline(always)]
pub fn stall(address: u8, stalled: bool) {
    let command = match (address & 0x80 != 0, stalled) {
        (true, true) => COMMAND_STALL_IN,
        (false, true) => COMMAND_STALL_OUT,
        (true, false) => COMMAND_UNSTALL_IN,
        (false, false) => COMMAND_UNSTALL_OUT,
    };
    write(COMMAND + usize::from(address & 0x0F) * ENDPOINT_STRIDE, command);
}

/// Whether an endpoint is halted.
#[inline(always)]
pub fn is_stalled(address: u8) -> bool {
    let direction = if address & 0x80 != 0 { 0 } else { 16 };
    read(HALTED) >> direction >> (address & 0x0F) & 1 != 0
}
