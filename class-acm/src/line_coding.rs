//! Line coding: rate and character format of the port (PSTN 1.2 §6.3.10, table 17).

/// A line coding as the host sent it: stored raw, reported raw. The accessors tell what is legal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LineCoding {
    /// dwDTERate: data terminal rate, in bit/s.
    pub rate: u32,
    /// bCharFormat.
    pub char_format: u8,
    /// bParityType.
    pub parity_type: u8,
    /// bDataBits.
    pub data_bits: u8,
}

/// Stop bits of a legal bCharFormat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum StopBits {
    /// 1 stop bit.
    One = 0,
    /// 1.5 stop bits.
    OneAndHalf = 1,
    /// 2 stop bits.
    Two = 2,
}

/// Parity of a legal bParityType.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Parity {
    /// No parity bit.
    None = 0,
    /// Odd.
    Odd = 1,
    /// Even.
    Even = 2,
    /// Always 1.
    Mark = 3,
    /// Always 0.
    Space = 4,
}

/// A value that PSTN 1.2 table 17 does not define.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NotDefined(pub u8);

impl Default for LineCoding {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl LineCoding {
    /// 115200 bit/s, 8N1: what a port reports before the host sets anything. Windows reads it and
    /// writes it back, so it must be sane.
    pub const DEFAULT: Self = Self { rate: 115_200, char_format: 0, parity_type: 0, data_bits: 8 };

    /// The coding of the seven bytes on the wire.
    pub const fn from_bytes(bytes: [u8; 7]) -> Self {
        let [a, b, c, d, char_format, parity_type, data_bits] = bytes;
        Self { rate: u32::from_le_bytes([a, b, c, d]), char_format, parity_type, data_bits }
    }

    /// The seven bytes on the wire.
    pub const fn to_bytes(self) -> [u8; 7] {
        let [a, b, c, d] = self.rate.to_le_bytes();
        [a, b, c, d, self.char_format, self.parity_type, self.data_bits]
    }

    /// Stop bits.
    ///
    /// # Errors
    /// [`NotDefined`] for a bCharFormat above 2.
    pub const fn stop_bits(&self) -> Result<StopBits, NotDefined> {
        match self.char_format {
            0 => Ok(StopBits::One),
            1 => Ok(StopBits::OneAndHalf),
            2 => Ok(StopBits::Two),
            other => Err(NotDefined(other)),
        }
    }

    /// Parity.
    ///
    /// # Errors
    /// [`NotDefined`] for a bParityType above 4.
    pub const fn parity(&self) -> Result<Parity, NotDefined> {
        match self.parity_type {
            0 => Ok(Parity::None),
            1 => Ok(Parity::Odd),
            2 => Ok(Parity::Even),
            3 => Ok(Parity::Mark),
            4 => Ok(Parity::Space),
            other => Err(NotDefined(other)),
        }
    }

    /// Data bits: 5, 6, 7, 8 or 16.
    ///
    /// # Errors
    /// [`NotDefined`] for any other bDataBits.
    pub const fn data_bits(&self) -> Result<u8, NotDefined> {
        match self.data_bits {
            legal @ (5..=8 | 16) => Ok(legal),
            other => Err(NotDefined(other)),
        }
    }

    /// The coding of the seven bytes on the wire, and one more that does not count: two words, which
    /// are cheaper to copy than seven bytes.
    pub const fn from_padded([a, b, c, d, e, f, g, _]: [u8; 8]) -> Self {
        Self::from_bytes([a, b, c, d, e, f, g])
    }

    /// Two words that are zero for [`DEFAULT`](Self::DEFAULT), so that a static of them takes no
    /// flash.
    pub(crate) const fn to_words(self) -> (u32, u32) {
        let format = [self.char_format, self.parity_type, self.data_bits ^ 8, 0];
        (self.rate ^ Self::DEFAULT.rate, u32::from_le_bytes(format))
    }

    /// What is on the wire, as two words of which the last byte does not count, of the coding of these
    /// words.
    pub(crate) const fn on_the_wire((rate, format): (u32, u32)) -> (u32, u32) {
        let (default_rate, default_format) =
            (Self::DEFAULT.rate, u32::from_le_bytes([0, 0, Self::DEFAULT.data_bits, 0]));
        (rate ^ default_rate, format ^ default_format)
    }

    pub(crate) const fn from_words((rate, format): (u32, u32)) -> Self {
        let [char_format, parity_type, data_bits, _] = format.to_le_bytes();
        Self { rate: rate ^ Self::DEFAULT.rate, char_format, parity_type, data_bits: data_bits ^ 8 }
    }
}
