//! Power: suspend, resume, remote wake-up, and the clocks of the board.
