//! What a run cost.

use std::collections::BTreeMap;

use super::{Cycles, Image};

/// Counters of everything that was executed since they were last cleared.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Executed instructions.
    pub instructions: u64,
    /// Loads from peripherals.
    pub reads: u64,
    /// Stores to peripherals.
    pub writes: u64,
    /// Exceptions taken.
    pub exceptions: u64,
    /// Cycles awake, those of exception entry and return included.
    pub awake: Cycles,
    /// Cycles in WFE and WFI.
    pub asleep: Cycles,
    /// Executions of each halfword of flash.
    executions: Vec<u32>,
    flash: u32,
}

impl Account {
    pub(super) fn new(flash: u32, size: usize) -> Self {
        Self { executions: vec![0; size / 2], flash, ..Self::default() }
    }

    /// Starts counting anew.
    pub fn clear(&mut self) {
        let mut executions = std::mem::take(&mut self.executions);
        executions.fill(0);
        *self = Self { executions, flash: self.flash, ..Self::default() };
    }

    pub(super) fn execute(&mut self, address: u32) {
        self.instructions += 1;
        self.awake += 1;
        let index = (address.wrapping_sub(self.flash) >> 1) as usize;
        if let Some(count) = self.executions.get_mut(index) {
            *count = count.wrapping_add(1);
        }
    }

    /// Loads from and stores to peripherals.
    pub fn accesses(&self) -> u64 {
        self.reads + self.writes
    }

    /// Executed instructions by function, most first.
    pub fn by_function(&self, image: &Image) -> Vec<(String, u64)> {
        let mut functions: BTreeMap<String, u64> = BTreeMap::new();
        for (index, &count) in self.executions.iter().enumerate().filter(|(_, count)| **count > 0) {
            let address = self.flash + u32::try_from(index * 2).unwrap_or(u32::MAX);
            let name = image.function_at(address).map_or("?", |function| &function.name);
            *functions.entry(name.to_owned()).or_default() += u64::from(count);
        }
        let mut functions: Vec<(String, u64)> = functions.into_iter().collect();
        functions.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        functions
    }
}
