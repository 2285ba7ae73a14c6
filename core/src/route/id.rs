//! The names of the routes.

/// A route's name; the Worker has one handler for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RouteId {
    /// `GET /health`
    Health,
    /// `GET /ready`
    Ready,
    /// `GET /openapi.json`
    OpenApi,
    /// `GET /metrics`
    Metrics,
    /// `POST /operations/replay`
    Replay,
    /// `POST /auth/ensure-profile`
    EnsureProfile,
    /// `GET /auth/verify-profile`
    VerifyProfile,
    /// `GET /auth/gate`
    Gate,
    /// `GET /onboarding/session`
    ReadSession,
    /// `PUT /onboarding/session`
    ReplaceSession,
    /// `DELETE /onboarding/session`
    ResetSession,
    /// `PATCH /onboarding/steps/{step}`
    SaveStep,
    /// `POST /onboarding/finalize`
    Finalize,
    /// `GET /context/manifest`
    Manifest,
    /// `GET /context/history`
    History,
    /// `GET /context/diff`
    Diff,
    /// `GET /context/source`
    ReadSource,
    /// `PUT /context/source`
    EditSource,
    /// `POST /context/restore`
    Restore,
    /// `POST /context/rebuild`
    Rebuild,
    /// `POST /context/export`
    Export,
    /// `GET /context/suggestions`
    Suggestions,
    /// `POST /context/suggestions`
    Suggest,
    /// `PATCH /context/suggestions/{suggestion_id}`
    DecideSuggestion,
    /// `GET /payments/v2/plans`
    Plans,
    /// `POST /payments/v2/init`
    PaymentInit,
    /// `GET /payments/v2/status/{order_id}`
    PaymentStatus,
    /// `GET /payments/v2/orders`
    Orders,
    /// `GET /payments/v2/{order_id}/timeline`
    PaymentTimeline,
    /// `POST /payments/v2/refund`
    Refund,
    /// `POST /api/webhooks/phonepe`
    PhonePeWebhook,
    /// `GET /members`
    Members,
    /// `POST /members/invite`
    InviteMember,
    /// `POST /members/accept`
    AcceptInvitation,
    /// `DELETE /members/invitations/{invitation_id}`
    RevokeInvitation,
    /// `PATCH /members/{user_id}`
    SetMemberRole,
    /// `DELETE /members/{user_id}`
    RemoveMember,
}
