//! Bank notices: the sample files through the library and through the command, forgeries, and
//! transfer texts.

mod files;
mod forgeries;
mod signing;
mod transfer_texts;
mod unusable;
