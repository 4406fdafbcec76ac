//! String building without `format!` and `[T]::concat`, whose code would be a large part of the WebAssembly.

/// Concatenates the parts.
pub fn concat(parts: &[&str]) -> String {
    let mut whole = String::new();
    for part in parts {
        whole.push_str(part);
    }
    whole
}

/// A number in decimal digits.
pub fn decimal(number: u64) -> String {
    let mut digits = match number {
        0..10 => String::new(),
        _ => decimal(number / 10),
    };
    digits.push((b'0' + (number % 10) as u8).into());
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_they_are_everywhere() {
        for number in [0, 9, 10, 404, u64::from(u32::MAX), u64::MAX] {
            assert_eq!(decimal(number), number.to_string());
        }
    }
}
