//! Tests from outside: over the network, through the command, page by page.

mod http_habits;
