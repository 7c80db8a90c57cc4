//! The options of a block (draft-ietf-opsawg-pcapng, section 3.5).

use super::Order;

const END_OF_OPTIONS: u16 = 0;

/// Codes and values, up to the end of options or the first that does not fit.
pub(super) fn options(mut bytes: &[u8], order: Order) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let header = bytes.get(..4)?;
        let (code, length) = (order.u16(header, 0), usize::from(order.u16(header, 2)));
        let value = bytes.get(4..4 + length)?;
        bytes = bytes.get(4 + length.next_multiple_of(4)..).unwrap_or_default();
        (code != END_OF_OPTIONS).then_some((code, value))
    })
}

/// A value of 64 bits; 0 if it has another length.
pub(super) fn u64_of(value: &[u8], order: Order) -> u64 {
    match (<[u8; 8]>::try_from(value), order) {
        (Ok(bytes), Order::Little) => u64::from_le_bytes(bytes),
        (Ok(bytes), Order::Big) => u64::from_be_bytes(bytes),
        (Err(_), _) => 0,
    }
}
