//! Test counts, as a test harness prints them.

use std::fmt;
use std::ops::AddAssign;

/// Numbers of tests.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Count {
    /// Ran and held.
    pub passed: usize,
    /// Ran and did not hold.
    pub failed: usize,
    /// Did not run.
    pub skipped: usize,
}

impl Count {
    /// Whether nothing was counted.
    pub fn is_zero(self) -> bool {
        self == Self::default()
    }

    /// The sum over the `test result:` lines of what `cargo test` printed.
    pub fn parse(output: &str) -> Self {
        let mut sum = Self::default();
        for line in output.lines().filter_map(|line| line.trim().strip_prefix("test result: ")) {
            sum += Self {
                passed: number_before(line, " passed"),
                failed: number_before(line, " failed"),
                skipped: number_before(line, " ignored"),
            };
        }
        sum
    }
}

fn number_before(line: &str, word: &str) -> usize {
    let Some((before, _)) = line.split_once(word) else { return 0 };
    before.rsplit(' ').next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Count {
    /// The closing line of a run.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::Count;

    #[test]
    fn sums_every_result_line() {
        let output = "\
running 2 tests
test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
noise: 7 passed
  test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 9 filtered out; finished in 1s
";
        assert_eq!(Count::parse(output), Count { passed: 15, failed: 2, skipped: 1 });
    }

    #[test]
    fn finds_nothing_in_other_output() {
        assert!(Count::parse("error: could not compile").is_zero());
    }
}
