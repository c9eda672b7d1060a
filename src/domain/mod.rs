//! The pilot's own words and rules: pure code, no I/O, no clock, no chance.
//!
//! | word | in Vietnamese | what it is |
//! |---|---|---|
//! | [zone] | khu vực | a street, market, supermarket, food street or car park that is watched |
//! | [establishment] | điểm kinh doanh | one place that trades, found by the census, enrolled or not |
//! | [merchant] | hộ, doanh nghiệp | who trades: a household or a company |
//! | [outlet] | điểm bán | where a merchant's code hangs |
//! | [account] | tài khoản nhận tiền | the merchant's own bank account |
//! | [account link](account_link) | liên kết tài khoản | how an account's notices reach us, with its owner's consent |
//! | [source] | nguồn thông báo | a vendor account at a bank or aggregator that sends notices |
//! | [trial] | nguồn thử | a place where a bank's engineer tries his notices |
//! | [payment code](code) | mã thanh toán | what the customer scans |
//! | [statement] | sao kê | a bank's file of what was moved on an account |
//! | [reference](txn_ref) | mã tham chiếu | ten characters that tie a transfer to a code |
//! | [reconciliation] | đối soát | a bank's statement held against our books |
//! | [lunar day](lunar) | ngày âm lịch | the day of the Vietnamese lunar calendar |
//! | [indicator](adoption) | chỉ số | one of the 29 figures, always with its denominator |

pub mod access;
pub mod account;
pub mod account_link;
pub mod adoption;
pub mod bank;
pub mod bank_time;
pub mod base_url;
pub mod code;
pub mod credit;
pub mod day;
pub mod delay;
pub mod disclosure;
pub mod doubt;
pub mod encoding;
pub mod entry_rules;
pub mod establishment;
pub mod explanation;
pub mod hearing;
pub mod ids;
pub mod linking;
pub mod lunar;
pub mod matching;
pub mod merchant;
pub mod money;
pub mod naming;
pub mod network;
pub mod outlet;
pub mod payment;
pub mod period;
pub mod phone;
pub mod reconciliation;
pub mod refusal;
pub mod reversal;
pub mod rhythm;
pub mod source;
pub mod source_health;
pub mod statement;
pub mod suggestion;
pub mod tax_code;
pub mod text;
pub mod trial;
pub mod txn_ref;
pub mod word;
pub mod zone;
