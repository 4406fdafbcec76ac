//! RFC 3339 times, as far as tests compare them.

/// A time in UTC that sorts as it passes: the text down to the second, and the nanoseconds.
/// Panics where the text is not RFC 3339 in UTC.
pub(crate) fn instant(text: &str) -> (String, u32) {
    let parts = || {
        let rest = text.strip_suffix('Z')?;
        let (second, fraction) = rest.split_once('.').unwrap_or((rest, "0"));
        let shape: String = second
            .chars()
            .map(|c| if c.is_ascii_digit() { '0' } else { c })
            .collect();
        let digits = (1..=9).contains(&fraction.len());
        (shape == "0000-00-00T00:00:00" && digits).then_some(())?;
        Some((second.to_owned(), format!("{fraction:0<9}").parse().ok()?))
    };
    parts().unwrap_or_else(|| panic!("{text:?} is no time in UTC after RFC 3339"))
}

#[cfg(test)]
mod tests {
    use super::instant;

    #[test]
    fn instants_sort_as_time_passes() {
        let times = [
            "2026-02-22T10:00:00Z",
            "2026-02-22T10:00:00.000000001Z",
            "2026-02-22T10:00:00.09Z",
            "2026-02-22T10:00:00.5Z",
            "2026-02-22T10:00:01Z",
        ];
        assert!(times.map(instant).is_sorted_by(|a, b| a < b));
    }

    #[test]
    #[should_panic = "no time in UTC"]
    fn other_offsets_are_refused() {
        instant("2026-02-22T10:00:00+01:00");
    }
}
