//! Who may make something new in a workspace: the same rule as `private.require_plan_and_seat()` in the database,
//! held equal by a test that runs both.
//!
//! Reading, exporting, saving drafts, paying and looking after the team need neither a plan nor a seat.

use crate::error::ErrorCode;
use crate::time::Timestamp;
use crate::vocabulary::MemberRole;

/// A member of a workspace among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Their role.
    pub role: MemberRole,
    /// How many members other than the owner joined before them.
    pub joined_before: u32,
}

/// A member's place in the queue for seats, from 1: the owner is first, the others follow by date of joining.
pub fn seat_number(member: Member) -> u32 {
    match member.role {
        MemberRole::Owner => 1,
        MemberRole::Admin | MemberRole::Member => member.joined_before.saturating_add(2),
    }
}

/// Whether a member may make something new now. The caller has checked that their role allows it.
///
/// - `access_until` is that of [`crate::subscription::access_until`]; at that instant access is over.
/// - `seats` are those of the plan's [`crate::plan::Offer`]; `None` is unlimited, as plans of the older ladder are.
///
/// # Errors
/// [`ErrorCode::PlanRequired`] without access, and only with it [`ErrorCode::NoSeat`].
pub fn may_write(
    access_until: Option<Timestamp>,
    seats: Option<u32>,
    member: Member,
    now: Timestamp,
) -> Result<(), ErrorCode> {
    if access_until.is_none_or(|until| until <= now) {
        return Err(ErrorCode::PlanRequired);
    }
    if seats.is_some_and(|seats| seat_number(member) > seats) {
        return Err(ErrorCode::NoSeat);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{parse, plus_ms};

    const OWNER: Member = Member { role: MemberRole::Owner, joined_before: 3 };

    fn now() -> Timestamp {
        parse("2027-01-31T10:00:00Z").unwrap()
    }

    #[test]
    fn access_is_over_at_its_end_and_a_missing_plan_is_named_before_a_missing_seat() {
        let fourth = Member { role: MemberRole::Member, joined_before: 2 };
        for (until, verdict) in [
            (None, Err(ErrorCode::PlanRequired)),
            (Some(plus_ms(now(), -1)), Err(ErrorCode::PlanRequired)),
            (Some(now()), Err(ErrorCode::PlanRequired)),
            (Some(plus_ms(now(), 1)), Err(ErrorCode::NoSeat)),
        ] {
            assert_eq!(may_write(until, Some(1), fourth, now()), verdict, "{until:?}");
        }
    }

    #[test]
    fn the_owner_has_the_first_seat_whenever_others_joined_and_roles_give_no_advantage() {
        let until = Some(plus_ms(now(), 1));
        assert_eq!(may_write(until, Some(1), OWNER, now()), Ok(()));
        for role in [MemberRole::Admin, MemberRole::Member] {
            for (joined_before, seats, verdict) in [
                (0, Some(1), Err(ErrorCode::NoSeat)),
                (0, Some(2), Ok(())),
                (3, Some(5), Ok(())),
                (4, Some(5), Err(ErrorCode::NoSeat)),
                (u32::MAX, None, Ok(())),
                (u32::MAX, Some(5), Err(ErrorCode::NoSeat)),
            ] {
                let member = Member { role, joined_before };
                assert_eq!(may_write(until, seats, member, now()), verdict, "{member:?} of {seats:?}");
            }
        }
    }
}
