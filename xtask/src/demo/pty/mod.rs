//! `cargo xtask demo --pty`: the port as a pseudo-terminal, for any terminal program.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use anyhow::Result;
use usbd_acm::Speed;
use usbd_acm_redirect::pty::{self, Terminal};
use usbd_acm_virtual::host::Config;

use super::board::Bench;
use super::conversation::{self, Conversation};
use super::voice::Voice;
use crate::serve::device::App;

/// A device with this application at this speed, offered until `stop`.
pub fn serve(
    speed: Speed,
    app: App,
    link: Option<&Path>,
    stop: &AtomicBool,
    voice: &Voice,
) -> Result<()> {
    let terminal = Terminal::new(link)?;
    let config = Config { speed, ..Config::default() };
    let mut bench = Bench::new(speed, app.into(), config);
    let conversation = bench.host.observe(Conversation::new(&bench, voice));
    let (_, port) = conversation::enumerate(&mut bench.host)?;
    let path = terminal.path().display();
    voice.say(format!(
        "\nThe port is {path}, until Ctrl-C. To talk to it:\n  \
         picocom -b 115200 {path}\n  screen {path} 115200\n  \
         python3 -m serial.tools.miniterm {path} 115200\n"
    ));
    pty::serve(&terminal, &mut bench.host, port, stop, |_| conversation.borrow().say_events())
}

#[cfg(test)]
mod tests;
