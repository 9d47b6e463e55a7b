//! What came of checking a receiver, in each of the forms that people and CI systems read.

pub mod json;
pub mod table;
