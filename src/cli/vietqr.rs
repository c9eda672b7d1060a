//! `phocho vietqr`: the codec as a filter.

use std::io::{self, BufReader, BufWriter, Read, Write};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::error::Category;

use super::lines::{LineTooLong, MAX_LINE, answer_each};
use crate::vietqr::{Fault, Fields, emvco, encode, fields, read_leniently};

/// What to do with each line of standard input.
#[derive(Debug, Subcommand)]
pub enum VietqrCommand {
    /// Read objects of fields, print {"payload":…} or {"error":{"code","message"}}.
    Encode,
    /// Read {"payload":…}, print {"ok":true,"input":…} or {"ok":false,"reason","group","message"}.
    Decode(DecodeArgs),
}

/// How to read codes.
#[derive(Clone, Copy, Debug, Args)]
pub struct DecodeArgs {
    /// Put up with what real codes show, and list it as "tolerated"; never with a wrong checksum.
    #[arg(long)]
    lenient: bool,
    /// What the codes follow.
    #[arg(long, value_enum, default_value_t = Profile::Vietqr)]
    profile: Profile,
}

/// A standard that codes follow.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Profile {
    /// VietQR by NAPAS; prints the fields by name.
    Vietqr,
    /// Any scheme of the EMVCo standard; prints the objects in order as "tlv".
    Emvco,
}

/// Runs the command over standard input.
pub fn run(command: &VietqrCommand) -> anyhow::Result<ExitCode> {
    filter(command, io::stdin().lock(), io::stdout().lock())
        .context("reading standard input or writing standard output")?;
    Ok(ExitCode::SUCCESS)
}

fn filter(command: &VietqrCommand, input: impl Read, output: impl Write) -> io::Result<()> {
    let (input, output) = (BufReader::new(input), BufWriter::new(output));
    match command {
        VietqrCommand::Encode => answer_each(input, output, encode_line),
        VietqrCommand::Decode(args) => answer_each(input, output, |line| decode_line(*args, line)),
    }
}

/// The answer to a line of `encode`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Encoded {
    Payload(String),
    Error { code: &'static str, message: String },
}

fn encode_line(line: Result<&[u8], LineTooLong>) -> Encoded {
    match parse::<Fields>(line) {
        Ok(fields) => match encode(&fields) {
            Ok(payload) => Encoded::Payload(payload),
            Err(fault) => Encoded::Error {
                code: fault.reason.as_str(),
                message: fault.to_string(),
            },
        },
        Err(BadLine { code, message }) => Encoded::Error { code, message },
    }
}

/// A line of `decode`; other keys are left alone, so a caller may number its lines.
#[derive(Debug, Deserialize)]
struct Scan {
    payload: String,
}

/// The answer to a line of `decode`.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Decoded {
    Read {
        ok: bool,
        #[serde(flatten)]
        content: Content,
        /// Present in lenient answers only, possibly empty.
        #[serde(skip_serializing_if = "Option::is_none")]
        tolerated: Option<Vec<Refusal>>,
    },
    Refused {
        ok: bool,
        #[serde(flatten)]
        why: Refusal,
    },
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Content {
    Input(Box<Fields>),
    Tlv(Vec<emvco::Entry>),
}

#[derive(Debug, Serialize)]
struct Refusal {
    reason: &'static str,
    group: &'static str,
    message: String,
}

impl From<&Fault> for Refusal {
    fn from(fault: &Fault) -> Self {
        Self {
            reason: fault.reason.as_str(),
            group: fault.reason.group().as_str(),
            message: fault.to_string(),
        }
    }
}

fn decode_line(args: DecodeArgs, line: Result<&[u8], LineTooLong>) -> Decoded {
    let read = parse::<Scan>(line)
        .map_err(|bad| Refusal {
            reason: bad.code,
            group: "line",
            message: bad.message,
        })
        .and_then(|scan| read(args, &scan.payload).map_err(|fault| Refusal::from(&fault)));
    match read {
        Ok((content, faults)) => Decoded::Read {
            ok: true,
            content,
            tolerated: args
                .lenient
                .then(|| faults.iter().map(Refusal::from).collect()),
        },
        Err(why) => Decoded::Refused { ok: false, why },
    }
}

/// Reads one code as the arguments ask; the second part is what was tolerated.
fn read(args: DecodeArgs, payload: &str) -> Result<(Content, Vec<Fault>), Fault> {
    let input = |fields| Content::Input(Box::new(fields));
    match (args.profile, args.lenient) {
        (Profile::Vietqr, false) => {
            crate::vietqr::decode(payload).map(|fields| (input(fields), Vec::new()))
        }
        (Profile::Vietqr, true) => {
            read_leniently(payload).map(|scanned| (input(scanned.fields), scanned.tolerated))
        }
        (Profile::Emvco, false) => {
            emvco::read(payload).map(|entries| (Content::Tlv(entries), Vec::new()))
        }
        (Profile::Emvco, true) => {
            emvco::read_leniently(payload).map(|(entries, faults)| (Content::Tlv(entries), faults))
        }
    }
}

/// A line that is not what the command reads.
struct BadLine {
    code: &'static str,
    message: String,
}

fn parse<'a, T: Deserialize<'a>>(line: Result<&'a [u8], LineTooLong>) -> Result<T, BadLine> {
    let line = line.map_err(|LineTooLong| BadLine {
        code: "line_too_long",
        message: format!("a line has at most {MAX_LINE} bytes"),
    })?;
    let mut reader = serde_json::Deserializer::from_slice(line);
    let read = fields::object(&mut reader).and_then(|value| reader.end().map(|()| value));
    read.map_err(|error| BadLine {
        code: match error.classify() {
            Category::Data => "bad_input",
            Category::Syntax | Category::Eof | Category::Io => "bad_json",
        },
        message: error.to_string(),
    })
}
