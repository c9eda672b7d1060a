//! Trials over HTTP: made by anybody, judged like the real thing, and touching nothing else.

mod bench;
mod bounds;
mod causes;
mod formats;
mod pages;
mod reports;
mod verdicts;
