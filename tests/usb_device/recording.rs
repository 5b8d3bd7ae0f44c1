//! What a double of a driver notes, and what it is to do: the same for all its clones, of which the test has
//! one.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard};

/// Calls, and a script.
pub struct Recording<C, S> {
    calls: Arc<Mutex<Vec<C>>>,
    script: Arc<Mutex<S>>,
}

impl<C, S: Default> Default for Recording<C, S> {
    fn default() -> Self {
        Self { calls: Arc::default(), script: Arc::default() }
    }
}

impl<C, S> Clone for Recording<C, S> {
    fn clone(&self) -> Self {
        Self { calls: self.calls.clone(), script: self.script.clone() }
    }
}

impl<C, S> Recording<C, S> {
    /// Adds a call.
    pub fn note(&self, call: C) {
        self.calls.lock().expect("no test panics with it").push(call);
    }

    /// The calls since this was last asked, in order.
    pub fn calls(&self) -> Vec<C> {
        mem::take(&mut *self.calls.lock().expect("no test panics with it"))
    }

    /// The script, to be read or written.
    pub fn script(&self) -> MutexGuard<'_, S> {
        self.script.lock().expect("no test panics with it")
    }
}
