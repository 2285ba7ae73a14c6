//! The words that cross a boundary: SQL CHECKs, JSON, TypeScript and the docs hold exactly these.
//!
//! Each type here is the one source. TypeScript and `docs/VOCABULARY.md` are generated from it, and the
//! database's CHECK constraints are tested equal to it.

/// Declares an enum whose variants are these words on the wire.
macro_rules! vocabulary {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum $name {
            $(#[doc = concat!("`", $text, "`")] #[serde(rename = $text)] $variant),+
        }

        impl $name {
            /// Every value, in the order of the specification.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// Every wire text, in the same order as [`Self::ALL`].
            pub const TEXTS: &'static [&'static str] = &[$($text),+];

            /// The wire text.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The value whose wire text is exactly `text`.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use vocabulary;

vocabulary! {
    /// What a workspace buys, from the smallest to the largest.
    Plan { Ascent = "ascent", Glide = "glide", Soar = "soar" }
}
vocabulary! {
    /// How long one payment lasts.
    Interval { Month = "month", Year = "year" }
}
vocabulary! {
    /// A label on a subscription. Access is decided from dates, never from this alone.
    SubscriptionStatus {
        None = "none", Trial = "trial", Active = "active", PastDue = "past_due",
        Cancelled = "cancelled", Expired = "expired",
    }
}
vocabulary! {
    /// Where an order's money is.
    PaymentStatus {
        Pending = "pending", Completed = "completed", Failed = "failed",
        Cancelled = "cancelled", Refunded = "refunded",
    }
}
vocabulary! {
    /// Where money on its way back is.
    RefundStatus { Pending = "pending", Completed = "completed", Failed = "failed" }
}
vocabulary! {
    /// As whom somebody asked for money back: an owner in full for 7 days, support any part at any time.
    RefundBy { Owner = "owner", Support = "support" }
}
vocabulary! {
    /// How far a person's onboarding has come.
    OnboardingStatus {
        Pending = "pending", PaymentConfirmed = "payment_confirmed", InProgress = "in_progress",
        Completed = "completed", Abandoned = "abandoned",
    }
}
vocabulary! {
    /// An onboarding session moves one way, from draft to submitted.
    SessionState { Draft = "draft", Submitted = "submitted" }
}
vocabulary! {
    /// How old a manifest is: fresh under 7 days, stale under 14, then expired; missing when there is none.
    Freshness { Fresh = "fresh", Stale = "stale", Expired = "expired", Missing = "missing" }
}
vocabulary! {
    /// What caused a manifest version.
    BcmSource { Onboarding = "onboarding", Rebuild = "rebuild", Restore = "restore", Import = "import" }
}
vocabulary! {
    /// Where an answer about a manifest came from.
    CacheTier { Tier0 = "tier0", Tier1 = "tier1", Tier2 = "tier2", Origin = "origin" }
}
vocabulary! {
    /// What the gate asks for, in the order in which it asks.
    GateCondition {
        Session = "session", Profile = "profile", Workspace = "workspace", Plan = "plan",
        Onboarding = "onboarding", Manifest = "manifest",
    }
}
vocabulary! {
    /// Who is asking at the gate. `unknown`: the session could not be checked.
    SignIn {
        Valid = "valid", Missing = "missing", Expired = "expired", Invalid = "invalid",
        Anonymous = "anonymous", Unknown = "unknown",
    }
}
vocabulary! {
    /// What the manifest's age does to the controls that use it; it never closes a page.
    ControlState { Enabled = "enabled", Warn = "warn", Disabled = "disabled" }
}
vocabulary! {
    /// What a person may do in a workspace.
    MemberRole { Owner = "owner", Admin = "admin", Member = "member" }
}
vocabulary! {
    /// Where a move stands.
    MoveStatus { Planned = "planned", Active = "active", Completed = "completed", Cancelled = "cancelled" }
}
vocabulary! {
    /// Where a campaign stands. The plan limits how many are active.
    CampaignStatus { Draft = "draft", Active = "active", Paused = "paused", Completed = "completed" }
}
vocabulary! {
    /// The forms in which a manifest can be exported.
    ExportFormat { Json = "json", Markdown = "markdown" }
}
vocabulary! {
    /// What became of a suggestion. Accepted says that somebody wants it, not that it was saved.
    SuggestionState { Open = "open", Accepted = "accepted", Dismissed = "dismissed" }
}
vocabulary! {
    /// What the audit log records. A page may send those that begin with `ui.`, and no others.
    AuditAction {
        AuthProfileCreated = "auth.profile_created", AuthDenied = "auth.denied",
        AuthExplained = "auth.explained", PaymentOrderCreated = "payment.order_created",
        PaymentCompleted = "payment.completed", PaymentFailed = "payment.failed",
        PaymentCancelled = "payment.cancelled", PaymentRefunded = "payment.refunded",
        PaymentRefundRequested = "payment.refund_requested",
        PaymentRefundCompleted = "payment.refund_completed", PaymentRefundFailed = "payment.refund_failed",
        PaymentIncident = "payment.incident", SubscriptionTrialStarted = "subscription.trial_started",
        SubscriptionPastDue = "subscription.past_due", SubscriptionExpired = "subscription.expired",
        SubscriptionPlanChanged = "subscription.plan_changed",
        WebhookReceived = "webhook.received", WebhookRejected = "webhook.rejected",
        WebhookApplied = "webhook.applied", OnboardingFinalized = "onboarding.finalized",
        OnboardingAbandoned = "onboarding.abandoned", BcmCreated = "bcm.created", BcmRebuilt = "bcm.rebuilt",
        BcmRestored = "bcm.restored", BcmImported = "bcm.imported", BcmExported = "bcm.exported",
        BcmEnriched = "bcm.enriched", BcmReadDenied = "bcm.read_denied", MemberInvited = "member.invited",
        MemberJoined = "member.joined", MemberRoleChanged = "member.role_changed",
        MemberRemoved = "member.removed", MemberLeft = "member.left",
        MemberInvitationRevoked = "member.invitation_revoked", MoveCreated = "move.created",
        MoveStatusChanged = "move.status_changed", CampaignCreated = "campaign.created",
        CampaignStatusChanged = "campaign.status_changed", UiPageViewed = "ui.page_viewed",
        UiPlanSelected = "ui.plan_selected", UiCheckoutOpened = "ui.checkout_opened",
        UiStepOpened = "ui.step_opened", UiManifestExported = "ui.manifest_exported",
        UiErrorShown = "ui.error_shown",
    }
}

/// Every vocabulary by its wire name, for generated TypeScript and docs and for the equality tests.
pub const VOCABULARY: &[(&str, &[&str])] = &[
    ("plan", Plan::TEXTS),
    ("interval", Interval::TEXTS),
    ("subscription_status", SubscriptionStatus::TEXTS),
    ("payment_status", PaymentStatus::TEXTS),
    ("refund_status", RefundStatus::TEXTS),
    ("refund_by", RefundBy::TEXTS),
    ("onboarding_status", OnboardingStatus::TEXTS),
    ("session_state", SessionState::TEXTS),
    ("freshness", Freshness::TEXTS),
    ("bcm_source", BcmSource::TEXTS),
    ("cache_tier", CacheTier::TEXTS),
    ("gate_condition", GateCondition::TEXTS),
    ("sign_in", SignIn::TEXTS),
    ("control_state", ControlState::TEXTS),
    ("member_role", MemberRole::TEXTS),
    ("move_status", MoveStatus::TEXTS),
    ("campaign_status", CampaignStatus::TEXTS),
    ("export_format", ExportFormat::TEXTS),
    ("suggestion_state", SuggestionState::TEXTS),
    ("audit_action", AuditAction::TEXTS),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_reads_back_as_the_value_that_wrote_it() {
        for &plan in Plan::ALL {
            assert_eq!(Plan::parse(plan.as_str()), Some(plan));
            assert_eq!(serde_json::to_string(&plan).unwrap(), format!("\"{plan}\""));
        }
        assert_eq!(Plan::parse("Ascent"), None, "words are matched exactly");
    }

    #[test]
    fn the_plan_ladder_is_ordered() {
        assert!(Plan::Ascent < Plan::Glide && Plan::Glide < Plan::Soar);
    }
}
