//! The three endpoints of a port, and how they are taken from what a controller offers.

use crate::{Direction, EndpointAddress, EndpointSet};

/// The endpoints of one port.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PortEndpoints {
    /// Interrupt IN: serial state.
    pub notification: EndpointAddress,
    /// Bulk IN: device to host.
    pub data_in: EndpointAddress,
    /// Bulk OUT: host to device.
    pub data_out: EndpointAddress,
}

/// Takes the endpoints of `PORTS` ports from the set: for each port in turn data IN, data OUT and
/// notification, each the lowest free number, and where numbers are not shared a number that only
/// this direction can use before one that both can.
///
/// Finds an allocation whenever there is one, and else `None`: a port takes 2 IN and 1 OUT number
/// and, without [`EndpointSet::shared_numbers`], no number is taken twice.
pub const fn try_allocate_endpoints<const PORTS: usize>(
    set: EndpointSet,
) -> Option<[PortEndpoints; PORTS]> {
    let mut free = Free {
        in_numbers: set.in_numbers & NOT_EP0,
        out_numbers: set.out_numbers & NOT_EP0,
        shared: set.shared_numbers,
    };
    let Some(first) = free.take_port() else { return None };
    let mut ports = [first; PORTS];
    let mut port = 1;
    while port < PORTS {
        let Some(endpoints) = free.take_port() else { return None };
        ports[port] = endpoints;
        port += 1;
    }
    Some(ports)
}

/// [`try_allocate_endpoints`], for where descriptors are made.
///
/// # Panics
/// When the set does not hold that many, or `PORTS` is 0: at compile time.
pub const fn allocate_endpoints<const PORTS: usize>(set: EndpointSet) -> [PortEndpoints; PORTS] {
    assert!(PORTS > 0, "a device needs at least one port: set `ports` to 1 or more");
    assert!(
        set.in_numbers & NOT_EP0 != 0 && set.out_numbers & NOT_EP0 != 0,
        "the controller has no endpoints: set `endpoints` to what it offers"
    );
    let Some(ports) = try_allocate_endpoints(set) else {
        panic!(
            "the controller has too few endpoints: each port takes 2 IN and 1 OUT endpoint \
             beside EP0; lower `ports`"
        );
    };
    ports
}

/// Number 0 belongs to the control pipe.
const NOT_EP0: u16 = 0xFFFE;

struct Free {
    in_numbers: u16,
    out_numbers: u16,
    shared: bool,
}

impl Free {
    const fn take_port(&mut self) -> Option<PortEndpoints> {
        let data_in = self.take(Direction::In);
        let data_out = self.take(Direction::Out);
        match (self.take(Direction::In), data_in, data_out) {
            (Some(notification), Some(data_in), Some(data_out)) => {
                Some(PortEndpoints { notification, data_in, data_out })
            }
            _ => None,
        }
    }

    const fn take(&mut self, direction: Direction) -> Option<EndpointAddress> {
        let (own, other) = match direction {
            Direction::In => (self.in_numbers, self.out_numbers),
            Direction::Out => (self.out_numbers, self.in_numbers),
        };
        // A number that only this direction can use costs the other one nothing.
        let exclusive = if self.shared { own } else { own & !other };
        let candidates = if exclusive != 0 { exclusive } else { own };
        let [number, ..] = candidates.trailing_zeros().to_le_bytes();
        let address = EndpointAddress::new(number, direction);
        if address.is_some() {
            self.give_away(number, direction);
        }
        address
    }

    const fn give_away(&mut self, number: u8, direction: Direction) {
        let left = !(1 << number);
        if !self.shared || matches!(direction, Direction::In) {
            self.in_numbers &= left;
        }
        if !self.shared || matches!(direction, Direction::Out) {
            self.out_numbers &= left;
        }
    }
}
