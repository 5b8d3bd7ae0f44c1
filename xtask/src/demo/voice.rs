//! Who is told what happens.

use std::io::{self, Write};
use std::rc::Rc;

/// Takes the lines that are said. Clones say them in the same place.
#[derive(Clone)]
pub struct Voice(Rc<dyn Fn(&str)>);

impl Voice {
    pub fn new(say: impl Fn(&str) + 'static) -> Self {
        Self(Rc::new(say))
    }

    /// Says it on standard output. A reader that went away, as `head` does, is no error.
    pub fn stdout() -> Self {
        Self::new(|text| {
            let _ = writeln!(io::stdout().lock(), "{text}");
        })
    }

    pub fn silent() -> Self {
        Self::new(|_| ())
    }

    pub fn say(&self, text: impl AsRef<str>) {
        (self.0)(text.as_ref());
    }
}
