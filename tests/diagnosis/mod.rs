//! Why a delivery is refused: each planted cause is named, and what has no common cause gets none.

mod causes;
mod sender;
mod shown;
mod tokens;
