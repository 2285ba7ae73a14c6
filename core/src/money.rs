//! Amounts are whole paise everywhere; only people see rupees.

/// An amount for people, grouped as in India: ₹12,30,000 or ₹499.50.
pub fn rupees(paise: i64) -> String {
    let sign = if paise < 0 { "-" } else { "" };
    let (whole, rest) = (paise.unsigned_abs() / 100, paise.unsigned_abs() % 100);
    let digits = whole.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        let left = digits.len() - at;
        // The last three stand together, then pairs.
        if at > 0 && (left == 3 || (left > 3 && left % 2 == 1)) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if rest == 0 { format!("{sign}₹{grouped}") } else { format!("{sign}₹{grouped}.{rest:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_as_in_india() {
        let seen = [0, 100, 49_950, 500_000, 10_000_000, 123_000_000, 1_234_567_800, -700_000].map(rupees);
        assert_eq!(
            seen,
            ["₹0", "₹1", "₹499.50", "₹5,000", "₹1,00,000", "₹12,30,000", "₹1,23,45,678", "-₹7,000"]
        );
    }
}
