//! A short digest of data, to tell one version from another.

/// The hash FNV-1a, 32 bits (RFC 9923), of some texts one after the other.
pub(super) const fn fnv_1a(texts: &[&str]) -> u32 {
    let (mut hash, mut text) = (0x811c_9dc5_u32, 0);
    while text < texts.len() {
        let (bytes, mut place) = (texts[text].as_bytes(), 0);
        while place < bytes.len() {
            hash = (hash ^ bytes[place] as u32).wrapping_mul(0x0100_0193);
            place += 1;
        }
        text += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::fnv_1a;

    #[test]
    fn the_digest_is_fnv_1a() {
        assert_eq!(fnv_1a(&[""]), 0x811c_9dc5);
        assert_eq!(fnv_1a(&["a"]), 0xe40c_292c);
        assert_eq!(fnv_1a(&["foo", "bar"]), 0xbf9c_f968);
    }
}
