//! The options of a block (draft-ietf-opsawg-pcapng, section 3.5).

use super::block::Order;

const END_OF_OPTIONS: u16 = 0;
/// Options of anyone's own, which begin with the number of the one who made them.
const CUSTOM: [u16; 4] = [2988, 2989, 19372, 19373];
const ENTERPRISE_NUMBER: usize = 4;

/// Takes each option's code and value, up to the end of options. Whether all of them fit.
pub(super) fn each_option<'a>(
    mut bytes: &'a [u8],
    order: Order,
    mut take: impl FnMut(u16, &'a [u8]),
) -> bool {
    while !bytes.is_empty() {
        let Some(header) = bytes.get(..4) else { return false };
        let (code, length) = (order.u16(header, 0), usize::from(order.u16(header, 2)));
        let Some(value) = bytes.get(4..4 + length) else { return false };
        if code == END_OF_OPTIONS {
            break;
        }
        if CUSTOM.contains(&code) && length < ENTERPRISE_NUMBER {
            return false;
        }
        take(code, value);
        bytes = bytes.get(4 + length.next_multiple_of(4)..).unwrap_or_default();
    }
    true
}

/// A value of 64 bits; 0 if it has another length.
pub(super) fn u64_of(value: &[u8], order: Order) -> u64 {
    match (<[u8; 8]>::try_from(value), order) {
        (Ok(bytes), Order::Little) => u64::from_le_bytes(bytes),
        (Ok(bytes), Order::Big) => u64::from_be_bytes(bytes),
        (Err(_), _) => 0,
    }
}
