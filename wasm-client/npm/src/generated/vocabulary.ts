// Generated from core by `npm run codegen`; do not edit.

export const PLAN_VALUES = ["ascent", "glide", "soar"] as const;
export type Plan = (typeof PLAN_VALUES)[number];

export const INTERVAL_VALUES = ["month", "year"] as const;
export type Interval = (typeof INTERVAL_VALUES)[number];

export const SUBSCRIPTION_STATUS = ["none", "trial", "active", "past_due", "cancelled", "expired"] as const;
export type SubscriptionStatus = (typeof SUBSCRIPTION_STATUS)[number];

export const PAYMENT_STATUS = ["pending", "completed", "failed", "cancelled", "refunded"] as const;
export type PaymentStatus = (typeof PAYMENT_STATUS)[number];

export const REFUND_STATUS = ["pending", "completed", "failed"] as const;
export type RefundStatus = (typeof REFUND_STATUS)[number];

export const REFUND_BY_VALUES = ["owner", "support"] as const;
export type RefundBy = (typeof REFUND_BY_VALUES)[number];

export const ONBOARDING_STATUS = ["pending", "payment_confirmed", "in_progress", "completed", "abandoned"] as const;
export type OnboardingStatus = (typeof ONBOARDING_STATUS)[number];

export const SESSION_STATE_VALUES = ["draft", "submitted"] as const;
export type SessionState = (typeof SESSION_STATE_VALUES)[number];

export const FRESHNESS = ["fresh", "stale", "expired", "missing"] as const;
export type Freshness = (typeof FRESHNESS)[number];

export const BCM_SOURCE_VALUES = ["onboarding", "rebuild", "restore", "import"] as const;
export type BcmSource = (typeof BCM_SOURCE_VALUES)[number];

export const CACHE_TIER_VALUES = ["tier0", "tier1", "tier2", "origin"] as const;
export type CacheTier = (typeof CACHE_TIER_VALUES)[number];

export const GATE_CONDITION_VALUES = ["session", "profile", "workspace", "plan", "onboarding", "manifest"] as const;
export type GateCondition = (typeof GATE_CONDITION_VALUES)[number];

export const SIGN_IN_VALUES = ["valid", "missing", "expired", "invalid", "anonymous", "unknown"] as const;
export type SignIn = (typeof SIGN_IN_VALUES)[number];

export const CONTROL_STATE_VALUES = ["enabled", "warn", "disabled"] as const;
export type ControlState = (typeof CONTROL_STATE_VALUES)[number];

export const MEMBER_ROLE_VALUES = ["owner", "admin", "member"] as const;
export type MemberRole = (typeof MEMBER_ROLE_VALUES)[number];

export const MOVE_STATUS = ["planned", "active", "completed", "cancelled"] as const;
export type MoveStatus = (typeof MOVE_STATUS)[number];

export const CAMPAIGN_STATUS = ["draft", "active", "paused", "completed"] as const;
export type CampaignStatus = (typeof CAMPAIGN_STATUS)[number];

export const EXPORT_FORMAT_VALUES = ["json", "markdown"] as const;
export type ExportFormat = (typeof EXPORT_FORMAT_VALUES)[number];

export const SUGGESTION_STATE_VALUES = ["open", "accepted", "dismissed"] as const;
export type SuggestionState = (typeof SUGGESTION_STATE_VALUES)[number];

export const AUDIT_ACTION_VALUES = ["auth.profile_created", "auth.denied", "auth.explained", "payment.order_created", "payment.completed", "payment.failed", "payment.cancelled", "payment.refunded", "payment.refund_requested", "payment.refund_completed", "payment.refund_failed", "payment.incident", "subscription.trial_started", "subscription.past_due", "subscription.expired", "subscription.plan_changed", "webhook.received", "webhook.rejected", "webhook.applied", "onboarding.finalized", "onboarding.abandoned", "bcm.created", "bcm.rebuilt", "bcm.restored", "bcm.imported", "bcm.exported", "bcm.enriched", "bcm.read_denied", "member.invited", "member.joined", "member.role_changed", "member.removed", "member.left", "member.invitation_revoked", "move.created", "move.status_changed", "campaign.created", "campaign.status_changed", "ui.page_viewed", "ui.plan_selected", "ui.checkout_opened", "ui.step_opened", "ui.manifest_exported", "ui.error_shown"] as const;
export type AuditAction = (typeof AUDIT_ACTION_VALUES)[number];
