//! The container of old workbooks: a file of files in sectors.

use super::Unreadable;

const MAGIC: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
/// From here on a number in a table of sectors is a mark, not a sector.
const MARKS: u32 = 0xFFFF_FFFA;
const ENTRY_BYTES: usize = 128;
/// How many sectors of the table the header itself names.
const HEADER_SECTORS: usize = 109;

/// A container in memory.
pub(super) struct Compound<'a> {
    bytes: &'a [u8],
    sector_bytes: usize,
    mini_bytes: usize,
    /// Streams below this size lie in the small sectors.
    mini_below: usize,
    /// For each sector the one that follows it.
    table: Vec<u32>,
    mini_table: Vec<u32>,
    entries: Vec<Entry>,
}

/// A stream of the container.
struct Entry {
    name: String,
    start: u32,
    size: usize,
}

impl<'a> Compound<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        Self::parse(bytes).ok_or(Unreadable::Damaged)
    }

    fn parse(bytes: &'a [u8]) -> Option<Self> {
        bytes.strip_prefix(MAGIC)?;
        let shift = u32::from(u16_at(bytes, 30)?);
        let mini_shift = u32::from(u16_at(bytes, 32)?);
        if !matches!(shift, 9 | 12) || mini_shift != 6 {
            return None;
        }
        let mut compound = Self {
            bytes,
            sector_bytes: 1 << shift,
            mini_bytes: 1 << mini_shift,
            mini_below: usize::try_from(u32_at(bytes, 56)?).ok()?,
            table: Vec::new(),
            mini_table: Vec::new(),
            entries: Vec::new(),
        };
        for sector in compound.sectors_of_table()? {
            compound.table.extend(numbers(compound.sector(sector)?));
        }
        let mini = compound.chain(u32_at(bytes, 60)?)?;
        compound.mini_table = numbers(&mini).collect();
        let directory = compound.chain(u32_at(bytes, 48)?)?;
        for entry in directory.chunks_exact(ENTRY_BYTES) {
            compound.entries.push(Entry::of(entry)?);
        }
        Some(compound)
    }

    /// The sectors that hold the table: some in the header, the rest in a chain of their own.
    fn sectors_of_table(&self) -> Option<Vec<u32>> {
        let header = self.bytes.get(76..76 + HEADER_SECTORS * 4)?;
        let mut sectors: Vec<u32> = numbers(header).filter(|it| *it < MARKS).collect();
        let mut next = u32_at(self.bytes, 68)?;
        let mut left = self.bytes.len() / self.sector_bytes;
        while next < MARKS {
            left = left.checked_sub(1)?;
            let sector = self.sector(next)?;
            let (inside, last) = sector.split_at(self.sector_bytes - 4);
            sectors.extend(numbers(inside).filter(|it| *it < MARKS));
            next = u32_at(last, 0)?;
        }
        (sectors.len() <= self.bytes.len() / self.sector_bytes).then_some(sectors)
    }

    fn sector(&self, number: u32) -> Option<&'a [u8]> {
        let start = usize::try_from(number).ok()?.checked_add(1)?;
        let start = start.checked_mul(self.sector_bytes)?;
        self.bytes.get(start..start.checked_add(self.sector_bytes)?)
    }

    /// The sectors of a stream, one behind another.
    fn chain(&self, start: u32) -> Option<Vec<u8>> {
        let mut stream = Vec::new();
        let mut next = start;
        while next < MARKS {
            stream.extend_from_slice(self.sector(next)?);
            if stream.len() > self.bytes.len() {
                return None; // It runs in a circle.
            }
            next = *self.table.get(usize::try_from(next).ok()?)?;
        }
        Some(stream)
    }

    /// Whether the container has a stream of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.name == name)
    }

    /// The bytes of a stream.
    pub(super) fn stream(&self, name: &str) -> Result<Vec<u8>, Unreadable> {
        self.bytes_of(name).ok_or(Unreadable::Damaged)
    }

    fn bytes_of(&self, name: &str) -> Option<Vec<u8>> {
        let entry = self.entries.iter().find(|entry| entry.name == name)?;
        let mut stream = if entry.size < self.mini_below {
            let small = self.chain(self.entries.first()?.start)?;
            let mut stream = Vec::new();
            let mut next = entry.start;
            while next < MARKS && stream.len() < entry.size {
                let number = usize::try_from(next).ok()?;
                let start = number.checked_mul(self.mini_bytes)?;
                stream.extend_from_slice(small.get(start..start.checked_add(self.mini_bytes)?)?);
                next = *self.mini_table.get(number)?;
            }
            stream
        } else {
            self.chain(entry.start)?
        };
        if stream.len() < entry.size {
            return None;
        }
        stream.truncate(entry.size);
        Some(stream)
    }
}

impl Entry {
    fn of(bytes: &[u8]) -> Option<Self> {
        let length = usize::from(u16_at(bytes, 64)?).min(64);
        let units = bytes[..length]
            .chunks_exact(2)
            .map(|it| u16::from_le_bytes([it[0], it[1]]));
        let name: String = char::decode_utf16(units)
            .map(|it| it.unwrap_or(char::REPLACEMENT_CHARACTER))
            .take_while(|it| *it != '\0')
            .collect();
        Some(Self {
            name,
            start: u32_at(bytes, 116)?,
            size: usize::try_from(u32_at(bytes, 120)?).ok()?,
        })
    }
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes
        .chunks_exact(4)
        .map(|it| u32::from_le_bytes([it[0], it[1], it[2], it[3]]))
}

/// Two bytes as a number.
pub(super) fn u16_at(bytes: &[u8], start: usize) -> Option<u16> {
    let pair = bytes.get(start..start.checked_add(2)?)?;
    Some(u16::from_le_bytes(pair.try_into().ok()?))
}

/// Four bytes as a number.
pub(super) fn u32_at(bytes: &[u8], start: usize) -> Option<u32> {
    let four = bytes.get(start..start.checked_add(4)?)?;
    Some(u32::from_le_bytes(four.try_into().ok()?))
}
