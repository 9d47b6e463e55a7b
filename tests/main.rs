//! The tests that go through the library's doors and those that run the program, a file for each subject.

mod algorithms;
mod captures;
mod catalogue;
mod check;
mod completions;
mod errors;
mod events;
mod help;
mod house;
mod init;
mod keys;
mod listen;
mod log;
mod many;
mod readme;
mod records;
mod replay;
mod retrying;
mod schemes;
mod send;
mod settings;
mod sign;
mod support;
mod vectors;
mod verify;
mod words;
