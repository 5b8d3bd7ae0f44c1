//! The two checksums of USB packets (USB 2.0 §8.3.5).

use crc::{Algorithm, CRC_16_USB, Crc, Table};

/// CRC-5/USB for a field of 11 bits. The crc crate takes whole bytes: the field is put behind 5
/// zero bits, and the register starts with the value that they turn into the specified 0x1F.
const TOKEN: Algorithm<u8> = Algorithm {
    width: 5,
    poly: 0x05,
    init: 0x11,
    refin: true,
    refout: true,
    xorout: 0x1F,
    check: 0x0C,
    residue: 0x06,
};

/// CRC5 of the 11 bits after the PID of a token.
pub(super) fn crc5(field: u16) -> u8 {
    const CRC: Crc<u8, Table<1>> = Crc::<u8, Table<1>>::new(&TOKEN);
    CRC.checksum(&(field << 5).to_le_bytes())
}

/// CRC16 of the bytes between PID and CRC of a data packet.
pub(super) fn crc16(data: &[u8]) -> u16 {
    const CRC: Crc<u16, Table<1>> = Crc::<u16, Table<1>>::new(&CRC_16_USB);
    CRC.checksum(data)
}

#[cfg(test)]
mod tests {
    use super::{crc5, crc16};

    /// The definition in §8.3.5, bit by bit: MSB-first register, LSB-first field.
    fn crc5_bit_by_bit(field: u16) -> u8 {
        let mut register = 0x1Fu8;
        for bit in 0..11 {
            let feedback = register >> 4 ^ u8::from(field >> bit & 1 == 1);
            register = register << 1 & 0x1F;
            if feedback & 1 == 1 {
                register ^= 0x05;
            }
        }
        // The CRC goes out MSB first, the field LSB first.
        (register ^ 0x1F).reverse_bits() >> 3
    }

    #[test]
    fn crc5_of_every_field() {
        for field in 0..0x800 {
            assert_eq!(crc5(field), crc5_bit_by_bit(field), "{field:#x}");
        }
    }

    #[test]
    fn crc5_of_known_tokens() {
        // SETUP to address 0 endpoint 0 is 2D 00 10; SOF 1 is A5 01 E8.
        assert_eq!(crc5(0x000), 0x10 >> 3);
        assert_eq!(crc5(0x001), 0xE8 >> 3);
    }

    #[test]
    fn crc16_of_known_data() {
        assert_eq!(crc16(&[0x80, 0x06, 0x00, 0x01, 0x00, 0x00, 0x40, 0x00]), 0x94DD);
        assert_eq!(crc16(b"123456789"), 0xB4C8);
        assert_eq!(crc16(&[]), 0x0000);
    }
}
