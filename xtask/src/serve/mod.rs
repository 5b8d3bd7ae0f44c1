//! `cargo xtask serve`: the device process alone.

pub mod device;

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};
use usbd_acm::Speed;
use usbd_acm_redirect::bus::Bus;
use usbd_acm_redirect::served::Session;
use usbd_acm_redirect::server::{Endpoint, Listener, Operator, Server};
use usbd_acm_redirect::{usbip, usbredir};

use crate::signals;
pub use device::App;

#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    protocol: Protocol,
}

#[derive(Subcommand)]
enum Protocol {
    /// For QEMU: `-chardev socket,id=c,path=SOCKET -device usb-redir,chardev=c`
    Usbredir {
        /// A path for a Unix socket, or HOST:PORT
        socket: Endpoint,
        #[command(flatten)]
        device: DeviceOptions,
    },
    /// For Linux: `modprobe vhci-hcd; usbip attach -r HOST -b 1-1`
    Usbip {
        /// HOST:PORT, or a path for a Unix socket
        #[arg(default_value = "127.0.0.1:3240")]
        address: Endpoint,
        #[command(flatten)]
        device: DeviceOptions,
    },
}

#[derive(Args)]
struct DeviceOptions {
    /// Bus speed
    #[arg(long, value_enum, default_value_t = BusSpeed::High)]
    speed: BusSpeed,
    /// Serial ports of the device
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=i64::from(device::MOST_PORTS)))]
    ports: u8,
    /// What the device does with the bytes
    #[arg(long, value_enum, default_value_t = App::Echo)]
    app: App,
    /// Read commands from standard input; its end ends the server
    #[arg(long)]
    commands: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum BusSpeed {
    /// 12 Mbit/s
    Full,
    /// 480 Mbit/s
    High,
}

impl From<BusSpeed> for Speed {
    fn from(speed: BusSpeed) -> Self {
        match speed {
            BusSpeed::Full => Speed::Full,
            BusSpeed::High => Speed::High,
        }
    }
}

pub fn run(options: Options) -> Result<ExitCode> {
    match options.protocol {
        Protocol::Usbredir { socket, device } => {
            let advise = |socket: &_| format!("for QEMU: {}", usbredir::qemu_arguments(socket));
            serve(&socket, &device, advise, || Box::new(usbredir::Session::new()))?;
        }
        Protocol::Usbip { address, device } => {
            let advise = |address: &_| match usbip::attach_command(address) {
                Some(attach) => format!("on Linux, as root: modprobe vhci-hcd; {attach}"),
                None => {
                    "the command usbip needs HOST:PORT; this is for programs of your own".into()
                }
            };
            serve(&address, &device, advise, || Box::new(usbip::Session::new()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn serve(
    endpoint: &Endpoint,
    options: &DeviceOptions,
    advise: impl FnOnce(&Endpoint) -> String,
    new_session: fn() -> Box<dyn Session>,
) -> Result<()> {
    let stop = signals::stop()?;
    let speed = options.speed.into();
    let device = device::create(speed, options.ports, options.app)?;
    let listener = Listener::bind(endpoint).with_context(|| {
        format!("cannot listen on {endpoint}: choose another path or HOST:PORT")
    })?;
    let commands = match options.commands {
        true => Some(std::io::stdin().as_fd().try_clone_to_owned()?),
        false => None,
    };
    // A human is told what to do next; a program that gives commands knows.
    if !options.commands {
        let _ = writeln!(io::stderr(), "{}", advise(&listener.endpoint()));
    }
    // Nobody may be reading what is told here and from now on; the device is served all the same.
    let _ = writeln!(io::stdout(), "! listening {}", listener.endpoint());
    let operator = Operator::new(Box::new(std::io::stdout()), commands);
    Server { listener, bus: Bus::new(device, speed), stop: &stop, operator }.run(new_session)
}
