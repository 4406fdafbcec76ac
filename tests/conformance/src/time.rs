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

/// The same in milliseconds since the year 0, to subtract one from another.
pub(crate) fn milliseconds(text: &str) -> i64 {
    let (second, nanoseconds) = instant(text);
    let parts = second.split(['-', 'T', ':']);
    let numbers: Vec<i64> = parts.map(|digits| digits.parse().unwrap()).collect();
    let [year, month, day, hour, minute, second] = numbers[..] else {
        unreachable!("the shape of {text} has been checked");
    };
    // Counted from 1 March: a leap day is then the last of its year.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day;
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    seconds * 1000 + i64::from(nanoseconds / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::{instant, milliseconds};

    #[test]
    fn times_are_subtracted() {
        for (from, to, wanted) in [
            ("2026-02-22T10:00:00Z", "2026-02-22T10:00:00.25Z", 250),
            ("2026-02-28T23:59:59Z", "2026-03-01T00:00:00Z", 1000),
            ("2028-02-28T00:00:00Z", "2028-03-01T00:00:00Z", 172_800_000),
            (
                "2026-11-26T04:00:00Z",
                "2027-11-26T04:00:00Z",
                31_536_000_000,
            ),
        ] {
            assert_eq!(milliseconds(to) - milliseconds(from), wanted, "{from}");
        }
    }

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
