//! The checks of texts, numbers and choices.

use super::Walk;
use crate::json::{Decimal, Text, bytes_equal};
use crate::time;
use crate::validator::canonical::canonical;
use crate::validator::place::Place;
use crate::validator::sentence;
use crate::validator::table::{Check, Choice, kind};

impl Walk<'_> {
    /// Checks a text's length, pattern, format and choices.
    pub(super) fn check_text(&mut self, read: &Text<'_>, place: &Place<'_>) -> Option<()> {
        let text = &*read.bytes;
        // Each character has exactly one byte that is not a continuation byte.
        let count = || text.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
        let among = |choice: &Choice| choice.texts.iter().any(|one| bytes_equal(one.as_bytes(), text));
        for check in place.node.checks {
            match check {
                // A character has at least one byte, so few bytes need no counting.
                Check::MaxLength(most) if text.len() > *most => {
                    let (count, most) = (count(), *most);
                    if count > most {
                        let message = sentence::too_long(place, read.text(), count, most);
                        self.report(place, "maxLength", "too_long", message)?;
                    }
                }
                Check::MinLength(least) if text.len() < least.saturating_mul(4) => {
                    let (count, least) = (count(), *least);
                    if count < least {
                        self.report(
                            place,
                            "minLength",
                            "too_short",
                            sentence::too_short(place, count, least),
                        )?;
                    }
                }
                Check::Pattern(number) => {
                    let patterns = self.program.patterns;
                    let pattern = patterns.get(*number).filter(|one| !(read.plain && one.accepts_plain));
                    if let Some(pattern) = pattern.filter(|pattern| !pattern.matches(text)) {
                        let message = sentence::with_label(place, pattern.message);
                        self.report(place, "pattern", pattern.code, message)?;
                    }
                }
                Check::DateTime if time::read(text).is_none() => {
                    self.report(place, "format", "not_a_time", sentence::not_a_time(place))?;
                }
                Check::OneOf(choice) if !among(choice) => {
                    let message = sentence::not_one_of(place, choice, Some(read.text()));
                    self.report(place, "enum", "not_one_of", message)?;
                }
                Check::Const(choice) if !among(choice) => {
                    let message = sentence::not_one_of(place, choice, None);
                    self.report(place, "const", "not_the_value", message)?;
                }
                _ => {}
            }
        }
        Some(())
    }

    /// Checks that a value that is not a text is among the allowed ones.
    pub(super) fn check_choice(&mut self, start: usize, place: &Place<'_>) -> Option<()> {
        for check in place.node.checks {
            let (Check::OneOf(choice) | Check::Const(choice)) = check else { continue };
            let form = canonical(self.reader.slice_from(start));
            if form.is_some_and(|form| choice.others.iter().any(|one| bytes_equal(one.as_bytes(), &form))) {
                continue;
            }
            let (keyword, code) = match check {
                Check::Const(_) => ("const", "not_the_value"),
                _ => ("enum", "not_one_of"),
            };
            self.report(place, keyword, code, sentence::not_one_of(place, choice, None))?;
        }
        Some(())
    }

    /// Reads a number, checks its bounds, and returns its kind.
    pub(super) fn number(&mut self, place: &Place<'_>) -> Option<u8> {
        let Some(number) = Decimal::read(self.reader.number()?) else {
            self.report(place, "json", "number_out_of_range", sentence::out_of_range(place))?;
            return Some(kind::INTEGER | kind::FRACTION);
        };
        for check in place.node.checks {
            let (keyword, bound) = match *check {
                Check::Minimum(bound) => ("minimum", bound),
                Check::Maximum(bound) => ("maximum", bound),
                Check::ExclusiveMinimum(bound) => ("exclusiveMinimum", bound),
                Check::ExclusiveMaximum(bound) => ("exclusiveMaximum", bound),
                _ => continue,
            };
            let Some(limit) = Decimal::read(bound.as_bytes()) else { continue };
            let order = number.cmp(&limit);
            let holds = match check {
                Check::Minimum(_) => order.is_ge(),
                Check::Maximum(_) => order.is_le(),
                Check::ExclusiveMinimum(_) => order.is_gt(),
                _ => order.is_lt(),
            };
            if !holds {
                let (code, message) = sentence::bound(place, keyword, bound);
                self.report(place, keyword, code, message)?;
            }
        }
        Some(if number.is_integer() { kind::INTEGER } else { kind::FRACTION })
    }
}
