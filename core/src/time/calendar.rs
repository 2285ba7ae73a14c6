//! Days of the Gregorian calendar, from year 0 to 9999.

/// From the first day of year 0 to 1 January 1970.
const EPOCH_DAY: i64 = 719_528;
/// Days in 400 years, after which the calendar repeats.
const CYCLE_DAYS: i64 = 146_097;

/// A day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// 0 to 9999.
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    /// From 1.
    pub day: i64,
}

impl Date {
    /// Days from 1 January 1970 to this one.
    pub fn days_since_epoch(self) -> i64 {
        let months = (1..self.month).map(|month| days_in_month(self.year, month));
        before_year(self.year) + months.sum::<i64>() + self.day - 1 - EPOCH_DAY
    }

    /// The date this many days after 1 January 1970.
    pub fn from_days(days_since_epoch: i64) -> Self {
        let days = days_since_epoch + EPOCH_DAY;
        // Off by one at most, because leap years lie unevenly within a cycle.
        let near = days * 400 / CYCLE_DAYS;
        let year = if before_year(near) > days { near - 1 } else { near };
        let year = if before_year(year + 1) <= days { year + 1 } else { year };
        let (mut month, mut left) = (1, days - before_year(year));
        while left >= days_in_month(year, month) {
            left -= days_in_month(year, month);
            month += 1;
        }
        Self { year, month, day: left + 1 }
    }
}

/// How many days a month has; none where there is no such month.
pub fn days_in_month(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    }
}

/// Days from the first day of year 0 to that of `year`.
fn before_year(year: i64) -> i64 {
    365 * year + (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_the_calendar_follows_the_one_before() {
        for (first, last) in [(0, 5), (1896, 2104), (9996, 9999)] {
            let mut date = Date { year: first, month: 1, day: 1 };
            let mut days = date.days_since_epoch();
            while date.year <= last {
                assert_eq!((date.days_since_epoch(), Date::from_days(days)), (days, date));
                date.day += 1;
                if date.day > days_in_month(date.year, date.month) {
                    (date.day, date.month) = (1, date.month + 1);
                }
                if date.month > 12 {
                    (date.month, date.year) = (1, date.year + 1);
                }
                days += 1;
            }
        }
        assert_eq!(Date { year: 1970, month: 1, day: 1 }.days_since_epoch(), 0);
        // From other programs' calendars.
        assert_eq!(Date { year: 0, month: 1, day: 1 }.days_since_epoch(), -719_528);
        assert_eq!(Date { year: 9999, month: 12, day: 31 }.days_since_epoch(), 2_932_896);
        assert_eq!(Date::from_days(12_957), Date { year: 2005, month: 6, day: 23 });
    }
}
