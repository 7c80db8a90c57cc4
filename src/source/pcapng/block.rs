//! Blocks: their types, their lengths, and the byte order they are written in.

/// The block type of a section header, the same in either byte order.
pub(in crate::source) const SECTION_HEADER: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];

pub(super) const SECTION_HEADER_TYPE: u32 = 0x0a0d_0d0a;
pub(super) const INTERFACE_DESCRIPTION: u32 = 1;
pub(super) const OBSOLETE_PACKET: u32 = 2;
pub(super) const SIMPLE_PACKET: u32 = 3;
pub(super) const NAME_RESOLUTION: u32 = 4;
pub(super) const INTERFACE_STATISTICS: u32 = 5;
pub(super) const ENHANCED_PACKET: u32 = 6;
pub(super) const DECRYPTION_SECRETS: u32 = 10;
pub(super) const CUSTOM: u32 = 0xbad;
pub(super) const CUSTOM_NOT_TO_COPY: u32 = 0x4000_0bad;

pub(super) const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;

/// Type and length before a block's body.
pub(super) const BLOCK_HEADER: usize = 8;
/// The length again, behind it.
pub(super) const TRAILER: usize = 4;
/// The longest block, as Wireshark has it: the largest packet of any link type that it knows, with options. A length
/// beyond this is a defect rather than a block.
pub(super) const LONGEST_BLOCK: u64 = 32 + (128 << 20) + (128 << 10);

/// The option of an enhanced packet that tells how many were dropped before it.
pub(super) const EPB_DROP_COUNT: u16 = 4;

/// The byte order of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    #[inline]
    pub(super) fn u32(self, bytes: &[u8], offset: usize) -> u32 {
        self.word(*bytes[offset..].first_chunk().expect("the shortest block of this type has it"))
    }

    #[inline]
    pub(super) const fn word(self, word: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(word),
            Self::Big => u32::from_be_bytes(word),
        }
    }

    #[inline]
    pub(super) fn u16(self, bytes: &[u8], offset: usize) -> u16 {
        let half = [bytes[offset], bytes[offset + 1]];
        match self {
            Self::Little => u16::from_le_bytes(half),
            Self::Big => u16::from_be_bytes(half),
        }
    }
}

/// Whether a block of this type is buffered; the others are skipped as they are read.
pub(super) const fn is_looked_into(kind: u32) -> bool {
    matches!(
        kind,
        SECTION_HEADER_TYPE
            | INTERFACE_DESCRIPTION
            | INTERFACE_STATISTICS
            | ENHANCED_PACKET
            | SIMPLE_PACKET
            | OBSOLETE_PACKET
    )
}

/// Whether the value of a packet's option is as long as its code says.
pub(super) const fn has_length(code: u16, value: &[u8]) -> bool {
    const FLAGS: u16 = 2;
    const PACKET_ID: u16 = 5;
    const QUEUE: u16 = 6;
    const VERDICT: u16 = 7;
    match (code, value) {
        (FLAGS | QUEUE, _) => value.len() == 4,
        (EPB_DROP_COUNT | PACKET_ID, _) => value.len() == 8,
        (VERDICT, [1 | 2, number @ ..]) => number.len() == 8,
        (VERDICT, _) => !value.is_empty(),
        _ => true,
    }
}

/// The length of a block by what its length field says: some writers leave the padding out of the field, though not
/// out of the file.
pub(super) fn padded(length: u32) -> u64 {
    u64::from(length).next_multiple_of(4)
}

/// The least length of a block of a type, from its fixed fields.
pub(super) const fn least_length(kind: u32) -> u64 {
    match kind {
        SECTION_HEADER_TYPE => 28,
        OBSOLETE_PACKET | ENHANCED_PACKET => 32,
        INTERFACE_STATISTICS => 24,
        INTERFACE_DESCRIPTION | DECRYPTION_SECRETS => 20,
        SIMPLE_PACKET | NAME_RESOLUTION | CUSTOM | CUSTOM_NOT_TO_COPY => 16,
        _ => 12,
    }
}
