//! Which processor it is.

use unicorn_engine::ArmCpuModel;

/// A processor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Processor {
    /// Cortex-M4F.
    CortexM4,
    /// Cortex-M7 with its double-precision FPU. Its caches are not there, and it starts one instruction a
    /// cycle, like the other one.
    CortexM7,
}

impl Processor {
    pub(super) const fn model(self) -> ArmCpuModel {
        match self {
            Processor::CortexM4 => ArmCpuModel::CORTEX_M4,
            Processor::CortexM7 => ArmCpuModel::CORTEX_M7,
        }
    }

    /// CPUID: r0p1, r1p1.
    pub(super) const fn cpuid(self) -> u32 {
        match self {
            Processor::CortexM4 => 0x410F_C241,
            Processor::CortexM7 => 0x411F_C271,
        }
    }
}
