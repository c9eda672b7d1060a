//! The VietQR payment code (EMVCo merchant-presented, NAPAS profile 1.0) as text and picture.
//!
//! Reading order: [`fields`] names the objects of a code, `rules` says what each may hold,
//! [`encode()`] and [`decode()`] turn fields into text and back, [`read_leniently`] reads what
//! real banks print, [`emvco`] reads any scheme of the standard, [`TransferCode`] makes the
//! codes that we issue, [`check`] tells them from doctored ones, and [`image`] draws them. [`Fault`] names everything that is refused.
//!
//! Two rules decide the multi-byte cases: a length counts characters (Unicode code points),
//! and the checksum is taken over the UTF-8 bytes.

pub mod check;
mod crc;
mod decode;
pub mod emvco;
mod encode;
mod fault;
pub mod fields;
mod frame;
pub mod image;
mod judge;
mod lenient;
mod payload;
mod rules;
mod tlv;
mod transfer;

pub use crc::checksum;
pub use decode::decode;
pub use encode::encode;
pub use fault::{Fault, Group, Place, Reason};
pub use fields::{Additional, Fields, Language};
pub use lenient::{Scanned, read_leniently};
pub use payload::{Initiation, Payload};
pub use transfer::{MerchantName, TransferCode, TransferCodeError};
