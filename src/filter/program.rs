//! The classic BPF machine (`McCanne` and Jacobson, 1993; the kernel's networking/filter documentation).

/// A BPF program that ends on every input: jumps only go forward, and within the program.
#[derive(Clone, Debug)]
pub(super) struct Program(Vec<Instruction>);

#[derive(Clone, Copy, Debug)]
struct Instruction {
    code: u16,
    if_true: u8,
    if_false: u8,
    k: u32,
}

/// The machine's state: accumulator, index register and scratch memory.
#[derive(Default)]
struct Machine {
    a: u32,
    x: u32,
    memory: [u32; 16],
}

// Instruction classes, and the fields of an instruction code.
const LD: u16 = 0x00;
const LDX: u16 = 0x01;
const ST: u16 = 0x02;
const STX: u16 = 0x03;
const ALU: u16 = 0x04;
const JMP: u16 = 0x05;
const RET: u16 = 0x06;
const CLASS: u16 = 0x07;
const SIZE: u16 = 0x18;
const MODE: u16 = 0xe0;
const OPERATION: u16 = 0xf0;
/// The operand is the index register rather than the constant.
const BY_X: u16 = 0x08;

impl Program {
    /// From instructions as `code if-true if-false k`. `None` if one is something else, or jumps out.
    pub(super) fn new(lines: impl Iterator<Item = String>) -> Option<Self> {
        let program: Vec<Instruction> = lines.map(|line| Instruction::parse(&line)).collect::<Option<_>>()?;
        let is_inside = |(place, instruction): (usize, &Instruction)| match instruction.code & CLASS {
            JMP => instruction.farthest_jump().is_some_and(|jump| place + 1 + jump < program.len()),
            RET => true,
            _ => place + 1 < program.len(),
        };
        program.iter().enumerate().all(is_inside).then(|| Self(program.clone()))
    }

    /// Whether the program takes a frame. As in the kernel, a load from beyond the captured bytes refuses it.
    pub(super) fn passes(&self, captured: &[u8], wire_len: u32) -> bool {
        self.run(captured, wire_len).is_some_and(|taken| taken > 0)
    }

    fn run(&self, captured: &[u8], wire_len: u32) -> Option<u32> {
        let mut machine = Machine::default();
        let mut place = 0;
        loop {
            let instruction = *self.0.get(place)?;
            place += 1;
            match instruction.code & CLASS {
                LD => machine.a = machine.load(instruction, captured, wire_len)?,
                LDX => machine.x = machine.load(instruction, captured, wire_len)?,
                ST => *machine.memory.get_mut(instruction.k as usize)? = machine.a,
                STX => *machine.memory.get_mut(instruction.k as usize)? = machine.x,
                ALU => machine.a = machine.calculate(instruction)?,
                JMP => place += machine.jump(instruction)?,
                RET => return Some(if instruction.code & SIZE == 0x10 { machine.a } else { instruction.k }),
                _ if instruction.code & 0x80 == 0 => machine.x = machine.a,
                _ => machine.a = machine.x,
            }
        }
    }
}

impl Instruction {
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split(' ');
        let instruction = Self {
            code: fields.next()?.parse().ok()?,
            if_true: fields.next()?.parse().ok()?,
            if_false: fields.next()?.parse().ok()?,
            k: fields.next()?.parse().ok()?,
        };
        fields.next().is_none().then_some(instruction)
    }

    fn farthest_jump(self) -> Option<usize> {
        match self.code & OPERATION {
            0x00 => usize::try_from(self.k).ok(),
            _ => Some(usize::from(self.if_true.max(self.if_false))),
        }
    }
}

impl Machine {
    fn load(&self, instruction: Instruction, captured: &[u8], wire_len: u32) -> Option<u32> {
        let k = instruction.k;
        let offset = match instruction.code & MODE {
            0x00 => return Some(k),
            0x20 => k,
            0x40 => self.x.checked_add(k)?,
            0x60 => return self.memory.get(k as usize).copied(),
            0x80 => return Some(wire_len),
            // The length of an IPv4 header.
            0xa0 => return Some(u32::from(captured.get(k as usize)? & 0x0f) * 4),
            _ => return None,
        };
        let bytes = captured.get(offset as usize..)?;
        match instruction.code & SIZE {
            0x00 => bytes.first_chunk().map(|&word| u32::from_be_bytes(word)),
            0x08 => bytes.first_chunk().map(|&half| u32::from(u16::from_be_bytes(half))),
            0x10 => bytes.first().map(|&byte| u32::from(byte)),
            _ => None,
        }
    }

    const fn operand(&self, instruction: Instruction) -> u32 {
        if instruction.code & BY_X == 0 { instruction.k } else { self.x }
    }

    fn calculate(&self, instruction: Instruction) -> Option<u32> {
        let (a, operand) = (self.a, self.operand(instruction));
        Some(match instruction.code & OPERATION {
            0x00 => a.wrapping_add(operand),
            0x10 => a.wrapping_sub(operand),
            0x20 => a.wrapping_mul(operand),
            0x30 => a.checked_div(operand)?,
            0x40 => a | operand,
            0x50 => a & operand,
            0x60 => a.checked_shl(operand).unwrap_or(0),
            0x70 => a.checked_shr(operand).unwrap_or(0),
            0x80 => a.wrapping_neg(),
            0x90 => a.checked_rem(operand)?,
            0xa0 => a ^ operand,
            _ => return None,
        })
    }

    /// How many instructions to leap.
    fn jump(&self, instruction: Instruction) -> Option<usize> {
        let (a, operand) = (self.a, self.operand(instruction));
        let holds = match instruction.code & OPERATION {
            0x00 => return usize::try_from(instruction.k).ok(),
            0x10 => a == operand,
            0x20 => a > operand,
            0x30 => a >= operand,
            0x40 => a & operand != 0,
            _ => return None,
        };
        Some(usize::from(if holds { instruction.if_true } else { instruction.if_false }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pcap::{Capture, Linktype};
    use proptest::prelude::*;

    #[test]
    fn a_program_that_could_run_out_is_refused() {
        let program = |lines: &[&str]| Program::new(lines.iter().map(ToString::to_string));
        assert!(program(&["6 0 0 1"]).is_some());
        assert!(program(&["0 0 0 1"]).is_none());
        assert!(program(&["21 0 1 1", "6 0 0 1"]).is_none());
        assert!(program(&["5 0 0 4294967295", "6 0 0 1"]).is_none());
        assert!(program(&["6 0 0"]).is_none());
    }

    const EXPRESSIONS: [&str; 10] = [
        "tcp port 443 or udp portrange 50-60",
        "ip6 and not host fe80::1",
        "ip[2:2] > 100 and tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn",
        "vlan 5 and ip",
        "len > 60 and less 1000",
        "ether broadcast or ether multicast",
        "net 10.0.0.0/9",
        "(ip[6:2] & 0x1fff) * 8 + len % 7 != len / 3",
        "icmp or arp or mpls",
        "udp[4:2] - 8 < (ip[2:2] << 1) >> 2",
    ];

    fn frame() -> impl Strategy<Value = Vec<u8>> {
        let ether_type = prop_oneof![Just([8, 0]), Just([0x86, 0xdd]), Just([0x81, 0]), any::<[u8; 2]>()];
        let protocol = prop_oneof![Just(6u8), Just(17), any::<u8>()];
        (prop::collection::vec(any::<u8>(), 0..120), ether_type, protocol).prop_map(
            |(mut bytes, ether_type, protocol)| {
                if bytes.len() > 34 {
                    bytes[12..14].copy_from_slice(&ether_type);
                    bytes[14] = if ether_type == [8, 0] { 0x45 } else { 0x60 };
                    bytes[if ether_type == [8, 0] { 23 } else { 20 }] = protocol;
                    bytes[20..22].fill(0);
                }
                bytes
            },
        )
    }

    proptest! {
        #[test]
        fn judges_as_libpcap_does(frames in prop::collection::vec(frame(), 1..20), which in 0..EXPRESSIONS.len()) {
            let capture = Capture::dead(Linktype::ETHERNET).expect("a dead handle");
            let compiled = capture.compile(EXPRESSIONS[which], true).expect("a valid expression");
            let program = Program::new(compiled.get_instructions().iter().map(ToString::to_string))
                .expect("classic BPF");
            for frame in frames {
                let length = u32::try_from(frame.len()).expect("a short frame");
                prop_assert_eq!(program.passes(&frame, length), compiled.filter(&frame));
            }
        }
    }
}
