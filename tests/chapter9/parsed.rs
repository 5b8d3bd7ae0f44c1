//! A configuration descriptor, cut into its parts by bLength alone.

/// The descriptors of a configuration, in order.
pub fn cut(configuration: &[u8]) -> Vec<&[u8]> {
    let (mut parts, mut rest) = (Vec::new(), configuration);
    while let [length, ..] = *rest {
        assert!(length >= 2, "bLength {length}");
        let (part, after) = rest.split_at(usize::from(length));
        parts.push(part);
        rest = after;
    }
    parts
}

/// An interface descriptor with what follows it.
pub struct Interface<'a> {
    /// The interface descriptor itself.
    pub descriptor: &'a [u8],
    /// Its endpoint descriptors.
    pub endpoints: Vec<&'a [u8]>,
    /// Its class-specific descriptors.
    pub functional: Vec<&'a [u8]>,
}

/// The interfaces of a configuration.
pub fn interfaces(configuration: &[u8]) -> Vec<Interface<'_>> {
    let mut interfaces: Vec<Interface> = Vec::new();
    for part in cut(configuration) {
        match (part[1], interfaces.last_mut()) {
            (4, _) => interfaces.push(Interface {
                descriptor: part,
                endpoints: Vec::new(),
                functional: Vec::new(),
            }),
            (5, Some(interface)) => interface.endpoints.push(part),
            (0x24, Some(interface)) => interface.functional.push(part),
            _ => {}
        }
    }
    interfaces
}
