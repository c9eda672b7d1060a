//! The VietQR payment code: text and picture.
