// Generated from core by `npm run codegen`; do not edit.

/** Every {@link Plan}, in order. */
export const PLAN_VALUES = ["ascent", "glide", "soar"] as const;
/** One of {@link PLAN_VALUES}. */
export type Plan = (typeof PLAN_VALUES)[number];

/** Every {@link Interval}, in order. */
export const INTERVAL_VALUES = ["month", "year"] as const;
/** One of {@link INTERVAL_VALUES}. */
export type Interval = (typeof INTERVAL_VALUES)[number];

/** Every {@link SubscriptionStatus}, in order. */
export const SUBSCRIPTION_STATUS = ["none", "trial", "active", "past_due", "cancelled", "expired"] as const;
/** One of {@link SUBSCRIPTION_STATUS}. */
export type SubscriptionStatus = (typeof SUBSCRIPTION_STATUS)[number];

/** Every {@link PaymentStatus}, in order. */
export const PAYMENT_STATUS = ["pending", "completed", "failed", "cancelled", "refunded"] as const;
/** One of {@link PAYMENT_STATUS}. */
export type PaymentStatus = (typeof PAYMENT_STATUS)[number];

/** Every {@link RefundStatus}, in order. */
export const REFUND_STATUS = ["pending", "completed", "failed"] as const;
/** One of {@link REFUND_STATUS}. */
export type RefundStatus = (typeof REFUND_STATUS)[number];

/** Every {@link RefundBy}, in order. */
export const REFUND_BY_VALUES = ["owner", "support"] as const;
/** One of {@link REFUND_BY_VALUES}. */
export type RefundBy = (typeof REFUND_BY_VALUES)[number];

/** Every {@link OnboardingStatus}, in order. */
export const ONBOARDING_STATUS = ["pending", "payment_confirmed", "in_progress", "completed", "abandoned"] as const;
/** One of {@link ONBOARDING_STATUS}. */
export type OnboardingStatus = (typeof ONBOARDING_STATUS)[number];

/** Every {@link SessionState}, in order. */
export const SESSION_STATE_VALUES = ["draft", "submitted"] as const;
/** One of {@link SESSION_STATE_VALUES}. */
export type SessionState = (typeof SESSION_STATE_VALUES)[number];

/** Every {@link Freshness}, in order. */
export const FRESHNESS = ["fresh", "stale", "expired", "missing"] as const;
/** One of {@link FRESHNESS}. */
export type Freshness = (typeof FRESHNESS)[number];

/** Every {@link BcmSource}, in order. */
export const BCM_SOURCE_VALUES = ["onboarding", "rebuild", "restore", "import"] as const;
/** One of {@link BCM_SOURCE_VALUES}. */
export type BcmSource = (typeof BCM_SOURCE_VALUES)[number];

/** Every {@link CacheTier}, in order. */
export const CACHE_TIER_VALUES = ["tier0", "tier1", "tier2", "origin"] as const;
/** One of {@link CACHE_TIER_VALUES}. */
export type CacheTier = (typeof CACHE_TIER_VALUES)[number];

/** Every {@link GateCondition}, in order. */
export const GATE_CONDITION_VALUES = ["session", "profile", "workspace", "plan", "onboarding", "manifest"] as const;
/** One of {@link GATE_CONDITION_VALUES}. */
export type GateCondition = (typeof GATE_CONDITION_VALUES)[number];

/** Every {@link SignIn}, in order. */
export const SIGN_IN_VALUES = ["valid", "missing", "expired", "invalid", "anonymous", "unknown"] as const;
/** One of {@link SIGN_IN_VALUES}. */
export type SignIn = (typeof SIGN_IN_VALUES)[number];

/** Every {@link ControlState}, in order. */
export const CONTROL_STATE_VALUES = ["enabled", "warn", "disabled"] as const;
/** One of {@link CONTROL_STATE_VALUES}. */
export type ControlState = (typeof CONTROL_STATE_VALUES)[number];

/** Every {@link MemberRole}, in order. */
export const MEMBER_ROLE_VALUES = ["owner", "admin", "member"] as const;
/** One of {@link MEMBER_ROLE_VALUES}. */
export type MemberRole = (typeof MEMBER_ROLE_VALUES)[number];

/** Every {@link MoveStatus}, in order. */
export const MOVE_STATUS = ["planned", "active", "completed", "cancelled"] as const;
/** One of {@link MOVE_STATUS}. */
export type MoveStatus = (typeof MOVE_STATUS)[number];

/** Every {@link CampaignStatus}, in order. */
export const CAMPAIGN_STATUS = ["draft", "active", "paused", "completed"] as const;
/** One of {@link CAMPAIGN_STATUS}. */
export type CampaignStatus = (typeof CAMPAIGN_STATUS)[number];

/** Every {@link ExportFormat}, in order. */
export const EXPORT_FORMAT_VALUES = ["json", "markdown"] as const;
/** One of {@link EXPORT_FORMAT_VALUES}. */
export type ExportFormat = (typeof EXPORT_FORMAT_VALUES)[number];

/** Every {@link SuggestionState}, in order. */
export const SUGGESTION_STATE_VALUES = ["open", "accepted", "dismissed"] as const;
/** One of {@link SUGGESTION_STATE_VALUES}. */
export type SuggestionState = (typeof SUGGESTION_STATE_VALUES)[number];

/** Every {@link AuditAction}, in order. */
export const AUDIT_ACTION_VALUES = ["auth.profile_created", "auth.denied", "auth.explained", "payment.order_created", "payment.completed", "payment.failed", "payment.cancelled", "payment.refunded", "payment.refund_requested", "payment.refund_completed", "payment.refund_failed", "payment.incident", "subscription.trial_started", "subscription.past_due", "subscription.expired", "subscription.plan_changed", "webhook.received", "webhook.rejected", "webhook.applied", "onboarding.finalized", "onboarding.abandoned", "bcm.created", "bcm.rebuilt", "bcm.restored", "bcm.imported", "bcm.exported", "bcm.enriched", "bcm.read_denied", "member.invited", "member.joined", "member.role_changed", "member.removed", "member.left", "member.invitation_revoked", "move.created", "move.status_changed", "campaign.created", "campaign.status_changed", "ui.page_viewed", "ui.plan_selected", "ui.checkout_opened", "ui.step_opened", "ui.manifest_exported", "ui.error_shown"] as const;
/** One of {@link AUDIT_ACTION_VALUES}. */
export type AuditAction = (typeof AUDIT_ACTION_VALUES)[number];
