//! A short digest of data, to tell one version from another.

/// The hash FNV-1a, 32 bits (RFC 9923), of some texts one after the other.
pub(super) fn fnv_1a<'t>(texts: impl IntoIterator<Item = &'t str>) -> u32 {
    let bytes = texts.into_iter().flat_map(str::bytes);
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::fnv_1a;

    #[test]
    fn the_digest_is_fnv_1a() {
        assert_eq!(fnv_1a([""]), 0x811c_9dc5);
        assert_eq!(fnv_1a(["a"]), 0xe40c_292c);
        assert_eq!(fnv_1a(["foo", "bar"]), 0xbf9c_f968);
    }
}
