//! Line coding: speed and character format of the line behind a port (PSTN 1.2 §6.3.11).

/// Line coding as the host set it. Whatever a host sends is kept and given back as it is
/// (PSTN 1.2 does not say what a device does with other values, and hosts do send them); the
/// accessors say what of it has a meaning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LineCoding {
    /// dwDTERate, in bits per second.
    pub dte_rate: u32,
    /// bCharFormat.
    pub char_format: u8,
    /// bParityType.
    pub parity_type: u8,
    /// bDataBits.
    pub data_bits: u8,
}

impl LineCoding {
    /// 115 200 bit/s, 8 data bits, no parity, 1 stop bit. Hosts read the coding and write it back,
    /// so it is one that a UART can do.
    pub const DEFAULT: Self =
        Self { dte_rate: 115_200, char_format: 0, parity_type: 0, data_bits: 8 };

    /// Line coding of the seven bytes in the data stage.
    pub const fn from_bytes(b: [u8; 7]) -> Self {
        let dte_rate = u32::from_le_bytes([b[0], b[1], b[2], b[3]]);
        Self { dte_rate, char_format: b[4], parity_type: b[5], data_bits: b[6] }
    }

    /// The seven bytes in the data stage.
    pub const fn to_bytes(self) -> [u8; 7] {
        let rate = self.dte_rate.to_le_bytes();
        [rate[0], rate[1], rate[2], rate[3], self.char_format, self.parity_type, self.data_bits]
    }

    /// dwDTERate, in bits per second. 0 has no meaning on a line, but hosts may send it.
    pub const fn rate(self) -> u32 {
        self.dte_rate
    }

    /// Stop bits.
    ///
    /// # Errors
    /// [`Unspecified`] carries a bCharFormat beyond 2.
    pub const fn stop_bits(self) -> Result<StopBits, Unspecified> {
        match self.char_format {
            0 => Ok(StopBits::One),
            1 => Ok(StopBits::OnePointFive),
            2 => Ok(StopBits::Two),
            other => Err(Unspecified(other)),
        }
    }

    /// Parity.
    ///
    /// # Errors
    /// [`Unspecified`] carries a bParityType beyond 4.
    pub const fn parity(self) -> Result<Parity, Unspecified> {
        match self.parity_type {
            0 => Ok(Parity::None),
            1 => Ok(Parity::Odd),
            2 => Ok(Parity::Even),
            3 => Ok(Parity::Mark),
            4 => Ok(Parity::Space),
            other => Err(Unspecified(other)),
        }
    }

    /// Data bits.
    ///
    /// # Errors
    /// [`Unspecified`] carries a bDataBits that is not 5, 6, 7, 8 or 16. Windows sends 0.
    pub const fn data_bits(self) -> Result<DataBits, Unspecified> {
        match self.data_bits {
            5 => Ok(DataBits::Five),
            6 => Ok(DataBits::Six),
            7 => Ok(DataBits::Seven),
            8 => Ok(DataBits::Eight),
            16 => Ok(DataBits::Sixteen),
            other => Err(Unspecified(other)),
        }
    }
}

impl Default for LineCoding {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A value of a line coding to which PSTN 1.2 gives no meaning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Unspecified(pub u8);

impl core::fmt::Display for Unspecified {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "value {} has no meaning in a line coding", self.0)
    }
}

impl core::error::Error for Unspecified {}

/// Stop bits (bCharFormat).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum StopBits {
    /// 1 stop bit.
    One,
    /// 1.5 stop bits.
    OnePointFive,
    /// 2 stop bits.
    Two,
}

/// Parity (bParityType).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Parity {
    /// No parity bit.
    None,
    /// The number of ones is odd.
    Odd,
    /// The number of ones is even.
    Even,
    /// The parity bit is always 1.
    Mark,
    /// The parity bit is always 0.
    Space,
}

/// Data bits of a character (bDataBits).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum DataBits {
    /// 5 bits.
    Five,
    /// 6 bits.
    Six,
    /// 7 bits.
    Seven,
    /// 8 bits.
    Eight,
    /// 16 bits.
    Sixteen,
}
